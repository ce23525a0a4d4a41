//! Rules V1 to V5.

use std::time::Duration;

use rekindle::catalogue::durations::{self, Operation, Seconds};
use rekindle::local::{Cloud, Options};
use rekindle::port::{Changes, CloudFormation};
use serde_json::json;

use super::operations::network;
use super::support::*;

fn seconds_since_start(client: &rekindle::local::Client) -> i64 {
    client.now().duration_since(START.parse().unwrap()).as_secs()
}

#[tokio::test]
async fn v1_v2_a_stack_takes_as_long_as_its_critical_path() {
    let client = client(&[]);
    create(&client, "demo", body(network("10.0.0.0/16", 0))).await;
    let queue = durations::seconds("AWS::SQS::Queue", Operation::Create);
    assert_eq!(queue, Seconds::Known(72.0));
    assert_eq!(seconds_since_start(&client), 72);
}

#[tokio::test]
async fn v3_waiting_jumps_to_the_next_change_and_names_it() {
    let client = client(&[]);
    let topic = |kind: &str| body(json!({"Resources": {"R": {"Type": kind}}}));
    let slow = client.create_stack(&creation("slow", topic("AWS::KMS::Key"))).await.unwrap();
    let quick = client.create_stack(&creation("quick", topic("AWS::EC2::VPC"))).await.unwrap();
    let twin = client.create_stack(&creation("twin", topic("AWS::EC2::VPC"))).await.unwrap();
    let wait = async |seconds| client.wait_for_change(Duration::from_secs(seconds)).await.unwrap();
    assert_eq!(wait(5).await, Changes::Stacks(vec![]));
    assert_eq!(seconds_since_start(&client), 5, "the deadline came first");
    assert_eq!(wait(600).await, Changes::Stacks(vec![quick, twin]));
    assert_eq!(seconds_since_start(&client), 12);
    assert_eq!(wait(600).await, Changes::Stacks(vec![slow]));
    assert_eq!(seconds_since_start(&client), 122);
    assert_eq!(wait(600).await, Changes::Stacks(vec![]));
    assert_eq!(seconds_since_start(&client), 122, "nothing is going on");
}

#[tokio::test]
async fn v4_a_change_elsewhere_is_kept_for_whoever_waits_there() {
    let cloud = cloud(&[]);
    let here = client_of(&cloud);
    let there = cloud.client("111122223333".parse().unwrap(), "eu-west-1".parse().unwrap());
    let topic = |kind: &str| body(json!({"Resources": {"R": {"Type": kind}}}));
    let quick = there.create_stack(&creation("quick", topic("AWS::EC2::VPC"))).await.unwrap();
    let slow = here.create_stack(&creation("slow", topic("AWS::KMS::Key"))).await.unwrap();
    let wait = async |client: &rekindle::local::Client| {
        client.wait_for_change(Duration::from_secs(600)).await.unwrap()
    };
    assert_eq!(wait(&here).await, Changes::Stacks(vec![quick.clone()]));
    assert_eq!(seconds_since_start(&here), 12, "time stopped at the change elsewhere");
    assert_eq!(wait(&there).await, Changes::Stacks(vec![quick]));
    assert_eq!(seconds_since_start(&here), 12);
    assert_eq!(wait(&here).await, Changes::Stacks(vec![slow]));
}

#[tokio::test]
async fn v5_a_stored_clock_never_goes_back() {
    let directory = tempfile::tempdir().unwrap();
    let path = camino::Utf8Path::from_path(directory.path()).unwrap();
    let at = |now: &str| Cloud::open(path, Options { now: now.parse().unwrap(), faults: vec![] }).unwrap();
    create(&client_of(&at(START)), "demo", body(network("10.0.0.0/16", 0))).await;
    assert_eq!(seconds_since_start(&client_of(&at(START))), 72);
    assert_eq!(client_of(&at("2027-01-01T00:00:00Z")).now().to_string(), "2027-01-01T00:00:00Z");
}

/// Many stacks side by side: the work must not grow with the square of their number.
#[tokio::test]
async fn v2_two_thousand_stacks_take_as_long_as_one() {
    let client = client(&[]);
    for number in 0..2_000 {
        client.create_stack(&creation(&format!("s{number}"), body(network("10.0.0.0/16", 0)))).await.unwrap();
    }
    let Changes::Stacks(changed) = client.wait_for_change(Duration::from_secs(600)).await.unwrap() else {
        panic!("the embedded engine knows what changed")
    };
    assert_eq!(changed.len(), 2_000);
    assert_eq!(seconds_since_start(&client), 72);
}
