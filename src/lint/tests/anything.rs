//! Any template at all: judging it ends, in bounded time and memory, with an answer.

use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::*;

const KEYS: [&str; 24] = [
    "Resources",
    "Parameters",
    "Conditions",
    "Mappings",
    "Outputs",
    "Rules",
    "Metadata",
    "Transform",
    "Type",
    "Properties",
    "DependsOn",
    "Condition",
    "Ref",
    "Fn::If",
    "Fn::Sub",
    "Fn::GetAtt",
    "Fn::Join",
    "Fn::Select",
    "Fn::FindInMap",
    "Fn::ForEach::L",
    "Fn::Transform",
    "Tags",
    "BucketName",
    "RekindleAccept",
];
const TEXTS: [&str; 12] = [
    "AWS::S3::Bucket",
    "AWS::LanguageExtensions",
    "A",
    "${A.b}",
    "${",
    "{{resolve:ssm:${A}",
    "AWS::NoValue",
    "",
    "*",
    "AWS::IAM::Role",
    "🦀",
    "List<Number>",
];

fn value() -> impl Strategy<Value = Value> {
    let scalar = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        any::<f32>().prop_map(|number| json!(number)),
        prop::sample::select(&TEXTS[..]).prop_map(Value::from),
    ];
    scalar.prop_recursive(7, 80, 6, |inner| {
        let entry = (prop::sample::select(&KEYS[..]), inner.clone());
        prop_oneof![
            prop::collection::vec(inner, 0..5).prop_map(Value::from),
            prop::collection::vec(entry, 0..5).prop_map(|entries| {
                let entries = entries.into_iter().map(|(key, value)| (key.to_owned(), value));
                Value::Object(entries.collect::<Map<_, _>>())
            }),
        ]
    })
}

proptest! {
    /// Whatever a template is, judging it ends, and every finding has a place.
    #[test]
    fn whatever_a_template_is_it_is_judged(sections in prop::collection::btree_map(prop::sample::select(&KEYS[..9]), value(), 0..6)) {
        let template = json!(sections).to_string();
        if let Ok(document) = read("t.json", template.as_bytes()) {
            for problem in lint(&document, Purpose::default()) {
                prop_assert!(problem.place.is_some(), "{}", problem.message);
                prop_assert!(!problem.message.is_empty());
            }
        }
    }

    #[test]
    fn whatever_bytes_are_offered_they_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        if let Ok(document) = crate::template::read_as_found("t", &bytes) {
            let _ = lint(&document, Purpose::default());
        }
    }
}

#[test]
fn circles_and_depth_take_bounded_time() {
    let resources: Vec<String> = (0..500)
        .map(|number| format!("R{number}: {{Type: 'AWS::SNS::Topic', DependsOn: R{}}}", (number + 1) % 500))
        .collect();
    let told = problems(&format!("Resources: {{{}}}\n", resources.join(", ")));
    assert!(
        told.contains("each resource needs the next: `R0` -> ") && told.contains("more) -> `R0`"),
        "{told}"
    );
    let deep = format!(
        "Resources: {{A: {{Type: 'AWS::SSM::Parameter', Properties: {{Type: String, Value: {}x{}}}}}}}\n",
        "{'Fn::If': [C, ".repeat(40),
        ", a]}".repeat(40)
    );
    assert!(problems(&deep).contains("there is no condition `C`"));
}

#[test]
fn loops_that_would_fill_the_memory_are_refused() {
    let items = (0..100).map(|number| format!("I{number}")).collect::<Vec<_>>().join(", ");
    let mut loops = "{'R${A}${B}${C}${D}': {Type: AWS::SNS::Topic}}".to_owned();
    for name in ["D", "C", "B", "A"] {
        loops = format!("{{'Fn::ForEach::Loop{name}': [{name}, [{items}], {loops}]}}");
    }
    let told = problems(&format!("Transform: AWS::LanguageExtensions\nResources: {loops}\n"));
    assert!(told.contains("[language-extensions] the expanded template is longer than"), "{told}");
}

#[test]
fn long_texts_are_judged_and_not_repeated_in_messages() {
    let resource = |value: &str| json!({"Resources": {"A": {"Type": "AWS::SNS::Topic", "Properties": {"DisplayName": value}}}});
    let unclosed = "${A".repeat(300_000);
    let unknown = format!("${{{}}}", "A".repeat(250_000));
    for template in [
        resource(&unclosed),
        json!({"Resources": {"A": {"Type": "AWS::SNS::Topic", "Properties": {"DisplayName": {"Fn::Sub": unknown}}}}}),
        json!({"Resources": {"A": {"Type": unknown}}}),
        json!({"Resources": {unknown.as_str(): {"Type": "AWS::SNS::Topic"}}}),
        json!({"Resources": {"A": {"Type": "AWS::SNS::Topic", "DependsOn": unknown, "Condition": unknown, "DeletionPolicy": unknown}}}),
        json!({"Resources": {"A": {"Type": "AWS::SNS::Topic", "Properties": {unknown.as_str(): 1}}}}),
        json!({"Resources": {"A": {"Type": "AWS::SNS::Topic", "Properties": {"DisplayName": {"Fn::GetAtt": unknown}}}}}),
    ] {
        let document = read("t.json", template.to_string().as_bytes()).unwrap();
        let found = lint(&document, Purpose::default());
        let told: usize =
            found.0.iter().map(|one| one.message.len() + one.hint.as_ref().map_or(0, String::len)).sum();
        assert!(told < 5_000, "{told} bytes: {:.200}", found.0.first().map_or("", |one| &one.message));
    }
}
