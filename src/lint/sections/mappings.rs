//! The section `Mappings`.

use serde_json::Value;

use crate::language::transforms::makes_entries;
use crate::lint::functions::Walk;
use crate::lint::path::Path;
use crate::lint::report::shown;
use crate::lint::rules::MAPPING_FORM;
use crate::lint::values::kind;

pub(super) fn check(walk: &mut Walk<'_, '_>) {
    walk.logical_names("Mappings", &[]);
    let path = Path::ROOT.key("Mappings");
    for (name, mapping) in walk.scope.entries("Mappings") {
        let path = path.key(name);
        let Some(map) = walk.map(mapping, &MAPPING_FORM, &path, &format!("the mapping `{name}`")) else {
            continue;
        };
        if map.is_empty() {
            walk.report.key(&MAPPING_FORM, &path, format!("the mapping `{name}` is empty"));
        }
        for (key, inner) in map.iter().filter(|(key, _)| *key != "Fn::Transform") {
            let path = path.key(key);
            key_form(walk, key, &['.', '-', '_', '/', ':', ' ', '*'], &path);
            let Some(inner) = walk.map(inner, &MAPPING_FORM, &path, &format!("the key `{}`", shown(key)))
            else {
                continue;
            };
            if inner.is_empty() {
                walk.report.key(&MAPPING_FORM, &path, format!("the key `{}` is empty", shown(key)));
            }
            for (key, value) in inner {
                let path = path.key(key);
                key_form(walk, key, &[], &path);
                value_form(walk, value, &path);
            }
        }
    }
}

/// Keys of the first level may be regions and accounts, those of the second are names.
fn key_form(walk: &mut Walk<'_, '_>, key: &str, also: &[char], path: &Path<'_>) {
    let is_fine = |letter: char| letter.is_ascii_alphanumeric() || also.contains(&letter);
    if makes_entries(key) || walk.scope.is_foreign {
        return;
    }
    if key.is_empty() || !key.chars().all(is_fine) {
        walk.report
            .key(&MAPPING_FORM, path, format!("`{}` cannot be a key of a mapping", shown(key)))
            .hint("use letters and digits, and on the first level `-` and `.`");
    }
}

fn value_form(walk: &mut Walk<'_, '_>, value: &Value, path: &Path<'_>) {
    match value {
        Value::Object(_) if walk.scope.is_foreign => {}
        Value::Object(map) => {
            let is_transform = map.contains_key("Fn::Transform");
            if !is_transform {
                walk.report
                    .value(&MAPPING_FORM, path, "a mapping holds texts, numbers and lists, this is a map")
                    .hint("mappings take no functions and are two levels deep");
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                value_form(walk, item, &path.index(index));
            }
        }
        Value::Null => {
            walk.report.value(
                &MAPPING_FORM,
                path,
                format!("a mapping holds values, this is {}", kind(value)),
            );
        }
        _ => {}
    }
}
