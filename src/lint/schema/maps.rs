//! Maps against schemas: which properties there are, and which there must be.

use serde_json::{Map, Value};

use crate::catalogue::{Additional, Schema};
use crate::language::transforms::makes_entries;
use crate::lint::path::Path;
use crate::lint::report::shown;
use crate::lint::rules::{
    EXCLUSIVE_PROPERTIES, MISSING_COMPANION, MISSING_PROPERTY, PROPERTY_COUNT, UNKNOWN_PROPERTY,
};
use crate::lint::schema::judge::{Judge, is_no_value};
use crate::lint::schema::patterns::is_found;
use crate::lint::schema::presence::{Presence, presence, ways_out};
use crate::lint::worlds::{Asked, can_be};

impl Judge<'_, '_> {
    pub(super) fn map(&mut self, entries: &Map<String, Value>, schema: &'static Schema, path: &Path<'_>) {
        // A macro or a loop may put anything in here.
        if entries.keys().any(|key| makes_entries(key)) {
            self.is_unknown = true;
            return;
        }
        for (key, value) in entries {
            self.entry(key, value, schema, &path.key(key));
        }
        self.required(entries, schema, path);
        self.exclusive(entries, schema, path);
        self.dependent(entries, schema, path);
        self.entries_count(entries, schema, path);
    }

    fn entry(&mut self, key: &str, value: &Value, schema: &'static Schema, path: &Path<'_>) {
        if let Some(names) = &schema.property_names {
            self.value(&Value::String(key.to_owned()), names, path);
        }
        let mut is_known = false;
        let own = schema.properties.get(key);
        let by_pattern = schema.pattern_properties.iter();
        let matching = by_pattern.filter(|(pattern, _)| is_found(pattern, key)).map(|(_, schema)| schema);
        for inner in own.into_iter().chain(matching) {
            is_known = true;
            if !is_no_value(value) {
                self.value(value, inner, path);
            }
        }
        match &schema.additional_properties {
            _ if is_known => {}
            Some(Additional::Allowed(false)) => {
                let finding = self.report.key(
                    &UNKNOWN_PROPERTY,
                    path,
                    format!("there is no property `{}`", shown(key)),
                );
                finding.nearest(key, schema.properties.keys().map(String::as_str), "");
            }
            Some(Additional::As(inner)) if !is_no_value(value) => self.value(value, inner, path),
            _ => {}
        }
    }

    fn required(&mut self, entries: &Map<String, Value>, schema: &'static Schema, path: &Path<'_>) {
        for name in &schema.required {
            match presence(entries, name) {
                Presence::Present => {}
                Presence::Open if self.tries => self.is_unknown = true,
                Presence::Open => self.sometimes_missing(entries, name, path),
                Presence::Absent => {
                    self.report.key(
                        &MISSING_PROPERTY,
                        path,
                        format!("the required property `{name}` is missing"),
                    );
                }
            }
        }
        if !schema.required_or.is_empty() {
            self.one_at_least(entries, &schema.required_or, path);
        }
        if !schema.required_xor.is_empty() {
            self.one_at_least(entries, &schema.required_xor, path);
            self.one_at_most(entries, &schema.required_xor, path);
        }
    }

    /// A required property that `Fn::If` takes out in a world in which its resource is there.
    fn sometimes_missing(&mut self, entries: &Map<String, Value>, name: &str, path: &Path<'_>) {
        let Some(value) = entries.get(name) else { return };
        for way in ways_out(value) {
            let asked: Asked = self.held.iter().cloned().chain(way).collect();
            if can_be(self.scope, &asked) == Some(true) {
                let message = format!("the required property `{name}` is missing under a condition");
                self.report
                    .key(&MISSING_PROPERTY, &path.key(name), message)
                    .hint("give another value in place of `AWS::NoValue`");
                return;
            }
        }
    }

    fn one_at_least(&mut self, entries: &Map<String, Value>, names: &'static [String], path: &Path<'_>) {
        if names.iter().all(|name| presence(entries, name) == Presence::Absent) {
            let message = format!("one of `{}` must be there", names.join("`, `"));
            self.report.key(&EXCLUSIVE_PROPERTIES, path, message);
        }
    }

    fn one_at_most(&mut self, entries: &Map<String, Value>, names: &'static [String], path: &Path<'_>) {
        let present: Vec<&str> = names
            .iter()
            .map(String::as_str)
            .filter(|name| presence(entries, name) == Presence::Present)
            .collect();
        if let [first, second, ..] = present[..] {
            self.report
                .key(
                    &EXCLUSIVE_PROPERTIES,
                    &path.key(second),
                    format!("`{first}` and `{second}` exclude each other"),
                )
                .hint("keep one of them");
        }
    }

    fn exclusive(&mut self, entries: &Map<String, Value>, schema: &'static Schema, path: &Path<'_>) {
        for (name, excluded) in &schema.dependent_excluded {
            if presence(entries, name) != Presence::Present {
                continue;
            }
            for other in excluded.iter().filter(|other| presence(entries, other) == Presence::Present) {
                self.report
                    .key(
                        &EXCLUSIVE_PROPERTIES,
                        &path.key(other),
                        format!("`{other}` cannot stand beside `{name}`"),
                    )
                    .hint("keep one of them");
            }
        }
    }

    fn dependent(&mut self, entries: &Map<String, Value>, schema: &'static Schema, path: &Path<'_>) {
        for (name, needed) in &schema.dependent_required {
            if presence(entries, name) != Presence::Present {
                continue;
            }
            for other in needed.iter().filter(|other| presence(entries, other) == Presence::Absent) {
                self.report.key(
                    &MISSING_COMPANION,
                    &path.key(name),
                    format!("`{name}` needs `{other}` beside it"),
                );
            }
        }
    }

    fn entries_count(&mut self, entries: &Map<String, Value>, schema: &'static Schema, path: &Path<'_>) {
        let count = |wanted: fn(Presence) -> bool| {
            entries.keys().filter(|name| wanted(presence(entries, name))).count() as u64
        };
        if let Some(least) = schema.min_properties
            && count(|presence| presence != Presence::Absent) < least
        {
            self.report.key(&PROPERTY_COUNT, path, format!("the map needs at least {least} entries"));
        }
        if let Some(most) = schema.max_properties
            && count(|presence| presence == Presence::Present) > most
        {
            self.report.key(&PROPERTY_COUNT, path, format!("the map may have {most} entries at most"));
        }
    }
}
