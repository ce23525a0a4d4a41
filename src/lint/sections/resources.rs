//! The section `Resources`: everything but the properties' own types.

use serde_json::{Map, Value};

use crate::language::transforms::is_loop;
use crate::lint::functions::{Call, Function, Walk, condition_name};
use crate::lint::path::Path;
use crate::lint::report::shown;
use crate::lint::rules::{
    ATTRIBUTE_FORM, CONDITIONAL_DEPENDENCY, DANGLING_REFERENCE, FUNCTION_NESTING, MODULE_FORM, RESOURCE_FORM,
};
use crate::lint::scope::is_module;
use crate::lint::values::kind;
use crate::lint::worlds::{Asked, can_be};

const KEYS: [&str; 11] = [
    "Condition",
    "Connectors",
    "CreationPolicy",
    "DeletionPolicy",
    "DependsOn",
    "Metadata",
    "Properties",
    "Type",
    "UpdatePolicy",
    "UpdateReplacePolicy",
    "Version",
];

/// Types whose data CloudFormation keeps a snapshot of when asked.
/// Source: CloudFormation template reference, "DeletionPolicy attribute".
const SNAPSHOTS: [&str; 8] = [
    "AWS::DocDB::DBCluster",
    "AWS::EC2::Volume",
    "AWS::ElastiCache::CacheCluster",
    "AWS::ElastiCache::ReplicationGroup",
    "AWS::Neptune::DBCluster",
    "AWS::RDS::DBCluster",
    "AWS::RDS::DBInstance",
    "AWS::Redshift::Cluster",
];

pub(super) fn check(walk: &mut Walk<'_, '_>) {
    walk.logical_names("Resources", &[]);
    let path = Path::ROOT.key("Resources");
    for (name, resource) in walk.scope.entries("Resources") {
        walk.owner = ("Resources", name);
        let path = path.key(name);
        let Some(map) = walk.map(resource, &RESOURCE_FORM, &path, &format!("the resource `{name}`")) else {
            continue;
        };
        one(walk, map, &path);
    }
    for (key, value) in walk.scope.section("Resources").into_iter().flatten() {
        if is_loop(key) {
            walk.looped(key, value, &path.key(key));
        }
    }
}

fn one<'a>(walk: &mut Walk<'_, 'a>, map: &'a Map<String, Value>, path: &Path<'_>) {
    if map.get("Type").and_then(Value::as_str).is_some_and(is_module) {
        module(walk, map, path);
    }
    walk.keys(map, &KEYS, &["Type"], &RESOURCE_FORM, path);
    walk.text_at(map, "Type", &RESOURCE_FORM, path);
    walk.text_at(map, "Condition", &ATTRIBUTE_FORM, path);
    for (key, value) in map {
        let path = path.key(key);
        match (key.as_str(), value) {
            ("Condition", Value::String(name)) => {
                walk.uses.conditions.insert(name);
                condition_name(walk.scope, name, &path, walk.report);
            }
            ("DependsOn", value) => depends_on(walk, value, &path),
            ("DeletionPolicy" | "UpdateReplacePolicy", value) => policy(walk, key, value, map, &path),
            ("Properties", value) => properties(walk, value, &path),
            ("CreationPolicy" | "UpdatePolicy", value) => {
                match Call::of_value(value) {
                    None => {
                        walk.map(value, &ATTRIBUTE_FORM, &path, &format!("`{key}`"));
                    }
                    Some(call) if call.function == Function::If || walk.scope.is_foreign => {}
                    Some(call) => {
                        let message = format!("`{key}` is a map, `{}` gives none", call.key);
                        walk.report.value(&ATTRIBUTE_FORM, &path, message);
                    }
                }
                if key == "CreationPolicy" {
                    creation_policy(walk, value, map, &path);
                }
                walk.value(value, &path);
            }
            ("Metadata", value) => walk.value(value, &path),
            _ => {}
        }
    }
}

/// Source: AWS CloudFormation user guide, "Using modules to create resource configurations".
fn module(walk: &mut Walk<'_, '_>, map: &Map<String, Value>, path: &Path<'_>) {
    const RESERVED: &str = "AWS::CloudFormation::Module";
    for key in ["CreationPolicy", "UpdatePolicy"].into_iter().filter(|key| map.contains_key(*key)) {
        walk.report.key(&MODULE_FORM, &path.key(key), format!("a module takes no `{key}`"));
    }
    if map.get("Properties").is_some_and(|properties| properties.get("Tags").is_some()) {
        let path = path.key("Properties");
        walk.report.key(&MODULE_FORM, &path.key("Tags"), "a module takes no `Tags`");
    }
    if map.get("Metadata").is_some_and(|metadata| metadata.get(RESERVED).is_some()) {
        let path = path.key("Metadata");
        walk.report.key(&MODULE_FORM, &path.key(RESERVED), format!("`{RESERVED}` is CloudFormation's own"));
    }
}

