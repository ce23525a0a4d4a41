//! Rules R5 and K1 to K3: stack policies.

use rekindle::port::{CloudFormation, UpdateAnswer};
use serde_json::{Value, json};

use super::operations::network;
use super::support::*;

fn policy(effect: &str, action: &str, resource: &str) -> Value {
    json!({"Statement": [
        {"Effect": "Allow", "Action": "Update:*", "Principal": "*", "Resource": "*"},
        {"Effect": effect, "Action": action, "Principal": "*", "Resource": resource}
    ]})
}

/// How an update from `network` with this policy ends, and the reason of its first failure.
async fn outcome(policy: &Value, template: Value) -> (String, Option<String>) {
    let client = client(&[]);
    let mut request = creation("demo", body(network("10.0.0.0/16", 0)));
    request.stack_policy = Some(policy.to_string());
    let id = client.create_stack(&request).await.unwrap();
    settle(&client, &id).await;
    assert_eq!(update_directly(&client, &id, body(template), "u").await, UpdateAnswer::Started);
    let (stack, _) = settle(&client, &id).await;
    let root = events(&client, &id).await.into_iter().find(|event| event.is_root_failure());
    (stack.status.to_string(), root.and_then(|event| event.reason))
}

#[tokio::test]
async fn k1_k2_a_denied_action_fails_the_update() {
    let mut without_queue = network("10.0.0.0/16", 0);
    without_queue["Resources"].as_object_mut().unwrap().remove("Queue");
    let cases = [
        ("Update:Modify", "LogicalResourceId/Queue", network("10.0.0.0/16", 5), false),
        ("Update:Modify", "LogicalResourceId/Qu*", network("10.1.0.0/16", 0), true),
        ("Update:Replace", "LogicalResourceId/Vpc", network("10.1.0.0/16", 0), false),
        ("Update:Modify", "LogicalResourceId/Vpc", network("10.1.0.0/16", 0), true),
        ("Update:Delete", "LogicalResourceId/Queue", without_queue.clone(), false),
        ("Update:Modify", "*", without_queue, true),
    ];
    for (action, resource, template, passes) in cases {
        let (status, reason) = outcome(&policy("Deny", action, resource), template).await;
        let expected = if passes { "UPDATE_COMPLETE" } else { "UPDATE_ROLLBACK_COMPLETE" };
        assert_eq!(status, expected, "{action} {resource} {reason:?}");
        let named = resource.trim_start_matches("LogicalResourceId/");
        let denial = format!(
            "Action denied by stack policy: Statement [#2] does not allow [{action}] for resource \
             [LogicalResourceId/{named}]"
        );
        assert_eq!(reason, (!passes).then_some(denial));
    }
}

#[tokio::test]
async fn k1_what_no_statement_allows_is_denied_and_additions_are_free() {
    let nothing = json!({"Statement": []});
    let (status, _) = outcome(&nothing, network("10.0.0.0/16", 5)).await;
    assert_eq!(status, "UPDATE_ROLLBACK_COMPLETE");
    let mut more = network("10.0.0.0/16", 0);
    more["Resources"]["Topic"] = json!({"Type": "AWS::SNS::Topic"});
    assert_eq!(outcome(&nothing, more).await, ("UPDATE_COMPLETE".to_owned(), None));
}

#[tokio::test]
async fn k3_a_policy_does_not_stop_a_deletion() {
    let client = client(&[]);
    let mut request = creation("demo", body(network("10.0.0.0/16", 0)));
    request.stack_policy = Some(json!({"Statement": []}).to_string());
    let id = client.create_stack(&request).await.unwrap();
    settle(&client, &id).await;
    client.delete_stack(&deletion(&id, "d")).await.unwrap();
    assert!(settle(&client, &id).await.0.status.is_gone());
}
