//! Goes through a section and writes it anew.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::language::conditions;
use crate::language::evaluate::{EvaluateError, Evaluator};
use crate::language::expand::placeholders::{self, Bindings, mentions};
use crate::language::expand::{ExpandError, Expansion, MAXIMUM_BYTES, Problem, Unknown};
use crate::language::facts::Facts;
use crate::language::transforms::is_loop;
use crate::language::value::pointer;

/// Where in the source and in the result the walk is, and inside which loops.
#[derive(Clone)]
pub(super) struct Spot {
    pub(super) source: String,
    pub(super) expanded: String,
    pub(super) bindings: Bindings,
}

impl Spot {
    /// A child that has the same key on both sides.
    pub(super) fn child(&self, key: &str) -> Self {
        Self {
            source: pointer(&self.source, key),
            expanded: pointer(&self.expanded, key),
            bindings: self.bindings.clone(),
        }
    }

    pub(super) fn error(&self, problem: impl Into<Problem>) -> ExpandError {
        ExpandError { pointer: self.source.clone(), problem: problem.into() }
    }
}

/// What the keys of an object are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Keys {
    /// Logical ids of conditions or resources.
    Ids,
    /// Logical ids of outputs.
    Outputs,
    /// Anything.
    Any,
}

pub(super) struct Expander {
    pub(super) facts: Facts,
    pub(super) unknown: Unknown,
    pub(super) expansion: Expansion,
    pub(super) turns: usize,
    /// Bytes of the result so far.
    pub(super) bytes: usize,
    /// Bytes of the collections that loops looked at so far.
    pub(super) collected: usize,
}

impl Expander {
    pub(super) fn new(facts: Facts, unknown: Unknown) -> Self {
        let facts = Facts { conditions: BTreeMap::new(), ..facts };
        Self { facts, unknown, expansion: Expansion::default(), turns: 0, bytes: 0, collected: 0 }
    }

    /// Decides the conditions of the expanded section.
    pub(super) fn decide(&mut self, section: &Value) -> Result<(), ExpandError> {
        let Value::Object(section) = section else { return Ok(()) };
        match conditions::decide(section, &self.facts) {
            Ok(conditions) => self.facts.conditions = conditions,
            // Whoever keeps what is unknown asks about loops, not about conditions.
            Err(_) if self.unknown == Unknown::Keep => {}
            Err(error) => {
                return Err(ExpandError { pointer: "/Conditions".to_owned(), problem: error.into() });
            }
        }
        Ok(())
    }

    /// One of the sections in which loops may stand.
    pub(super) fn section(&mut self, name: &str, section: &Value) -> Result<Value, ExpandError> {
        let path = pointer("", name);
        let spot = Spot { source: path.clone(), expanded: path, bindings: Bindings::new() };
        let Value::Object(entries) = section else { return Ok(section.clone()) };
        let keys = if name == "Outputs" { Keys::Outputs } else { Keys::Ids };
        let mut result = self.object(entries, &spot, keys)?;
        if name != "Conditions" {
            for (id, entry) in &mut result {
                let at = pointer(&spot.expanded, id);
                self.names_of_entry(entry, &at)?;
            }
        }
        Ok(Value::Object(result))
    }

    /// Counts bytes of the result.
    pub(super) fn spend(&mut self, bytes: usize, at: &str) -> Result<(), ExpandError> {
        self.bytes += bytes;
        if self.bytes <= MAXIMUM_BYTES {
            return Ok(());
        }
        Err(ExpandError { pointer: at.to_owned(), problem: Problem::TooLong })
    }

    pub(super) fn object(
        &mut self,
        map: &Map<String, Value>,
        spot: &Spot,
        keys: Keys,
    ) -> Result<Map<String, Value>, ExpandError> {
        let mut result = Map::new();
        for (key, value) in map {
            let spot = spot.child(key);
            if is_loop(key) {
                self.repeat(key, value, &spot, keys, &mut result)?;
            } else {
                let value = self.value(value, &spot)?;
                self.insert(&mut result, key.clone(), value, &spot)?;
            }
        }
        Ok(result)
    }

    pub(super) fn insert(
        &mut self,
        result: &mut Map<String, Value>,
        key: String,
        value: Value,
        spot: &Spot,
    ) -> Result<(), ExpandError> {
        self.spend(key.len() + 3, &spot.source)?;
        if result.contains_key(&key) {
            return Err(spot.error(Problem::Duplicate(key)));
        }
        result.insert(key, value);
        Ok(())
    }

