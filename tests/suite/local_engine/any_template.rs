//! Rules T1, T2 and T4 for templates nobody would write.

use proptest::prelude::*;
use rekindle::port::CloudFormation;
use serde_json::{Value, json};

use super::support::*;

/// Any JSON, with functions and names of functions in it more often than chance would put them there.
fn anything() -> impl Strategy<Value = Value> {
    let words = ["Ref", "T", "P", "AWS::NoValue", "T.Arn", "${T}-${P}${", "C", "10.0.0.0/16", ""];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        prop::sample::select(words.to_vec()).prop_map(Value::from),
        ".{0,8}".prop_map(Value::from),
    ];
    let functions = [
        "Ref",
        "Fn::GetAtt",
        "Fn::Sub",
        "Fn::Join",
        "Fn::Select",
        "Fn::Split",
        "Fn::If",
        "Fn::Equals",
        "Fn::And",
        "Fn::Or",
        "Fn::Not",
        "Fn::FindInMap",
        "Fn::Base64",
        "Fn::Cidr",
        "Fn::GetAZs",
        "Fn::ImportValue",
        "Condition",
        "Fn::Unknown",
    ];
    leaf.prop_recursive(4, 24, 4, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            (prop::sample::select(functions.to_vec()), inner.clone())
                .prop_map(|(name, value)| json!({name: value})),
            ("[A-Za-z]{1,4}", inner).prop_map(|(name, value)| json!({name: value})),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// T1, T2, T4: whatever a template says, it is refused, or it ends in a status that is not busy.
    #[test]
    fn t1_t2_t4_no_template_makes_the_engine_panic_or_hang(value in anything(), place in 0..6usize) {
        let mut template = json!({
            "Parameters": {"P": {"Type": "String", "Default": "a"}},
            "Conditions": {"C": {"Fn::Equals": ["a", {"Ref": "P"}]}},
            "Resources": {"T": {"Type": "AWS::SNS::Topic"}, "U": {"Type": "AWS::SQS::Queue"}}
        });
        match place {
            0 => template = value,
            1 => template["Resources"]["U"]["Properties"] = value,
            2 => template["Resources"]["U"]["Properties"] = json!({"Tags": value}),
            3 => template["Conditions"]["D"] = value,
            4 => template["Outputs"] = json!({"O": {"Value": value}}),
            _ => template["Parameters"]["Q"] = value,
        }
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let client = client(&[]);
            if let Ok(id) = client.create_stack(&creation("demo", body(template))).await {
                settle(&client, &id).await;
            }
        });
    }
}
