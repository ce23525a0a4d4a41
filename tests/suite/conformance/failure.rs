//! What goes wrong, and what is left of it.

use rekindle::model::StackStatus;
use rekindle::port::PortErrorKind;

use super::world::{World, broken, creation, deletion, queue, update};

pub async fn a_failed_creation_is_rolled_back(world: &World) {
    let stack = world.create("data", &broken(5)).await;
    assert_eq!(stack.status, StackStatus::RollbackComplete);
    assert!(stack.outputs.is_empty());
    let events = world.events(&stack.id).await;
    let cause = events.iter().rev().find(|event| event.is_root_failure()).unwrap();
    assert_eq!((cause.logical_id.as_str(), cause.status.as_str()), ("Broken", "CREATE_FAILED"));
    assert!(cause.reason.is_some());
    let is_gone =
        |id: &str| events.iter().any(|event| event.logical_id == id && event.status == "DELETE_COMPLETE");
    assert!(is_gone("Queue") && is_gone("Bucket"));
}

pub async fn a_failed_update_is_rolled_back(world: &World) {
    let before = world.create("data", &queue(5)).await;
    let (id, _) = world.change_set("first", &update(&before.id, &broken(6))).await;
    let after = world.execute(&before.id, &id).await;
    assert_eq!(after.status, StackStatus::UpdateRollbackComplete);
    assert_eq!(after.outputs, before.outputs);
    let events = world.events(&before.id).await;
    let cause = events.iter().rev().find(|event| event.is_root_failure()).unwrap();
    // AWS: the status is that of the resource. ministack gives it the stack's operation.
    let status = world.differs("CREATE_FAILED", "UPDATE_FAILED");
    assert_eq!((cause.logical_id.as_str(), cause.status.as_str()), ("Broken", status));
    let (id, change_set) = world.change_set("second", &update(&before.id, &queue(7))).await;
    assert_eq!(change_set.changes.len(), 1, "what was added is gone again");
    assert_eq!(world.execute(&before.id, &id).await.status, StackStatus::UpdateComplete);
}

pub async fn a_rolled_back_creation_can_only_be_deleted(world: &World) {
    let stack = world.create("data", &broken(5)).await;
    let error = world.cloud.update_stack(&update(&stack.id, &queue(5))).await.unwrap_err();
    assert_eq!(error.kind, PortErrorKind::WrongState, "{error}");
    let mut again = creation("data", &queue(5));
    again.token = "again".to_owned();
    // AWS: the name stays taken until the stack is deleted. ministack makes the new stack.
    if !world.differs(false, true) {
        assert_eq!(world.cloud.create_stack(&again).await.unwrap_err().kind, PortErrorKind::AlreadyExists);
        world.cloud.delete_stack(&deletion(&stack.id)).await.unwrap();
        assert_eq!(world.settled(&stack.id).await.status, StackStatus::DeleteComplete);
    }
    let id = world.cloud.create_stack(&again).await.unwrap();
    assert_eq!(world.settled(&id).await.status, StackStatus::CreateComplete);
}

pub async fn what_is_absent_is_named(world: &World) {
    let absent =
        "arn:aws:cloudformation:eu-central-1:111122223333:stack/absent/00000000-0000-0000-0000-000000000000";
    for stack in ["absent", absent] {
        assert_eq!(world.cloud.describe_stack(stack).await.unwrap(), None);
        let errors = [
            world.cloud.template(stack).await.unwrap_err(),
            world.cloud.events(stack, None).await.unwrap_err(),
            world.cloud.update_stack(&update(stack, &queue(5))).await.unwrap_err(),
            world.cloud.create_change_set("first", &update(stack, &queue(5))).await.unwrap_err(),
            world.cloud.set_termination_protection(stack, true).await.unwrap_err(),
        ];
        for error in errors {
            assert_eq!(error.kind, PortErrorKind::NotFound, "{error}");
        }
    }
}
