//! What the rules found, before it has places.

use crate::lint::path::Path;
use crate::lint::rules::Rule;
use crate::model::diagnostic::did_you_mean;
use crate::model::{Diagnostic, Severity};
use crate::template::Document;

/// One breach of one rule.
#[derive(Clone, Debug)]
pub(super) struct Finding {
    pub(super) rule: &'static Rule,
    /// JSON pointer of the value it is about.
    pub(super) pointer: String,
    /// Whether the key is meant, and not what stands behind it.
    on_key: bool,
    message: String,
    hint: Option<String>,
    is_told: bool,
}

impl Finding {
    /// A finding about what stands at a JSON pointer.
    pub(super) fn about(rule: &'static Rule, pointer: String, message: String) -> Self {
        Self { rule, pointer, on_key: true, message, hint: None, is_told: true }
    }

    /// Adds advice.
    pub(super) fn hint(&mut self, hint: impl Into<String>) {
        self.hint = Some(hint.into());
    }

    /// Adds the nearest of the names that would be right; `otherwise` where none is near.
    pub(super) fn nearest<'n>(
        &mut self,
        name: &str,
        known: impl IntoIterator<Item = &'n str>,
        otherwise: &str,
    ) {
        // Comparing names takes time, and there may be very many.
        if !self.is_told {
            return;
        }
        self.hint = match did_you_mean(name, known) {
            Some(meant) => Some(format!("did you mean `{meant}`?")),
            None if otherwise.is_empty() => None,
            None => Some(otherwise.to_owned()),
        };
    }

    /// The finding with its place in the source.
    pub(super) fn diagnostic(self, document: &Document) -> Diagnostic {
        let place =
            if self.on_key { document.key_place(&self.pointer) } else { document.place(&self.pointer) };
        Diagnostic {
            code: self.rule.code,
            severity: self.rule.severity,
            message: self.message,
            place: place.or_else(|| document.place("")),
            hint: Some(self.hint.unwrap_or_else(|| self.rule.help.to_owned())),
        }
    }
}

/// How many errors, and how many warnings, of one template are told. Who offers a template with
/// more has made one mistake many times, or wants to see what happens.
pub(super) const MOST: usize = 200;

/// Collects findings. Rules that try alternatives fill a report of their own first.
#[derive(Debug, Default)]
pub(super) struct Report {
    pub(super) findings: Vec<Finding>,
    /// Findings beyond those that are told.
    pub(super) left_out: usize,
    /// How many of those are errors.
    pub(super) errors_left_out: usize,
    errors: usize,
    /// The last finding that is left out: whoever found it may still want to add advice.
    spare: Option<Finding>,
}

impl Report {
    /// Records a finding about a value.
    pub(super) fn value(
        &mut self,
        rule: &'static Rule,
        path: &Path<'_>,
        message: impl Into<String>,
    ) -> &mut Finding {
        self.add(rule, path, false, message.into())
    }

    /// Records a finding about a key.
    pub(super) fn key(
        &mut self,
        rule: &'static Rule,
        path: &Path<'_>,
        message: impl Into<String>,
    ) -> &mut Finding {
        self.add(rule, path, true, message.into())
    }

    /// Takes over findings that were recorded elsewhere.
    pub(super) fn append(&mut self, other: Report) {
        self.left_out += other.left_out;
        self.errors_left_out += other.errors_left_out;
        for finding in other.findings {
            self.keep(finding);
        }
    }

    fn add(&mut self, rule: &'static Rule, path: &Path<'_>, on_key: bool, message: String) -> &mut Finding {
        let message = shortened(&message, MESSAGE_CHARACTERS);
        if self.is_full(rule) {
            self.leave_out(rule);
            let finding =
                Finding { rule, pointer: String::new(), on_key, message, hint: None, is_told: false };
            return self.spare.insert(finding);
        }
        self.keep(Finding { rule, pointer: path.pointer(), on_key, message, hint: None, is_told: true });
        self.findings.last_mut().expect("one was just pushed")
    }

    fn keep(&mut self, finding: Finding) {
        if self.is_full(finding.rule) {
            self.leave_out(finding.rule);
            return;
        }
        self.errors += usize::from(finding.rule.severity == Severity::Error);
        self.findings.push(finding);
    }

    fn leave_out(&mut self, rule: &Rule) {
        self.left_out += 1;
        self.errors_left_out += usize::from(rule.severity == Severity::Error);
    }

    fn is_full(&self, rule: &Rule) -> bool {
        let told = match rule.severity {
            Severity::Error => self.errors,
            Severity::Warning => self.findings.len() - self.errors,
        };
        told >= MOST
    }

    /// Whether any finding is an error.
    pub(super) fn has_errors(&self) -> bool {
        self.errors > 0
    }
}

/// A value in a message: at most this many characters of it.
const SHOWN_CHARACTERS: usize = 60;

/// A whole message, with the names that stand in it.
const MESSAGE_CHARACTERS: usize = 1_000;

/// A text as messages show it, shortened where it is long.
pub(super) fn shown(text: &str) -> String {
    shortened(text, SHOWN_CHARACTERS)
}

fn shortened(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
