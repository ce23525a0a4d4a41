//! What an update does, as steps: what changes, in the order of needs, then what is left over.

use std::collections::{BTreeMap, BTreeSet};

use crate::estimate::contents::Resource;
use crate::estimate::work::{Sources, Step, order, step, wanted};
use crate::estimate::{Duration, Source};
use crate::language::rolling_update::replaces_instances;
use crate::model::{Change, ChangeAction, Replacement, ResourceOperation, SealedUnit};
use crate::plan::{Fate, PlannedAction};

/// The steps of an update. A value that is known only when the update begins counts as changed.
/// `None` where nobody knows what the stack consists of.
pub(super) fn update(action: &PlannedAction, unit: &SealedUnit, sources: Sources<'_>) -> Option<Vec<Step>> {
    let resources = wanted(unit, sources)?;
    let changes: BTreeMap<&str, &Change> =
        action.changes.iter().map(|change| (change.logical_id.as_str(), change)).collect();
    let (instance, durations) = (unit.instance(), sources.durations);
    let mut steps: Vec<Step> = Vec::new();
    let mut leftovers = Vec::new();
    let mut places: BTreeMap<String, usize> = BTreeMap::new();
    for id in order(&resources) {
        let (resource, change) = (&resources[&id], changes.get(id.as_str()).copied());
        let follows = resource.follows.iter().any(|other| places.contains_key(other));
        let Some(operation) = operation(change, follows) else { continue };
        let before = changed_before(&id, &resources, &places);
        let mut next = step(instance, (&id, &resource.resource_type), operation, before, durations);
        let rolls = follows
            || change.is_some_and(|change| replaces_instances(&resource.resource_type, &change.paths));
        if operation == ResourceOperation::Update && rolls {
            next.duration = with_pauses(next.duration, resource.rolling_seconds);
        }
        places.insert(id.clone(), steps.len());
        steps.push(next);
        leftovers.extend(change.filter(|change| change.replacement == Some(Replacement::Always)));
    }
    leftovers.extend(action.changes.iter().filter(|change| change.action == ChangeAction::Remove));
    let stays = |id: &str| {
        let mut consequences = action.consequences.iter();
        let is_kept = |fate| matches!(fate, Fate::Retained | Fate::Protected);
        consequences.any(|found| found.logical_id == id && is_kept(found.fate))
    };
    let all: Vec<usize> = (0..steps.len()).collect();
    for Change { logical_id, resource_type, .. } in
        leftovers.into_iter().filter(|change| !stays(&change.logical_id))
    {
        let name = (logical_id, resource_type);
        steps.push(step(instance, name, ResourceOperation::Delete, all.clone(), durations));
    }
    Some(steps)
}

/// What is done to a resource that stays or comes; `None` where nothing that takes time is.
fn operation(change: Option<&Change>, follows: bool) -> Option<ResourceOperation> {
    match change {
        Some(change)
            if change.action == ChangeAction::Add || change.replacement == Some(Replacement::Always) =>
        {
            Some(ResourceOperation::Create)
        }
        Some(change) if !is_silent(change) => Some(ResourceOperation::Update),
        _ => follows.then_some(ResourceOperation::Update),
    }
}

/// Policies and metadata are CloudFormation's own: no service is asked.
fn is_silent(change: &Change) -> bool {
    let is_own = |path: &String| !path.starts_with("Properties") && path != "Tags";
    !change.paths.is_empty() && change.paths.iter().all(is_own)
}

/// With the pauses of a rolling update. Records may have them in already, or be of updates that did not
/// replace any instance: they count as they are where they are longer than the pauses alone.
fn with_pauses(duration: Duration, seconds: f64) -> Duration {
    match duration.source {
        Source::Resource | Source::Type if duration.p50 >= seconds => duration,
        _ => Duration { p50: duration.p50 + seconds, p90: duration.p90 + seconds, ..duration },
    }
}

