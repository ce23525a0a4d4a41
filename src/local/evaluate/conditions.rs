//! Conditions: `Fn::Equals`, `Fn::And`, `Fn::Or`, `Fn::Not` and references to other conditions.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::local::evaluate::{EvaluateError, Pseudo, Scope};
use crate::local::template::{Template, text_of};

/// Whether a function yields a truth value.
pub fn is_condition_function(name: &str) -> bool {
    matches!(name, "Fn::Equals" | "Fn::And" | "Fn::Or" | "Fn::Not")
}

/// Which conditions of a template hold.
///
/// # Errors
/// [`EvaluateError`] for malformed conditions and for ones that depend on themselves.
pub fn evaluate(
    template: &Template,
    parameters: &BTreeMap<String, Value>,
    pseudo: &Pseudo,
) -> Result<BTreeMap<String, bool>, EvaluateError> {
    let mut known = BTreeMap::new();
    for name in template.conditions.keys() {
        let mut under_way = Vec::new();
        resolve(template, parameters, pseudo, name, &mut known, &mut under_way)?;
    }
    Ok(known)
}

/// Resolves one condition after those it names.
fn resolve(
    template: &Template,
    parameters: &BTreeMap<String, Value>,
    pseudo: &Pseudo,
    name: &str,
    known: &mut BTreeMap<String, bool>,
    under_way: &mut Vec<String>,
) -> Result<(), EvaluateError> {
    if known.contains_key(name) {
        return Ok(());
    }
    if under_way.iter().any(|other| other == name) {
        let cycle = under_way.join(", ");
        return Err(EvaluateError::Template(format!("Circular dependencies for conditions [{cycle}]")));
    }
    let Some(value) = template.conditions.get(name) else {
        return Err(EvaluateError::Template(format!("Unresolved condition dependency {name}")));
    };
    under_way.push(name.to_owned());
    let mut needed = Vec::new();
    named(value, &mut needed);
    for other in needed {
        resolve(template, parameters, pseudo, other, known, under_way)?;
    }
    under_way.pop();
    let scope = Scope {
        template,
        parameters,
        pseudo,
        conditions: known,
        resources: &BTreeMap::new(),
        exports: &BTreeMap::new(),
        imported: &RefCell::new(BTreeSet::new()),
    };
    let holds = scope.condition(value)?;
    known.insert(name.to_owned(), holds);
    Ok(())
}

/// Names of the conditions a condition refers to.
fn named<'a>(value: &'a Value, names: &mut Vec<&'a str>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| named(item, names)),
        Value::Object(map) => {
            for (key, item) in map {
                match (key.as_str(), item) {
                    ("Condition", Value::String(name)) => names.push(name),
                    ("Fn::If", Value::Array(parts)) => {
                        names.extend(parts.first().and_then(Value::as_str));
                        named(item, names);
                    }
                    _ => named(item, names),
                }
            }
        }
        _ => {}
    }
}

impl Scope<'_> {
    /// Whether a condition expression holds.
    pub(super) fn condition(&self, value: &Value) -> Result<bool, EvaluateError> {
        let malformed = || EvaluateError::Template("every condition must be a function".to_owned());
        let (name, argument) = match value.as_object().and_then(|map| map.iter().next()) {
            Some(entry) => entry,
            None => return value.as_bool().ok_or_else(malformed),
        };
        match (name.as_str(), argument) {
            ("Condition", Value::String(name)) => self.holds(name),
            ("Fn::Equals", Value::Array(sides)) if sides.len() == 2 => {
                Ok(comparable(self.value_or_null(&sides[0])?) == comparable(self.value_or_null(&sides[1])?))
            }
            ("Fn::Not", Value::Array(items)) if items.len() == 1 => Ok(!self.condition(&items[0])?),
            ("Fn::And", Value::Array(items)) if (2..=10).contains(&items.len()) => {
                Ok(self.all(items)?.iter().all(|holds| *holds))
            }
            ("Fn::Or", Value::Array(items)) if (2..=10).contains(&items.len()) => {
                Ok(self.all(items)?.iter().any(|holds| *holds))
            }
            ("Fn::Equals" | "Fn::Not" | "Fn::And" | "Fn::Or", _) => {
                Err(EvaluateError::Template(format!("{name} has the wrong number of conditions or values")))
            }
            _ => Err(malformed()),
        }
    }

    fn all(&self, items: &[Value]) -> Result<Vec<bool>, EvaluateError> {
        items.iter().map(|item| self.condition(item)).collect()
    }

    /// Whether the condition of that name holds.
    pub(super) fn holds(&self, name: &str) -> Result<bool, EvaluateError> {
        let unresolved = || EvaluateError::Template(format!("Unresolved condition dependency {name}"));
        self.conditions.get(name).copied().ok_or_else(unresolved)
    }
}

/// CloudFormation compares scalars by their text.
fn comparable(value: Value) -> Value {
    text_of(&value).map_or(value, Value::String)
}
