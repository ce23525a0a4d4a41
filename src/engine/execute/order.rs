//! What waits for what, and whether a plan can be carried out at all. Pure.

use std::collections::{BTreeMap, BTreeSet};

use crate::engine::ExecuteError;
use crate::engine::clouds::Clouds;
use crate::model::InstanceName;
use crate::plan::graph::{self, Graph};
use crate::plan::{ActionKind, Operation, Plan, PlannedAction};

/// For each instance of the plan that something is done to: what must be finished before. In a deploy
/// that is what it needs, in a teardown what needs it. An instance that is kept is waited for by
/// nobody.
pub fn waits_for(plan: &Plan) -> BTreeMap<InstanceName, BTreeSet<InstanceName>> {
    let names: BTreeSet<&InstanceName> = acting(plan).map(|action| &action.instance).collect();
    let inside = |action: &PlannedAction| {
        action.needs.iter().filter(|need| names.contains(need)).cloned().collect::<BTreeSet<_>>()
    };
    let graph: Graph = acting(plan).map(|action| (action.instance.clone(), inside(action))).collect();
    match plan.operation {
        Operation::Deploy => graph,
        Operation::Teardown => graph::reversed(&graph),
    }
}

fn acting(plan: &Plan) -> impl Iterator<Item = &PlannedAction> {
    plan.actions.iter().filter(|action| action.action != ActionKind::Keep)
}

/// Seconds from each instance's start to the end of the longest path that begins with it.
pub(super) fn path_lengths(
    waits_for: &Graph,
    weights: &BTreeMap<InstanceName, f64>,
) -> BTreeMap<InstanceName, f64> {
    let followers = graph::reversed(waits_for);
    let mut lengths: BTreeMap<InstanceName, f64> = BTreeMap::new();
    for instance in graph::order(waits_for).unwrap_or_default().into_iter().rev() {
        let rest = followers[&instance].iter().filter_map(|follower| lengths.get(follower).copied());
        let length = weights.get(&instance).copied().unwrap_or(1.0) + rest.fold(0.0, f64::max);
        lengths.insert(instance, length);
    }
    lengths
}

/// Checks what every action relies on.
pub(super) fn validate(plan: &Plan, clouds: &Clouds) -> Result<(), ExecuteError> {
    for action in acting(plan) {
        let instance = action.instance.clone();
        if !clouds.targets.contains_key(&instance.target) {
            return Err(ExecuteError::NoCloud { target: instance.target });
        }
        if action.action.sends() && action.desired.is_none() {
            return Err(ExecuteError::Incomplete { instance, what: "the desired unit" });
        }
        if action.action != ActionKind::Create && action.observed.is_none() {
            return Err(ExecuteError::Incomplete { instance, what: "the observed stack" });
        }
        if action.action.sends() && plan.release.is_none() {
            return Err(ExecuteError::NoRelease { instance });
        }
    }
    graph::order(&waits_for(plan)).map(drop).map_err(ExecuteError::Circle)
}
