//! What a template sees: `inputs`, `env` and `lock`, and nothing else.

use serde_json::Value;

use crate::model::{Diagnostic, Diagnostics};
use crate::template::contains_token_characters;

/// A value ready for templates. Cheap to clone: made once, it serves every render.
#[derive(Clone, Debug, PartialEq)]
pub struct Visible(tera::Value);

impl Visible {
    /// Prepares a JSON value. Maps are handed over sorted, so loops over them have one order.
    ///
    /// # Errors
    /// When a text in it has one of the private-use characters that rekindle reserves.
    pub fn new(value: &Value) -> Result<Self, Diagnostics> {
        check(value, "")?;
        Ok(Self(convert(value)))
    }

    pub(super) fn value(&self) -> &tera::Value {
        &self.0
    }
}

/// The values of one render, each an object.
#[derive(Clone, Debug, PartialEq)]
pub struct Context {
    /// What the template's interface declares.
    pub inputs: Visible,
    /// Name, target, region, account and protection of the environment.
    pub env: Visible,
    /// The outside facts that the lock holds for this target.
    pub lock: Visible,
}

impl Context {
    pub(super) fn root(&self, name: &str) -> &tera::Value {
        match name {
            "inputs" => self.inputs.value(),
            "env" => self.env.value(),
            _ => self.lock.value(),
        }
    }

    pub(super) fn to_tera(&self) -> tera::Context {
        let mut context = tera::Context::new();
        for name in super::names::ROOTS {
            context.insert_value(name, self.root(name).clone());
        }
        context
    }
}

fn convert(value: &Value) -> tera::Value {
    match value {
        Value::Object(object) => {
            let mut keys: Vec<_> = object.keys().collect();
            keys.sort();
            let sorted: tera::Map =
                keys.into_iter().map(|key| (key.clone().into(), convert(&object[key]))).collect();
            tera::Value::from(sorted)
        }
        Value::Array(items) => tera::Value::from(items.iter().map(convert).collect::<Vec<_>>()),
        scalar => tera::Value::from_serializable(scalar),
    }
}

fn check(value: &Value, path: &str) -> Result<(), Diagnostics> {
    let reserved = match value {
        Value::String(text) => contains_token_characters(text),
        Value::Array(items) => return items.iter().try_for_each(|item| check(item, path)),
        Value::Object(object) => {
            for (key, value) in object {
                check(value, &format!("{path}.{key}"))?;
            }
            object.keys().any(|key| contains_token_characters(key))
        }
        _ => false,
    };
    if !reserved {
        return Ok(());
    }
    let message = format!("`{}` has characters that rekindle reserves", path.trim_start_matches('.'));
    let hint = "take the private-use characters U+10F000 to U+10F012 out of the value";
    Err(Diagnostic::error("reserved-character", message).hint(hint).into())
}
