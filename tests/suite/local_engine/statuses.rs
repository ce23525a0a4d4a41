//! Rules S6 to S9 and M1 to M5: operations that stop half-way and go on, imports, and every status.

use std::collections::{BTreeMap, BTreeSet};

use rekindle::local::Client;
use rekindle::model::{ChangeAction, StackStatus};
use rekindle::port::{ChangeSet, ChangeSetStatus, CloudFormation, DriftDetection, PortErrorKind};
use serde_json::{Value, json};

use super::operations::network;
use super::support::*;

async fn settled(client: &Client, stack: &str) -> String {
    settle(client, stack).await.0.status.to_string()
}

fn with_dns(delay: u32) -> Value {
    let mut template = network("10.0.0.0/16", delay);
    template["Resources"]["Vpc"]["Properties"]["EnableDnsSupport"] = json!(true);
    template
}

#[tokio::test]
async fn s7_a_rollback_that_failed_goes_on() {
    let client = client(&["demo.Vpc:update*1", "demo.Queue:rollback*1"]);
    let stack = create(&client, "demo", body(network("10.0.0.0/16", 0))).await;
    let early = client.continue_rollback(&continuation(&stack.id, &[], "early")).await.unwrap_err();
    assert_eq!(early.kind, PortErrorKind::WrongState);
    change(&client, &stack.id, body(with_dns(9))).await;
    assert_eq!(settled(&client, &stack.id).await, "UPDATE_ROLLBACK_FAILED");
    let update = client.update_stack(&update(&stack.id, body(with_dns(9)), "u")).await.unwrap_err();
    assert_eq!(update.kind, PortErrorKind::WrongState);
    client.continue_rollback(&continuation(&stack.id, &[], "go on")).await.unwrap();
    client.continue_rollback(&continuation(&stack.id, &[], "go on")).await.unwrap();
    assert_eq!(settled(&client, &stack.id).await, "UPDATE_ROLLBACK_COMPLETE");
    assert_eq!(client.resource_drifts(&stack.id).await.unwrap().drifted, []);
}

#[tokio::test]
async fn s7_what_cannot_go_back_can_be_skipped() {
    let client = client(&["demo.Vpc:update", "demo.Queue:rollback"]);
    let stack = create(&client, "demo", body(network("10.0.0.0/16", 0))).await;
    change(&client, &stack.id, body(with_dns(9))).await;
    let refusal = client.continue_rollback(&continuation(&stack.id, &["Vpc"], "v")).await.unwrap_err();
    insta::assert_snapshot!(text(&refusal), @"Invalid: ContinueUpdateRollback `demo`: ValidationError: Resource [Vpc] did not fail to roll back and cannot be skipped");
    client.continue_rollback(&continuation(&stack.id, &["Queue"], "q")).await.unwrap();
    assert_eq!(settled(&client, &stack.id).await, "UPDATE_ROLLBACK_COMPLETE");
    let detection = client.detect_drift(&stack.id).await.unwrap();
    let found = client.drift_detection(&detection).await.unwrap();
    assert_eq!(found, DriftDetection::Done { drifted: 1 }, "the queue is not what the stack takes it for");
}

#[tokio::test]
async fn s8_without_rollback_a_failure_stays_as_it_is() {
    let client =
        client(&["CreateStack=no-rollback", "UpdateStack=no-rollback", "demo.Subnet*1", "demo.Vpc:update*1"]);
    let stack = create(&client, "demo", body(network("10.0.0.0/16", 0))).await;
    assert_eq!(stack.status, StackStatus::CreateFailed);
    update_directly(&client, &stack.id, body(with_dns(0)), "retry").await;
    assert_eq!(settled(&client, &stack.id).await, "UPDATE_FAILED", "the network cannot be updated either");
}

