//! A plan as work that takes time: per instance its steps, each with what must end before it.

use std::collections::{BTreeMap, BTreeSet};

use crate::estimate::contents::{Resource, contents};
use crate::estimate::update::update;
use crate::estimate::{Duration, Durations};
use crate::model::{InstanceName, ResourceOperation, SealedUnit, Target, TargetName};
use crate::plan::graph::{self, Graph};
use crate::plan::{ActionKind, Observation, Operation, Plan, PlannedAction};

/// One operation on one resource.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// Logical id of the resource.
    pub resource: String,
    /// Its type.
    pub resource_type: String,
    /// What is done to it.
    pub operation: ResourceOperation,
    /// How long that takes.
    pub duration: Duration,
    /// Steps of the same unit that must end before, by their places in the list: smaller ones.
    pub needs: Vec<usize>,
}

/// What is done to one instance.
#[derive(Clone, Debug, PartialEq)]
pub struct UnitWork {
    /// The instance.
    pub instance: InstanceName,
    /// What is done.
    pub action: ActionKind,
    /// Places in the phase's list of the units that must be finished before: smaller ones.
    pub waits_for: Vec<usize>,
    /// What it consists of; each after what it needs.
    pub steps: Vec<Step>,
    /// Whether its contents are known. A stack that nobody has a template of, or whose template cannot be
    /// written out, takes some time, too.
    pub is_known: bool,
}

/// One walk through the graph: a rebuild has two of them, everything else one.
#[derive(Clone, Debug, PartialEq)]
pub struct Work {
    /// Which way it goes.
    pub operation: Operation,
    /// The units that something is done to, each after what it waits for.
    pub units: Vec<UnitWork>,
}

/// What is known of the stacks that a plan acts on, beside the plan.
#[derive(Clone, Copy, Debug)]
pub struct Sources<'s> {
    /// How long things take.
    pub durations: &'s Durations,
    /// The environment's places.
    pub targets: &'s BTreeMap<TargetName, Target>,
    /// The units of the source: where a stack's own template was not read, it is taken to be made
    /// from these.
    pub units: &'s [SealedUnit],
    /// What was seen.
    pub observation: &'s Observation,
}

impl Work {
    /// The work of carrying out `plan`, in which instances wait for each other like this.
    pub fn of_plan(plan: &Plan, waits_for: &Graph, sources: Sources<'_>) -> Self {
        let source: BTreeMap<&InstanceName, &SealedUnit> =
            sources.units.iter().map(|unit| (unit.instance(), unit)).collect();
        let order = graph::order(waits_for).unwrap_or_default();
        let places: BTreeMap<&InstanceName, usize> =
            order.iter().enumerate().map(|(place, name)| (name, place)).collect();
        let unit = |instance: &InstanceName| {
            let action = plan.action(instance)?;
            let contents = of_action(action, source.get(instance).copied(), sources);
            Some(UnitWork {
                instance: instance.clone(),
                action: action.action,
                waits_for: waits_for[instance].iter().filter_map(|need| places.get(need).copied()).collect(),
                is_known: contents.is_some(),
                steps: contents.unwrap_or_default(),
            })
        };
        Self { operation: plan.operation, units: order.iter().filter_map(unit).collect() }
    }

    /// The work of making `units` where nothing of them stands.
    pub fn of_creation(units: &[&SealedUnit], sources: Sources<'_>) -> Self {
        let all: BTreeMap<&InstanceName, &SealedUnit> =
            units.iter().map(|unit| (unit.instance(), *unit)).collect();
        let present =
            |unit: &SealedUnit| unit.needs.iter().filter(|need| all.contains_key(need)).cloned().collect();
        let waits_for: Graph = all.iter().map(|(name, unit)| ((*name).clone(), present(unit))).collect();
        let order = graph::order(&waits_for).unwrap_or_default();
        let places: BTreeMap<&InstanceName, usize> =
            order.iter().enumerate().map(|(place, name)| (name, place)).collect();
        let unit = |instance: &InstanceName| {
            let contents = creation(all[instance], sources);
            UnitWork {
                instance: instance.clone(),
                action: ActionKind::Create,
                waits_for: waits_for[instance].iter().map(|need| places[need]).collect(),
                is_known: contents.is_some(),
                steps: contents.unwrap_or_default(),
            }
        };
        Self { operation: Operation::Deploy, units: order.iter().map(unit).collect() }
    }
}

