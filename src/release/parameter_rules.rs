//! What a template says about its parameters, and checking a value against it.
//!
//! Source: AWS CloudFormation user guide, "Parameters section".

use std::collections::BTreeMap;

use serde_json::Value;

use crate::language::parameter_type::ParameterType;
use crate::language::pattern::matches_whole;
use crate::template::analysis::{Parameter, parameters};

/// Longest value of a parameter, in bytes (CloudFormation quotas).
const LONGEST_VALUE: usize = 4_096;

/// What a template says about one parameter.
#[derive(Debug)]
pub(super) struct ParameterRules {
    pub(super) declared: Parameter,
    /// Smallest and greatest number, shortest and longest text.
    bounds: [Option<f64>; 4],
}

/// The parameters that a template declares.
pub(super) fn rules(template: &Value) -> BTreeMap<String, ParameterRules> {
    let declared = parameters(template).into_iter();
    declared
        .map(|declared| {
            let value = &template["Parameters"][&declared.name];
            let bounds =
                ["MinValue", "MaxValue", "MinLength", "MaxLength"].map(|key| number(value.get(key)?));
            (declared.name.clone(), ParameterRules { declared, bounds })
        })
        .collect()
}

impl ParameterRules {
    /// Whether CloudFormation would take `value`; the error ends a sentence about the value.
    pub(super) fn check(&self, value: &str) -> Result<(), String> {
        if value.len() > LONGEST_VALUE {
            return Err(format!("has {} bytes, the limit is {LONGEST_VALUE}", value.len()));
        }
        let is_list = self.declared.kind == "CommaDelimitedList" || self.declared.kind.starts_with("List<");
        let items: Vec<&str> = if is_list { value.split(',').map(str::trim).collect() } else { vec![value] };
        items.into_iter().try_for_each(|item| self.check_item(item))
    }

    fn check_item(&self, item: &str) -> Result<(), String> {
        let [least, greatest, shortest, longest] = self.bounds;
        if matches!(self.declared.kind.as_str(), "Number" | "List<Number>") {
            let number: f64 = item.parse().map_err(|_| format!("is `{item}`, which is not a number"))?;
            within(number, least, greatest).map_err(|bound| format!("is {item}, {bound}"))?;
        }
        if self.declared.kind == "String" {
            let length = item.chars().count();
            within(length as f64, shortest, longest)
                .map_err(|bound| format!("has {length} characters, {bound}"))?;
        }
        if let Ok(kind) = self.declared.kind.parse::<ParameterType>()
            && !matches!(kind, ParameterType::Stored(_))
            && !kind.kind().fits(item)
        {
            return Err(format!("is `{item}`, which is no {}", kind.kind()));
        }
        let allowed = &self.declared.allowed_values;
        if !allowed.is_empty() && !allowed.iter().any(|value| value == item) {
            return Err(format!("is `{item}`, allowed are {}", allowed.join(", ")));
        }
        match &self.declared.allowed_pattern {
            Some(pattern) if !matches_whole(pattern, item).map_err(|error| error.to_string())? => {
                Err(format!("is `{item}`, which does not match `{pattern}`"))
            }
            _ => Ok(()),
        }
    }
}

fn within(number: f64, least: Option<f64>, greatest: Option<f64>) -> Result<(), String> {
    match (least, greatest) {
        (Some(least), _) if number < least => Err(format!("the least is {least}")),
        (_, Some(greatest)) if number > greatest => Err(format!("the most is {greatest}")),
        _ => Ok(()),
    }
}

fn number(value: &Value) -> Option<f64> {
    value.as_f64().or_else(|| value.as_str()?.parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn values_are_checked_as_cloudformation_does() {
        for (parameter, value, problem) in [
            (json!({"Type": "String"}), "anything", None),
            (json!({"Type": "Number"}), "x", Some("is `x`, which is not a number")),
            (json!({"Type": "Number", "MinValue": 1}), "0", Some("is 0, the least is 1")),
            (json!({"Type": "Number", "MaxValue": "5"}), "5.5", Some("is 5.5, the most is 5")),
            (json!({"Type": "String", "MinLength": 2}), "a", Some("has 1 characters, the least is 2")),
            (json!({"Type": "String", "AllowedValues": ["a", 1]}), "1", None),
            (json!({"Type": "String", "AllowedValues": ["a", "b"]}), "c", Some("is `c`, allowed are a, b")),
            (
                json!({"Type": "String", "AllowedPattern": "a+"}),
                "aab",
                Some("is `aab`, which does not match `a+`"),
            ),
            (json!({"Type": "CommaDelimitedList", "AllowedValues": ["a", "b"]}), "a, b", None),
            (json!({"Type": "List<Number>"}), "1,x", Some("is `x`, which is not a number")),
        ] {
            let rules = rules(&json!({"Parameters": {"P": parameter}}));
            assert_eq!(rules["P"].check(value).err().as_deref(), problem, "{parameter} {value}");
        }
        let long = "x".repeat(LONGEST_VALUE + 1);
        assert!(rules(&json!({"Parameters": {"P": {"Type": "String"}}}))["P"].check(&long).is_err());
    }
}
