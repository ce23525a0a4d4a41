//! Practising on the embedded cloud, through the binary: `rekindle local`, `--fail`, `rehearsal/`.

use serde_json::json;

use crate::support::project::Project;

const JOBS: &str = "\
Resources:
  Queue:
    Type: AWS::SQS::Queue
    Properties: {DelaySeconds: 5}
  Logs:
    Type: AWS::S3::Bucket
    DeletionPolicy: Retain
    Properties: {BucketName: fieldbook-logs}
Outputs:
  Arn: {Value: !GetAtt Queue.Arn}
";

/// A project of one unit, `jobs`.
fn jobs(template: &str) -> Project {
    let project = Project::of_one_unit("jobs", "template.yaml", template);
    project.run(&["lock"]).expect_code(0);
    project
}

#[test]
fn a_property_that_its_type_does_not_have_is_not_changed_by_hand() {
    let project = jobs(JOBS);
    project.run(&["deploy", "demo", "--yes"]).expect_code(0);
    let change = |property: &str| project.run(&["local", "change", "demo", "jobs.Queue", property]);
    let refused = change("DelaySecond=9").expect_code(1).stderr;
    assert!(refused.contains("AWS::SQS::Queue has no property `DelaySecond`"), "{refused}");
    assert!(refused.contains("did you mean `DelaySeconds`?"), "{refused}");
    project.run(&["verify", "demo", "--drift"]).expect_code(0);
}

