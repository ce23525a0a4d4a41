//! Rules N1 to N7: nested stacks.

use rekindle::local::{Answers, Client, Cloud};
use rekindle::model::ObservedStack;
use rekindle::port::{CloudFormation, PortErrorKind, UpdateAnswer};
use serde_json::{Value, json};

use super::operations::network;
use super::support::*;

const URL: &str = "https://templates.s3.eu-central-1.amazonaws.com/child.json";

fn child(delay: u32) -> Value {
    json!({
        "Parameters": {"Delay": {"Type": "Number", "Default": delay}},
        "Resources": {
            "Queue": {"Type": "AWS::SQS::Queue", "Properties": {"DelaySeconds": {"Ref": "Delay"}}},
            "Topic": {"Type": "AWS::SNS::Topic", "DependsOn": "Queue"}
        },
        "Outputs": {"Arn": {"Value": {"Fn::GetAtt": ["Queue", "Arn"]}}, "Stack": {"Value": {"Ref": "AWS::StackName"}}}
    })
}

fn parent(delay: u32) -> Value {
    json!({
        "Resources": {
            "Child": {"Type": "AWS::CloudFormation::Stack", "Properties": {
                "TemplateURL": URL, "Parameters": {"Delay": delay},
                "Tags": [{"Key": "part", "Value": "child"}]}},
            "Alarm": {"Type": "AWS::CloudWatch::Alarm", "Properties": {
                "AlarmDescription": {"Fn::GetAtt": ["Child", "Outputs.Arn"]}}}
        },
        "Outputs": {"Child": {"Value": {"Ref": "Child"}}, "Queue": {"Value": {"Fn::GetAtt": ["Child", "Outputs.Arn"]}}}
    })
}

fn holding(cloud: &Cloud, template: &Value) {
    let mut answers = Answers::default();
    answers.put_object("templates/child.json", template.to_string());
    cloud.set_answers(answers);
}

fn cloud_of(faults: &[&str]) -> Cloud {
    let cloud = cloud(faults);
    holding(&cloud, &child(0));
    cloud
}

async fn find(client: &Client, stack: &str) -> ObservedStack {
    client.describe_stack(stack).await.unwrap().unwrap()
}

/// Statuses a stack went through, as its events say.
async fn statuses(client: &Client, stack: &ObservedStack) -> Vec<String> {
    let own = events(client, &stack.id).await.into_iter().filter(|event| event.logical_id == stack.name);
    own.map(|event| event.status).collect()
}

