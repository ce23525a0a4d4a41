//! What is done about a deletion that fails because somebody still stands in its network.

use super::*;
use crate::model::{Guest, GuestKind, StackResource};

const GROUP: &str = "sg-1";

fn interface(id: &str, is_left_over: bool, belongs_to: &str) -> Guest {
    Guest {
        id: id.to_owned(),
        kind: GuestKind::NetworkInterface,
        about: "AWS Lambda VPC ENI-worker".to_owned(),
        networks: [GROUP.to_owned()].into(),
        belongs_to: [belongs_to.to_owned()].into(),
        is_left_over,
    }
}

/// Tears down a stack with a group that does not go as long as these are seen, look by look.
async fn torn_down(looks: Vec<Vec<Guest>>) -> (World, Outcome) {
    let mut world = World::new(Habits::default());
    world.deploy(&[unit("network").property("Stuck", json!(true))]).await;
    let id = world.observe(&[]).await.stacks[&TargetName::primary()][0].id.clone();
    let group = StackResource {
        logical_id: "Group".to_owned(),
        physical_id: Some(GROUP.to_owned()),
        resource_type: "AWS::EC2::SecurityGroup".to_owned(),
        status: "DELETE_FAILED".to_owned(),
        reason: None,
    };
    world.fake.state().resources.insert(id, vec![group]);
    world.fake.state().guests = looks;
    let outcome = world.teardown().await;
    (world, outcome)
}

#[tokio::test]
async fn what_a_service_is_about_to_let_go_is_waited_for() {
    let used = vec![interface("eni-1", false, GROUP)];
    let left = vec![interface("eni-1", true, GROUP)];
    let (world, outcome) = torn_down(vec![used.clone(), used, left]).await;
    assert_eq!(outcome.reports[0].outcome, UnitOutcome::Done);
    assert_eq!((world.calls("DeleteNetworkInterface"), world.calls("DeleteStack")), (1, 2));
    let notices = world.notices().join("\n");
    assert!(
        notices.contains("waiting until network interface eni-1 (AWS Lambda VPC ENI-worker) is let go"),
        "{notices}"
    );
}

#[tokio::test]
async fn what_is_never_let_go_is_waited_for_for_twenty_minutes() {
    let (world, outcome) = torn_down(vec![vec![interface("eni-1", false, GROUP)]]).await;
    assert!(matches!(outcome.reports[0].outcome, UnitOutcome::NeedsHands { .. }));
    assert_eq!((world.calls("DeleteNetworkInterface"), world.calls("DeleteStack")), (0, 1));
    assert_eq!(world.calls("DescribeNetworkInterfaces"), 80);
}

#[tokio::test]
async fn a_strangers_interface_is_never_touched() {
    let (world, outcome) = torn_down(vec![vec![interface("eni-1", true, "sg-of-somebody")]]).await;
    assert!(matches!(outcome.reports[0].outcome, UnitOutcome::NeedsHands { .. }));
    assert_eq!((world.calls("DeleteNetworkInterface"), world.calls("DeleteStack")), (0, 1));
}
