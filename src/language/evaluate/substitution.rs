//! `Fn::Sub`.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::language::evaluate::{EvaluateError, Evaluator};
use crate::language::references::{Piece, pieces};
use crate::language::value::text_of;

const FORM: &str = "One or more Fn::Sub intrinsic functions don't specify expected arguments";
const NAME: &str = "variable names in Fn::Sub syntax must contain only alphanumeric characters, underscores, periods, and colons";

fn wrong(problem: impl Into<String>) -> EvaluateError {
    EvaluateError::Template(problem.into())
}

/// The text of an `Fn::Sub` and the variables of its list form.
pub fn parts(argument: &Value) -> Option<(&str, Option<&Map<String, Value>>)> {
    match argument {
        Value::String(text) => Some((text, None)),
        Value::Array(parts) => match &parts[..] {
            [Value::String(text), Value::Object(variables)] => Some((text, Some(variables))),
            _ => None,
        },
        _ => None,
    }
}

impl Evaluator<'_> {
    pub(super) fn substitute(&self, argument: &Value) -> Result<Value, EvaluateError> {
        let (text, variables) = parts(argument).ok_or_else(|| wrong(FORM))?;
        // Each name is computed once: a variable that doubles in every step would otherwise be
        // computed 2^depth times.
        let mut known: BTreeMap<&str, String> = BTreeMap::new();
        let mut result = String::with_capacity(text.len());
        for piece in pieces(text) {
            match piece {
                Piece::Text(text) => self.append(&mut result, text)?,
                Piece::Literal(name) => self.append(&mut result, &format!("${{{name}}}"))?,
                Piece::Name(name) => {
                    if !known.contains_key(name) {
                        let variable = variables.and_then(|variables| variables.get(name));
                        known.insert(name, self.substituted(name, variable)?);
                    }
                    self.append(&mut result, &known[name])?;
                }
            }
        }
        Ok(Value::String(result))
    }

    fn append(&self, result: &mut String, text: &str) -> Result<(), EvaluateError> {
        self.spend(text.len())?;
        result.push_str(text);
        Ok(())
    }

    fn substituted(&self, name: &str, variable: Option<&Value>) -> Result<String, EvaluateError> {
        let allowed = |character: char| character.is_ascii_alphanumeric() || "_.:".contains(character);
        if name.is_empty() || !name.chars().all(allowed) {
            return Err(wrong(NAME));
        }
        let value = match (variable, name.split_once('.')) {
            (Some(variable), _) => self.value_or_null(variable)?,
            (None, Some((logical_id, attribute))) => self.environment.attribute(logical_id, attribute)?,
            (None, None) => self.reference(name)?.unwrap_or_else(|| Value::from("")),
        };
        text_of(&value).ok_or_else(|| wrong(format!("Fn::Sub: {name} does not resolve to a string")))
    }
}
