//! A CloudFormation template, read and checked as far as it can be without parameter values.
//!
//! May not evaluate anything: that is `evaluate`'s work.

mod check;
mod references;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};

pub use references::{Piece, Reference, pieces, walk};

/// Why a text is not a template this engine can run. The words are CloudFormation's own where it
/// has words for it.
#[derive(Debug, thiserror::Error)]
pub enum TemplateError {
    /// Not JSON.
    #[error("Template format error: JSON not well-formed. (line {line}, column {column})")]
    Json {
        /// Where it stops being JSON, counted from 1.
        line: usize,
        /// Likewise, in bytes.
        column: usize,
        /// What was expected there.
        #[source]
        source: serde_json::Error,
    },
    /// JSON, but no template.
    #[error("Template format error: {0}")]
    Format(String),
    /// A template that says something impossible.
    #[error("Template error: {0}")]
    Template(String),
    /// Real CloudFormation knows it, this engine does not yet.
    #[error("{0} is not supported by the embedded engine yet")]
    NotYet(String),
}

/// What happens to a physical resource that its stack no longer needs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Policy {
    /// It is deleted.
    #[default]
    Delete,
    /// It stays and is forgotten.
    Retain,
    /// Like `Retain`, except when its creation is rolled back.
    RetainExceptOnCreate,
    /// A snapshot is made, then it is deleted.
    Snapshot,
}

/// A parameter's declaration.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct Parameter {
    /// `String`, `Number`, `CommaDelimitedList`, `List<...>` or an AWS-specific type.
    pub r#type: String,
    /// Value when none is given.
    #[serde(default, deserialize_with = "scalar")]
    pub default: Option<String>,
    /// The only values accepted.
    #[serde(default, deserialize_with = "scalars")]
    pub allowed_values: Option<Vec<String>>,
    /// A regular expression the whole value must match.
    pub allowed_pattern: Option<String>,
    /// What to say when a constraint is violated.
    pub constraint_description: Option<String>,
    /// Least number of characters.
    #[serde(default, deserialize_with = "scalar")]
    pub min_length: Option<String>,
    /// Greatest number of characters.
    #[serde(default, deserialize_with = "scalar")]
    pub max_length: Option<String>,
    /// Least number.
    #[serde(default, deserialize_with = "scalar")]
    pub min_value: Option<String>,
    /// Greatest number.
    #[serde(default, deserialize_with = "scalar")]
    pub max_value: Option<String>,
    /// Whether the value reads back as `****`.
    #[serde(default, deserialize_with = "scalar")]
    no_echo: Option<String>,
    #[serde(rename = "Description")]
    _description: Option<String>,
}

impl Parameter {
    /// Whether the value reads back as `****`.
    pub fn is_secret(&self) -> bool {
        self.no_echo.as_deref().is_some_and(|text| text.eq_ignore_ascii_case("true"))
    }
}

/// A resource's declaration.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct Definition {
    /// `AWS::SERVICE::TYPE` or `Custom::NAME`.
    pub r#type: String,
    /// Unevaluated.
    #[serde(default)]
    pub properties: Value,
    /// Unevaluated.
    #[serde(default)]
    pub metadata: Value,
    /// The resource exists only when this condition holds.
    pub condition: Option<String>,
    /// Resources that come first, beside those referred to.
    #[serde(default, deserialize_with = "one_or_many")]
    pub depends_on: Vec<String>,
    /// What happens when the resource leaves the stack.
    #[serde(default)]
    pub deletion_policy: Option<Policy>,
    /// What happens to the old physical resource of a replacement.
    #[serde(default)]
    pub update_replace_policy: Option<Policy>,
    #[serde(rename = "CreationPolicy")]
    _creation_policy: Option<Value>,
    #[serde(rename = "UpdatePolicy")]
    _update_policy: Option<Value>,
    #[serde(rename = "Description")]
    _description: Option<String>,
}

/// An output's declaration.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct OutputDefinition {
    /// Unevaluated.
    pub value: Value,
    /// The output exists only when this condition holds.
    pub condition: Option<String>,
    /// The name other stacks import it by.
    pub export: Option<ExportDefinition>,
    #[serde(rename = "Description")]
    _description: Option<String>,
}

