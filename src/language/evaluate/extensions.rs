//! Functions that only templates with `AWS::LanguageExtensions` may use.

use serde_json::{Value, json};

use crate::language::evaluate::functions::kind;
use crate::language::evaluate::{EvaluateError, Evaluator};

impl Evaluator<'_> {
    /// How many items a list has.
    pub(super) fn length(&self, argument: &Value) -> Result<Value, EvaluateError> {
        Ok(json!(self.list("Fn::Length", argument)?.len()))
    }

    /// An object or list as compact JSON, keys in their order.
    pub(super) fn json_string(&self, argument: &Value) -> Result<Value, EvaluateError> {
        match self.value_or_null(argument)? {
            value @ (Value::Array(_) | Value::Object(_)) => self.produced(Value::String(value.to_string())),
            other => Err(EvaluateError::Template(format!(
                "Fn::ToJsonString: expected an object or a list, not {}",
                kind(&other)
            ))),
        }
    }
}
