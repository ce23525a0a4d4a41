//! Evaluates intrinsic functions. Pure: the same template, values and resources give the same result.
//!
//! Sources: CloudFormation template reference, "Intrinsic function reference" and "Pseudo
//! parameters". Error texts follow CloudFormation's.

mod cidr;
pub mod conditions;
mod functions;
pub mod parameters;

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use crate::local::place::Place;
use crate::local::resource::{Resource, attributes};
use crate::local::template::Template;

/// Why a value could not be computed. Becomes the reason of a failed resource or stack.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EvaluateError {
    /// A function was given what it cannot take.
    #[error("Template error: {0}")]
    Template(String),
    /// A name stands for nothing.
    #[error(
        "Template format error: Unresolved dependencies [{0}]: it is no parameter, and no resource that exists under the conditions that hold"
    )]
    Unresolved(String),
    /// An import finds no export.
    #[error("No export named {0} found.")]
    NoExport(String),
    /// A replacement would need a second resource of the same name.
    #[error(
        "CloudFormation cannot update a stack when a custom-named resource requires replacing. Rename {0} and update the stack again."
    )]
    NamedReplacement(String),
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

/// Whether a name is a pseudo parameter.
pub fn is_pseudo_parameter(name: &str) -> bool {
    matches!(
        name,
        "AWS::AccountId"
            | "AWS::NoValue"
            | "AWS::NotificationARNs"
            | "AWS::Partition"
            | "AWS::Region"
            | "AWS::StackId"
            | "AWS::StackName"
            | "AWS::URLSuffix"
    )
}

impl Pseudo {
    fn value(&self, name: &str) -> Option<Value> {
        Some(match name {
            "AWS::AccountId" => json!(self.place.account),
            "AWS::NotificationARNs" => json!(self.notifications),
            "AWS::Partition" => json!(self.place.partition()),
            "AWS::Region" => json!(self.place.region),
            "AWS::StackId" => json!(self.stack_id),
            "AWS::StackName" => json!(self.stack_name),
            "AWS::URLSuffix" => json!(self.place.url_suffix()),
            _ => return None,
        })
    }
}

/// Everything a value may depend on.
#[derive(Clone, Copy, Debug)]
pub struct Scope<'a> {
    /// The template.
    pub template: &'a Template,
    /// Parameter values: strings, or lists of strings.
    pub parameters: &'a BTreeMap<String, Value>,
    /// Pseudo parameters.
    pub pseudo: &'a Pseudo,
    /// Which conditions hold.
    pub conditions: &'a BTreeMap<String, bool>,
    /// Physical resources by logical id.
    pub resources: &'a BTreeMap<String, Resource>,
    /// Values of this place's exports by name.
    pub exports: &'a BTreeMap<String, String>,
    /// Receives the name of every export that is imported.
    pub imported: &'a RefCell<BTreeSet<String>>,
}

/// A value, or `None` for `AWS::NoValue`.
type Evaluated = Result<Option<Value>, EvaluateError>;

impl Scope<'_> {
    /// The value with every function computed; `None` for `AWS::NoValue`.
    ///
    /// # Errors
    /// [`EvaluateError`] with the words CloudFormation would use.
    pub fn value(&self, value: &Value) -> Evaluated {
        match value {
            Value::Array(items) => self.items(items).map(|items| Some(Value::Array(items))),
            Value::Object(map) => match map.iter().next() {
                Some((key, argument)) if map.len() == 1 && is_function(key) => self.function(key, argument),
                _ => self.object(map).map(|map| Some(Value::Object(map))),
            },
            scalar => Ok(Some(scalar.clone())),
        }
    }

    /// Like [`Scope::value`]; `AWS::NoValue` becomes null.
    pub fn value_or_null(&self, value: &Value) -> Result<Value, EvaluateError> {
        Ok(self.value(value)?.unwrap_or(Value::Null))
    }

    fn items(&self, items: &[Value]) -> Result<Vec<Value>, EvaluateError> {
        items.iter().filter_map(|item| self.value(item).transpose()).collect()
    }

    fn object(&self, map: &Map<String, Value>) -> Result<Map<String, Value>, EvaluateError> {
        let entries = map.iter().filter_map(|(key, item)| {
            self.value(item).transpose().map(|item| item.map(|item| (key.clone(), item)))
        });
        entries.collect()
    }

    /// What `Ref` gives for a name; `None` for `AWS::NoValue`.
    fn reference(&self, name: &str) -> Evaluated {
        if name == "AWS::NoValue" {
            return Ok(None);
        }
        let known = self
            .parameters
            .get(name)
            .cloned()
            .or_else(|| self.pseudo.value(name))
            .or_else(|| self.resources.get(name).map(|resource| json!(resource.physical_id)));
        known.map(Some).ok_or_else(|| EvaluateError::Unresolved(name.to_owned()))
    }

    fn attribute(&self, logical_id: &str, attribute: &str) -> Result<Value, EvaluateError> {
        let unresolved = || EvaluateError::Unresolved(logical_id.to_owned());
        let resource = self.resources.get(logical_id).ok_or_else(unresolved)?;
        attributes::value(resource, &self.pseudo.place, attribute).ok_or_else(|| {
            EvaluateError::Template(format!(
                "resource {logical_id} does not support attribute type {attribute} in Fn::GetAtt"
            ))
        })
    }

    fn function(&self, name: &str, argument: &Value) -> Evaluated {
        match name {
            "Ref" => self.reference(&self.name_argument("Ref", argument)?),
            "Fn::GetAtt" => self.get_attribute(argument).map(Some),
            "Fn::Sub" => self.substitute(argument).map(Some),
            "Fn::Join" => self.join(argument).map(Some),
            "Fn::Split" => self.split(argument).map(Some),
            "Fn::Select" => self.select(argument).map(Some),
            "Fn::If" => self.choose(argument),
            "Fn::FindInMap" => self.find_in_map(argument).map(Some),
            "Fn::Base64" => self.base64(argument).map(Some),
            "Fn::Cidr" => self.cidr(argument).map(Some),
            "Fn::GetAZs" => self.zones(argument).map(Some),
            "Fn::ImportValue" => self.import(argument).map(Some),
            _ if conditions::is_condition_function(name) => {
                let value = json!({name: argument});
                self.condition(&value).map(|holds| Some(Value::Bool(holds)))
            }
            _ => Err(EvaluateError::Template(format!("{name} is not supported by the embedded engine yet"))),
        }
    }

    fn name_argument(&self, function: &str, argument: &Value) -> Result<String, EvaluateError> {
        let name = argument.as_str().map(str::to_owned);
        name.ok_or_else(|| EvaluateError::Template(format!("{function} must name something with a string")))
    }
}

fn is_function(key: &str) -> bool {
    key == "Ref" || key.starts_with("Fn::")
}
