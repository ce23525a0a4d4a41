//! Rules about single types, beside the types' own schemas.

use std::sync::LazyLock;

use serde_json::{Map, Value};

use crate::catalogue::{TypeRule, type_rules};
use crate::lint::functions::{Call, Function};
use crate::lint::path::Path;
use crate::lint::report::Report;
use crate::lint::rules::{ATTRIBUTE_FORM, METADATA_FORM, PROPERTY_COMBINATION, UNKNOWN_TYPE};
use crate::lint::schema::judge::Judge;
use crate::lint::scope::Scope;

/// What a resource without `Properties` has.
static NONE: LazyLock<Value> = LazyLock::new(|| Value::Object(Map::new()));

/// The rule that no type of a closed service passes.
const SHUT_DOWN: &str = "E3710";

/// Judges a resource by the rules about its type.
pub(super) fn check(
    scope: &Scope<'_>,
    kind: &str,
    resource: &Map<String, Value>,
    path: &Path<'_>,
    report: &mut Report,
) {
    for rule in type_rules(kind) {
        match rule.at.split_first() {
            Some((first, rest)) => {
                let absent = if first == "Properties" { Some(&*NONE) } else { None };
                if let Some(value) = resource.get(first).or(absent) {
                    let at = if resource.contains_key(first) { path.key(first) } else { *path };
                    descend(scope, rule, rest, value, &at, report);
                }
            }
            None => judge(scope, rule, &without_content(resource), path, report),
        }
    }
}

/// What rules about a resource as a whole look at: its attributes.
fn without_content(resource: &Map<String, Value>) -> Value {
    let is_attribute = |key: &str| key != "Properties" && key != "Metadata";
    let attributes = resource.iter().filter(|(key, _)| is_attribute(key));
    Value::Object(attributes.map(|(key, value)| (key.clone(), value.clone())).collect())
}

fn descend(
    scope: &Scope<'_>,
    rule: &'static TypeRule,
    rest: &'static [String],
    value: &Value,
    path: &Path<'_>,
    report: &mut Report,
) {
    let Some((step, rest)) = rest.split_first() else {
        return judge(scope, rule, value, path, report);
    };
    match (step.as_str(), value) {
        ("*", Value::Array(items)) => {
            for (index, item) in items.iter().enumerate() {
                descend(scope, rule, rest, item, &path.index(index), report);
            }
        }
        (key, Value::Object(map)) if Call::of_value(value).is_none() => {
            if let Some(inner) = map.get(key) {
                descend(scope, rule, rest, inner, &path.key(key), report);
            }
        }
        _ => {}
    }
}

fn judge(scope: &Scope<'_>, rule: &'static TypeRule, value: &Value, path: &Path<'_>, report: &mut Report) {
    // What a function gives may be a document written as a text.
    if Call::of_value(value).is_some_and(|call| call.function != Function::If) {
        return;
    }
    // Documents may be written as texts.
    let read = value.as_str().and_then(|text| serde_json::from_str::<Value>(text).ok());
    let takes_text = rule.schema.schema.types.is_none() || !value.is_string();
    if read.is_none() && !takes_text && !rule.schema.schema.properties.is_empty() {
        return;
    }
    let value = read.as_ref().filter(|read| read.is_object()).unwrap_or(value);
    let mut judge = Judge::new(scope, &rule.schema);
    judge.value(value, &rule.schema.schema, path);
    // What a rule about a combination finds is told as such, whatever keyword it takes to say so.
    let name = match rule.at.first().map(String::as_str) {
        Some("Properties") => &PROPERTY_COMBINATION,
        Some("Metadata") => &METADATA_FORM,
        _ => &ATTRIBUTE_FORM,
    };
    if rule.id == SHUT_DOWN && judge.report.has_errors() {
        let kind = value.as_str().unwrap_or_default();
        let message = format!("the service of `{kind}` has been shut down");
        report
            .value(&UNKNOWN_TYPE, path, message)
            .hint("see *AWS services that are shut down* for what replaces it");
        return;
    }
    let schema = &rule.schema.schema;
    let is_combination = schema.condition.is_some() || !schema.all_of.is_empty();
    for finding in &mut judge.report.findings {
        finding.rule = name;
        if is_combination {
            finding.hint(format!(
                "it follows from the resource's other properties (cfn-lint's rule {})",
                rule.id
            ));
        }
    }
    report.append(judge.report);
}
