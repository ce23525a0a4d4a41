//! Lists against schemas.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::catalogue::{Items, Schema};
use crate::language::transforms::makes_entries;
use crate::lint::functions::{Call, Function};
use crate::lint::path::Path;
use crate::lint::report::shown;
use crate::lint::rules::{DUPLICATE_ITEMS, PROPERTY_COUNT};
use crate::lint::schema::judge::{Judge, Verdict, is_no_value};
use crate::lint::schema::presence::may_be_absent;

impl Judge<'_, '_> {
    pub(super) fn list(&mut self, items: &[Value], schema: &'static Schema, path: &Path<'_>) {
        for (index, item) in items.iter().enumerate().filter(|(_, item)| !is_no_value(item)) {
            let item_schema = match &schema.items {
                Some(Items::All(schema)) => Some(&**schema),
                Some(Items::ByPlace(schemas)) => schemas.get(index),
                None => None,
            };
            if let Some(item_schema) = item_schema {
                self.value(item, item_schema, &path.index(index));
            }
        }
        self.items_count(items, schema, path);
        if schema.unique_items {
            self.duplicates(items, path);
        }
        for key in &schema.unique_keys {
            self.duplicate_keys(items, key, path);
        }
        if let Some(wanted) = &schema.contains {
            let verdicts: Vec<_> = items.iter().map(|item| self.tried(item, wanted, path).0).collect();
            self.is_unknown |= verdicts.contains(&Verdict::Open);
            if verdicts.iter().all(|verdict| *verdict == Verdict::Breaks) {
                self.report.value(
                    &PROPERTY_COUNT,
                    path,
                    "no item of the list is of the kind that must be there",
                );
            }
        }
    }

    /// Items that may be absent, or may be several, count for neither bound.
    fn items_count(&mut self, items: &[Value], schema: &'static Schema, path: &Path<'_>) {
        if schema.min_items.is_none() && schema.max_items.is_none() {
            return;
        }
        if items.iter().any(makes_items) {
            self.is_unknown = true;
            return;
        }
        let possible = items.iter().filter(|item| !is_no_value(item)).count() as u64;
        let certain = items.iter().filter(|item| !may_be_absent(item)).count() as u64;
        let problem = match (schema.min_items, schema.max_items) {
            (Some(least), _) if possible < least => format!("{possible} items, at least {least} are needed"),
            (_, Some(most)) if certain > most => format!("{certain} items, {most} are allowed"),
            _ => return,
        };
        self.report.value(&PROPERTY_COUNT, path, format!("the list has {problem}"));
    }

    fn duplicates(&mut self, items: &[Value], path: &Path<'_>) {
        let is_certain = |item: &Value| !may_be_absent(item) && !is_no_value(item);
        let mut before = BTreeSet::new();
        for (index, item) in items.iter().enumerate().filter(|(_, item)| is_certain(item)) {
            if !before.insert(item.to_string()) {
                let given =
                    item.as_str().map_or_else(|| "an item".to_owned(), |text| format!("`{}`", shown(text)));
                self.report.value(
                    &DUPLICATE_ITEMS,
                    &path.index(index),
                    format!("{given} is in the list already"),
                );
            }
        }
    }

    fn duplicate_keys(&mut self, items: &[Value], key: &str, path: &Path<'_>) {
        let mut before = BTreeSet::new();
        for (index, item) in items.iter().enumerate() {
            let Some(name) = item.get(key).and_then(Value::as_str) else { continue };
            if !before.insert(name) {
                let shown = shown(name);
                self.report.value(
                    &DUPLICATE_ITEMS,
                    &path.index(index),
                    format!("an item with the {key} `{shown}` is in the list already"),
                );
            }
        }
    }
}

/// Whether an item may become any number of items.
fn makes_items(item: &Value) -> bool {
    let is_macro =
        |item: &Value| item.as_object().is_some_and(|map| map.keys().any(|key| makes_entries(key)));
    is_macro(item)
        || matches!(Call::of_value(item), Some(Call { function: Function::If, argument: Value::Array(branches), .. })
            if branches.iter().skip(1).any(|branch| branch.is_array() || makes_items(branch)))
}
