//! A CloudFormation template, read and checked as far as it can be without parameter values.
//!
//! May not evaluate anything: that is `evaluate`'s work.

mod check;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};

use crate::language::expand::{self, ExpandError, Unknown};
use crate::language::parameters::Parameter;
use crate::language::{Facts, transforms};
pub use crate::language::{Reference, text_of, walk};

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
    /// What `AWS::LanguageExtensions` makes of it.
    #[error(transparent)]
    Expand(#[from] ExpandError),
    /// A macro, which only its own code can expand.
    #[error("Transform {0} cannot be expanded by the embedded engine: it runs code inside AWS")]
    Transform(String),
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
    /// What the creation waits for. Unevaluated.
    #[serde(default)]
    pub creation_policy: Value,
    /// How some types are updated. Unevaluated.
    #[serde(default)]
    pub update_policy: Value,
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
    /// Unevaluated, by name.
    pub conditions: Map<String, Value>,
    /// By logical id.
    pub resources: BTreeMap<String, Definition>,
    /// By logical name.
    pub outputs: BTreeMap<String, OutputDefinition>,
    /// Unevaluated, by name.
    pub rules: Map<String, Value>,
}

const SECTIONS: [&str; 10] = [
    "AWSTemplateFormatVersion",
    "Description",
    "Metadata",
    "Parameters",
    "Rules",
    "Mappings",
    "Conditions",
    "Transform",
    "Resources",
    "Outputs",
];

/// A template as it was sent: JSON of known sections, not expanded yet.
#[derive(Clone, Debug)]
pub struct Source {
    /// By logical name.
    pub parameters: BTreeMap<String, Parameter>,
    /// By name, first key and second key.
    pub mappings: Map<String, Value>,
    /// Whether `AWS::LanguageExtensions` expands it.
    pub is_extended: bool,
    root: Map<String, Value>,
}

impl Source {
    /// Reads a template written as JSON.
    ///
    /// # Errors
    /// [`TemplateError`] for what is no template, and for macros that this engine cannot expand.
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
        let is_extended = transforms::is_extended(&root);
        let parameters = section(&mut root.clone(), "Parameters")?;
        let mappings = section(&mut root, "Mappings")?.into_iter().collect();
        Ok(Self { parameters, mappings, is_extended, root })
    }

    /// The template in the plain language. Where it is not extended, `facts` do not count.
    ///
    /// # Errors
    /// [`TemplateError`] for anything CloudFormation's validation refuses too.
    pub fn template(self, facts: &Facts) -> Result<Template, TemplateError> {
        let mut root = match self.is_extended {
            true => expand::expand(&self.root, facts, Unknown::Refuse)?.template,
            false => self.root,
        };
        if !self.is_extended {
            check::extensions(&root)?;
        }
        let template = Template {
            parameters: self.parameters,
            conditions: section(&mut root, "Conditions")?.into_iter().collect(),
            resources: section(&mut root, "Resources")?,
            outputs: section(&mut root, "Outputs")?,
            rules: section(&mut root, "Rules")?.into_iter().collect(),
        };
        check::template(&template)?;
        Ok(template)
    }
}

impl Template {
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

fn one_or_many<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    match Value::deserialize(deserializer)? {
        Value::String(name) => Ok(vec![name]),
        other => serde_json::from_value(other).map_err(serde::de::Error::custom),
    }
}
