//! A unit whose template is written with `AWS::LanguageExtensions`, `Rules` and Parameter Store,
//! through the binary: planned, deployed, verified and changed like any other.

use crate::support::project::Project;

const TEMPLATE: &str = "\
Transform: AWS::LanguageExtensions
Parameters:
  Names: {Type: CommaDelimitedList}
  Image: {Type: 'AWS::SSM::Parameter::Value<AWS::EC2::Image::Id>', Default: /app/image}
Rules:
  Named:
    Assertions:
      - Assert: !EachMemberIn [!Ref Names, [orders, bills, parcels]]
        AssertDescription: these are the queues we know
Resources:
  Fn::ForEach::Queues:
    - Name
    - !Ref Names
    - Queue${Name}:
        Type: AWS::SQS::Queue
        Properties:
          Tags: [{Key: image, Value: !Sub '${Image}-${Name}'}]
Outputs:
  Fn::ForEach::Arns:
    - Name
    - !Ref Names
    - Arn${Name}: {Value: !GetAtt [!Sub 'Queue${Name}', Arn]}
";

fn project() -> Project {
    let project = Project::of_one_unit("queues", "template.yaml", TEMPLATE);
    project.write(
        "stacks/queues.yaml",
        "template: queues@1.0.0\nclass: stateless\nparameters: {Names: [orders, bills]}\n",
    );
    project.run(&["lock"]).expect_code(0);
    project
}

#[test]
fn it_is_planned_deployed_verified_and_changed() {
    let project = project();
    let refused = project.run(&["check", "demo"]).expect_code(1);
    assert!(
        refused.stdout.contains("unlocked-fact")
            && refused.stdout.contains("rekindle lock --ssm /app/image=VALUE"),
        "{}",
        refused.stdout
    );
    let locked = ["lock", "--ssm", "/app/image=ami-0ff8a91507f77f867", "--at", "000000000000/eu-central-1"];
    let said = project.run(&locked).expect_code(0);
    assert_eq!(said.stdout, "added ssm /app/image in 000000000000/eu-central-1\n");
    assert_eq!(project.run(&locked).expect_code(0).stdout, "rekindle.lock is up to date\n");

    project.run(&["deploy", "demo", "--yes"]).expect_code(0);
    project.run(&["plan", "demo", "--detailed-exitcode"]).expect_code(0);
    project.run(&["verify", "demo"]).expect_code(0);

    project.edit("stacks/queues.yaml", "[orders, bills]", "[orders, parcels]");
    let plan = project.run(&["plan", "demo", "--output", "json"]).expect_code(0).json();
    let changes: Vec<_> = plan["actions"][0]["changes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|change| {
            format!("{} {}", change["action"].as_str().unwrap(), change["logical_id"].as_str().unwrap())
        })
        .collect();
    assert_eq!(changes, ["remove Queuebills", "add Queueparcels"], "{plan:#}");
    project.run(&["deploy", "demo", "--yes"]).expect_code(0);
    project.run(&["verify", "demo"]).expect_code(0);

    project.edit("stacks/queues.yaml", "parcels", "letters");
    let refused = project.run(&["plan", "demo"]).expect_code(1);
    assert!(
        refused.stderr.contains("rule-failed") && refused.stderr.contains("these are the queues we know"),
        "{}",
        refused.stderr
    );
}

#[test]
fn a_locked_value_that_changes_is_a_change() {
    let project = project();
    let lock =
        |image: &str| project.run(&["lock", "--ssm", &format!("/app/image={image}"), "--at", "global"]);
    lock("ami-0ff8a91507f77f867").expect_code(0);
    project.run(&["deploy", "demo", "--yes"]).expect_code(0);
    assert_eq!(lock("ami-0ff8a91507f77f868").expect_code(0).stdout, "changed ssm /app/image\n");
    project.run(&["plan", "demo", "--detailed-exitcode"]).expect_code(2);
    project.run(&["verify", "demo"]).expect_code(3);
    project.run(&["lock", "--ssm", "/app/image", "--at", "global"]).expect_code(64);
    project.run(&["lock", "--ssm", "/app/image=x"]).expect_code(64);
}

#[test]
fn a_resource_that_a_loop_makes_can_be_made_to_fail() {
    let project = project();
    project.run(&["lock", "--ssm", "/app/image=ami-0ff8a91507f77f867", "--at", "global"]).expect_code(0);
    let failed = project.run(&["deploy", "demo", "--yes", "--fail", "queues.Queuebills"]).expect_code(5);
    assert!(failed.stderr.contains("Queuebills"), "{}", failed.stderr);
    let unknown = project.run(&["deploy", "demo", "--yes", "--fail", "queues.Queuebils"]).expect_code(1);
    assert!(unknown.stderr.contains("Queuebills"), "{}", unknown.stderr);
}
