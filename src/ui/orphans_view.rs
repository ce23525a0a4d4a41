//! What no stack of the embedded cloud owns any more.

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::model::{EnvironmentName, ProjectName, TargetName};
use crate::ui::SCHEMA;
use crate::ui::table::table;

/// One thing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// The target in whose account and region it is.
    pub target: TargetName,
    /// Its type.
    pub resource_type: String,
    /// Its physical id.
    pub physical_id: String,
    /// Why it is there.
    pub origin: &'static str,
    /// ARN of the stack that owned it last.
    pub stack: String,
    /// The project and the environment of that stack, where it was rekindle's.
    pub environment: Option<(ProjectName, EnvironmentName)>,
    /// Its logical id there.
    pub logical_id: String,
    /// Since when nobody owns it.
    pub since: Timestamp,
}

/// What the environment left, one line each.
pub fn orphans(environment: &EnvironmentName, rows: &[Row]) -> String {
    match rows.is_empty() {
        true => format!("{environment} has left nothing behind.\n"),
        false => listed(rows),
    }
}

/// What others left in the same place.
pub fn others(rows: &[Row]) -> String {
    match rows.is_empty() {
        true => "\nNobody else has left anything there.\n".to_owned(),
        false => format!("\nLeft by others in the same accounts and regions\n{}", listed(rows)),
    }
}

fn listed(rows: &[Row]) -> String {
    let cells = rows.iter().map(|row| {
        let owner = row.stack.split('/').nth(1).unwrap_or(&row.stack);
        vec![
            row.resource_type.clone(),
            row.physical_id.clone(),
            row.origin.to_owned(),
            format!("{owner}.{}", row.logical_id),
            row.since.to_string(),
        ]
    });
    table(&["TYPE", "ID", "WHY", "WAS", "SINCE"], cells)
}

/// The document for programs.
pub fn document<'r>(environment: &EnvironmentName, rows: impl Iterator<Item = &'r Row>) -> Value {
    let orphans = rows.map(|row| {
        let (project, name) = row.environment.as_ref().map(|(project, name)| (project, name)).unzip();
        json!({
            "target": row.target,
            "type": row.resource_type,
            "id": row.physical_id,
            "origin": row.origin,
            "project": project,
            "environment": name,
            "stack": row.stack,
            "resource": row.logical_id,
            "since": row.since,
        })
    });
    json!({"schema": SCHEMA, "environment": environment, "orphans": orphans.collect::<Vec<_>>()})
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_of_what_is_left() {
        let environment: EnvironmentName = "demo".parse().unwrap();
        let row = Row {
            target: "primary".parse().unwrap(),
            resource_type: "AWS::S3::Bucket".to_owned(),
            physical_id: "fieldbook-logs".to_owned(),
            origin: "retained",
            stack: "arn:aws:cloudformation:eu-central-1:000000000000:stack/fieldbook-demo-logs/1".to_owned(),
            environment: None,
            logical_id: "Logs".to_owned(),
            since: "2026-01-01T00:00:00Z".parse().unwrap(),
        };
        insta::assert_snapshot!(orphans(&environment, &[row]), @"
            TYPE             ID              WHY       WAS                       SINCE
            AWS::S3::Bucket  fieldbook-logs  retained  fieldbook-demo-logs.Logs  2026-01-01T00:00:00Z
            ");
        insta::assert_snapshot!(orphans(&environment, &[]), @"demo has left nothing behind.");
    }
}
