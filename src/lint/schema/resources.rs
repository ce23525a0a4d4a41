//! Every resource: its type, the region, its properties.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use crate::catalogue::{self, PropertyPath, ResourceType};
use crate::lint::functions::Call;
use crate::lint::path::Path;
use crate::lint::report::{Report, shown};
use crate::lint::rules::{
    DUPLICATE_ITEMS, IDENTIFIER_TWICE, MISSING_PROPERTY, NAME_TOO_LONG, PROPERTY_LENGTH, PROPERTY_TYPE,
    PROPERTY_VALUE, READ_ONLY_PROPERTY, REGION, UNKNOWN_TYPE,
};
use crate::lint::schema::judge::{Judge, is_no_value};
use crate::lint::schema::{constraints, names};
use crate::lint::scope::Scope;
use crate::lint::values::nothing;
use crate::lint::worlds::Asked;

/// Judges all resources; `region` is where they are deployed to.
pub(in crate::lint) fn check(scope: &Scope<'_>, region: Option<&str>, report: &mut Report) {
    if scope.is_foreign {
        return;
    }
    let path = Path::ROOT.key("Resources");
    let mut identifiers = BTreeMap::new();
    for (name, resource) in scope.entries("Resources") {
        let path = path.key(name);
        let Some(resource) = resource.as_object() else { continue };
        let Some(kind) = resource.get("Type").and_then(Value::as_str) else { continue };
        match catalogue::resource_type(kind) {
            Some(known) => {
                available(kind, region, &path.key("Type"), report);
                constraints::check(scope, (kind, region), resource, &path, report);
                properties(scope, known, kind, resource, &path, report);
                identifier(known, kind, resource, &path, &mut identifiers, report);
            }
            None => unknown(kind, &path.key("Type"), report),
        }
    }
}

/// Types of others: custom resources, modules, and what is registered in an account.
fn unknown(kind: &str, path: &Path<'_>, report: &mut Report) {
    let is_own = kind.starts_with("Custom::") || kind.ends_with("::MODULE");
    let parts: Vec<&str> = kind.split("::").collect();
    let is_registered = parts.len() == 3 && parts[0] != "AWS" && parts.iter().all(|part| !part.is_empty());
    if is_own || is_registered {
        return;
    }
    let finding = report.value(&UNKNOWN_TYPE, path, format!("there is no resource type `{}`", shown(kind)));
    if kind.starts_with("AWS::Serverless::") {
        finding.hint("add `Transform: AWS::Serverless-2016-10-31` to the template");
    } else {
        // Only names of about this length can be near, and there are many.
        let near = catalogue::resource_types().filter(|name| name.len().abs_diff(kind.len()) <= 4);
        finding.nearest(kind, near, "types are named `AWS::SERVICE::RESOURCE`");
    }
}

fn available(kind: &str, region: Option<&str>, path: &Path<'_>, report: &mut Report) {
    if let Some(region) = region
        && catalogue::is_available(kind, region) == Some(false)
    {
        report
            .value(&REGION, path, format!("the region `{region}` has no `{kind}`"))
            .hint("deploy to another region, or leave the resource out there");
    }
}

fn properties(
    scope: &Scope<'_>,
    known: &'static ResourceType,
    kind: &str,
    resource: &Map<String, Value>,
    path: &Path<'_>,
    report: &mut Report,
) {
    let given = resource.get("Properties");
    let path = if given.is_some() { path.key("Properties") } else { *path };
    if given.is_some_and(Value::is_null) {
        return;
    }
    if given.is_some_and(is_no_value) {
        report
            .value(&PROPERTY_TYPE, &path, "`Properties` is a map, this is empty")
            .hint("leave the line out");
        return;
    }
    let properties = given.unwrap_or(nothing());
    let mut judge = Judge::new(scope, known);
    judge.held = condition_of(resource);
    judge.value(properties, &known.schema, &path);
    report.append(judge.report);
    too_long(known, kind, properties, &path, report);
    for read_only in &known.read_only {
        set_by_aws(properties, &read_only.0, read_only, &path, report);
    }
    if let Some(tags) = tag_property(known).and_then(|name| Some((name, properties.get(name)?))) {
        self::tags(tags.1, &path.key(tags.0), report);
    }
}

/// The condition under which a resource is there.
pub(super) fn condition_of(resource: &Map<String, Value>) -> Asked {
    let condition = resource.get("Condition").and_then(Value::as_str);
    condition.map(|name| (name.to_owned(), true)).into_iter().collect()
}

