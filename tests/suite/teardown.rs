//! Teardowns foresee what will die, stay or refuse, and prove afterwards what is left.

use crate::support::project::{NETWORK, Project};
use serde_json::Value;

const TEMPLATE: &str = "\
Parameters:
  Password: {Type: String, NoEcho: true}
Resources:
  Database:
    Type: AWS::RDS::DBInstance
    DeletionPolicy: Snapshot
    UpdateReplacePolicy: Snapshot
    Properties:
      DBInstanceClass: db.t4g.micro
      Engine: postgres
      AllocatedStorage: \"20\"
      MasterUsername: keeper
      MasterUserPassword: !Ref Password
      DeletionProtection: true
  Archive:
    Type: AWS::S3::Bucket
    DeletionPolicy: Retain
    UpdateReplacePolicy: Retain
  Queue: {Type: AWS::SQS::Queue}
";

/// A protected database with a secret, a bucket that stays, a queue.
fn precious() -> Project {
    let project = Project::of_one_unit("data", "template.yaml", TEMPLATE);
    project.write(
        "stacks/data.yaml",
        "kind: stack\nclass: stateless\ntemplate: data@1.0.0\nparameters:\n  Password: !secret database#password\n",
    );
    project.run(&["lock"]).expect_code(0);
    project.run(&["deploy", "demo", "--yes"]).expect_code(0);
    project
}

fn standing(project: &Project) -> usize {
    let status = project.run(&["status", "demo", "--output", "json"]).expect_code(0).json();
    status["stacks"].as_array().unwrap().iter().filter(|stack| !stack["status"].is_null()).count()
}

