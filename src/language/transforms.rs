//! Which macros a template asks for.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::language::value::{has_key, pointer, text_of};

/// The transform that [`crate::language::expand`] carries out.
pub const LANGUAGE_EXTENSIONS: &str = "AWS::LanguageExtensions";

/// The function that sends a part of the template through a macro.
pub const EMBEDDED: &str = "Fn::Transform";

/// How the key of a loop begins.
pub(super) const LOOP: &str = "Fn::ForEach::";

/// Whether a key is a loop of `AWS::LanguageExtensions`.
pub fn is_loop(key: &str) -> bool {
    key.starts_with(LOOP)
}

/// Whether a key stands for entries that are not written out.
pub fn makes_entries(key: &str) -> bool {
    is_loop(key) || key == EMBEDDED
}

/// The macros the whole template goes through, in order.
pub fn declared(template: &Map<String, Value>) -> Vec<String> {
    match template.get("Transform") {
        Some(Value::Array(names)) => names.iter().filter_map(name).collect(),
        Some(value) => name(value).into_iter().collect(),
        None => Vec::new(),
    }
}

/// Every macro that is named anywhere, at the top and by `Fn::Transform`, with a pointer to the
/// first place that names it.
pub fn named(template: &Map<String, Value>) -> BTreeMap<String, String> {
    let mut names = BTreeMap::new();
    for name in declared(template) {
        names.entry(name).or_insert_with(|| "/Transform".to_owned());
    }
    // Few templates have one, and only its place is worth spelling out.
    let is_searched =
        |key: &str, value: &Value| key != "Transform" && (key == EMBEDDED || has_key(value, EMBEDDED));
    for (key, value) in template.iter().filter(|(key, value)| is_searched(key, value)) {
        embedded(key, value, &pointer("", key), &mut names);
    }
    names
}

/// Whether a template may use what `AWS::LanguageExtensions` brings.
pub fn is_extended(template: &Map<String, Value>) -> bool {
    declared(template).iter().any(|name| name == LANGUAGE_EXTENSIONS)
}

fn embedded(key: &str, value: &Value, at: &str, names: &mut BTreeMap<String, String>) {
    if key == EMBEDDED {
        let name = name(value).unwrap_or_else(|| "Fn::Transform without a name".to_owned());
        names.entry(name).or_insert_with(|| at.to_owned());
    }
    match value {
        Value::Array(items) => items
            .iter()
            .enumerate()
            .for_each(|(index, item)| embedded("", item, &format!("{at}/{index}"), names)),
        Value::Object(map) => {
            map.iter().for_each(|(key, item)| embedded(key, item, &pointer(at, key), names));
        }
        _ => {}
    }
}

/// A macro's name, written as such or as the `Name` of an object with parameters.
fn name(value: &Value) -> Option<String> {
    text_of(value).or_else(|| text_of(value.get("Name")?))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn macros_are_found_wherever_they_stand() {
        let template = json!({
            "Transform": ["AWS::LanguageExtensions", {"Name": "Own", "Parameters": {}}],
            "Resources": {"A": {"Properties": {"X": [{"Fn::Transform": {"Name": "AWS::Include"}}]}}},
            "Fn::Transform": {"Name": "Other"},
        });
        let template = template.as_object().unwrap();
        assert_eq!(declared(template), ["AWS::LanguageExtensions", "Own"]);
        let found = named(template);
        assert_eq!(found["AWS::Include"], "/Resources/A/Properties/X/0/Fn::Transform");
        let named: Vec<_> = found.into_keys().collect();
        assert_eq!(named, ["AWS::Include", "AWS::LanguageExtensions", "Other", "Own"]);
        assert!(is_extended(template));
        assert!(!is_extended(json!({"Transform": "Own"}).as_object().unwrap()));
    }
}