#[tokio::test]
async fn s8_what_failed_and_stayed_can_be_taken_back_or_tried_again() {
    let client = client(&["UpdateStack=no-rollback*2", "demo.Vpc:update*2"]);
    let stack = create(&client, "demo", body(network("10.0.0.0/16", 0))).await;
    for end in ["taken back", "tried again"] {
        update_directly(&client, &stack.id, body(with_dns(9)), end).await;
        assert_eq!(settled(&client, &stack.id).await, "UPDATE_FAILED");
        if end == "taken back" {
            client.continue_rollback(&continuation(&stack.id, &[], "back")).await.unwrap();
            assert_eq!(settled(&client, &stack.id).await, "UPDATE_ROLLBACK_COMPLETE");
            assert_eq!(client.describe_stack("demo").await.unwrap().unwrap().outputs, stack.outputs);
        } else {
            update_directly(&client, &stack.id, body(with_dns(9)), "again").await;
            assert_eq!(settled(&client, &stack.id).await, "UPDATE_COMPLETE");
        }
    }
    let client = self::client(&["CreateStack=no-rollback", "demo.Subnet"]);
    let failed = create(&client, "demo", body(network("10.0.0.0/16", 0))).await;
    client.continue_rollback(&continuation(&failed.id, &[], "back")).await.unwrap();
    assert_eq!(settled(&client, &failed.id).await, "ROLLBACK_COMPLETE");
}

#[tokio::test]
async fn s9_an_update_can_be_cancelled() {
    let client = client(&[]);
    let stack = create(&client, "demo", body(network("10.0.0.0/16", 0))).await;
    assert_eq!(client.cancel_update(&stack.id).await.unwrap_err().kind, PortErrorKind::WrongState);
    update_directly(&client, &stack.id, body(with_dns(9)), "u").await;
    client.cancel_update(&stack.id).await.unwrap();
    assert_eq!(settled(&client, &stack.id).await, "UPDATE_ROLLBACK_COMPLETE");
}

fn kept(bucket: &str, more: &Value) -> Value {
    let mut template = json!({"Resources": {"Bucket": {"Type": "AWS::S3::Bucket", "DeletionPolicy": "Retain",
        "Properties": {"BucketName": bucket}}}});
    for (name, resource) in more.as_object().into_iter().flatten() {
        template["Resources"][name] = resource.clone();
    }
    template
}

/// An account in which the bucket `data` stands without a stack.
async fn with_orphan(faults: &[&str]) -> Client {
    let client = client(faults);
    let stack = create(&client, "before", body(kept("data", &json!({})))).await;
    client.delete_stack(&deletion(&stack.id, "d")).await.unwrap();
    settle(&client, &stack.id).await;
    // Nobody has heard yet that it was gone at once.
    client.wait_for_change(std::time::Duration::ZERO).await.unwrap();
    client
}

async fn import(client: &Client, stack: &str, template: Value, id: &str) -> (String, ChangeSet) {
    let imports = BTreeMap::from([("Bucket".to_owned(), id.to_owned())]);
    let set = client.create_import("import", &update(stack, body(template), "i"), &imports).await.unwrap();
    client.wait_for_change(std::time::Duration::from_secs(60)).await.unwrap();
    let shown = client.describe_change_set(&set).await.unwrap();
    (set, shown)
}

