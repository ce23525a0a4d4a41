//! What is known of a template's values before any resource exists.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::language::evaluate::{Environment, EvaluateError};

/// Parameters, pseudo parameters, mappings and conditions, as far as they are known. Everything
/// else (resources, exports) is `NotKnown`.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// Values of the declared parameters: text, or lists of text; `None` for one that is not known yet.
    pub parameters: BTreeMap<String, Option<Value>>,
    /// Values of the pseudo parameters that are known.
    pub pseudo: BTreeMap<&'static str, Value>,
    /// The section `Mappings`.
    pub mappings: Map<String, Value>,
    /// Conditions that were decided; `None` for one that hangs on what is not known yet.
    pub conditions: BTreeMap<String, Option<bool>>,
}

impl Environment for Facts {
    fn reference(&self, name: &str) -> Result<Value, EvaluateError> {
        let known = match self.parameters.get(name) {
            Some(parameter) => parameter.as_ref(),
            None => self.pseudo.get(name),
        };
        known.cloned().ok_or_else(|| EvaluateError::NotKnown(name.to_owned()))
    }

    fn attribute(&self, logical_id: &str, attribute: &str) -> Result<Value, EvaluateError> {
        Err(EvaluateError::NotKnown(format!("{logical_id}.{attribute}")))
    }

    fn condition(&self, name: &str) -> Result<bool, EvaluateError> {
        let decided = self.conditions.get(name);
        let decided = decided.ok_or_else(|| super::conditions::undefined(name))?;
        decided.ok_or_else(|| EvaluateError::NotKnown(format!("the condition {name}")))
    }

    fn mapping(&self, map: &str, first: &str, second: &str) -> Option<&Value> {
        self.mappings.get(map)?.get(first)?.get(second)
    }

    fn zones(&self, region: &str) -> Result<Vec<String>, EvaluateError> {
        Err(EvaluateError::NotKnown(format!("the zones of {region}").trim_end().to_owned()))
    }

    fn import(&self, name: &str) -> Result<Value, EvaluateError> {
        Err(EvaluateError::NotKnown(format!("the export {name}")))
    }
}
