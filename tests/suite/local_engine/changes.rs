//! Rules C1 to C6.

use rekindle::model::{Change, Replacement};
use rekindle::port::{ChangeSetStatus, CloudFormation, PortErrorKind};
use serde_json::{Value, json};

use super::operations::network;
use super::support::*;

fn line(change: &Change) -> String {
    let replacement = match change.replacement {
        None => "-",
        Some(Replacement::Never) => "in place",
        Some(Replacement::Conditional) => "conditional",
        Some(Replacement::Always) => "replaced",
    };
    format!("{:?} {} {replacement} {:?}", change.action, change.logical_id, change.paths)
}

#[tokio::test]
async fn c1_c2_c3_a_change_set_shows_what_executing_it_does() {
    let client = client(&[]);
    let stack = create(&client, "demo", body(network("10.0.0.0/16", 0))).await;
    let mut template = network("10.1.0.0/16", 5);
    let resources = template["Resources"].as_object_mut().unwrap();
    // The subnet keeps its own block, so that only the network it refers to changes.
    resources["Subnet"]["Properties"]["CidrBlock"] = json!("10.0.0.0/24");
    resources.insert("Topic".to_owned(), json!({"Type": "AWS::SNS::Topic"}));
    let (id, set) = change_set(&client, &stack.id, "one", body(template.clone())).await;
    assert_eq!(set.status, ChangeSetStatus::Ready);
    insta::assert_snapshot!(set.changes.iter().map(line).collect::<Vec<_>>().join("\n"), @r#"
        Modify Queue in place ["Properties.DelaySeconds"]
        Modify Subnet conditional ["Properties.VpcId"]
        Add Topic - []
        Modify Vpc replaced ["Properties.CidrBlock"]
        "#);
    let busy = client.describe_stack(&stack.id).await.unwrap().unwrap();
    assert_eq!(busy.status.as_str(), "CREATE_COMPLETE", "a change set does not touch the stack");
    client.execute_change_set(&id, "execute").await.unwrap();
    let (done, _) = settle(&client, &stack.id).await;
    assert_eq!(done.status.as_str(), "UPDATE_COMPLETE");
    let (_, again) = change_set(&client, &stack.id, "two", body(template)).await;
    assert_eq!(again.status, ChangeSetStatus::Empty);
}

#[tokio::test]
async fn c2_removals_are_shown() {
    let client = client(&[]);
    let stack = create(&client, "demo", body(network("10.0.0.0/16", 0))).await;
    let mut template = network("10.0.0.0/16", 0);
    template["Resources"].as_object_mut().unwrap().remove("Queue");
    let (_, set) = change_set(&client, &stack.id, "one", body(template)).await;
    assert_eq!(set.changes.iter().map(line).collect::<Vec<_>>(), ["Remove Queue - []"]);
}

#[tokio::test]
async fn c4_nothing_to_do_fails_and_outputs_alone_are_complete_without_lines() {
    let client = client(&[]);
    let stack = create(&client, "demo", body(network("10.0.0.0/16", 0))).await;
    let (id, set) = change_set(&client, &stack.id, "none", body(network("10.0.0.0/16", 0))).await;
    assert_eq!((set.status, set.changes.len()), (ChangeSetStatus::Empty, 0));
    let refusal = client.execute_change_set(&id, "t").await.unwrap_err();
    assert_eq!(refusal.kind, PortErrorKind::WrongState);
    let mut template = network("10.0.0.0/16", 0);
    template["Outputs"]["New"] = json!({"Value": "v"});
    let (set, seen) = change(&client, &stack.id, body(template)).await;
    assert_eq!((set.status, set.changes.len()), (ChangeSetStatus::Ready, 0));
    assert_eq!(seen.last().unwrap(), "UPDATE_COMPLETE");
    assert_eq!(client.describe_stack("demo").await.unwrap().unwrap().outputs["New"], "v");
}

#[tokio::test]
async fn c1_a_change_set_that_cannot_be_computed_says_why() {
    let client = client(&[]);
    let stack = create(&client, "demo", body(network("10.0.0.0/16", 0))).await;
    let mut template = network("10.0.0.0/16", 0);
    template["Outputs"]["New"] = json!({"Value": {"Fn::FindInMap": ["No", "such", "map"]}});
    let (_, set) = change_set(&client, &stack.id, "one", body(template)).await;
    let expected = "Template error: Unable to get mapping for No::such::map";
    assert_eq!(set.status, ChangeSetStatus::Failed(expected.to_owned()));
}

#[tokio::test]
async fn c5_c6_executing_one_deletes_all() {
    let client = client(&[]);
    let stack = create(&client, "demo", body(network("10.0.0.0/16", 0))).await;
    let wanted = |delay| body(network("10.0.0.0/16", delay));
    let (first, _) = change_set(&client, &stack.id, "first", wanted(1)).await;
    let (second, _) = change_set(&client, &stack.id, "second", wanted(2)).await;
    let (third, _) = change_set(&client, &stack.id, "third", wanted(3)).await;
    let taken = client.create_change_set("first", &update(&stack.id, wanted(4), "other")).await.unwrap_err();
    assert_eq!(taken.kind, PortErrorKind::AlreadyExists);
    client.delete_change_set(&stack.id, &third).await.unwrap();
    client.delete_change_set(&stack.id, &third).await.unwrap();
    let (fourth, _) = change_set(&client, &stack.id, "fourth", wanted(4)).await;
    client.delete_change_set("demo", "fourth").await.unwrap();
    assert_eq!(client.describe_change_set(&fourth).await.unwrap_err().kind, PortErrorKind::NotFound);
    client.execute_change_set(&first, "token").await.unwrap();
    client.execute_change_set(&first, "token").await.unwrap();
    for gone in [&first, &second, &third] {
        assert_eq!(client.describe_change_set(gone).await.unwrap_err().kind, PortErrorKind::NotFound);
    }
    settle(&client, &stack.id).await;
    let updates = events(&client, "demo").await.into_iter().filter(|it| it.status == "UPDATE_IN_PROGRESS");
    let stacks = updates.filter(|event| event.logical_id == "demo").count();
    assert_eq!(stacks, 1, "the repeated execution began nothing");
}

#[tokio::test]
async fn c1_a_pending_change_set_cannot_be_executed() {
    let client = client(&[]);
    let stack = create(&client, "demo", body(network("10.0.0.0/16", 0))).await;
    let request = update(&stack.id, body(network("10.0.0.0/16", 1)), "t");
    let id = client.create_change_set("one", &request).await.unwrap();
    assert_eq!(client.create_change_set("one", &request).await.unwrap(), id, "the same request again");
    let refusal = client.execute_change_set(&id, "t").await.unwrap_err();
    assert!(refusal.message.contains("CREATE_PENDING"), "{refusal}");
}

/// A stack that depends on nothing but its parameter, for changes of values.
fn parameterised() -> Value {
    json!({
        "Parameters": {"Delay": {"Type": "Number"}},
        "Resources": {"Queue": {"Type": "AWS::SQS::Queue", "Properties": {"DelaySeconds": {"Ref": "Delay"}}}}
    })
}

#[tokio::test]
async fn c2_a_parameter_that_changes_shows_in_the_resources_it_reaches() {
    let client = client(&[]);
    let stack = create(&client, "demo", with(body(parameterised()), &[("Delay", "1")])).await;
    let (_, set) =
        change_set(&client, &stack.id, "one", with(body(parameterised()), &[("Delay", "2")])).await;
    assert_eq!(
        set.changes.iter().map(line).collect::<Vec<_>>(),
        [r#"Modify Queue in place ["Properties.DelaySeconds"]"#]
    );
}
