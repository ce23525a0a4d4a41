//! What stands in texts: dynamic references, substitutions that nobody carries out, secrets.

mod dynamic_references;
mod entropy;
mod secrets;
mod substitutions;
mod tokens;

use serde_json::Value;

use crate::lint::path::Path;
use crate::lint::report::Report;
use crate::lint::rules::TEMPLATE_FORM;
use crate::lint::scope::Scope;

/// What the rules about texts share.
pub(super) struct Texts<'w, 'a> {
    pub(super) scope: &'w Scope<'a>,
    pub(super) report: &'w mut Report,
}

/// What is known of the way to a text.
#[derive(Clone, Copy, Debug, Default)]
struct Place<'a> {
    section: &'a str,
    /// The resource type, in `Resources`.
    resource_type: &'a str,
    /// Whether it is a property of a resource.
    in_properties: bool,
    /// Whether `Fn::Sub` reads it.
    in_substitution: bool,
    /// Whether `Fn::Join` makes a dynamic reference of it: it is a part of an address then.
    in_reference: bool,
    /// The nearest key that is no function, which says what the value is for.
    key: &'a str,
}

impl<'a> Texts<'_, 'a> {
    /// Reads every text of the template.
    pub(super) fn check(&mut self) {
        for (section, entries) in self.scope.root {
            let path = Path::ROOT.key(section);
            let place = Place { section, ..Place::default() };
            match entries {
                Value::Object(entries) => {
                    for (name, entry) in entries {
                        self.entry(entry, place, &path.key(name), name);
                    }
                }
                other => self.value(other, place, &path),
            }
        }
    }

    fn entry(&mut self, entry: &'a Value, place: Place<'a>, path: &Path<'_>, name: &'a str) {
        let (Value::Object(attributes), true) = (entry, place.section == "Resources") else {
            if place.section == "Parameters" {
                self.parameter(entry, name, path);
            }
            return self.value(entry, Place { key: name, ..place }, path);
        };
        let resource_type = attributes.get("Type").and_then(Value::as_str).unwrap_or_default();
        for (key, value) in attributes {
            let place = Place { resource_type, in_properties: key == "Properties", ..place };
            self.value(value, place, &path.key(key));
        }
    }

    fn value(&mut self, value: &'a Value, place: Place<'a>, path: &Path<'_>) {
        match value {
            Value::String(text) => self.text(text, place, path),
            Value::Null => self.nothing(path),
            Value::Array(items) => {
                for (index, item) in items.iter().enumerate() {
                    self.value(item, place, &path.index(index));
                }
            }
            Value::Object(map) => {
                let named = named_value(map);
                for (key, value) in map {
                    let is_function = key.starts_with("Fn::") || key == "Ref";
                    let key_of_value = match named {
                        Some(name) if key == "Value" => name,
                        _ if is_function => place.key,
                        _ => key,
                    };
                    let place = Place {
                        key: key_of_value,
                        in_substitution: place.in_substitution || key == "Fn::Sub",
                        in_reference: place.in_reference || joins_reference(key, value),
                        ..place
                    };
                    self.value(value, place, &path.key(key));
                }
            }
            _ => {}
        }
    }

    /// `Fn::GetAZs` without an argument asks for the zones of the region.
    fn nothing(&mut self, path: &Path<'_>) {
        let name = path.property().unwrap_or("the value");
        if path.name() != Some("Fn::GetAZs") {
            self.report
                .key(&TEMPLATE_FORM, path, format!("`{name}` has no value"))
                .hint("CloudFormation takes no empty values: write one, or leave the line out");
        }
    }

    fn text(&mut self, text: &'a str, place: Place<'a>, path: &Path<'_>) {
        if text.contains("{{") {
            self.dynamic_references(text, place, path);
        }
        if text.contains("${") && !place.in_substitution {
            self.substitutions(text, place, path);
        }
        self.secret(text, place, path);
    }
}

/// The name in a map of `Name` and `Value`, as containers, builds and tags have their variables.
fn named_value(map: &serde_json::Map<String, Value>) -> Option<&str> {
    let name = map.get("Name").or_else(|| map.get("Key")).or_else(|| map.get("ParameterKey"));
    name.filter(|_| map.contains_key("Value")).and_then(Value::as_str)
}

/// Whether a function joins texts to a dynamic reference, which begins in one of them.
fn joins_reference(function: &str, argument: &Value) -> bool {
    let parts = argument.get(1).and_then(Value::as_array).filter(|_| function == "Fn::Join");
    parts.into_iter().flatten().filter_map(Value::as_str).any(|part| part.contains("{{resolve:"))
}
