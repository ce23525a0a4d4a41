//! Physical resources: their records, ids, attributes, and what is known of their types.
//!
//! Pure: no clock, no state, no randomness.

pub mod attributes;
pub mod behaviour;
mod pattern;
mod shape;
pub mod snapshot;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::catalogue;
use crate::local::derive;
use crate::local::nested::NESTED;
use crate::local::place::Place;
use crate::local::resource::behaviour::Behaviour;
use crate::local::stack::stack_id;
use crate::local::template::{Policy, text_of};
use crate::model::Digest;
use pattern::Subject;

/// The type of a bucket of S3.
pub const BUCKET: &str = "AWS::S3::Bucket";

/// The type of a repository of images.
pub const REPOSITORY: &str = "AWS::ECR::Repository";

/// The type of a network.
pub const VPC: &str = "AWS::EC2::VPC";

/// The type of a security group.
pub const SECURITY_GROUP: &str = "AWS::EC2::SecurityGroup";

/// A physical resource of a stack.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Resource {
    /// `AWS::SERVICE::TYPE`.
    pub resource_type: String,
    /// What `Ref` gives.
    pub physical_id: String,
    /// Evaluated.
    pub properties: Value,
    /// Evaluated.
    pub metadata: Value,
    /// The stack's tags as they reached this resource; empty for types without tags.
    pub tags: BTreeMap<String, String>,
    /// 1, plus one for each change in place.
    pub version: u32,
    /// Resources of the same stack it needs: the edges a deletion follows backwards.
    pub depends_on: BTreeSet<String>,
    /// Exports its properties import.
    pub imports: BTreeSet<String>,
    /// What happens when it leaves the stack.
    pub deletion_policy: Policy,
    /// What happens to it when another physical resource takes its place.
    pub update_replace_policy: Policy,
    /// What somebody did to it behind its stack's back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tampered: Option<Tampering>,
    /// How many things it holds that keep it from being deleted: objects of a bucket.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub holds: u64,
    /// Of a network: numbers of the interfaces in it that a service made for something that is gone.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub left_over: BTreeSet<u64>,
    /// What its policies make it wait for. Known while a template is at hand.
    #[serde(skip)]
    pub behaviour: Behaviour,
    /// Digest of the template of a nested stack.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content: Option<Digest>,
    /// The attributes that something outside of this stack gave it; `None` while nothing has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answered: Option<BTreeMap<String, Value>>,
}

/// What somebody did to a resource without its stack.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Tampering {
    /// These are its properties now.
    Changed(Value),
    /// It is gone.
    Deleted,
}

fn is_zero(number: &u64) -> bool {
    *number == 0
}

impl Resource {
    /// The properties it really has; `None` when it is gone.
    pub fn real_properties(&self) -> Option<&Value> {
        match &self.tampered {
            None => Some(&self.properties),
            Some(Tampering::Changed(properties)) => Some(properties),
            Some(Tampering::Deleted) => None,
        }
    }

    /// Whether somebody deleted it behind its stack's back.
    pub fn is_lost(&self) -> bool {
        self.tampered == Some(Tampering::Deleted)
    }
}

/// Which resource a physical id is for.
#[derive(Clone, Copy, Debug)]
pub struct Owner<'a> {
    /// Where.
    pub place: &'a Place,
    /// The stack's name.
    pub stack_name: &'a str,
    /// The stack's ARN.
    pub stack_id: &'a str,
    /// The number of the stack's operation that makes it: never the same twice.
    pub generation: u32,
}

/// A name that a template gives and that nobody else can have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CustomName {
    /// The name.
    pub text: String,
    /// Inside what it is unique, beside account and region: the value of a property.
    pub within: String,
}

/// The name that a template gives a resource of this type, where nobody else can have the same one;
/// `None` where the name is generated.
pub fn custom_name(resource_type: &str, properties: &Value) -> Option<CustomName> {
    let unique = catalogue::unique_name(resource_type)?;
    let value = |property| text_of(properties.get(property)?);
    let text = value(unique.property)?;
    let shaped = shape::shape(resource_type).and_then(|shape| shape.reference.name_property());
    let is_lower = shaped.is_some_and(|name| name.is_lower);
    let within = unique.within.and_then(value).unwrap_or_default();
    Some(CustomName { text: if is_lower { text.to_ascii_lowercase() } else { text }, within })
}

/// The name that is the whole physical id of a resource of this type.
fn identifying_name(resource_type: &str, properties: &Value) -> Option<String> {
    let known = catalogue::resource_type(resource_type)?;
    let [path] = &known.primary_identifier[..] else { return None };
    let unique = catalogue::unique_name(resource_type)?;
    (path.to_string() == unique.property)
        .then(|| custom_name(resource_type, properties))?
        .map(|name| name.text)
}

/// The physical id of a new resource.
pub fn physical_id(owner: Owner<'_>, logical_id: &str, resource_type: &str, properties: &Value) -> String {
    let seed = format!("{}/{logical_id}/{}", owner.stack_id, owner.generation);
    if resource_type == NESTED {
        return stack_id(owner.place, &derive::name(owner.stack_name, logical_id, &seed, 128), 1);
    }
    let Some(shape) = shape::shape(resource_type) else {
        if let Some(name) = identifying_name(resource_type, properties) {
            return name;
        }
        return derive::name(owner.stack_name, logical_id, &seed, 255);
    };
    shape.reference.text(&Subject {
        place: owner.place,
        stack_name: owner.stack_name,
        logical_id,
        seed,
        physical_id: "",
        properties,
        version: 1,
    })
}
