//! Changing stacks, by change set and directly.

use rekindle::model::{Change, ChangeAction, Replacement, StackEvent, StackStatus};
use rekindle::port::{ChangeSetStatus, PortErrorKind, UpdateAnswer};
use serde_json::json;

use super::world::{World, pairs, queue, update};

fn change(action: ChangeAction, id: &str, replacement: Option<Replacement>, paths: &[&str]) -> Change {
    Change {
        action,
        logical_id: id.to_owned(),
        resource_type: "AWS::SQS::Queue".to_owned(),
        replacement,
        paths: paths.iter().map(|path| (*path).to_owned()).collect(),
        replacing: Vec::new(),
    }
}

pub async fn a_change_set_announces_and_does_it(world: &World) {
    let mut template = queue(5);
    template["Resources"]["Old"] = json!({"Type": "AWS::SQS::Queue"});
    let before = world.create("network", &template).await;
    let mut template = queue(6);
    template["Resources"]["New"] = json!({"Type": "AWS::SQS::Queue"});
    let (id, mut change_set) = world.change_set("first", &update(&before.id, &template)).await;
    change_set.changes.sort_by(|one, other| one.logical_id.cmp(&other.logical_id));
    assert_eq!(change_set.status, ChangeSetStatus::Ready);
    assert_eq!(
        change_set.changes,
        [
            change(ChangeAction::Add, "New", None, &[]),
            change(ChangeAction::Remove, "Old", None, &[]),
            change(ChangeAction::Modify, "Queue", Some(Replacement::Never), &["Properties.DelaySeconds"]),
        ]
    );
    let after = world.execute(&before.id, &id).await;
    assert_eq!(after.status, StackStatus::UpdateComplete);
    assert_eq!(after.outputs, before.outputs, "the queue keeps its identity");
    assert!(after.updated.is_some());
    // AWS: a removed resource has its events. ministack shows those of the stack alone.
    let is_shown = |event: &StackEvent| event.logical_id == "Old" && event.status == "DELETE_COMPLETE";
    assert_eq!(world.events(&before.id).await.iter().any(is_shown), world.differs(true, false));
}

pub async fn a_replacement_is_announced_and_done(world: &World) {
    let mut template = queue(5);
    template["Resources"]["Queue"]["Properties"]["QueueName"] = json!("first");
    let before = world.create("network", &template).await;
    template["Resources"]["Queue"]["Properties"]["QueueName"] = json!("second");
    let (id, change_set) = world.change_set("first", &update(&before.id, &template)).await;
    let expected =
        change(ChangeAction::Modify, "Queue", Some(Replacement::Always), &["Properties.QueueName"]);
    assert_eq!(change_set.changes, [expected]);
    let after = world.execute(&before.id, &id).await;
    assert_eq!((before.outputs["Name"].as_str(), after.outputs["Name"].as_str()), ("first", "second"));
}

pub async fn a_change_set_without_changes_is_empty(world: &World) {
    let stack = world.create("network", &queue(5)).await;
    let request = update(&stack.id, &queue(5));
    let (_, change_set) = world.change_set("first", &request).await;
    assert_eq!(change_set.status, ChangeSetStatus::Empty);
    assert_eq!(change_set.changes, []);
    assert_eq!(world.cloud.update_stack(&request).await.unwrap(), UpdateAnswer::NothingToDo);
    assert_eq!(world.settled(&stack.id).await, stack, "nothing happened");
}

pub async fn a_change_of_metadata_alone_is_none(world: &World) {
    let stack = world.create("network", &queue(5)).await;
    let mut template = queue(5);
    template["Metadata"] = json!({"Note": "changed"});
    template["Description"] = json!("changed");
    let (_, change_set) = world.change_set("first", &update(&stack.id, &template)).await;
    assert_eq!(change_set.status, ChangeSetStatus::Empty);
}

pub async fn a_change_of_one_output_counts(world: &World) {
    let stack = world.create("network", &queue(5)).await;
    let mut template = queue(5);
    template["Outputs"]["Note"] = json!({"Value": "changed"});
    let request = update(&stack.id, &template);
    let (id, change_set) = world.change_set("first", &request).await;
    assert_eq!(change_set.changes, []);
    // AWS: such a change set can be executed, and lists no changes. ministack says that it has
    // none, and does the same update without a change set.
    let after = if world.differs(false, true) {
        assert_eq!(change_set.status, ChangeSetStatus::Empty);
        world.cloud.delete_change_set(&stack.id, &id).await.unwrap();
        assert_eq!(world.cloud.update_stack(&request).await.unwrap(), UpdateAnswer::Started);
        world.settled(&stack.id).await
    } else {
        assert_eq!(change_set.status, ChangeSetStatus::Ready);
        world.execute(&stack.id, &id).await
    };
    assert_eq!(after.status, StackStatus::UpdateComplete);
    assert_eq!(after.outputs["Note"], "changed");
}

pub async fn a_change_of_tags_counts(world: &World) {
    let stack = world.create("network", &queue(5)).await;
    let mut request = update(&stack.id, &queue(5));
    request.body.tags = pairs(&[("team", "data")]);
    let (id, change_set) = world.change_set("first", &request).await;
    assert_eq!(change_set.status, ChangeSetStatus::Ready);
    let expected = change(ChangeAction::Modify, "Queue", Some(Replacement::Never), &["Tags"]);
    assert_eq!(change_set.changes, [expected]);
    assert_eq!(world.execute(&stack.id, &id).await.tags, request.body.tags);
}

pub async fn a_change_set_can_be_taken_back(world: &World) {
    let stack = world.create("network", &queue(5)).await;
    let (first, _) = world.change_set("first", &update(&stack.id, &queue(6))).await;
    let (second, _) = world.change_set("second", &update(&stack.id, &queue(7))).await;
    world.cloud.delete_change_set(&stack.id, &first).await.unwrap();
    let error = world.cloud.describe_change_set(&first).await.unwrap_err();
    assert_eq!(error.kind, PortErrorKind::NotFound, "{error}");
    let after = world.execute(&stack.id, &second).await;
    assert_eq!(after.status, StackStatus::UpdateComplete);
}

pub async fn an_update_goes_without_a_change_set(world: &World) {
    let stack = world.create("network", &queue(5)).await;
    let answer = world.cloud.update_stack(&update("network", &queue(6))).await.unwrap();
    assert_eq!(answer, UpdateAnswer::Started);
    let after = world.settled(&stack.id).await;
    assert_eq!(after.status, StackStatus::UpdateComplete);
    assert_eq!(world.cloud.template(&stack.id).await.unwrap(), queue(6).to_string());
}
