//! What keeps a stack from going, or from coming back: each cause with what is done about it, or with what
//! a person can do. The rows are those of docs/recovery.md.

use crate::support::project::{NETWORK, Project};

/// A project of one unit, `data`, that is deployed.
fn deployed(template: &str) -> Project {
    let project = Project::of_one_unit("data", "template.yaml", template);
    project.run(&["lock"]).expect_code(0);
    project.run(&["deploy", "demo", "--yes"]).expect_code(0);
    project
}

fn statuses(project: &Project) -> Vec<String> {
    let status = project.run(&["status", "demo", "--output", "json"]).expect_code(0).json();
    let stacks = status["stacks"].as_array().unwrap().iter();
    stacks.filter_map(|stack| stack["status"].as_str().map(str::to_owned)).collect()
}

#[test]
fn interfaces_that_functions_left_are_deleted_and_their_network_goes() {
    let project = deployed(NETWORK);
    project.run(&["local", "fill", "demo", "data.Group", "2", "--left-over"]).expect_code(0);
    let run = project.run(&["teardown", "demo", "--yes"]).expect_code(0);
    let told: Vec<&str> =
        run.stderr.lines().filter_map(|line| line.split_once("data: ")).map(|it| it.1).collect();
    insta::assert_snapshot!(told.join("\n"), @"
    torn down
    deleting fieldbook-demo-data
    Group AWS::EC2::SecurityGroup DELETE_FAILED: resource has a dependent object (Error Code: DependencyViolation)
    fieldbook-demo-data AWS::CloudFormation::Stack DELETE_FAILED: The following resource(s) failed to delete: [Group].
    deleted network interface eni-b16645556a2d672a7 (AWS Lambda VPC ENI-function-1), which nothing uses any more
    deleted network interface eni-46b307b5220ac85c7 (AWS Lambda VPC ENI-function-2), which nothing uses any more
    Group AWS::EC2::SecurityGroup DELETE_COMPLETE
    Vpc AWS::EC2::VPC DELETE_COMPLETE
    fieldbook-demo-data AWS::CloudFormation::Stack DELETE_COMPLETE
    deleted in 10s
    ");
    assert_eq!(statuses(&project), Vec::<String>::new());
}

#[test]
fn what_cannot_be_deleted_is_left_behind_where_that_was_asked_for() {
    let project = deployed(NETWORK);
    let fail = ["--fail", "data.Vpc:dependent"];
    let arguments = [&["teardown", "demo", "--yes"][..], &fail].concat();
    let run = project.run(&arguments).expect_code(6);
    insta::assert_snapshot!(run.stdout, @"
    Teardown of demo failed and needs hands after 10s

      data: failed and needs hands
        Vpc (AWS::EC2::VPC)
          resource has a dependent object (Error Code: DependencyViolation) (fault
          data.Vpc:dependent)
          to do: `aws ec2 describe-network-interfaces --region eu-central-1 --filters Name=vpc-id,Values='vpc-45b7ac8d75d106dd1'` says who is still in it, `aws ec2 describe-vpc-peering-connections` and `describe-transit-gateway-attachments` who is connected; remove that, then run the same command again
        hint: remove what holds the resource, then run the same command again; `teardown` with `--retain-failed data` lets the stack go without what cannot be deleted

      1 failed
    ");
    assert_eq!(statuses(&project), ["DELETE_FAILED"]);
    let arguments = [&["teardown", "demo", "--yes", "--retain-failed", "data"][..], &fail].concat();
    let run = project.run(&arguments).expect_code(0);
    insta::assert_snapshot!(run.stdout, @"
    Teardown of demo succeeded after 5s
      1 done
      proof 1 resource of 1 stack accounted for, 1 left

      UNIT  RESOURCE  TYPE           LEFT      ID
      data  Vpc       AWS::EC2::VPC  retained  vpc-45b7ac8d75d106dd1
      data.Vpc: `rekindle local orphans ENV` lists what the embedded engine still has
    ");
    assert!(run.stderr.contains("left behind because it cannot be deleted: Vpc"), "{}", run.stderr);
    let orphans = project.run(&["local", "orphans", "demo"]).expect_code(0).stdout;
    assert!(orphans.contains("AWS::EC2::VPC"), "{orphans}");
}

const MANY: &str = "\
Resources:
  Role:
    Type: AWS::IAM::Role
    Properties: {AssumeRolePolicyDocument: {Version: '2012-10-17', Statement: []}}
  Other:
    Type: AWS::IAM::Role
    Properties: {AssumeRolePolicyDocument: {Version: '2012-10-17', Statement: []}}
  Zone: {Type: AWS::Route53::HostedZone, Properties: {Name: example.org}}
  Certificate: {Type: AWS::CertificateManager::Certificate, Properties: {DomainName: example.org}}
  Vault: {Type: AWS::Backup::BackupVault, Properties: {BackupVaultName: vault}}
  Group: {Type: AWS::AutoScaling::AutoScalingGroup, Properties: {MinSize: '0', MaxSize: '1', AvailabilityZones: [eu-central-1a], LaunchTemplate: {LaunchTemplateId: lt-0123456789abcdef0, Version: '1'}}}
  Cluster: {Type: AWS::ECS::Cluster}
  Seed: {Type: 'Custom::Seed', Properties: {ServiceToken: 'arn:aws:lambda:eu-central-1:000000000000:function:gone'}}
  Database:
    Type: AWS::RDS::DBInstance
    Properties: {DBInstanceClass: db.t4g.micro, Engine: postgres, AllocatedStorage: '20', ManageMasterUserPassword: true, MasterUsername: keeper}
  Queue: {Type: AWS::SQS::Queue}
  Topic: {Type: AWS::SNS::Topic}
";

#[test]
fn every_refusal_of_a_service_comes_with_what_helps() {
    let project = Project::of_one_unit("data", "template.yaml", MANY);
    project.edit("stacks/data.yaml", "class: stateless", "class: stateless\ncapabilities: [CAPABILITY_IAM]");
    project.run(&["lock"]).expect_code(0);
    project.run(&["deploy", "demo", "--yes"]).expect_code(0);
    let rows = [
        ("Role", "attached", "aws iam list-attached-role-policies --role-name"),
        ("Other", "in-profile", "aws iam list-instance-profiles-for-role --role-name"),
        ("Zone", "records", "aws route53 list-resource-record-sets --hosted-zone-id"),
        ("Certificate", "in-use", "aws acm describe-certificate --region eu-central-1 --certificate-arn"),
        ("Vault", "recovery-points", "aws backup list-recovery-points-by-backup-vault"),
        ("Group", "protected-from-scale-in", "--min-size 0 --max-size 0 --desired-capacity 0"),
        ("Cluster", "in-use", "aws ecs list-tasks"),
        ("Seed", "stuck", "what is behind it did not answer"),
        ("Database", "snapshot-quota", "aws rds describe-db-snapshots"),
        ("Queue", "role-gone", "make a role of that name again"),
        ("Topic", "denied", "a policy of the organization forbids it"),
    ];
    let faults: Vec<String> = rows.iter().map(|(id, word, _)| format!("data.{id}:{word}")).collect();
    let faults = faults.iter().flat_map(|fault| ["--fail", fault]);
    let arguments: Vec<&str> = ["teardown", "demo", "--yes"].into_iter().chain(faults).collect();
    let run = project.run(&arguments).expect_code(6);
    for (id, word, advice) in rows {
        let told = run.stdout.split(&format!("    {id} (")).nth(1);
        let told = told.unwrap_or_else(|| panic!("{id}: {}", run.stdout));
        let to_do = told.lines().find(|line| line.trim_start().starts_with("to do:"));
        assert!(to_do.is_some_and(|line| line.contains(advice)), "{id} {word}: {}", run.stdout);
    }
    // Once the causes are gone the rest goes.
    project.run(&["teardown", "demo", "--yes"]).expect_code(0);
}

#[test]
fn a_name_that_is_not_free_comes_with_what_frees_it() {
    let template = "\
Resources:
  Secret: {Type: AWS::SecretsManager::Secret, Properties: {Name: token}}
  Logs: {Type: AWS::Logs::LogGroup, Properties: {LogGroupName: /fieldbook/web}}
  Uploads: {Type: AWS::S3::Bucket, Properties: {BucketName: fieldbook-uploads}}
";
    let project = Project::of_one_unit("data", "template.yaml", template);
    project.run(&["lock"]).expect_code(0);
    let rows = [
        ("Secret:scheduled", "aws secretsmanager restore-secret --region eu-central-1 --secret-id"),
        ("Logs:name-in-use", "aws logs delete-log-group --region eu-central-1 --log-group-name"),
        ("Uploads:name-reserved", "run the same command again later"),
    ];
    for (fault, advice) in rows {
        let run = project.run(&["deploy", "demo", "--yes", "--fail", &format!("data.{fault}")]);
        let run = run.expect_code(5);
        assert!(run.stdout.contains("to do:") && run.stdout.contains(advice), "{fault}: {}", run.stdout);
    }
    project.run(&["deploy", "demo", "--yes"]).expect_code(0);
}

/// A unit whose update failed, and whose rollback failed too.
fn stuck() -> Project {
    let template = "\
Resources:
  Queue: {Type: AWS::SQS::Queue, Properties: {DelaySeconds: 5}}
";
    let project = deployed(template);
    project.write("templates/data/1.1.0/interface.yaml", "kind: stack\ndescription: Data.\ninputs: {}\n");
    let changed = template.replace("DelaySeconds: 5", "DelaySeconds: 6");
    let changed = changed + "  Third: {Type: AWS::SNS::Topic, DependsOn: Queue}\n";
    project.write("templates/data/1.1.0/template.yaml", changed);
    project.edit("stacks/data.yaml", "data@1.0.0", "data@1.1.0");
    project.run(&["lock"]).expect_code(0);
    let arguments = ["deploy", "demo", "--yes", "--fail", "data.Third", "--fail", "data.Queue:rollback"];
    project.run(&arguments).expect_code(6);
    assert_eq!(statuses(&project), ["UPDATE_ROLLBACK_FAILED"]);
    project
}

#[test]
fn a_rollback_that_is_stuck_goes_on_and_the_update_follows() {
    let project = stuck();
    let refused = project.run(&["deploy", "demo", "--yes"]).expect_code(6);
    insta::assert_snapshot!(refused.stderr, @"
    error: stack `fieldbook-demo-data` of `data` is UPDATE_ROLLBACK_FAILED and cannot be updated
    hint: correct what its events name, then add `--continue-rollback data`; `--skip-failed data` leaves as it is what still cannot go back
    ");
    let plan = project.run(&["plan", "demo", "--continue-rollback", "data"]).expect_code(0).stdout;
    insta::assert_snapshot!(plan, @"
    Deploy of demo, release 58dc0e4ea72a

      ~ update  data
            stack is UPDATE_ROLLBACK_FAILED
            digest changed from f96f0d61c5c3 to 92fa03726bda
            asked for by `--continue-rollback`
            ~ Queue AWS::SQS::Queue
                Properties.DelaySeconds
            + Third AWS::SNS::Topic

    Plan: 1 to update.
    Takes about 6s, nine of ten runs within 10s (by the table of means; no records yet).
    ");
    project.run(&["deploy", "demo", "--yes", "--continue-rollback", "data"]).expect_code(0);
    assert_eq!(statuses(&project), ["UPDATE_COMPLETE"]);
    project.run(&["plan", "demo", "--detailed-exitcode"]).expect_code(0);
}

#[test]
fn what_cannot_go_back_is_skipped_by_name_only() {
    let project = stuck();
    let fault = ["--fail", "data.Queue:rollback"];
    let with = |consent: &'static str| [&["deploy", "demo", "--yes", consent, "data"][..], &fault].concat();
    let again = project.run(&with("--continue-rollback")).expect_code(6);
    assert!(again.stdout.contains("--skip-failed data"), "{}", again.stdout);
    assert_eq!(statuses(&project), ["UPDATE_ROLLBACK_FAILED"]);
    let done = project.run(&with("--skip-failed")).expect_code(0);
    assert!(done.stderr.contains("left as it is, because it cannot go back: Queue"), "{}", done.stderr);
    assert_eq!(statuses(&project), ["UPDATE_COMPLETE"]);
}
