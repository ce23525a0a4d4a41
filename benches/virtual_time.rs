//! With unlimited concurrency any graph takes at most 1.02 times its critical path of resource time.
//!
//! The critical path is worked out here from the table of durations and the graph alone, so that
//! the engine is not measured with its own ruler.
#![allow(clippy::print_stdout, missing_docs)]

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::process::ExitCode;

use rekindle::catalogue::durations::{Operation, seconds};
use rekindle::model::facts::Identity;
use rekindle::model::{Class, DesiredUnit, InstanceName, SealedUnit};
use serde_json::json;
use support::Bounds;
use support::environment::World;

/// From quick to slow; without required properties, so that a stack is nothing but its durations.
const TYPES: [&str; 5] = [
    "AWS::SQS::Queue",
    "AWS::S3::Bucket",
    "AWS::EC2::InternetGateway",
    "AWS::ElastiCache::ReplicationGroup",
    "AWS::RDS::DBInstance",
];

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let graphs = [
        ("a chain of 50", graph(50, |number, _| number.checked_sub(1).into_iter().collect())),
        ("500 side by side", graph(500, |_, _| BTreeSet::new())),
        ("300 with up to three needs each", graph(300, some_before)),
    ];
    let mut bounds = Bounds::default();
    for (name, units) in graphs {
        let path = critical_path(&units);
        let outcome = World::new().deploy(&units).await;
        assert_eq!(outcome.reports.len(), units.len(), "every stack was made");
        println!("{name}: {:.0} s for a critical path of {path:.0} s", outcome.seconds);
        bounds.at_most(name, outcome.seconds / path, 1.02, "times");
    }
    bounds.exit_code()
}

/// Up to three of those before, chosen by the generator.
fn some_before(number: usize, random: &mut Random) -> BTreeSet<usize> {
    if number == 0 {
        return BTreeSet::new();
    }
    (0..random.below(4)).map(|_| random.below(number)).collect()
}

fn graph(count: usize, needs: impl Fn(usize, &mut Random) -> BTreeSet<usize>) -> Vec<SealedUnit> {
    let mut random = Random(1);
    (0..count).map(|number| unit(number, needs(number, &mut random), &mut random)).collect()
}

/// A stack whose resources wait for each other in a row.
fn unit(number: usize, needs: BTreeSet<usize>, random: &mut Random) -> SealedUnit {
    let mut resources = serde_json::Map::new();
    for position in 0..=random.below(3) {
        let mut resource = json!({ "Type": TYPES[random.below(TYPES.len())] });
        if position > 0 {
            resource["DependsOn"] = format!("Resource{}", position - 1).into();
        }
        resources.insert(format!("Resource{position}"), resource);
    }
    let identity = Identity {
        project: "bench".parse().expect("a name"),
        environment: "demo".parse().expect("a name"),
        instance: instance(number),
    };
    let template = json!({ "Resources": resources });
    SealedUnit::from(DesiredUnit {
        needs: needs.into_iter().map(instance).collect(),
        ..DesiredUnit::new(identity, Class::Stateless, template.into())
    })
}

fn instance(number: usize) -> InstanceName {
    format!("unit-{number}").parse().expect("a name")
}

/// Seconds of the longest way through the graph. Each unit comes after all that it needs.
fn critical_path(units: &[SealedUnit]) -> f64 {
    let mut ends: BTreeMap<&InstanceName, f64> = BTreeMap::new();
    for unit in units {
        let start = unit.needs.iter().map(|need| ends[need]).fold(0.0, f64::max);
        let resources = unit.template["Resources"].as_object().into_iter().flatten();
        let own: f64 = resources
            .filter_map(|(_, resource)| resource["Type"].as_str())
            .map(|kind| seconds(kind, Operation::Create).value())
            .sum();
        ends.insert(unit.instance(), start + own);
    }
    ends.into_values().fold(0.0, f64::max)
}

/// The same graphs in every run: a linear congruential generator. Constants: Knuth, MMIX.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).expect("31 bits") % bound
    }
}
