//! What waits for what, and whether a plan can be carried out at all. Pure.

use std::collections::{BTreeMap, BTreeSet};

use crate::engine::ExecuteError;
use crate::engine::clouds::Clouds;
use crate::model::InstanceName;
use crate::plan::graph::{self, Graph};
use crate::plan::{ActionKind, Plan, PlannedAction};

/// For each instance of the plan that something is done to: what must be finished before.
///
/// Something that is made or changed waits for what it needs. Something that goes waits for whatever
/// has needed it so far: others that go, and others that are changed so as to need it no more. An
/// instance that is kept is waited for by nobody.
pub fn waits_for(plan: &Plan) -> BTreeMap<InstanceName, BTreeSet<InstanceName>> {
    let mut graph: Graph = acting(plan).map(|action| (action.instance.clone(), BTreeSet::new())).collect();
    for action in acting(plan) {
        if action.action.sends() {
            let present = action.needs.iter().filter(|need| graph.contains_key(*need)).cloned().collect();
            graph.insert(action.instance.clone(), present);
        }
    }
    for action in acting(plan) {
        for need in needed_so_far(action) {
            let goes = plan.action(&need).is_some_and(|provider| provider.action == ActionKind::Delete);
            if let Some(waits) = graph.get_mut(&need).filter(|_| goes) {
                waits.insert(action.instance.clone());
            }
        }
    }
    graph
}

/// What the stack that is there needs: the plan says it of one that goes, its own facts of others.
fn needed_so_far(action: &PlannedAction) -> BTreeSet<InstanceName> {
    if action.action == ActionKind::Delete {
        return action.needs.clone();
    }
    let facts = action.observed.as_ref().and_then(|stack| stack.facts());
    facts.map(|facts| facts.needs.into_iter().collect()).unwrap_or_default()
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
