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
}

impl Finding {
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
            hint: self.hint,
        }
    }
}

/// Collects findings. Rules that try alternatives fill a report of their own first.
#[derive(Debug, Default)]
pub(super) struct Report {
    pub(super) findings: Vec<Finding>,
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

    fn add(&mut self, rule: &'static Rule, path: &Path<'_>, on_key: bool, message: String) -> &mut Finding {
        self.findings.push(Finding { rule, pointer: path.pointer(), on_key, message, hint: None });
        self.findings.last_mut().expect("one was just pushed")
    }

    /// Whether any finding is an error.
    pub(super) fn has_errors(&self) -> bool {
        self.findings.iter().any(|finding| finding.rule.severity == Severity::Error)
    }
}

/// A value in a message: at most this many characters of it.
const SHOWN_CHARACTERS: usize = 60;

/// A text as messages show it, shortened where it is long.
pub(super) fn shown(text: &str) -> String {
    match text.char_indices().nth(SHOWN_CHARACTERS) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
