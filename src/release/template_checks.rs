//! What rekindle asks of a template beyond CloudFormation's own rules.

use std::collections::BTreeSet;

use fancy_regex::Regex;
use serde_json::Value;
use std::sync::LazyLock;

use crate::model::facts::CARRIER;
use crate::model::{Diagnostic, Diagnostics};
use crate::template::Document;

/// Records every breach in `document`.
pub(super) fn check(document: &Document, problems: &mut Diagnostics) {
    for section in ["Outputs", "Metadata"] {
        if document.value.get(section).and_then(|section| section.get(CARRIER)).is_some() {
            let message = format!("the name `{CARRIER}` in `{section}` is rekindle's own");
            let problem = Diagnostic::error("reserved-name", message).hint("choose another name");
            problems.push(placed(problem, document.key_place(&format!("/{section}/{CARRIER}"))));
        }
    }
    if !document.value.get("Resources").and_then(Value::as_object).is_some_and(|section| !section.is_empty())
    {
        let problem = Diagnostic::error("template-form", "the template has no resources");
        problems.push(placed(problem, document.place("")).hint("CloudFormation wants at least one"));
    }
    unpinned(document, &document.value, "", problems);
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

fn unpinned(document: &Document, value: &Value, pointer: &str, problems: &mut Diagnostics) {
    match value {
        Value::String(text) if text.contains("{{resolve:ssm") => {
            if let Ok(Some(found)) = UNPINNED.find(text) {
                let message = format!("`{}` names no version", found.as_str());
                let problem = Diagnostic::error("unpinned-lookup", message);
                problems.push(placed(problem, document.place(pointer)).hint(
                    "write the version, as in `{{resolve:ssm:NAME:3}}`: without it the same source deploys \
                     differently tomorrow",
                ));
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                unpinned(document, item, &format!("{pointer}/{index}"), problems);
            }
        }
        Value::Object(entries) => {
            for (key, value) in entries {
                let key = key.replace('~', "~0").replace('/', "~1");
                unpinned(document, value, &format!("{pointer}/{key}"), problems);
            }
        }
        _ => {}
    }
}

/// Capabilities that the template needs: a name is always allowed to IAM resources, because
/// whether one is given may depend on a parameter.
pub(super) fn capabilities(template: &Value) -> BTreeSet<String> {
    let resources = template.get("Resources").and_then(Value::as_object);
    let is_identity = |resource: &Value| {
        resource.get("Type").and_then(Value::as_str).is_some_and(|kind| kind.starts_with("AWS::IAM::"))
    };
    let has_identity = resources.is_some_and(|resources| resources.values().any(is_identity));
    has_identity.then(|| "CAPABILITY_NAMED_IAM".to_owned()).into_iter().collect()
}

/// The problem of macros and transforms that nobody acknowledged: they run code while deploying.
pub(super) fn unacknowledged_transform(
    document: &Document,
    declared: &BTreeSet<String>,
) -> Option<Diagnostic> {
    document.value.get("Transform")?;
    if declared.contains("CAPABILITY_AUTO_EXPAND") {
        return None;
    }
    let problem = Diagnostic::error("missing-capability", "the template is expanded by a transform");
    Some(
        placed(problem, document.key_place("/Transform"))
            .hint("write `capabilities: [CAPABILITY_AUTO_EXPAND]` in the unit to allow it"),
    )
}