#[tokio::test]
async fn n1_n2_a_child_is_a_stack_of_its_own_and_its_outputs_are_attributes() {
    let cloud = cloud_of(&[]);
    let client = client_of(&cloud);
    let mut request = body(parent(5));
    request.tags.insert("team".to_owned(), "platform".to_owned());
    let stack = create(&client, "demo", request).await;
    assert_eq!(stack.status.as_str(), "CREATE_COMPLETE");
    let nested = find(&client, &stack.outputs["Child"]).await;
    assert_eq!(nested.parent.as_deref(), Some(stack.id.as_str()));
    assert_eq!(nested.identity(), None, "it is never taken for a unit");
    assert_eq!((nested.tags["team"].as_str(), nested.tags["part"].as_str()), ("platform", "child"));
    assert!(nested.name.starts_with("demo-Child-"), "{}", nested.name);
    assert_eq!(nested.parameters["Delay"], "5");
    assert_eq!(nested.outputs["Stack"], nested.name);
    assert_eq!(stack.outputs["Queue"], nested.outputs["Arn"]);
    let shown = timeline(&client, &stack.id).await.replace(&nested.id, "CHILD");
    insta::assert_snapshot!(shown, @"
         0 demo CREATE_IN_PROGRESS (User Initiated)
         0 Child CREATE_IN_PROGRESS
         0 Child CREATE_IN_PROGRESS (Resource creation Initiated)
        76 Child CREATE_COMPLETE
        76 Alarm CREATE_IN_PROGRESS
        76 Alarm CREATE_IN_PROGRESS (Resource creation Initiated)
        78 Alarm CREATE_COMPLETE
        78 demo CREATE_COMPLETE
        ");
}

#[tokio::test]
async fn n3_a_child_that_fails_fails_its_parent_and_goes_with_it() {
    for fault in ["demo.Alarm", "*.Topic"] {
        let cloud = cloud_of(&[fault]);
        let client = client_of(&cloud);
        let id = client.create_stack(&creation("demo", body(parent(5)))).await.unwrap();
        let nested = client
            .describe_stacks(None)
            .await
            .unwrap()
            .items
            .into_iter()
            .find(|it| it.parent.is_some())
            .unwrap();
        assert_eq!(settle(&client, &id).await.0.status.as_str(), "ROLLBACK_COMPLETE", "{fault}");
        assert_eq!(find(&client, &nested.id).await.status.as_str(), "DELETE_COMPLETE", "{fault}");
        assert_eq!(client.describe_stacks(None).await.unwrap().items.len(), 1);
        if fault == "*.Topic" {
            let events = events(&client, &id).await;
            let root = events.iter().find(|event| event.is_root_failure()).unwrap();
            let reason = root.reason.as_deref().unwrap().replace(&nested.id, "CHILD");
            insta::assert_snapshot!(reason, @"Embedded stack CHILD was not successfully created: The following resource(s) failed to create: [Topic]. Rollback requested by user.");
        }
    }
}

#[tokio::test]
async fn n4_an_update_reaches_the_child_and_cleans_up_at_the_end() {
    let cloud = cloud_of(&[]);
    let client = client_of(&cloud);
    let stack = create(&client, "demo", body(parent(5))).await;
    let child_id = stack.outputs["Child"].clone();
    let (set, seen) = change(&client, &stack.id, body(parent(9))).await;
    assert_eq!(set.changes.len(), 1);
    assert_eq!(seen.last().unwrap(), "UPDATE_COMPLETE");
    let nested = find(&client, &child_id).await;
    assert_eq!((nested.status.as_str(), nested.parameters["Delay"].as_str()), ("UPDATE_COMPLETE", "9"));
    let again = update_directly(&client, &stack.id, body(parent(9)), "again").await;
    assert_eq!(again, UpdateAnswer::NothingToDo);
    // Another text behind the same address is a change.
    let mut other = child(0);
    other["Resources"].as_object_mut().unwrap().remove("Topic");
    holding(&cloud, &other);
    assert_eq!(update_directly(&client, &stack.id, body(parent(9)), "other").await, UpdateAnswer::Started);
    assert!(settle(&client, &stack.id).await.0.status.is_healthy());
    let expected = [
        "CREATE_IN_PROGRESS",
        "CREATE_COMPLETE",
        "UPDATE_IN_PROGRESS",
        "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS",
        "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS",
        "UPDATE_COMPLETE",
        "UPDATE_IN_PROGRESS",
        "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS",
        "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS",
        "UPDATE_COMPLETE",
    ];
    assert_eq!(statuses(&client, &nested).await, expected);
}

#[tokio::test]
async fn n5_what_a_child_did_is_taken_back_with_its_parent() {
    // The alarm fails after the child has been changed; the topic fails within the child.
    for (fault, failed) in [("demo.Alarm:update", "demo"), ("*.Topic:update", "child")] {
        let cloud = cloud_of(&[fault]);
        let client = client_of(&cloud);
        let stack = create(&client, "demo", body(parent(5))).await;
        let child_id = stack.outputs["Child"].clone();
        let mut changed = child(0);
        changed["Resources"]["Topic"]["Properties"] = json!({"DisplayName": "new"});
        changed["Outputs"]["Arn"] = json!({"Value": "changed"});
        holding(&cloud, &changed);
        assert_eq!(update_directly(&client, &stack.id, body(parent(9)), "u").await, UpdateAnswer::Started);
        let (after, _) = settle(&client, &stack.id).await;
        assert_eq!(after.status.as_str(), "UPDATE_ROLLBACK_COMPLETE", "{failed}");
        assert_eq!(after.outputs, stack.outputs);
        let nested = find(&client, &child_id).await;
        assert_eq!(nested.status.as_str(), "UPDATE_ROLLBACK_COMPLETE", "{failed}");
        assert_eq!(
            (nested.parameters["Delay"].as_str(), nested.outputs["Arn"] == stack.outputs["Queue"]),
            ("5", true)
        );
    }
}

#[tokio::test]
async fn n6_a_tree_is_deleted_from_its_root_which_protects_it() {
    let cloud = cloud_of(&["demo.Child:delete*1", "*.Topic:delete*1"]);
    let client = client_of(&cloud);
    let mut request = creation("demo", body(parent(5)));
    request.termination_protection = true;
    let id = client.create_stack(&request).await.unwrap();
    let nested = settle(&client, &id).await.0.outputs["Child"].clone();
    let refusal = client.delete_stack(&deletion(&nested, "n")).await.unwrap_err();
    assert_eq!(refusal.kind, PortErrorKind::WrongState);
    client.set_termination_protection(&id, false).await.unwrap();
    for (token, status, of_child) in [
        ("one", "DELETE_FAILED", "DELETE_FAILED"),
        ("two", "DELETE_FAILED", "DELETE_COMPLETE"),
        ("three", "DELETE_COMPLETE", "DELETE_COMPLETE"),
    ] {
        client.delete_stack(&deletion(&id, token)).await.unwrap();
        assert_eq!(settle(&client, &id).await.0.status.as_str(), status);
        assert_eq!(find(&client, &nested).await.status.as_str(), of_child);
    }
}

#[tokio::test]
async fn n6_a_creation_under_way_is_deleted_with_its_children() {
    let cloud = cloud_of(&[]);
    let client = client_of(&cloud);
    let id = client.create_stack(&creation("demo", body(parent(5)))).await.unwrap();
    client.wait_for_change(std::time::Duration::from_secs(3)).await.unwrap();
    client.delete_stack(&deletion(&id, "d")).await.unwrap();
    assert_eq!(settle(&client, &id).await.0.status.as_str(), "DELETE_COMPLETE");
    assert!(client.describe_stacks(None).await.unwrap().items.is_empty());
}

#[tokio::test]
async fn n7_what_cannot_be_had_and_what_never_ends_fails() {
    let reason = async |template: Value| {
        let cloud = cloud(&[]);
        holding(&cloud, &template);
        let client = client_of(&cloud);
        let stack = create(&client, "demo", body(parent(5))).await;
        assert_eq!(stack.status.as_str(), "ROLLBACK_COMPLETE");
        let root = events(&client, "demo").await.into_iter().find(|event| event.is_root_failure()).unwrap();
        (client, root.reason.unwrap())
    };
    insta::assert_snapshot!(reason(network("10.0.0.0/16", 0)).await.1, @"Parameters: [Delay] do not exist in the template");
    let mut endless = parent(5);
    endless["Parameters"] = json!({"Delay": {"Type": "Number"}});
    let (client, words) = reason(endless).await;
    assert!(words.contains("Embedded stack"), "{words}");
    assert_eq!(client.describe_stacks(None).await.unwrap().items.len(), 1, "all of them are gone again");
    let client = client_of(&cloud(&[]));
    create(&client, "demo", body(parent(5))).await;
    assert!(
        timeline(&client, "demo")
            .await
            .contains("S3 error: The specified key does not exist: templates/child.json")
    );
}

/// Stands for a process that is killed after every single call.
#[tokio::test]
#[allow(clippy::disallowed_methods, reason = "the state needs a directory")]
async fn p2_a_tree_goes_on_in_another_process() {
    let directory = tempfile::tempdir().unwrap();
    let path = camino::Utf8Path::from_path(directory.path()).unwrap();
    let open = || {
        let cloud = Cloud::open(path, options(&["demo.Alarm:update"])).unwrap();
        holding(&cloud, &child(0));
        client_of(&cloud)
    };
    let id = open().create_stack(&creation("demo", body(parent(5)))).await.unwrap();
    let finish = async || {
        while find(&open(), &id).await.status.is_busy() {
            open().wait_for_change(std::time::Duration::from_secs(7)).await.unwrap();
        }
        find(&open(), &id).await
    };
    let child_id = finish().await.outputs["Child"].clone();
    let mut changed = parent(9);
    changed["Resources"]["Alarm"]["Properties"]["Threshold"] = json!(1);
    update_directly(&open(), &id, body(changed), "u").await;
    assert_eq!(finish().await.status.as_str(), "UPDATE_ROLLBACK_COMPLETE");
    assert_eq!(find(&open(), &child_id).await.status.as_str(), "UPDATE_ROLLBACK_COMPLETE");
    open().delete_stack(&deletion(&id, "d")).await.unwrap();
    assert_eq!(finish().await.status.as_str(), "DELETE_COMPLETE");
    assert_eq!(find(&open(), &child_id).await.status.as_str(), "DELETE_COMPLETE");
}
