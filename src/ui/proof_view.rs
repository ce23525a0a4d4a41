//! What is left after a teardown: nothing known, or the exact list.

use crate::engine::{Left, Note, Proof, Why};
use crate::ui::table::table;
use crate::ui::{Label, Palette, text};

/// One line, for logs.
pub fn line(proof: &Proof) -> String {
    let accounted = format!(
        "{} of {} accounted for",
        text::count(proof.resources, "resource"),
        text::count(proof.stacks, "stack")
    );
    let accounted = match proof.standing {
        0 => accounted,
        standing => format!("{accounted}, {} not deleted", text::count(standing, "stack")),
    };
    match (proof.left.len(), proof.unanswered.len()) {
        (0, 0) if proof.standing > 0 => accounted,
        (0, 0) => format!("nothing known is left: {accounted}"),
        (left, 0) => format!("{accounted}, {left} left"),
        (left, unanswered) => {
            format!("{accounted}, {left} left, and nobody could say for {}", text::count(unanswered, "stack"))
        }
    }
}

/// The whole proof.
pub fn proof(proof: &Proof, palette: &Palette) -> String {
    let label = if proof.holds() { Label::Success } else { Label::Error };
    let mut shown = format!("  {} {}\n", palette.paint(label, "proof"), line(proof));
    if !proof.left.is_empty() {
        let rows = proof.left.iter().map(row);
        shown.push('\n');
        shown.push_str(&table(&["  UNIT", "RESOURCE", "TYPE", "LEFT", "ID"], rows));
        for left in proof.left.iter().filter(|left| !left.remedy.is_empty()) {
            shown.push_str(&format!("  {}.{}: {}\n", left.instance, left.resource, left.remedy));
        }
    }
    for Note { instance, resource, note } in &proof.notes {
        shown.push_str(&format!("  {instance}.{resource}: {}\n", text::clean(note)));
    }
    for unanswered in &proof.unanswered {
        let reason = text::clean(&unanswered.reason);
        shown.push_str(&format!("  {}: what is left is not known: {reason}\n", unanswered.instance));
    }
    for tagged in &proof.tagged {
        shown.push_str(&format!(
            "  {}: {} still carries its tags: it is left, or the search by tags, which lags behind, does not know yet\n",
            tagged.instance,
            text::clean(&tagged.arn)
        ));
    }
    if let Some(reason) = &proof.unsearched {
        shown.push_str(&format!("  no search by tags was made: {}\n", text::clean(reason)));
    }
    shown
}

fn row(left: &Left) -> Vec<String> {
    let why = match left.why {
        Why::Retained => "retained",
        Why::Snapshot => "a snapshot of it",
        Why::Unaccounted => "not accounted for",
    };
    vec![
        format!("  {}", left.instance),
        left.resource.clone(),
        left.resource_type.clone(),
        why.to_owned(),
        text::clean(left.physical_id.as_deref().unwrap_or("-")),
    ]
}
