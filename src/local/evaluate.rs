//! The values of one stack: what the language's evaluator asks, answered from physical resources,
//! exports and the place.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::language::{self, Environment, Evaluator, Facts};
use crate::local::place::Place;
use crate::local::resource::{Resource, attributes};
use crate::model::Region;

/// Why a resource cannot become what the template says. Becomes the reason of its failure.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EvaluateError {
    /// A value cannot be computed.
    #[error(transparent)]
    Value(#[from] language::EvaluateError),
    /// A replacement would need a second resource of the same name.
    #[error(
        "CloudFormation cannot update a stack when a custom-named resource requires replacing. Rename {0} and update the stack again."
    )]
    NamedReplacement(String),
    /// A service changes this property in no way.
    #[error(
        "Resource handler returned message: \"{resource_type} does not support updating {property}\" (HandlerErrorCode: NotUpdatable)"
    )]
    Fixed {
        /// The type.
        resource_type: String,
        /// The property.
        property: String,
    },
}

impl EvaluateError {
    /// A function was given what it cannot take.
    pub fn template(problem: impl Into<String>) -> Self {
        Self::Value(language::EvaluateError::Template(problem.into()))
    }
}

/// Values of the pseudo parameters of one stack.
#[derive(Clone, Debug)]
pub struct Pseudo {
    /// Account and region.
    pub place: Place,
    /// The stack's name.
    pub stack_name: String,
    /// The stack's ARN.
    pub stack_id: String,
    /// SNS topics that receive the stack's events.
    pub notifications: Vec<String>,
}

impl Pseudo {
    /// The values by name, `AWS::NoValue` left out.
    pub fn values(&self) -> BTreeMap<&'static str, Value> {
        BTreeMap::from([
            ("AWS::AccountId", json!(self.place.account)),
            ("AWS::NotificationARNs", json!(self.notifications)),
            ("AWS::Partition", json!(self.place.partition())),
            ("AWS::Region", json!(self.place.region)),
            ("AWS::StackId", json!(self.stack_id)),
            ("AWS::StackName", json!(self.stack_name)),
            ("AWS::URLSuffix", json!(self.place.url_suffix())),
        ])
    }
}

/// Everything a value may depend on.
#[derive(Clone, Copy, Debug)]
pub struct Scope<'a> {
    /// Parameters, pseudo parameters, mappings and conditions.
    pub facts: &'a Facts,
    /// Account and region.
    pub place: &'a Place,
    /// Physical resources by logical id.
    pub resources: &'a BTreeMap<String, Resource>,
    /// Values of this place's exports by name.
    pub exports: &'a BTreeMap<String, String>,
    /// Receives the name of every export that is imported.
    pub imported: &'a RefCell<BTreeSet<String>>,
}

impl Scope<'_> {
    /// The value with every function computed; `AWS::NoValue` becomes null.
    ///
    /// # Errors
    /// [`language::EvaluateError`] with the words CloudFormation would use.
    pub fn value_or_null(&self, value: &Value) -> Result<Value, language::EvaluateError> {
        Evaluator::new(self).value_or_null(value)
    }
}

impl Environment for Scope<'_> {
    fn reference(&self, name: &str) -> Result<Value, language::EvaluateError> {
        match self.facts.reference(name) {
            Ok(value) => Ok(value),
            Err(_) => {
                let resource = self.resources.get(name);
                let unresolved = || language::EvaluateError::Unresolved(name.to_owned());
                resource.map(|resource| json!(resource.physical_id)).ok_or_else(unresolved)
            }
        }
    }

    fn attribute(&self, logical_id: &str, attribute: &str) -> Result<Value, language::EvaluateError> {
        let unresolved = || language::EvaluateError::Unresolved(logical_id.to_owned());
        let resource = self.resources.get(logical_id).ok_or_else(unresolved)?;
        attributes::value(resource, self.place, attribute).ok_or_else(|| {
            language::EvaluateError::Template(format!(
                "resource {logical_id} does not support attribute type {attribute} in Fn::GetAtt"
            ))
        })
    }

    fn condition(&self, name: &str) -> Result<bool, language::EvaluateError> {
        self.facts.condition(name)
    }

    fn mapping(&self, map: &str, first: &str, second: &str) -> Option<&Value> {
        self.facts.mapping(map, first, second)
    }

    fn zones(&self, region: &str) -> Result<Vec<String>, language::EvaluateError> {
        if region.is_empty() {
            return Ok(self.place.zones());
        }
        let no_region =
            |_| language::EvaluateError::Template(format!("Fn::GetAZs: {region} is not a region"));
        let region = Region::new(region).map_err(no_region)?;
        Ok(Place { region, ..self.place.clone() }.zones())
    }

    fn import(&self, name: &str) -> Result<Value, language::EvaluateError> {
        let missing = || language::EvaluateError::NoExport(name.to_owned());
        let value = self.exports.get(name).ok_or_else(missing)?;
        self.imported.borrow_mut().insert(name.to_owned());
        Ok(json!(value))
    }
}
