//! The linter: what is wrong with a template, found without AWS.
//!
//! Rules over a template that was read, each with a stable code ([`RULES`]); every finding has its
//! place in the source. Pure: may not open files, render, know units or decide what is deployed.
//!
//! | file | holds |
//! |---|---|
//! | `rules` | the table of rules: code, severity, what it is about |
//! | `path`, `report` | where a rule looks, and what it found |
//! | `scope` | the names a template declares |
//! | `functions` | intrinsic functions: their arguments, where they may stand, the names they use |
//! | `sections` | the sections and their entries |
//! | `schema` | resources against the published schemas of their types |
//! | `relations` | values that contradict each other, in one resource or in several |
//! | `worlds` | which conditions can hold together |
//! | `texts` | what stands in texts: dynamic references, forgotten `Fn::Sub`, secrets |
//! | `circles`, `unused`, `quota` | rules about the template as a whole |
//! | `acceptance` | findings that the author accepts, with a reason |
//! | `dockerfile` | Dockerfiles: what in them cannot come out the same again |

mod acceptance;
mod circles;
mod dockerfile;
mod functions;
mod path;
mod quota;
mod relations;
mod report;
mod rules;
mod schema;
mod scope;
mod sections;
mod texts;
mod unused;
mod values;
mod worlds;

#[cfg(test)]
mod tests;

use serde_json::{Map, Value};

use crate::language::Facts;
use crate::language::expand::{ExpandError, Expansion, Unknown, expand};
use crate::language::transforms::is_extended;
use crate::model::{Diagnostic, Diagnostics, Severity};
use crate::template::Document;

pub use dockerfile::Judge as DockerfileJudge;
pub use rules::{RULES, Rule};

use functions::Walk;
use report::{Finding, Report};
use rules::{LANGUAGE_EXTENSIONS, MORE_FINDINGS};
use scope::Scope;
use texts::Texts;

/// What a template is judged for.
#[derive(Clone, Copy, Debug)]
pub struct Purpose<'a> {
    /// The region it is deployed to, for example `eu-central-1`; any when absent.
    pub region: Option<&'a str>,
    /// Whether it belongs to a unit: rekindle then adds an output of its own, and what is looked up
    /// anew at each deployment is an error.
    pub is_unit: bool,
    /// Whether resources are judged by the schemas of their types.
    pub schemas: bool,
}

impl Default for Purpose<'_> {
    fn default() -> Self {
        Self { region: None, is_unit: false, schemas: true }
    }
}

/// Everything that is wrong with a template, in the order of the text.
pub fn lint(document: &Document, purpose: Purpose<'_>) -> Diagnostics {
    let empty = Map::new();
    let source = document.value.as_object().unwrap_or(&empty);
    let (expansion, refused) = match expansion(source) {
        Ok(expansion) => (expansion, None),
        Err(refused) => (None, Some(refused)),
    };
    let root = expansion.as_ref().map_or(source, |expansion| &expansion.template);
    let scope = Scope::of(root, source, purpose);
    let mut report = Report::default();
    if let Some(ExpandError { pointer, problem }) = refused.filter(|_| !scope.is_foreign) {
        report.findings.push(Finding::about(&LANGUAGE_EXTENSIONS, pointer, problem.to_string()));
    }
    rules(&scope, purpose, &mut report);
    acceptance::apply(&scope, &mut report);
    // Errors that nobody accepted must not hide behind many that are accepted.
    let hides_errors = report.errors_left_out > 0 && !report.has_errors();
    if report.left_out > 0 {
        let message = format!("{} more findings are not told", report.left_out);
        report.findings.push(Finding::about(&MORE_FINDINGS, String::new(), message));
    }
    let mut found: Vec<Diagnostic> = report
        .findings
        .into_iter()
        .map(|mut finding| {
            if let Some(expansion) = &expansion {
                finding.pointer = expansion.source(&finding.pointer);
            }
            finding.diagnostic(document)
        })
        .map(|diagnostic| severity(diagnostic, purpose))
        .map(|diagnostic| match hides_errors && diagnostic.code == MORE_FINDINGS.code {
            true => Diagnostic { severity: Severity::Error, ..diagnostic },
            false => diagnostic,
        })
        .collect();
    // What a loop of the render writes many times stands once in the source, and is told once.
    found.sort_by(|left, right| position(left).cmp(&position(right)));
    found.dedup();
    Diagnostics(found)
}

fn rules<'a>(scope: &Scope<'a>, purpose: Purpose<'_>, report: &mut Report) {
    let mut walk = Walk::new(scope, report);
    sections::check(&mut walk);
    let uses = walk.uses;
    circles::check(scope, &uses, report);
    unused::check(scope, &uses, report);
    quota::check(scope, purpose.is_unit, report);
    if purpose.schemas {
        schema::check(scope, purpose.region, report);
        relations::check(scope, report);
    }
    Texts { scope, report }.check();
}

/// What loops make, as far as they can be written out without values. A template whose loops cannot
/// is judged as it stands, and its loops are skipped.
fn expansion(source: &Map<String, Value>) -> Result<Option<Expansion>, ExpandError> {
    if !is_extended(source) {
        return Ok(None);
    }
    let mappings = source.get("Mappings").and_then(Value::as_object).cloned().unwrap_or_default();
    let facts = Facts { mappings, ..Facts::default() };
    expand(source, &facts, Unknown::Keep).map(Some)
}

fn position(found: &Diagnostic) -> (Option<(&str, usize, usize)>, &str) {
    let place = found.place.as_ref().map(|place| (place.file.as_str(), place.line, place.column));
    (place, &found.message)
}

/// CloudFormation takes lookups of the moment; only a unit promises more.
fn severity(diagnostic: Diagnostic, purpose: Purpose<'_>) -> Diagnostic {
    let is_promise = diagnostic.code == rules::UNPINNED_LOOKUP.code && !purpose.is_unit;
    Diagnostic { severity: if is_promise { Severity::Warning } else { diagnostic.severity }, ..diagnostic }
}
