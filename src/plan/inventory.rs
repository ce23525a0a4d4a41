//! The observed stacks of one environment by instance, and what is wrong with them.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use rayon::prelude::*;
use serde_json::Value;

use crate::model::facts::{CARRIER, Identity, SCHEMA};
use crate::model::{
    Digest, EnvironmentName, Facts, InstanceName, ObservedStack, ProjectName, SealedUnit, StackName,
    TargetName, UsedInstance,
};
use crate::plan::graph::Graph;
use crate::plan::status::{TeardownAnswer, on_teardown};
use crate::plan::{ActionKind, Observation, Obstacle, PlannedAction, Reason};

/// A stack that stands for an instance.
#[derive(Clone, Debug)]
pub(super) struct Standing<'a> {
    /// The stack.
    pub stack: &'a Arc<ObservedStack>,
    /// Its facts: from its output, else from its template.
    pub facts: Option<Facts>,
}

impl Standing<'_> {
    /// The stack's own name, which may differ from the one the source would derive.
    pub(super) fn name(&self, instance: &InstanceName, inventory: &Inventory<'_>) -> StackName {
        StackName::new(&self.stack.name)
            .unwrap_or_else(|_| StackName::derive(inventory.project, inventory.environment, instance))
    }
}

impl Standing<'_> {
    /// What is done to a stack that nothing is sent to: it goes or stays, for these reasons.
    pub(super) fn planned(
        &self,
        (instance, inventory): (&InstanceName, &Inventory<'_>),
        action: ActionKind,
        reasons: Vec<Reason>,
        needs: BTreeSet<InstanceName>,
    ) -> PlannedAction {
        PlannedAction {
            instance: instance.clone(),
            action,
            stack: self.name(instance, inventory),
            class: self.facts.as_ref().map(|facts| facts.class),
            reasons,
            changes: Vec::new(),
            consequences: Vec::new(),
            changing_outputs: BTreeSet::new(),
            protected: Vec::new(),
            emptied: Vec::new(),
            parameters: Vec::new(),
            needs,
            desired: None,
            observed: Some(Arc::clone(self.stack)),
        }
    }
}

/// The environment's own stacks.
#[derive(Debug)]
pub(super) struct Inventory<'a> {
    pub project: &'a ProjectName,
    pub environment: &'a EnvironmentName,
    /// By instance; stacks that are gone are left out.
    pub standing: BTreeMap<InstanceName, Standing<'a>>,
    /// Why nothing may be changed at all.
    pub obstacles: Vec<Obstacle>,
}

impl<'a> Inventory<'a> {
    /// Sorts the observed stacks by the instances their tags name.
    pub(super) fn of(
        project: &'a ProjectName,
        environment: &'a EnvironmentName,
        observation: &'a Observation,
    ) -> Self {
        let mut inventory = Self { project, environment, standing: BTreeMap::new(), obstacles: Vec::new() };
        for (target, read) in read(observation) {
            inventory.add(target, read, observation);
        }
        inventory
    }

    /// Two targets may share an account and region and then see each other's stacks: a stack counts
    /// at the target its tags name, or where it was seen if nobody looks at that target.
    fn add(&mut self, seen_at: &TargetName, read: Read<'a>, observation: &'a Observation) {
        let Read { stack, identity, carried } = read;
        let ours = identity.project == *self.project && identity.environment == *self.environment;
        let target = &identity.instance.target;
        if !ours || (target != seen_at && observation.stacks.contains_key(target)) {
            return;
        }
        let instance = identity.instance;
        if let Some(other) = self.standing.get(&instance) {
            if other.stack.id != stack.id {
                let (first, second) = (other.stack.id.clone(), stack.id.clone());
                self.obstacles.push(Obstacle::TwoStacks { instance, first, second });
            }
            return;
        }
        self.obstacles.extend(objection(&instance, stack, carried.is_some()));
        let facts = carried.or_else(|| observation.template_facts.get(&stack.id).cloned());
        self.standing.insert(instance, Standing { stack, facts });
    }

    /// What each standing instance needs, by its facts; where it has none, guessed from parameters
    /// that hold outputs of other stacks.
    pub(super) fn needs(&self) -> Graph {
        self.standing
            .iter()
            .map(|(instance, standing)| {
                let needs = match &standing.facts {
                    Some(facts) => facts.needs.iter().cloned().collect(),
                    None => self.guessed_needs(instance, standing),
                };
                let known = needs.into_iter().filter(|need| self.standing.contains_key(need)).collect();
                (instance.clone(), known)
            })
            .collect()
    }

    fn guessed_needs(&self, instance: &InstanceName, standing: &Standing<'_>) -> BTreeSet<InstanceName> {
        let values: BTreeSet<&str> = standing
            .stack
            .parameters
            .values()
            .flat_map(|value| value.split(','))
            .filter(|value| value.len() >= SHORTEST_TELLING_VALUE)
            .collect();
        let provides = |other: &Standing<'_>| {
            let mut outputs = other.stack.outputs.values().flat_map(|value| value.split(','));
            outputs.any(|value| values.contains(value))
        };
        self.standing
            .iter()
            .filter(|(other, candidate)| *other != instance && provides(candidate))
            .map(|(other, _)| other.clone())
            .collect()
    }
}

/// A stack that is there and belongs to somebody, with what its tags and its output say.
struct Read<'a> {
    stack: &'a Arc<ObservedStack>,
    identity: Identity,
    carried: Option<Facts>,
}