#[tokio::test]
async fn m1_m2_what_stands_becomes_a_stacks() {
    let client = with_orphan(&[]).await;
    let (set, shown) = import(&client, "new", kept("data", &json!({})), "data").await;
    assert_eq!(shown.status, ChangeSetStatus::Ready);
    assert_eq!(shown.changes.iter().map(|change| change.action).collect::<Vec<_>>(), [ChangeAction::Import]);
    assert_eq!(settled(&client, "new").await, "REVIEW_IN_PROGRESS");
    client.execute_change_set(&set, "go").await.unwrap();
    let (stack, seen) = settle(&client, "new").await;
    assert_eq!(seen, ["IMPORT_IN_PROGRESS", "IMPORT_COMPLETE"]);
    assert_eq!(client.orphans(), []);
    insta::assert_snapshot!(timeline(&client, "new").await.replace("  ", " "), @"
        30 new REVIEW_IN_PROGRESS (User Initiated)
        30 new IMPORT_IN_PROGRESS (User Initiated)
        30 Bucket IMPORT_IN_PROGRESS (Resource import started.)
        32 Bucket IMPORT_COMPLETE (Resource import completed.)
        32 Bucket UPDATE_IN_PROGRESS (Apply stack-level tags to imported resource if applicable.)
        32 Bucket UPDATE_COMPLETE
        32 new IMPORT_COMPLETE
        ");
    let mut more = kept("data", &json!({"Topic": {"Type": "AWS::SNS::Topic"}}));
    more["Outputs"] = json!({"Bucket": {"Value": {"Ref": "Bucket"}}});
    assert_eq!(change(&client, &stack.id, body(more)).await.1.last().unwrap(), "UPDATE_COMPLETE");
}

#[tokio::test]
async fn m3_nothing_else_may_change_with_an_import() {
    let client = with_orphan(&[]).await;
    let topic = json!({"Topic": {"Type": "AWS::SNS::Topic"}});
    let standing = create(&client, "demo", body(json!({"Resources": topic}))).await;
    let mut with_output = kept("data", &topic);
    with_output["Outputs"] = json!({"New": {"Value": "v"}});
    let mut changed = kept("data", &topic);
    changed["Resources"]["Topic"]["Properties"] = json!({"DisplayName": "new"});
    for (template, words) in
        [(with_output, "modify or add [Outputs]"), (changed, "modify or add resources: [Topic]")]
    {
        let (set, shown) = import(&client, &standing.id, template, "data").await;
        let ChangeSetStatus::Failed(reason) = shown.status else { panic!("{:?}", shown.status) };
        assert!(reason.ends_with(words), "{reason}");
        client.delete_change_set(&standing.id, &set).await.unwrap();
    }
    let mut without_policy = kept("data", &topic);
    without_policy["Resources"]["Bucket"].as_object_mut().unwrap().remove("DeletionPolicy");
    let imports = BTreeMap::from([("Bucket".to_owned(), "data".to_owned())]);
    let request = update(&standing.id, body(without_policy), "i");
    let refusal = client.create_import("import", &request, &imports).await.unwrap_err();
    assert!(refusal.message.contains("must have DeletionPolicy"), "{refusal}");
    let (set, _) = import(&client, &standing.id, kept("data", &topic), "data").await;
    client.execute_change_set(&set, "go").await.unwrap();
    assert_eq!(settled(&client, &standing.id).await, "IMPORT_COMPLETE");
}

#[tokio::test]
async fn m4_an_import_that_fails_leaves_things_as_they_were() {
    let client = with_orphan(&["demo.Bucket:rollback*1"]).await;
    let two = json!({"Other": {"Type": "AWS::S3::Bucket", "DeletionPolicy": "Retain", "DependsOn": "Bucket",
        "Properties": {"BucketName": "absent"}}});
    let imports: BTreeMap<_, _> =
        [("Bucket", "data"), ("Other", "absent")].map(|(id, name)| (id.to_owned(), name.to_owned())).into();
    let request = update("demo", body(kept("data", &two)), "i");
    let set = client.create_import("import", &request, &imports).await.unwrap();
    client.wait_for_change(std::time::Duration::from_secs(60)).await.unwrap();
    client.execute_change_set(&set, "go").await.unwrap();
    assert_eq!(settled(&client, "demo").await, "IMPORT_ROLLBACK_FAILED");
    client.continue_rollback(&continuation("demo", &[], "again")).await.unwrap();
    assert_eq!(settled(&client, "demo").await, "IMPORT_ROLLBACK_COMPLETE");
    assert_eq!(client.orphans().len(), 1, "the bucket is where it was");
}

#[tokio::test]
async fn m5_what_an_import_says_differently_is_drift() {
    let client = with_orphan(&[]).await;
    let mut template = kept("data", &json!({}));
    template["Resources"]["Bucket"]["Properties"]["Tier"] = json!("cold");
    let (set, _) = import(&client, "new", template, "data").await;
    client.execute_change_set(&set, "go").await.unwrap();
    settle(&client, "new").await;
    assert_eq!(client.resource_drifts("new").await.unwrap().drifted[0].paths, ["/Tier"]);
}

#[tokio::test]
async fn s6_a_change_set_of_a_new_stack_leaves_a_stack_in_review() {
    let client = client(&[]);
    let request = update("demo", body(network("10.0.0.0/16", 0)), "r");
    let set = client.create_review("first", &request).await.unwrap();
    client.wait_for_change(std::time::Duration::from_secs(60)).await.unwrap();
    assert_eq!(settled(&client, "demo").await, "REVIEW_IN_PROGRESS");
    let taken = client.create_stack(&creation("demo", body(network("10.0.0.0/16", 0)))).await.unwrap_err();
    assert_eq!(taken.kind, PortErrorKind::AlreadyExists);
    client.execute_change_set(&set, "go").await.unwrap();
    assert_eq!(settled(&client, "demo").await, "CREATE_COMPLETE");
    client.create_review("second", &update("other", body(network("10.0.0.0/16", 0)), "s")).await.unwrap();
    client.delete_stack(&deletion("other", "d")).await.unwrap();
    assert!(client.describe_stack("other").await.unwrap().is_none());
}

/// What later work must be able to meet, it can.
#[tokio::test]
async fn s6_every_status_is_reached() {
    let mut seen = BTreeSet::new();
    let mut watch = async |client: &Client, stack: &str| {
        settle(client, stack).await;
        let own = events(client, stack).await.into_iter();
        seen.extend(own.filter(|event| event.resource_type.ends_with("::Stack")).map(|event| event.status));
    };
    // A creation and an update that fail, each with a rollback that fails, and a deletion that does.
    let failing =
        client(&["demo.Subnet*1", "demo.Vpc:delete*2", "other.Vpc:update*1", "other.Queue:rollback*1"]);
    let demo = create(&failing, "demo", body(network("10.0.0.0/16", 0))).await;
    for token in ["one", "two"] {
        watch(&failing, &demo.id).await;
        failing.delete_stack(&deletion(&demo.id, token)).await.unwrap();
    }
    watch(&failing, &demo.id).await;
    let other = create(&failing, "other", body(network("10.0.0.0/16", 0))).await;
    change(&failing, &other.id, body(with_dns(9))).await;
    watch(&failing, &other.id).await;
    failing.continue_rollback(&continuation(&other.id, &[], "go on")).await.unwrap();
    watch(&failing, &other.id).await;
    let third = client(&["third.Subnet"]);
    let third_stack = create(&third, "third", body(network("10.0.0.0/16", 0))).await;
    watch(&third, &third_stack.id).await;
    // An update that succeeds, and what is not rolled back.
    let plain =
        client(&["CreateStack=no-rollback", "UpdateStack=no-rollback", "demo.Subnet*1", "demo.Vpc:update*1"]);
    let demo = create(&plain, "demo", body(network("10.0.0.0/16", 0))).await;
    update_directly(&plain, &demo.id, body(with_dns(0)), "fails").await;
    settle(&plain, &demo.id).await;
    let mut smaller = with_dns(0);
    smaller["Resources"].as_object_mut().unwrap().remove("Queue");
    update_directly(&plain, &demo.id, body(smaller), "again").await;
    watch(&plain, &demo.id).await;
    // An import that succeeds, and one that fails twice.
    for template in [
        kept("data", &json!({})),
        kept(
            "absent",
            &json!({"First": {"Type": "AWS::S3::Bucket",
        "DeletionPolicy": "Retain", "Properties": {"BucketName": "data"}}}),
        ),
    ] {
        let importing = with_orphan(&["demo.First:rollback*1"]).await;
        let mut template = template;
        let ids: BTreeMap<String, String> = match template["Resources"].get("First") {
            None => [("Bucket".to_owned(), "data".to_owned())].into(),
            Some(_) => {
                template["Resources"]["Bucket"]["DependsOn"] = json!("First");
                [("First".to_owned(), "data".to_owned()), ("Bucket".to_owned(), "absent".to_owned())].into()
            }
        };
        let set =
            importing.create_import("import", &update("demo", body(template), "i"), &ids).await.unwrap();
        importing.wait_for_change(std::time::Duration::from_secs(60)).await.unwrap();
        importing.execute_change_set(&set, "go").await.unwrap();
        watch(&importing, "demo").await;
        if ids.len() > 1 {
            importing.continue_rollback(&continuation("demo", &[], "again")).await.unwrap();
            watch(&importing, "demo").await;
        }
    }
    let all: BTreeSet<String> = StackStatus::ALL.iter().map(ToString::to_string).collect();
    assert_eq!(all.difference(&seen).collect::<Vec<_>>(), Vec::<&String>::new());
}
