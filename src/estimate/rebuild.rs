//! A whole rebuild, from the source alone: it is assumed that everything stands as the source says.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::estimate::work::{Sources, Work};
use crate::model::facts::CARRIER;
use crate::model::{Digest, InstanceName, ObservedStack, SealedUnit, StackStatus, Target, TargetName};
use crate::plan::graph::Graph;
use crate::plan::{ActionKind, Observation, Plan};

/// What would be seen if `units` stood as `release` makes them. Values that other stacks give are
/// left out: nobody knows them.
pub fn standing(
    units: &[SealedUnit],
    targets: &BTreeMap<TargetName, Target>,
    release: Digest,
) -> Observation {
    let mut observation = Observation::default();
    for unit in units {
        let target = &unit.instance().target;
        let stacks = observation.stacks.entry(target.clone()).or_default();
        stacks.push(Arc::new(stack(unit, targets.get(target), release)));
    }
    observation
}

fn stack(unit: &SealedUnit, target: Option<&Target>, release: Digest) -> ObservedStack {
    let known = unit.parameters.iter().filter_map(|(name, binding)| Some((name.clone(), binding.known()?)));
    let parameters: BTreeMap<String, String> = known.collect();
    let facts = unit.facts(&parameters, release);
    let place = target.map(|target| format!("{}:{}", target.region, target.account)).unwrap_or_default();
    ObservedStack {
        id: format!("arn:aws:cloudformation:{place}:stack/{}/assumed", unit.stack),
        name: unit.stack.to_string(),
        status: StackStatus::CreateComplete,
        status_reason: None,
        parameters,
        outputs: BTreeMap::from([(CARRIER.to_owned(), facts.encode())]),
        tags: unit.all_tags(),
        capabilities: Vec::new(),
        role: None,
        termination_protection: unit.termination_protection,
        parent: None,
        created: None,
        updated: None,
    }
}

/// The two walks of a rebuild: `teardown` as it was planned over what stands, then the making of
/// whatever it takes away.
pub fn rebuild(teardown: &Plan, waits_for: &Graph, sources: Sources<'_>) -> [Work; 2] {
    let goes = teardown.actions.iter().filter(|action| action.action == ActionKind::Delete);
    let gone: BTreeSet<&InstanceName> = goes.map(|action| &action.instance).collect();
    let again: Vec<&SealedUnit> =
        sources.units.iter().filter(|unit| gone.contains(unit.instance())).collect();
    [Work::of_plan(teardown, waits_for, sources), Work::of_creation(&again, sources)]
}
