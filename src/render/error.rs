//! Tera's errors as diagnostics with places in the sources.

use std::collections::BTreeMap;
use std::sync::Arc;

use tera::ErrorKind;

use crate::model::diagnostic::did_you_mean;
use crate::model::{Diagnostic, Place};
use crate::render::prepare::Prepared;
use crate::render::session::Failure;
use crate::render::{Limits, project_path};

/// The diagnostic of an error while `path` was read or rendered. `failure` is what a hook noted.
pub(super) fn diagnostic(
    error: &tera::Error,
    failure: Option<Failure>,
    path: &str,
    sources: &BTreeMap<String, Arc<Prepared>>,
    limits: Limits,
) -> Diagnostic {
    let file = || Place::file(project_path(path));
    match error.kind() {
        ErrorKind::SyntaxError(report) => {
            let place =
                sources.get(report.filename()).map_or_else(file, |source| source.place(&report.span().range));
            let diagnostic = Diagnostic::error("tera-syntax", sentence(report.message())).at(place);
            diagnostic.hint("see `docs/templates.md`; text with `{{`, `{%` or `{#` of its own goes between `{% raw %}` and `{% endraw %}`")
        }
        ErrorKind::RenderingError(report) => {
            let source = sources.get(report.filename());
            let place = source.map_or_else(file, |source| source.place(&report.span().range));
            match failure {
                Some(failure) => {
                    let expression =
                        source.map(|source| &source.source[source.original(&report.span().range)]);
                    about(failure, expression.unwrap_or_default()).at(place)
                }
                None => rendering(report.message()).at(place),
            }
        }
        ErrorKind::CircularExtend { inheritance_chain: chain, .. }
        | ErrorKind::CircularInclude { include_chain: chain, .. } => {
            let chain: Vec<_> = chain.iter().map(|path| format!("`{path}`")).collect();
            Diagnostic::error(
                "include-cycle",
                format!("templates include each other: {}", chain.join(" -> ")),
            )
            .at(file())
            .hint("take one of these includes out")
        }
        ErrorKind::Io(_) => {
            let message = format!("the render is longer than {} bytes", limits.output_bytes);
            let hint = "split the template, or loop over less";
            Diagnostic::error("render-too-big", message).at(file()).hint(hint)
        }
        kind => {
            // Reports of several problems come as one text; the first line says what it is.
            let text = kind.to_string();
            let first = text.lines().next().unwrap_or_default();
            Diagnostic::error("tera-error", sentence(first.trim_start_matches("error: "))).at(file())
        }
    }
}

fn about(failure: Failure, expression: &str) -> Diagnostic {
    let message = if failure.about_expression && !expression.is_empty() {
        format!("`{}` {}", expression.trim(), failure.message)
    } else {
        failure.message
    };
    Diagnostic::error(failure.code, message).hint(failure.hint)
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
        return Diagnostic::error("undefined-value", sentence(message))
            .hint("check the spelling; templates see `inputs`, `env` and `lock`");
    }
    Diagnostic::error("tera-render", sentence(message))
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
