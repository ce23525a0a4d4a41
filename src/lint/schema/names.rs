//! Physical names that bite: longer than their service allows, also where parts of them are only
//! known while deploying.
//!
//! Sources: the services' API references; limits that the published schemas have are taken there.

use serde_json::Value;

use crate::lint::functions::{Call, Function, variables};

/// Longest names that no schema has a bound for: type, property, characters.
const LONGEST: [(&str, &str, u64); 9] = [
    ("AWS::ElasticLoadBalancingV2::LoadBalancer", "Name", 32),
    ("AWS::ElasticLoadBalancingV2::TargetGroup", "Name", 32),
    ("AWS::ElasticLoadBalancing::LoadBalancer", "LoadBalancerName", 32),
    ("AWS::IAM::Role", "RoleName", 64),
    ("AWS::IAM::User", "UserName", 64),
    ("AWS::Lambda::Function", "FunctionName", 64),
    ("AWS::RDS::DBInstance", "DBInstanceIdentifier", 63),
    ("AWS::S3::Bucket", "BucketName", 63),
    ("AWS::SQS::Queue", "QueueName", 80),
];

/// The longest name of a property, when it is one that no schema bounds.
pub(super) fn longest(kind: &str, property: &str) -> Option<u64> {
    LONGEST.iter().find(|(known, name, _)| *known == kind && *name == property).map(|(_, _, most)| *most)
}

/// The fewest characters that a value can have, whatever its unknown parts turn out to be.
pub(super) fn least_length(value: &Value) -> u64 {
    match (value, Call::of_value(value)) {
        (Value::String(text), _) if !text.contains("{{resolve:") => text.chars().count() as u64,
        (_, Some(Call { function: Function::Sub, argument, .. })) => {
            let text = argument.as_str().or_else(|| argument.get(0)?.as_str());
            text.filter(|text| !text.contains("{{resolve:")).map_or(0, least_of_substitution)
        }
        (_, Some(Call { function: Function::Join, argument: Value::Array(arguments), .. })) => {
            let delimiter = arguments.first().and_then(Value::as_str).unwrap_or_default();
            let Some(Value::Array(items)) = arguments.get(1) else { return 0 };
            let between = delimiter.chars().count() as u64 * (items.len() as u64).saturating_sub(1);
            between + items.iter().map(least_length).sum::<u64>()
        }
        (_, Some(Call { function: Function::Ref, argument: Value::String(name), .. })) => {
            least_of_variable(name)
        }
        _ => 0,
    }
}

fn least_of_substitution(text: &str) -> u64 {
    let written: u64 = text
        .split("${")
        .enumerate()
        .map(|(index, piece)| match (index, piece.split_once('}')) {
            (0, _) | (_, None) => piece,
            (_, Some((_, rest))) => rest,
        })
        .map(|piece| piece.chars().count() as u64)
        .sum();
    written + variables(text).map(least_of_variable).sum::<u64>()
}

/// Accounts have twelve digits, and no region's name is shorter than `us-east-1`.
fn least_of_variable(name: &str) -> u64 {
    match name {
        "AWS::AccountId" => 12,
        "AWS::Region" => 9,
        "AWS::StackName" => 1,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn lengths_count_what_is_certain() {
        for (value, expected) in [
            (json!("abc"), 3),
            (json!({"Fn::Sub": "${AWS::StackName}-${Name}-logs"}), 7),
            (json!({"Fn::Sub": ["${a}-x", {"a": "b"}]}), 2),
            (json!({"Fn::Join": ["-", ["ab", {"Ref": "AWS::Region"}, {"Ref": "P"}]]}), 13),
            (json!({"Ref": "P"}), 0),
            (json!(["a"]), 0),
        ] {
            assert_eq!(least_length(&value), expected, "{value}");
        }
        assert_eq!(longest("AWS::S3::Bucket", "BucketName"), Some(63));
    }
}
