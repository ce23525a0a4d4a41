//! Rules R1 to R6.

use std::collections::BTreeSet;

use rekindle::port::{CloudFormation, PortErrorKind, UpdateAnswer};
use serde_json::json;

use super::operations::network;
use super::support::*;

#[tokio::test]
async fn r1_r2_a_repeated_creation_is_answered_again_and_another_is_refused() {
    let client = client(&[]);
    let request = creation("demo", body(network("10.0.0.0/16", 0)));
    let id = client.create_stack(&request).await.unwrap();
    assert_eq!(client.create_stack(&request).await.unwrap(), id);
    settle(&client, &id).await;
    assert_eq!(client.create_stack(&request).await.unwrap(), id);
    let mut other = request.clone();
    other.token = "other".to_owned();
    insta::assert_snapshot!(text(&client.create_stack(&other).await.unwrap_err()), @"
        AlreadyExists: CreateStack `demo`: AlreadyExistsException: Stack [demo] already exists
        hint: update the stack, or delete it first
        ");
    let mut changed = request;
    changed.body = body(network("10.0.0.0/16", 9));
    let refusal = client.create_stack(&changed).await.unwrap_err();
    assert!(refusal.message.starts_with("TokenAlreadyExistsException"), "{refusal}");
    assert_eq!(events(&client, "demo").await.len(), 11, "one creation only");
}

#[tokio::test]
async fn r2_a_repeated_update_or_deletion_does_nothing_more() {
    let client = client(&[]);
    let stack = create(&client, "demo", body(network("10.0.0.0/16", 0))).await;
    let request = update(&stack.id, body(network("10.0.0.0/16", 5)), "u");
    for _ in 0..2 {
        assert_eq!(client.update_stack(&request).await.unwrap(), UpdateAnswer::Started);
        settle(&client, &stack.id).await;
    }
    client.delete_stack(&deletion(&stack.id, "d")).await.unwrap();
    client.delete_stack(&deletion(&stack.id, "d")).await.unwrap();
    settle(&client, &stack.id).await;
    let of_stack = events(&client, &stack.id).await.into_iter().filter(|event| event.logical_id == "demo");
    let statuses: Vec<_> = of_stack.map(|event| event.status).collect();
    assert_eq!(statuses.iter().filter(|status| *status == "UPDATE_IN_PROGRESS").count(), 1);
    assert_eq!(statuses.iter().filter(|status| *status == "DELETE_IN_PROGRESS").count(), 1);
}

#[tokio::test]
async fn r3_accounts_and_regions_share_nothing() {
    let cloud = cloud(&[]);
    let client =
        |account: &str, region: &str| cloud.client(account.parse().unwrap(), region.parse().unwrap());
    let here = client("111122223333", "eu-central-1");
    let stack = create(&here, "demo", body(network("10.0.0.0/16", 0))).await;
    for elsewhere in [client("111122223333", "eu-west-1"), client("444455556666", "eu-central-1")] {
        assert!(elsewhere.describe_stack("demo").await.unwrap().is_none());
        assert!(elsewhere.describe_stack(&stack.id).await.unwrap().is_none());
        assert!(elsewhere.describe_stacks(None).await.unwrap().items.is_empty());
        let other = create(&elsewhere, "demo", body(network("10.0.0.0/16", 0))).await;
        assert_ne!(other.outputs["Vpc"], stack.outputs["Vpc"]);
    }
    let identity = here.identity().await.unwrap();
    assert_eq!((identity.account.as_str(), identity.region.as_str()), ("111122223333", "eu-central-1"));
}

#[tokio::test]
async fn r4_lists_come_in_pages_of_a_hundred() {
    let client = client(&[]);
    for number in 0..205 {
        let template = json!({"Resources": {"T": {"Type": "AWS::SNS::Topic"}}});
        client.create_stack(&creation(&format!("s{number:03}"), body(template))).await.unwrap();
    }
    let mut names = Vec::new();
    let mut sizes = Vec::new();
    let mut page = client.describe_stacks(None).await.unwrap();
    loop {
        sizes.push(page.items.len());
        names.extend(page.items.into_iter().map(|stack| stack.name));
        let Some(next) = page.next else { break };
        page = client.describe_stacks(Some(&next)).await.unwrap();
    }
    assert_eq!(sizes, [100, 100, 5]);
    assert_eq!(names.len(), names.iter().collect::<BTreeSet<_>>().len());
}

#[tokio::test]
async fn r5_stack_policies_are_kept_and_checked() {
    let client = client(&[]);
    let policy = r#"{"Statement":[]}"#;
    let mut request = creation("demo", body(network("10.0.0.0/16", 0)));
    request.stack_policy = Some("not json".to_owned());
    assert_eq!(client.create_stack(&request).await.unwrap_err().kind, PortErrorKind::Invalid);
    request.stack_policy = None;
    let id = client.create_stack(&request).await.unwrap();
    assert_eq!(client.stack_policy(&id).await.unwrap(), None);
    client.set_stack_policy(&id, policy).await.unwrap();
    assert_eq!(client.stack_policy(&id).await.unwrap().as_deref(), Some(policy));
    let absent = client.set_stack_policy("absent", policy).await.unwrap_err();
    insta::assert_snapshot!(text(&absent), @"
        NotFound: SetStackPolicy `absent`: ValidationError: Stack with id absent does not exist
        hint: the embedded engine has no such stack in eu-central-1 of 111122223333
        ");
}

#[tokio::test]
async fn r6_an_update_keeps_the_service_role() {
    let client = client(&[]);
    let mut first = body(network("10.0.0.0/16", 0));
    first.service_role = Some("arn:aws:iam::111122223333:role/deploy".to_owned());
    let stack = create(&client, "demo", first).await;
    change(&client, &stack.id, body(network("10.0.0.0/16", 1))).await;
    let after = client.describe_stack("demo").await.unwrap().unwrap();
    assert_eq!(after.role, stack.role);
    assert!(after.role.is_some());
}