/// The `Export` of an output.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct ExportDefinition {
    /// Unevaluated.
    pub name: Value,
}

/// A template, read.
#[derive(Clone, Debug)]
pub struct Template {
    /// By logical name.
    pub parameters: BTreeMap<String, Parameter>,
    /// By name, first key and second key.
    pub mappings: Map<String, Value>,
    /// Unevaluated, by name.
    pub conditions: Map<String, Value>,
    /// By logical id.
    pub resources: BTreeMap<String, Definition>,
    /// By logical name.
    pub outputs: BTreeMap<String, OutputDefinition>,
}

const SECTIONS: [&str; 8] = [
    "AWSTemplateFormatVersion",
    "Description",
    "Metadata",
    "Parameters",
    "Mappings",
    "Conditions",
    "Resources",
    "Outputs",
];

impl Template {
    /// Reads and checks a template written as JSON.
    ///
    /// # Errors
    /// [`TemplateError`] for anything CloudFormation's validation refuses too, as far as it needs
    /// no parameter values, and for what this engine does not support yet.
    pub fn parse(text: &str) -> Result<Self, TemplateError> {
        check::size(text)?;
        let value: Value = serde_json::from_str(text).map_err(|source| TemplateError::Json {
            line: source.line(),
            column: source.column(),
            source,
        })?;
        let Value::Object(mut root) = value else {
            return Err(TemplateError::Format("unsupported structure.".to_owned()));
        };
        check::transforms(&root)?;
        let unknown: Vec<_> = root.keys().filter(|key| !SECTIONS.contains(&key.as_str())).cloned().collect();
        if !unknown.is_empty() {
            let message = format!("Invalid template property or properties [{}]", unknown.join(", "));
            return Err(TemplateError::Format(message));
        }
        let template = Self {
            parameters: section(&mut root, "Parameters")?,
            mappings: section(&mut root, "Mappings")?.into_iter().collect(),
            conditions: section(&mut root, "Conditions")?.into_iter().collect(),
            resources: section(&mut root, "Resources")?,
            outputs: section(&mut root, "Outputs")?,
        };
        check::template(&template)?;
        Ok(template)
    }

    /// Names of parameters whose values read back as `****`.
    pub fn secrets(&self) -> BTreeSet<String> {
        let secret = self.parameters.iter().filter(|(_, parameter)| parameter.is_secret());
        secret.map(|(name, _)| name.clone()).collect()
    }
}

fn section<T: for<'de> Deserialize<'de>>(
    root: &mut Map<String, Value>,
    name: &str,
) -> Result<BTreeMap<String, T>, TemplateError> {
    let entries = match root.remove(name) {
        None => return Ok(BTreeMap::new()),
        Some(Value::Object(entries)) => entries,
        Some(_) => return Err(TemplateError::Format(format!("[/{name}] must be an object"))),
    };
    let read = |(key, value): (String, Value)| {
        let problem = |error| TemplateError::Format(format!("[/{name}/{key}] {error}"));
        Ok((key.clone(), serde_json::from_value(value).map_err(problem)?))
    };
    entries.into_iter().map(read).collect()
}

/// A string, number or boolean as text.
pub fn text_of(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(boolean) => Some(boolean.to_string()),
        _ => None,
    }
}

fn scalar<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let value = Value::deserialize(deserializer)?;
    text_of(&value).map(Some).ok_or_else(|| serde::de::Error::custom("expected a string or a number"))
}

fn scalars<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Vec<String>>, D::Error> {
    let values = Vec::<Value>::deserialize(deserializer)?;
    let texts: Option<Vec<_>> = values.iter().map(text_of).collect();
    texts.map(Some).ok_or_else(|| serde::de::Error::custom("expected strings or numbers"))
}

fn one_or_many<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    match Value::deserialize(deserializer)? {
        Value::String(name) => Ok(vec![name]),
        other => serde_json::from_value(other).map_err(serde::de::Error::custom),
    }
}
