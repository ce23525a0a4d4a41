//! Which outputs of a stack come out otherwise.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{Side, Touched};
use crate::language::{Reference, has_key, walk};
use crate::model::Change;

/// The outputs that come out, or may come out, otherwise than before.
pub(super) fn changing(before: &Side<'_>, after: &Side<'_>, changes: &[Change]) -> BTreeSet<String> {
    let touched = Touched::by(changes);
    let outputs = after.section("Outputs").into_iter().flatten();
    let changing = outputs.filter(|(name, output)| {
        let previous = before.section("Outputs").and_then(|outputs| outputs.get(*name));
        previous.is_none_or(|previous| changes_value(before, after, previous, output, &touched))
    });
    changing.map(|(name, _)| name.clone()).collect()
}

fn changes_value(
    before: &Side<'_>,
    after: &Side<'_>,
    previous: &Value,
    output: &Value,
    touched: &Touched<'_>,
) -> bool {
    let exists = |side: &Side<'_>, output: &Value| match output.get("Condition").and_then(Value::as_str) {
        None => Some(true),
        Some(name) => side.facts.conditions.get(name).copied().flatten(),
    };
    let (was, will_be) = (exists(before, previous), exists(after, output));
    if was != will_be || was.is_none() {
        return true;
    }
    let (previous, value) = (previous.get("Value"), output.get("Value"));
    if let (Some(now), Some(then)) = (before.computed(previous), after.computed(value)) {
        return now != then;
    }
    previous != value || value.is_some_and(|value| is_reached(before, after, value, touched))
}

/// Whether a value refers to something that differs between the two sides.
fn is_reached(before: &Side<'_>, after: &Side<'_>, value: &Value, touched: &Touched<'_>) -> bool {
    let mut reached = false;
    walk(value, None, &mut |reference| {
        reached |= match reference {
            Reference::Name(name) => {
                let parameter = after.facts.parameters.get(name);
                let differs = parameter
                    .is_some_and(|then| then.is_none() || before.facts.parameters.get(name) != Some(then));
                differs || touched.identity(name)
            }
            Reference::Attribute(id, attribute) => {
                let kind = after.resource(id).and_then(|resource| resource.get("Type"));
                let kind = kind.and_then(Value::as_str).unwrap_or_default();
                touched.attribute(id, kind, attribute) == Some(true)
            }
            Reference::Condition(name) => {
                let holds = |side: &Side<'_>| side.facts.conditions.get(name).copied().flatten();
                holds(after).is_none() || holds(before) != holds(after)
            }
        };
    });
    reached || (has_key(value, "Fn::FindInMap") && before.section("Mappings") != after.section("Mappings"))
}
