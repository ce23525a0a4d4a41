//! Rules G1 to G6: custom resources, wait conditions, signals and update policies.

use rekindle::local::{Answers, Client};
use rekindle::model::ObservedStack;
use rekindle::port::CloudFormation;
use serde_json::{Value, json};

use super::support::*;

fn client_with(replies: &[(&str, Value)]) -> Client {
    let cloud = cloud(&[]);
    let mut answers = Answers::default();
    for (resource, reply) in replies {
        answers.put_reply(*resource, &reply.to_string()).unwrap();
    }
    cloud.set_answers(answers);
    client_of(&cloud)
}

/// A stack of this template, the reason it failed, and how many seconds it took to settle.
async fn made(template: Value, replies: &[(&str, Value)]) -> (ObservedStack, Option<String>, i64) {
    let client = client_with(replies);
    let begun = client.now();
    let stack = create(&client, "demo", body(template)).await;
    let events = events(&client, "demo").await;
    let end = events.iter().find(|event| event.logical_id == "Thing" && event.status.ends_with("_COMPLETE"));
    let root = events.iter().find(|event| event.is_root_failure());
    let ended = root.or(end).map_or(begun, |event| event.time);
    let reason = root.and_then(|event| event.reason.clone());
    (stack, reason, ended.duration_since(begun).as_secs())
}

fn custom() -> Value {
    json!({
        "Resources": {
            "Thing": {"Type": "Custom::Seed", "Properties": {"ServiceToken": "arn", "ServiceTimeout": 600}},
            "Topic": {"Type": "AWS::SNS::Topic", "Properties": {"DisplayName": {"Fn::GetAtt": ["Thing", "Password"]}}}
        },
        "Outputs": {"Id": {"Value": {"Ref": "Thing"}}, "Password": {"Value": {"Fn::GetAtt": ["Thing", "Password"]}}}
    })
}

#[tokio::test]
async fn g1_a_custom_resource_answers_what_is_on_file() {
    let (stack, _, seconds) = made(custom(), &[]).await;
    assert_eq!(
        (stack.status.as_str(), seconds),
        ("CREATE_COMPLETE", 119),
        "nothing on file: as if all went well"
    );
    let reply = json!({"PhysicalResourceId": "seed-1", "Data": {"Password": "p"}, "Seconds": 7});
    let (stack, _, seconds) = made(custom(), &[("demo.Thing", reply)]).await;
    assert_eq!(
        (stack.outputs["Id"].as_str(), stack.outputs["Password"].as_str(), seconds),
        ("seed-1", "p", 7)
    );
    let (stack, reason, _) = made(custom(), &[("demo.Thing", json!({"Data": {"Other": "p"}}))]).await;
    assert_eq!(stack.status.as_str(), "ROLLBACK_COMPLETE");
    assert!(reason.unwrap().contains("does not support attribute type Password"));
}

#[tokio::test]
async fn g2_a_custom_resource_can_fail_or_never_answer() {
    let (stack, reason, _) =
        made(custom(), &[("demo.Thing", json!({"Status": "FAILED", "Reason": "no seed"}))]).await;
    assert_eq!(stack.status.as_str(), "ROLLBACK_COMPLETE");
    insta::assert_snapshot!(reason.unwrap(), @"Received response status [FAILED] from custom resource. Message returned: no seed");
    let (_, reason, seconds) = made(custom(), &[("demo.Thing", json!({"Seconds": 601}))]).await;
    insta::assert_snapshot!(reason.unwrap(), @"CloudFormation did not receive a response from your Custom Resource.");
    assert_eq!(seconds, 600);
}

#[tokio::test]
async fn g3_a_wait_condition_waits_for_its_signals() {
    let template = json!({
        "Resources": {
            "Handle": {"Type": "AWS::CloudFormation::WaitConditionHandle"},
            "Thing": {"Type": "AWS::CloudFormation::WaitCondition",
                "Properties": {"Handle": {"Ref": "Handle"}, "Count": 2, "Timeout": "900"}}
        },
        "Outputs": {"Data": {"Value": {"Fn::GetAtt": ["Thing", "Data"]}}}
    });
    let signals = |signals: Value| [("demo.Thing", json!({"Signals": signals, "Seconds": 30}))];
    let good = signals(json!([{"UniqueId": "a", "Data": "first"}, {"Data": "second"}]));
    let (stack, _, seconds) = made(template.clone(), &good).await;
    assert_eq!(stack.outputs["Data"], r#"{"2":"second","a":"first"}"#);
    assert!(seconds >= 30);
    let (_, reason, seconds) = made(template.clone(), &signals(json!([{}]))).await;
    insta::assert_snapshot!(reason.unwrap(), @"WaitCondition timed out. Received 1 conditions when expecting 2");
    assert!(seconds >= 900);
    let (_, reason, _) = made(template, &signals(json!([{"Status": "FAILURE", "Reason": "bad disk"}]))).await;
    insta::assert_snapshot!(reason.unwrap(), @"WaitCondition received failed message: 'bad disk' for uniqueId: 1");
}

#[tokio::test]
async fn g4_a_creation_policy_waits_for_signals() {
    let template = json!({"Resources": {"Thing": {"Type": "AWS::EC2::Instance",
        "CreationPolicy": {"ResourceSignal": {"Count": 1, "Timeout": "PT15M"}}}}});
    assert_eq!(made(template.clone(), &[]).await.0.status.as_str(), "CREATE_COMPLETE");
    let (stack, reason, seconds) = made(template, &[("demo.Thing", json!({"Signals": []}))]).await;
    assert_eq!((stack.status.as_str(), seconds), ("ROLLBACK_COMPLETE", 900));
    insta::assert_snapshot!(reason.unwrap(), @"Failed to receive 1 resource signal(s) within the specified duration");
}

#[tokio::test]
async fn g5_g6_update_policies_pause_or_replace() {
    let group = |version: u32, policy: Value| {
        json!({"Resources": {"Group": {"Type": "AWS::AutoScaling::AutoScalingGroup", "UpdatePolicy": policy,
            "Properties": {"MinSize": "2", "MaxSize": "4", "DesiredCapacity": "4",
                "LaunchTemplate": {"LaunchTemplateId": "lt-1", "Version": version}}}}})
    };
    let update = async |policy: Value| {
        let client = client_with(&[]);
        let stack = create(&client, "demo", body(group(1, policy.clone()))).await;
        let begun = client.now();
        change(&client, &stack.id, body(group(2, policy))).await;
        let replaced =
            timeline(&client, "demo").await.contains("requires the creation of a new physical resource");
        (client.now().duration_since(begun).as_secs(), replaced)
    };
    let (plain, _) = update(json!({})).await;
    let rolling = json!({"AutoScalingRollingUpdate": {"MaxBatchSize": 2, "PauseTime": "PT5M"}});
    assert_eq!(update(rolling).await, (plain + 600, false));
    assert!(update(json!({"AutoScalingReplacingUpdate": {"WillReplace": "true"}})).await.1);
}
