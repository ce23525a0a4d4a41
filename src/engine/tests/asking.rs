//! What a place has besides stacks, asked beforehand.

use std::collections::BTreeMap;

use super::*;
use crate::engine::ask;
use crate::model::{Outside, Presence, Quota, QuotaKind};
use crate::plan::fixture::environment;
use crate::plan::needed::{Answers, Needed};

fn secret(name: &str) -> Outside {
    Outside::Secret { name: name.to_owned(), stage: None, version: None }
}

fn image(number: u32) -> Outside {
    Outside::MachineImage(format!("there-{number:03}"))
}

async fn asked(world: &World, things: Vec<Outside>) -> Answers {
    let by = [unit("web").identity.instance].into();
    let things = things.into_iter().map(|thing| (thing, std::collections::BTreeSet::clone(&by))).collect();
    let needed = Needed { things, room: [(QuotaKind::Stacks, 1)].into() };
    let needed = BTreeMap::from([(TargetName::primary(), needed)]);
    let mut answers = ask(&world.clouds, &needed, &world.recorder, &Stop::never()).await.unwrap();
    answers.remove(&TargetName::primary()).unwrap()
}

#[tokio::test]
async fn every_thing_is_answered_in_as_few_calls_as_there_may_be() {
    let mut world = World::new(Habits { throttled: 20, ..Habits::default() });
    world.deploy(&environment()).await;
    world.fake.state().calls.clear();
    let mut things: Vec<Outside> = (0..201).map(image).collect();
    things.extend([secret("there"), secret("elsewhere")]);
    let answers = asked(&world, things).await;
    assert_eq!(answers.things.len(), 203);
    assert_eq!(answers.things[&image(200)], Ok(Presence::There));
    assert_eq!(answers.things[&secret("there")], Ok(Presence::There));
    assert_eq!(answers.things[&secret("elsewhere")], Ok(Presence::Missing("is not there".to_owned())));
    assert_eq!(answers.room[&QuotaKind::Stacks], Ok(Some(Quota { most: 7, used: Some(4) })));
    let calls = world.fake.state().calls.clone();
    let made = [("DescribeAccountLimits", 1), ("DescribeSecret", 4), ("DescribeStacks", 2)];
    assert_eq!(calls, made.into(), "two secrets, two calls for the images, two pages of stacks");
}

#[tokio::test]
async fn what_is_denied_keeps_nothing_else_from_being_asked() {
    let world = World::new(Habits { denies_presence: true, ..Habits::default() });
    let answers = asked(&world, vec![secret("a"), secret("b"), image(1)]).await;
    let denied = Err("DescribeSecret: AccessDenied".to_owned());
    assert!(answers.things.values().all(|answer| *answer == denied), "{answers:?}");
    assert_eq!(answers.room[&QuotaKind::Stacks], Ok(Some(Quota { most: 7, used: Some(0) })));
    let told = "asking what is there at `primary`: machine images (1), secrets (2), room for stacks";
    assert_eq!(world.notices(), [told]);
}
