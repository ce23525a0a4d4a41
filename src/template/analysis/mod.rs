//! Answers about a template that the rest of the project asks: its parameters and outputs. May not judge: that is the linter's.

use std::collections::BTreeSet;

use serde_json::Value;

/// One entry of the `Parameters` section.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parameter {
    /// Logical name.
    pub name: String,
    /// CloudFormation type, for example `String` or `List<AWS::EC2::Subnet::Id>`.
    pub kind: String,
    /// The default in the form it is sent, if there is one.
    pub default: Option<String>,
    /// Whether the value is a secret.
    pub no_echo: bool,
    /// The only values allowed; empty when any is.
    pub allowed_values: Vec<String>,
    /// A regular expression that the whole value must match.
    pub allowed_pattern: Option<String>,
}

/// The parameters, by name.
pub fn parameters(template: &Value) -> Vec<Parameter> {
    let section = template.get("Parameters").and_then(Value::as_object);
    let read = |(name, declared): (&String, &Value)| Parameter {
        name: name.clone(),
        kind: text(declared, "Type").unwrap_or_else(|| "String".to_owned()),
        default: text(declared, "Default"),
        no_echo: text(declared, "NoEcho").is_some_and(|value| value.eq_ignore_ascii_case("true")),
        allowed_values: declared
            .get("AllowedValues")
            .and_then(Value::as_array)
            .map(|values| values.iter().filter_map(scalar).collect())
            .unwrap_or_default(),
        allowed_pattern: text(declared, "AllowedPattern"),
    };
    section.map(|section| section.iter().map(read).collect()).unwrap_or_default()
}

/// The names of the outputs.
pub fn outputs(template: &Value) -> BTreeSet<String> {
    let section = template.get("Outputs").and_then(Value::as_object);
    section.map(|section| section.keys().cloned().collect()).unwrap_or_default()
}

fn text(parent: &Value, key: &str) -> Option<String> {
    parent.get(key).and_then(scalar)
}

/// A scalar in the form CloudFormation sends and compares it: as text.
fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(value) => Some(value.to_string()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn parameters_are_read_as_text() {
        let template = json!({"Parameters": {
            "Size": {"Type": "Number", "Default": 20, "AllowedValues": [20, 40]},
            "Word": {"Type": "String", "NoEcho": true},
        }});
        let read = parameters(&template);
        assert_eq!(read[0].default.as_deref(), Some("20"));
        assert_eq!(read[0].allowed_values, ["20", "40"]);
        assert!(read[1].no_echo && read[1].default.is_none());
    }
}
