//! Parameters of types that read Parameter Store, with the values that the lock has for them.
//!
//! CloudFormation would read the store anew at every deployment: the same source would deploy
//! differently tomorrow, and no difference would show. So the locked value is bound as a literal,
//! and the parameter gets the type of that value.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::language::parameter_type::ParameterType;
use crate::language::text_of;
use crate::manifest::ResolvedUnit;
use crate::manifest::lock::PARAMETER_STORE;
use crate::model::environment::Target;
use crate::model::{Binding, Diagnostic, Diagnostics, StackTemplate};
use crate::template::Document;

/// Constraints on the name of an entry; they say nothing about its value.
const OF_THE_NAME: [&str; 7] = [
    "AllowedPattern",
    "AllowedValues",
    "ConstraintDescription",
    "Default",
    "MaxLength",
    "MinLength",
    "NoEcho",
];

/// The stored parameters of one unit, pinned.
#[derive(Debug, Default)]
pub(super) struct Pinned {
    /// The template with the types of the values; `None` when it has no such parameter.
    pub(super) template: Option<StackTemplate>,
    /// What those parameters are bound to.
    pub(super) bindings: BTreeMap<String, Binding>,
}

/// Pins the stored parameters of `document`. `facts` are those of the lock that hold at `target`.
pub(super) fn pin(
    document: &Document,
    unit: &ResolvedUnit,
    facts: &Map<String, Value>,
    target: &Target,
    problems: &mut Diagnostics,
) -> Pinned {
    let mut pinned = Pinned::default();
    for (name, value_type) in stored(&document.value) {
        let template = pinned.template.get_or_insert_with(|| document.value.clone());
        let entry = match unit.parameters.get(&name).map(|bound| &bound.binding) {
            None => document.value["Parameters"][&name].get("Default").and_then(text_of),
            Some(Binding::Literal(entry)) => Some(entry.clone()),
            Some(Binding::Output(_) | Binding::Secret(_) | Binding::Image(_)) => {
                problems.push(unknown_name(document, &name));
                continue;
            }
        };
        // Without a name the parameter is reported as one that nothing binds.
        let Some(entry) = entry else { continue };
        match facts.get(PARAMETER_STORE).and_then(|facts| text_of(facts.get(&entry)?)) {
            Some(value) => {
                retype(template, &name, &value_type);
                pinned.bindings.insert(name, Binding::Literal(value));
            }
            None => problems.push(unlocked(document, &name, &entry, target)),
        }
    }
    pinned
}

/// The stored parameters, with the types of their values.
fn stored(template: &Value) -> Vec<(String, ParameterType)> {
    let section = template.get("Parameters").and_then(Value::as_object);
    let entries = section.into_iter().flatten();
    let stored = entries.filter_map(|(name, declared)| {
        match declared.get("Type").and_then(Value::as_str)?.parse().ok()? {
            ParameterType::Stored(value) => Some((name.clone(), *value)),
            _ => None,
        }
    });
    stored.collect()
}

fn retype(template: &mut Value, name: &str, value_type: &ParameterType) {
    if let Some(Value::Object(declared)) = template.pointer_mut(&format!("/Parameters/{name}")) {
        declared.retain(|key, _| !OF_THE_NAME.contains(&key.as_str()));
        declared.insert("Type".to_owned(), Value::from(value_type.to_string()));
    }
}

fn placed(document: &Document, name: &str, problem: Diagnostic) -> Diagnostic {
    match document.key_place(&format!("/Parameters/{name}")) {
        Some(place) => problem.at(place),
        None => problem,
    }
}

fn unknown_name(document: &Document, name: &str) -> Diagnostic {
    let message =
        format!("the parameter `{name}` reads an entry of Parameter Store that the source does not name");
    let problem = Diagnostic::error("unlocked-fact", message);
    placed(document, name, problem)
        .hint("bind the entry's name as a text, or bind the value itself and make the type that of the value")
}

fn unlocked(document: &Document, name: &str, entry: &str, target: &Target) -> Diagnostic {
    let place = format!("{}/{}", target.account, target.region);
    let message = format!(
        "the parameter `{name}` reads `{entry}` from Parameter Store, and `rekindle.lock` has no value for it in {place}"
    );
    placed(document, name, Diagnostic::error("unlocked-fact", message)).hint(format!(
        "run `rekindle lock --ssm {entry}=VALUE --at {place}`; `aws ssm get-parameter --name {entry}` shows the value"
    ))
}
