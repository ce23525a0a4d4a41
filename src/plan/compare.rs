//! Compares a stack that stands with what it should be.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::language::stack_policy::StackPolicy;
use crate::model::facts::TAG_PREFIX;
use crate::model::{Change, Digest, Facts, InstanceName, ObservedStack, SealedUnit};
use crate::plan::difference::{difference_with, other_sections};
use crate::plan::expansion::{decided, expanded, known, known_facts, readable};
use crate::plan::inventory::Standing;
use crate::plan::replacement::{Effects, Side, effects};
use crate::plan::values::{self, MASKED};
use crate::plan::{Observation, ParameterChange, PlannedValue, Reason};

/// What differs. Without a reason there is nothing to do.
pub(super) struct Comparison {
    pub reasons: Vec<Reason>,
    pub changes: Vec<Change>,
    pub effects: Effects,
    pub parameters: Vec<ParameterChange>,
}

/// Compares `standing` with `unit`, whose parameter values these are.
pub(super) fn compare(
    unit: &SealedUnit,
    standing: &Standing<'_>,
    values: &BTreeMap<String, PlannedValue>,
    observation: &Observation,
) -> Comparison {
    let (stack, digest) = (standing.stack, unit.digest());
    let same_unit = standing.facts.as_ref().is_some_and(|facts| facts.unit == digest);
    let parameters = values::changes(Some(stack), values);
    let mut reasons = changed_outside(unit, standing, same_unit, observation);
    if let Some(facts) = standing.facts.as_ref().filter(|_| !same_unit) {
        reasons.push(Reason::DigestChanged { from: facts.unit, to: digest });
        reasons.extend(tag_reasons(unit, stack));
    }
    // As long as nothing better is known, every output may change.
    let mut found = Inside::default();
    found.effects.outputs = unit.outputs().clone();
    let deployed = match same_unit {
        // The template is looked into only where a value may change something in it.
        true => Some(unit).filter(|_| !parameters.is_empty()).map(|unit| unit.template.tree()),
        false => observation.templates.get(&stack.id).map(Cow::Borrowed),
    };
    if let Some(deployed) = deployed {
        let is_ours = reasons.iter().all(|reason| !matches!(reason, Reason::ChangedOutside { .. }));
        let inside = inside(&deployed, unit, stack, values, &parameters);
        let all = std::mem::replace(&mut found, inside).effects.outputs;
        if !is_ours {
            found.effects.outputs = all;
        }
        let paths = std::mem::take(&mut found.other_sections);
        reasons.extend(paths.into_iter().map(|path| Reason::TemplateChanged { path }));
    }
    reasons.extend(parameters.iter().filter_map(parameter_reason));
    reasons.extend(standing.facts.as_ref().into_iter().flat_map(|facts| facts_reasons(unit, facts)));
    let Inside { changes, effects, .. } = found;
    Comparison { reasons, changes, effects, parameters }
}

/// What differs inside a stack.
#[derive(Default)]
struct Inside {
    changes: Vec<Change>,
    effects: Effects,
    other_sections: Vec<String>,
}

/// Compares the deployed template with the unit's, each with what is known of its values.
fn inside(
    deployed: &Value,
    unit: &SealedUnit,
    stack: &ObservedStack,
    values: &BTreeMap<String, PlannedValue>,
    parameters: &[ParameterChange],
) -> Inside {
    let (now, then) = (readable(stack), known(values));
    let before = expanded(deployed, &now, Some(stack));
    let wanted = unit.template.tree();
    let after = expanded(&wanted, &then, Some(stack));
    let conditions = (decided(&before, &now, stack), decided(&after, &then, stack));
    let changed: BTreeSet<String> = parameters.iter().map(|change| change.name.clone()).collect();
    let mut changes = difference_with(&before, &after, &changed, (&conditions.0, &conditions.1));
    let side = |template, values, decided, open| Side {
        template,
        facts: known_facts(template, values, stack, decided),
        open,
    };
    let open = parameters.iter().filter(|change| matches!(change.to, PlannedValue::Unknown(_)));
    let open = open.map(|change| change.name.as_str()).collect();
    let before = side(&before, &now, conditions.0, BTreeSet::new());
    let after = side(&after, &then, conditions.1, open);
    // One that cannot be read is refused when it is sent.
    let policy = unit.stack_policy.as_ref().and_then(|policy| StackPolicy::parse(&policy.to_string()).ok());
    let effects = effects(&before, &after, policy.as_ref(), &mut changes);
    let other_sections = other_sections(before.template, after.template);
    Inside { changes, effects, other_sections }
}

