//! The names a template declares, and whether that is all of them.

use serde_json::{Map, Value};

use crate::language::transforms::{EMBEDDED, LANGUAGE_EXTENSIONS, declared, makes_entries};
use crate::lint::Purpose;

/// AWS CloudFormation user guide, "Pseudo parameters reference".
pub(super) const PSEUDO_PARAMETERS: [&str; 8] = [
    "AWS::AccountId",
    "AWS::NoValue",
    "AWS::NotificationARNs",
    "AWS::Partition",
    "AWS::Region",
    "AWS::StackId",
    "AWS::StackName",
    "AWS::URLSuffix",
];

/// A template seen as sections of names.
pub(super) struct Scope<'a> {
    pub(super) root: &'a Map<String, Value>,
    /// Whether `AWS::LanguageExtensions` widens what functions take.
    pub(super) has_extensions: bool,
    /// Whether a macro or a loop may make names that are not written out.
    pub(super) is_open: bool,
    /// Whether a macro over the whole template may give anything a meaning of its own.
    pub(super) is_foreign: bool,
    /// Whether types are looked up in the catalogue.
    pub(super) knows_types: bool,
    /// Whether it is deployed as it stands, and no other tool works on it before.
    pub(super) is_unit: bool,
}

impl<'a> Scope<'a> {
    /// `root` is the template, or what its loops make; `source` is the template as it is written.
    pub(super) fn of(
        root: &'a Map<String, Value>,
        source: &Map<String, Value>,
        purpose: Purpose<'_>,
    ) -> Self {
        let transforms = declared(source);
        let is_foreign = transforms.iter().any(|name| name != LANGUAGE_EXTENSIONS);
        let makes_names = |key: &String| makes_entries(key);
        let sections = root.values().filter_map(Value::as_object);
        let is_open =
            is_foreign || root.contains_key(EMBEDDED) || sections.flat_map(Map::keys).any(makes_names);
        let has_extensions = transforms.iter().any(|name| name == LANGUAGE_EXTENSIONS);
        let Purpose { schemas: knows_types, is_unit, .. } = purpose;
        Self { root, has_extensions, is_open, is_foreign, knows_types, is_unit }
    }

    /// A section, when it is there and a map.
    pub(super) fn section(&self, name: &str) -> Option<&'a Map<String, Value>> {
        self.root.get(name).and_then(Value::as_object)
    }

    /// The entries of a section that are written out.
    pub(super) fn entries(&self, section: &str) -> impl Iterator<Item = (&'a str, &'a Value)> + use<'a> {
        self.section(section)
            .into_iter()
            .flatten()
            .map(|(name, value)| (name.as_str(), value))
            .filter(|(name, _)| !makes_entries(name))
    }

    /// One entry of a section.
    pub(super) fn entry(&self, section: &str, name: &str) -> Option<&'a Value> {
        self.section(section)?.get(name)
    }

    /// Whether there may be a resource of this name that is not written out: a macro or a loop makes
    /// it, or a module, whose resources have names that begin with the module's own.
    pub(super) fn may_make(&self, name: &str) -> bool {
        let is_module = |resource: &Value| resource["Type"].as_str().is_some_and(is_module);
        self.is_open
            || self.entries("Resources").any(|(own, resource)| name.starts_with(own) && is_module(resource))
    }

    /// The type of a resource, when it is written out.
    pub(super) fn resource_type(&self, name: &str) -> Option<&'a str> {
        self.entry("Resources", name)?.get("Type")?.as_str()
    }

    /// The type of a parameter.
    pub(super) fn parameter_type(&self, name: &str) -> Option<&'a str> {
        self.entry("Parameters", name)?.get("Type")?.as_str()
    }
}

/// Whether a type is a module: a template of its own, registered in the account.
pub(super) fn is_module(kind: &str) -> bool {
    kind.ends_with("::MODULE")
}
