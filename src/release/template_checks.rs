//! What is wrong with a unit's template: what the linter finds, and names that are rekindle's own.

use crate::lint::{Purpose, lint};
use crate::model::environment::Target;
use crate::model::facts::CARRIER;
use crate::model::{Diagnostic, Diagnostics};
use crate::template::Document;

/// Records every breach in `document`, which is deployed to `target`.
pub(super) fn check(document: &Document, target: &Target, problems: &mut Diagnostics) {
    problems.extend(lint(document, Purpose { region: Some(target.region.as_str()), is_unit: true }));
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
