//! What becomes of resources that leave their stack, loud where something is lost.

use crate::plan::{Cause, Consequence, Fate, Plan, missing_consents};
use crate::ui::{Label, Palette, text};

/// The line under a change; empty where nothing is worth saying.
pub(super) fn line(consequence: &Consequence, palette: &Palette) -> String {
    let holds = consequence.holds.as_deref();
    let mut shown = String::new();
    let mut say = |text: String| shown.push_str(&format!("          {text}\n"));
    match (holds, consequence.cause, consequence.fate) {
        (Some(holds), cause, Fate::Deleted) => {
            let (lead, subject) = match (consequence.certain, cause) {
                (true, Cause::Replaced) => ("LOSES DATA:", "the old one is deleted"),
                (true, Cause::Removed) => ("LOSES DATA:", "it is deleted"),
                (false, Cause::Replaced) => ("MAY LOSE DATA:", "if it is replaced, the old one is deleted"),
                (false, Cause::Removed) => ("MAY LOSE DATA:", "if it goes, it is deleted"),
            };
            say(format!("{} {subject}, with {holds}", palette.paint(Label::Error, lead)));
        }
        (Some(holds), Cause::Replaced, fate) => {
            let lead = if consequence.certain { "STARTS EMPTY:" } else { "MAY START EMPTY:" };
            let old = match fate {
                Fate::Snapshot => "the old one is deleted after a snapshot",
                Fate::Retained | Fate::Deleted => "the old one stays, outside the stack",
            };
            say(format!(
                "{} the new one is made without {holds}; {old}",
                palette.paint(Label::Warning, lead)
            ));
        }
        (_, Cause::Removed, Fate::Snapshot) => say("deleted after a snapshot".to_owned()),
        (_, Cause::Removed, Fate::Retained) => say("stays, outside the stack".to_owned()),
        (None, Cause::Replaced, Fate::Snapshot) => say("the old one is deleted after a snapshot".to_owned()),
        (None, Cause::Replaced, Fate::Retained) => say("the old one stays, outside the stack".to_owned()),
        (None, _, Fate::Deleted) => {}
    }
    if consequence.deleted_first {
        say("an interruption: the old one is deleted before the new one is made".to_owned());
    }
    shown
}

/// What is lost in all, and what must be consented to; empty where nothing is.
pub(super) fn warnings(plan: &Plan, palette: &Palette) -> String {
    let mut shown = String::new();
    for action in &plan.actions {
        for consequence in action.consequences.iter().filter(|consequence| consequence.loses_data()) {
            let lead = if consequence.certain { "Data will be lost:" } else { "Data may be lost:" };
            shown.push_str(&format!(
                "{} {}.{} ({}), {}\n",
                palette.paint(Label::Error, lead),
                action.instance,
                consequence.logical_id,
                consequence.resource_type,
                consequence.holds.as_deref().unwrap_or_default()
            ));
        }
    }
    let missing = missing_consents(plan);
    if !missing.is_empty() {
        let options: Vec<String> = missing
            .iter()
            .map(|missing| format!("`{} {}`", missing.consent.option(), missing.instance))
            .collect();
        let told = format!("`deploy` needs more than `--yes`: {}", options.join(", "));
        for line in text::wrap(&told, 80) {
            shown.push_str(&line);
            shown.push('\n');
        }
    }
    shown
}