#[test]
fn a_change_by_hand_is_found_by_verify() {
    let project = jobs(JOBS);
    project.run(&["deploy", "demo", "--yes"]).expect_code(0);
    project.run(&["verify", "demo", "--drift"]).expect_code(0);
    project.run(&["local", "change", "demo", "jobs.Queue", "DelaySeconds=9"]).expect_code(0);
    let run = project.run(&["verify", "demo", "--drift"]).expect_code(3);
    assert!(run.stdout.contains("Queue") && run.stdout.contains("/DelaySeconds"), "{}", run.stdout);
    project.run(&["local", "remove", "demo", "jobs.Queue"]).expect_code(0);
    project.run(&["verify", "demo", "--drift"]).expect_code(3);
    insta::assert_snapshot!(project.run(&["local", "remove", "demo", "jobs.Queue"]).expect_code(1).stderr, @"
        error: change by hand `fieldbook-demo-jobs`: the stack has no resource `Queue`, or it was deleted by hand already
        hint: its template says which resources it has
        ");
    insta::assert_snapshot!(project.run(&["local", "change", "demo", "Queue", "A=1"]).expect_code(64).stderr, @"error: `Queue` is no resource of a unit: write UNIT.RESOURCE");
}

#[test]
fn the_example_of_a_change_by_hand_does_what_it_says() {
    let project = Project::shipped();
    project.run(&["deploy", "demo", "--yes", "--quiet"]).expect_code(0);
    let help = project.run(&["local", "--help"]).expect_code(0).stdout;
    let example = |part: &str| -> Vec<String> {
        let line = help.lines().find(|line| line.contains(part)).expect("an example");
        line.split_whitespace().skip(1).map(str::to_owned).collect()
    };
    let (change, verify) = (example("local change demo"), example("verify demo"));
    project.run(&change.iter().map(String::as_str).collect::<Vec<_>>()).expect_code(0);
    let found = project.run(&verify.iter().map(String::as_str).collect::<Vec<_>>()).expect_code(3);
    assert!(found.stdout.contains("MailersQueue"), "{}", found.stdout);
}

#[test]
fn what_a_teardown_retains_is_in_the_way_until_it_is_forgotten() {
    let project = jobs(JOBS);
    project.run(&["deploy", "demo", "--yes"]).expect_code(0);
    project.run(&["teardown", "demo", "--yes"]).expect_code(0);
    let orphans = project.run(&["local", "orphans", "demo", "--output", "json"]).expect_code(0).json();
    let orphan = &orphans["orphans"][0];
    assert_eq!((&orphan["id"], &orphan["origin"]), (&json!("fieldbook-logs"), &json!("retained")));
    let failed = project.run(&["deploy", "demo", "--yes"]).expect_code(5);
    assert!(
        failed.stdout.contains("already exists") || failed.stderr.contains("already exists"),
        "{}",
        failed.stdout
    );
    project.run(&["local", "forget", "demo", "AWS::S3::Bucket", "fieldbook-logs"]).expect_code(0);
    project.run(&["deploy", "demo", "--yes"]).expect_code(0);
}

#[test]
fn a_stack_that_cannot_be_deleted_is_deleted_without_what_is_in_the_way() {
    let project = jobs(JOBS);
    project.run(&["deploy", "demo", "--yes"]).expect_code(0);
    project.run(&["teardown", "demo", "--yes", "--fail", "jobs.Queue:stuck"]).expect_code(6);
    let kept = project.run(&["local", "delete", "demo", "jobs", "--retain", "Queue"]).expect_code(0);
    assert_eq!(kept.stdout, "jobs is DELETE_COMPLETE\n");
    let orphans = project.run(&["local", "orphans", "demo"]).expect_code(0).stdout;
    assert!(orphans.contains("AWS::SQS::Queue") && orphans.contains("fieldbook-logs"), "{orphans}");
}

#[test]
fn a_rollback_that_failed_goes_on() {
    let project = jobs(JOBS);
    project.run(&["deploy", "demo", "--yes"]).expect_code(0);
    project.write("templates/jobs/1.1.0/interface.yaml", "kind: stack\ndescription: Jobs.\ninputs: {}\n");
    let changed = JOBS.replace("DelaySeconds: 5", "DelaySeconds: 6") + "\n";
    let changed =
        changed.replace("Outputs:", "  Third:\n    Type: AWS::SNS::Topic\n    DependsOn: Queue\nOutputs:");
    project.write("templates/jobs/1.1.0/template.yaml", changed);
    project.edit("stacks/jobs.yaml", "jobs@1.0.0", "jobs@1.1.0");
    project.run(&["lock"]).expect_code(0);
    let arguments = ["deploy", "demo", "--yes", "--fail", "jobs.Third", "--fail", "jobs.Queue:rollback"];
    project.run(&arguments).expect_code(6);
    let run = project.run(&["local", "continue", "demo", "jobs"]).expect_code(0);
    assert_eq!(run.stdout, "jobs is UPDATE_ROLLBACK_COMPLETE\n");
    project.run(&["deploy", "demo", "--yes"]).expect_code(0);
}

#[test]
fn a_unit_with_a_nested_stack_is_one_unit() {
    let template = "\
Resources:
  Child:
    Type: AWS::CloudFormation::Stack
    Properties: {TemplateURL: https://templates.s3.eu-central-1.amazonaws.com/queue.yaml}
  Seed:
    Type: Custom::Seed
    Properties: {ServiceToken: arn}
Outputs:
  Arn: {Value: !GetAtt Child.Outputs.Arn}
  Word: {Value: !GetAtt Seed.Word}
";
    let project = jobs(template);
    let missing = project.run(&["deploy", "demo", "--rehearse"]).expect_code(5);
    assert!(
        missing.stdout.contains("The specified key does not exist: templates/queue.yaml"),
        "{}",
        missing.stdout
    );
    let child = "Resources:\n  Queue: {Type: AWS::SQS::Queue}\nOutputs:\n  Arn: {Value: !GetAtt Queue.Arn}\n";
    project.write("rehearsal/objects/templates/queue.yaml", child);
    project.write("rehearsal/answers/jobs.Seed.json", r#"{"Data": {"Word": "seed"}}"#);
    let release =
        project.run(&["render", "demo", "--output", "json"]).expect_code(0).json()["release"].clone();
    project.run(&["deploy", "demo", "--rehearse"]).expect_code(0);
    project.run(&["deploy", "demo", "--yes"]).expect_code(0);
    let outputs = project.run(&["outputs", "demo"]).expect_code(0).stdout;
    assert!(outputs.contains("jobs.Word  seed") && outputs.contains(":sqs:"), "{outputs}");
    project.run(&["plan", "demo", "--detailed-exitcode"]).expect_code(0);
    let status = project.run(&["status", "demo", "--output", "json"]).expect_code(0).stdout;
    assert!(!status.contains("jobs-Child"), "{status}");
    project.run(&["teardown", "demo", "--yes"]).expect_code(0);
    std::fs::remove_dir_all(project.path().join("rehearsal")).unwrap();
    let without =
        project.run(&["render", "demo", "--output", "json"]).expect_code(0).json()["release"].clone();
    assert_eq!(release, without, "what is on file is no part of the release");
}

#[test]
fn files_on_hand_that_cannot_be_used_are_named() {
    let project = jobs(JOBS);
    project.write("rehearsal/answers/jobs.Seed.json", r#"{"Statuss": "SUCCESS"}"#);
    insta::assert_snapshot!(project.run(&["deploy", "demo", "--rehearse"]).expect_code(1).stderr, @"
        error: `rehearsal/answers/jobs.Seed.json` cannot be used
          caused by: it is no reply: unknown field `Statuss`, expected one of `Status`, `Reason`, `PhysicalResourceId`, `Data`, `Signals`, `Seconds` at line 1 column 10
        hint: docs/local-engine.md, part G, says what a reply may hold
        ");
    project.write("rehearsal/answers/jobs.Seed.json", "{}");
    project.write("rehearsal/notes.txt", "");
    insta::assert_snapshot!(project.run(&["deploy", "demo", "--rehearse"]).expect_code(1).stderr, @"
        error[unknown-file]: the file is neither an object nor an answer
         --> rehearsal/notes.txt
          = hint: objects are `rehearsal/objects/BUCKET/KEY`, answers `rehearsal/answers/UNIT.RESOURCE.json`

        1 error
        ");
}

#[test]
fn a_run_stands_throttling_lost_answers_and_stale_reads() {
    let project = jobs(JOBS);
    let troubles =
        ["*=throttled*20", "CreateStack=lost*2", "DescribeStacks=stale*4", "DescribeStackEvents=unwell*3"];
    let mut arguments = vec!["deploy", "demo", "--yes"];
    arguments.extend(troubles.iter().flat_map(|trouble| ["--fail", *trouble]));
    project.run(&arguments).expect_code(0);
    project.run(&["plan", "demo", "--detailed-exitcode"]).expect_code(0);
    project.run(&["deploy", "demo", "--rehearse", "--fail", "stacks=0"]).expect_code(1);
}
