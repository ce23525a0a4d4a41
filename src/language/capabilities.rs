//! What CloudFormation wants acknowledged before it takes a template.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::language::transforms::{EMBEDDED, declared, is_loop};
use crate::language::value::has_key;

/// The capabilities: `CAPABILITY_NAMED_IAM` for resources of IAM, `CAPABILITY_AUTO_EXPAND` for macros
/// (AWS CloudFormation API reference, CreateStack, `Capabilities`).
pub fn capabilities(template: &Value) -> BTreeSet<String> {
    let names_iam = template.get("Resources").is_some_and(has_iam);
    let has_macros = template.as_object().is_some_and(|template| !declared(template).is_empty());
    let expands = has_macros || has_key(template, EMBEDDED);
    let needed = [(names_iam, "CAPABILITY_NAMED_IAM"), (expands, "CAPABILITY_AUTO_EXPAND")];
    needed.into_iter().filter(|(is_needed, _)| *is_needed).map(|(_, name)| name.to_owned()).collect()
}

/// Whether a section, or the object of a loop in it, has resources of IAM.
fn has_iam(resources: &Value) -> bool {
    resources.as_object().into_iter().flatten().any(|(key, resource)| {
        if is_loop(key) {
            return resource.get(2).is_some_and(has_iam);
        }
        let kind = resource.get("Type").and_then(Value::as_str);
        kind.is_some_and(|name| name.starts_with("AWS::IAM::"))
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

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
