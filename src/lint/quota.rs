//! CloudFormation's quotas on one template, found before it is sent.
//!
//! Source of the numbers: AWS CloudFormation user guide, "CloudFormation quotas", November 2026.

use serde_json::{Map, Value};

use crate::lint::path::Path;
use crate::lint::report::Report;
use crate::lint::rules::QUOTA;
use crate::lint::scope::Scope;
use crate::model::canonical;
use crate::template::MAXIMUM_BYTES;

/// How many resources a template may have.
pub(super) const RESOURCES_AT_MOST: usize = 500;

const SECTIONS: [(&str, usize, &str); 4] = [
    ("Resources", RESOURCES_AT_MOST, "move some of them into another stack"),
    ("Parameters", 200, "give a list, or let the template compute values"),
    ("Outputs", 200, "export fewer"),
    ("Mappings", 200, "use inputs of the template instead"),
];
const MAPPING_ATTRIBUTES: usize = 200;
const DESCRIPTION_BYTES: usize = 1_024;
const DYNAMIC_REFERENCES: usize = 60;

/// rekindle adds one output of its own and the same facts to the metadata: each under 1 KB.
const OWN_OUTPUTS: usize = 1;
const OWN_BYTES: usize = 4_096;

/// Judges sizes and counts; of a unit's template, less what rekindle adds to it.
pub(super) fn check(scope: &Scope<'_>, is_unit: bool, report: &mut Report) {
    for (name, most, hint) in SECTIONS {
        let most = if is_unit && name == "Outputs" { most - OWN_OUTPUTS } else { most };
        let count = scope.section(name).map_or(0, Map::len);
        if count > most {
            let message = format!("`{name}` has {count} entries, {most} are allowed");
            report.key(&QUOTA, &Path::ROOT.key(name), message).hint(hint);
        }
    }
    mappings(scope, report);
    let description = scope.root.get("Description").and_then(Value::as_str).map_or(0, str::len);
    if description > DESCRIPTION_BYTES {
        let message = format!("the description has {description} bytes, {DESCRIPTION_BYTES} are allowed");
        report
            .key(&QUOTA, &Path::ROOT.key("Description"), message)
            .hint("shorten it; comments have no limit");
    }
    let references: usize = scope.root.values().map(dynamic_references).sum();
    if references > DYNAMIC_REFERENCES {
        let message =
            format!("the template has {references} dynamic references, {DYNAMIC_REFERENCES} are allowed");
        report
            .value(&QUOTA, &Path::ROOT, message)
            .hint("feed secrets through parameters, or split the stack");
    }
    size(scope, is_unit, report);
}

fn mappings(scope: &Scope<'_>, report: &mut Report) {
    let path = Path::ROOT.key("Mappings");
    for (name, mapping) in scope.entries("Mappings") {
        let Some(maps) = mapping.as_object() else { continue };
        let path = path.key(name);
        let inner = maps.iter().filter_map(|(key, map)| Some((path.key(key), map.as_object()?.len())));
        for (path, count) in std::iter::once((path, maps.len())).chain(inner) {
            if count > MAPPING_ATTRIBUTES {
                let message = format!(
                    "`{}` has {count} attributes, {MAPPING_ATTRIBUTES} are allowed",
                    path.name().unwrap_or_default()
                );
                report.key(&QUOTA, &path, message).hint("split it in two");
            }
        }
    }
}

fn size(scope: &Scope<'_>, is_unit: bool, report: &mut Report) {
    let most = if is_unit { MAXIMUM_BYTES - OWN_BYTES } else { MAXIMUM_BYTES };
    // The exact length takes a pass over everything: only where it may matter.
    if scope.root.values().map(weight).sum::<usize>() < most {
        return;
    }
    let length = canonical::ascii(&Value::Object(scope.root.clone())).len();
    if length > most {
        let message = format!("the template has {length} bytes as sent, {most} are allowed");
        report
            .value(&QUOTA, &Path::ROOT, message)
            .hint("split the stack, or move long texts out of the template");
    }
}

/// At least as many bytes as a value takes when it is sent: a character is at most one escape of
/// six, and a pair of those for four bytes of UTF-8.
fn weight(value: &Value) -> usize {
    match value {
        Value::String(text) => 6 * text.len() + 3,
        Value::Array(items) => 3 + items.iter().map(weight).sum::<usize>(),
        Value::Object(map) => {
            3 + map.iter().map(|(key, value)| 6 * key.len() + 4 + weight(value)).sum::<usize>()
        }
        _ => 32,
    }
}

fn dynamic_references(value: &Value) -> usize {
    match value {
        Value::String(text) => text.matches("{{resolve:").count(),
        Value::Array(items) => items.iter().map(dynamic_references).sum(),
        Value::Object(object) => object.values().map(dynamic_references).sum(),
        _ => 0,
    }
}
