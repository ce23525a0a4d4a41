//! What follows inside the stack: resources that refer to one that changes.

use std::collections::BTreeSet;

use serde_json::Value;

use super::own::said;
use super::{Side, Touched, own};
use crate::catalogue::{self, published_name};
use crate::language::{Reference, is_function, walk};
use crate::model::{Change, ChangeAction, Replacement};

/// Adds what follows for other resources, until nothing more does. Gives the resources that are
/// announced only because CloudFormation announces them: they read an identifier of a resource
/// that is changed in place, which stays what it is.
///
/// CloudFormation evaluates such references during the update and calls the replacement that may
/// follow conditional (API reference, `ResourceChangeDetail.Evaluation`); so does this.
pub(super) fn follow(after: &Side<'_>, changes: &mut Vec<Change>) -> BTreeSet<String> {
    let mut nominal = BTreeSet::new();
    loop {
        let found: Vec<Found> = one_step(after, changes);
        let mut grew = false;
        for found in found {
            grew |= merge(changes, found, &mut nominal);
        }
        if !grew {
            changes.sort_by(|one, other| one.logical_id.cmp(&other.logical_id));
            return nominal;
        }
    }
}

/// A property that reads something of a resource that changes.
struct Found {
    logical_id: String,
    resource_type: String,
    path: String,
    replacement: Replacement,
    is_nominal: bool,
    /// Whether it is changed in place although its schema leaves that open.
    in_place: bool,
}

fn one_step(after: &Side<'_>, changes: &[Change]) -> Vec<Found> {
    let touched = Touched::by(changes);
    let gone_or_new = |id: &str| {
        let own = changes.iter().find(|change| change.logical_id == id);
        own.is_some_and(|change| !matches!(change.action, ChangeAction::Modify | ChangeAction::Dynamic))
    };
    let resources = after.section("Resources").into_iter().flatten();
    let resources = resources.filter(|(id, _)| !gone_or_new(id));
    resources.flat_map(|(id, resource)| readers(after, &touched, id, resource)).collect()
}

fn readers(after: &Side<'_>, touched: &Touched<'_>, id: &str, resource: &Value) -> Vec<Found> {
    let resource_type = resource.get("Type").and_then(Value::as_str).unwrap_or_default();
    let known = catalogue::resource_type(published_name(resource_type));
    let mut leaves = Vec::new();
    if let Some(properties) = resource.get("Properties") {
        calls(properties, &mut Vec::new(), &mut leaves);
    }
    let mut found = Vec::new();
    for (steps, call) in leaves {
        let Some(reads) = reads(after, touched, call) else { continue };
        let replaces = known.map(|known| said(known.replacement(steps.iter().map(String::as_str))));
        let property = steps.first().map(String::as_str).unwrap_or_default();
        let in_place = replaces == Some(Replacement::Conditional)
            && catalogue::is_changed_in_place(resource_type, property, false);
        let replacement = match replaces {
            _ if in_place => Replacement::Never,
            Some(Replacement::Always | Replacement::Conditional) => Replacement::Conditional,
            // In place, and worth telling only if the value surely is another one.
            Some(Replacement::Never) | None if reads == Reads::Identity => Replacement::Never,
            Some(Replacement::Never) | None => continue,
        };
        found.push(Found {
            logical_id: id.to_owned(),
            resource_type: resource_type.to_owned(),
            path: written(&steps),
            replacement,
            is_nominal: reads == Reads::Nominal,
            in_place,
        });
    }
    found
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Reads {
    /// An identifier of a resource that is changed in place.
    Nominal,
    /// Another attribute of such a resource.
    Attribute,
    /// Something of a resource that may be another one afterwards.
    Perhaps,
    /// Something of a resource that is another one afterwards.
    Identity,
}

/// What a call of a function reads of resources that change.
fn reads(after: &Side<'_>, touched: &Touched<'_>, call: &Value) -> Option<Reads> {
    let mut found = None;
    walk(call, None, &mut |reference| {
        let one = match reference {
            Reference::Name(name) => touched.identity_if(name).map(of_identity),
            Reference::Attribute(id, attribute) => {
                let kind = after.resource(id).and_then(|resource| resource.get("Type"));
                let kind = kind.and_then(Value::as_str).unwrap_or_default();
                match touched.attribute(id, kind, attribute) {
                    Some(true) => Some(touched.identity_if(id).map_or(Reads::Attribute, of_identity)),
                    Some(false) => None,
                    None => Some(Reads::Nominal),
                }
            }
            Reference::Condition(_) => None,
        };
        found = found.max(one);
    });
    found
}

fn of_identity(is_certain: bool) -> Reads {
    if is_certain { Reads::Identity } else { Reads::Perhaps }
}

/// The calls of functions in a value, with the steps that lead to them.
fn calls<'v>(value: &'v Value, steps: &mut Vec<String>, found: &mut Vec<(Vec<String>, &'v Value)>) {
    let mut inside = |step: String, value: &'v Value| {
        steps.push(step);
        calls(value, steps, found);
        steps.pop();
    };
    match value {
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(place, item)| inside(place.to_string(), item));
        }
        Value::Object(map) if map.len() == 1 && map.keys().all(|key| is_function(key)) => {
            found.push((steps.clone(), value));
        }
        Value::Object(map) => map.iter().for_each(|(name, member)| inside(name.clone(), member)),
        _ => {}
    }
}

/// Steps as a path of a change: `Properties.A[0].B`.
fn written(steps: &[String]) -> String {
    let mut path = "Properties".to_owned();
    for step in steps {
        if step.bytes().all(|byte| byte.is_ascii_digit()) {
            path.push_str(&format!("[{step}]"));
        } else {
            path.push_str(&format!(".{step}"));
        }
    }
    path
}

/// Adds what was found to the changes; whether anything became graver.
fn merge(changes: &mut Vec<Change>, found: Found, nominal: &mut BTreeSet<String>) -> bool {
    let Found { logical_id, resource_type, path, replacement, is_nominal, in_place } = found;
    let replacing: Vec<String> = own::property(&path)
        .filter(|_| in_place)
        .map(|name| format!("Properties.{name}"))
        .into_iter()
        .collect();
    let Some(change) = changes.iter_mut().find(|change| change.logical_id == logical_id) else {
        if is_nominal {
            nominal.insert(logical_id.clone());
        }
        let (action, replacement, paths) = (ChangeAction::Modify, Some(replacement), vec![path]);
        changes.push(Change { action, logical_id, resource_type, replacement, paths, replacing });
        return true;
    };
    let mut grew = false;
    for path in replacing {
        if !change.replacing.contains(&path) {
            change.replacing.push(path);
        }
    }
    if change.replacement.is_none_or(|now| now < replacement) && change.replacement.is_some() {
        change.replacement = Some(replacement);
        if is_nominal {
            nominal.insert(logical_id.clone());
        }
        grew = true;
    }
    if !is_nominal && replacement > Replacement::Never && nominal.remove(&logical_id) {
        grew = true;
    }
    if !change.paths.contains(&path) {
        let place = change.paths.partition_point(|other| *other < path);
        change.paths.insert(place, path);
        grew = true;
    }
    grew
}
