//! The estimate as a whole, and what the longest path first is worth.

use proptest::prelude::*;

use crate::estimate::fixture::{unit, work};
use crate::estimate::schedule::{Walk, medians};
use crate::estimate::{Source, Work, estimate, weights};
use crate::model::InstanceName;

fn two_phases() -> [Work; 2] {
    let teardown =
        work(&[unit("web", &[], &[("Site", 30.0)]), unit("data", &["web"], &[("Database", 300.0)])]);
    let deploy = work(&[
        unit("data", &[], &[("Database", 600.0)]),
        unit("mail", &[], &[("Queue", 500.0)]),
        unit("web", &["data", "mail"], &[("Site", 90.0)]),
    ]);
    [teardown, deploy]
}

#[test]
fn phases_follow_each_other() {
    let estimate = estimate(&two_phases(), 0);
    assert_eq!(estimate.p50_seconds, 330.0 + 690.0);
    assert!(estimate.p90_seconds > 1300.0 && estimate.p90_seconds < 1900.0, "{}", estimate.p90_seconds);
    let path: Vec<String> =
        estimate.critical_path.iter().map(|step| format!("{} {}", step.instance, step.resource)).collect();
    assert_eq!(path, ["web Site", "data Database", "data Database", "web Site"]);
    let total: f64 = estimate.critical_path.iter().map(|step| step.duration.p50).sum();
    assert_eq!(total, estimate.p50_seconds, "the path is what it takes");
    let second = &estimate.phases[1];
    assert_eq!((second.start, second.end), (330.0, 1020.0));
    assert_eq!(second.units[0].steps[0].start, 330.0);
    assert!(second.units[0].steps[0].is_critical && !second.units[1].steps[0].is_critical);
}

#[test]
fn the_long_pole_is_that_of_the_phase_where_it_brings_most() {
    let pole = estimate(&two_phases(), 0).long_pole.unwrap();
    assert_eq!((pole.step.resource.as_str(), pole.saves_seconds), ("Database", 300.0));
    assert_eq!(pole.step.duration.p50, 300.0, "in the teardown nothing runs beside the database");
}

#[test]
fn nothing_to_do_takes_no_time() {
    let estimate = estimate(&[work(&[])], 0);
    assert!(estimate.is_empty() && estimate.critical_path.is_empty() && estimate.long_pole.is_none());
    assert_eq!((estimate.p50_seconds, estimate.p90_seconds), (0.0, 0.0));
}

#[test]
fn what_nobody_knows_is_named() {
    let mut odd = work(&[unit("odd", &[], &[("Thing", 10.0), ("Topic", 10.0)]), unit("dark", &[], &[])]);
    odd.units[0].steps[0].duration.source = Source::Guess;
    odd.units[0].steps[0].resource_type = "AWS::New::Thing".to_owned();
    odd.units[1].is_known = false;
    let estimate = estimate(&[odd], 0);
    assert!(estimate.unknown_types.iter().eq(["AWS::New::Thing"]));
    assert_eq!(estimate.unknown_units.first().map(InstanceName::to_string).as_deref(), Some("dark"));
    assert_eq!(estimate.confidence.steps, [(Source::Table, 1), (Source::Guess, 1)].into());
}

#[test]
fn a_planted_long_path_starts_first_and_wins() {
    // By name the short ones take both places, and the long chain begins when they are done.
    let planted = work(&[
        unit("a-short", &[], &[("A", 100.0)]),
        unit("b-short", &[], &[("B", 100.0)]),
        unit("x-first", &[], &[("X", 100.0)]),
        unit("y-second", &["x-first"], &[("Y", 100.0)]),
    ]);
    let walk = Walk::new(&planted, 2);
    assert_eq!(walk.schedule(&medians(&planted)).seconds, 200.0);
    assert_eq!(walk.by_name().schedule(&medians(&planted)).seconds, 300.0);
    let weights: Vec<f64> = weights(&planted).into_values().collect();
    assert_eq!(weights, [100.0; 4]);
}

/// Units with up to three needs among those before, and one or two steps.
fn graphs() -> impl Strategy<Value = Work> {
    let one = (prop::collection::vec(any::<prop::sample::Index>(), 0..4), 1_u32..400, 0_u32..100);
    prop::collection::vec(one, 1..40).prop_map(|units| {
        let name = |number: usize| format!("unit-{:02}", (number * 17) % 40);
        let built: Vec<_> = units
            .iter()
            .enumerate()
            .map(|(number, (needs, first, second))| {
                let steps = [("A", f64::from(*first)), ("B", f64::from(*second))];
                let (_, mut unit) = unit(&name(number), &[], &steps);
                let needs = needs.iter().filter(|_| number > 0).map(|need| need.index(number));
                unit.waits_for = needs.collect::<std::collections::BTreeSet<_>>().into_iter().collect();
                (&[][..], unit)
            })
            .collect();
        let waits: Vec<Vec<usize>> = built.iter().map(|(_, unit)| unit.waits_for.clone()).collect();
        let mut work = work(&built);
        work.units.iter_mut().zip(waits).for_each(|(unit, waits)| unit.waits_for = waits);
        work
    })
}

proptest! {
    /// Graham 1969: any order that never idles takes at most `2 - 1/m` times as long as the best one,
    /// and the best one takes at least the longest path and the m-th part of all work.
    #[test]
    fn limits_cost_no_more_than_grahams_bound(work in graphs(), jobs in 1_usize..6) {
        let times = medians(&work);
        let longest = Walk::new(&work, 0).schedule(&times).seconds;
        let all: f64 = Walk::new(&work, 1).schedule(&times).seconds;
        let best = longest.max(all / jobs as f64);
        let factor = 2.0 - 1.0 / jobs as f64;
        let ours = Walk::new(&work, jobs).schedule(&times).seconds;
        let by_name = Walk::new(&work, jobs).by_name().schedule(&times).seconds;
        prop_assert!(ours >= best - 1e-6);
        prop_assert!(ours <= longest * (1.0 - 1.0 / jobs as f64) + all / jobs as f64 + 1e-6);
        prop_assert!(ours <= by_name * factor + 1e-6, "{ours} against {by_name} by name");
    }

    #[test]
    fn a_schedule_keeps_order_and_limit(work in graphs(), jobs in 1_usize..6) {
        let schedule = Walk::new(&work, jobs).schedule(&medians(&work));
        for (unit, placed) in work.units.iter().zip(&schedule.units) {
            for need in &unit.waits_for {
                prop_assert!(schedule.units[*need].end <= placed.start);
            }
            let beside = schedule.units.iter().filter(|other| other.start <= placed.start && placed.start < other.end);
            prop_assert!(beside.count() <= jobs);
        }
    }
}