/// The places of the changed resources that `id` needs, directly or through others that stay.
fn changed_before(
    id: &str,
    resources: &BTreeMap<String, Resource>,
    changed: &BTreeMap<String, usize>,
) -> Vec<usize> {
    let (mut open, mut seen, mut found) = (vec![id], BTreeSet::new(), BTreeSet::new());
    while let Some(next) = open.pop() {
        for need in resources.get(next).into_iter().flat_map(|resource| &resource.needs) {
            if let Some(place) = changed.get(need) {
                found.insert(*place);
            } else if seen.insert(need) {
                open.push(need);
            }
        }
    }
    found.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::estimate::fixture::table;
    use crate::estimate::{Durations, Work};
    use crate::plan::fixture::{deploy_context, deployed, seen, unit};
    use crate::plan::{Observation, deploy, graph::Graph};

    /// The steps of an update from one set of resources to another.
    fn steps(before: serde_json::Value, after: serde_json::Value) -> Vec<String> {
        let (mut old, mut new) = (unit("web"), unit("web"));
        old.template = json!({"Resources": before}).into();
        new.template = json!({"Resources": after}).into();
        let mut observation: Observation = deployed(&[old]);
        seen(&mut observation, "web").parameters.clear();
        let units = [new.into()];
        let plan = deploy(&units, &deploy_context(), &observation).unwrap();
        let durations = Durations::of_table(table);
        let targets = BTreeMap::new();
        let sources =
            Sources { durations: &durations, targets: &targets, units: &units, observation: &observation };
        let graph: Graph = [("web".parse().unwrap(), BTreeSet::new())].into();
        let work = Work::of_plan(&plan, &graph, sources);
        let steps = &work.units[0].steps;
        let line = |step: &Step| {
            let needs: Vec<&str> = step.needs.iter().map(|need| steps[*need].resource.as_str()).collect();
            let seconds = step.duration.p50;
            format!("{} {} {seconds} <- {}", step.operation.as_str(), step.resource, needs.join(" "))
                .trim_end()
                .to_owned()
        };
        steps.iter().map(line).collect()
    }

    #[test]
    fn changes_wait_for_changes_also_through_what_stays() {
        let between = json!({"Type": "AWS::SNS::Topic", "Properties": {"Of": {"Ref": "First"}}});
        let last = |name: &str| json!({"Type": "AWS::SNS::Topic", "Properties": {"DisplayName": name, "Of": {"Ref": "Between"}}});
        let first = |dns: &str| json!({"Type": "AWS::EC2::VPC", "Properties": {"EnableDnsSupport": dns}});
        let steps = steps(
            json!({"First": first("true"), "Between": between, "Last": last("a"), "Gone": {"Type": "AWS::SNS::Topic"}}),
            json!({"First": first("false"), "Between": between, "Last": last("b"), "New": {"Type": "AWS::SNS::Topic"}}),
        );
        assert_eq!(
            steps,
            [
                "update First 20 <-",
                "update Last 10 <- First",
                "create New 10 <-",
                "delete Gone 5 <- First Last New"
            ]
        );
    }

    #[test]
    fn what_an_update_leaves_behind_takes_no_time() {
        let gone = |policy: &str| {
            let queue = json!({"Type": "AWS::SQS::Queue", "DeletionPolicy": policy});
            json!({"Queue": queue, "Topic": {"Type": "AWS::SNS::Topic"}})
        };
        let topic = || json!({"Topic": {"Type": "AWS::SNS::Topic"}});
        assert_eq!(steps(gone("Delete"), topic()).len(), 1);
        assert!(steps(gone("Retain"), topic()).is_empty());
    }

    #[test]
    fn policies_take_no_time() {
        let topic = |policy: &str| json!({"Topic": {"Type": "AWS::SNS::Topic", "DeletionPolicy": policy}});
        assert!(steps(topic("Retain"), topic("Delete")).is_empty());
    }

    #[test]
    fn records_of_updates_that_replaced_no_instance_do_not_hide_the_pauses() {
        let recorded = |p50| Duration { p50, p90: 2.0 * p50, source: Source::Resource, samples: 5 };
        assert_eq!(with_pauses(recorded(20.0), 600.0).p50, 620.0);
        assert_eq!(with_pauses(recorded(700.0), 600.0), recorded(700.0));
        let table = Duration { source: Source::Table, ..recorded(700.0) };
        assert_eq!(with_pauses(table, 600.0).p50, 1300.0);
    }

    #[test]
    fn a_new_launch_template_rolls_the_group_that_follows_it() {
        let resources = |machine: &str| {
            json!({
                "Template": {"Type": "AWS::SNS::Topic", "Properties": {"DisplayName": machine}},
                "Group": {
                    "Type": "AWS::AutoScaling::AutoScalingGroup",
                    "Properties": {"MinSize": "2", "LaunchTemplate": {"Version": {"Fn::GetAtt": ["Template", "LatestVersionNumber"]}}},
                    "UpdatePolicy": {"AutoScalingRollingUpdate": {"PauseTime": "PT5M"}},
                },
            })
        };
        assert_eq!(
            steps(resources("a"), resources("b")),
            ["update Template 10 <-", "update Group 610 <- Template"]
        );
    }
}
