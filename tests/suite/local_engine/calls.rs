//! Rules F3, F4, F6 and R7: what goes wrong on request with calls.

use rekindle::port::{CloudFormation, PortError, PortErrorKind};

use super::operations::network;
use super::support::*;

fn kind<T: std::fmt::Debug>(answer: Result<T, PortError>) -> PortErrorKind {
    answer.unwrap_err().kind
}

#[tokio::test]
async fn f4_a_throttled_call_has_no_effect_and_a_lost_one_has() {
    let client =
        client(&["CreateStack=throttled", "CreateStack=unwell", "CreateStack=lost", "DeleteStack=lost"]);
    let request = creation("demo", body(network("10.0.0.0/16", 0)));
    assert_eq!(kind(client.create_stack(&request).await), PortErrorKind::Throttled);
    assert_eq!(kind(client.create_stack(&request).await), PortErrorKind::Unavailable);
    assert!(client.describe_stack("demo").await.unwrap().is_none());
    insta::assert_snapshot!(text(&client.create_stack(&request).await.unwrap_err()), @"Unavailable: CreateStack `demo`: the connection broke before the answer came");
    let id = client.create_stack(&request).await.unwrap();
    assert!(settle(&client, &id).await.0.status.is_healthy(), "asking again is safe");
    assert_eq!(kind(client.delete_stack(&deletion(&id, "d")).await), PortErrorKind::Unavailable);
    client.delete_stack(&deletion(&id, "d")).await.unwrap();
    assert!(settle(&client, &id).await.0.status.is_gone());
}

#[tokio::test]
async fn f4_every_call_can_be_throttled_a_number_of_times() {
    let client = client(&["*=throttled*3"]);
    assert_eq!(kind(client.describe_stacks(None).await), PortErrorKind::Throttled);
    assert_eq!(kind(client.template("demo").await), PortErrorKind::Throttled);
    assert_eq!(kind(client.delete_stack(&deletion("demo", "d")).await), PortErrorKind::Throttled);
    client.describe_stacks(None).await.unwrap();
}

#[tokio::test]
async fn f6_a_stale_read_shows_what_was() {
    let client = client(&["DescribeStacks=stale*3"]);
    let id = client.create_stack(&creation("demo", body(network("10.0.0.0/16", 0)))).await.unwrap();
    assert!(client.describe_stack(&id).await.unwrap().is_none(), "not yet");
    assert!(client.describe_stacks(None).await.unwrap().items.is_empty());
    client.wait_for_change(std::time::Duration::from_secs(600)).await.unwrap();
    assert_eq!(client.describe_stack(&id).await.unwrap().unwrap().status.as_str(), "CREATE_IN_PROGRESS");
    assert_eq!(client.describe_stack(&id).await.unwrap().unwrap().status.as_str(), "CREATE_COMPLETE");
}

#[tokio::test]
async fn r7_an_account_has_a_limited_number_of_stacks_in_a_region() {
    let cloud = cloud(&["stacks=1"]);
    let client = client_of(&cloud);
    let first = create(&client, "first", body(network("10.0.0.0/16", 0))).await;
    let second = creation("second", body(network("10.0.0.0/16", 0)));
    insta::assert_snapshot!(text(&client.create_stack(&second).await.unwrap_err()), @"
        LimitExceeded: CreateStack `second`: LimitExceededException: Limit for stack has been exceeded (1)
        hint: delete stacks that are no longer needed, or have AWS raise the account's quota
        ");
    let elsewhere = cloud.client("111122223333".parse().unwrap(), "eu-west-1".parse().unwrap());
    elsewhere.create_stack(&second).await.unwrap();
    client.delete_stack(&deletion(&first.id, "d")).await.unwrap();
    settle(&client, &first.id).await;
    client.create_stack(&second).await.unwrap();
}
