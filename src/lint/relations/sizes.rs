//! Numbers and sizes that bound each other.

use serde_json::Value;

use crate::lint::path::Path;
use crate::lint::report::Report;
use crate::lint::rules::{PROPERTY_LENGTH, PROPERTY_RELATION};
use crate::lint::values::{integer, text};

/// AWS Lambda developer guide, "Lambda quotas".
const ENVIRONMENT_BYTES: usize = 4_096;

/// AWS Backup developer guide, "Lifecycle": cold storage is paid for this long at least.
const COLD_DAYS: i64 = 90;

/// An Auto Scaling group may not be smaller at most than at least.
pub(super) fn group(properties: &Value, path: &Path<'_>, report: &mut Report) {
    let size = |name: &str| properties.get(name).and_then(integer);
    if let (Some(least), Some(most)) = (size("MinSize"), size("MaxSize"))
        && most < least
    {
        let message = format!("`MaxSize` is {most}, `MinSize` is {least}");
        report
            .value(&PROPERTY_RELATION, &path.key("MaxSize"), message)
            .hint("raise the one or lower the other");
    }
}

/// Names and values of a function's environment have one bound together.
pub(super) fn environment(properties: &Value, path: &Path<'_>, report: &mut Report) {
    let Some(variables) = properties.pointer("/Environment/Variables").and_then(Value::as_object) else {
        return;
    };
    let bytes: usize =
        variables.iter().map(|(name, value)| name.len() + text(value).map_or(0, |value| value.len())).sum();
    if bytes > ENVIRONMENT_BYTES {
        let message = format!("the variables have {bytes} bytes, {ENVIRONMENT_BYTES} are allowed");
        let path = path.key("Environment");
        report
            .key(&PROPERTY_LENGTH, &path.key("Variables"), message)
            .hint("keep long values in Parameter Store, and their names here");
    }
}

/// What goes to cold storage stays there for a while.
pub(super) fn backup(properties: &Value, path: &Path<'_>, report: &mut Report) {
    let path = path.key("BackupPlan");
    let path = path.key("BackupPlanRule");
    let rules = properties.pointer("/BackupPlan/BackupPlanRule").and_then(Value::as_array);
    for (index, rule) in rules.into_iter().flatten().enumerate() {
        let path = path.index(index);
        lifecycle(rule, &path, report);
        let copies = path.key("CopyActions");
        for (index, copy) in
            rule.get("CopyActions").and_then(Value::as_array).into_iter().flatten().enumerate()
        {
            lifecycle(copy, &copies.index(index), report);
        }
    }
}

fn lifecycle(holder: &Value, path: &Path<'_>, report: &mut Report) {
    let days = |name: &str| holder.get("Lifecycle")?.get(name).and_then(integer);
    if let (Some(deleted), Some(moved)) = (days("DeleteAfterDays"), days("MoveToColdStorageAfterDays"))
        && deleted < moved.saturating_add(COLD_DAYS)
    {
        let path = path.key("Lifecycle");
        report
            .value(
                &PROPERTY_RELATION,
                &path.key("DeleteAfterDays"),
                format!("deleted after {deleted} days, moved to cold storage after {moved}"),
            )
            .hint(format!("leave at least {COLD_DAYS} days between the two"));
    }
}
