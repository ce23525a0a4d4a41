//! Durations, records and work for tests.

use std::collections::BTreeMap;

use crate::estimate::table::{Mean, SPREAD};
use crate::estimate::work::{Step, UnitWork, Work};
use crate::estimate::{Duration, Source};
use crate::model::{
    InstanceName, ProviderKind, Record, ResourceOperation, ResourceSeconds, Target, TargetName, record,
};
use crate::plan::{ActionKind, Operation};

/// A small table.
pub(super) fn table(resource_type: &str, operation: ResourceOperation) -> Mean {
    match (resource_type, operation) {
        ("AWS::RDS::DBInstance", ResourceOperation::Create) => Mean::Known(600.0),
        ("AWS::RDS::DBInstance", _) => Mean::Known(300.0),
        ("AWS::SNS::Topic", ResourceOperation::Delete) => Mean::Known(5.0),
        ("AWS::SNS::Topic", _) => Mean::Known(10.0),
        ("AWS::EC2::VPC", _) => Mean::Known(20.0),
        _ => Mean::Guess(10.0),
    }
}

/// One target at AWS.
pub(super) fn at_aws(account: &str) -> BTreeMap<TargetName, Target> {
    let target = Target {
        provider: ProviderKind::Aws,
        account: account.parse().unwrap(),
        region: "eu-central-1".parse().unwrap(),
        role: None,
        service_role: None,
        artifacts: None,
        notifications: Vec::new(),
    };
    BTreeMap::from([(TargetName::primary(), target)])
}

/// A record of databases made there: instance, resource, seconds.
pub(super) fn recorded(account: &str, made: &[(&str, &str, f64)]) -> Record {
    let mut record = record::fixture::record(at_aws(account), BTreeMap::new());
    let sample = |(instance, resource, seconds): &(&str, &str, f64)| ResourceSeconds {
        instance: instance.parse().unwrap(),
        resource: (*resource).to_owned(),
        resource_type: "AWS::RDS::DBInstance".to_owned(),
        operation: ResourceOperation::Create,
        seconds: *seconds,
    };
    record.resources = made.iter().map(sample).collect();
    record
}

/// A unit whose steps wait for each other in a row; each takes at most 1.75 times as long in nine of
/// ten runs. Names of units it waits for come first.
pub(super) fn unit<'n>(
    name: &'n str,
    needs: &'n [&'n str],
    steps: &[(&str, f64)],
) -> (&'n [&'n str], UnitWork) {
    let step = |(place, (resource, p50)): (usize, &(&str, f64))| Step {
        resource: (*resource).to_owned(),
        resource_type: "AWS::SNS::Topic".to_owned(),
        operation: ResourceOperation::Create,
        duration: Duration { p50: *p50, p90: p50 * SPREAD, source: Source::Table, samples: 0 },
        needs: place.checked_sub(1).into_iter().collect(),
    };
    let work = UnitWork {
        instance: name.parse().unwrap(),
        action: ActionKind::Create,
        waits_for: Vec::new(),
        steps: steps.iter().enumerate().map(step).collect(),
        is_known: true,
    };
    (needs, work)
}

/// Units, each listed after those it waits for.
pub(super) fn work(units: &[(&[&str], UnitWork)]) -> Work {
    let place = |name: &&str| {
        let name: InstanceName = name.parse().unwrap();
        units.iter().position(|(_, unit)| unit.instance == name).unwrap()
    };
    let placed = units
        .iter()
        .map(|(needs, unit)| UnitWork { waits_for: needs.iter().map(place).collect(), ..unit.clone() });
    Work { operation: Operation::Deploy, units: placed.collect() }
}
