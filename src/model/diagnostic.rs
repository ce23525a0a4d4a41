//! Problems found in source, as data: what, where, and what to do. Showing them is `ui`'s work.

use std::collections::BTreeSet;

use serde::Serialize;

/// How bad a diagnostic is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Worth knowing; nothing is stopped.
    Warning,
    /// The command cannot go on.
    Error,
}

/// A position in a file of the project.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Place {
    /// Path relative to the project root, with forward slashes.
    pub file: String,
    /// Line, counted from 1; 0 when only the file is known.
    pub line: usize,
    /// Column in characters, counted from 1; 0 when only the file is known.
    pub column: usize,
    /// The text of that line, without its end; empty when only the file is known.
    pub excerpt: String,
    /// How many characters of the excerpt are meant, at least 1.
    pub width: usize,
    /// How many characters of the line are left out before the excerpt: lines can be very long.
    #[serde(skip_serializing_if = "is_none")]
    pub skipped: usize,
}

/// Characters of a line that an excerpt has on each side of the place, where the line is long.
const EXCERPT_REACH: usize = 200;

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn is_none(number: &usize) -> bool {
    *number == 0
}

impl Place {
    /// A place that names a file and nothing in it.
    pub fn file(file: impl Into<String>) -> Self {
        Self { file: file.into(), line: 0, column: 0, excerpt: String::new(), width: 1, skipped: 0 }
    }

    /// The place at `line` and `column` (both from 1) of a file whose whole text is `text`.
    pub fn at(file: impl Into<String>, text: &str, line: usize, column: usize, width: usize) -> Self {
        let excerpt = text.lines().nth(line.saturating_sub(1)).unwrap_or_default();
        let excerpt = excerpt.trim_end_matches('\r').to_owned();
        Self { file: file.into(), line, column, excerpt, width: width.max(1), skipped: 0 }.shortened()
    }

    /// The same place with no more of its line than is near it.
    #[must_use]
    pub fn shortened(mut self) -> Self {
        // Bytes are never fewer than characters, and counting those takes time.
        if self.excerpt.len() > 2 * EXCERPT_REACH {
            let skipped = self.column.saturating_sub(1 + EXCERPT_REACH);
            let near = self.excerpt.chars().skip(skipped).take(2 * EXCERPT_REACH).collect();
            (self.excerpt, self.skipped) = (near, self.skipped + skipped);
        }
        self
    }

    /// The place at byte `offset` of a file whose whole text is `text`.
    pub fn at_offset(file: impl Into<String>, text: &str, offset: usize, width: usize) -> Self {
        let mut offset = offset.min(text.len());
        while !text.is_char_boundary(offset) {
            offset -= 1;
        }
        let before = &text[..offset];
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        Self::at(file, text, line, column, width)
    }
}

/// One problem: a stable code, what happened, where, and what to do next.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Diagnostic {
    /// Stable, kebab-case, for example `unknown-key`. Documented in `docs/formats.md`.
    pub code: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// One sentence, a lower-case fragment with the object in backticks.
    pub message: String,
    /// Where; absent for problems of the project as a whole.
    pub place: Option<Place>,
    /// What to do next.
    pub hint: Option<String>,
}

impl Diagnostic {
    /// An error without place or hint; add them with [`Diagnostic::at`] and [`Diagnostic::hint`].
    pub fn error(code: &'static str, message: impl Into<String>) -> Self {
        Self { code, severity: Severity::Error, message: message.into(), place: None, hint: None }
    }

    /// A warning. See [`Diagnostic::error`].
    pub fn warning(code: &'static str, message: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(code, message) }
    }

    /// The same diagnostic at a place.
    #[must_use]
    pub fn at(mut self, place: Place) -> Self {
        self.place = Some(place);
        self
    }

    /// The same diagnostic with advice.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

/// The diagnostics of one reading, in the order of discovery.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Diagnostics(pub Vec<Diagnostic>);

impl Diagnostics {
    /// Adds one.
    pub fn push(&mut self, diagnostic: Diagnostic) {
        self.0.push(diagnostic);
    }

    /// Adds many.
    pub fn extend(&mut self, other: impl IntoIterator<Item = Diagnostic>) {
        self.0.extend(other);
    }

    /// The same, each told once, where it came first.
    #[must_use]
    pub fn without_repetition(mut self) -> Self {
        let mut told = BTreeSet::new();
        self.0.retain(|diagnostic| told.insert(diagnostic.clone()));
        self
    }

    /// Whether any of them is an error.
    pub fn has_errors(&self) -> bool {
        self.0.iter().any(|diagnostic| diagnostic.severity == Severity::Error)
    }
}

impl IntoIterator for Diagnostics {
    type Item = Diagnostic;
    type IntoIter = std::vec::IntoIter<Diagnostic>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl From<Box<Diagnostic>> for Diagnostics {
    fn from(diagnostic: Box<Diagnostic>) -> Self {
        (*diagnostic).into()
    }
}

impl From<Diagnostic> for Diagnostics {
    fn from(diagnostic: Diagnostic) -> Self {
        Self(vec![diagnostic])
    }
}

/// The one of `candidates` that `word` was probably meant to be.
pub fn did_you_mean<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    // Nobody mistypes more than that, and comparing takes the product of both lengths.
    const LONGEST: usize = 256;
    if word.len() > LONGEST {
        return None;
    }
    let limit = (word.chars().count() / 3).max(1);
    candidates
        .into_iter()
        .filter(|candidate| candidate.len() <= LONGEST)
        .map(|candidate| {
            (strsim::damerau_levenshtein(&word.to_lowercase(), &candidate.to_lowercase()), candidate)
        })
        .filter(|(distance, _)| *distance <= limit)
        .min()
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_finger_is_recognised() {
        assert_eq!(did_you_mean("inptus", ["inputs", "targets"]), Some("inputs"));
        assert_eq!(did_you_mean("zebra", ["inputs", "targets"]), None);
    }

    #[test]
    fn an_offset_becomes_line_and_column_in_characters() {
        let place = Place::at_offset("a.yaml", "ä: 1\nö: zwei\n", 10, 4);
        assert_eq!((place.line, place.column, place.excerpt.as_str()), (2, 4, "ö: zwei"));
    }

    #[test]
    fn of_a_long_line_only_what_is_near_is_kept() {
        let line = format!("{}here{}", "ä".repeat(1_000), "b".repeat(1_000_000));
        let place = Place::at("a.json", &line, 1, 1_001, 4);
        assert_eq!((place.skipped, place.excerpt.chars().count()), (800, 400));
        assert!(
            place
                .excerpt
                .chars()
                .skip(place.column - 1 - place.skipped)
                .collect::<String>()
                .starts_with("here")
        );
    }
}
