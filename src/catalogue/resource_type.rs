//! One resource type: its schema, and what its properties mean for its life.

use serde::Deserialize;

use super::path::PropertyPath;
use super::schema::{Definitions, Schema};

/// What is published of a resource type.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ResourceType {
    /// What `Properties` may be.
    #[serde(flatten)]
    pub schema: Schema,
    /// Schemas that several properties share, by name.
    #[serde(default)]
    pub definitions: Definitions,
    /// A change of one of these makes a new physical resource.
    #[serde(default, rename = "createOnlyProperties")]
    pub create_only: Vec<PropertyPath>,
    /// A change of one of these may make one, depending on values.
    #[serde(default, rename = "conditionalCreateOnlyProperties")]
    pub conditional_create_only: Vec<PropertyPath>,
    /// Properties that only AWS sets.
    #[serde(default, rename = "readOnlyProperties")]
    pub read_only: Vec<PropertyPath>,
    /// Properties that nobody can read back.
    #[serde(default, rename = "writeOnlyProperties")]
    pub write_only: Vec<PropertyPath>,
    /// Properties that AWS asks not to use any more.
    #[serde(default, rename = "deprecatedProperties")]
    pub deprecated: Vec<PropertyPath>,
    /// The properties that together name one resource.
    #[serde(default)]
    pub primary_identifier: Vec<PropertyPath>,
    /// What `Fn::GetAtt` may name, with dots. `*` stands for any name; at the end for
    /// any names.
    #[serde(default)]
    pub attributes: Vec<String>,
    #[serde(default)]
    replacement_strategy: Option<String>,
    #[serde(default)]
    tagging: Tagging,
    taggable: Option<bool>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Tagging {
    taggable: Option<bool>,
    tag_property: Option<PropertyPath>,
}

/// Whether a change makes a new physical resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Replacement {
    /// The resource is changed in place.
    Never,
    /// It depends on the values, in a way that the schema does not tell.
    Conditional,
    /// A new one is made.
    Always,
}

/// Which comes first in a replacement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReplacementOrder {
    /// The new resource: what CloudFormation does unless a type says otherwise.
    CreateFirst,
    /// The old one goes first: two of one name cannot be.
    DeleteFirst,
}

impl ResourceType {
    /// What a difference at this path of the properties (names, indexes or `*`) leads to.
    pub fn replacement<'a>(&self, changed: impl IntoIterator<Item = &'a str> + Clone) -> Replacement {
        let touches = |paths: &[PropertyPath]| paths.iter().any(|path| path.is_touched_by(changed.clone()));
        if touches(&self.create_only) {
            Replacement::Always
        } else if touches(&self.conditional_create_only) {
            Replacement::Conditional
        } else {
            Replacement::Never
        }
    }

    /// Which comes first when it is replaced.
    pub fn replacement_order(&self) -> ReplacementOrder {
        match self.replacement_strategy.as_deref() {
            Some("delete_then_create") => ReplacementOrder::DeleteFirst,
            _ => ReplacementOrder::CreateFirst,
        }
    }

    /// Whether stack tags reach it. Types that say nothing of it can be tagged: the default of AWS's
    /// meta-schema.
    pub fn is_taggable(&self) -> bool {
        self.tagging.taggable.or(self.taggable).unwrap_or(true)
    }

    /// The property that holds its tags, if it can have any.
    pub fn tag_property(&self) -> Option<&PropertyPath> {
        self.tagging.tag_property.as_ref().filter(|_| self.is_taggable())
    }

    /// Whether `Fn::GetAtt` may name this attribute.
    pub fn has_attribute(&self, name: &str) -> bool {
        self.attributes.iter().any(|attribute| is_attribute(attribute, name))
    }

    /// The schema that stands behind references, or the schema itself; `None` where a reference leads
    /// nowhere or in a circle.
    pub fn resolve<'a>(&'a self, schema: &'a Schema) -> Option<&'a Schema> {
        schema.resolve(&self.schema, &self.definitions)
    }

    /// What the schema's reference names, one step: unlike [`Self::resolve`], this lets a caller see
    /// what stands beside each reference of a chain.
    pub fn target(&self, schema: &Schema) -> Option<&Schema> {
        schema.target(&self.schema, &self.definitions)
    }
}

fn is_attribute(attribute: &str, name: &str) -> bool {
    let (mut expected, mut given) = (attribute.split('.').peekable(), name.split('.'));
    loop {
        match (expected.next(), given.next()) {
            (None, None) => return true,
            (Some("*"), Some(_)) if expected.peek().is_none() => return true,
            (Some("*"), Some(_)) => {}
            (Some(expected), Some(given)) if expected == given => {}
            _ => return false,
        }
    }
}