    pub(super) fn value(&mut self, value: &Value, spot: &Spot) -> Result<Value, ExpandError> {
        match value {
            Value::Array(items) => {
                self.spend(3, &spot.source)?;
                let items = items.iter().enumerate();
                let items = items.map(|(index, item)| self.value(item, &spot.child(&index.to_string())));
                Ok(Value::Array(items.collect::<Result<_, _>>()?))
            }
            Value::Object(map) => {
                self.spend(3, &spot.source)?;
                match map.iter().next() {
                    Some((key, argument)) if map.len() == 1 => self.call(key, argument, spot),
                    _ => Ok(Value::Object(self.object(map, spot, Keys::Any)?)),
                }
            }
            Value::String(text) => {
                self.spend(text.len() + 3, &spot.source)?;
                if spot.bindings.iter().any(|(identifier, _)| mentions(text, identifier)) {
                    self.expansion.literals.insert(spot.source.clone());
                }
                Ok(value.clone())
            }
            scalar => {
                self.spend(5, &spot.source)?;
                Ok(scalar.clone())
            }
        }
    }

    /// An object with one key, which may be a function.
    fn call(&mut self, key: &str, argument: &Value, spot: &Spot) -> Result<Value, ExpandError> {
        let inner = spot.child(key);
        match key {
            "Ref" => self.reference(argument, &inner),
            "Fn::GetAtt" => Ok(json!({ key: self.attribute(argument, &inner)? })),
            "Fn::Sub" => Ok(json!({ key: self.substitution(argument, &inner)? })),
            "Fn::If" => Ok(json!({ key: self.choice(argument, &inner)? })),
            "Fn::Length" => self.length(argument, &inner),
            _ => {
                let map = Map::from_iter([(key.to_owned(), argument.clone())]);
                Ok(Value::Object(self.object(&map, spot, Keys::Any)?))
            }
        }
    }

    fn substitution(&mut self, argument: &Value, spot: &Spot) -> Result<Value, ExpandError> {
        let (text, variables) = match argument {
            Value::String(text) => (text, None),
            Value::Array(parts) => match &parts[..] {
                [Value::String(text), Value::Object(variables)] => (text, Some(variables)),
                _ => return self.value(argument, spot),
            },
            _ => return self.value(argument, spot),
        };
        if spot.bindings.iter().any(|(identifier, _)| text.contains(&format!("&{{{identifier}}}"))) {
            self.expansion.literals.insert(spot.source.clone());
        }
        let text = placeholders::substitution(text, variables, &spot.bindings);
        self.spend(text.len() + 3, &spot.source)?;
        Ok(match variables {
            None => Value::String(text),
            Some(variables) => json!([text, self.object(variables, &spot.child("1"), Keys::Any)?]),
        })
    }

    /// An `Fn::If`, whose condition must be a plain name (with placeholders in it).
    fn choice(&mut self, argument: &Value, spot: &Spot) -> Result<Value, ExpandError> {
        let Value::Array(parts) = argument else { return Err(spot.error(Problem::If)) };
        let [Value::String(condition), branches @ ..] = &parts[..] else {
            return Err(spot.error(Problem::If));
        };
        let mut result = vec![Value::String(placeholders::key(condition, &spot.bindings))];
        for (index, branch) in branches.iter().enumerate() {
            result.push(self.value(branch, &spot.child(&(index + 1).to_string()))?);
        }
        Ok(Value::Array(result))
    }

    fn length(&mut self, argument: &Value, spot: &Spot) -> Result<Value, ExpandError> {
        let expanded = json!({"Fn::Length": self.value(argument, spot)?});
        match self.known(&expanded) {
            Ok(Some(length)) => Ok(length),
            Ok(None) | Err(EvaluateError::NotKnown(_)) if self.unknown == Unknown::Keep => Ok(expanded),
            Ok(None) | Err(EvaluateError::NotKnown(_)) => Err(spot.error(Problem::Length)),
            Err(error) => Err(spot.error(error)),
        }
    }

    /// The value of something that was expanded, from what is known before any resource exists.
    pub(super) fn known(&self, expanded: &Value) -> Result<Option<Value>, EvaluateError> {
        Evaluator::new(&self.facts).value(expanded)
    }
}
