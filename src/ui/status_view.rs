//! What stands of an environment, one row per stack.

use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Value, json};

use crate::model::{Class, Digest, EnvironmentName, InstanceName, ObservedStack, StackStatus};
use crate::ui::table::table;
use crate::ui::{Label, Palette, SCHEMA, text};

/// One row.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct StatusRow {
    /// The instance.
    #[serde(rename = "unit")]
    pub instance: InstanceName,
    /// Its stack's name.
    pub stack: String,
    /// Its status; `None` when there is no stack.
    pub status: Option<StackStatus>,
    /// Its class by its facts; `None` when unknown.
    pub class: Option<Class>,
    /// The release that last changed it, by its facts.
    pub release: Option<Digest>,
    /// When it last changed.
    pub changed: Option<Timestamp>,
}

impl StatusRow {
    /// The row of a stack that stands; `None` when it is nobody's.
    pub fn of(stack: &ObservedStack) -> Option<Self> {
        let facts = stack.facts();
        Some(Self {
            instance: stack.identity()?.instance,
            stack: stack.name.clone(),
            status: Some(stack.status.clone()),
            class: facts.as_ref().map(|facts| facts.class),
            release: facts.as_ref().map(|facts| facts.release),
            changed: stack.updated.or(stack.created),
        })
    }

    /// The row of an instance that the source wants and that does not stand.
    pub fn absent(instance: InstanceName, stack: String, class: Class) -> Self {
        Self { instance, stack, status: None, class: Some(class), release: None, changed: None }
    }
}

/// The table. `now` is what ages are counted from.
pub fn status(
    environment: &EnvironmentName,
    rows: &[StatusRow],
    now: Timestamp,
    palette: &Palette,
) -> String {
    if rows.is_empty() {
        return format!("{environment} has no stacks.\n");
    }
    let row = |row: &StatusRow| {
        let dash = || "-".to_owned();
        vec![
            row.instance.to_string(),
            row.status.as_ref().map_or_else(|| "(absent)".to_owned(), ToString::to_string),
            row.class.map_or_else(|| "unknown".to_owned(), |class| class.to_string()),
            row.release.as_ref().map_or_else(dash, text::short),
            row.changed.map_or_else(dash, |changed| text::age(changed, now)),
            row.stack.clone(),
        ]
    };
    let text = table(&["UNIT", "STATUS", "CLASS", "RELEASE", "AGE", "STACK"], rows.iter().map(row));
    let mut shown = String::new();
    for (index, line) in text.lines().enumerate() {
        let label = index.checked_sub(1).and_then(|index| label(&rows[index]));
        let label = if index == 0 { Some(Label::Heading) } else { label };
        shown.push_str(&label.map_or_else(|| line.to_owned(), |label| palette.paint(label, line)));
        shown.push('\n');
    }
    shown
}

fn label(row: &StatusRow) -> Option<Label> {
    match &row.status {
        None => Some(Label::Faint),
        Some(status) if status.is_healthy() => None,
        Some(status) if status.is_busy() => Some(Label::Warning),
        Some(_) => Some(Label::Error),
    }
}

/// The document for programs. Where the source could not be read, instances without a stack are
/// missing.
pub fn document(environment: &EnvironmentName, rows: &[StatusRow], is_source_known: bool) -> Value {
    let source = if is_source_known { "read" } else { "broken" };
    json!({"schema": SCHEMA, "environment": environment, "stacks": rows, "source": source})
}
