//! What waits for what, and whether a plan can be carried out at all. Pure.

use std::collections::{BTreeMap, BTreeSet};

use crate::engine::ExecuteError;
use crate::engine::clouds::Clouds;
use crate::model::InstanceName;
use crate::plan::graph::{self, Graph};
use crate::plan::{ActionKind, Plan, PlannedAction};

/// For each instance of the plan that something is done to: what must be finished before.
///
/// In a deploy providers come first, and an instance that goes waits for all that needed it so far.
/// In a teardown dependants come first. An instance that is kept is waited for by nobody.
pub fn waits_for(plan: &Plan) -> BTreeMap<InstanceName, BTreeSet<InstanceName>> {
    let mut graph: Graph = acting(plan).map(|action| (action.instance.clone(), BTreeSet::new())).collect();
    for action in acting(plan) {
        let is_going = action.action == ActionKind::Delete;
        if !is_going {
            wait(&mut graph, &action.instance, &action.needs);
        }
        let needed_so_far = if is_going { action.needs.clone() } else { observed_needs(action) };
        for need in needed_so_far {
            let goes = plan.action(&need).is_some_and(|provider| provider.action == ActionKind::Delete);
            if goes {
                wait(&mut graph, &need, [&action.instance]);
            }
        }
    }
    graph
}

fn acting(plan: &Plan) -> impl Iterator<Item = &PlannedAction> {
    plan.actions.iter().filter(|action| action.action != ActionKind::Keep)
}

/// What the stack that is there needs by its own facts.
fn observed_needs(action: &PlannedAction) -> BTreeSet<InstanceName> {
    let facts = action.observed.as_ref().and_then(|stack| stack.facts());
    facts.map(|facts| facts.needs.into_iter().collect()).unwrap_or_default()
}

fn wait<'n>(graph: &mut Graph, who: &InstanceName, whom: impl IntoIterator<Item = &'n InstanceName>) {
    let present: Vec<InstanceName> =
        whom.into_iter().filter(|need| graph.contains_key(*need)).cloned().collect();
    if let Some(waits) = graph.get_mut(who) {
        waits.extend(present);
    }
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
