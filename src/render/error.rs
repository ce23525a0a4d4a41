//! Tera's errors as diagnostics with places in the sources.

use std::collections::BTreeMap;
use std::sync::Arc;

use tera::ErrorKind;

use crate::model::diagnostic::did_you_mean;
use crate::model::{Diagnostic, Place};
use crate::render::prepared::Prepared;
use crate::render::session::Failure;
use crate::render::{Context, Limits, names, project_path};

const MANUAL: &str = "see `docs/templates.md`";

/// What is known when an error is reported.
pub(super) struct Reporter<'a> {
    pub(super) sources: &'a BTreeMap<String, Arc<Prepared>>,
    pub(super) context: Option<&'a Context>,
    pub(super) limits: Limits,
}

impl Reporter<'_> {
    /// The diagnostic of an error while `path` was read or rendered. `failure` is what a hook noted.
    pub(super) fn diagnostic(&self, error: &tera::Error, failure: Option<Failure>, path: &str) -> Diagnostic {
        let file = || Place::file(project_path(path));
        match error.kind() {
            ErrorKind::SyntaxError(report) => {
                let source = self.sources.get(report.filename());
                let place = source.map_or_else(file, |source| source.place(&report.span().range));
                let hint =
                    "text with `{{`, `{%` or `{#` of its own goes between `{% raw %}` and `{% endraw %}`";
                Diagnostic::error("tera-syntax", sentence(report.message()))
                    .at(place)
                    .hint(format!("{MANUAL}; {hint}"))
            }
            ErrorKind::RenderingError(report) => match (self.sources.get(report.filename()), failure) {
                (Some(source), Some(failure)) if failure.about_expression => {
                    let expression = source.expression(&report.span().range);
                    self.about(failure, source.source[expression.clone()].trim())
                        .at(source.source_place(&expression))
                }
                (source, failure) => {
                    let place = source.map_or_else(file, |source| source.place(&report.span().range));
                    match failure {
                        Some(failure) => Diagnostic::error(failure.code, failure.message).hint(failure.hint),
                        None => rendering(report.message()),
                    }
                    .at(place)
                }
            },
            ErrorKind::CircularExtend { tpl, inheritance_chain: chain }
            | ErrorKind::CircularInclude { tpl, include_chain: chain } => {
                let chain: Vec<_> = chain.iter().map(|path| format!("`{path}`")).collect();
                Diagnostic::error(
                    "include-cycle",
                    format!("templates include each other: {}", chain.join(" -> ")),
                )
                .at(Place::file(project_path(tpl)))
                .hint("take one of these includes out")
            }
            ErrorKind::Io(_) => {
                let message = format!("the render is longer than {} bytes", self.limits.output_bytes);
                Diagnostic::error("render-too-big", message)
                    .at(file())
                    .hint("split the template, or loop over less")
            }
            kind => {
                // Reports of several problems come as one text; the first line says what it is.
                let text = kind.to_string();
                let first = text.lines().next().unwrap_or_default();
                let hint =
                    if first.contains("recursion") { "a component calls itself without end" } else { MANUAL };
                Diagnostic::error("tera-error", sentence(first.trim_start_matches("error: ")))
                    .at(file())
                    .hint(hint)
            }
        }
    }

    fn about(&self, failure: Failure, expression: &str) -> Diagnostic {
        let message = format!("`{expression}` {}", failure.message);
        let hint = match failure.code {
            "undefined-value" => self.nearest(expression).unwrap_or(failure.hint),
            _ => failure.hint,
        };
        Diagnostic::error(failure.code, message).hint(hint)
    }

    /// The path that an undefined one was probably meant to be.
    fn nearest(&self, path: &str) -> Option<String> {
        if path
            .contains(|character: char| character != '.' && character != '_' && !character.is_alphanumeric())
        {
            return None;
        }
        let mut parts = path.split('.');
        let root = parts.next()?;
        if !names::ROOTS.contains(&root) {
            return did_you_mean(root, names::ROOTS).map(|meant| format!("did you mean `{meant}`?"));
        }
        let (mut value, mut known) = (self.context?.root(root), root.to_owned());
        for part in parts {
            let map = value.as_map()?;
            match map.iter().find(|(key, _)| key.as_str() == Some(part)) {
                Some((_, next)) => value = next,
                None => {
                    let keys: Vec<_> = map.keys().filter_map(|key| key.as_str()).collect();
                    return Some(match did_you_mean(part, keys.iter().copied()) {
                        Some(meant) => format!("did you mean `{known}.{meant}`?"),
                        None => format!("`{known}` has: {}", keys.join(", ")),
                    });
                }
            }
            known = format!("{known}.{part}");
        }
        None
    }
}

/// Tera lists the known names behind an undefined one: they make the hint.
fn rendering(message: &str) -> Diagnostic {
    for (separator, known) in [(" Available fields: ", "fields"), (" Available variables: ", "values")] {
        let Some((what, names)) = message.split_once(separator) else { continue };
        let word = what.split('`').nth(1).unwrap_or_default();
        let hint = match did_you_mean(word, names.split(", ")) {
            Some(meant) => format!("did you mean `{meant}`?"),
            None => format!("there are these {known}: {names}"),
        };
        return Diagnostic::error("undefined-value", sentence(what)).hint(hint);
    }
    if message.contains("is not defined") {
        let hint = "check the spelling; templates see `inputs`, `env` and `lock`";
        return Diagnostic::error("undefined-value", sentence(message)).hint(hint);
    }
    let hint = if message.starts_with("Invalid type") {
        "check the value and the arguments of the filter"
    } else {
        MANUAL
    };
    Diagnostic::error("tera-render", sentence(message)).hint(hint)
}

/// In the project's own style: a fragment that starts in lower case and has no full stop.
fn sentence(message: &str) -> String {
    let message = message.trim().trim_end_matches('.');
    let mut characters = message.chars();
    match characters.next() {
        Some(first) if characters.as_str().starts_with(|next: char| next.is_lowercase() || next == ' ') => {
            first.to_lowercase().collect::<String>() + characters.as_str()
        }
        _ => message.to_owned(),
    }
}
