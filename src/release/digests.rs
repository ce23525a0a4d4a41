//! The release id and the deployment id: Merkle roots over sorted, named digests.
//!
//! The rules are written out in `docs/formats.md`; a change of theirs raises the number in the
//! domain.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::manifest::lock::Scope;
use crate::manifest::yaml::{Content, Node};
use crate::manifest::{Project, ResolvedEnvironment, ResolvedUnit};
use crate::model::{Digest, Environment};
use crate::release::images::{self, DesiredImage};

/// Named digests of everything an id depends on.
pub type Parts = BTreeMap<String, Digest>;

/// The number of the canonical schema: raised when the same source would render to other bytes.
const CANONICAL_SCHEMA: u32 = 1;

/// What the release depends on: the source, the same for every environment.
pub(super) fn release_parts(project: &Project) -> Parts {
    let mut parts = Parts::new();
    for (template, version) in &project.templates {
        parts.insert(format!("templates/{}", Project::folder(template)), version.digest.digest);
    }
    for (path, bytes) in project.files.below("stacks") {
        parts.insert(format!("stacks/{path}"), Digest::of(bytes));
    }
    let inputs: BTreeMap<_, _> =
        project.manifest.inputs.iter().map(|(name, input)| (name, as_json(&input.node))).collect();
    let manifest =
        json!({"project": project.manifest.project, "inputs": inputs, "tags": project.manifest.tags});
    parts.insert("rekindle.yaml".to_owned(), Digest::of_value("rekindle/manifest/1", &manifest));
    parts.insert("rekindle.lock".to_owned(), project.lock.digest(|scope| *scope == Scope::Global));
    let contexts = images::contexts(project).into_iter();
    parts.extend(contexts.map(|(directory, digest)| (format!("context/{directory}"), digest)));
    parts.insert("canonical schema".to_owned(), Digest::of(CANONICAL_SCHEMA.to_string()));
    parts
}

/// The release id.
pub(super) fn release(parts: &Parts) -> Digest {
    Digest::of_value("rekindle/release/1", &json!(parts))
}

/// What the deployment depends on besides the release: the environment, resolved.
pub(super) fn deployment_parts(
    project: &Project,
    resolved: &ResolvedEnvironment,
    images: &[DesiredImage],
    release: Digest,
) -> Parts {
    let environment = &resolved.environment;
    let mut parts = Parts::new();
    parts.insert("release".to_owned(), release);
    parts.insert("environment".to_owned(), Digest::of_value("rekindle/environment/1", &json!(environment)));
    parts.insert("rekindle.lock".to_owned(), target_facts(project, environment));
    for unit in &resolved.units {
        parts.insert(format!("units/{}", unit.instance), unit_inputs(unit));
    }
    parts.extend(images::parts(images));
    parts
}

/// The deployment id.
pub(super) fn deployment(parts: &Parts) -> Digest {
    Digest::of_value("rekindle/deployment/1", &json!(parts))
}

/// The facts that hold at some target of the environment and not everywhere.
fn target_facts(project: &Project, environment: &Environment) -> Digest {
    project.lock.digest(|scope| {
        *scope != Scope::Global && environment.targets.values().any(|target| scope.holds_at(target))
    })
}

/// Inputs and bindings of one instance, after every layer of the environment.
fn unit_inputs(unit: &ResolvedUnit) -> Digest {
    let parameters: BTreeMap<_, _> =
        unit.parameters.iter().map(|(name, bound)| (name, &bound.binding)).collect();
    let settings = &unit.settings;
    Digest::of_value(
        "rekindle/unit-inputs/1",
        &json!({
            "inputs": unit.inputs,
            "parameters": parameters,
            "tags": settings.tags,
            "termination_protection": settings.termination_protection,
            "service_role": settings.service_role,
            "notifications": settings.notifications,
        }),
    )
}

/// A given value as it was written: its type depends on the interface, so every scalar is text
/// with a mark of whether it was quoted.
fn as_json(node: &Node) -> Value {
    match &node.content {
        Content::Scalar { text, plain } => json!({ "text": text, "plain": plain }),
        Content::Sequence(items) => items.iter().map(as_json).collect(),
        Content::Mapping(entries) => {
            Value::Object(entries.iter().map(|(key, value)| (key.text.clone(), as_json(value))).collect())
        }
    }
}
