//! Rules A1 to A4, D7, D8 and B1 to B3: what an account holds beside its stacks.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use rekindle::local::{Client, Cloud, Origin};
use rekindle::port::{
    ChangeSetStatus, CloudFormation, DeleteStack, DriftDetection, PortErrorKind, ResourceDrift, UpdateAnswer,
    UpdateStack,
};
use serde_json::{Value, json};

use super::operations::network;
use super::support::*;

fn bucket(name: &str, policy: &str) -> Value {
    json!({"Resources": {
        "Topic": {"Type": "AWS::SNS::Topic"},
        "Bucket": {"Type": "AWS::S3::Bucket", "DeletionPolicy": policy, "DependsOn": "Topic",
            "Properties": {"BucketName": name}}
    }})
}

fn orphans(client: &Client) -> Vec<(String, String, Origin)> {
    let shown = client.orphans().into_iter();
    shown.map(|it| (it.logical_id, it.resource.resource_type, it.origin)).collect()
}

async fn delete(client: &Client, stack: &str, token: &str) -> String {
    client.delete_stack(&deletion(stack, token)).await.unwrap();
    settle(client, stack).await.0.status.to_string()
}

#[tokio::test]
async fn a1_a_name_belongs_to_one_thing() {
    let cloud = cloud(&[]);
    let client = client_of(&cloud);
    let first = create(&client, "first", body(bucket("data", "Delete"))).await;
    let second = create(&client, "second", body(bucket("data", "Delete"))).await;
    assert_eq!(second.status.as_str(), "ROLLBACK_COMPLETE");
    let root = |events: Vec<rekindle::model::StackEvent>| {
        events.into_iter().find(|event| event.is_root_failure()).and_then(|event| event.reason).unwrap()
    };
    let reason = root(events(&client, "second").await);
    assert_eq!(reason, format!("data already exists in stack {}", first.id));
    // A bucket's name is taken everywhere, a topic's only in its region.
    let elsewhere = cloud.client("444455556666".parse().unwrap(), "eu-west-1".parse().unwrap());
    create(&elsewhere, "third", body(bucket("data", "Delete"))).await;
    insta::assert_snapshot!(root(events(&elsewhere, "third").await), @"Resource of type 'AWS::S3::Bucket' with identifier 'data' already exists. (HandlerErrorCode: AlreadyExists)");
    let topic = json!({"Resources": {"T": {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": "news"}}}});
    assert!(create(&client, "topic", body(topic.clone())).await.status.is_healthy());
    assert!(create(&elsewhere, "topic", body(topic)).await.status.is_healthy());
    // Whoever is gone no longer has a name.
    assert_eq!(delete(&client, &first.id, "d").await, "DELETE_COMPLETE");
    assert!(create(&client, "fourth", body(bucket("data", "Delete"))).await.status.is_healthy());
}

#[tokio::test]
async fn a1_the_published_identifier_of_any_type_is_a_name() {
    let client = client(&[]);
    let named = |kind: &str, properties: Value| json!({"Resources": {"It": {"Type": kind, "Properties": properties}}, "Outputs": {"Id": {"Value": {"Ref": "It"}}}});
    let cases = [
        ("crawler", named("AWS::Glue::Crawler", json!({"Name": "orders"})), "orders"),
        ("alias", named("AWS::KMS::Alias", json!({"AliasName": "alias/data"})), "alias/data"),
        // The service writes the names of databases in small letters.
        ("database", named("AWS::RDS::DBInstance", json!({"DBInstanceIdentifier": "Main"})), "main"),
    ];
    for (stack, template, name) in cases {
        let first = create(&client, stack, body(template.clone())).await;
        assert_eq!(first.outputs["Id"], name);
        let second = create(&client, &format!("{stack}2"), body(template)).await;
        assert_eq!(second.status.as_str(), "ROLLBACK_COMPLETE", "{stack}");
        let expected = format!("({name} already exists in stack {})", first.id);
        assert!(timeline(&client, &format!("{stack}2")).await.contains(&expected), "{stack}");
    }
    // What nobody has to tell apart is no name.
    let topic = named("AWS::SNS::Topic", json!({"DisplayName": "news"}));
    create(&client, "topic", body(topic.clone())).await;
    assert!(create(&client, "topic2", body(topic)).await.status.is_healthy());
}

#[tokio::test]
async fn a2_what_is_retained_keeps_its_name_until_somebody_deletes_it() {
    let client = client(&[]);
    let first = create(&client, "demo", body(bucket("data", "Retain"))).await;
    assert_eq!(delete(&client, &first.id, "d").await, "DELETE_COMPLETE");
    let retained = ("Bucket".to_owned(), "AWS::S3::Bucket".to_owned(), Origin::Retained);
    assert_eq!(orphans(&client), [retained]);
    assert_eq!(client.orphans()[0].stack, first.id);
    let mut again = creation("demo", body(bucket("data", "Retain")));
    again.token = "again".to_owned();
    let id = client.create_stack(&again).await.unwrap();
    let (failed, _) = settle(&client, &id).await;
    assert_eq!(failed.status.as_str(), "ROLLBACK_COMPLETE");
    assert!(
        timeline(&client, "demo")
            .await
            .contains("Bucket CREATE_FAILED (Resource of type 'AWS::S3::Bucket' with")
    );
    assert_eq!(orphans(&client).len(), 1, "a failed creation does not touch what was there");
    client.delete_orphan("AWS::S3::Bucket", "data").await.unwrap();
    let absent = client.delete_orphan("AWS::S3::Bucket", "data").await.unwrap_err();
    assert_eq!(absent.kind, PortErrorKind::NotFound);
    assert_eq!(delete(&client, &failed.id, "d2").await, "DELETE_COMPLETE");
    assert!(create(&client, "other", body(bucket("data", "Delete"))).await.status.is_healthy());
}

#[tokio::test]
async fn a3_snapshots_and_what_was_left_behind_are_listed() {
    let client = client(&["demo.Queue:delete"]);
    let mut template = network("10.0.0.0/16", 0);
    template["Resources"]["Database"] =
        json!({"Type": "AWS::RDS::DBInstance", "Properties": {"Engine": "postgres"}});
    template["Resources"]["Reader"] =
        json!({"Type": "AWS::RDS::DBInstance", "Properties": {"DBClusterIdentifier": "c"}});
    let stack = create(&client, "demo", body(template)).await;
    change(&client, &stack.id, body(json!({"Resources": {"T": {"Type": "AWS::SNS::Topic"}}}))).await;
    let expected = [
        ("Database", "AWS::RDS::DBSnapshot", Origin::Snapshot),
        ("Queue", "AWS::SQS::Queue", Origin::LeftBehind),
    ];
    assert_eq!(orphans(&client), expected.map(|(id, kind, origin)| (id.to_owned(), kind.to_owned(), origin)));
    let snapshot = client.orphans().remove(0).resource.physical_id;
    assert!(snapshot.starts_with("demo-snapshot-database-"), "{snapshot}");
}

#[tokio::test]
async fn a3_update_replace_policies_decide_about_what_was_replaced() {
    for (policy, kept) in
        [("Retain", Some(Origin::Retained)), ("Snapshot", Some(Origin::Snapshot)), ("Delete", None)]
    {
        let client = client(&[]);
        let database = |engine: &str| {
            json!({"Resources": {"Database": {"Type": "AWS::RDS::DBInstance", "UpdateReplacePolicy": policy,
                "Properties": {"Engine": engine, "DBName": engine}}}})
        };
        let stack = create(&client, "demo", body(database("postgres"))).await;
        let (_, seen) = change(&client, &stack.id, body(database("mysql"))).await;
        assert_eq!(seen.last().unwrap(), "UPDATE_COMPLETE");
        assert_eq!(orphans(&client).first().map(|(_, _, origin)| *origin), kept, "{policy}");
    }
}

#[tokio::test]
#[allow(clippy::disallowed_methods, reason = "the state needs a directory")]
async fn a4_p2_orphans_and_names_outlive_the_process() {
    let directory = tempfile::tempdir().unwrap();
    let path = camino::Utf8Path::from_path(directory.path()).unwrap();
    let open = || client_of(&Cloud::open(path, options(&[])).unwrap());
    let first = create(&open(), "demo", body(bucket("data", "Retain"))).await;
    assert_eq!(delete(&open(), &first.id, "d").await, "DELETE_COMPLETE");
    assert_eq!(orphans(&open()).len(), 1);
    assert_eq!(
        create(&open(), "other", body(bucket("data", "Delete"))).await.status.as_str(),
        "ROLLBACK_COMPLETE"
    );
    open().delete_orphan("AWS::S3::Bucket", "data").await.unwrap();
    assert_eq!(orphans(&open()), []);
    assert!(create(&open(), "third", body(bucket("data", "Delete"))).await.status.is_healthy());
    assert_eq!(
        create(&open(), "fourth", body(bucket("data", "Delete"))).await.status.as_str(),
        "ROLLBACK_COMPLETE"
    );
}

#[tokio::test]
async fn d7_what_cannot_be_deleted_can_be_kept() {
    let client = client(&["demo.Bucket:not-empty"]);
    let stack = create(&client, "demo", body(bucket("data", "Delete"))).await;
    let retain: BTreeSet<String> = ["Bucket".to_owned()].into();
    let early = client
        .delete_stack(&DeleteStack { retain: retain.clone(), ..deletion(&stack.id, "early") })
        .await
        .unwrap_err();
    assert_eq!(early.kind, PortErrorKind::Invalid);
    assert!(early.message.contains("only when the stack is in the DELETE_FAILED state"), "{early}");
    assert_eq!(delete(&client, &stack.id, "d").await, "DELETE_FAILED");
    let reason =
        events(&client, &stack.id).await.into_iter().find(|event| event.is_root_failure()).unwrap().reason;
    insta::assert_snapshot!(reason.unwrap(), @"The bucket you tried to delete is not empty (Service: Amazon S3; Status Code: 409; Error Code: BucketNotEmpty) (fault demo.Bucket:not-empty)");
    let unknown: BTreeSet<String> = ["Nobody".to_owned()].into();
    let refusal =
        client.delete_stack(&DeleteStack { retain: unknown, ..deletion(&stack.id, "u") }).await.unwrap_err();
    assert!(refusal.message.contains("Resource [Nobody] does not exist"), "{refusal}");
    client.delete_stack(&DeleteStack { retain, ..deletion(&stack.id, "kept") }).await.unwrap();
    assert_eq!(settle(&client, &stack.id).await.0.status.as_str(), "DELETE_COMPLETE");
    assert!(timeline(&client, &stack.id).await.contains("Bucket DELETE_SKIPPED"));
    assert_eq!(orphans(&client).len(), 1);
}

#[tokio::test]
async fn d8_f3_a_stuck_deletion_takes_an_hour_and_a_fault_may_pass() {
    let client = client(&["demo.Queue:stuck*1"]);
    let stack = create(&client, "demo", body(network("10.0.0.0/16", 0))).await;
    let begun = client.now();
    assert_eq!(delete(&client, &stack.id, "one").await, "DELETE_FAILED");
    assert_eq!(client.now().duration_since(begun).as_secs(), 3600);
    assert_eq!(delete(&client, &stack.id, "two").await, "DELETE_COMPLETE");
}

async fn drift(client: &Client, stack: &str) -> (DriftDetection, Vec<ResourceDrift>) {
    let detection = client.detect_drift(stack).await.unwrap();
    let found = client.drift_detection(&detection).await.unwrap();
    (found, client.resource_drifts(stack).await.unwrap().drifted)
}

#[tokio::test]
async fn b1_b2_changes_by_hand_show_as_drift_until_an_update_sets_them_back() {
    let client = client(&[]);
    let stack = create(&client, "demo", body(network("10.0.0.0/16", 5))).await;
    let by_hand = |delay: u32| {
        BTreeMap::from([("DelaySeconds".to_owned(), json!(delay)), ("KmsMasterKeyId".to_owned(), json!("k"))])
    };
    client.tamper(&stack.id, "Queue", &by_hand(9)).await.unwrap();
    client.delete_by_hand(&stack.id, "Subnet").await.unwrap();
    let absent = client.tamper(&stack.id, "Nobody", &by_hand(9)).await.unwrap_err();
    assert_eq!(absent.kind, PortErrorKind::NotFound);
    let (found, resources) = drift(&client, &stack.id).await;
    assert_eq!(found, DriftDetection::Done { drifted: 2 });
    let shown: Vec<_> =
        resources.iter().map(|it| format!("{} {:?} {:?}", it.logical_id, it.status, it.paths)).collect();
    assert_eq!(shown, [r#"Queue Modified ["/DelaySeconds"]"#, "Subnet Deleted []"]);
    // The stack knows nothing of it: the same template again changes nothing.
    let same = update_directly(&client, &stack.id, body(network("10.0.0.0/16", 5)), "same").await;
    assert_eq!(same, UpdateAnswer::NothingToDo);
    change(&client, &stack.id, body(network("10.0.0.0/16", 6))).await;
    assert_eq!(drift(&client, &stack.id).await.1.len(), 1, "the update set the queue back");
}

#[tokio::test]
async fn b5_a_change_set_that_reverts_drift_sets_back_what_was_changed_and_makes_again_what_is_gone() {
    let client = client(&[]);
    let template = network("10.0.0.0/16", 5);
    let stack = create(&client, "demo", body(template.clone())).await;
    let by_hand = |name: &str, value: Value| BTreeMap::from([(name.to_owned(), value)]);
    client.tamper(&stack.id, "Queue", &by_hand("DelaySeconds", json!(9))).await.unwrap();
    client.tamper(&stack.id, "Vpc", &by_hand("CidrBlock", json!("10.9.0.0/16"))).await.unwrap();
    client.delete_by_hand(&stack.id, "Subnet").await.unwrap();
    let plain = update(&stack.id, body(template), "revert");
    let id = client.create_change_set("plain", &plain).await.unwrap();
    client.wait_for_change(Duration::from_secs(1)).await.unwrap();
    assert_eq!(client.describe_change_set(&id).await.unwrap().status, ChangeSetStatus::Empty);
    let request = UpdateStack { reverts_drift: true, ..plain };
    let id = client.create_change_set("revert", &request).await.unwrap();
    client.wait_for_change(Duration::from_secs(1)).await.unwrap();
    let found = client.describe_change_set(&id).await.unwrap();
    let lines = found.changes.iter().map(|change| {
        format!("{} {:?} {:?} {:?}", change.logical_id, change.action, change.replacement, change.paths)
    });
    insta::assert_snapshot!(lines.collect::<Vec<_>>().join("\n"), @r#"
    Queue Modify Some(Never) ["Properties.DelaySeconds"]
    Subnet Add None []
    Vpc Modify Some(Always) ["Properties.CidrBlock"]
    "#);
    client.execute_change_set(&id, "go").await.unwrap();
    assert_eq!(settle(&client, &stack.id).await.0.status.as_str(), "UPDATE_COMPLETE");
    assert_eq!(drift(&client, &stack.id).await.1, []);
}

#[tokio::test]
async fn b3_what_was_deleted_by_hand_cannot_be_changed_and_need_not_be_deleted() {
    let client = client(&["demo.Subnet:delete"]);
    let stack = create(&client, "demo", body(network("10.0.0.0/16", 5))).await;
    client.delete_by_hand(&stack.id, "Queue").await.unwrap();
    let (_, seen) = change(&client, &stack.id, body(network("10.0.0.0/16", 6))).await;
    assert_eq!(seen.last().unwrap(), "UPDATE_ROLLBACK_FAILED", "it cannot be set back either");
    let reason =
        events(&client, "demo").await.into_iter().find(|event| event.is_root_failure()).unwrap().reason;
    assert!(reason.unwrap().ends_with("was not found. (HandlerErrorCode: NotFound)"));
    client.delete_by_hand(&stack.id, "Subnet").await.unwrap();
    assert_eq!(delete(&client, &stack.id, "d").await, "DELETE_COMPLETE", "whatever the fault says");
}
