//! Decides what an update does to one resource. The same function serves change sets and updates,
//! so that a change set shows exactly what executing it does.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::catalogue::{self, Replacement, is_custom, published_name};
use crate::language::rolling_update::replaces_instances;
use crate::local::answers::Answers;
use crate::local::context::Context;
use crate::local::drift::differences_by_hand;
use crate::local::evaluate::EvaluateError;
use crate::local::exports::Exports;
use crate::local::nested::NESTED;
use crate::local::resource::behaviour::{Behaviour, WAIT_CONDITION};
use crate::local::resource::{Owner, Resource, custom_name, physical_id};
use crate::local::template::Policy;
use crate::model::Digest;

/// What happens to one resource, with what there will be afterwards.
#[derive(Clone, Debug, PartialEq)]
pub enum Decision {
    /// Nothing that its service would notice.
    Keep(Resource),
    /// It is new.
    Create(Resource),
    /// It changes in place; the paths that differ.
    Update(Resource, Vec<String>),
    /// A new physical resource takes its place; the paths that differ.
    Replace(Resource, Vec<String>),
}

impl Decision {
    /// What there will be afterwards, to look at.
    pub fn wanted(&self) -> &Resource {
        match self {
            Self::Keep(resource)
            | Self::Create(resource)
            | Self::Update(resource, _)
            | Self::Replace(resource, _) => resource,
        }
    }

    /// What there will be afterwards.
    pub fn resource(self) -> Resource {
        match self {
            Self::Keep(resource)
            | Self::Create(resource)
            | Self::Update(resource, _)
            | Self::Replace(resource, _) => resource,
        }
    }
}

/// What a decision is made from, beside the resource itself.
#[derive(Clone, Copy, Debug)]
pub struct Basis<'a> {
    /// Template and values.
    pub context: &'a Context,
    /// The stack's tags.
    pub tags: &'a BTreeMap<String, String>,
    /// The place's exports.
    pub exports: &'a Exports,
    /// What the world outside answers.
    pub answers: &'a Answers,
    /// What new physical ids are made from.
    pub owner: Owner<'a>,
    /// Whether what was changed or deleted by hand differs, too.
    pub reverts_drift: bool,
}

/// What happens to the resource `logical_id` of the template, given the physical resources so far.
///
/// # Errors
/// [`EvaluateError`] when a property cannot be computed, or a custom-named resource would have to
/// be replaced.
pub fn decide(
    basis: Basis<'_>,
    resources: &BTreeMap<String, Resource>,
    logical_id: &str,
) -> Result<Decision, EvaluateError> {
    let mut wanted = wanted(basis, resources, logical_id)?;
    let make = |resource: &Resource| {
        physical_id(basis.owner, logical_id, &resource.resource_type, &resource.properties)
    };
    let there = resources.get(logical_id).filter(|current| !(basis.reverts_drift && current.is_lost()));
    let drifted = there.filter(|_| basis.reverts_drift).and_then(|current| as_it_is(current, &wanted));
    let Some(current) = drifted.as_ref().or(there) else {
        wanted.physical_id = make(&wanted);
        answer(basis, logical_id, &mut wanted);
        return Ok(Decision::Create(wanted));
    };
    let paths = differences(current, &wanted);
    wanted.version = current.version;
    wanted.tampered = current.tampered.clone();
    wanted.holds = current.holds;
    wanted.left_over = current.left_over.clone();
    wanted.answered = current.answered.clone();
    if paths.is_empty() {
        wanted.physical_id = current.physical_id.clone();
        return Ok(Decision::Keep(wanted));
    }
    if let Some(fixed) = fixed(current, &wanted, &paths) {
        return Err(fixed);
    }
    let replaces_group = wanted.behaviour.replaces_group && rolls(&wanted, &paths);
    if !replaces_group && !paths.iter().any(|path| makes_new(current, &wanted, path)) {
        wanted.physical_id = current.physical_id.clone();
        wanted.version += 1;
        wanted.tampered = None;
        answer(basis, logical_id, &mut wanted);
        return Ok(Decision::Update(wanted, paths));
    }
    wanted.physical_id = make(&wanted);
    if let Some(name) = kept_name(current, &wanted) {
        return Err(EvaluateError::NamedReplacement(name));
    }
    wanted.version = 1;
    wanted.holds = 0;
    wanted.left_over.clear();
    wanted.tampered = None;
    wanted.answered = None;
    answer(basis, logical_id, &mut wanted);
    Ok(Decision::Replace(wanted, paths))
}

/// The resource with those of its properties as they really are that drifted; `None` where none did.
pub fn as_it_is(current: &Resource, wanted: &Resource) -> Option<Resource> {
    let real = current.real_properties()?;
    let drifted = differences_by_hand(&current.resource_type, &wanted.properties, real);
    let mut found = current.clone();
    let properties = found.properties.as_object_mut().filter(|_| !drifted.is_empty())?;
    for name in drifted {
        match real.get(&name) {
            Some(value) => drop(properties.insert(name, value.clone())),
            None => drop(properties.remove(&name)),
        }
    }
    Some(found)
}

/// The first property among the differences that its service never changes.
fn fixed(current: &Resource, wanted: &Resource, paths: &[String]) -> Option<EvaluateError> {
    let kind = &wanted.resource_type;
    let is_refused = |name: &&str| {
        let (before, after) = (current.properties.get(name), wanted.properties.get(name));
        catalogue::is_refused_change(kind, name, before, after)
    };
    let found = paths.iter().filter_map(|path| property(path)).find(is_refused)?;
    Some(EvaluateError::Fixed { resource_type: kind.clone(), property: found.to_owned() })
}

