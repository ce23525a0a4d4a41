//! Once: finish what runs. Twice: let go. A rerun continues.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};

use super::*;
use crate::engine::{EventSink, Stopper};
use crate::plan::fixture::Vary as _;

/// Pulls the stop when the first resource is on its way.
struct Puller<'r> {
    recorder: &'r Recorder,
    stopper: Mutex<Stopper>,
    times: AtomicU32,
}

impl EventSink for Puller<'_> {
    fn send(&self, event: Event) {
        if matches!(&event, Event::Resource { stack_event, .. } if stack_event.status == "CREATE_IN_PROGRESS")
        {
            for _ in 0..self.times.swap(0, Ordering::Relaxed) {
                self.stopper.lock().unwrap().stop();
            }
        }
        self.recorder.send(event);
    }
}

fn units() -> Vec<DesiredUnit> {
    vec![unit("a").seconds(30.0), unit("b").seconds(60.0), unit("c").after("a"), unit("d").after("c")]
}

async fn stopped(world: &World, times: u32) -> Outcome {
    let (stopper, stop) = Stop::new();
    let plan = world.plan(&units()).await;
    let sink =
        Puller { recorder: &world.recorder, stopper: Mutex::new(stopper), times: AtomicU32::new(times) };
    let options = ExecuteOptions { run: "stopped".to_owned(), ..Default::default() };
    execute(&plan, &world.clouds, &Default::default(), &options, &sink, &stop).await.unwrap()
}

#[tokio::test]
async fn once_finishes_what_runs_and_starts_nothing() {
    let world = World::new(Habits { sleeps: true, ..Habits::default() });
    let outcome = stopped(&world, 1).await;
    assert!(outcome.interrupted);
    assert_eq!(told(&outcome), ["a done", "b done", "c skipped", "d skipped"]);
}

#[tokio::test]
async fn twice_lets_go_and_a_rerun_continues() {
    let mut world = World::new(Habits { sleeps: true, ..Habits::default() });
    let outcome = stopped(&world, 2).await;
    let mut told_all = told(&outcome);
    told_all.sort();
    assert_eq!(told_all, ["a left running", "b left running", "c skipped", "d skipped"]);
    assert!(outcome.seconds < 30.0);
    let outcome = world.deploy(&units()).await;
    assert_eq!(told(&outcome), ["c done", "d done"]);
    assert!(
        world.notices().iter().any(|message| message.contains("waiting for the operation that runs on it"))
    );
    assert_eq!(world.fake.state().begun.len(), 4, "nothing is made twice");
}

#[tokio::test]
async fn a_stop_before_the_start_starts_nothing() {
    let world = World::new(Habits::default());
    let (stopper, stop) = Stop::new();
    stopper.stop();
    let plan = world.plan(&units()).await;
    let options = ExecuteOptions::default();
    let outcome =
        execute(&plan, &world.clouds, &Default::default(), &options, &world.recorder, &stop).await.unwrap();
    assert_eq!(outcome.skipped.len(), 4);
    assert_eq!(world.calls("CreateStack"), 0);
}
