//! DynamoDB: the attributes that are defined are those that keys use.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::lint::path::Path;
use crate::lint::report::{Report, shown};
use crate::lint::rules::PROPERTY_RELATION;

/// The names of the attributes in a list; `None` where not all of them are written out.
fn names(list: &Value) -> Option<Vec<&str>> {
    list.as_array()?.iter().map(|entry| entry.get("AttributeName")?.as_str()).collect()
}

fn keys(table: &Value) -> Option<BTreeSet<&str>> {
    let mut keys: BTreeSet<&str> = names(table.get("KeySchema")?)?.into_iter().collect();
    for section in ["GlobalSecondaryIndexes", "LocalSecondaryIndexes"] {
        let Some(indexes) = table.get(section) else { continue };
        for index in indexes.as_array()? {
            keys.extend(names(index.get("KeySchema")?)?);
        }
    }
    Some(keys)
}

/// Records attributes of keys that are not defined, and defined ones that no key uses.
pub(super) fn check(table: &Value, path: &Path<'_>, report: &mut Report) {
    let Some(defined) = table.get("AttributeDefinitions").and_then(names) else { return };
    let Some(keys) = keys(table) else { return };
    let path = path.key("AttributeDefinitions");
    for name in keys.iter().filter(|name| !defined.contains(name)) {
        report
            .key(&PROPERTY_RELATION, &path, format!("the key attribute `{}` is not defined", shown(name)))
            .hint("add it to `AttributeDefinitions`");
    }
    for (index, name) in defined.iter().enumerate().filter(|(_, name)| !keys.contains(*name)) {
        report
            .value(
                &PROPERTY_RELATION,
                &path.index(index),
                format!("no key uses the attribute `{}`", shown(name)),
            )
            .hint("take it out: only attributes of keys are defined");
    }
}
