//! What a value may be: the part of JSON Schema that resource schemas use.
//!
//! Besides the standard's keywords these are known, with the meaning that cfn-lint gives them:
//! `dependentExcluded` (a property that is there excludes others), `requiredXor` (exactly one of
//! the named), `requiredOr` (at least one), `enumCaseInsensitive`, `uniqueKeys`, `maxUniqueItems`.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Number, Value};

/// What a value may be. An absent member asks for nothing.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Schema {
    /// A pointer to another schema of the same type, see [`super::ResourceType::resolve`].
    #[serde(rename = "$ref")]
    pub reference: Option<String>,
    /// The JSON types it may have.
    #[serde(rename = "type")]
    pub types: Option<Types>,
    /// The values it may be.
    #[serde(rename = "enum")]
    pub values: Option<Vec<Value>>,
    /// Likewise, without regard to case.
    #[serde(rename = "enumCaseInsensitive")]
    pub values_of_any_case: Option<Vec<Value>>,
    /// The one value it may be.
    #[serde(rename = "const")]
    pub constant: Option<Value>,
    /// A regular expression (ECMA 262), which need not match the whole text.
    pub pattern: Option<String>,
    /// What kind of thing a text names, for example `AWS::EC2::VPC.Id` or `date-time`.
    pub format: Option<String>,
    /// In characters.
    pub min_length: Option<u64>,
    /// In characters.
    pub max_length: Option<u64>,
    /// Inclusive.
    pub minimum: Option<Number>,
    /// Inclusive.
    pub maximum: Option<Number>,
    /// Exclusive.
    pub exclusive_minimum: Option<Number>,
    /// Exclusive.
    pub exclusive_maximum: Option<Number>,
    /// It is a whole multiple of this.
    pub multiple_of: Option<Number>,
    /// What the items of a list may be.
    pub items: Option<Items>,
    /// What the first items of a list may be, by place.
    pub prefix_items: Vec<Schema>,
    /// The fewest items.
    pub min_items: Option<u64>,
    /// The most items.
    pub max_items: Option<u64>,
    /// The most items that differ.
    pub max_unique_items: Option<u64>,
    /// No two items are equal.
    pub unique_items: bool,
    /// No two items agree in these members.
    pub unique_keys: Vec<String>,
    /// The members of an object.
    pub properties: BTreeMap<String, Schema>,
    /// Members by the form of their names.
    pub pattern_properties: BTreeMap<String, Schema>,
    /// Members that are named nowhere.
    pub additional_properties: Option<Additional>,
    /// What the names of members may be.
    pub property_names: Option<Box<Schema>>,
    /// The fewest members.
    pub min_properties: Option<u64>,
    /// The most members.
    pub max_properties: Option<u64>,
    /// Members it must have.
    pub required: Vec<String>,
    /// Members of which it must have exactly one.
    pub required_xor: Vec<String>,
    /// Members of which it must have one.
    pub required_or: Vec<String>,
    /// Members that need others.
    pub dependent_required: BTreeMap<String, Vec<String>>,
    /// Members that exclude others.
    pub dependent_excluded: BTreeMap<String, Vec<String>>,
    /// It is all of these.
    pub all_of: Vec<Schema>,
    /// It is at least one of these.
    pub any_of: Vec<Schema>,
    /// It is exactly one of these.
    pub one_of: Vec<Schema>,
    /// It is not this.
    pub not: Option<Box<Schema>>,
    /// If it is this ...
    #[serde(rename = "if")]
    pub condition: Option<Box<Schema>>,
    /// ... it is also this,
    pub then: Option<Box<Schema>>,
    /// and otherwise this.
    #[serde(rename = "else")]
    pub otherwise: Option<Box<Schema>>,
    /// One item of the list is this.
    pub contains: Option<Box<Schema>>,
}

/// One JSON type or several.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub enum Types {
    /// Just this one.
    One(String),
    /// Any of these.
    Several(Vec<String>),
}

impl Types {
    /// All of them.
    pub fn names(&self) -> &[String] {
        match self {
            Self::One(name) => std::slice::from_ref(name),
            Self::Several(names) => names,
        }
    }
}

/// What the items of a list may be.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(untagged)]
pub enum Items {
    /// One schema for each place.
    ByPlace(Vec<Schema>),
    /// The same for all.
    All(Box<Schema>),
}

/// What is said of members that are named nowhere.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(untagged)]
pub enum Additional {
    /// Whether there may be any.
    Allowed(bool),
    /// What they may be.
    As(Box<Schema>),
}

/// Schemas that others refer to, by name.
pub type Definitions = BTreeMap<String, Schema>;

/// No published chain of references is longer than three.
const MAXIMUM_REFERENCES: usize = 16;

impl Schema {
    /// What stands behind the reference, if this is one. `root` and `definitions` are those of the
    /// whole it is part of.
    pub(super) fn resolve<'a>(
        &'a self,
        root: &'a Schema,
        definitions: &'a Definitions,
    ) -> Option<&'a Schema> {
        let mut schema = self;
        for _ in 0..MAXIMUM_REFERENCES {
            let Some(pointer) = &schema.reference else { return Some(schema) };
            schema = at(pointer, root, definitions)?;
        }
        None
    }

    /// The schema that the reference names, which may be one again; beside a reference other
    /// demands may stand.
    pub(super) fn target<'a>(&self, root: &'a Schema, definitions: &'a Definitions) -> Option<&'a Schema> {
        at(self.reference.as_deref()?, root, definitions)
    }

    /// The schema that a step of a pointer leads to: keyword and name, for example `properties`, `Port`.
    fn step(&self, keyword: &str, name: Option<&str>) -> Option<&Schema> {
        match (keyword, name) {
            ("properties", Some(name)) => self.properties.get(name),
            ("patternProperties", Some(name)) => self.pattern_properties.get(name),
            ("items", None) => match self.items.as_ref()? {
                Items::All(schema) => Some(schema),
                Items::ByPlace(_) => None,
            },
            _ => None,
        }
    }
}

fn at<'a>(pointer: &str, root: &'a Schema, definitions: &'a Definitions) -> Option<&'a Schema> {
    let mut steps = pointer.strip_prefix("#/")?.split('/').peekable();
    let mut schema = root;
    if steps.next_if_eq(&"definitions").is_some() {
        schema = definitions.get(steps.next()?)?;
    }
    while let Some(keyword) = steps.next() {
        let name = if keyword == "items" { None } else { Some(steps.next()?) };
        schema = schema.step(keyword, name)?;
    }
    Some(schema)
}