/// Names with parts that are known only while deploying, and those that no schema bounds.
fn too_long(known: &ResourceType, kind: &str, properties: &Value, path: &Path<'_>, report: &mut Report) {
    for (name, value) in properties.as_object().into_iter().flatten() {
        let bound = known.schema.properties.get(name).and_then(|schema| schema.max_length);
        let most = match (bound, value) {
            // Judged with its schema already.
            (Some(_), Value::String(_)) => continue,
            (Some(most), _) => most,
            (None, _) => match names::longest(kind, name) {
                Some(most) => most,
                None => continue,
            },
        };
        let least = names::least_length(value);
        if least > most {
            let message = format!("`{name}` has at least {least} characters, {most} are allowed");
            report.value(&NAME_TOO_LONG, &path.key(name), message).hint("shorten it");
        }
    }
}

fn tag_property(known: &'static ResourceType) -> Option<&'static str> {
    match known.tag_property()?.0.as_slice() {
        [name] => Some(name),
        _ => None,
    }
}

fn set_by_aws(value: &Value, rest: &[String], whole: &PropertyPath, path: &Path<'_>, report: &mut Report) {
    let Some((step, rest)) = rest.split_first() else {
        report
            .key(&READ_ONLY_PROPERTY, path, format!("`{whole}` is set by AWS"))
            .hint("take it out; `Fn::GetAtt` reads it");
        return;
    };
    match (step.as_str(), value) {
        ("*", Value::Array(items)) => {
            for (index, item) in items.iter().enumerate() {
                set_by_aws(item, rest, whole, &path.index(index), report);
            }
        }
        (name, Value::Object(map)) => {
            if let Some(inner) = map.get(name).filter(|inner| !is_no_value(inner)) {
                set_by_aws(inner, rest, whole, &path.key(name), report);
            }
        }
        _ => {}
    }
}

/// Source: AWS General Reference, "Tag naming limits and requirements".
fn tags(tags: &Value, path: &Path<'_>, report: &mut Report) {
    const LONGEST_KEY: usize = 128;
    const LONGEST_VALUE: usize = 256;
    if tags.is_string() || tags.is_number() || tags.is_boolean() {
        report.value(&PROPERTY_TYPE, path, "tags are a list or a map");
    }
    let mut seen = BTreeSet::new();
    for (index, tag) in tags.as_array().into_iter().flatten().enumerate() {
        let path = path.index(index);
        if tag.is_object() && tag.get("Key").is_none() && Call::of_value(tag).is_none() {
            report.value(&MISSING_PROPERTY, &path, "the tag has no `Key`");
        }
        let Some(key) = tag.get("Key").and_then(Value::as_str) else { continue };
        if !seen.insert(key) {
            report.value(&DUPLICATE_ITEMS, &path, format!("the tag `{}` is given twice", shown(key)));
        }
        if key.starts_with("aws:") {
            report.value(&PROPERTY_VALUE, &path.key("Key"), "tags that begin with `aws:` are AWS's own");
        }
        for (name, most) in [("Key", LONGEST_KEY), ("Value", LONGEST_VALUE)] {
            let length = tag.get(name).and_then(Value::as_str).map_or(0, |text| text.chars().count());
            if length > most {
                let message = format!("the text has {length} characters, {most} are allowed");
                report.value(&PROPERTY_LENGTH, &path.key(name), message);
            }
        }
    }
}

/// Two resources that are always both there cannot have one name.
fn identifier<'a>(
    known: &'static ResourceType,
    kind: &'a str,
    resource: &'a Map<String, Value>,
    path: &Path<'_>,
    seen: &mut BTreeMap<(&'a str, String), String>,
    report: &mut Report,
) {
    let written: Option<Vec<String>> = known
        .primary_identifier
        .iter()
        .map(|path| match path.0.as_slice() {
            [name] => {
                resource.get("Properties")?.get(name).filter(|value| !is_no_value(value)).and_then(literal)
            }
            _ => None,
        })
        .collect();
    let Some(written) = written.filter(|written| !written.is_empty() && !resource.contains_key("Condition"))
    else {
        return;
    };
    let own = path.name().unwrap_or_default();
    if let Some(other) = seen.insert((kind, written.join("|")), own.to_owned()) {
        let message = format!("`{other}` and `{own}` are both named `{}`", shown(&written.join(", ")));
        report.key(&IDENTIFIER_TWICE, path, message).hint("give one of them another name");
    }
}

/// A value whose text is the same wherever it stands.
fn literal(value: &Value) -> Option<String> {
    match value {
        Value::String(text) if !text.contains("{{resolve:") => Some(text.clone()),
        Value::Object(map) => {
            let (key, argument) = map.iter().next().filter(|_| map.len() == 1)?;
            (key == "Ref" || key == "Fn::GetAtt" || key == "Fn::Sub").then(|| format!("{key} {argument}"))
        }
        _ => None,
    }
}
