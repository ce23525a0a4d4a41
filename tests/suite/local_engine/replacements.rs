//! Rules U2, U8 and U10: what is replaced, by the published schemas, and what cannot be.

use insta::assert_snapshot;
use rekindle::model::{Replacement, StackEvent};
use rekindle::port::{CloudFormation, UpdateAnswer};
use serde_json::json;

use super::support::*;

#[tokio::test]
async fn u2_what_may_replace_is_announced_and_done_in_place() {
    let client = client(&[]);
    let database = |engine: &str, name: &str| {
        json!({"Resources": {
            "Db": {"Type": "AWS::RDS::DBInstance", "Properties": {"Engine": engine, "DBName": name}}
        }})
    };
    let stack = create(&client, "demo", body(database("postgres", "a"))).await;
    let (set, _) = change(&client, &stack.id, body(database("mysql", "a"))).await;
    assert_eq!(set.changes[0].replacement, Some(Replacement::Conditional));
    let kinds = |events: Vec<StackEvent>| -> Vec<String> {
        let of = events.into_iter().filter(|event| event.logical_id == "Db");
        of.map(|event| event.status.as_str().to_owned()).collect()
    };
    assert_eq!(
        kinds(events(&client, "demo").await),
        [
            "CREATE_IN_PROGRESS",
            "CREATE_IN_PROGRESS",
            "CREATE_COMPLETE",
            "UPDATE_IN_PROGRESS",
            "UPDATE_COMPLETE"
        ]
    );
    let (set, _) = change(&client, &stack.id, body(database("mysql", "b"))).await;
    assert_eq!(set.changes[0].replacement, Some(Replacement::Always));
    assert!(kinds(events(&client, "demo").await).contains(&"DELETE_COMPLETE".to_owned()));
}

#[tokio::test]
async fn u2_only_the_part_that_is_create_only_replaces() {
    let client = client(&[]);
    let domain = |version: &str, count: u32| {
        json!({"Resources": {"Cluster": {"Type": "AWS::EKS::Cluster", "Properties": {
            "KubernetesNetworkConfig": {"ServiceIpv4Cidr": version, "ElasticLoadBalancing": {"Enabled": count > 1}}}}}})
    };
    let stack = create(&client, "demo", body(domain("10.1.0.0/16", 1))).await;
    let (set, _) = change(&client, &stack.id, body(domain("10.1.0.0/16", 2))).await;
    assert_eq!(set.changes[0].replacement, Some(Replacement::Never));
    let (set, _) = change(&client, &stack.id, body(domain("10.2.0.0/16", 2))).await;
    assert_eq!(set.changes[0].replacement, Some(Replacement::Always));
}

