//! Small questions about JSON as CloudFormation reads it.

use serde_json::Value;

/// A string, number or boolean as text: CloudFormation compares and joins scalars by their text.
pub fn text_of(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(boolean) => Some(boolean.to_string()),
        _ => None,
    }
}

/// Whether a key names an intrinsic function (the only key of its object, then).
pub fn is_function(key: &str) -> bool {
    key == "Ref" || key.starts_with("Fn::")
}

/// Whether `wanted` is a key anywhere in a tree.
pub fn has_key(value: &Value, wanted: &str) -> bool {
    match value {
        Value::Array(items) => items.iter().any(|item| has_key(item, wanted)),
        Value::Object(map) => map.iter().any(|(key, item)| key == wanted || has_key(item, wanted)),
        _ => false,
    }
}

/// Whether a name is a pseudo parameter.
/// Source: CloudFormation template reference, "Pseudo parameters".
pub fn is_pseudo_parameter(name: &str) -> bool {
    matches!(
        name,
        "AWS::AccountId"
            | "AWS::NoValue"
            | "AWS::NotificationARNs"
            | "AWS::Partition"
            | "AWS::Region"
            | "AWS::StackId"
            | "AWS::StackName"
            | "AWS::URLSuffix"
    )
}

/// A JSON pointer (RFC 6901) one step further, with `/` and `~` escaped.
pub fn pointer(parent: &str, segment: &str) -> String {
    format!("{parent}/{}", segment.replace('~', "~0").replace('/', "~1"))
}

/// How much memory a value takes, roughly: the bytes of its texts and a few for each node.
pub(super) fn weight(value: &Value) -> usize {
    const NODE: usize = 8;
    match value {
        Value::String(text) => NODE + text.len(),
        Value::Array(items) => NODE + items.iter().map(weight).sum::<usize>(),
        Value::Object(map) => NODE + map.iter().map(|(key, item)| key.len() + weight(item)).sum::<usize>(),
        _ => NODE,
    }
}
