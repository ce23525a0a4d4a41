//! What is demanded of resources beside their types' own schemas.

use serde_json::{Map, Value};

use crate::catalogue::{Constraint, ResourceType, constraints};
use crate::lint::functions::{Call, Function};
use crate::lint::path::Path;
use crate::lint::report::{Report, shown};
use crate::lint::rules::{
    ATTRIBUTE_FORM, METADATA_FORM, PROPERTY_COMBINATION, RETIRED_RUNTIME, Rule, UNKNOWN_TYPE,
};
use crate::lint::schema::advice::advice;
use crate::lint::schema::judge::Judge;
use crate::lint::schema::resources::condition_of;
use crate::lint::scope::Scope;
use crate::lint::values::nothing;
use crate::lint::worlds::Asked;

/// Those that nothing passes, and what there is to say of it.
const REFUSALS: [(&str, &Rule, &str); 2] = [
    ("E3710", &UNKNOWN_TYPE, "has been shut down with its service"),
    ("E2531", &RETIRED_RUNTIME, "is a runtime with which Lambda makes no functions any more"),
];

/// One constraint with the schema that holds here.
struct Demand<'d, 'a> {
    scope: &'d Scope<'a>,
    constraint: &'static Constraint,
    schema: &'static ResourceType,
    /// The part of the resource that it is about.
    section: &'static str,
    /// The condition under which the resource is there.
    held: &'d Asked,
}

/// Judges a resource by the constraints on its type.
pub(super) fn check(
    scope: &Scope<'_>,
    (kind, region): (&str, Option<&str>),
    resource: &Map<String, Value>,
    path: &Path<'_>,
    report: &mut Report,
) {
    let held = &condition_of(resource);
    for (at, constraint) in constraints(kind) {
        // The others' schemas are read only where there is something to judge.
        let is_there = |key: &String| key == "Properties" || resource.contains_key(key);
        if at.first().is_some_and(|first| !is_there(first)) {
            continue;
        }
        let Some(schema) = constraint.schema(region) else { continue };
        let demand =
            Demand { scope, constraint, schema, held, section: at.first().map_or("", String::as_str) };
        match at.split_first() {
            Some((first, rest)) => {
                let value = resource.get(first).unwrap_or(nothing());
                let at = if resource.contains_key(first) { path.key(first) } else { *path };
                demand.descend(rest, value, &at, report);
            }
            None => demand.judge(&without_content(resource), path, report),
        }
    }
}

/// What constraints on a resource as a whole look at: its attributes.
fn without_content(resource: &Map<String, Value>) -> Value {
    let is_attribute = |key: &str| key != "Properties" && key != "Metadata";
    let attributes = resource.iter().filter(|(key, _)| is_attribute(key));
    Value::Object(attributes.map(|(key, value)| (key.clone(), value.clone())).collect())
}

impl Demand<'_, '_> {
    fn descend(&self, rest: &'static [String], value: &Value, path: &Path<'_>, report: &mut Report) {
        let Some((step, rest)) = rest.split_first() else {
            return self.judge(value, path, report);
        };
        match (step.as_str(), value) {
            ("*", Value::Array(items)) => {
                for (index, item) in items.iter().enumerate() {
                    self.descend(rest, item, &path.index(index), report);
                }
            }
            (key, Value::Object(map)) if Call::of_value(value).is_none() => {
                if let Some(inner) = map.get(key) {
                    self.descend(rest, inner, &path.key(key), report);
                }
            }
            _ => {}
        }
    }

    fn judge(&self, value: &Value, path: &Path<'_>, report: &mut Report) {
        // What a function gives may be a document written as a text.
        if Call::of_value(value).is_some_and(|call| call.function != Function::If) {
            return;
        }
        let schema = &self.schema.schema;
        // Documents may be written as texts.
        let read = value.as_str().and_then(|text| serde_json::from_str::<Value>(text).ok());
        let takes_text = schema.types.is_none() || !value.is_string();
        if read.is_none() && !takes_text && !schema.properties.is_empty() {
            return;
        }
        let value = read.as_ref().filter(|read| read.is_object()).unwrap_or(value);
        let mut judge = Judge::new(self.scope, self.schema);
        judge.held.clone_from(self.held);
        judge.value(value, schema, path);
        self.tell(value, judge.report, path, report);
    }

    /// What is found is told as a matter of combination, whatever keyword it takes to say so.
    fn tell(&self, value: &Value, mut found: Report, path: &Path<'_>, report: &mut Report) {
        let Constraint { code, title, .. } = self.constraint;
        if let Some((_, rule, what)) = REFUSALS.iter().find(|(refusal, ..)| refusal == code) {
            if found.has_errors() {
                let name = value.as_str().unwrap_or_default();
                report.value(rule, path, format!("`{}` {what}", shown(name)));
            }
            return;
        }
        let rule = match self.section {
            "Properties" => &PROPERTY_COMBINATION,
            "Metadata" => &METADATA_FORM,
            _ => &ATTRIBUTE_FORM,
        };
        let schema = &self.schema.schema;
        let is_combination = schema.condition.is_some() || !schema.all_of.is_empty();
        for finding in &mut found.findings {
            finding.rule = rule;
            if is_combination {
                finding.hint(format!("{} (cfn-lint's rule {code})", advice(code).unwrap_or(title)));
            }
        }
        report.append(found);
    }
}
