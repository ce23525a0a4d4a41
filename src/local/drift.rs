//! Drift: in which properties a physical resource is not what its template says.
//!
//! Source: CloudFormation user guide, "Detect unmanaged configuration changes to stacks and
//! resources with drift detection": only properties that the template sets are compared.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::local::answers::Answers;
use crate::local::change_set::PreviewError;
use crate::local::context::Context;
use crate::local::exports::Exports;
use crate::local::operation::decide::{Basis, decide};
use crate::local::stack::Stack;
use crate::port::{PropertyDrift, ResourceDrift, ResourceDrifts};

/// Compares the resources of a stack with what its template says.
///
/// # Errors
/// [`PreviewError`] when a value cannot be computed.
pub fn drift(stack: &Stack, exports: &Exports, answers: &Answers) -> Result<ResourceDrifts, PreviewError> {
    let context = Context::of_body(&stack.body, stack.pseudo(&stack.body.notifications))?;
    let owner = stack.owner(stack.generation + 1);
    let basis =
        Basis { context: &context, tags: &stack.body.tags, exports, answers, owner, reverts_drift: false };
    let mut found = ResourceDrifts::default();
    for (logical_id, resource) in &stack.resources {
        if !context.dependencies.contains_key(logical_id) || !is_compared(&resource.resource_type) {
            continue;
        }
        let wanted = decide(basis, &stack.resources, logical_id)?.resource().properties;
        let (id, kind) = (logical_id.clone(), resource.resource_type.clone());
        match resource.real_properties().map(|real| differences(&wanted, real)) {
            None => found.drifted.push(ResourceDrift::deleted(id, kind)),
            Some(same) if same.is_empty() => drop(found.in_sync.insert(id)),
            Some(properties) => found.drifted.push(ResourceDrift::modified(id, kind, properties)),
        }
    }
    Ok(found)
}

/// Rule B4: of these nobody but their maker knows what they are.
fn is_compared(resource_type: &str) -> bool {
    let own = ["AWS::CloudFormation::CustomResource", "AWS::CloudFormation::WaitCondition"];
    !resource_type.starts_with("Custom::") && !own.iter().any(|kind| resource_type.starts_with(kind))
}

/// The properties, at the top, that somebody changed by hand; none of a type that is not compared.
pub fn differences_by_hand(resource_type: &str, wanted: &Value, real: &Value) -> BTreeSet<String> {
    if !is_compared(resource_type) {
        return BTreeSet::new();
    }
    let top = |drift: PropertyDrift| {
        let name = drift.path.split('/').nth(1).unwrap_or_default();
        name.replace("~1", "/").replace("~0", "~")
    };
    differences(wanted, real).into_iter().map(top).collect()
}

/// What differs, sorted by its JSON pointer.
fn differences(wanted: &Value, real: &Value) -> Vec<PropertyDrift> {
    let mut found = Vec::new();
    compare("", wanted, real, &mut found);
    found.sort_by(|one, other| one.path.cmp(&other.path));
    found
}

fn compare(path: &str, wanted: &Value, real: &Value, found: &mut Vec<PropertyDrift>) {
    match (wanted, real) {
        (Value::Object(wanted), Value::Object(real)) => {
            for (key, value) in wanted {
                let other = real.get(key).unwrap_or(&Value::Null);
                let pointer = key.replace('~', "~0").replace('/', "~1");
                compare(&format!("{path}/{pointer}"), value, other, found);
            }
        }
        (Value::Array(wanted), Value::Array(real)) if wanted.len() == real.len() => {
            for (index, (value, other)) in wanted.iter().zip(real).enumerate() {
                compare(&format!("{path}/{index}"), value, other, found);
            }
        }
        _ if wanted == real => {}
        _ => {
            found.push(PropertyDrift { path: path.to_owned(), expected: shown(wanted), actual: shown(real) })
        }
    }
}

fn shown(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_the_template_does_not_set_does_not_drift() {
        let wanted = json!({"A": 1, "B": {"C": [1, 2], "D/E": "x"}, "Gone": true});
        let real = json!({"A": 2, "B": {"C": [1, 3], "D/E": "y", "New": 1}, "Other": 1});
        let told = |property: PropertyDrift| {
            let [expected, actual] = [property.expected, property.actual].map(Option::unwrap_or_default);
            format!("{} {expected} {actual}", property.path)
        };
        let found: Vec<String> = differences(&wanted, &real).into_iter().map(told).collect();
        assert_eq!(found, ["/A 1 2", "/B/C/1 2 3", "/B/D~1E x y", "/Gone true "]);
        assert_eq!(differences(&wanted, &wanted), []);
    }
}
