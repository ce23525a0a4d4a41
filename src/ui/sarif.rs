//! Diagnostics as SARIF 2.1.0, which code hosts and editors read.
//!
//! Source: OASIS, "Static Analysis Results Interchange Format (SARIF) Version 2.1.0".

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::model::files::MANIFEST_FILE;
use crate::model::{Diagnostic, Diagnostics, Digest, Place, Severity};

/// Address of the format's schema.
const SCHEMA: &str =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

/// The log of one run. `known` says what rules are about and what to do, by code; a code that is
/// not among them is listed all the same.
pub fn log(diagnostics: &Diagnostics, known: &BTreeMap<&str, (&str, &str)>, version: &str) -> Value {
    let mut codes: Vec<&str> = diagnostics.0.iter().map(|one| one.code).collect();
    codes.sort_unstable();
    codes.dedup();
    let rules = codes.iter().map(|code| match known.get(code) {
        Some((summary, help)) => {
            json!({"id": code, "shortDescription": {"text": summary}, "help": {"text": help}})
        }
        None => json!({"id": code}),
    });
    let results = diagnostics.0.iter().map(|one| result(one, &codes));
    json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {
                "name": "rekindle",
                "version": version,
                "rules": rules.collect::<Vec<_>>(),
            }},
            "columnKind": "unicodeCodePoints",
            "results": results.collect::<Vec<_>>(),
        }],
    })
}

fn result(diagnostic: &Diagnostic, codes: &[&str]) -> Value {
    let level = match diagnostic.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    };
    let text = match &diagnostic.hint {
        Some(hint) => format!("{}. Hint: {hint}", diagnostic.message),
        None => diagnostic.message.clone(),
    };
    let mut result = json!({
        "ruleId": diagnostic.code,
        "ruleIndex": codes.binary_search(&diagnostic.code).ok(),
        "level": level,
        "message": {"text": text},
    });
    // Code hosts show nothing that stands nowhere.
    let place = diagnostic.place.clone().unwrap_or_else(|| Place::file(MANIFEST_FILE));
    result["locations"] = json!([{"physicalLocation": location(&place)}]);
    // Lines move; what is wrong in which text stays.
    let print =
        format!("{}\n{}\n{}\n{}", diagnostic.code, place.file, diagnostic.message, place.excerpt.trim());
    result["partialFingerprints"] = json!({"rekindle/v1": Digest::of(&print).to_string()});
    result
}

fn location(place: &Place) -> Value {
    let mut location = json!({"artifactLocation": {"uri": uri(&place.file)}});
    if place.line > 0 {
        location["region"] = json!({
            "startLine": place.line,
            "startColumn": place.column,
            "endColumn": place.column + place.width,
            "snippet": {"text": place.excerpt},
        });
    }
    location
}

/// A path as a relative reference, or an absolute one with its scheme (RFC 3986).
fn uri(path: &str) -> String {
    let mut uri = String::from(if path.starts_with('/') { "file://" } else { "" });
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            uri.push(char::from(byte));
        } else {
            uri.push_str(&format!("%{byte:02X}"));
        }
    }
    uri
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn findings_have_rules_places_and_stable_prints() {
        let place = Place::at("stacks/a b.yaml", "x: 1\nß: ${Y}\n", 2, 4, 4);
        let found = Diagnostics(vec![
            Diagnostic::error("unknown-type", "there is no type `T`").at(place).hint("did you mean `U`?"),
            Diagnostic::warning("unused-parameter", "nothing uses `P`").at(Place::file("/tmp/t.yaml")),
            Diagnostic::warning("draft-template", "a draft"),
        ]);
        let known = BTreeMap::from([("unknown-type", ("There is no such resource type.", "correct it"))]);
        insta::assert_json_snapshot!(log(&found, &known, "1.0.0"));
    }
}
