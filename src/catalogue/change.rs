//! What a change of a resource's properties does to it, by the values before and after.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::path::PropertyPath;
use super::resource_type::{Replacement, ResourceType};

impl ResourceType {
    /// What the change of one property's value does: `None` is a property that is not there.
    ///
    /// Values may hold functions of the template language; a function that differs may differ in
    /// everything inside it.
    pub fn replacement_by(
        &self,
        property: &str,
        before: Option<&Value>,
        after: Option<&Value>,
    ) -> Replacement {
        let touches = |paths: &[PropertyPath]| {
            let own =
                paths.iter().filter_map(|path| path.0.split_first()).filter(|(name, _)| *name == property);
            own.into_iter().any(|(_, steps)| differs(steps, before, after))
        };
        if before == after {
            Replacement::Never
        } else if touches(&self.create_only) {
            Replacement::Always
        } else if touches(&self.conditional_create_only) {
            Replacement::Conditional
        } else {
            Replacement::Never
        }
    }
}

/// Whether the values at a path inside two values differ.
fn differs(steps: &[String], before: Option<&Value>, after: Option<&Value>) -> bool {
    if before == after {
        return false;
    }
    let Some((step, rest)) = steps.split_first() else { return true };
    match (before, after) {
        (Some(Value::Array(_)) | None, Some(Value::Array(_)) | None) => {
            let items = |value: Option<&Value>| value.and_then(Value::as_array).cloned().unwrap_or_default();
            let (before, after) = (items(before), items(after));
            let rest = if step == "*" { rest } else { steps };
            (0..before.len().max(after.len())).any(|place| differs(rest, before.get(place), after.get(place)))
        }
        _ if is_opaque(before) || is_opaque(after) => true,
        _ if step == "*" => {
            let names: BTreeSet<&String> = names(before).chain(names(after)).collect();
            names.into_iter().any(|name| differs(rest, member(before, name), member(after, name)))
        }
        _ => differs(rest, member(before, step), member(after, step)),
    }
}

/// Whether what is inside cannot be told apart: a text, or a function of the template language.
fn is_opaque(value: Option<&Value>) -> bool {
    match value {
        None => false,
        Some(Value::Object(members)) => is_function(members),
        Some(_) => true,
    }
}

fn names(value: Option<&Value>) -> impl Iterator<Item = &String> {
    value.and_then(Value::as_object).into_iter().flat_map(Map::keys)
}

fn member<'a>(value: Option<&'a Value>, name: &str) -> Option<&'a Value> {
    value?.get(name)
}

fn is_function(members: &Map<String, Value>) -> bool {
    let mut names = members.keys();
    let only = names.next().filter(|_| names.next().is_none());
    only.is_some_and(|name| name == "Ref" || name.starts_with("Fn::"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::catalogue::resource_type;

    #[test]
    fn only_a_difference_at_the_path_counts() {
        // `/properties/A/B` and `/properties/Rules/*/Port` are create-only.
        let subject: ResourceType = serde_json::from_value(json!({
            "createOnlyProperties": ["/properties/A/B", "/properties/Rules/*/Port", "/properties/Name"],
            "conditionalCreateOnlyProperties": ["/properties/Engine"],
        }))
        .expect("a type");
        let cases = [
            ("A", json!({"B": 1, "C": 1}), json!({"B": 1, "C": 2}), Replacement::Never),
            ("A", json!({"B": 1}), json!({"B": 2}), Replacement::Always),
            ("A", json!({"C": 1}), json!({"C": 1, "B": 2}), Replacement::Always),
            ("A", json!({"B": 1}), json!({"Fn::If": ["X", {"B": 1}, {"B": 2}]}), Replacement::Always),
            ("A", Value::Null, json!({"C": 1}), Replacement::Never),
            (
                "Rules",
                json!([{"Port": 1, "Text": "a"}]),
                json!([{"Port": 1, "Text": "b"}]),
                Replacement::Never,
            ),
            ("Rules", json!([{"Port": 1}]), json!([{"Port": 1}, {"Port": 2}]), Replacement::Always),
            ("Name", json!({"Ref": "A"}), json!({"Ref": "B"}), Replacement::Always),
            ("Name", Value::Null, json!("x"), Replacement::Always),
            ("Engine", json!("mysql"), json!("postgres"), Replacement::Conditional),
            ("Other", json!(1), json!(2), Replacement::Never),
        ];
        for (property, before, after, expected) in cases {
            let some = |value: &Value| (!value.is_null()).then(|| value.clone());
            let (one, other) = (some(&before), some(&after));
            let found = subject.replacement_by(property, one.as_ref(), other.as_ref());
            assert_eq!(found, expected, "{property}: {before} to {after}");
        }
    }

    #[test]
    fn a_subnet_group_or_an_engine() {
        let database = resource_type("AWS::RDS::DBInstance").expect("databases are published");
        let (one, other) = (json!("a"), json!("b"));
        assert_eq!(
            database.replacement_by("DBSubnetGroupName", Some(&one), Some(&other)),
            Replacement::Always
        );
        assert_eq!(database.replacement_by("Engine", Some(&one), Some(&other)), Replacement::Conditional);
        assert_eq!(database.replacement_by("Engine", Some(&one), Some(&one)), Replacement::Never);
    }
}
