//! What becomes of resources that leave their stack, loud where something is lost.

use crate::model::SavedIn;
use crate::model::restore_point::span;
use crate::plan::{Cause, Consequence, Fate, Plan, PlannedAction, missing_consents};
use crate::ui::{Label, Palette};

/// The line under a change; empty where nothing is worth saying.
pub(super) fn line(consequence: &Consequence, palette: &Palette) -> String {
    let mut shown = String::new();
    let mut say = |text: String| shown.push_str(&format!("          {text}\n"));
    let old = old(consequence);
    match (&consequence.holds, loud(consequence)) {
        (Some(holds), Some((label, lead))) => {
            say(format!("{} ({holds}): {}{old}", palette.paint(label, lead), unless_certain(consequence)));
        }
        _ if consequence.fate != Fate::Deleted => say(old),
        _ => {}
    }
    if consequence.deleted_first {
        say("an interruption: the old one is deleted before the new one is made".to_owned());
    }
    shown
}

/// What becomes of the physical resource that is there.
fn old(consequence: &Consequence) -> String {
    let subject = match consequence.cause {
        Cause::Replaced => "the old one",
        Cause::Removed => "it",
    };
    match consequence.fate {
        Fate::Deleted => format!("{subject} is deleted"),
        Fate::Snapshot => format!("{subject} is deleted after a snapshot"),
        Fate::Retained => format!("{subject} stays, outside the stack"),
        Fate::Protected => {
            format!(
                "{subject} cannot be deleted: {} is on, and it stays, outside the stack",
                consequence.protected_by().unwrap_or_default()
            )
        }
    }
}

/// Under a deletion: what stays, and what is lifted first. What is lost is told at the end of the plan.
pub(super) fn of_deletion(action: &PlannedAction) -> String {
    let lifted = action.protected.iter().map(|one| {
        format!("        {} ({}): `{}` is lifted first\n", one.logical_id, one.resource_type, one.by)
    });
    let emptied = action
        .emptied
        .iter()
        .map(|one| format!("        {} ({}): emptied first\n", one.logical_id, one.name));
    let stays = action.consequences.iter().filter_map(|one| {
        let what = match one.fate {
            Fate::Deleted => return None,
            Fate::Snapshot => "a snapshot of it stays",
            Fate::Retained | Fate::Protected => "stays, outside the stack",
        };
        Some(format!("        {} ({}): {what}\n", one.logical_id, one.resource_type))
    });
    lifted.chain(emptied).chain(stays).collect()
}

/// `if MultiAZ replaces it, `; nothing where it is certain.
fn unless_certain(consequence: &Consequence) -> String {
    match (consequence.certain, consequence.cause, consequence.because.as_slice()) {
        (true, ..) => String::new(),
        (false, Cause::Removed, _) => "if it goes, ".to_owned(),
        (false, Cause::Replaced, []) => "if it is replaced, ".to_owned(),
        (false, Cause::Replaced, [only]) => format!("if {only} replaces it, "),
        (false, Cause::Replaced, several) => format!("if {} replace it, ", several.join(" or ")),
    }
}

fn loud(consequence: &Consequence) -> Option<(Label, &'static str)> {
    match (consequence.loses_data(), consequence.starts_empty(), consequence.certain) {
        (true, _, true) => Some((Label::Error, "LOSES DATA")),
        (true, _, false) => Some((Label::Error, "MAY LOSE DATA")),
        (false, true, true) => Some((Label::Warning, "STARTS EMPTY")),
        (false, true, false) => Some((Label::Warning, "MAY START EMPTY")),
        (false, false, _) => None,
    }
}

/// What goes, and the copy that it can be restored from.
fn restorable(action: &PlannedAction, lost: &Consequence, point: &SavedIn, palette: &Palette) -> String {
    format!(
        "{} {}.{} ({}): {}, from {}, {} old\n",
        palette.paint(Label::Warning, "Data to restore:"),
        action.instance,
        lost.logical_id,
        lost.resource_type,
        lost.holds.as_deref().unwrap_or_default(),
        point.id,
        span(point.age_seconds),
    )
}

/// What is lost in all, and what must be consented to; empty where nothing is.
pub(super) fn warnings(plan: &Plan, palette: &Palette) -> String {
    let mut shown = String::new();
    for action in &plan.actions {
        for consequence in action.consequences.iter().filter(|consequence| consequence.loses_data()) {
            if let Some(point) = &consequence.restore_point {
                shown.push_str(&restorable(action, consequence, point, palette));
                continue;
            }
            let lead = if consequence.certain { "Data will be lost:" } else { "Data may be lost:" };
            shown.push_str(&format!(
                "{} {}.{} ({}): {}\n",
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
        shown.push_str("`deploy` needs, beside `--yes`:\n");
    }
    for missing in missing {
        shown.push_str(&format!("    {} {}\n", missing.consent.option(), missing.instance));
    }
    shown
}
