//! What is wrong with a unit's template: what the linter finds, and names that are rekindle's own.

use crate::lint::{Purpose, lint};
use crate::model::environment::Target;
use crate::model::facts::CARRIER;
use crate::model::{Diagnostic, Diagnostics, Severity};
use crate::template::Document;

/// How much is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Depth {
    /// What CloudFormation or rekindle refuse for certain: whatever would stop a deployment.
    Certain,
    /// That, advice, and what resource schemas say. A schema can be wrong or too old: what stands was
    /// accepted by CloudFormation, and making it again must not fail over that.
    Everything,
}

/// Records breaches in `document`, which is deployed to `target`.
pub(super) fn check(document: &Document, target: &Target, depth: Depth, problems: &mut Diagnostics) {
    let schemas = depth == Depth::Everything;
    let purpose = Purpose { region: Some(target.region.as_str()), is_unit: true, schemas };
    let is_told = |found: &Diagnostic| schemas || found.severity == Severity::Error;
    problems.extend(lint(document, purpose).into_iter().filter(is_told));
    for section in ["Outputs", "Metadata"] {
        if document.value.get(section).and_then(|section| section.get(CARRIER)).is_some() {
            let message = format!("the name `{CARRIER}` in `{section}` is rekindle's own");
            let problem = Diagnostic::error("reserved-name", message).hint("choose another name");
            problems.push(match document.key_place(&format!("/{section}/{CARRIER}")) {
                Some(place) => problem.at(place),
                None => problem,
            });
        }
    }
}