/// Source: CloudFormation template reference, "CreationPolicy attribute".
fn creation_policy<'a>(
    walk: &mut Walk<'_, 'a>,
    value: &'a Value,
    resource: &Map<String, Value>,
    path: &Path<'_>,
) {
    let known: &[&str] = match resource.get("Type").and_then(Value::as_str) {
        Some("AWS::AutoScaling::AutoScalingGroup") => &["AutoScalingCreationPolicy", "ResourceSignal"],
        Some("AWS::AppStream::Fleet") => &["StartFleet"],
        Some("AWS::CloudFormation::WaitCondition") => &["ResourceSignal"],
        _ => return,
    };
    let Some(map) = value.as_object().filter(|_| Call::of_value(value).is_none()) else { return };
    walk.keys(map, known, &[], &ATTRIBUTE_FORM, path);
    for (key, inner) in [
        ("ResourceSignal", &["Count", "Timeout"][..]),
        ("AutoScalingCreationPolicy", &["MinSuccessfulInstancesPercent"]),
    ] {
        if let Some(signal) = map.get(key).and_then(Value::as_object) {
            walk.keys(signal, inner, &[], &ATTRIBUTE_FORM, &path.key(key));
        }
    }
}

fn properties<'a>(walk: &mut Walk<'_, 'a>, value: &'a Value, path: &Path<'_>) {
    // An empty `Properties:` is left out; a function may give all of them.
    if !value.is_null() && !value.is_object() {
        walk.map(value, &RESOURCE_FORM, path, "`Properties`");
    }
    walk.value(value, path);
}

fn depends_on<'a>(walk: &mut Walk<'_, 'a>, value: &'a Value, path: &Path<'_>) {
    match value {
        Value::String(name) => depends_on_one(walk, name, path),
        Value::Array(names) => {
            for (index, name) in names.iter().enumerate() {
                match name {
                    Value::String(name) => depends_on_one(walk, name, &path.index(index)),
                    other => not_a_name(walk, other, &path.index(index)),
                }
            }
        }
        other => not_a_name(walk, other, path),
    }
}

fn not_a_name(walk: &mut Walk<'_, '_>, value: &Value, path: &Path<'_>) {
    if walk.scope.is_foreign || (walk.scope.has_extensions && Call::of(value).is_some()) {
        return;
    }
    walk.report
        .value(&ATTRIBUTE_FORM, path, format!("`DependsOn` names resources, this is {}", kind(value)))
        .hint("write the resource's logical name; functions are not evaluated here");
}

fn depends_on_one<'a>(walk: &mut Walk<'_, 'a>, name: &'a str, path: &Path<'_>) {
    if walk.scope.entry("Resources", name).is_some() {
        if let ("Resources", owner) = walk.owner {
            walk.uses.resource_needs.entry(owner).or_default().insert(name);
            stays_away(walk, owner, name, path);
        }
        return;
    }
    if walk.scope.may_make(name) {
        return;
    }
    let resources = walk.scope.entries("Resources").map(|(name, _)| name);
    walk.report.value(&DANGLING_REFERENCE, path, format!("there is no resource `{}`", shown(name))).nearest(
        name,
        resources,
        "correct the name, or take it out",
    );
}

/// A resource that waits for one which its condition leaves out cannot be deployed.
fn stays_away(walk: &mut Walk<'_, '_>, owner: &str, name: &str, path: &Path<'_>) {
    let condition = |name: &str| {
        walk.scope.entry("Resources", name)?.get("Condition").and_then(Value::as_str).map(str::to_owned)
    };
    let Some(theirs) = condition(name) else { return };
    let own = condition(owner).map(|own| (own, true));
    let asked: Asked = own.into_iter().chain([(theirs.clone(), false)]).collect();
    if can_be(walk.scope, &asked) == Some(true) {
        let message = format!("`{name}` is not there when its condition `{theirs}` does not hold");
        walk.report.value(&CONDITIONAL_DEPENDENCY, path, message);
    }
}

fn policy<'a>(
    walk: &mut Walk<'_, 'a>,
    key: &str,
    value: &'a Value,
    resource: &Map<String, Value>,
    path: &Path<'_>,
) {
    let has_snapshots =
        resource.get("Type").and_then(Value::as_str).is_some_and(|name| SNAPSHOTS.contains(&name));
    let mut allowed = vec!["Delete", "Retain"];
    if key == "DeletionPolicy" {
        allowed.push("RetainExceptOnCreate");
    }
    if has_snapshots {
        allowed.push("Snapshot");
    }
    match value {
        Value::String(text) if allowed.contains(&text.as_str()) => {}
        Value::String(text) => {
            walk.report
                .value(&ATTRIBUTE_FORM, path, format!("`{}` is no `{key}` of this resource", shown(text)))
                .nearest(text, allowed.iter().copied(), &format!("it takes {}", allowed.join(", ")));
        }
        _ if walk.scope.is_foreign => {}
        value if Call::of_value(value).is_none() => {
            walk.report.value(&ATTRIBUTE_FORM, path, format!("`{key}` is a text, this is {}", kind(value)));
        }
        value if walk.scope.has_extensions => walk.value(value, path),
        _ => {
            walk.report
                .key(&FUNCTION_NESTING, path, format!("`{key}` takes no function"))
                .hint("write the value out, or add `Transform: AWS::LanguageExtensions`");
        }
    }
}