/// The name that a new physical resource would share with the old one, which still has it.
fn kept_name(current: &Resource, wanted: &Resource) -> Option<String> {
    if wanted.physical_id == current.physical_id {
        return Some(wanted.physical_id.clone());
    }
    let name = |resource: &Resource| custom_name(&resource.resource_type, &resource.properties);
    name(wanted).filter(|wanted| name(current).as_ref() == Some(wanted)).map(|name| name.text)
}

/// What is on file for a custom resource or a wait condition becomes its id and its attributes.
fn answer(basis: Basis<'_>, logical_id: &str, wanted: &mut Resource) {
    let Some(reply) = basis.answers.reply(basis.owner.stack_name, basis.tags, logical_id) else { return };
    if wanted.resource_type == WAIT_CONDITION {
        wanted.answered = Some(BTreeMap::from([("Data".to_owned(), reply.signal_data())]));
    } else if is_custom(&wanted.resource_type) {
        wanted.answered = Some(reply.data.clone());
        if let Some(id) = &reply.physical_resource_id {
            wanted.physical_id = id.clone();
        }
    }
}

/// Whether an update makes an Auto Scaling group replace its instances.
pub fn rolls(resource: &Resource, paths: &[String]) -> bool {
    replaces_instances(&resource.resource_type, paths)
}

/// The property a path begins with, for example `CidrBlock` of `Properties.CidrBlock`.
pub fn property(path: &str) -> Option<&str> {
    path.strip_prefix("Properties.")
}

fn makes_new(current: &Resource, wanted: &Resource, path: &str) -> bool {
    property(path).is_some_and(|property| replacement(current, wanted, property) == Replacement::Always)
}

/// What the difference in one property leads to. A type that is not published is changed in place.
pub fn replacement(current: &Resource, wanted: &Resource, property: &str) -> Replacement {
    let known = catalogue::resource_type(published_name(&wanted.resource_type));
    known.map_or(Replacement::Never, |known| {
        known.replacement_by(property, current.properties.get(property), wanted.properties.get(property))
    })
}

/// The resource as the template wants it, still without a physical id.
fn wanted(
    basis: Basis<'_>,
    resources: &BTreeMap<String, Resource>,
    logical_id: &str,
) -> Result<Resource, EvaluateError> {
    let definition = &basis.context.template.resources[logical_id];
    let imported = RefCell::new(BTreeSet::new());
    let scope = basis.context.scope(resources, basis.exports, &imported);
    let properties = match scope.value_or_null(&definition.properties)? {
        Value::Null => json!({}),
        properties => properties,
    };
    let metadata = scope.value_or_null(&definition.metadata)?;
    let policies = [&definition.creation_policy, &definition.update_policy];
    let [creation, update] = policies.map(|policy| scope.value_or_null(policy));
    let behaviour = Behaviour::of(&definition.r#type, &properties, &creation?, &update?);
    let url = properties.get("TemplateURL").and_then(Value::as_str);
    let url = url.filter(|_| definition.r#type == NESTED);
    let content = url.and_then(|url| basis.answers.object(url).ok()).map(Digest::of);
    let is_taggable =
        catalogue::resource_type(&definition.r#type).is_some_and(catalogue::ResourceType::is_taggable);
    Ok(Resource {
        resource_type: definition.r#type.clone(),
        physical_id: String::new(),
        properties,
        metadata,
        tags: if is_taggable { basis.tags.clone() } else { BTreeMap::new() },
        version: 1,
        depends_on: basis.context.dependencies[logical_id].clone(),
        imports: imported.into_inner(),
        deletion_policy: definition
            .deletion_policy
            .unwrap_or_else(|| default_policy(&definition.r#type, &definition.properties)),
        update_replace_policy: definition.update_replace_policy.unwrap_or_default(),
        tampered: None,
        holds: 0,
        left_over: BTreeSet::new(),
        behaviour,
        content,
        answered: None,
    })
}

/// Source: CloudFormation template reference, "DeletionPolicy attribute": databases are snapshotted,
/// instances of a cluster with their cluster.
fn default_policy(resource_type: &str, properties: &Value) -> Policy {
    match resource_type {
        "AWS::RDS::DBCluster" => Policy::Snapshot,
        "AWS::RDS::DBInstance" if properties.get("DBClusterIdentifier").is_none() => Policy::Snapshot,
        _ => Policy::Delete,
    }
}

/// Paths that differ: `Properties.NAME`, `Metadata`, `Tags`. Sorted.
fn differences(current: &Resource, wanted: &Resource) -> Vec<String> {
    let empty = serde_json::Map::new();
    let properties = |resource: &Resource| resource.properties.as_object().cloned().unwrap_or(empty.clone());
    let (old, new) = (properties(current), properties(wanted));
    let names: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    let mut paths: Vec<String> = names
        .into_iter()
        .filter(|name| old.get(*name) != new.get(*name))
        .map(|name| format!("Properties.{name}"))
        .collect();
    if current.metadata != wanted.metadata {
        paths.insert(0, "Metadata".to_owned());
    }
    // The text behind an address may be another one; what cannot be had fails when it is asked for.
    let url = "Properties.TemplateURL".to_owned();
    if wanted.content.is_some() && wanted.content != current.content && !paths.contains(&url) {
        paths.push(url);
    }
    if current.tags != wanted.tags {
        paths.push("Tags".to_owned());
    }
    paths
}
