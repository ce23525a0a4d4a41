//! Rules D1 to D6.

use rekindle::port::{CloudFormation, PortErrorKind};
use serde_json::json;

use super::operations::network;
use super::support::*;

#[tokio::test]
async fn d1_resources_go_after_what_needs_them() {
    let client = client(&[]);
    let stack = create(&client, "demo", body(network("10.0.0.0/16", 0))).await;
    client.delete_stack(&deletion(&stack.id, "d")).await.unwrap();
    let (_, seen) = settle(&client, &stack.id).await;
    assert_eq!(seen, ["DELETE_IN_PROGRESS", "DELETE_COMPLETE"]);
    insta::assert_snapshot!(lines(&events(&client, &stack.id).await[11..]), @"
         72 demo DELETE_IN_PROGRESS (User Initiated)
         72 Queue DELETE_IN_PROGRESS
         72 Subnet DELETE_IN_PROGRESS
         77 Subnet DELETE_COMPLETE
         77 Vpc DELETE_IN_PROGRESS
         82 Vpc DELETE_COMPLETE
        132 Queue DELETE_COMPLETE
        132 demo DELETE_COMPLETE
        ");
}

#[tokio::test]
async fn d2_a_deletion_that_fails_deletes_the_rest_and_can_be_repeated() {
    let first = cloud(&["demo.Subnet:delete"]);
    let client = client_of(&first);
    let stack = create(&client, "demo", body(network("10.0.0.0/16", 0))).await;
    for (token, begun) in [("one", 11), ("two", 18)] {
        client.delete_stack(&deletion(&stack.id, token)).await.unwrap();
        let (failed, _) = settle(&client, &stack.id).await;
        assert_eq!(failed.status.as_str(), "DELETE_FAILED");
        let reason = failed.status_reason.unwrap();
        assert_eq!(reason, "The following resource(s) failed to delete: [Subnet].");
        let events = events(&client, &stack.id).await;
        let touched = |id: &str| events[begun..].iter().any(|event| event.logical_id == id);
        assert_eq!((touched("Queue"), touched("Subnet"), touched("Vpc")), (token == "one", true, false));
    }
}

#[tokio::test]
async fn d3_policies() {
    let template = json!({"Resources": {
        "Kept": {"Type": "AWS::S3::Bucket", "DeletionPolicy": "Retain"},
        "KeptOnceMade": {"Type": "AWS::S3::Bucket", "DeletionPolicy": "RetainExceptOnCreate"},
        "Gone": {"Type": "AWS::SNS::Topic", "DependsOn": ["Kept", "KeptOnceMade"]}
    }});
    let skipped = |timeline: &str| -> Vec<String> {
        let lines = timeline.lines().filter(|line| line.ends_with("DELETE_SKIPPED"));
        lines.map(|line| line.split_whitespace().nth(1).unwrap().to_owned()).collect()
    };
    let standing = client(&[]);
    let stack = create(&standing, "demo", body(template.clone())).await;
    standing.delete_stack(&deletion(&stack.id, "d")).await.unwrap();
    assert_eq!(settle(&standing, &stack.id).await.0.status.as_str(), "DELETE_COMPLETE");
    assert_eq!(skipped(&timeline(&standing, &stack.id).await), ["Kept", "KeptOnceMade"]);
    let failing = client(&["demo.Gone"]);
    create(&failing, "demo", body(template)).await;
    assert_eq!(skipped(&timeline(&failing, "demo").await), ["Kept"]);
}

#[tokio::test]
async fn d4_termination_protection() {
    let client = client(&[]);
    let mut request = creation("demo", body(network("10.0.0.0/16", 0)));
    request.termination_protection = true;
    let id = client.create_stack(&request).await.unwrap();
    assert!(settle(&client, &id).await.0.termination_protection);
    let refusal = client.delete_stack(&deletion(&id, "d")).await.unwrap_err();
    insta::assert_snapshot!(text(&refusal), @"
        WrongState: DeleteStack `demo`: ValidationError: Stack [demo] cannot be deleted while TerminationProtection is enabled
        hint: lift the termination protection first
        ");
    client.set_termination_protection(&id, false).await.unwrap();
    client.delete_stack(&deletion(&id, "d")).await.unwrap();
    assert_eq!(settle(&client, &id).await.0.status.as_str(), "DELETE_COMPLETE");
}

#[tokio::test]
async fn d5_d6_a_deleted_stack_is_known_by_its_arn_only() {
    let client = client(&[]);
    let first = create(&client, "demo", body(network("10.0.0.0/16", 0))).await;
    client.delete_stack(&deletion(&first.id, "d")).await.unwrap();
    client.delete_stack(&deletion(&first.id, "other")).await.unwrap();
    settle(&client, &first.id).await;
    client.delete_stack(&deletion(&first.id, "later")).await.unwrap();
    client.delete_stack(&deletion("never-was", "d")).await.unwrap();
    assert!(client.describe_stack("demo").await.unwrap().is_none());
    assert!(client.describe_stack(&first.id).await.unwrap().unwrap().status.is_gone());
    assert!(client.describe_stacks(None).await.unwrap().items.is_empty());
    let refusal =
        client.update_stack(&update(&first.id, body(network("10.0.0.0/16", 1)), "u")).await.unwrap_err();
    assert_eq!(refusal.kind, PortErrorKind::NotFound);
    let second = create(&client, "demo", body(network("10.0.0.0/16", 0))).await;
    assert_ne!(first.id, second.id);
    assert_ne!(first.outputs["Vpc"], second.outputs["Vpc"]);
}

#[tokio::test]
async fn s6_a_creation_under_way_can_be_deleted_and_a_rollback_cannot() {
    let client = client(&["demo.Subnet"]);
    let wait = async |seconds| client.wait_for_change(std::time::Duration::from_secs(seconds)).await.unwrap();
    let id = client.create_stack(&creation("other", body(network("10.0.0.0/16", 0)))).await.unwrap();
    wait(13).await;
    client.delete_stack(&deletion(&id, "d")).await.unwrap();
    let (_, seen) = settle(&client, &id).await;
    assert_eq!(seen, ["DELETE_IN_PROGRESS", "DELETE_COMPLETE"]);
    let events = events(&client, &id).await;
    let deleted = |id: &str| events.iter().any(|it| it.logical_id == id && it.status == "DELETE_COMPLETE");
    assert!(deleted("Vpc") && deleted("Subnet") && deleted("Queue"));

    let id = client.create_stack(&creation("demo", body(network("10.0.0.0/16", 0)))).await.unwrap();
    wait(60).await;
    let refusal = client.delete_stack(&deletion(&id, "d")).await.unwrap_err();
    assert!(refusal.message.ends_with("cannot be deleted while in status ROLLBACK_IN_PROGRESS"), "{refusal}");
}
