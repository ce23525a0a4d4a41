//! Which macros a template asks for.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use crate::language::value::text_of;

/// The transform that [`crate::language::expand`] carries out.
pub const LANGUAGE_EXTENSIONS: &str = "AWS::LanguageExtensions";

/// The macros the whole template goes through, in order.
pub fn declared(template: &Map<String, Value>) -> Vec<String> {
    match template.get("Transform") {
        Some(Value::Array(names)) => names.iter().filter_map(name).collect(),
        Some(value) => name(value).into_iter().collect(),
        None => Vec::new(),
    }
}

/// Every macro that is named anywhere: at the top, and by `Fn::Transform`.
pub fn named(template: &Map<String, Value>) -> BTreeSet<String> {
    let mut names: BTreeSet<String> = declared(template).into_iter().collect();
    template.iter().filter(|(key, _)| *key != "Transform").for_each(|(key, value)| {
        embedded(key, value, &mut names);
    });
    names
}

/// Whether a template may use what `AWS::LanguageExtensions` brings.
pub fn is_extended(template: &Map<String, Value>) -> bool {
    declared(template).iter().any(|name| name == LANGUAGE_EXTENSIONS)
}

fn embedded(key: &str, value: &Value, names: &mut BTreeSet<String>) {
    if key == "Fn::Transform" {
        names.insert(name(value).unwrap_or_else(|| "Fn::Transform without a name".to_owned()));
    }
    match value {
        Value::Array(items) => items.iter().for_each(|item| embedded("", item, names)),
        Value::Object(map) => map.iter().for_each(|(key, item)| embedded(key, item, names)),
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
        let named: Vec<_> = named(template).into_iter().collect();
        assert_eq!(named, ["AWS::Include", "AWS::LanguageExtensions", "Other", "Own"]);
        assert!(is_extended(template));
        assert!(!is_extended(json!({"Transform": "Own"}).as_object().unwrap()));
    }
}
