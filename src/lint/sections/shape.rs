//! What all sections share: maps with known keys, texts, logical names.

use serde_json::{Map, Value};

use crate::language::transforms::is_loop;
use crate::lint::functions::Walk;
use crate::lint::path::Path;
use crate::lint::report::shown;
use crate::lint::rules::{LOGICAL_NAME, Rule};
use crate::lint::values::kind;

/// AWS CloudFormation user guide, "CloudFormation quotas".
const LOGICAL_NAME_CHARACTERS: usize = 255;

impl<'a> Walk<'_, 'a> {
    /// A section as a map; anything else is a finding.
    pub(super) fn section_map(
        &mut self,
        name: &'static str,
        rule: &'static Rule,
    ) -> Option<&'a Map<String, Value>> {
        let section = self.scope.root.get(name)?;
        self.map(section, rule, &Path::ROOT.key(name), &format!("`{name}`"))
    }

    /// A value as a map; anything else is a finding.
    pub(super) fn map(
        &mut self,
        value: &'a Value,
        rule: &'static Rule,
        path: &Path<'_>,
        what: &str,
    ) -> Option<&'a Map<String, Value>> {
        if !value.is_object() {
            self.report.value(rule, path, format!("{what} is a map, this is {}", kind(value)));
        }
        value.as_object()
    }

    /// Keys that are none of `known`, and required ones that are not there.
    pub(super) fn keys(
        &mut self,
        map: &Map<String, Value>,
        known: &[&str],
        required: &[&str],
        rule: &'static Rule,
        path: &Path<'_>,
    ) {
        if self.scope.is_foreign || map.contains_key("Fn::Transform") {
            return;
        }
        let what = path.name().unwrap_or("template");
        for key in map.keys().filter(|key| !known.contains(&key.as_str()) && !is_loop(key)) {
            let finding =
                self.report.key(rule, &path.key(key), format!("`{what}` has no key `{}`", shown(key)));
            finding.nearest(key, known.iter().copied(), &format!("it may have {}", known.join(", ")));
        }
        for key in required.iter().filter(|key| !map.contains_key(**key)) {
            self.report.key(rule, path, format!("`{what}` needs the key `{key}`"));
        }
    }

    /// An entry that must be a text where it is there.
    pub(super) fn text_at(
        &mut self,
        map: &'a Map<String, Value>,
        key: &str,
        rule: &'static Rule,
        path: &Path<'_>,
    ) {
        if let Some(value) = map.get(key).filter(|value| !value.is_string()) {
            self.report.value(rule, &path.key(key), format!("`{key}` is a text, this is {}", kind(value)));
        }
    }

    /// Logical names: letters and digits.
    pub(super) fn logical_names(&mut self, section: &'static str, also: &[char]) {
        for (name, _) in self.scope.entries(section) {
            let is_letter = |letter: char| letter.is_ascii_alphanumeric() || also.contains(&letter);
            if name.is_empty() || name.len() > LOGICAL_NAME_CHARACTERS || !name.chars().all(is_letter) {
                let path = Path::ROOT.key(section);
                self.report
                    .key(
                        &LOGICAL_NAME,
                        &path.key(name),
                        format!("`{}` cannot be a name in `{section}`", shown(name)),
                    )
                    .hint("use letters and digits only, at most 255 of them");
            }
        }
    }
}
