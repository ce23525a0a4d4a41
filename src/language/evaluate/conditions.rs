//! Condition functions: `Fn::Equals`, `Fn::And`, `Fn::Or`, `Fn::Not` and references to conditions.

use serde_json::Value;

use crate::language::evaluate::{EvaluateError, Evaluator};
use crate::language::value::text_of;

/// How many conditions `Fn::And` and `Fn::Or` take.
/// Source: CloudFormation template reference, "Condition functions".
const TAKEN: std::ops::RangeInclusive<usize> = 2..=10;

impl Evaluator<'_> {
    /// Whether a condition expression holds.
    ///
    /// # Errors
    /// [`EvaluateError`]; `NotKnown` only when no known part decides.
    pub fn condition(&self, value: &Value) -> Result<bool, EvaluateError> {
        let malformed = || EvaluateError::Template("every condition must be a function".to_owned());
        match value.as_object().and_then(|map| map.iter().next()) {
            None => value.as_bool().ok_or_else(malformed),
            Some((name, Value::String(condition))) if name == "Condition" => {
                self.environment.condition(condition)
            }
            Some((name, argument)) if is_condition_function(name) => self.condition_function(name, argument),
            Some(_) => Err(malformed()),
        }
    }

    pub(super) fn condition_function(&self, name: &str, argument: &Value) -> Result<bool, EvaluateError> {
        match (name, argument) {
            ("Fn::Equals", Value::Array(sides)) if sides.len() == 2 => {
                Ok(comparable(self.value_or_null(&sides[0])?) == comparable(self.value_or_null(&sides[1])?))
            }
            ("Fn::Not", Value::Array(items)) if items.len() == 1 => Ok(!self.condition(&items[0])?),
            ("Fn::And", Value::Array(items)) if TAKEN.contains(&items.len()) => self.all_are(items, true),
            ("Fn::Or", Value::Array(items)) if TAKEN.contains(&items.len()) => {
                Ok(!self.all_are(items, false)?)
            }
            _ => {
                let problem = format!("{name} has the wrong number of conditions or values");
                Err(EvaluateError::Template(problem))
            }
        }
    }

    /// Whether every item comes out as `expected`. Where one does not, what is not known yet of the
    /// others does not matter; what is wrong with them does.
    fn all_are(&self, items: &[Value], expected: bool) -> Result<bool, EvaluateError> {
        let mut all = true;
        let mut unknown = None;
        for item in items {
            match self.condition(item) {
                Ok(holds) => all &= holds == expected,
                Err(error @ EvaluateError::NotKnown(_)) => unknown = unknown.or(Some(error)),
                Err(error) => return Err(error),
            }
        }
        match unknown {
            Some(error) if all => Err(error),
            _ => Ok(all),
        }
    }
}

fn is_condition_function(name: &str) -> bool {
    matches!(name, "Fn::Equals" | "Fn::And" | "Fn::Or" | "Fn::Not")
}

/// CloudFormation compares scalars by their text.
fn comparable(value: Value) -> Value {
    text_of(&value).map_or(value, Value::String)
}
