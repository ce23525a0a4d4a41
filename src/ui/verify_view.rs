//! What a verification found.

use serde::Serialize;
use serde_json::{Value, json};

use crate::model::{Digest, EnvironmentName, InstanceName};
use crate::ui::{Label, Palette, SCHEMA, text};

/// What a verification found.
#[derive(Clone, Debug, PartialEq)]
pub struct Verification {
    /// The environment.
    pub environment: EnvironmentName,
    /// The release it should run.
    pub release: Digest,
    /// The deployment it should be.
    pub deployment: Digest,
    /// How many instances were compared.
    pub checked: usize,
    /// Whether drift detection was part of it.
    pub drift: bool,
    /// Everything that differs, by instance.
    pub differences: Vec<Difference>,
    /// Resources of which drift detection says nothing, by instance.
    pub unchecked: Vec<Unchecked>,
}

/// A resource that was not compared with its template.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Unchecked {
    /// The instance.
    #[serde(rename = "unit")]
    pub instance: InstanceName,
    /// Logical id.
    pub resource: String,
    /// Its type.
    #[serde(rename = "type")]
    pub resource_type: String,
}

/// One thing that differs.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Difference {
    /// The instance.
    #[serde(rename = "unit")]
    pub instance: InstanceName,
    /// What differs, as a sentence fragment.
    pub difference: String,
    /// The same as data, for programs.
    pub detail: Value,
}

/// Said once under differences that a deploy passes over.
const DRIFT_HINT: &str = "`deploy --revert-drift` puts it back; or write into the source what it is now, and \
    deploy that (docs/recovery.md)";

/// What was found, with the ids that were compared with.
pub fn verification(found: &Verification, palette: &Palette) -> String {
    let mut shown = String::new();
    let mut last: Option<&InstanceName> = None;
    for Difference { instance, difference, .. } in &found.differences {
        if last != Some(instance) {
            shown.push_str(&format!("  {}\n", palette.paint(Label::Error, instance)));
        }
        shown.push_str(&format!("    {}\n", text::clean(difference)));
        last = Some(instance);
    }
    if found.differences.iter().any(|one| one.detail["difference"] == "drift") {
        shown.push_str(&format!("  {} {DRIFT_HINT}\n", palette.paint(Label::Hint, "hint:")));
    }
    let with_drift = if found.drift { ", drift included" } else { "" };
    let without = match found.unchecked.len() {
        0 => String::new(),
        number => format!(", {} not compared", text::count(number, "resource")),
    };
    let checked = format!("{}{with_drift}{without}", text::count(found.checked, "unit"));
    shown.push_str(&unchecked(found, palette));
    let headline = match found.differences.len() {
        0 => palette
            .paint(Label::Success, format!("{} is what the source says ({checked})", found.environment)),
        number => palette.paint(
            Label::Error,
            format!(
                "{} differs from the source: {} ({checked})",
                found.environment,
                text::count(number, "difference")
            ),
        ),
    };
    format!("{headline}\n{shown}  release    {}\n  deployment {}\n", found.release, found.deployment)
}

fn unchecked(found: &Verification, palette: &Palette) -> String {
    if found.unchecked.is_empty() {
        return String::new();
    }
    let line = |one: &Unchecked| {
        format!(
            "    {}: `{}` ({})\n",
            one.instance,
            text::clean(&one.resource),
            text::clean(&one.resource_type)
        )
    };
    let headline = "not compared, because CloudFormation cannot compare such resources with their template:";
    let lines: String = found.unchecked.iter().map(line).collect();
    format!("  {}\n{lines}", palette.paint(Label::Warning, headline))
}

/// The document for programs.
pub fn document(found: &Verification) -> Value {
    json!({
        "schema": SCHEMA,
        "environment": found.environment,
        "release": found.release,
        "deployment": found.deployment,
        "outcome": if found.differences.is_empty() { "equal" } else { "different" },
        "checked": found.checked,
        "drift": found.drift,
        "differences": found.differences,
        "unchecked": found.unchecked,
    })
}
