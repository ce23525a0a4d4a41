//! Names that a template gives its resources and that nobody else can have.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use rayon::prelude::*;
use serde_json::{Map, Value};

use crate::catalogue::{self, Reach};
use crate::model::{
    Change, ChangeAction, InstanceName, ObservedStack, SealedUnit, StackStatus, Target, TargetName,
};
use crate::plan::adoption;
use crate::plan::expansion::{known, place, place_of, readable, written};
use crate::plan::replacement::{Side, removal};
use crate::plan::values::Values;
use crate::plan::{ActionKind, DeployContext, Fate, Observation, PlannedAction};

/// A resource that has, or is to have, a name of its own.
#[derive(Clone, Debug, PartialEq)]
pub struct Named {
    /// The instance whose stack it is in.
    pub instance: InstanceName,
    /// Its logical id.
    pub logical_id: String,
    /// Its type.
    pub resource_type: String,
    /// The property that gives the name.
    pub property: String,
    /// The name.
    pub name: String,
    /// Whether CloudFormation can take it in where it exists already.
    pub is_adoptable: bool,
    within: Within,
}

/// Inside what a name is unique.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Within {
    /// As far as the names of its type reach.
    Everything,
    /// This value of the property that says it.
    Known(String),
    /// What this text gives in the stack of this instance.
    Written(InstanceName, String),
}

/// Where nobody else can have a name, and the name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key(String, String, Within, String);

impl fmt::Display for Named {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "`{}` ({}) of `{}`", self.logical_id, self.resource_type, self.instance)
    }
}

impl Named {
    /// What two resources cannot share. Targets of one place share its names.
    pub(super) fn key(&self, targets: &BTreeMap<TargetName, Target>) -> Key {
        let reach = targets.get(&self.instance.target).map(|target| {
            let Target { provider, account, region, .. } = target;
            match catalogue::reach(&self.resource_type) {
                Reach::Partition => format!("{provider}/{}", region.partition()),
                Reach::Account => format!("{provider}/{account}"),
                Reach::Region => format!("{provider}/{account}/{region}"),
            }
        });
        let reach = reach.unwrap_or_else(|| self.instance.target.to_string());
        Key(reach, self.resource_type.clone(), self.within.clone(), self.name.clone())
    }
}

/// The name of one resource, where it is known.
pub(super) fn named(side: &Side<'_>, instance: &InstanceName, logical_id: &str) -> Option<Named> {
    let resource = side.resource(logical_id)?;
    let resource_type = resource.get("Type")?.as_str()?;
    // Most resources have no name: this is asked before the catalogue is.
    let properties = resource.get("Properties")?.as_object()?;
    let unique = catalogue::unique_name(resource_type).filter(|it| properties.contains_key(it.property))?;
    let Value::String(name) = side.computed(side.property(logical_id, unique.property))?? else {
        return None;
    };
    let within = match unique.within.map(|property| side.property(logical_id, property)) {
        None => Within::Everything,
        Some(value) => match side.computed(value) {
            Some(known) => Within::Known(known.map(|known| known.to_string()).unwrap_or_default()),
            None => Within::Written(instance.clone(), value.map(Value::to_string).unwrap_or_default()),
        },
    };
    Some(Named {
        instance: instance.clone(),
        logical_id: logical_id.to_owned(),
        resource_type: resource_type.to_owned(),
        property: unique.property.to_owned(),
        name,
        is_adoptable: adoption::name(resource).is_some(),
        within,
    })
}

/// Every name of a template whose resource surely is there.
pub(super) fn names(side: &Side<'_>, instance: &InstanceName) -> Vec<Named> {
    let is_there = |resource: &Value| match resource.get("Condition").and_then(Value::as_str) {
        None => true,
        Some(name) => side.facts.conditions.get(name) == Some(&Some(true)),
    };
    let resources = side.section("Resources").into_iter().flat_map(Map::iter);
    let there = resources.filter(|(_, resource)| is_there(resource));
    there.filter_map(|(logical_id, _)| named(side, instance, logical_id)).collect()
}

/// The names that something new is to have, of everything that was decided.
pub(super) fn claims(values: &Values<'_>, context: &DeployContext) -> Vec<Named> {
    let actions: Vec<&PlannedAction> = values.decided.values().filter(|action| may_claim(action)).collect();
    actions.into_par_iter().flat_map_iter(|action| claimed(action, values, context)).collect()
}

