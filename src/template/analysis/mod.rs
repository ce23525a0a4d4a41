//! Answers about a template that the rest of the project asks: its parameters, outputs and
//! capabilities. May not judge: that is the linter's.

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

/// The macros the whole template goes through, in order.
pub fn transforms(template: &Value) -> Vec<String> {
    match template.get("Transform") {
        Some(Value::Array(names)) => names.iter().filter_map(macro_name).collect(),
        Some(name) => macro_name(name).into_iter().collect(),
        None => Vec::new(),
    }
}

/// The capabilities CloudFormation wants acknowledged: `CAPABILITY_NAMED_IAM` for resources of
/// IAM, `CAPABILITY_AUTO_EXPAND` for macros
/// (AWS CloudFormation API reference, CreateStack, `Capabilities`).
pub fn capabilities(template: &Value) -> BTreeSet<String> {
    let names_iam = template.get("Resources").is_some_and(has_iam);
    let expands = !transforms(template).is_empty() || has_key(template, "Fn::Transform");
    let needed = [(names_iam, "CAPABILITY_NAMED_IAM"), (expands, "CAPABILITY_AUTO_EXPAND")];
    needed.into_iter().filter(|(is_needed, _)| *is_needed).map(|(_, name)| name.to_owned()).collect()
}

/// Whether a section, or the object of a `Fn::ForEach` in it, has resources of IAM.
fn has_iam(resources: &Value) -> bool {
    resources.as_object().into_iter().flatten().any(|(key, resource)| {
        match key.starts_with("Fn::ForEach::") {
            true => resource.get(2).is_some_and(has_iam),
            false => {
                let kind = resource.get("Type").and_then(Value::as_str);
                kind.is_some_and(|name| name.starts_with("AWS::IAM::"))
            }
        }
    })
}

fn macro_name(value: &Value) -> Option<String> {
    scalar(value).or_else(|| text(value, "Name"))
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

fn has_key(value: &Value, key: &str) -> bool {
    match value {
        Value::Object(object) => object.iter().any(|(name, value)| name == key || has_key(value, key)),
        Value::Array(items) => items.iter().any(|item| has_key(item, key)),
        _ => false,
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

    #[test]
    fn capabilities_follow_from_types_and_macros() {
        let of = |template| capabilities(&template).into_iter().collect::<Vec<_>>();
        assert!(of(json!({"Resources": {"B": {"Type": "AWS::S3::Bucket"}}})).is_empty());
        assert_eq!(of(json!({"Resources": {"R": {"Type": "AWS::IAM::Role"}}})), ["CAPABILITY_NAMED_IAM"]);
        assert_eq!(of(json!({"Transform": "AWS::LanguageExtensions"})), ["CAPABILITY_AUTO_EXPAND"]);
        let inner = json!({"Fn::ForEach::M": ["Y", ["b"], {"R${X}${Y}": {"Type": "AWS::IAM::Role"}}]});
        let looped = json!({"Resources": {"Fn::ForEach::L": ["X", ["a"], inner]}});
        assert_eq!(of(looped), ["CAPABILITY_NAMED_IAM"]);
        assert_eq!(
            of(json!({"Resources": {"X": {"Fn::Transform": {"Name": "N"}}}})),
            ["CAPABILITY_AUTO_EXPAND"]
        );
    }
}
