//! Findings that the author of a template accepts, with a reason, beside what they are about:
//!
//! ```yaml
//! Metadata:
//!   RekindleAccept:
//!     secret-in-text: "the example of the vendor's documentation"
//! ```
//!
//! In the template's own `Metadata` it holds everywhere, in a resource's for that resource.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use crate::lint::path::Path;
use crate::lint::report::{Finding, Report};
use crate::lint::rules::{ACCEPTANCE, RULES, by_code};
use crate::lint::scope::Scope;

/// The key below `Metadata`.
const KEY: &str = "RekindleAccept";

/// Takes accepted findings out, and records acceptances that say or do nothing.
pub(super) fn apply(scope: &Scope<'_>, report: &mut Report) {
    let mut told = std::mem::take(report);
    let mut findings = std::mem::take(&mut told.findings);
    let metadata = Path::ROOT.key("Metadata");
    if let Some(accepted) = scope.section("Metadata").and_then(|metadata| metadata.get(KEY)) {
        findings = without(findings, accepted, "", &metadata.key(KEY), report);
    }
    let resources = Path::ROOT.key("Resources");
    for (name, resource) in scope.entries("Resources") {
        let Some(accepted) = resource.get("Metadata").and_then(|metadata| metadata.get(KEY)) else {
            continue;
        };
        let path = resources.key(name);
        let metadata = path.key("Metadata");
        findings = without(findings, accepted, &path.pointer(), &metadata.key(KEY), report);
    }
    told.findings = findings;
    report.append(told);
}

fn without(
    findings: Vec<Finding>,
    accepted: &Value,
    below: &str,
    path: &Path<'_>,
    report: &mut Report,
) -> Vec<Finding> {
    let Some(accepted) = accepted.as_object() else {
        report.value(&ACCEPTANCE, path, format!("`{KEY}` is a map of codes and reasons"));
        return findings;
    };
    let codes = reasoned(accepted, path, report);
    let is_below = |pointer: &str| {
        pointer.strip_prefix(below).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    let is_accepted = |finding: &Finding| codes.contains(finding.rule.code) && is_below(&finding.pointer);
    let (taken, kept): (Vec<_>, Vec<_>) = findings.into_iter().partition(is_accepted);
    for code in codes.iter().filter(|code| !taken.iter().any(|finding| finding.rule.code == **code)) {
        report
            .key(&ACCEPTANCE, &path.key(code), format!("nothing here needs `{code}` to be accepted"))
            .hint("take the line out");
    }
    kept
}

/// The codes that exist and have a reason.
fn reasoned<'a>(accepted: &'a Map<String, Value>, path: &Path<'_>, report: &mut Report) -> BTreeSet<&'a str> {
    let mut codes = BTreeSet::new();
    for (code, reason) in accepted {
        if by_code(code).is_none() {
            report.key(&ACCEPTANCE, &path.key(code), format!("there is no rule `{code}`")).nearest(
                code,
                RULES.iter().map(|rule| rule.code),
                "codes stand in brackets in each message",
            );
        } else if reason.as_str().is_none_or(|reason| reason.trim().is_empty()) {
            report
                .value(&ACCEPTANCE, &path.key(code), format!("`{code}` is accepted without a reason"))
                .hint("say in a sentence why this is fine");
        } else {
            codes.insert(code.as_str());
        }
    }
    codes
}
