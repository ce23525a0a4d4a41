//! Virtual time: a run takes as long as its critical path, and no longer.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::engine::{Timeline, critical_path};
use crate::plan::fixture::Vary as _;

/// A random graph: seconds of each unit, and edges from later to earlier ones.
fn graph() -> impl Strategy<Value = Vec<DesiredUnit>> {
    (1_usize..25).prop_flat_map(|count| {
        let seconds = prop::collection::vec(1_u32..2_000, count);
        let edges = prop::collection::vec((0..count, 0..count), 0..count * 2);
        (seconds, edges).prop_map(|(seconds, edges)| {
            let name = |number: usize| format!("unit-{number}");
            let mut units: Vec<DesiredUnit> = seconds
                .iter()
                .enumerate()
                .map(|(number, seconds)| unit(&name(number)).seconds(f64::from(*seconds)))
                .collect();
            for (one, other) in edges {
                let (earlier, later) = (one.min(other), one.max(other));
                if earlier != later {
                    units[later] = units[later].clone().after(&name(earlier));
                }
            }
            units
        })
    })
}

/// Seconds of the longest path.
fn longest(units: &[DesiredUnit]) -> f64 {
    let mut ends: BTreeMap<InstanceName, f64> = BTreeMap::new();
    for unit in units {
        let begin = unit.needs.iter().map(|need| ends[need]).fold(0.0, f64::max);
        let seconds = unit.template["Resources"]["Topic"]["Properties"]["Seconds"].as_f64().unwrap();
        ends.insert(unit.instance().clone(), begin + seconds);
    }
    ends.into_values().fold(0.0, f64::max)
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn a_run_takes_its_critical_path(units in graph()) {
        let mut world = World::new(Habits::default());
        let outcome = block_on(world.deploy(&units));
        prop_assert!(is_done(&outcome));
        prop_assert!(outcome.seconds <= longest(&units) * 1.02, "{} s for {} s", outcome.seconds, longest(&units));
        let path = critical_path(&Timeline::of(&world.recorder.events()));
        let told: f64 = path.iter().map(|step| step.seconds).sum();
        prop_assert!((told - longest(&units)).abs() < 0.01, "a path of {} s for {} s", told, longest(&units));
        let outcome = block_on(world.teardown());
        prop_assert!(is_done(&outcome));
        prop_assert!(outcome.seconds <= longest(&units) * 1.02);
    }

    #[test]
    fn nothing_starts_before_what_it_waits_for_whatever_fails(units in graph(), broken in 0_usize..25, jobs in 0_usize..4) {
        let mut world = World::new(Habits::default());
        world.options.jobs = jobs;
        let broken = broken % units.len();
        let mut failing = units.clone();
        failing[broken] = failing[broken].clone().failing("no");
        let outcome = block_on(world.deploy(&failing));
        let mut ended: Vec<InstanceName> = Vec::new();
        for event in world.recorder.events() {
            match event {
                Event::UnitStarted { instance, .. } => {
                    let unit = units.iter().find(|unit| *unit.instance() == instance).unwrap();
                    prop_assert!(unit.needs.iter().all(|need| ended.contains(need)));
                }
                Event::UnitFinished { report, .. } => ended.push(report.instance),
                _ => {}
            }
        }
        let all: BTreeSet<InstanceName> = outcome.reports.iter().map(|it| it.instance.clone())
            .chain(outcome.skipped.iter().map(|it| it.instance.clone())).collect();
        prop_assert_eq!(all, names(&units));
        prop_assert!(outcome.skipped.iter().all(|it| it.because_of.as_ref() == Some(units[broken].instance())));
        prop_assert!(is_done(&block_on(world.deploy(&units))));
        prop_assert!(block_on(world.plan(&units)).is_empty());
    }
}

#[tokio::test]
async fn a_cloud_that_only_sleeps_is_seen_in_time() {
    let mut world = World::new(Habits { sleeps: true, ..Habits::default() });
    let units = [unit("a").seconds(100.0), unit("b").seconds(100.0).after("a")];
    let outcome = world.deploy(&units).await;
    assert!(is_done(&outcome));
    assert!(outcome.seconds >= 200.0 && outcome.seconds < 215.0, "{}", outcome.seconds);
}

#[tokio::test]
async fn a_cloud_that_is_done_at_once_is_no_problem() {
    for sleeps in [false, true] {
        let mut world = World::new(Habits { sleeps, ..Habits::default() });
        let units = [unit("a").seconds(0.0), unit("b").seconds(0.0).after("a")];
        assert!(is_done(&world.deploy(&units).await));
        assert!(is_done(&world.teardown().await));
    }
}
