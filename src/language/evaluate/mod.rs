//! Evaluates intrinsic functions. Pure: the same template and environment give the same result.
//!
//! Sources: CloudFormation template reference, "Intrinsic function reference" and "Pseudo
//! parameters". Error texts follow CloudFormation's.

mod cidr;
mod conditions;
mod extensions;
mod functions;
mod substitution;

pub use functions::kind;

use std::cell::Cell;

use serde_json::{Map, Value};

use crate::language::value::is_function;

/// Why a value could not be computed. Becomes the reason of a failed resource, stack or request.
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
    /// It hangs on something that is not known yet: a resource, or a parameter bound to an output
    /// of a stack that does not stand.
    #[error("Template error: the value of {0} is not known yet")]
    NotKnown(String),
    /// It would take more memory than any template needs.
    #[error("Template error: the computed values are longer than {MAXIMUM_BYTES} bytes")]
    TooLong,
}

/// The most one evaluation may produce, in bytes: as much as a template itself may have. AWS
/// publishes no number; texts that double in every step need one.
pub const MAXIMUM_BYTES: usize = 1_048_576;

/// What values are computed from.
pub trait Environment {
    /// What `Ref` gives for a name. `AWS::NoValue` is never asked for.
    ///
    /// # Errors
    /// `Unresolved`, `NotKnown`.
    fn reference(&self, name: &str) -> Result<Value, EvaluateError>;

    /// What `Fn::GetAtt` gives.
    ///
    /// # Errors
    /// `Unresolved`, `NotKnown`, or `Template` for an attribute the type does not have.
    fn attribute(&self, logical_id: &str, attribute: &str) -> Result<Value, EvaluateError>;

    /// Whether the condition of that name holds.
    ///
    /// # Errors
    /// `Template` when there is none, `NotKnown`.
    fn condition(&self, name: &str) -> Result<bool, EvaluateError>;

    /// A value of the section `Mappings`.
    fn mapping(&self, map: &str, first: &str, second: &str) -> Option<&Value>;

    /// The availability zones of a region; of the stack's own when it is empty.
    ///
    /// # Errors
    /// `Template` for what is no region, `NotKnown`.
    fn zones(&self, region: &str) -> Result<Vec<String>, EvaluateError>;

    /// The value of an export.
    ///
    /// # Errors
    /// `NoExport`, `NotKnown`.
    fn import(&self, name: &str) -> Result<Value, EvaluateError>;
}

/// A value, or `None` for `AWS::NoValue`.
type Evaluated = Result<Option<Value>, EvaluateError>;

/// Computes values. One evaluator computes one thing (the properties of a resource, an output):
/// the bound on what it may produce counts over all its calls.
pub struct Evaluator<'e> {
    environment: &'e dyn Environment,
    left: Cell<usize>,
}

impl<'e> Evaluator<'e> {
    /// An evaluator that has produced nothing yet.
    pub fn new(environment: &'e dyn Environment) -> Self {
        Self { environment, left: Cell::new(MAXIMUM_BYTES) }
    }

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
            scalar => self.produced(scalar.clone()).map(Some),
        }
    }

    /// Like [`Evaluator::value`]; `AWS::NoValue` becomes null.
    ///
    /// # Errors
    /// Likewise.
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
        match name {
            "AWS::NoValue" => Ok(None),
            _ => self.produced(self.environment.reference(name)?).map(Some),
        }
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
            "Fn::FindInMap" => self.find_in_map(argument),
            "Fn::Base64" => self.base64(argument).map(Some),
            "Fn::Cidr" => self.cidr(argument).map(Some),
            "Fn::GetAZs" => self.zones(argument).map(Some),
            "Fn::ImportValue" => self.import(argument).map(Some),
            "Fn::Length" => self.length(argument).map(Some),
            "Fn::ToJsonString" => self.json_string(argument).map(Some),
            "Fn::Equals" | "Fn::And" | "Fn::Or" | "Fn::Not" => {
                self.condition_function(name, argument).map(|holds| Some(Value::Bool(holds)))
            }
            _ => Err(EvaluateError::Template(format!("{name} is not supported by the embedded engine"))),
        }
    }

    fn name_argument(&self, function: &str, argument: &Value) -> Result<String, EvaluateError> {
        let name = argument.as_str().map(str::to_owned);
        name.ok_or_else(|| EvaluateError::Template(format!("{function} must name something with a string")))
    }

    /// Counts `value` against what may be produced.
    fn produced(&self, value: Value) -> Result<Value, EvaluateError> {
        self.spend(crate::language::value::weight(&value))?;
        Ok(value)
    }

    /// Refuses to produce so many bytes more, before they exist.
    fn spend(&self, bytes: usize) -> Result<(), EvaluateError> {
        let left = self.left.get().checked_sub(bytes).ok_or(EvaluateError::TooLong)?;
        self.left.set(left);
        Ok(())
    }
}