/// Reads all stacks. Most of the time of a plan without changes goes here, so that it is spread over
/// the processors; the order stays the one of the observation.
fn read(observation: &Observation) -> Vec<(&TargetName, Read<'_>)> {
    let targets = observation.stacks.iter();
    let stacks: Vec<(&TargetName, &Arc<ObservedStack>)> =
        targets.flat_map(|(target, stacks)| stacks.iter().map(move |stack| (target, stack))).collect();
    let there = stacks.into_par_iter().filter(|(_, stack)| !stack.status.is_gone());
    there
        .filter_map(|(target, stack)| {
            let identity = stack.identity()?;
            Some((target, Read { stack, identity, carried: stack.facts() }))
        })
        .collect()
}

/// Shorter values (`true`, `80`, `eu-west-1`) coincide by chance; physical ids and ARNs are longer.
const SHORTEST_TELLING_VALUE: usize = 12;

/// The facts in the stack's output; where it has none, the ones in its template.
pub(super) fn facts_of<'a>(stack: &ObservedStack, observation: &'a Observation) -> Option<Cow<'a, Facts>> {
    match stack.facts() {
        Some(facts) => Some(Cow::Owned(facts)),
        None => observation.template_facts.get(&stack.id).map(Cow::Borrowed),
    }
}

fn objection(instance: &InstanceName, stack: &ObservedStack, carries_facts: bool) -> Option<Obstacle> {
    let (instance, name, status) = (instance.clone(), stack.name.clone(), stack.status.clone());
    // What stops a teardown stops everything.
    match on_teardown(&stack.status) {
        TeardownAnswer::Busy => Some(Obstacle::Busy { instance, stack: name, status }),
        TeardownAnswer::Unknown => Some(Obstacle::UnknownStatus { instance, stack: name, status }),
        // Facts that were read are of no later schema.
        _ if !carries_facts && has_later_facts(stack) => Some(Obstacle::LaterFacts { instance, stack: name }),
        _ => None,
    }
}

fn has_later_facts(stack: &ObservedStack) -> bool {
    let carried = stack.outputs.get(CARRIER).and_then(|text| serde_json::from_str::<Value>(text).ok());
    let schema = carried.as_ref().and_then(|facts| facts.get("schema")).and_then(Value::as_u64);
    schema.is_some_and(|schema| schema > u64::from(SCHEMA))
}

/// Which deployed templates to fetch before planning: those whose unit digest differs from the
/// source's, to show the difference by resource, and those of stacks whose outputs hold no facts,
/// because the facts then stand in the template. Where nothing changed there are none.
///
/// For a teardown `desired` is empty.
pub fn wanted_templates(
    project: &ProjectName,
    environment: &EnvironmentName,
    desired: &[SealedUnit],
    observation: &Observation,
) -> Vec<String> {
    let inventory = Inventory::of(project, environment, observation);
    let digests: BTreeMap<&InstanceName, Digest> =
        desired.iter().map(|unit| (unit.instance(), unit.digest())).collect();
    let differs = |instance: &InstanceName, standing: &Standing<'_>| match &standing.facts {
        None => true,
        Some(facts) => digests.get(instance).is_some_and(|digest| *digest != facts.unit),
    };
    inventory
        .standing
        .iter()
        .filter(|(_, standing)| standing.stack.status != crate::model::StackStatus::ReviewInProgress)
        .filter(|(instance, standing)| differs(instance, standing))
        .map(|(_, standing)| standing.stack.id.clone())
        .collect()
}

/// The ids (ARNs) of the environment's stacks that hold something: what a teardown looks into.
pub fn standing_ids(
    project: &ProjectName,
    environment: &EnvironmentName,
    observation: &Observation,
) -> Vec<String> {
    let inventory = Inventory::of(project, environment, observation);
    let standing = inventory.standing.values().map(|standing| standing.stack);
    let standing = standing.filter(|stack| stack.status != crate::model::StackStatus::ReviewInProgress);
    standing.map(|stack| stack.id.clone()).collect()
}

/// The ids (ARNs) of the environment's stacks that the source no longer has.
pub fn gone_ids(
    project: &ProjectName,
    environment: &EnvironmentName,
    desired: &[SealedUnit],
    observation: &Observation,
) -> Vec<String> {
    let inventory = Inventory::of(project, environment, observation);
    let is_gone = |instance: &InstanceName| desired.iter().all(|unit| unit.instance() != instance);
    let gone = inventory.standing.iter().filter(|(instance, _)| is_gone(instance));
    gone.map(|(_, standing)| standing.stack.id.clone()).collect()
}

/// The stacks of other environments that use instances of this one, by what they use.
pub(super) fn users(
    environment: &EnvironmentName,
    observation: &Observation,
) -> BTreeMap<InstanceName, (EnvironmentName, InstanceName)> {
    let mut users = BTreeMap::new();
    for stack in observation.others.values().flat_map(BTreeMap::values).flatten() {
        let (Some(identity), Some(facts)) = (stack.identity(), facts_of(stack, observation)) else {
            continue;
        };
        for UsedInstance { environment: owner, instance } in &facts.uses {
            if owner == environment && !stack.status.is_gone() {
                let user = (identity.environment.clone(), identity.instance.clone());
                users.entry(instance.clone()).or_insert(user);
            }
        }
    }
    users
}
