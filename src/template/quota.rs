//! CloudFormation's quotas on one template, found before it is sent.
//!
//! Source of the numbers: AWS CloudFormation user guide, "CloudFormation quotas", November 2026.

use serde_json::Value;

use crate::model::{Diagnostic, Diagnostics, canonical};
use crate::template::{Document, MAXIMUM_BYTES, Pointer};

const RESOURCES: usize = 500;
const PARAMETERS: usize = 200;
const OUTPUTS: usize = 200;
const MAPPINGS: usize = 200;
const MAPPING_ATTRIBUTES: usize = 200;
const DESCRIPTION_BYTES: usize = 1_024;
const PARAMETER_VALUE_BYTES: usize = 4_096;
const LOGICAL_NAME_CHARACTERS: usize = 255;
const DYNAMIC_REFERENCES: usize = 60;

/// rekindle adds one output of its own and the same facts to the metadata: each under 1 KB.
const OWN_OUTPUTS: usize = 1;
const OWN_BYTES: usize = 4_096;

/// Checks a template against the quotas.
pub fn check(document: &Document) -> Diagnostics {
    let mut check = Check { document, problems: Diagnostics::default() };
    check.section("Resources", RESOURCES, "move some of them into another stack");
    check.section("Parameters", PARAMETERS, "give a list, or let the template compute values");
    check.section("Outputs", OUTPUTS - OWN_OUTPUTS, "export fewer; rekindle itself needs one");
    check.section("Mappings", MAPPINGS, "use inputs of the template instead");
    check.mappings();
    check.parameters();
    check.description();
    check.dynamic_references();
    check.size();
    check.problems
}

struct Check<'a> {
    document: &'a Document,
    problems: Diagnostics,
}

impl<'a> Check<'a> {
    fn problem(&mut self, code: &'static str, pointer: &str, message: String, hint: &str) {
        let problem = Diagnostic::error(code, message).hint(hint);
        self.problems.push(match self.document.key_place(pointer) {
            Some(place) => problem.at(place),
            None => problem,
        });
    }

    fn entries(&self, section: &str) -> impl Iterator<Item = (&'a String, &'a Value)> + use<'a> {
        self.document.value.get(section).and_then(Value::as_object).into_iter().flatten()
    }

    fn section(&mut self, section: &str, limit: usize, hint: &str) {
        let count = self.entries(section).count();
        if count > limit {
            let message = format!("`{section}` has {count} entries, {limit} are allowed");
            self.problem("quota", &format!("/{section}"), message, hint);
        }
        let functions = ["Fn::ForEach::", "Fn::Transform"];
        for (name, _) in self.entries(section) {
            if functions.iter().any(|function| name.starts_with(function)) {
                continue;
            }
            let is_name = !name.is_empty() && name.chars().all(|character| character.is_ascii_alphanumeric());
            if !is_name || name.len() > LOGICAL_NAME_CHARACTERS {
                let message = format!("`{name}` cannot be a name in `{section}`");
                let pointer = Pointer::Root.key(section).key(name).to_string();
                self.problem(
                    "logical-name",
                    &pointer,
                    message,
                    "use letters and digits only, at most 255 of them",
                );
            }
        }
    }

    fn mappings(&mut self) {
        for (name, mapping) in self.entries("Mappings") {
            let attributes = mapping.as_object().map_or(0, serde_json::Map::len);
            if attributes > MAPPING_ATTRIBUTES {
                let message = format!(
                    "the mapping `{name}` has {attributes} attributes, {MAPPING_ATTRIBUTES} are allowed"
                );
                self.problem("quota", &format!("/Mappings/{name}"), message, "split it in two");
            }
        }
    }

    fn parameters(&mut self) {
        for (name, parameter) in self.entries("Parameters") {
            let length = parameter.get("Default").and_then(Value::as_str).map_or(0, str::len);
            if length > PARAMETER_VALUE_BYTES {
                let message = format!(
                    "the default of `{name}` has {length} bytes, {PARAMETER_VALUE_BYTES} are allowed"
                );
                self.problem(
                    "quota",
                    &format!("/Parameters/{name}/Default"),
                    message,
                    "put long texts into the template itself",
                );
            }
        }
    }

    fn description(&mut self) {
        let length = self.document.value.get("Description").and_then(Value::as_str).map_or(0, str::len);
        if length > DESCRIPTION_BYTES {
            let message = format!("the description has {length} bytes, {DESCRIPTION_BYTES} are allowed");
            self.problem("quota", "/Description", message, "shorten it; comments have no limit");
        }
    }

    fn dynamic_references(&mut self) {
        let count = dynamic_references(&self.document.value);
        if count > DYNAMIC_REFERENCES {
            let message =
                format!("the template has {count} dynamic references, {DYNAMIC_REFERENCES} are allowed");
            self.problem("quota", "", message, "feed secrets through parameters, or split the stack");
        }
    }

    fn size(&mut self) {
        let length = canonical::ascii_length(&self.document.value);
        if length + OWN_BYTES > MAXIMUM_BYTES {
            let message =
                format!("the template has {length} bytes as sent, {} are allowed", MAXIMUM_BYTES - OWN_BYTES);
            self.problem("quota", "", message, "split the stack, or move long texts out of the template");
        }
    }
}

fn dynamic_references(value: &Value) -> usize {
    match value {
        Value::String(text) if text.contains('{') => text.matches("{{resolve:").count(),
        Value::Array(items) => items.iter().map(dynamic_references).sum(),
        Value::Object(object) => object.values().map(dynamic_references).sum(),
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::template::read;

    fn messages(text: &str) -> Vec<String> {
        check(&read("t.yaml", text.as_bytes()).unwrap()).into_iter().map(|problem| problem.message).collect()
    }

    fn section(name: &str, count: usize) -> String {
        let entries: String = (0..count).map(|index| format!("  E{index}: {{Type: String}}\n")).collect();
        format!("{name}:\n{entries}")
    }

    #[test]
    fn what_is_within_the_quotas_is_fine() {
        for text in [
            section("Resources", 500),
            section("Parameters", 200),
            section("Outputs", 199),
            section("Mappings", 200),
        ] {
            assert_eq!(messages(&text), [""; 0]);
        }
        let references = "{{resolve:ssm:a:1}}".repeat(60);
        assert_eq!(messages(&format!("Description: '{}'\nA: '{references}'\n", "x".repeat(1024))), [""; 0]);
    }

    #[test]
    fn what_is_beyond_them_is_said() {
        let table = [
            (section("Resources", 501), "`Resources` has 501 entries, 500 are allowed"),
            (section("Outputs", 200), "`Outputs` has 200 entries, 199 are allowed"),
            ("Resources: {My-Bucket: {Type: T}}\n".to_owned(), "`My-Bucket` cannot be a name in `Resources`"),
            (
                format!("Description: {}\n", "x".repeat(1025)),
                "the description has 1025 bytes, 1024 are allowed",
            ),
            (
                format!("A: '{}'\n", "{{resolve:ssm:a:1}}".repeat(61)),
                "the template has 61 dynamic references, 60 are allowed",
            ),
            (
                format!("Parameters: {{P: {{Default: {}}}}}\n", "x".repeat(4097)),
                "the default of `P` has 4097 bytes, 4096 are allowed",
            ),
            (
                format!("A: {}\n", "ä".repeat(300_000)),
                "the template has 1800008 bytes as sent, 995904 are allowed",
            ),
        ];
        for (text, expected) in table {
            assert_eq!(messages(&text), [expected]);
        }
    }
}
