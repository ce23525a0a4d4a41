//! Copies of data that outlast a teardown: they let units of class `data` go where classes are kept.

use insta::assert_snapshot;

use crate::support::project::{MANIFEST, Project, Run};

const TEMPLATE: &str = "\
Resources:
  Items:
    Type: AWS::DynamoDB::Table
    DeletionPolicy: Delete
    UpdateReplacePolicy: Retain
    Properties:
      BillingMode: PAY_PER_REQUEST
      AttributeDefinitions: [{AttributeName: id, AttributeType: S}]
      KeySchema: [{AttributeName: id, KeyType: HASH}]
  Files:
    Type: AWS::S3::Bucket
    DeletionPolicy: Delete
    UpdateReplacePolicy: Retain
";

/// A table and a bucket in an environment that keeps classes, and a unit that takes its time.
fn deployed(class: &str) -> Project {
    let project = Project::of_one_unit("data", "template.yaml", TEMPLATE);
    project.write("rekindle.yaml", MANIFEST.replace("  demo:\n", "  demo:\n    protection: standard\n"));
    project.edit("stacks/data.yaml", "class: stateless", &format!("class: {class}"));
    project.run(&["lock"]).expect_code(0);
    project.run(&["deploy", "demo", "--yes"]).expect_code(0);
    project
}

fn back_up(project: &Project, resource: &str, options: &[&str]) -> String {
    let arguments = [&["local", "back-up", "demo", resource], options].concat();
    project.run(&arguments).expect_code(0).stdout.trim().to_owned()
}

fn teardown(project: &Project, options: &[&str]) -> Run {
    project.run(&[&["teardown", "demo", "data", "--yes"], options].concat())
}

const WITHIN: [&str; 2] = ["--restore-points-within", "24h"];

#[test]
fn data_goes_only_with_a_whole_young_copy_of_everything_that_is_lost() {
    let project = deployed("data");
    teardown(&project, &[]).expect_code(4);
    assert_snapshot!(teardown(&project, &WITHIN).expect_code(4).stderr, @"
    looking for restore points: 2 to ask for
    error: `data` cannot be torn down: class `data` is kept: no whole restore point of the last 1d of `Files`, `Items`
    hint: have AWS Backup make one and wait until it is whole (`aws backup start-backup-job`), or, if the data may go without, add `--delete-data data`
    ");
    // A copy that broke off, and one of something else.
    back_up(&project, "data.Items", &["--incomplete"]);
    let files = back_up(&project, "data.Files", &[]);
    let refused = teardown(&project, &WITHIN).expect_code(4);
    assert!(refused.stderr.contains("of the last 1d of `Items`"), "{}", refused.stderr);
    let items = back_up(&project, "data.Items", &[]);
    let gone = teardown(&project, &WITHIN).expect_code(0);
    let told = gone.stderr.replace(&files, "FILES").replace(&items, "ITEMS");
    let plan: Vec<&str> = told.lines().take(10).collect();
    insta::with_settings!({filters => vec![(r"\d+[dhms]( \d+[dhms])* old", "AGE old")]}, {
        assert_snapshot!(plan.join("\n"), @"
        looking for restore points: 2 to ask for
        Teardown of demo

          - delete  data
                torn down
                what it holds is in restore points of the last 1d

        Plan: 1 to delete.
        Data to restore: data.Files (AWS::S3::Bucket): objects, from FILES, AGE old
        Data to restore: data.Items (AWS::DynamoDB::Table): items, from ITEMS, AGE old
        ");
    });
    // The record has them, and they are still there.
    let record: serde_json::Value =
        serde_json::from_str(&project.read(".rekindle/ledger/demo/2.json")).unwrap();
    assert_eq!(record["restore_points"]["data"]["Items"], items.as_str());
    assert_eq!(record["restore_points"]["data"]["Files"], files.as_str());
    let left = project.run(&["local", "orphans", "demo"]).expect_code(0).stdout;
    assert!(left.contains(&items) && left.contains("restore point"), "{left}");
}

#[test]
fn a_copy_becomes_too_old() {
    let project = deployed("data");
    back_up(&project, "data.Items", &[]);
    back_up(&project, "data.Files", &[]);
    // Something that takes minutes by the virtual clock.
    project.write("templates/slow/1.0.0/template.yaml", "Resources: {Cdn: {Type: AWS::EKS::Cluster, Properties: {RoleArn: arn:aws:iam::000000000000:role/a, ResourcesVpcConfig: {SubnetIds: [subnet-1]}}}}\n");
    project.write("stacks/slow.yaml", "kind: stack\nclass: stateless\ntemplate: slow@1.0.0\n");
    project.publish_unjudged();
    project.run(&["deploy", "demo", "slow", "--yes"]).expect_code(0);
    let refused = teardown(&project, &["--restore-points-within", "1m"]).expect_code(4);
    assert!(refused.stderr.contains("of the last 1m of `Files`, `Items`"), "{}", refused.stderr);
    teardown(&project, &WITHIN).expect_code(0);
}

#[test]
fn permanent_units_stay_and_a_question_without_an_answer_is_no_yes() {
    let project = deployed("permanent");
    back_up(&project, "data.Items", &[]);
    back_up(&project, "data.Files", &[]);
    teardown(&project, &WITHIN).expect_code(4);

    let project = deployed("data");
    back_up(&project, "data.Items", &[]);
    back_up(&project, "data.Files", &[]);
    let unwell = ["--fail", "ListRecoveryPointsByResource=unwell*99"];
    let refused = teardown(&project, &[&WITHIN[..], &unwell].concat()).expect_code(1);
    assert!(refused.stderr.contains("ListRecoveryPointsByResource"), "{}", refused.stderr);
    teardown(&project, &WITHIN).expect_code(0);
}

#[test]
fn a_rebuild_says_what_the_data_is_to_be_restored_from() {
    let project = deployed("data");
    let (files, items) = (back_up(&project, "data.Files", &[]), back_up(&project, "data.Items", &[]));
    let run = project.run(&[&["rebuild", "demo", "--yes", "--quiet"], &WITHIN[..]].concat()).expect_code(0);
    let told = run.stderr.replace(&files, "FILES").replace(&items, "ITEMS");
    assert_snapshot!(told, @"
    warning[to-restore]: `data.Files` begins empty: what it held is in `FILES`
     = hint: rekindle restores no data yet: restore it with AWS Backup before you let anybody use it

    warning[to-restore]: `data.Items` begins empty: what it held is in `ITEMS`
     = hint: rekindle restores no data yet: restore it with AWS Backup before you let anybody use it

    2 warnings
    ");
}

#[test]
fn options_that_do_not_go_together() {
    let project = deployed("data");
    let code = |arguments: &[&str]| project.run(&[arguments, &WITHIN].concat()).code;
    assert_eq!(code(&["teardown", "demo", "--rehearse"]), 64);
    assert_eq!(code(&["rebuild", "demo", "--to", "primary"]), 64);
    assert_eq!(project.run(&["teardown", "demo", "--restore-points-within", "soon"]).code, 64);
    let refused = project.run(&["local", "back-up", "demo", "data.Nothing"]).expect_code(1);
    assert!(refused.stderr.contains("has no resource `Nothing`"), "{}", refused.stderr);
}
