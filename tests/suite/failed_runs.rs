//! How failed runs read, through the binary: what was refused, what failed, what blocks the way back.

use crate::support::project::Project;

/// A queue that goes before a topic, both changed by the input `size`.
fn project() -> Project {
    let project = Project::empty();
    project.write(
        "rekindle.yaml",
        "project: fieldbook\nenvironments:\n  demo:\n    targets: {primary: {provider: local, account: \"000000000000\", region: eu-central-1}}\n    inputs: {seconds: 1}\n",
    );
    project.write("stacks/jobs.yaml", "kind: stack\nclass: stateless\ntemplate: jobs@1.0.0\n");
    project.write(
        "templates/jobs/1.0.0/interface.yaml",
        "kind: stack\ndescription: Jobs.\ninputs:\n  seconds: {type: integer, description: Delay.}\n",
    );
    project.write(
        "templates/jobs/1.0.0/template.yaml.tera",
        "\
Resources:
  Queue:
    Type: AWS::SQS::Queue
    Properties: {DelaySeconds: {{ inputs.seconds }}}
  Topic:
    Type: AWS::SNS::Topic
    DependsOn: Queue
    Properties: {DisplayName: \"{{ inputs.seconds }}\"}
",
    );
    project.run(&["lock"]).expect_code(0);
    project
}

#[test]
fn what_blocks_a_rollback_is_told_without_asking_for_more() {
    let project = project();
    project.run(&["deploy", "demo", "--yes"]).expect_code(0);
    project.edit("rekindle.yaml", "seconds: 1", "seconds: 2");
    let faults = ["--fail", "jobs.Topic:update", "--fail", "jobs.Queue:rollback"];
    let run = project.run(&[&["deploy", "demo", "--yes"], &faults[..]].concat()).expect_code(6);
    let shown = run.stdout.split("  1 failed").next().unwrap();
    insta::assert_snapshot!(shown, @r"
    Deploy of demo failed and needs hands after 11s

      jobs: failed and needs hands
        Topic (AWS::SNS::Topic)
          Requested failure of update (fault jobs.Topic:update)
        and then, what keeps the stack where it is:
        Queue (AWS::SQS::Queue)
          Requested failure of rollback (fault jobs.Queue:rollback)
        hint: correct the cause, then `deploy` with `--continue-rollback jobs`; `--skip-failed jobs` leaves as it is what cannot go back
    ");
    let blocked = run.stderr.lines().find(|line| line.contains("failed and needs hands")).unwrap();
    assert!(blocked.contains("Topic (AWS::SNS::Topic)") && blocked.contains("; then Queue"), "{blocked}");
    // The stuck stack's way out is one that exists here.
    let plan = project.run(&["plan", "demo"]).expect_code(6);
    assert!(
        plan.stderr.contains("add `--continue-rollback jobs`") && !plan.stderr.contains("aws "),
        "{}",
        plan.stderr
    );
    project.run(&["teardown", "demo", "jobs", "--yes"]).expect_code(0);
    project.run(&["deploy", "demo", "--yes"]).expect_code(0);
}

#[test]
fn what_blocks_a_deletion_is_told_too() {
    let project = project();
    project.run(&["deploy", "demo", "--yes"]).expect_code(0);
    let run = project.run(&["teardown", "demo", "--yes", "--fail", "jobs.Queue:delete"]).expect_code(6);
    assert!(run.stdout.contains("Queue (AWS::SQS::Queue)"), "{}", run.stdout);
}

#[test]
fn what_is_refused_outright_is_no_rollback() {
    let project = project();
    project.write("stacks/names.yaml", "kind: stack\nclass: stateless\ntemplate: names@1.0.0\n");
    project.write(
        "templates/names/1.0.0/template.yaml",
        "Resources:\n  Topic: {Type: AWS::SNS::Topic}\nOutputs:\n  Name: {Value: !GetAtt Topic.TopicName}\n",
    );
    project.write(
        "stacks/reader.yaml",
        "kind: stack\nclass: stateless\ntemplate: reader@1.0.0\nparameters: {Name: !output names.Name}\n",
    );
    project.write(
        "templates/reader/1.0.0/template.yaml",
        "Parameters:\n  Name: {Type: String, AllowedPattern: \"[0-9]+\"}\nResources:\n  Topic:\n    Type: AWS::SNS::Topic\n    Properties: {DisplayName: !Ref Name}\n",
    );
    project.run(&["lock"]).expect_code(0);
    let run = project.run(&["deploy", "demo", "--yes", "--quiet"]).expect_code(1);
    let shown = run.stdout.split("  2 done").next().unwrap();
    insta::assert_snapshot!(shown, @r"
    Deploy of demo stopped at a refused request after 1m 16s

      reader: refused: nothing was made
          CreateStack `fieldbook-demo-reader`: ValidationError: Parameter 'Name'
          must match pattern [0-9]+
        hint: correct what it names, then run the same command again
    ");
    let status = project.run(&["status", "demo", "--output", "json"]).expect_code(0).json();
    assert!(
        status["stacks"]
            .as_array()
            .unwrap()
            .iter()
            .any(|it| it["unit"] == "reader" && it["status"].is_null())
    );
    let json = project.run(&["deploy", "demo", "--yes", "--output", "json"]).expect_code(1);
    assert_eq!(json.summary()["outcome"], "refused");
}

#[test]
fn a_failure_that_was_asked_for_and_never_happened_is_told() {
    let project = project();
    let fault = ["--fail", "jobs.Queue:update"];
    let told = |run: crate::support::project::Run| {
        let lines = run.stderr.lines().skip_while(|line| !line.contains("never struck")).take(2);
        lines.map(str::to_owned).collect::<Vec<_>>().join("\n")
    };
    let rehearsed =
        told(project.run(&[&["deploy", "demo", "--rehearse"], &fault[..]].concat()).expect_code(0));
    insta::assert_snapshot!(rehearsed, @"
    warning[idle-fault]: `--fail jobs.Queue:update` never struck
     = hint: nothing that it names was created, updated or deleted in this run, whichever it is for: see `--help` for the operations
    ");
    let deployed = told(project.run(&[&["deploy", "demo", "--yes"], &fault[..]].concat()).expect_code(0));
    assert_eq!(deployed, rehearsed);
    project.edit("rekindle.yaml", "seconds: 1", "seconds: 2");
    let struck = told(project.run(&[&["deploy", "demo", "--yes"], &fault[..]].concat()).expect_code(5));
    assert_eq!(struck, "");
}

/// Warnings are no progress: they are told to who asks for quiet, too.
#[test]
fn faults_of_calls_and_of_accounts_that_never_struck_are_told_also_quietly() {
    let project = project();
    let faults = ["--fail", "UpdateStack=lost", "--fail", "stacks=2", "--fail", "CreateStack=throttled"];
    let quiet = project.run(&[&["deploy", "demo", "--yes", "-q"], &faults[..]].concat()).expect_code(0);
    insta::assert_snapshot!(quiet.stderr, @"
    warning[idle-fault]: `--fail UpdateStack=lost` never struck
     = hint: the run made no such call to the embedded engine

    warning[idle-fault]: `--fail stacks=2` never struck
     = hint: no account came to have more stacks in one region than that

    2 warnings
    ");
    let full = project.run(&["deploy", "demo", "--rehearse", "-q", "--fail", "stacks=0"]).expect_code(1);
    assert_eq!(full.stderr, "");
}
