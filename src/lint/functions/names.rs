//! The names that functions use.

use serde_json::Value;

use crate::lint::functions::arguments::Expected;
use crate::lint::functions::kind::Call;
use crate::lint::functions::places;
use crate::lint::functions::walk::Walk;
use crate::lint::path::Path;
use crate::lint::report::Report;
use crate::lint::rules::{DANGLING_REFERENCE, UNKNOWN_MAP_KEY};
use crate::lint::schema::attributes;
use crate::lint::scope::{PSEUDO_PARAMETERS, Scope};
use crate::lint::values::{kind, text};

impl<'a> Walk<'_, 'a> {
    /// The argument of `Ref`.
    pub(super) fn reference(&mut self, argument: &'a Value, path: &Path<'_>) {
        match argument {
            Value::String(name) => self.name(name, path),
            _ if Call::of(argument).is_some() && self.scope.has_extensions => {
                self.argument(argument, places::TEXTS, Expected::Text, path);
            }
            other => self.form(path, format!("a name is wanted here, this is {}", kind(other))),
        }
    }

    /// A parameter, a resource or a pseudo parameter.
    pub(super) fn name(&mut self, name: &'a str, path: &Path<'_>) {
        if self.scope.entry("Parameters", name).is_some() {
            self.uses.parameters.insert(name);
            return;
        }
        if PSEUDO_PARAMETERS.contains(&name) {
            return;
        }
        let early = matches!(self.owner.0, "Conditions" | "Rules");
        if self.scope.entry("Resources", name).is_some() && !early {
            self.need(name);
            return;
        }
        if self.scope.may_make(name) {
            return;
        }
        let what = if early { "parameter" } else { "parameter or resource" };
        let otherwise = if early && self.scope.entry("Resources", name).is_some() {
            "conditions and rules are evaluated before any resource exists: they see parameters only"
        } else {
            "correct the name; what another stack holds comes in as a parameter"
        };
        let parameters = self.scope.entries("Parameters").map(|(name, _)| name);
        let resources = self.scope.entries("Resources").map(|(name, _)| name).filter(|_| !early);
        self.report.value(&DANGLING_REFERENCE, path, format!("there is no {what} `{name}`")).nearest(
            name,
            parameters.chain(resources).chain(PSEUDO_PARAMETERS),
            otherwise,
        );
    }

    fn need(&mut self, name: &'a str) {
        if let ("Resources", owner) = self.owner {
            self.uses.resource_needs.entry(owner).or_default().insert(name);
        }
    }

    /// The argument of `Fn::GetAtt`.
    pub(super) fn attribute(&mut self, argument: &'a Value, path: &Path<'_>) {
        match argument {
            Value::String(text) => match text.split_once('.') {
                Some((resource, attribute)) => self.attribute_of(resource, Some(attribute), path),
                None => self.form(path, format!("`{text}` names no attribute")),
            },
            Value::Array(items) if items.len() == 2 => {
                let attribute = items[1].as_str();
                match &items[0] {
                    Value::String(resource) => self.attribute_of(resource, attribute, &path.index(0)),
                    other if self.scope.has_extensions => {
                        self.argument(other, places::TEXTS, Expected::Text, &path.index(0));
                    }
                    other => {
                        let message =
                            format!("the name of a resource is wanted here, this is {}", kind(other));
                        self.form(&path.index(0), message);
                    }
                }
                if attribute.is_none() {
                    self.argument(&items[1], places::KEYS, Expected::Text, &path.index(1));
                }
            }
            Value::Array(items) => {
                self.count(path, "a resource and an attribute", items.len());
            }
            other => self.form(path, format!("`RESOURCE.ATTRIBUTE` is wanted here, this is {}", kind(other))),
        }
    }

    /// An attribute of a resource.
    pub(super) fn attribute_of(&mut self, resource: &'a str, attribute: Option<&'a str>, path: &Path<'_>) {
        if self.scope.entry("Resources", resource).is_some() {
            if let Some(attribute) = attribute.filter(|_| self.scope.knows_types) {
                attributes::check(self.scope, resource, attribute, path, self.report);
            }
            return self.need(resource);
        }
        if self.scope.may_make(resource) {
            return;
        }
        let resources = self.scope.entries("Resources").map(|(name, _)| name);
        self.report.value(&DANGLING_REFERENCE, path, format!("there is no resource `{resource}`")).nearest(
            resource,
            resources,
            "correct the name; what another stack holds comes in as a parameter",
        );
    }

    /// The name of a condition.
    pub(in crate::lint) fn condition(&mut self, argument: &'a Value, path: &Path<'_>) {
        let Some(name) = argument.as_str() else {
            return self
                .form(path, format!("the name of a condition is wanted here, this is {}", kind(argument)));
        };
        self.uses.conditions.insert(name);
        if let ("Conditions", owner) = self.owner {
            self.uses.condition_needs.entry(owner).or_default().insert(name);
        }
        condition_name(self.scope, name, path, self.report);
    }

    /// The arguments of `Fn::FindInMap`.
    pub(super) fn mapping(&mut self, argument: &'a Value, path: &Path<'_>) {
        let most = if self.scope.has_extensions { 4 } else { 3 };
        let Some(items) = self.several(argument, 3, most, path) else { return };
        for (index, key) in items.iter().enumerate().take(3) {
            self.argument(key, places::KEYS, Expected::Text, &path.index(index));
        }
        if let Some(default) = items.get(3) {
            self.value(default, &path.index(3));
        }
        let Some(name) = items[0].as_str() else {
            self.uses.any_mapping = true;
            return;
        };
        self.uses.mappings.insert(name);
        if self.scope.is_open {
            return;
        }
        let Some(mapping) = self.scope.entry("Mappings", name) else {
            if items.len() == 4 {
                return;
            }
            let mappings = self.scope.entries("Mappings").map(|(name, _)| name);
            self.report
                .value(&DANGLING_REFERENCE, &path.index(0), format!("there is no mapping `{name}`"))
                .nearest(name, mappings, "declare it in `Mappings`, or correct the name");
            return;
        };
        if items.len() == 3 {
            self.map_keys(name, mapping, items, path);
        }
    }

    /// Keys that are written out must be there; where the first is not known yet, in any map.
    fn map_keys(&mut self, name: &str, mapping: &Value, items: &[Value], path: &Path<'_>) {
        let Some(maps) = mapping.as_object() else { return };
        if maps.contains_key("Fn::Transform") {
            return;
        }
        let (first, second) = (text(&items[1]), text(&items[2]));
        if let Some(first) = &first
            && !maps.contains_key(first.as_ref())
        {
            return self.no_key(name, first, maps.keys().map(String::as_str), &path.index(1));
        }
        let chosen: Vec<_> = match &first {
            Some(first) => maps.get(first.as_ref()).into_iter().collect(),
            None => maps.values().collect(),
        };
        let Some(second) = second else { return };
        let mut inner = chosen.iter().filter_map(|map| map.as_object());
        if !inner.clone().any(|map| map.contains_key(second.as_ref())) {
            let known: Vec<&str> = inner.by_ref().flat_map(|map| map.keys()).map(String::as_str).collect();
            self.no_key(name, &second, known, &path.index(2));
        }
    }

    fn no_key<'k>(
        &mut self,
        mapping: &str,
        key: &str,
        known: impl IntoIterator<Item = &'k str>,
        path: &Path<'_>,
    ) {
        self.report
            .value(&UNKNOWN_MAP_KEY, path, format!("the mapping `{mapping}` has no key `{key}`"))
            .nearest(key, known, "");
    }
}

/// Records that there is no such condition, if there is none.
pub(in crate::lint) fn condition_name(scope: &Scope<'_>, name: &str, path: &Path<'_>, report: &mut Report) {
    if scope.is_open || scope.entry("Conditions", name).is_some() {
        return;
    }
    let conditions = scope.entries("Conditions").map(|(name, _)| name);
    report.value(&DANGLING_REFERENCE, path, format!("there is no condition `{name}`")).nearest(
        name,
        conditions,
        "declare it in `Conditions`, or correct the name",
    );
}
