//! How far a change of a parameter, mapping or condition reaches inside a template.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

/// The names whose values may come out otherwise than they did.
#[derive(Debug, Default)]
pub(super) struct Influences {
    parameters: BTreeSet<String>,
    mappings: BTreeSet<String>,
    conditions: BTreeSet<String>,
}

impl Influences {
    /// What differs between the templates outside the resources, and what follows from that.
    pub(super) fn between(deployed: &Value, desired: &Value, changed_parameters: &BTreeSet<String>) -> Self {
        let mut influences = Self {
            parameters: changed_parameters.clone(),
            mappings: differing(deployed, desired, "Mappings"),
            conditions: differing(deployed, desired, "Conditions"),
        };
        let conditions = desired.get("Conditions").and_then(Value::as_object);
        while let Some(name) = conditions.and_then(|conditions| influences.next_condition(conditions)) {
            influences.conditions.insert(name);
        }
        influences
    }

    fn next_condition(&self, conditions: &Map<String, Value>) -> Option<String> {
        conditions
            .iter()
            .find(|(name, definition)| !self.conditions.contains(*name) && self.reach(definition))
            .map(|(name, _)| name.clone())
    }

    /// Whether a resource may come or go, because its condition may come out otherwise.
    pub(super) fn may_switch(&self, resource: &Value) -> bool {
        resource
            .get("Condition")
            .and_then(Value::as_str)
            .is_some_and(|condition| self.conditions.contains(condition))
    }

    /// Whether a value refers to any of the names.
    pub(super) fn reach(&self, value: &Value) -> bool {
        match value {
            Value::Array(items) => items.iter().any(|item| self.reach(item)),
            Value::Object(object) => object.iter().any(|(key, item)| self.reach_key(key, item)),
            _ => false,
        }
    }

    fn reach_key(&self, key: &str, item: &Value) -> bool {
        let first = || item.get(0).or(Some(item)).and_then(Value::as_str);
        let named = match key {
            "Ref" => item.as_str().is_some_and(|name| self.parameters.contains(name)),
            "Condition" => item.as_str().is_some_and(|name| self.conditions.contains(name)),
            "Fn::If" => first().is_some_and(|name| self.conditions.contains(name)),
            "Fn::FindInMap" => match first() {
                Some(name) => self.mappings.contains(name),
                None => !self.mappings.is_empty(),
            },
            "Fn::Sub" => {
                first().is_some_and(|text| substituted(text).any(|name| self.parameters.contains(name)))
            }
            _ => false,
        };
        named || self.reach(item)
    }
}

/// The names in `${...}` of a `Fn::Sub` text; `${!...}` is literal.
fn substituted(text: &str) -> impl Iterator<Item = &str> {
    text.split("${")
        .skip(1)
        .filter_map(|rest| rest.split_once('}').map(|(name, _)| name.trim()))
        .filter(|name| !name.starts_with('!'))
}

/// Whether an object is a call of an intrinsic function.
pub(super) fn is_intrinsic(object: &Map<String, Value>) -> bool {
    object.len() == 1
        && object.keys().all(|key| key == "Ref" || key == "Condition" || key.starts_with("Fn::"))
}

fn differing(deployed: &Value, desired: &Value, section: &str) -> BTreeSet<String> {
    let entries =
        |template: &Value| template.get(section).and_then(Value::as_object).cloned().unwrap_or_default();
    let (before, after) = (entries(deployed), entries(desired));
    let names: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    names.into_iter().filter(|name| before.get(*name) != after.get(*name)).cloned().collect()
}
