//! Deleting stacks.

use rekindle::model::StackStatus;
use rekindle::port::PortErrorKind;

use super::world::{World, creation, deletion, queue};

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
