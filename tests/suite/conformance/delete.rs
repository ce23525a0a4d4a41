//! Deleting stacks.

use rekindle::model::{StackEvent, StackStatus};
use rekindle::port::PortErrorKind;

use serde_json::json;

use super::world::{World, creation, deletion, pairs, queue, update};

pub async fn a_deleted_stack_is_found_by_its_arn_only(world: &World) {
    let stack = world.create("network", &queue(5)).await;
    world.cloud.delete_stack(&deletion(&stack.id)).await.unwrap();
    assert_eq!(world.settled(&stack.id).await.status, StackStatus::DeleteComplete);
    assert_eq!(world.cloud.describe_stack("network").await.unwrap(), None);
    let mut again = creation("network", &queue(5));
    again.token = "again".to_owned();
    let second = world.cloud.create_stack(&again).await.unwrap();
    assert_ne!(second, stack.id, "a name can be used again, an ARN never");
}

pub async fn a_protected_stack_is_not_deleted(world: &World) {
    let mut request = creation("data", &queue(5));
    request.termination_protection = true;
    let id = world.cloud.create_stack(&request).await.unwrap();
    assert!(world.settled(&id).await.termination_protection);
    let error = world.cloud.delete_stack(&deletion(&id)).await.unwrap_err();
    assert_eq!(error.kind, PortErrorKind::WrongState, "{error}");
    assert_eq!(world.settled(&id).await.status, StackStatus::CreateComplete);
    world.cloud.set_termination_protection(&id, false).await.unwrap();
    world.cloud.delete_stack(&deletion(&id)).await.unwrap();
    assert_eq!(world.settled(&id).await.status, StackStatus::DeleteComplete);
}

pub async fn what_does_not_exist_is_deleted_already(world: &World) {
    world.cloud.delete_stack(&deletion("absent")).await.unwrap();
}

pub async fn a_stack_lists_its_resources_and_its_events_account_for_them(world: &World) {
    let mut template = queue(5);
    template["Resources"]["Kept"] = json!({"Type": "AWS::SQS::Queue", "DeletionPolicy": "Retain"});
    let stack = world.create("network", &template).await;
    let listed = world.cloud.resources(&stack.id, None).await.unwrap();
    assert_eq!(listed.next, None);
    let ids: Vec<_> = listed.items.iter().map(|one| (one.logical_id.as_str(), one.status.as_str())).collect();
    assert_eq!(ids, [("Kept", "CREATE_COMPLETE"), ("Queue", "CREATE_COMPLETE")]);
    world.cloud.delete_stack(&deletion(&stack.id)).await.unwrap();
    assert_eq!(world.settled(&stack.id).await.status, StackStatus::DeleteComplete);
    let events = world.events(&stack.id).await;
    for (resource, end) in listed.items.iter().zip(["DELETE_SKIPPED", "DELETE_COMPLETE"]) {
        let is_end = |event: &&StackEvent| {
            event.logical_id == resource.logical_id && event.physical_id == resource.physical_id
        };
        let last = events.iter().find(is_end).unwrap();
        assert_eq!((last.logical_id.as_str(), last.status.as_str()), (resource.logical_id.as_str(), end));
    }
}

pub async fn who_imports_an_export_is_known(world: &World) {
    let export = format!("topic-of-{}", world.account);
    let exporter = json!({
        "Resources": {"Topic": {"Type": "AWS::SNS::Topic"}},
        "Outputs": {"Name": {"Value": {"Fn::GetAtt": ["Topic", "TopicName"]}, "Export": {"Name": export}}},
    });
    world.create("exporter", &exporter).await;
    assert_eq!(world.cloud.importers(&export).await.unwrap(), Vec::<String>::new());
    let mut importer = queue(5);
    importer["Resources"]["Queue"]["Properties"]["QueueName"] =
        json!({"Fn::Join": ["-", [{"Fn::ImportValue": export}, "jobs"]]});
    world.create("importer", &importer).await;
    assert_eq!(world.cloud.importers(&export).await.unwrap(), ["importer"]);
}

pub async fn values_that_nobody_can_read_are_kept(world: &World) {
    let template = |delay: u32| {
        let mut template = queue(delay);
        template["Parameters"] = json!({"Secret": {"Type": "String", "NoEcho": true}});
        template["Resources"]["Queue"]["Properties"]["QueueName"] = json!({"Ref": "Secret"});
        template
    };
    let mut request = creation("network", &template(5));
    request.body.parameters = pairs(&[("Secret", "jobs-of-nobody")]);
    let id = world.cloud.create_stack(&request).await.unwrap();
    world.settled(&id).await;
    let mut request = update(&id, &template(7));
    request.body.kept_parameters = ["Secret".to_owned()].into();
    world.cloud.update_stack(&request).await.unwrap();
    assert_eq!(world.settled(&id).await.status, StackStatus::UpdateComplete);
    let queue = world.cloud.resources(&id, None).await.unwrap().items.remove(0);
    assert!(queue.physical_id.unwrap().ends_with("jobs-of-nobody"));
}

pub async fn what_carries_tags_is_found_until_it_is_gone(world: &World) {
    let tags = pairs(&[("rekindle:project", "fieldbook"), ("rekindle:environment", &world.account)]);
    let mut request = creation("network", &queue(5));
    request.body.tags = tags.clone();
    let id = world.cloud.create_stack(&request).await.unwrap();
    world.settled(&id).await;
    let found = world.cloud.tagged(&tags, None).await.unwrap();
    assert_eq!((found.items.len(), found.next), (1, None));
    assert!(tags.iter().all(|(key, value)| found.items[0].tags.get(key) == Some(value)));
    let others = pairs(&[("rekindle:project", "another")]);
    assert_eq!(world.cloud.tagged(&others, None).await.unwrap().items, []);
    world.cloud.delete_stack(&deletion(&id)).await.unwrap();
    world.settled(&id).await;
    assert_eq!(world.cloud.tagged(&tags, None).await.unwrap().items, []);
}