#[tokio::test]
async fn u8_names_and_types_that_cannot_change() {
    let client = client(&[]);
    let topic = |fifo: bool| json!({"Resources": {"T": {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": "t.fifo", "FifoTopic": fifo}}}});
    let stack = create(&client, "demo", body(topic(false))).await;
    assert_eq!(update_directly(&client, &stack.id, body(topic(true)), "u").await, UpdateAnswer::Started);
    assert_eq!(settle(&client, &stack.id).await.0.status.as_str(), "UPDATE_ROLLBACK_COMPLETE");
    let reason = events(&client, "demo").await.into_iter().find(|it| it.is_root_failure()).unwrap().reason;
    assert_snapshot!(reason.unwrap(), @"CloudFormation cannot update a stack when a custom-named resource requires replacing. Rename arn:aws:sns:eu-central-1:111122223333:t.fifo and update the stack again.");
    let retyped = json!({"Resources": {"T": {"Type": "AWS::SQS::Queue"}}});
    let error = client.update_stack(&update(&stack.id, body(retyped), "v")).await.unwrap_err();
    assert_snapshot!(text(&error), @"
        Invalid: UpdateStack `demo`: ValidationError: Update of resource type is not permitted. The new template modifies resource type of the following resources: [T]
        hint: give the new resource another logical id
        ");
}

#[tokio::test]
async fn u8_a_named_resource_of_any_type_is_not_replaced_under_its_name() {
    let client = client(&[]);
    let cluster = |addresses: &str| {
        json!({"Resources": {"C": {"Type": "AWS::EKS::Cluster", "Properties": {
            "Name": "main", "KubernetesNetworkConfig": {"ServiceIpv4Cidr": addresses}}}}})
    };
    let stack = create(&client, "demo", body(cluster("10.1.0.0/16"))).await;
    let updated = body(cluster("10.2.0.0/16"));
    assert_eq!(update_directly(&client, &stack.id, updated, "u").await, UpdateAnswer::Started);
    let (stack, _) = settle(&client, &stack.id).await;
    assert_eq!(stack.status.as_str(), "UPDATE_ROLLBACK_COMPLETE");
    assert!(timeline(&client, "demo").await.contains("Rename main and update the stack again."));
}

/// The name is only part of the physical id, or none of it: still there can be only one.
#[tokio::test]
async fn u8_a_name_is_kept_by_no_replacement_whatever_the_physical_id_is() {
    let client = client(&[]);
    let cases = [
        (
            "AWS::ElasticLoadBalancingV2::TargetGroup",
            json!({"Name": "web", "Port": 80}),
            json!({"Name": "web", "Port": 81}),
        ),
        (
            "AWS::StepFunctions::StateMachine",
            json!({"StateMachineName": "web", "StateMachineType": "STANDARD"}),
            json!({"StateMachineName": "web", "StateMachineType": "EXPRESS"}),
        ),
        (
            "AWS::ECS::Service",
            json!({"ServiceName": "web", "Cluster": "c", "SchedulingStrategy": "REPLICA"}),
            json!({"ServiceName": "web", "Cluster": "c", "SchedulingStrategy": "DAEMON"}),
        ),
    ];
    for (index, (kind, before, after)) in cases.into_iter().enumerate() {
        let name = format!("demo{index}");
        let template = |properties| json!({"Resources": {"It": {"Type": kind, "Properties": properties}}});
        let stack = create(&client, &name, body(template(before))).await;
        assert!(stack.status.is_healthy(), "{kind}");
        update_directly(&client, &stack.id, body(template(after)), "u").await;
        assert_eq!(settle(&client, &stack.id).await.0.status.as_str(), "UPDATE_ROLLBACK_COMPLETE", "{kind}");
        let failure = events(&client, &name).await.into_iter().find(|it| it.is_root_failure()).unwrap();
        assert!(failure.reason.unwrap().contains("Rename web"), "{kind}");
    }
}

/// A name that is unique in a cluster or a network may be there again in another one.
#[tokio::test]
async fn u8_a_name_may_be_had_in_each_network() {
    let client = client(&[]);
    let group = |network: &str| {
        json!({"Resources": {"It": {"Type": "AWS::EC2::SecurityGroup",
            "Properties": {"GroupName": "web", "GroupDescription": "d", "VpcId": network}}}})
    };
    let stack = create(&client, "one", body(group("vpc-1"))).await;
    assert!(create(&client, "two", body(group("vpc-2"))).await.status.is_healthy());
    assert_eq!(create(&client, "three", body(group("vpc-1"))).await.status.as_str(), "ROLLBACK_COMPLETE");
    // Into a third one it moves with its name.
    update_directly(&client, &stack.id, body(group("vpc-3")), "u").await;
    assert_eq!(settle(&client, &stack.id).await.0.status.as_str(), "UPDATE_COMPLETE");
}

#[tokio::test]
async fn u10_what_a_service_never_changes_fails() {
    let client = client(&[]);
    let key = |spec: &str| json!({"Resources": {"Key": {"Type": "AWS::KMS::Key", "Properties": {"KeySpec": spec}}}});
    let stack = create(&client, "demo", body(key("RSA_2048"))).await;
    update_directly(&client, &stack.id, body(key("RSA_4096")), "u").await;
    assert_eq!(settle(&client, &stack.id).await.0.status.as_str(), "UPDATE_ROLLBACK_COMPLETE");
    let reason = events(&client, "demo").await.into_iter().find(|it| it.is_root_failure()).unwrap().reason;
    assert_snapshot!(reason.unwrap(), @r#"
    Resource handler returned message: "AWS::KMS::Key does not support updating KeySpec" (HandlerErrorCode: NotUpdatable)
    "#);
}
