//! The section `Metadata`, as far as CloudFormation or its console read it.

use serde_json::{Map, Value};

use crate::lint::functions::Walk;
use crate::lint::path::Path;
use crate::lint::rules::{INTERFACE_PARAMETER, METADATA_FORM};
use crate::lint::values::kind;

/// What the console reads: AWS CloudFormation user guide, "AWS::CloudFormation::Interface".
const INTERFACE: &str = "AWS::CloudFormation::Interface";

pub(super) fn check(walk: &mut Walk<'_, '_>) {
    let Some(interface) = walk.scope.section("Metadata").and_then(|metadata| metadata.get(INTERFACE)) else {
        return;
    };
    let path = Path::ROOT.key("Metadata");
    let path = path.key(INTERFACE);
    let Some(map) = walk.map(interface, &METADATA_FORM, &path, &format!("`{INTERFACE}`")) else { return };
    walk.keys(map, &["ParameterGroups", "ParameterLabels"], &[], &METADATA_FORM, &path);
    if let Some(groups) = map.get("ParameterGroups") {
        self::groups(walk, groups, &path.key("ParameterGroups"));
    }
    if let Some(labels) = map.get("ParameterLabels") {
        let path = path.key("ParameterLabels");
        let Some(labels) = walk.map(labels, &METADATA_FORM, &path, "`ParameterLabels`") else { return };
        for (name, label) in labels {
            parameter(walk, name, &path.key(name), true);
            self::label(walk, label, &path.key(name));
        }
    }
}

fn groups<'a>(walk: &mut Walk<'_, 'a>, groups: &'a Value, path: &Path<'_>) {
    for (index, group) in list(walk, groups, path).iter().enumerate() {
        let path = path.index(index);
        let Some(map) = walk.map(group, &METADATA_FORM, &path, "a group") else { continue };
        walk.keys(map, &["Label", "Parameters"], &[], &METADATA_FORM, &path);
        if let Some(label) = map.get("Label") {
            self::label(walk, label, &path.key("Label"));
        }
        if let Some(names) = map.get("Parameters") {
            let path = path.key("Parameters");
            for (index, name) in list(walk, names, &path).iter().enumerate() {
                if let Some(name) = name.as_str() {
                    parameter(walk, name, &path.index(index), false);
                }
            }
        }
    }
}

fn list<'a>(walk: &mut Walk<'_, 'a>, value: &'a Value, path: &Path<'_>) -> &'a [Value] {
    match value {
        Value::Array(items) => items,
        other => {
            walk.report.value(
                &METADATA_FORM,
                path,
                format!("a list is wanted here, this is {}", kind(other)),
            );
            &[]
        }
    }
}

fn label<'a>(walk: &mut Walk<'_, 'a>, label: &'a Value, path: &Path<'_>) {
    if let Some(map) = walk.map(label, &METADATA_FORM, path, "a label") {
        walk.keys(map, &["default"], &[], &METADATA_FORM, path);
        walk.text_at(map, "default", &METADATA_FORM, path);
    }
}

fn parameter(walk: &mut Walk<'_, '_>, name: &str, path: &Path<'_>, on_key: bool) {
    let parameters = walk.scope.section("Parameters");
    if walk.scope.is_foreign || parameters.is_some_and(|parameters| parameters.contains_key(name)) {
        return;
    }
    let message = format!("there is no parameter `{name}`");
    let finding = if on_key {
        walk.report.key(&INTERFACE_PARAMETER, path, message)
    } else {
        walk.report.value(&INTERFACE_PARAMETER, path, message)
    };
    finding.nearest(
        name,
        parameters.into_iter().flat_map(Map::keys).map(String::as_str),
        INTERFACE_PARAMETER.help,
    );
}