#[test]
fn what_refuses_to_go_is_told_before_anything_is_deleted() {
    let project = precious();
    let run = project.run(&["teardown", "demo", "--yes"]).expect_code(4);
    insta::assert_snapshot!(run.stderr, @"
    error: `data` holds what refuses to be deleted: `Database` (AWS::RDS::DBInstance) by `DeletionProtection`
    hint: if that is what you want, add `--lift-deletion-protection data`: the protection is lifted by an update of the stack before it is deleted
    ");
    assert_eq!(standing(&project), 1);
    // A rehearsal assumes the consent and says that the real run will need it.
    let rehearsal = project.run(&["teardown", "demo", "--rehearse"]).expect_code(0);
    assert!(rehearsal.stdout.contains("`--lift-deletion-protection data`"), "{}", rehearsal.stdout);
}

#[test]
fn a_protection_is_lifted_by_name_and_what_is_left_is_listed() {
    let project = precious();
    let arguments = ["teardown", "demo", "--lift-deletion-protection", "data", "--yes"];
    let run = project.run(&arguments).expect_code(0);
    insta::assert_snapshot!(run.stdout, @"
    Teardown of demo succeeded after 7m 51s
      1 done
      proof 3 resources of 1 stack accounted for, 2 left

      UNIT  RESOURCE  TYPE                  LEFT              ID
      data  Archive   AWS::S3::Bucket       retained          fieldbook-demo-data-archive-zi9xmk367enp
      data  Database  AWS::RDS::DBInstance  a snapshot of it  -
      data.Archive: `rekindle local orphans ENV` lists what the embedded engine still has
      data: fieldbook-demo-data-snapshot-database-tj8kmmbr2grs still carries its tags: it is left, or the search by tags, which lags behind, does not know yet
    ");
    assert!(run.stderr.contains("Database AWS::RDS::DBInstance UPDATE_COMPLETE"), "{}", run.stderr);
    assert_eq!(standing(&project), 0);
}

#[test]
fn a_program_reads_the_proof_as_an_event() {
    let project = precious();
    let arguments = ["teardown", "demo", "--lift-deletion-protection", "data", "--yes", "--output", "json"];
    let run = project.run(&arguments).expect_code(0);
    let events: Vec<Value> = run.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let proof = events.iter().find(|event| event["event"] == "proved").unwrap();
    assert_eq!((&proof["stacks"], &proof["resources"]), (&Value::from(1), &Value::from(3)));
    let left: Vec<_> =
        proof["left"].as_array().unwrap().iter().map(|left| (&left["resource"], &left["why"])).collect();
    assert_eq!(
        left,
        [
            (&Value::from("Archive"), &Value::from("retained")),
            (&Value::from("Database"), &Value::from("snapshot"))
        ]
    );
    assert_eq!(events.last().unwrap()["event"], "summary");
}

const STORAGE: &str = "\
Resources:
  Uploads: {Type: AWS::S3::Bucket}
  Logs: {Type: AWS::S3::Bucket, DeletionPolicy: Retain, UpdateReplacePolicy: Retain}
  Ledger: {Type: AWS::S3::Bucket, Properties: {ObjectLockEnabled: true}}
  Images: {Type: AWS::ECR::Repository}
";

fn storage() -> Project {
    let project = Project::of_one_unit("storage", "template.yaml", STORAGE);
    project.run(&["lock"]).expect_code(0);
    project.run(&["deploy", "demo", "--yes"]).expect_code(0);
    project
}

#[test]
fn a_bucket_that_is_not_empty_is_told_before_anything_is_deleted_and_emptied_by_name() {
    let project = storage();
    for (bucket, number) in [("Uploads", "2500"), ("Logs", "3")] {
        project.run(&["local", "fill", "demo", &format!("storage.{bucket}"), number]).expect_code(0);
    }
    let run = project.run(&["teardown", "demo", "--yes"]).expect_code(4);
    insta::assert_snapshot!(run.stderr, @"
    error: `storage` has buckets that are not empty: `fieldbook-demo-storage-uploads-vi0sr5tw2hnk` (`Uploads`)
    hint: keep what is worth it, then add `--empty-buckets storage`: all objects, versions and unfinished uploads in them are deleted; or give them `DeletionPolicy: Retain` and deploy
    ");
    assert_eq!(standing(&project), 1);
    let run = project.run(&["teardown", "demo", "--empty-buckets", "storage", "--yes"]).expect_code(0);
    let told: Vec<&str> =
        run.stderr.lines().filter_map(|line| line.split_once(" emptying ")).map(|it| it.1).collect();
    insta::assert_snapshot!(told.join("\n"), @"
    bucket fieldbook-demo-storage-uploads-vi0sr5tw2hnk (Uploads): 1000 objects deleted
    bucket fieldbook-demo-storage-uploads-vi0sr5tw2hnk (Uploads): 2000 objects deleted
    bucket fieldbook-demo-storage-uploads-vi0sr5tw2hnk (Uploads): 2500 objects deleted
    ");
    // What stays is left as it is.
    let orphans = project.run(&["local", "orphans", "demo", "--output", "json"]).expect_code(0).json();
    assert_eq!(orphans["orphans"].as_array().unwrap().len(), 1);
}

#[test]
fn object_lock_is_never_lifted() {
    let project = storage();
    project.run(&["local", "fill", "demo", "storage.Ledger"]).expect_code(0);
    let run = project.run(&["teardown", "demo", "--empty-buckets", "storage", "--yes"]).expect_code(4);
    insta::assert_snapshot!(run.stderr, @"
    error: bucket `fieldbook-demo-storage-ledger-oi4p2ri6rays` (`Ledger`) of `storage` is not empty, and Object Lock is on
    hint: rekindle empties no bucket with Object Lock: what is in it may have to be kept by law. Give it `DeletionPolicy: Retain` and deploy, then it stays
    ");
    assert_eq!(standing(&project), 1);
}

#[test]
fn a_repository_that_is_not_empty_is_told_before_anything_is_deleted_and_emptied_by_name() {
    let project = storage();
    project.run(&["local", "fill", "demo", "storage.Images", "120"]).expect_code(0);
    project.run(&["local", "fill", "demo", "storage.Nothing"]).expect_code(1);
    let run = project.run(&["teardown", "demo", "--empty-buckets", "storage", "--yes"]).expect_code(4);
    insta::assert_snapshot!(run.stderr, @"
    error: `storage` has repositories that are not empty: `fieldbook-demo-storage-images-ya9c7wtc6j0t` (`Images`)
    hint: keep what is worth it, then add `--empty-repositories storage`: all images in them are deleted; or give them `EmptyOnDelete: true` or `DeletionPolicy: Retain` and deploy
    ");
    assert_eq!(standing(&project), 1);
    let run = project.run(&["teardown", "demo", "--empty-repositories", "storage", "--yes"]).expect_code(0);
    let told: Vec<&str> =
        run.stderr.lines().filter_map(|line| line.split_once(" emptying ")).map(|it| it.1).collect();
    insta::assert_snapshot!(told.join("\n"), @"
    repository fieldbook-demo-storage-images-ya9c7wtc6j0t (Images): 100 images deleted
    repository fieldbook-demo-storage-images-ya9c7wtc6j0t (Images): 120 images deleted
    ");
    assert_eq!(standing(&project), 0);
}

#[test]
fn a_repository_that_cloudformation_empties_is_in_nobodys_way() {
    let template = "\
Resources:
  Images: {Type: AWS::ECR::Repository, Properties: {EmptyOnDelete: true}}
";
    let project = Project::of_one_unit("storage", "template.yaml", template);
    project.run(&["lock"]).expect_code(0);
    project.run(&["deploy", "demo", "--yes"]).expect_code(0);
    project.run(&["local", "fill", "demo", "storage.Images", "3"]).expect_code(0);
    project.run(&["teardown", "demo", "--yes"]).expect_code(0);
    assert_eq!(standing(&project), 0);
}

const EXPORTER: &str = "\
Resources:
  Topic: {Type: AWS::SNS::Topic}
Outputs:
  Name: {Value: !GetAtt Topic.TopicName, Export: {Name: shared-topic}}
";

const IMPORTER: &str = "\
Resources:
  Queue: {Type: AWS::SQS::Queue, Properties: {QueueName: !Sub [\"${Topic}-queue\", {Topic: !ImportValue shared-topic}]}}
";

/// An exporter, and an importer of which the source does not say that it needs it.
fn exporting() -> Project {
    let project = Project::of_one_unit("alpha", "template.yaml", EXPORTER);
    project.write(
        "stacks/beta.yaml",
        "kind: stack\nclass: stateless\ntemplate: beta@1.0.0\nenvironments: [demo, other]\n",
    );
    project
        .write("templates/beta/1.0.0/interface.yaml", "kind: stack\ndescription: Of a test.\ninputs: {}\n");
    project.write("templates/beta/1.0.0/template.yaml", IMPORTER);
    let manifest = project.read("rekindle.yaml");
    let target =
        "    targets: {primary: {provider: local, account: \"000000000000\", region: eu-central-1}}\n";
    project.write("rekindle.yaml", format!("{manifest}  other:\n{target}"));
    project.edit("stacks/alpha.yaml", "class: stateless", "class: stateless\nenvironments: [demo]");
    project.run(&["lock"]).expect_code(0);
    project.run(&["deploy", "demo", "alpha", "--yes"]).expect_code(0);
    project
}

#[test]
fn who_imports_goes_before_who_exports() {
    let project = exporting();
    project.run(&["deploy", "demo", "--yes"]).expect_code(0);
    let run = project.run(&["teardown", "demo", "--yes"]).expect_code(0);
    let place = |text: &str| run.stderr.find(text).unwrap_or_else(|| panic!("{text}: {}", run.stderr));
    assert!(place("beta: deleted") < place("alpha: deleting"), "{}", run.stderr);
}

#[test]
fn an_importer_of_somebody_else_is_named() {
    let project = exporting();
    project.run(&["deploy", "other", "--yes"]).expect_code(0);
    let run = project.run(&["teardown", "demo", "--yes"]).expect_code(4);
    insta::assert_snapshot!(run.stderr, @"
    error: stack `fieldbook-other-beta` imports `shared-topic`, which stack `fieldbook-demo-alpha` of `alpha` exports
    hint: delete `fieldbook-other-beta`, or take the `Fn::ImportValue` out of its template, then run the same command again; it is no stack of this environment, so it is not touched
    ");
    assert_eq!(standing(&project), 1);
}

#[test]
fn a_stranger_in_a_network_is_told_before_anything_is_deleted() {
    let project = Project::of_one_unit("network", "template.yaml", NETWORK);
    project.run(&["lock"]).expect_code(0);
    project.run(&["deploy", "demo", "--yes"]).expect_code(0);
    project.run(&["local", "fill", "demo", "network.Vpc", "7"]).expect_code(0);
    project.run(&["local", "fill", "demo", "network.Group"]).expect_code(0);
    let refused = project.run(&["teardown", "demo", "--yes"]).expect_code(4);
    insta::assert_snapshot!(refused.stderr, @"
    error: `sg-558216d5d1a239c28` (`Group`) of `network` is used by network interface `eni-9bbc0cd6b8ad9d3dc` (made by hand)
    hint: no stack that goes made it, so it is not touched: find out whose it is, and remove it, then run the same command again. AWS would keep trying for a long time, and then give up

    error: `vpc-e57c077f5aab2ff81` (`Vpc`) of `network` is used by network interface `eni-8e8b66a97bc232c6d` (made by hand), network interface `eni-498043435f8bf95a7` (made by hand), network interface `eni-abaed09e3ef4ab14b` (made by hand), network interface `eni-bca538afb266e42ad` (made by hand), network interface `eni-c3d3a1a7b7d949898` (made by hand) and 2 more
    hint: no stack that goes made it, so it is not touched: find out whose it is, and remove it, then run the same command again. AWS would keep trying for a long time, and then give up
    ");
    assert_eq!(standing(&project), 1);
    for network in ["Vpc", "Group"] {
        project.run(&["local", "empty", "demo", &format!("network.{network}")]).expect_code(0);
    }
    project.run(&["teardown", "demo", "--yes"]).expect_code(0);
    assert_eq!(standing(&project), 0);
}

#[test]
fn a_proof_says_how_many_stacks_still_stand() {
    let project = Project::of_one_unit("network", "template.yaml", NETWORK);
    project.write("stacks/other.yaml", "kind: stack\nclass: stateless\ntemplate: network@1.0.0\n");
    project.run(&["lock"]).expect_code(0);
    project.run(&["deploy", "demo", "--yes"]).expect_code(0);
    let failed = project.run(&["teardown", "demo", "--yes", "--fail", "network.Vpc:delete"]).expect_code(6);
    assert!(
        failed.stdout.contains("2 resources of 1 stack accounted for, 1 stack not deleted"),
        "{}",
        failed.stdout
    );
    assert!(!failed.stdout.contains("nothing known is left"), "{}", failed.stdout);
}

#[test]
fn what_is_pruned_is_looked_into_before_anything_is_deleted() {
    let project = storage();
    project.write("stacks/other.yaml", "kind: stack\nclass: stateless\ntemplate: storage@1.0.0\n");
    project.run(&["deploy", "demo", "--yes"]).expect_code(0);
    project.run(&["local", "fill", "demo", "storage.Uploads"]).expect_code(0);
    std::fs::remove_file(project.path().join("stacks/storage.yaml")).unwrap();
    let refused = project.run(&["deploy", "demo", "--prune", "--yes"]).expect_code(4);
    insta::assert_snapshot!(refused.stderr.split("error: ").nth(1).unwrap(), @"
    `storage` has buckets that are not empty: `fieldbook-demo-storage-uploads-vi0sr5tw2hnk` (`Uploads`)
    hint: `rekindle teardown demo UNIT` deletes what is gone from the source, and takes the options: keep what is worth it, then add `--empty-buckets storage`: all objects, versions and unfinished uploads in them are deleted; or give them `DeletionPolicy: Retain` and deploy
    ");
    assert_eq!(standing(&project), 2);
    project.run(&["local", "empty", "demo", "storage.Uploads"]).expect_code(0);
    project.run(&["deploy", "demo", "--prune", "--yes"]).expect_code(0);
    assert_eq!(standing(&project), 1);
}

/// CloudFormation takes no update of such a stack, and the template no longer says what is protected.
#[test]
fn a_failed_creation_goes_once_its_protection_is_lifted_by_hand() {
    let template = "\
Resources:
  Users:
    Type: AWS::Cognito::UserPool
    Properties: {DeletionProtection: ACTIVE}
  Topic: {Type: AWS::SNS::Topic, DependsOn: Users}
";
    let project = Project::of_one_unit("users", "template.yaml", template);
    project.run(&["lock"]).expect_code(0);
    project.run(&["deploy", "demo", "--yes", "--fail", "users.Topic"]).expect_code(6);
    let blocked = project.run(&["teardown", "demo", "--yes"]).expect_code(6).stdout;
    assert!(blocked.contains("Cannot delete protected"), "{blocked}");
    project.run(&["local", "change", "demo", "users.Users", "DeletionProtection=INACTIVE"]).expect_code(0);
    project.run(&["teardown", "demo", "--yes"]).expect_code(0);
    assert_eq!(standing(&project), 0);
}
