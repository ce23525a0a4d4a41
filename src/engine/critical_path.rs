//! What a run's duration consisted of: shorten anything else and it takes as long as before. Pure.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::engine::budget::seconds;
use crate::engine::{ResourceSpan, Timeline, UnitSpan};
use crate::model::{InstanceName, ResourceOperation};

/// One stretch of the critical path.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CriticalStep {
    /// The instance.
    pub instance: InstanceName,
    /// Logical id of the resource; `None` where the instance's resources are not known.
    pub resource: Option<String>,
    /// Its type.
    pub resource_type: Option<String>,
    /// What was done to it.
    pub operation: Option<ResourceOperation>,
    /// How long it took.
    pub seconds: f64,
}

/// The chain of resources that ended last, from the first to the last: each began when the one
/// before it ended. Instances that had not finished are left out.
pub fn critical_path(timeline: &Timeline) -> Vec<CriticalStep> {
    let mut path = Vec::new();
    let mut current = latest(timeline.units.iter());
    while let Some((unit, finished)) = current {
        path.extend(steps(unit, finished));
        let before = timeline.units.iter().filter(|other| unit.waits_for.contains(&other.instance));
        current = latest(before.filter(|other| other.finished.is_some_and(|end| end <= unit.started)))
            .filter(|(other, _)| other.started < finished);
    }
    path.reverse();
    path
}

/// The unit that finished last, with its end; of several the first by name.
fn latest<'t>(units: impl Iterator<Item = &'t UnitSpan>) -> Option<(&'t UnitSpan, Timestamp)> {
    let ended = units.filter_map(|unit| Some((unit, unit.finished?)));
    ended.max_by(|(one, one_end), (other, other_end)| {
        one_end.cmp(other_end).then_with(|| other.instance.cmp(&one.instance))
    })
}

/// The chain within one unit, last step first.
fn steps(unit: &UnitSpan, finished: Timestamp) -> Vec<CriticalStep> {
    let mut steps = Vec::new();
    let mut end = finished;
    while let Some((span, started)) = last_before(&unit.resources, end) {
        steps.push(CriticalStep {
            instance: unit.instance.clone(),
            resource: Some(span.logical_id.clone()),
            resource_type: Some(span.resource_type.clone()),
            operation: span.operation,
            seconds: seconds(started, span.finished.unwrap_or(started)),
        });
        end = started;
    }
    if steps.is_empty() {
        steps.push(CriticalStep {
            instance: unit.instance.clone(),
            resource: None,
            resource_type: None,
            operation: None,
            seconds: seconds(unit.started, finished),
        });
    }
    steps
}

/// The resource that ended last by then, with its beginning. One that took no time holds up nobody.
fn last_before(resources: &[ResourceSpan], end: Timestamp) -> Option<(&ResourceSpan, Timestamp)> {
    resources
        .iter()
        .filter(|span| span.finished.is_some_and(|finished| finished <= end && finished > span.started))
        .max_by_key(|span| span.finished)
        .map(|span| (span, span.started))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn at(second: u64) -> Timestamp {
        Timestamp::UNIX_EPOCH + Duration::from_secs(second)
    }

    fn unit(name: &str, waits_for: &[&str], start: u64, resources: &[(&str, u64, u64)]) -> UnitSpan {
        let end = resources.iter().map(|(_, _, end)| *end).max().unwrap_or(start + 5);
        UnitSpan {
            instance: name.parse().unwrap(),
            action: crate::plan::ActionKind::Create,
            stack: format!("demo-{name}").parse().unwrap(),
            started: at(start),
            finished: Some(at(end)),
            waits_for: waits_for.iter().map(|name| name.parse().unwrap()).collect(),
            resources: resources
                .iter()
                .map(|(id, start, end)| ResourceSpan {
                    logical_id: (*id).to_owned(),
                    resource_type: "AWS::SQS::Queue".to_owned(),
                    operation: Some(ResourceOperation::Create),
                    started: at(*start),
                    finished: Some(at(*end)),
                })
                .collect(),
        }
    }

    #[test]
    fn the_path_goes_through_the_resources_that_ended_last() {
        let timeline = Timeline {
            units: vec![
                unit("network", &[], 0, &[("Vpc", 0, 10), ("Subnet", 10, 14), ("Gateway", 0, 4)]),
                unit("keys", &[], 0, &[("Key", 0, 12)]),
                unit("empty", &["network"], 14, &[]),
                unit("web", &["network", "keys", "empty"], 19, &[("Balancer", 19, 100), ("Role", 19, 40)]),
            ],
        };
        let path = critical_path(&timeline);
        let shown: Vec<String> = path
            .iter()
            .map(|step| {
                format!("{} {} {}", step.instance, step.resource.as_deref().unwrap_or("-"), step.seconds)
            })
            .collect();
        assert_eq!(shown, ["network Vpc 10", "network Subnet 4", "empty - 5", "web Balancer 81"]);
    }

    #[test]
    fn nothing_that_ran_has_no_path() {
        assert!(critical_path(&Timeline::default()).is_empty());
    }
}
