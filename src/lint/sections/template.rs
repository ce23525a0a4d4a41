//! The template as a whole.

use serde_json::Value;

use crate::lint::functions::Walk;
use crate::lint::path::Path;
use crate::lint::rules::TEMPLATE_FORM;
use crate::lint::values::{is_scalar, kind};

const SECTIONS: [&str; 10] = [
    "AWSTemplateFormatVersion",
    "Conditions",
    "Description",
    "Mappings",
    "Metadata",
    "Outputs",
    "Parameters",
    "Resources",
    "Rules",
    "Transform",
];

/// The only version there is.
const VERSION: &str = "2010-09-09";

pub(super) fn check(walk: &mut Walk<'_, '_>) {
    walk.keys(walk.scope.root, &SECTIONS, &[], &TEMPLATE_FORM, &Path::ROOT);
    walk.text_at(walk.scope.root, "Description", &TEMPLATE_FORM, &Path::ROOT);
    version(walk);
    transform(walk);
    resources(walk);
    for section in ["Conditions", "Mappings", "Metadata", "Outputs", "Parameters", "Rules"] {
        walk.section_map(section, &TEMPLATE_FORM);
    }
}

fn version(walk: &mut Walk<'_, '_>) {
    let Some(version) = walk.scope.root.get("AWSTemplateFormatVersion") else { return };
    if version.as_str() != Some(VERSION) {
        let path = Path::ROOT.key("AWSTemplateFormatVersion");
        walk.report
            .value(&TEMPLATE_FORM, &path, "there is no such template format version")
            .hint(format!("write \"{VERSION}\", or leave the line out"));
    }
}

fn resources(walk: &mut Walk<'_, '_>) {
    let Some(resources) = walk.scope.root.get("Resources") else {
        if !walk.scope.root.contains_key("Fn::Transform") && !walk.scope.is_foreign {
            walk.report
                .value(&TEMPLATE_FORM, &Path::ROOT, "the template has no resources")
                .hint("CloudFormation wants at least one, under the key `Resources`");
        }
        return;
    };
    let path = Path::ROOT.key("Resources");
    match resources {
        Value::Object(map) if map.is_empty() => {
            walk.report
                .key(&TEMPLATE_FORM, &path, "the template has no resources")
                .hint("CloudFormation wants at least one");
        }
        Value::Object(_) => {}
        other => {
            walk.report.value(
                &TEMPLATE_FORM,
                &path,
                format!("`Resources` is a map, this is {}", kind(other)),
            );
        }
    }
}

/// A name, a map with a name, or a list of these.
fn transform(walk: &mut Walk<'_, '_>) {
    let Some(transform) = walk.scope.root.get("Transform") else { return };
    let path = Path::ROOT.key("Transform");
    let items = match transform {
        Value::Array(items) => items.as_slice(),
        one => std::slice::from_ref(one),
    };
    for item in items {
        let is_fine = match item {
            Value::String(_) => true,
            Value::Object(map) => {
                let known = |(key, value): (&String, &Value)| match key.as_str() {
                    "Name" => is_scalar(value),
                    "Parameters" => value.is_object(),
                    _ => false,
                };
                map.contains_key("Name") && map.iter().all(known)
            }
            _ => false,
        };
        if !is_fine {
            walk.report.value(
                &TEMPLATE_FORM,
                &path,
                "a transform is a name, or a map of `Name` and `Parameters`",
            );
        }
    }
}
