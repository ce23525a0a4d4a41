//! Listing stacks, and who sees which.

use std::collections::BTreeSet;

use futures_util::future::join_all;
use rekindle::port::DriftDetection;

use super::world::{World, creation, deletion, queue};

pub async fn every_stack_is_listed_once_over_several_pages(world: &World) {
    let names: BTreeSet<String> = (0..101).map(|number| format!("stack-{number}")).collect();
    let requests: Vec<_> = names.iter().map(|name| creation(name, &queue(5))).collect();
    for answer in join_all(requests.iter().map(|request| world.cloud.create_stack(request))).await {
        answer.unwrap();
    }
    let pages = world.listed().await;
    assert!(pages.len() > 1, "a page holds at most 100 stacks");
    let listed = pages.concat();
    assert_eq!(listed.len(), names.len());
    assert_eq!(listed.into_iter().map(|stack| stack.name).collect::<BTreeSet<_>>(), names);
}

pub async fn deleted_stacks_are_not_listed(world: &World) {
    let stack = world.create("network", &queue(5)).await;
    let kept = world.create("data", &queue(5)).await;
    world.cloud.delete_stack(&deletion(&stack.id)).await.unwrap();
    world.settled(&stack.id).await;
    assert_eq!(world.listed().await.concat(), [kept]);
}

pub async fn accounts_are_kept_apart(world: &World) {
    let other = world.elsewhere().await;
    let stack = world.create("network", &queue(5)).await;
    let same_name = other.create("network", &queue(5)).await;
    assert_ne!(stack.id, same_name.id);
    assert_eq!(world.listed().await.concat(), [stack]);
    assert_eq!(other.cloud.identity().await.unwrap().account.as_str(), other.account);
    assert_eq!(world.cloud.identity().await.unwrap().region.as_str(), "eu-central-1");
}

pub async fn an_untouched_stack_has_no_drift(world: &World) {
    let stack = world.create("network", &queue(5)).await;
    assert_eq!(world.drift(&stack.id).await, DriftDetection::Done { drifted: 0 });
    assert_eq!(world.cloud.resource_drifts(&stack.id).await.unwrap().drifted, []);
}
