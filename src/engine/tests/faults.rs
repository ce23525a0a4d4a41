//! Throttles and lost answers never fail a deployment whose stacks are fine.

use super::*;
use crate::plan::fixture::{Vary as _, environment};

fn layers() -> Vec<DesiredUnit> {
    let mut units = Vec::new();
    for layer in 0..4_u32 {
        for number in 0..5 {
            let mut unit = unit(&format!("unit-{layer}-{number}"));
            if layer > 0 {
                unit = unit.reads("Provider", &format!("unit-{}-{number}", layer - 1));
            }
            units.push(unit);
        }
    }
    units
}

async fn full_circle(habits: Habits) {
    let mut world = World::new(habits);
    let units = layers();
    let outcome = world.deploy(&units).await;
    assert!(is_done(&outcome), "{:?}", told(&outcome));
    assert_eq!(world.fake.state().begun.len(), units.len(), "nothing is made twice");
    let changed: Vec<_> = units.iter().map(|unit| unit.clone().display_name("changed")).collect();
    let outcome = world.deploy(&changed).await;
    assert!(is_done(&outcome), "{:?}", told(&outcome));
    assert!(world.verify(&changed).await.is_equal());
    world.fake.state().begun.clear();
    let outcome = world.teardown().await;
    assert!(is_done(&outcome), "{:?}", told(&outcome));
    assert_eq!(world.fake.state().begun.len(), units.len());
    assert!(world.observe(&[]).await.stacks[&TargetName::primary()].is_empty());
}

#[tokio::test]
async fn throttles() {
    full_circle(Habits { throttled: 30, ..Habits::default() }).await;
}

#[tokio::test]
async fn throttles_of_a_cloud_that_only_sleeps() {
    full_circle(Habits { throttled: 30, sleeps: true, ..Habits::default() }).await;
}

#[tokio::test]
async fn lost_answers() {
    full_circle(Habits { lost: 20, ..Habits::default() }).await;
}

#[tokio::test]
async fn everything_at_once() {
    full_circle(Habits { throttled: 20, lost: 15, sleeps: true, ..Habits::default() }).await;
}

#[tokio::test]
async fn slowing_down_is_said() {
    let mut world = World::new(Habits { throttled: 30, sleeps: true, ..Habits::default() });
    world.deploy(&environment()).await;
    let notice = "CloudFormation is throttling: slowing down to 2.5 calls a second";
    assert!(
        world.notices().iter().any(|message| message.starts_with(&notice[..47])),
        "{:?}",
        world.notices()
    );
}

#[tokio::test]
async fn many_stacks_are_polled_by_the_page() {
    let mut world = World::new(Habits { sleeps: true, ..Habits::default() });
    let units: Vec<_> = (0..30).map(|number| unit(&format!("unit-{number}")).seconds(60.0)).collect();
    assert!(is_done(&world.deploy(&units).await));
    let (pages, alone) = (world.calls("DescribeStacks"), world.calls("DescribeStack"));
    assert!(alone < 60, "{alone} looks at single stacks and {pages} pages");
}
