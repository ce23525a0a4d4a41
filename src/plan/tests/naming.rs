//! Names that something new is to have and that somebody has.

use serde_json::{Value, json};

use super::obstacles;
use crate::model::{Class, DesiredUnit, Protection};
use crate::plan::fixture::{Vary, deploy, deploy_context, deployed, instance, teardown_context, unit};
use crate::plan::{Consent, Observation, PlanError, teardown};

fn with(name: &str, resources: Value) -> DesiredUnit {
    let mut unit = unit(name);
    unit.template["Resources"] = resources;
    unit.template["Outputs"] = json!({"Arn": {"Value": "fixed"}});
    unit
}

fn bucket(name: Value, policy: &str) -> Value {
    json!({"Type": "AWS::S3::Bucket", "DeletionPolicy": policy, "Properties": {"BucketName": name}})
}

/// What a rebuild of `after` sees once everything of `before` that may go is torn down.
fn torn_down(before: &[DesiredUnit], protection: Protection) -> Observation {
    let observation = deployed(before);
    let plan = teardown(&teardown_context(protection), &observation).unwrap();
    observation.after_deletions(&plan)
}

fn rebuilt(before: &DesiredUnit, after: &DesiredUnit) -> Result<(), PlanError> {
    let observation = torn_down(std::slice::from_ref(before), Protection::Disposable);
    deploy(std::slice::from_ref(after), &deploy_context(), &observation).map(drop)
}

#[test]
fn what_a_teardown_leaves_behind_keeps_its_name() {
    let jobs = |name: Value, policy: &str| with("jobs", json!({"Logs": bucket(name, policy)}));
    let kept = jobs(json!("logs"), "Retain");
    let error = rebuilt(&kept, &kept).unwrap_err();
    assert_eq!(
        obstacles(&error),
        ["Refused: `Logs` (AWS::S3::Bucket) of `jobs` could not be made: its BucketName `logs` belongs to \
          `Logs` (AWS::S3::Bucket) of `jobs`, which stays when its stack is deleted"]
    );
    assert_eq!(
        error.obstacles[0].hint(),
        "add `--adopt jobs`: then it is taken in again, with what it holds. Or give it another BucketName, or \
         deploy `jobs` with another `DeletionPolicy` first, so that it goes. Nothing was torn down"
    );
    let computed = jobs(json!({"Fn::Sub": "${AWS::StackName}-${AWS::Region}-${AWS::AccountId}"}), "Retain");
    let error = rebuilt(&computed, &computed).unwrap_err();
    assert!(error.to_string().contains("`fieldbook-demo-jobs-eu-central-1-000000000000`"), "{error}");
    // CloudFormation takes in by itself what has a literal name.
    assert!(error.obstacles[0].hint().starts_with("give it another BucketName"));
    for policy in ["Delete", "RetainExceptOnCreate"] {
        let error = rebuilt(&jobs(json!("logs"), policy), &kept);
        assert_eq!(error.is_err(), policy != "Delete", "{policy}");
    }
    rebuilt(&kept, &jobs(json!("other"), "Retain")).unwrap();
    rebuilt(&kept, &jobs(json!({"Ref": "AWS::NoValue"}), "Retain")).unwrap();
    rebuilt(&kept, &jobs(json!({"Fn::GetAtt": ["Other", "Name"]}), "Retain")).unwrap();
}

#[test]
fn what_is_taken_in_again_has_its_name() {
    let jobs = with("jobs", json!({"Logs": bucket(json!("logs"), "Retain")}));
    let observation = torn_down(std::slice::from_ref(&jobs), Protection::Disposable);
    let mut context = deploy_context();
    context.consents.give(Consent::Adopt, instance("jobs"));
    deploy(std::slice::from_ref(&jobs), &context, &observation).unwrap();
    // Only what is asked for is taken in.
    let other = with("other", json!({"Logs": bucket(json!("logs"), "Retain")}));
    deploy(&[other], &deploy_context(), &observation).unwrap_err();
}

#[test]
fn what_is_kept_with_its_stack_leaves_nothing_behind() {
    let data = with("data", json!({"Logs": bucket(json!("logs"), "Retain")})).class(Class::Data);
    let observation = torn_down(std::slice::from_ref(&data), Protection::Standard);
    deploy(&[data], &deploy_context(), &observation).unwrap();
}

/// A security group's name is unique in its network: the same text is another network after a teardown.
#[test]
fn a_name_inside_of_something_that_is_made_again_is_free() {
    let group = |network: Value| {
        let properties = json!({"GroupDescription": "g", "GroupName": "web", "VpcId": network});
        with(
            "jobs",
            json!({
                "Vpc": {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": "10.0.0.0/16"}},
                "Group": {"Type": "AWS::EC2::SecurityGroup", "DeletionPolicy": "Retain", "Properties": properties},
            }),
        )
    };
    let (own, given) = (group(json!({"Ref": "Vpc"})), group(json!("vpc-1")));
    rebuilt(&own, &own).unwrap();
    rebuilt(&given, &given).unwrap_err();
    rebuilt(&given, &group(json!("vpc-2"))).unwrap();
}

/// One name for two things: AWS makes the first, and refuses the second.
#[test]
fn two_that_are_new_cannot_have_one_name() {
    let unit =
        |name: &str, bucket_name: &str| with(name, json!({"Logs": bucket(json!(bucket_name), "Delete")}));
    let error =
        deploy(&[unit("jobs", "logs"), unit("web", "logs")], &deploy_context(), &Observation::default());
    assert_eq!(
        obstacles(&error.unwrap_err()),
        [
            "Refused: `Logs` (AWS::S3::Bucket) of `web` could not be made: its BucketName `logs` is to be that of \
          `Logs` (AWS::S3::Bucket) of `jobs`, too"
        ]
    );
    deploy(&[unit("jobs", "logs"), unit("web", "others")], &deploy_context(), &Observation::default())
        .unwrap();
    let twice =
        with("jobs", json!({"One": bucket(json!("logs"), "Delete"), "Two": bucket(json!("logs"), "Delete")}));
    deploy(&[twice], &deploy_context(), &Observation::default()).unwrap_err();
}

#[test]
fn what_stands_and_is_not_touched_has_its_name() {
    let jobs = with("jobs", json!({"Logs": bucket(json!("logs"), "Delete")}));
    let web = with("web", json!({"Logs": bucket(json!("logs"), "Delete")}));
    let observation = deployed(std::slice::from_ref(&jobs));
    let error = deploy(&[jobs.clone(), web.clone()], &deploy_context(), &observation).unwrap_err();
    assert_eq!(
        obstacles(&error),
        ["Refused: `Logs` (AWS::S3::Bucket) of `web` could not be made: its BucketName `logs` belongs to \
          `Logs` (AWS::S3::Bucket) of `jobs`"]
    );
    // Neither what stands twice already nor what keeps its name is new.
    let observation = deployed(&[jobs.clone(), web.clone()]);
    deploy(&[jobs.clone(), web], &deploy_context(), &observation).unwrap();
    let mut more = jobs.clone();
    more.template["Resources"]["Logs"]["Properties"]["Tags"] = json!([{"Key": "a", "Value": "b"}]);
    let observation = deployed(&[jobs]);
    deploy(&[more], &deploy_context(), &observation).unwrap();
}
