//! Effects are announced before they are asked for; one that cannot be is not begun.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;

use super::*;
use crate::model::{Answer, Effect, InterruptedRun, JournalEntry, JournalHeader};
use crate::plan::fixture::Vary as _;
use crate::port::{Journal, PortError, PortErrorKind};

/// A journal that takes a number of announcements, and then no more.
#[derive(Debug, Default)]
struct Paper {
    lines: Mutex<Vec<JournalEntry>>,
    room: AtomicUsize,
}

impl Paper {
    fn of(room: usize) -> Arc<Self> {
        Arc::new(Self { room: AtomicUsize::new(room), ..Self::default() })
    }
}

#[async_trait]
impl Journal for Paper {
    async fn announce(&self, entry: &JournalEntry) -> Result<(), PortError> {
        if self.room.load(Ordering::SeqCst) == 0 {
            return Err(PortError::new(
                PortErrorKind::Unjournalled,
                "write the journal `paper`",
                "it is full",
            )
            .with_hint("turn the page"));
        }
        self.room.fetch_sub(1, Ordering::SeqCst);
        self.note(entry).await
    }

    async fn note(&self, entry: &JournalEntry) -> Result<(), PortError> {
        self.lines.lock().unwrap().push(entry.clone());
        Ok(())
    }
}

fn units() -> Vec<DesiredUnit> {
    vec![unit("network"), unit("data").reads("Provider", "network")]
}

async fn deploy(world: &mut World, units: &[DesiredUnit], journal: Arc<Paper>) -> Outcome {
    world.options.journal = Some(journal);
    world.deploy(units).await
}

#[tokio::test]
async fn every_effect_stands_between_its_announcement_and_its_answer() {
    let (mut world, paper) = (World::new(Habits::default()), Paper::of(100));
    deploy(&mut world, &units(), Arc::clone(&paper)).await;
    let changed: Vec<_> = units().into_iter().map(|unit| unit.display_name("changed")).collect();
    deploy(&mut world, &changed, Arc::clone(&paper)).await;
    let lines = paper.lines.lock().unwrap();
    let data = lines.iter().filter_map(|line| match line {
        JournalEntry::Before { instance, effect, .. } if instance.unit.as_str() == "data" => {
            Some(format!("before {}", effect.as_str()))
        }
        JournalEntry::After { instance, effect, answer: Answer::Accepted { .. }, .. }
            if instance.unit.as_str() == "data" =>
        {
            Some(format!("after {}", effect.as_str()))
        }
        JournalEntry::Finished { instance, last: Some(_), .. } if instance.unit.as_str() == "data" => {
            Some("finished".to_owned())
        }
        _ => None,
    });
    assert_eq!(
        data.collect::<Vec<_>>(),
        [
            "before CreateStack",
            "after CreateStack",
            "finished",
            "before CreateChangeSet",
            "after CreateChangeSet",
            "before ExecuteChangeSet",
            "after ExecuteChangeSet",
            "finished",
        ]
    );
}

#[tokio::test]
async fn what_cannot_be_announced_is_not_begun_and_a_rerun_does_it() {
    let mut world = World::new(Habits::default());
    let outcome = deploy(&mut world, &units(), Paper::of(1)).await;
    assert_eq!(
        told(&outcome),
        ["network done", "data refused: write the journal `paper`: it is full (turn the page)"]
    );
    assert_eq!(world.fake.state().begun.len(), 1, "nothing was begun that was not announced");
    let outcome = deploy(&mut world, &units(), Paper::of(1)).await;
    assert!(is_done(&outcome), "{:?}", super::told(&outcome));

    let changed: Vec<_> = units().into_iter().map(|unit| unit.display_name("changed")).collect();
    let outcome = deploy(&mut world, &changed, Paper::of(1)).await;
    assert!(!is_done(&outcome));
    assert!(world.verify(&units()).await.is_equal(), "a change set that may not be executed changes nothing");
}

#[tokio::test]
async fn what_became_of_a_dead_run_is_read_from_the_stacks() {
    let (mut world, paper) = (World::new(Habits::default()), Paper::of(100));
    deploy(&mut world, &units(), Arc::clone(&paper)).await;
    let header: JournalHeader = serde_json::from_value(json!({
        "schema": 1, "run": "run", "project": "fieldbook", "environment": "demo", "operation": "deploy",
        "started": "2026-11-23T10:00:00Z", "process": 2, "places": {},
    }))
    .unwrap();
    // As it would be if the process had died after its first announcement for each.
    let is_announcement = |line: &JournalEntry| matches!(line, JournalEntry::Before { .. });
    let lines = paper.lines.lock().unwrap().clone();
    let mut entries: Vec<_> = lines.into_iter().filter(is_announcement).collect();
    entries.push(JournalEntry::Before {
        time: jiff::Timestamp::UNIX_EPOCH,
        instance: "never".parse().unwrap(),
        effect: Effect::CreateStack,
        stack: "fieldbook-demo-never".to_owned(),
        subject: "token".to_owned(),
    });
    let run = InterruptedRun { header, entries };
    let found = crate::engine::recover(&world.clouds, &run, &world.recorder, &Stop::never()).await.unwrap();
    let stands: Vec<_> =
        found.iter().map(|(instance, last)| format!("{instance} {}", last.is_some())).collect();
    assert_eq!(stands, ["data true", "network true", "never false"]);
    let notices = world.notices();
    for text in [
        "CreateStack had been announced: the stack is CREATE_COMPLETE",
        "CreateStack had been announced: there is no stack",
    ] {
        assert!(notices.iter().any(|notice| notice == text), "{notices:?}");
    }
}
