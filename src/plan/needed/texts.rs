//! The texts that CloudFormation would get of a unit, with every function computed whose value is known.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::language::{Evaluator, Facts, is_function};
use crate::model::{Binding, SealedUnit, Target};
use crate::plan::expansion::{expanded_at, facts_at, place_of, readable};
use crate::plan::needed::{name_property, typed};
use crate::plan::{PlannedAction, PlannedValue};

/// A unit's template with what is known of its values.
pub(super) struct Filled {
    template: Value,
    facts: Facts,
}

impl Filled {
    pub(super) fn of(action: &PlannedAction, unit: &SealedUnit, target: &Target) -> Self {
        let values = values(action, unit);
        let place = place_of(target, &action.stack);
        let template = unit.template.tree();
        let template = expanded_at(&template, &values, place.clone()).into_owned();
        let facts = facts_at(&template, &values, place);
        Self { template, facts }
    }

    /// Every text in the properties of resources that are made.
    pub(super) fn texts(&self) -> Vec<String> {
        let mut texts = Vec::new();
        self.resources().for_each(|(_, properties)| self.collect(properties, &mut texts));
        texts
    }

    /// The names that resources give to what others ask for by its name.
    pub(super) fn names(&self) -> impl Iterator<Item = String> {
        self.resources().filter_map(|(resource_type, properties)| {
            let name = properties.get(name_property(resource_type)?)?;
            self.computed(name)?.as_str().map(str::to_owned)
        })
    }

    /// How many resources of a type are made.
    pub(super) fn count(&self, resource_type: &str) -> u64 {
        self.resources().filter(|(of, _)| *of == resource_type).count() as u64
    }

    /// Type and properties of the resources whose condition holds, or may.
    fn resources(&self) -> impl Iterator<Item = (&str, &Value)> {
        let is_made = |resource: &&Value| {
            let condition = resource.get("Condition").and_then(Value::as_str);
            condition.is_none_or(|name| self.facts.conditions.get(name) != Some(&Some(false)))
        };
        let section = self.template.get("Resources").and_then(Value::as_object);
        section.into_iter().flat_map(|section| section.values()).filter(is_made).filter_map(typed)
    }

    fn computed(&self, value: &Value) -> Option<Value> {
        Evaluator::new(&self.facts).value(value).ok().flatten()
    }

    /// Of a function that cannot be computed its parts are read: a text in there may be whole.
    fn collect(&self, value: &Value, texts: &mut Vec<String>) {
        match value {
            Value::String(text) => texts.push(text.clone()),
            Value::Array(items) => items.iter().for_each(|item| self.collect(item, texts)),
            Value::Object(fields) => {
                let is_call = fields.len() == 1 && fields.keys().all(|key| is_function(key));
                match self.computed(value).filter(|_| is_call) {
                    Some(known) => plain(&known, texts),
                    None => fields.values().for_each(|field| self.collect(field, texts)),
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }
}

fn plain(value: &Value, texts: &mut Vec<String>) {
    match value {
        Value::String(text) => texts.push(text.clone()),
        Value::Array(items) => items.iter().for_each(|item| plain(item, texts)),
        Value::Object(fields) => fields.values().for_each(|field| plain(field, texts)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// The parameters' values, as far as they are known; of a secret its reference.
fn values(action: &PlannedAction, unit: &SealedUnit) -> BTreeMap<String, String> {
    let mut values = action.observed.as_deref().map(readable).unwrap_or_default();
    for change in &action.parameters {
        match &change.to {
            PlannedValue::Known(value) => values.insert(change.name.clone(), value.clone()),
            PlannedValue::Unknown(_) | PlannedValue::Secret | PlannedValue::Removed => {
                values.remove(&change.name)
            }
        };
    }
    for (name, binding) in &unit.parameters {
        if let Binding::Secret(secret) = binding {
            values.insert(name.clone(), secret.dynamic_reference());
        }
    }
    values
}