/// `None` where nobody knows what the stack consists of.
fn of_action(action: &PlannedAction, source: Option<&SealedUnit>, sources: Sources<'_>) -> Option<Vec<Step>> {
    match (action.action, &action.desired) {
        (ActionKind::Create | ActionKind::Replace, Some(unit)) => creation(unit, sources),
        (ActionKind::Update, Some(unit)) => update(action, unit, sources),
        (ActionKind::Delete, _) => deletion(action, source, sources),
        _ => Some(Vec::new()),
    }
}

fn creation(unit: &SealedUnit, sources: Sources<'_>) -> Option<Vec<Step>> {
    let resources = wanted(unit, sources)?;
    let steps = resources.iter().map(|(id, resource)| (id, resource, resource.needs.clone()));
    Some(in_order(unit.instance(), ResourceOperation::Create, steps, sources.durations))
}

/// The resources of a unit by the values that the source gives; `None` where its template cannot be
/// written out.
pub(super) fn wanted(unit: &SealedUnit, sources: Sources<'_>) -> Option<BTreeMap<String, Resource>> {
    let literals =
        unit.parameters.iter().filter_map(|(name, binding)| Some((name.clone(), binding.given()?)));
    contents(&unit.template.tree(), &literals.collect(), sources.targets.get(&unit.instance().target))
}

fn deletion(action: &PlannedAction, source: Option<&SealedUnit>, sources: Sources<'_>) -> Option<Vec<Step>> {
    let stack = action.observed.as_ref()?;
    let target = sources.targets.get(&action.instance.target);
    let mut resources = match (sources.observation.templates.get(&stack.id), source) {
        (Some(deployed), _) => contents(deployed, &stack.parameters, target)?,
        (None, Some(unit)) => contents(&unit.template.tree(), &stack.parameters, target)?,
        (None, None) => return None,
    };
    resources.retain(|_, resource| !resource.is_retained);
    let users = |id: &str| {
        let users = resources.iter().filter(|(_, resource)| resource.needs.contains(id));
        users.map(|(user, _)| user.clone()).collect::<BTreeSet<_>>()
    };
    let steps = resources.iter().map(|(id, resource)| (id, resource, users(id)));
    Some(in_order(&action.instance, ResourceOperation::Delete, steps, sources.durations))
}

/// Logical ids, each after those it needs. Of a circle, which CloudFormation refuses, none is left.
pub(super) fn order(resources: &BTreeMap<String, Resource>) -> Vec<String> {
    let graph: BTreeMap<&String, BTreeSet<String>> =
        resources.iter().map(|(id, resource)| (id, resource.needs.clone())).collect();
    sorted(graph)
}

fn sorted(mut open: BTreeMap<&String, BTreeSet<String>>) -> Vec<String> {
    let mut followers: BTreeMap<String, Vec<&String>> = BTreeMap::new();
    for (id, needs) in &open {
        needs.iter().for_each(|need| followers.entry(need.clone()).or_default().push(id));
    }
    let mut ready: BTreeSet<&String> =
        open.iter().filter(|(_, needs)| needs.is_empty()).map(|(id, _)| *id).collect();
    let mut ordered = Vec::with_capacity(open.len());
    while let Some(id) = ready.pop_first() {
        for follower in followers.remove(id).unwrap_or_default() {
            let Some(needs) = open.get_mut(follower) else { continue };
            needs.remove(id);
            if needs.is_empty() {
                ready.insert(follower);
            }
        }
        ordered.push(id.clone());
    }
    ordered
}

/// Steps of one operation, each after those it waits for.
fn in_order<'r>(
    instance: &InstanceName,
    operation: ResourceOperation,
    resources: impl Iterator<Item = (&'r String, &'r Resource, BTreeSet<String>)>,
    durations: &Durations,
) -> Vec<Step> {
    let all: BTreeMap<&String, (&Resource, BTreeSet<String>)> =
        resources.map(|(id, resource, waits)| (id, (resource, waits))).collect();
    let order = sorted(all.iter().map(|(id, (_, waits))| (*id, waits.clone())).collect());
    let places: BTreeMap<&String, usize> = order.iter().enumerate().map(|(place, id)| (id, place)).collect();
    order
        .iter()
        .map(|id| {
            let (resource, waits) = &all[id];
            let needs = waits.iter().filter_map(|need| places.get(need).copied()).collect();
            step(instance, (id, &resource.resource_type), operation, needs, durations)
        })
        .collect()
}

pub(super) fn step(
    instance: &InstanceName,
    (resource, resource_type): (&String, &String),
    operation: ResourceOperation,
    needs: Vec<usize>,
    durations: &Durations,
) -> Step {
    let duration = durations.of(instance, resource, resource_type, operation);
    Step { resource: resource.clone(), resource_type: resource_type.clone(), operation, duration, needs }
}
