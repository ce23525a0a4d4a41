//! The longest path first, on the real engine in virtual time: with little room, the weights of the
//! estimate against the order of names.

use std::collections::BTreeMap;
use std::sync::Arc;

use proptest::prelude::*;
use rekindle::catalogue::durations::{self, Seconds};
use rekindle::engine::{Cloud, Clouds, ExecuteOptions, Pace, Recorder, Stop, execute, waits_for};
use rekindle::estimate::{Durations, Mean, Sources, Work, estimate, weights};
use rekindle::local;
use rekindle::model::facts::Identity;
use rekindle::model::{Class, DesiredUnit, InstanceName, ResourceOperation, SealedUnit};
use rekindle::plan::{self, Observation, Plan};
use serde_json::json;

use crate::support::context;

/// From quick to slow.
const TYPES: [&str; 4] =
    ["AWS::SNS::Topic", "AWS::S3::Bucket", "AWS::SQS::Queue", "AWS::ElastiCache::ReplicationGroup"];

fn table(resource_type: &str, _: ResourceOperation) -> Mean {
    match durations::seconds(resource_type, durations::Operation::Create) {
        Seconds::Known(seconds) => Mean::Known(seconds),
        Seconds::Default(seconds) => Mean::Guess(seconds),
    }
}

/// A unit with one resource.
fn unit(name: &str, resource_type: &str, needs: &[String]) -> SealedUnit {
    let identity = Identity {
        project: "fieldbook".parse().unwrap(),
        environment: "demo".parse().unwrap(),
        instance: name.parse().unwrap(),
    };
    let template = json!({"Resources": {"Only": {"Type": resource_type}}});
    let needs = needs.iter().map(|need| need.parse().unwrap()).collect();
    DesiredUnit { needs, ..DesiredUnit::new(identity, Class::Stateless, template.into()) }.into()
}

fn plan(units: &[SealedUnit]) -> Plan {
    let context = context::deploy();
    plan::deploy(units, &context, &Observation::default()).unwrap()
}

/// Seconds of the run by the embedded engine's clock.
fn run(plan: &Plan, jobs: usize, weights: BTreeMap<InstanceName, f64>) -> f64 {
    let now = "2026-11-01T10:00:00Z".parse().unwrap();
    let cloud = local::Cloud::in_memory(local::Options { now, faults: Vec::new() });
    let client = cloud.client("000000000000".parse().unwrap(), "eu-central-1".parse().unwrap());
    let primary = ("primary".parse().unwrap(), Cloud::new(Arc::new(client), Pace::Virtual));
    let clouds = Clouds { targets: [primary].into(), used: BTreeMap::new() };
    let options = ExecuteOptions { run: "run".to_owned(), jobs, weights, ..ExecuteOptions::default() };
    let (others, recorder, stop) = (BTreeMap::new(), Recorder::default(), Stop::never());
    let work = execute(plan, &clouds, &others, &options, &recorder, &stop);
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let outcome = runtime.block_on(work).unwrap();
    assert_eq!(outcome.reports.len(), plan.actions.len());
    outcome.seconds
}

/// Seconds with the longest path first, by name, and as estimated.
fn compared(units: &[SealedUnit], jobs: usize) -> (f64, f64, f64) {
    let plan = plan(units);
    let durations = Durations::of_table(table);
    let (targets, observation) = (BTreeMap::new(), Observation::default());
    let sources = Sources { durations: &durations, targets: &targets, units, observation: &observation };
    let work = Work::of_plan(&plan, &waits_for(&plan), sources);
    // Without weight all paths are equally long, and names decide.
    let weightless = units.iter().map(|unit| (unit.instance().clone(), 0.0)).collect();
    let estimated = estimate(std::slice::from_ref(&work), jobs).p50_seconds;
    (run(&plan, jobs, weights(&work)), run(&plan, jobs, weightless), estimated)
}

#[test]
fn a_planted_long_path_that_comes_last_by_name_is_not_kept_waiting() {
    let slow = "AWS::ElastiCache::ReplicationGroup";
    let planted = [
        unit("a-short", slow, &[]),
        unit("b-short", slow, &[]),
        unit("y-first", slow, &[]),
        unit("z-second", slow, &["y-first".to_owned()]),
    ];
    let (ours, by_name, estimated) = compared(&planted, 2);
    assert_eq!((ours, by_name), (2.0 * 712.0, 3.0 * 712.0));
    assert_eq!(ours, estimated);
}

/// Units with up to two needs among those before, names in no order.
fn graphs() -> impl Strategy<Value = Vec<SealedUnit>> {
    let one = (prop::collection::vec(any::<prop::sample::Index>(), 0..3), 0..TYPES.len());
    prop::collection::vec(one, 1..14).prop_map(|units| {
        let name = |number: usize| format!("unit-{:02}", (number * 7) % 17);
        units
            .iter()
            .enumerate()
            .map(|(number, (needs, kind))| {
                let needs = needs.iter().filter(|_| number > 0).map(|need| name(need.index(number)));
                unit(&name(number), TYPES[*kind], &needs.collect::<Vec<_>>())
            })
            .collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Graham 1969: no order that never idles is more than `2 - 1/m` times as good as another one.
    #[test]
    fn little_room_costs_no_more_than_grahams_bound(units in graphs(), jobs in 1_usize..4) {
        let (ours, by_name, estimated) = compared(&units, jobs);
        prop_assert!(ours <= by_name * (2.0 - 1.0 / jobs as f64) + 1e-6, "{ours} against {by_name}");
        prop_assert!((ours - estimated).abs() < 1e-6, "took {ours}, estimated {estimated}");
    }
}
