//! `verify --drift`: what was changed by hand, with what it should be and what it is.

use insta::assert_snapshot;
use serde_json::json;

use crate::support::project::Project;

const JOBS: &str = "\
Parameters:
  Token: {Type: String, NoEcho: true, Default: s3cret}
Resources:
  Queue:
    Type: AWS::SQS::Queue
    Properties: {DelaySeconds: 5, QueueName: !Sub 'jobs-${Token}'}
  Topic:
    Type: AWS::SNS::Topic
    Properties: {DisplayName: jobs}
  Migration:
    Type: Custom::Migration
    Properties: {ServiceToken: !Ref Topic}
";

fn deployed() -> Project {
    deployed_from(JOBS)
}

fn deployed_from(template: &str) -> Project {
    let project = Project::of_one_unit("jobs", "template.yaml", template);
    project.run(&["lock"]).expect_code(0);
    project.run(&["deploy", "demo", "--yes", "--quiet"]).expect_code(0);
    project
}

#[test]
fn each_property_is_shown_as_it_should_be_and_as_it_is() {
    // A name is given once; a key can be changed by hand.
    let key = "KmsMasterKeyId: !Sub 'alias/${Token}'";
    let project = deployed_from(&JOBS.replace("QueueName: !Sub 'jobs-${Token}'", key));
    let changes = ["jobs.Queue", "DelaySeconds=9", "KmsMasterKeyId=somebody"];
    project.run(&[&["local", "change", "demo"], &changes[..]].concat()).expect_code(0);
    project.run(&["local", "remove", "demo", "jobs.Topic"]).expect_code(0);
    let run = project.run(&["verify", "demo", "--drift"]).expect_code(3);
    assert_snapshot!(run.stdout, @"
    demo differs from the source: 2 differences (1 unit, drift included, 1 resource not compared)
      jobs
        `Queue` (AWS::SQS::Queue) was changed outside CloudFormation: /DelaySeconds is `9`, the template says `5`; /KmsMasterKeyId, a secret, is another one
        `Topic` (AWS::SNS::Topic) was deleted outside CloudFormation
      hint: `deploy --revert-drift` puts it back; or write into the source what it is now, and deploy that (docs/recovery.md)
      not compared, because CloudFormation cannot compare such resources with their template:
        jobs: `Migration` (Custom::Migration)
      release    sha256:db24e14a7b34432675a72f148e2faf75f1d758988d78f8e60b9f9209abd2cd4e
      deployment sha256:65960051c02869a9020e5783bf380158d18375922b55e8b824caa08011e8bef6
    ");
    let found = project.run(&["verify", "demo", "--drift", "--output", "json"]).expect_code(3).json();
    assert_eq!(
        found["differences"][0]["detail"]["properties"],
        json!([
            {"path": "/DelaySeconds", "expected": "5", "actual": "9"},
            {"path": "/KmsMasterKeyId", "expected": "****", "actual": "****"},
        ])
    );
    assert_eq!(found["unchecked"][0]["type"], "Custom::Migration");
}

#[test]
fn what_nobody_compared_is_not_called_clean() {
    assert_snapshot!(deployed().run(&["verify", "demo", "--drift"]).expect_code(0).stdout, @"
    demo is what the source says (1 unit, drift included, 1 resource not compared)
      not compared, because CloudFormation cannot compare such resources with their template:
        jobs: `Migration` (Custom::Migration)
      release    sha256:630e7332b42aa7711516a83996ad8b5e776786901eeb1f87743d1a5c4034a062
      deployment sha256:11828d2c051509ebc82051c1c007a7fafe30b5d15e83fe59ff0b906c31800db9
    ");
}

#[test]
fn a_plan_names_what_was_changed_and_deploy_sets_it_back_where_that_is_asked_for() {
    // A custom resource cannot follow its provider to another address.
    let project = deployed_from(JOBS.split("  Migration:").next().unwrap());
    project.run(&["local", "change", "demo", "jobs.Queue", "DelaySeconds=9"]).expect_code(0);
    project.run(&["local", "remove", "demo", "jobs.Topic"]).expect_code(0);
    // Who does not ask is told nothing, and deploy does nothing.
    let silent = project.run(&["plan", "demo", "--detailed-exitcode"]).expect_code(0);
    assert!(!silent.stdout.contains("outside"), "{}", silent.stdout);
    let named = project.run(&["plan", "demo", "--drift", "-v", "--detailed-exitcode"]).expect_code(0);
    assert_snapshot!(named.stdout, @"
    Deploy of demo, release 3cccf478afa2

        keep    jobs
            unchanged
            `Queue` was changed outside CloudFormation: /DelaySeconds
            `Topic` was deleted outside CloudFormation

    No changes in demo: 1 unchanged.
    ");
    let planned = project.run(&["plan", "demo", "--revert-drift", "--detailed-exitcode"]).expect_code(2);
    assert_snapshot!(planned.stdout, @"
    Deploy of demo, release 3cccf478afa2

      ~ update  jobs
            `Queue` was changed outside CloudFormation: /DelaySeconds
            `Topic` was deleted outside CloudFormation
            asked for by `--revert-drift`
            ~ Queue AWS::SQS::Queue
                Properties.DelaySeconds
            + Topic AWS::SNS::Topic

    Plan: 1 to update.
    Takes about 4s, nine of ten runs within 7s (by the table of means; no records yet).
    ");
    project.run(&["deploy", "demo", "--revert-drift", "--yes", "--quiet"]).expect_code(0);
    let clean = project.run(&["verify", "demo", "--drift"]).expect_code(0);
    assert!(clean.stdout.contains("demo is what the source says"), "{}", clean.stdout);
    // Where nothing drifted there is nothing to do.
    let again = project.run(&["deploy", "demo", "--revert-drift", "--yes"]).expect_code(0);
    assert!(again.stdout.contains("nothing was to do"), "{}", again.stdout);
}
