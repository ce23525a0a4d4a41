//! Names and policies that the plain language wants as plain texts.

use serde_json::{Value, json};

use crate::language::evaluate::EvaluateError;
use crate::language::expand::placeholders::bound;
use crate::language::expand::walk::{Expander, Spot};
use crate::language::expand::{ExpandError, Problem, Unknown};
use crate::language::value::{pointer, text_of};

impl Expander {
    /// A `Ref`: a loop's item, or a reference whose name may itself be computed.
    pub(super) fn reference(&mut self, argument: &Value, spot: &Spot) -> Result<Value, ExpandError> {
        let name = match argument {
            Value::String(name) => Value::String(name.clone()),
            computed => {
                let expanded = self.value(computed, spot)?;
                self.text(expanded, "Ref", &spot.source)?
            }
        };
        let item = name.as_str().and_then(|name| bound(&spot.bindings, name));
        let result = item.map_or_else(|| json!({ "Ref": name }), |item| Value::String(item.to_owned()));
        self.spend(crate::language::value::weight(&result), &spot.source)?;
        Ok(result)
    }

    /// The arguments of an `Fn::GetAtt`, each of which may be computed.
    pub(super) fn attribute(&mut self, argument: &Value, spot: &Spot) -> Result<Value, ExpandError> {
        let Value::Array(parts) = argument else { return self.value(argument, spot) };
        let mut names = Vec::with_capacity(parts.len());
        for (index, part) in parts.iter().enumerate() {
            let inner = spot.child(&index.to_string());
            let expanded = self.value(part, &inner)?;
            names.push(self.text(expanded, "Fn::GetAtt", &inner.source)?);
        }
        Ok(Value::Array(names))
    }

    /// The attributes of an expanded resource or output that must be plain texts. `at` is the
    /// pointer of the entry in the result.
    pub(super) fn names_of_entry(&mut self, entry: &mut Value, at: &str) -> Result<(), ExpandError> {
        let Value::Object(entry) = entry else { return Ok(()) };
        for key in ["Condition", "DeletionPolicy", "DependsOn", "UpdateReplacePolicy"] {
            let Some(value) = entry.get_mut(key) else { continue };
            let source = self.expansion.source(&pointer(at, key));
            *value = match value.take() {
                Value::Array(items) => {
                    let items = items.into_iter().map(|item| self.text(item, key, &source));
                    Value::Array(items.collect::<Result<_, _>>()?)
                }
                value => self.text(value, key, &source)?,
            };
        }
        Ok(())
    }

    /// A function that must come out as a text now; what is none stays as it is, for the checks
    /// of the plain language to judge.
    fn text(&self, value: Value, what: &str, source: &str) -> Result<Value, ExpandError> {
        if !value.is_object() {
            return Ok(value);
        }
        let error = |problem| ExpandError { pointer: source.to_owned(), problem };
        match self.known(&value) {
            Ok(known) => match known.as_ref().and_then(text_of) {
                Some(text) => Ok(Value::String(text)),
                // `DependsOn` may be a list.
                None if matches!(known, Some(Value::Array(_))) && what == "DependsOn" => {
                    Ok(known.unwrap_or_default())
                }
                None => Err(error(Problem::Name(what.to_owned()))),
            },
            Err(EvaluateError::NotKnown(_)) if self.unknown == Unknown::Keep => Ok(value),
            Err(EvaluateError::NotKnown(_)) => Err(error(Problem::Name(what.to_owned()))),
            Err(problem) => Err(error(problem.into())),
        }
    }
}
