//! Whether a condition holds, as far as the values it reads are known while planning.

use serde_json::{Map, Value};

/// What a parameter's value is; `None` where that is not known.
pub(super) type Lookup<'a> = dyn Fn(&str) -> Option<String> + 'a;

/// Conditions that name each other deeper than this are taken for ones that go in a circle.
const DEEPEST: usize = 64;

/// The conditions of one template with the values of its parameters.
pub(super) struct Conditions<'a> {
    definitions: Option<&'a Map<String, Value>>,
    value_of: &'a Lookup<'a>,
}

impl<'a> Conditions<'a> {
    /// Those of `template`.
    pub(super) fn of(template: &'a Value, value_of: &'a Lookup<'a>) -> Self {
        Self { definitions: template.get("Conditions").and_then(Value::as_object), value_of }
    }

    /// Whether a resource is there: one without a condition is.
    pub(super) fn admit(&self, resource: &Value) -> Option<bool> {
        match resource.get("Condition") {
            None => Some(true),
            Some(name) => self.named(name, 0),
        }
    }

    fn named(&self, name: &Value, depth: usize) -> Option<bool> {
        let definition = self.definitions?.get(name.as_str()?)?;
        if depth < DEEPEST { self.holds(definition, depth + 1) } else { None }
    }

    /// A known part may decide although others are unknown.
    fn holds(&self, condition: &Value, depth: usize) -> Option<bool> {
        let (function, argument) = condition.as_object().filter(|call| call.len() == 1)?.iter().next()?;
        let parts = || argument.as_array().map(Vec::as_slice).unwrap_or_default();
        let mut truths = parts().iter().map(|part| self.holds(part, depth));
        match function.as_str() {
            "Condition" => self.named(argument, depth),
            "Fn::Not" => truths.next()?.map(|holds| !holds),
            "Fn::And" => {
                truths.try_fold(Some(true), |all, one| decide(all, one, false)).unwrap_or(Some(false))
            }
            "Fn::Or" => truths.try_fold(Some(false), |any, one| decide(any, one, true)).unwrap_or(Some(true)),
            "Fn::Equals" => match parts() {
                [left, right] => Some(self.text(left)? == self.text(right)?),
                _ => None,
            },
            _ => None,
        }
    }

    fn text(&self, value: &Value) -> Option<String> {
        match value {
            Value::String(text) => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            Value::Bool(truth) => Some(truth.to_string()),
            Value::Object(call) if call.len() == 1 => (self.value_of)(call.get("Ref")?.as_str()?),
            _ => None,
        }
    }
}

/// Goes on with what is known of the parts so far; ends (`None`) at one that decides.
fn decide(so_far: Option<bool>, one: Option<bool>, deciding: bool) -> Option<Option<bool>> {
    match one {
        Some(one) if one == deciding => None,
        Some(_) => Some(so_far),
        None => Some(None),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_known_decides_and_what_is_not_stays_open() {
        let yes = json!({"Fn::Equals": [{"Ref": "Size"}, "large"]});
        let no = json!({"Fn::Equals": [{"Ref": "Size"}, "small"]});
        let open = json!({"Fn::Equals": [{"Ref": "Later"}, "x"]});
        let table = [
            (yes.clone(), Some(true)),
            (no.clone(), Some(false)),
            (open.clone(), None),
            (json!({"Fn::Not": [no.clone()]}), Some(true)),
            (json!({"Fn::Not": [open.clone()]}), None),
            (json!({"Fn::And": [yes.clone(), yes.clone()]}), Some(true)),
            (json!({"Fn::And": [open.clone(), no.clone()]}), Some(false)),
            (json!({"Fn::And": [open.clone(), yes.clone()]}), None),
            (json!({"Fn::Or": [open.clone(), yes.clone()]}), Some(true)),
            (json!({"Fn::Or": [open.clone(), no.clone()]}), None),
            (json!({"Fn::Or": [no.clone(), no]}), Some(false)),
            (json!({"Condition": "Named"}), Some(true)),
            (json!({"Condition": "Circle"}), None),
            (json!({"Condition": "Absent"}), None),
            (json!({"Fn::Equals": [{"Ref": "AWS::Region"}, "eu-west-1"]}), None),
            (json!({"Fn::Equals": [true, "true"]}), Some(true)),
        ];
        for (definition, expected) in table {
            let template = json!({"Conditions": {
                "It": definition, "Named": yes, "Circle": {"Condition": "Circle"},
            }});
            let value_of = |name: &str| (name == "Size").then(|| "large".to_owned());
            let conditions = Conditions::of(&template, &value_of);
            assert_eq!(conditions.admit(&json!({"Condition": "It"})), expected, "{definition}");
        }
    }
}