/// Whether an action may give something new a name, as far as that can be told without reading its template.
fn may_claim(action: &PlannedAction) -> bool {
    let Some(unit) = &action.desired else { return false };
    let is_made = |change: &&Change| matches!(change.action, ChangeAction::Add | ChangeAction::Modify);
    let changes = action.changes.iter().filter(is_made);
    let kinds: BTreeSet<&str> = changes.map(|change| change.resource_type.as_str()).collect();
    let names = kinds.into_iter().filter_map(catalogue::unique_name);
    let properties: BTreeSet<&str> = names.map(|unique| unique.property).collect();
    let text = unit.template.text();
    properties.into_iter().any(|property| text.contains(&format!("\"{property}\":")))
}

fn claimed(action: &PlannedAction, values: &Values<'_>, context: &DeployContext) -> Vec<Named> {
    let (Some(unit), instance) = (&action.desired, &action.instance) else { return Vec::new() };
    let new = known(&values.of(unit, &mut Vec::new()));
    let (wanted, target) = (unit.template.tree(), context.targets.get(&instance.target));
    let there = match &action.observed {
        Some(stack) => place(stack),
        None => target.map(|target| place_of(target, &action.stack)).unwrap_or_default(),
    };
    let after = written(&wanted, &new, there);
    let claims = names(&after.side(), instance);
    let Some(stack) = action.observed.as_ref().filter(|_| action.action == ActionKind::Update) else {
        return claims;
    };
    let Some(deployed) = deployed(unit, stack, values.observation) else { return Vec::new() };
    let before = written(&deployed, &readable(stack), place(stack));
    let before = before.side();
    let is_new = |claim: &Named| {
        let change = action.changes.iter().find(|change| change.logical_id == claim.logical_id);
        change.is_some_and(|change| match change.action {
            ChangeAction::Add => true,
            // Where the name now is not known, nobody can say that it becomes another one.
            ChangeAction::Modify => named(&before, instance, &claim.logical_id)
                .is_some_and(|now| (&now.name, &now.within) != (&claim.name, &claim.within)),
            ChangeAction::Remove | ChangeAction::Dynamic | ChangeAction::Import => false,
        })
    };
    claims.into_iter().filter(is_new).collect()
}

/// The names of what stands and is not touched.
pub(super) fn standing(
    values: &Values<'_>,
    desired: &BTreeMap<InstanceName, &SealedUnit>,
    context: &DeployContext,
) -> Vec<Named> {
    let stays = |action: &&PlannedAction| matches!(action.action, ActionKind::Keep | ActionKind::Update);
    let actions: Vec<&PlannedAction> = values.decided.values().filter(stays).collect();
    let names = actions.into_par_iter().flat_map_iter(|action| {
        let (unit, stack) = (desired.get(&action.instance), &action.observed);
        let (Some(unit), Some(stack)) = (unit, stack) else { return Vec::new() };
        let Some(deployed) = deployed(unit, stack, values.observation) else { return Vec::new() };
        let written = written(&deployed, &readable(stack), place(stack));
        let is_touched =
            |named: &Named| action.changes.iter().any(|change| change.logical_id == named.logical_id);
        let mut names = names(&written.side(), &action.instance);
        names.retain(|named| !is_touched(named));
        names
    });
    names.filter(|named| context.targets.contains_key(&named.instance.target)).collect()
}

/// The template that a stack was made from, without rekindle's additions.
fn deployed<'a>(
    unit: &'a SealedUnit,
    stack: &ObservedStack,
    observation: &'a Observation,
) -> Option<Cow<'a, Value>> {
    let is_same = stack.facts().is_some_and(|facts| facts.unit == unit.digest());
    match is_same {
        true => Some(unit.template.tree()),
        false => observation.templates.get(&stack.id).map(Cow::Borrowed),
    }
}

/// The names that stay with what the deletion of a stack leaves behind.
pub(super) fn left_behind(instance: &InstanceName, stack: &ObservedStack, template: &Value) -> Vec<Named> {
    // Of a stack that never stood nobody knows what was made of it.
    let never_stood = matches!(
        stack.status,
        StackStatus::ReviewInProgress
            | StackStatus::CreateFailed
            | StackStatus::RollbackFailed
            | StackStatus::RollbackComplete
    );
    if never_stood {
        return Vec::new();
    }
    let written = written(template, &readable(stack), place(stack));
    let side = written.side();
    let stays = |named: &Named| {
        let resource = side.resource(&named.logical_id);
        let stays = resource.is_some_and(|it| removal(&named.logical_id, it).fate == Fate::Retained);
        // A network of the same text is another network when it is made again.
        stays && !matches!(named.within, Within::Written(..))
    };
    names(&side, instance).into_iter().filter(stays).collect()
}
