//! What rekindle asks of a template beyond CloudFormation's own rules.

use std::sync::LazyLock;

use fancy_regex::Regex;
use serde_json::Value;

use crate::model::facts::CARRIER;
use crate::model::{Diagnostic, Diagnostics};
use crate::template::analysis;
use crate::template::{Document, Pointer, quota};

/// Records every breach in `document`.
pub(super) fn check(document: &Document, problems: &mut Diagnostics) {
    problems.extend(quota::check(document));
    problems.extend(analysis::check(document));
    for section in ["Outputs", "Metadata"] {
        if document.value.get(section).and_then(|section| section.get(CARRIER)).is_some() {
            let message = format!("the name `{CARRIER}` in `{section}` is rekindle's own");
            let problem = Diagnostic::error("reserved-name", message).hint("choose another name");
            problems.push(placed(problem, document.key_place(&format!("/{section}/{CARRIER}"))));
        }
    }
    let resources = document.value.get("Resources").and_then(Value::as_object);
    if resources.is_none_or(serde_json::Map::is_empty) {
        let problem = Diagnostic::error("template-form", "the template has no resources");
        problems.push(placed(problem, document.place("")).hint("CloudFormation wants at least one"));
    }
    unpinned(document, &document.value, Pointer::Root, problems);
}

fn placed(problem: Diagnostic, place: Option<crate::model::Place>) -> Diagnostic {
    match place {
        Some(place) => problem.at(place),
        None => problem,
    }
}

/// `{{resolve:ssm:NAME}}` and `ssm-secure` without a version: AWS CloudFormation user guide,
/// "Get a plaintext value from Systems Manager Parameter Store".
static UNPINNED: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"\{\{resolve:ssm(-secure)?:(?![^}]*:[0-9]+\}\})[^}]*\}\}").expect("the pattern is constant")
});

fn unpinned(document: &Document, value: &Value, pointer: Pointer<'_>, problems: &mut Diagnostics) {
    match value {
        Value::String(text) if text.contains("{{resolve:ssm") => {
            if let Ok(Some(found)) = UNPINNED.find(text) {
                let message = format!("`{}` names no version", found.as_str());
                let problem = Diagnostic::error("unpinned-lookup", message);
                problems.push(placed(problem, document.place(&pointer.to_string())).hint(
                    "write the version, as in `{{resolve:ssm:NAME:3}}`: without it the same source deploys \
                     differently tomorrow",
                ));
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                unpinned(document, item, pointer.item(index), problems);
            }
        }
        Value::Object(entries) => {
            for (key, value) in entries {
                unpinned(document, value, pointer.key(key), problems);
            }
        }
        _ => {}
    }
}
