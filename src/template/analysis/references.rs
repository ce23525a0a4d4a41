//! Everything a template's functions name, with where they do.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use crate::template::Pointer;

/// What a name must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReferenceKind {
    /// `Ref` and `${NAME}`: a parameter, a resource or a pseudo parameter.
    Ref,
    /// `Fn::GetAtt` and `${NAME.ATTRIBUTE}`: a resource.
    Attribute,
    /// `DependsOn`: a resource.
    DependsOn,
    /// `Condition` and the first argument of `Fn::If`: a condition.
    Condition,
    /// The first argument of `Fn::FindInMap`: a mapping.
    Mapping,
}

/// One name in one place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    /// What the name must be.
    pub kind: ReferenceKind,
    /// The name.
    pub name: String,
    /// JSON pointer of the value that names it.
    pub pointer: String,
}

impl Reference {
    /// The logical names on the way to it: the section and the entry, for example
    /// (`Resources`, `Bucket`).
    pub fn owner(&self) -> Option<(&str, &str)> {
        let mut segments = self.pointer.split('/').skip(1);
        Some((segments.next()?, segments.next()?))
    }
}

/// Every reference in `Resources`, `Conditions`, `Rules` and `Outputs`, in the order of the JSON.
/// What is inside a `Fn::ForEach` is left out: its names depend on the loop.
pub fn references(template: &Value) -> Vec<Reference> {
    let mut walk = Walk { found: Vec::new() };
    for section in ["Conditions", "Outputs", "Resources", "Rules"] {
        let Some(entries) = template.get(section).and_then(Value::as_object) else { continue };
        for (name, entry) in entries.iter().filter(|(name, _)| !is_loop(name)) {
            let section_pointer = Pointer::Root.key(section);
            let pointer = section_pointer.key(name);
            match entry.as_object() {
                Some(attributes) if section != "Conditions" => walk.entry(attributes, pointer),
                _ => walk.value(entry, pointer),
            }
        }
    }
    walk.found
}

/// Of each resource, the resources that must exist before it; `found` are the template's references.
pub(super) fn dependencies(template: &Value, found: &[Reference]) -> BTreeMap<String, BTreeSet<String>> {
    let Some(resources) = template.get("Resources").and_then(Value::as_object) else {
        return BTreeMap::new();
    };
    let mut needs: BTreeMap<_, BTreeSet<String>> =
        resources.keys().filter(|name| !is_loop(name)).map(|name| (name.clone(), BTreeSet::new())).collect();
    for reference in found {
        let is_resource = matches!(
            reference.kind,
            ReferenceKind::Ref | ReferenceKind::Attribute | ReferenceKind::DependsOn
        );
        let Some(("Resources", owner)) = reference.owner() else { continue };
        if let Some(needs) =
            needs.get_mut(owner).filter(|_| is_resource && resources.contains_key(&reference.name))
        {
            needs.insert(reference.name.clone());
        }
    }
    needs
}

/// Whether a key is a loop of `AWS::LanguageExtensions`.
pub(super) fn is_loop(key: &str) -> bool {
    key.starts_with("Fn::ForEach::")
}

struct Walk {
    found: Vec<Reference>,
}

impl Walk {
    fn add(&mut self, kind: ReferenceKind, name: &str, pointer: Pointer<'_>) {
        self.found.push(Reference { kind, name: name.to_owned(), pointer: pointer.to_string() });
    }

    /// A resource, output or rule: some of its attributes are names themselves.
    fn entry(&mut self, attributes: &Map<String, Value>, pointer: Pointer<'_>) {
        for (key, value) in attributes {
            let pointer = pointer.key(key);
            match (key.as_str(), value) {
                ("Condition", Value::String(name)) => self.add(ReferenceKind::Condition, name, pointer),
                ("DependsOn", Value::String(name)) => self.add(ReferenceKind::DependsOn, name, pointer),
                ("DependsOn", Value::Array(names)) => {
                    for (index, name) in names.iter().enumerate() {
                        if let Some(name) = name.as_str() {
                            self.add(ReferenceKind::DependsOn, name, pointer.item(index));
                        }
                    }
                }
                (key, value) if !is_loop(key) => self.value(value, pointer),
                _ => {}
            }
        }
    }

    fn value(&mut self, value: &Value, pointer: Pointer<'_>) {
        match value {
            Value::Array(items) => {
                for (index, item) in items.iter().enumerate() {
                    self.value(item, pointer.item(index));
                }
            }
            Value::Object(object) => {
                for (key, argument) in object.iter().filter(|(key, _)| !is_loop(key)) {
                    let pointer = pointer.key(key);
                    if object.len() == 1 {
                        self.function(key, argument, pointer);
                    }
                    self.value(argument, pointer);
                }
            }
            _ => {}
        }
    }

    fn function(&mut self, name: &str, argument: &Value, pointer: Pointer<'_>) {
        let first = argument.get(0).and_then(Value::as_str);
        match (name, argument) {
            ("Ref", Value::String(name)) => self.add(ReferenceKind::Ref, name, pointer),
            ("Condition", Value::String(name)) => self.add(ReferenceKind::Condition, name, pointer),
            ("Fn::GetAtt", Value::String(path)) => {
                self.add(ReferenceKind::Attribute, path.split('.').next().unwrap_or(path), pointer);
            }
            ("Fn::GetAtt", _) => {
                if let Some(name) = first {
                    self.add(ReferenceKind::Attribute, name, pointer.item(0));
                }
            }
            ("Fn::If", _) => {
                if let Some(name) = first {
                    self.add(ReferenceKind::Condition, name, pointer.item(0));
                }
            }
            ("Fn::FindInMap", _) => {
                if let Some(name) = first {
                    self.add(ReferenceKind::Mapping, name, pointer.item(0));
                }
            }
            ("Fn::Sub", Value::String(text)) => self.substitution(text, None, pointer),
            ("Fn::Sub", Value::Array(_)) => {
                if let Some(text) = first {
                    let own = argument.get(1).and_then(Value::as_object);
                    self.substitution(text, own, pointer.item(0));
                }
            }
            _ => {}
        }
    }

    /// The names in `${...}`; `${!...}` is literal, and the function's own variables are known.
    fn substitution(&mut self, text: &str, own: Option<&Map<String, Value>>, pointer: Pointer<'_>) {
        for piece in text.split("${").skip(1) {
            let Some((name, _)) = piece.split_once('}') else { continue };
            let name = name.trim();
            if name.starts_with('!') || own.is_some_and(|own| own.contains_key(name)) {
                continue;
            }
            match name.split_once('.') {
                Some((resource, _)) => self.add(ReferenceKind::Attribute, resource, pointer),
                None => self.add(ReferenceKind::Ref, name, pointer),
            }
        }
    }
}
