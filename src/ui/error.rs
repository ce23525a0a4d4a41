//! Errors: what happened, where, the chain of causes once, and what to do next.

use std::error::Error;

use unicode_width::UnicodeWidthChar;

use crate::model::{Diagnostic, Diagnostics, Place, Severity};
use crate::plan::PlanError;
use crate::ui::{Label, Palette, text};

/// Columns of an excerpt that are shown around the place that is meant.
const EXCERPT_COLUMNS: usize = 100;
const TAB: usize = 4;

/// All of them, the way compilers do, and how many there are.
pub fn diagnostics(diagnostics: &Diagnostics, palette: &Palette) -> String {
    let mut shown: String = diagnostics.0.iter().map(|one| diagnostic(one, palette) + "\n").collect();
    let errors = diagnostics.0.iter().filter(|one| one.severity == Severity::Error).count();
    let warnings = diagnostics.0.len() - errors;
    let counts: Vec<String> = [(errors, "error"), (warnings, "warning")]
        .into_iter()
        .filter(|(number, _)| *number > 0)
        .map(|(number, noun)| text::count(number, noun))
        .collect();
    if !counts.is_empty() {
        shown.push_str(&format!("{}\n", counts.join(", ")));
    }
    shown
}

/// One diagnostic with its place, excerpt, caret and hint.
pub fn diagnostic(diagnostic: &Diagnostic, palette: &Palette) -> String {
    let (label, word) = match diagnostic.severity {
        Severity::Error => (Label::Error, "error"),
        Severity::Warning => (Label::Warning, "warning"),
    };
    let heading = palette.paint(label, format!("{word}[{}]", diagnostic.code));
    let mut shown = format!("{heading}: {}\n", text::clean(&diagnostic.message));
    let margin = diagnostic.place.as_ref().map_or(0, |place| place.line.to_string().len());
    if let Some(place) = &diagnostic.place {
        shown.push_str(&located(place, margin, label, palette));
    }
    if let Some(hint) = &diagnostic.hint {
        let hint = palette.paint(Label::Hint, "hint:").to_string() + " " + &text::clean(hint);
        shown.push_str(&format!("{} = {hint}\n", " ".repeat(margin)));
    }
    shown
}

fn located(place: &Place, margin: usize, label: Label, palette: &Palette) -> String {
    let blank = " ".repeat(margin);
    if place.line == 0 {
        return format!("{blank}--> {}\n", place.file);
    }
    let mut shown = format!("{blank}--> {}:{}:{}\n", place.file, place.line, place.column);
    let (excerpt, indent, carets) = marked(place);
    let bar = palette.paint(Label::Faint, "|");
    let carets = palette.paint(label, "^".repeat(carets));
    shown.push_str(&format!("{blank} {bar}\n{} {bar} {excerpt}\n", place.line));
    shown.push_str(&format!("{blank} {bar} {}{carets}\n", " ".repeat(indent)));
    shown
}

/// The excerpt as shown (tabs widened, a long line cut), the columns before the caret, and the
/// number of carets.
fn marked(place: &Place) -> (String, usize, usize) {
    let start = place.column.saturating_sub(1 + place.skipped);
    let characters: Vec<char> = place.excerpt.chars().collect();
    let skipped =
        if characters.len() > EXCERPT_COLUMNS { start.saturating_sub(EXCERPT_COLUMNS / 2) } else { 0 };
    let mut excerpt = String::new();
    let (mut column, mut indent, mut carets) = (0, 0, 0);
    if skipped + place.skipped > 0 {
        excerpt.push('…');
        column = 1;
        indent = 1;
    }
    for (index, character) in characters.iter().enumerate().skip(skipped) {
        if column >= EXCERPT_COLUMNS {
            excerpt.push('…');
            break;
        }
        let columns = push_shown(&mut excerpt, *character, column);
        column += columns;
        if index < start {
            indent += columns;
        } else if index < start + place.width {
            carets += columns;
        }
    }
    // The place may lie behind the last character: at the end of a line something is missing.
    (excerpt.trim_end().to_owned(), indent, carets.max(1))
}

fn push_shown(excerpt: &mut String, character: char, column: usize) -> usize {
    let columns = match character {
        '\t' => TAB - column % TAB,
        other => other.width().unwrap_or(0),
    };
    match character {
        '\t' => excerpt.push_str(&" ".repeat(columns)),
        other if other.is_control() => {}
        other => excerpt.push(other),
    }
    columns
}

/// An error with its causes, each told once, and advice.
pub fn chain(error: &(dyn Error + 'static), hint: Option<&str>, palette: &Palette) -> String {
    let mut told = error.to_string();
    let mut shown = format!("{}: {}\n", palette.paint(Label::Error, "error"), indented(&told));
    let mut cause = error.source();
    while let Some(inner) = cause {
        let message = inner.to_string();
        if !told.contains(&message) {
            shown.push_str(&format!("  caused by: {}\n", indented(&message)));
            told.push_str(&message);
        }
        cause = inner.source();
    }
    shown + &hint_line(hint, palette)
}

/// Every obstacle of a plan, each with what to do about it.
pub fn plan_error(error: &PlanError, palette: &Palette) -> String {
    let shown = error.obstacles.iter().map(|obstacle| chain(obstacle, Some(&obstacle.hint()), palette));
    shown.collect::<Vec<_>>().join("\n")
}

/// Further lines stand under the first one. Anything else that steers a terminal goes.
fn indented(message: &str) -> String {
    message.trim_end().lines().map(text::clean).collect::<Vec<_>>().join("\n  ")
}

/// Advice on a line of its own.
pub fn hint_line(hint: Option<&str>, palette: &Palette) -> String {
    hint.map(|hint| format!("{}: {}\n", palette.paint(Label::Hint, "hint"), indented(hint)))
        .unwrap_or_default()
}
