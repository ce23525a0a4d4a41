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
fn what_aws_lets_nobody_change_is_not_changed_by_hand() {
    let project = jobs(JOBS);
    project.run(&["deploy", "demo", "--yes"]).expect_code(0);
    let refused = |properties: &[&str], code: i32| {
        let run = project.run(&[&["local", "change", "demo", "jobs.Queue"], properties].concat());
        run.expect_code(code).stderr
    };
    let told = [
        refused(&["QueueName=other"], 1),
        refused(&["DelaySeconds=9", "Arn=arn"], 1),
        refused(&["DelaySeconds=9", "DelaySeconds=8"], 64),
        refused(&["RedrivePolicy={\"maxReceiveCount\": 1"], 64),
    ];
    insta::assert_snapshot!(told.concat(), @r#"
    error: change by hand `fieldbook-demo-jobs`: AWS lets nobody change `QueueName` of AWS::SQS::Queue once it exists
    hint: drift of this kind cannot be; change another property, or the template: there a new value makes a new resource
    error: change by hand `fieldbook-demo-jobs`: AWS alone sets `Arn` of AWS::SQS::Queue
    hint: change a property that a template can set
    error: the property `DelaySeconds` is given twice
    hint: a property has one value: leave one of the two away
    error: the value of `RedrivePolicy` begins like JSON and is none: EOF while parsing an object at line 1 column 21
    hint: correct it; a text that begins so is written in quotation marks: `NAME="[text"`
    "#);
    project.run(&["verify", "demo", "--drift"]).expect_code(0);
    // What is so already is no change.
    project.run(&["local", "change", "demo", "jobs.Queue", "QueueName=null"]).expect_code(0);
    insta::assert_snapshot!(project.run(&["local", "remove", "demo", "nobody.Queue"]).expect_code(1).stderr, @"
    error: `nobody` has no stack on the embedded engine
    hint: `rekindle status demo` shows what stands
    ");
}

#[test]
fn what_another_environment_left_is_shown_apart() {
    let project = jobs(JOBS);
    let manifest = project.read("rekindle.yaml");
    let other = manifest.split("  demo:\n").nth(1).unwrap();
    project.write("rekindle.yaml", format!("{manifest}  other:\n{other}"));
    project.run(&["deploy", "demo", "--yes"]).expect_code(0);
    project.run(&["teardown", "demo", "--yes"]).expect_code(0);
    let own = project.run(&["local", "orphans", "demo"]).expect_code(0);
    assert!(own.stdout.contains("fieldbook-logs") && own.stderr.is_empty(), "{own:?}");
    let others = project.run(&["local", "orphans", "other"]).expect_code(0);
    insta::assert_snapshot!(others.stdout + &others.stderr, @"
    other has left nothing behind.
    1 thing more in the same place, not left by other: add `--all`
    ");
    let all = project.run(&["local", "orphans", "other", "--all"]).expect_code(0).stdout;
    insta::assert_snapshot!(all.replace(&all[all.find("  2026").unwrap_or(all.len())..], "\n"), @"
    other has left nothing behind.

    Left by others in the same accounts and regions
    TYPE             ID              WHY       WAS                       SINCE
    AWS::S3::Bucket  fieldbook-logs  retained  fieldbook-demo-jobs.Logs
    ");
    let json = project.run(&["local", "orphans", "other", "--all", "--output", "json"]).expect_code(0).json();
    assert_eq!((&json["environment"], &json["orphans"][0]["environment"]), (&json!("other"), &json!("demo")));
}

/// Two environments have units of the same names in one account.
#[test]
fn a_change_by_hand_is_made_in_the_environment_that_is_named() {
    let template =
        JOBS.replace("    DeletionPolicy: Retain\n", "").replace("fieldbook-logs", "!Ref AWS::StackName");
    let project = jobs(&template);
    let manifest = project.read("rekindle.yaml");
    let other = manifest.split("  demo:\n").nth(1).unwrap();
    project.write("rekindle.yaml", format!("{manifest}  other:\n{other}"));
    project.run(&["deploy", "demo", "--yes"]).expect_code(0);
    project.run(&["deploy", "other", "--yes"]).expect_code(0);
    project.run(&["local", "change", "other", "jobs.Queue", "DelaySeconds=9"]).expect_code(0);
    project.run(&["verify", "demo", "--drift"]).expect_code(0);
    project.run(&["verify", "other", "--drift"]).expect_code(3);
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
    insta::assert_snapshot!(project.run(&["check", "demo"]).expect_code(1).stdout, @"
    error[missing-object]: the template of the nested stack `Child` is not on file: S3 error: The specified key does not exist: templates/queue.yaml
     --> templates/jobs/1.0.0/template.yaml:4:31
      |
    4 |     Properties: {TemplateURL: https://templates.s3.eu-central-1.amazonaws.com/queue.yaml}
      |                               ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
      = hint: on the embedded engine it lies in the project, as `rehearsal/objects/BUCKET/KEY`

    1 error
    ");
    let child = "Resources:\n  Queue: {Type: AWS::SQS::Queue}\nOutputs:\n  Arn: {Value: !GetAtt Queue.Arn}\n";
    project.write("rehearsal/objects/templates/queue.yaml", child);
    project.write("rehearsal/answers/jobs.Seed.json", r#"{"Data": {"Word": "seed"}}"#);
    let release =
        project.run(&["render", "demo", "--output", "json"]).expect_code(0).json()["release"].clone();
    project.run(&["check", "demo"]).expect_code(0);
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
    project.write("rehearsal/answers/jobs.Seed.json", "{\n  \"Seconds\": 1e300\n}");
    insta::assert_snapshot!(project.run(&["deploy", "demo", "--rehearse"]).expect_code(1).stderr, @"
    error: `rehearsal/answers/jobs.Seed.json` cannot be used
      caused by: it is no reply: invalid value: floating point `1e+300`, expected a number of seconds from 0 to 604800 at line 2 column 18
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