/// Where the stack does not read back as rekindle left it.
fn changed_outside(
    unit: &SealedUnit,
    standing: &Standing<'_>,
    same_unit: bool,
    observation: &Observation,
) -> Vec<Reason> {
    let stack = standing.stack;
    let mut found = Vec::new();
    match &standing.facts {
        None => found.push("its `Rekindle` output is missing or unreadable".to_owned()),
        Some(facts) if facts.parameters != read_back_digest(unit, stack) => {
            found.push("its parameters are not those it was made with".to_owned());
        }
        Some(_) => {}
    }
    if same_unit {
        found.extend(tag_reasons(unit, stack).iter().map(ToString::to_string));
        if stack.termination_protection != unit.termination_protection {
            let state = if stack.termination_protection { "on" } else { "off" };
            found.push(format!("termination protection is {state}"));
        }
        // Some endpoints do not say which role a stack has.
        if stack.role.is_some() && unit.service_role.is_some() && stack.role != unit.service_role {
            found.push("its service role is another one".to_owned());
        }
    }
    found.extend(differs_from_record(unit.instance(), stack, observation));
    found.into_iter().map(|what| Reason::ChangedOutside { what }).collect()
}

fn differs_from_record(
    instance: &InstanceName,
    stack: &ObservedStack,
    observation: &Observation,
) -> Option<String> {
    let record = observation.records.get(instance)?;
    if record.stack_id != stack.id {
        return Some("it is another stack of the same name than the one in the last record".to_owned());
    }
    let changed = stack.updated.or(stack.created)?;
    let recorded = record.changed?;
    (changed > recorded).then(|| format!("it changed at {changed}, after the last record"))
}

/// The digest its facts must hold if nobody changed its parameters.
fn read_back_digest(unit: &SealedUnit, stack: &ObservedStack) -> Digest {
    let open: BTreeMap<String, String> = stack
        .parameters
        .iter()
        .filter(|(_, value)| *value != MASKED)
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    unit.parameter_digest(&open)
}

/// The user's own tags that differ: identity tags are fixed, and `aws:` ones are the service's.
fn tag_reasons(unit: &SealedUnit, stack: &ObservedStack) -> Vec<Reason> {
    let is_users = |key: &&String| !key.starts_with(TAG_PREFIX) && !key.starts_with("aws:");
    let keys: BTreeSet<&String> = stack.tags.keys().filter(is_users).chain(unit.tags.keys()).collect();
    keys.into_iter()
        .filter(|key| stack.tags.get(*key) != unit.tags.get(*key))
        .map(|key| Reason::TagChanged {
            key: key.clone(),
            from: stack.tags.get(key).cloned(),
            to: unit.tags.get(key).cloned(),
        })
        .collect()
}

fn parameter_reason(change: &ParameterChange) -> Option<Reason> {
    let name = change.name.clone();
    match &change.to {
        PlannedValue::Unknown(output) => Some(Reason::ParameterUnknown { name, output: output.clone() }),
        PlannedValue::Known(value) => {
            Some(Reason::ParameterChanged { name, from: change.from.clone(), to: Some(value.clone()) })
        }
        PlannedValue::Secret | PlannedValue::Removed => {
            Some(Reason::ParameterChanged { name, from: change.from.clone(), to: None })
        }
    }
}

fn facts_reasons(unit: &SealedUnit, facts: &Facts) -> Vec<Reason> {
    let mut reasons = Vec::new();
    if facts.class != unit.class {
        reasons.push(Reason::FactsChanged {
            what: "class".to_owned(),
            from: facts.class.to_string(),
            to: unit.class.to_string(),
        });
    }
    let before: BTreeSet<InstanceName> = facts.needs.iter().cloned().collect();
    if before != unit.needs {
        let what = "needs".to_owned();
        reasons.push(Reason::FactsChanged { what, from: names(&before), to: names(&unit.needs) });
    }
    reasons
}

fn names(instances: &BTreeSet<InstanceName>) -> String {
    let names: Vec<String> = instances.iter().map(ToString::to_string).collect();
    if names.is_empty() { "none".to_owned() } else { names.join(", ") }
}
