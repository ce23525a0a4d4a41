//! Drift: in which properties a physical resource is not what its template says.
//!
//! Source: CloudFormation user guide, "Detect unmanaged configuration changes to stacks and
//! resources with drift detection": only properties that the template sets are compared.

use serde_json::Value;

use crate::local::answers::Answers;
use crate::local::change_set::PreviewError;
use crate::local::context::Context;
use crate::local::exports::Exports;
use crate::local::operation::decide::{Basis, decide};
use crate::local::stack::Stack;
use crate::port::{DriftStatus, ResourceDrift};

/// The resources of a stack that are not as its template says.
///
/// # Errors
/// [`PreviewError`] when a value cannot be computed.
pub fn drift(
    stack: &Stack,
    exports: &Exports,
    answers: &Answers,
) -> Result<Vec<ResourceDrift>, PreviewError> {
    let context = Context::of_body(&stack.body, stack.pseudo(&stack.body.notifications))?;
    let owner = stack.owner(stack.generation + 1);
    let basis = Basis { context: &context, tags: &stack.body.tags, exports, answers, owner };
    let mut drifted = Vec::new();
    for (logical_id, resource) in &stack.resources {
        if !context.dependencies.contains_key(logical_id) {
            continue;
        }
        let wanted = decide(basis, &stack.resources, logical_id)?.resource().properties;
        let (status, paths) = match resource.real_properties() {
            None => (DriftStatus::Deleted, Vec::new()),
            Some(real) => (DriftStatus::Modified, differences(&wanted, real)),
        };
        if status == DriftStatus::Deleted || !paths.is_empty() {
            let (logical_id, resource_type) = (logical_id.clone(), resource.resource_type.clone());
            drifted.push(ResourceDrift { logical_id, resource_type, status, paths });
        }
    }
    Ok(drifted)
}

/// JSON pointers of what differs, sorted.
fn differences(wanted: &Value, real: &Value) -> Vec<String> {
    let mut paths = Vec::new();
    compare("", wanted, real, &mut paths);
    paths.sort();
    paths
}

fn compare(path: &str, wanted: &Value, real: &Value, paths: &mut Vec<String>) {
    match (wanted, real) {
        (Value::Object(wanted), Value::Object(real)) => {
            for (key, value) in wanted {
                let other = real.get(key).unwrap_or(&Value::Null);
                let pointer = key.replace('~', "~0").replace('/', "~1");
                compare(&format!("{path}/{pointer}"), value, other, paths);
            }
        }
        (Value::Array(wanted), Value::Array(real)) if wanted.len() == real.len() => {
            for (index, (value, other)) in wanted.iter().zip(real).enumerate() {
                compare(&format!("{path}/{index}"), value, other, paths);
            }
        }
        _ if wanted == real => {}
        _ => paths.push(path.to_owned()),
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
        assert_eq!(differences(&wanted, &real), ["/A", "/B/C/1", "/B/D~1E", "/Gone"]);
        assert_eq!(differences(&wanted, &wanted), [""; 0]);
    }
}
