//! Loops and names: AWS's own examples, what is refused, where things came from, and bombs.

use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

fn facts() -> Facts {
    Facts {
        parameters: BTreeMap::from([
            ("Zones".to_owned(), Some(json!(["a", "b"]))),
            ("Blocks".to_owned(), Some(json!(["10.0.1.0/24", "10.0.2.0/24"]))),
            ("Stage".to_owned(), Some(json!("Prod"))),
            ("Later".to_owned(), None),
        ]),
        pseudo: BTreeMap::from([("AWS::Region", json!("eu-central-1"))]),
        mappings: json!({"Lists": {"eu-central-1": {"Names": ["x", "y"]}}}).as_object().unwrap().clone(),
        conditions: BTreeMap::new(),
    }
}

fn expanded(template: &Value) -> Result<Expansion, String> {
    expand(template.as_object().unwrap(), &facts(), Unknown::Refuse).map_err(|error| error.to_string())
}

/// The resources that a section of this content expands to.
fn resources(resources: Value) -> Result<Value, String> {
    Ok(expanded(&json!({ "Resources": resources }))?.template["Resources"].clone())
}

#[test]
fn a_loop_is_written_out() {
    let made = resources(json!({
        "Fn::ForEach::Topics": ["Name", ["Success", "Failure"], {
            "Topic${Name}": {"Type": "AWS::SNS::Topic", "Properties": {
                "TopicName": {"Ref": "Name"}, "DisplayName": {"Fn::Sub": "${Name} of ${AWS::Region} ${!Name}"}}}
        }],
        "Plain": {"Type": "AWS::SNS::Topic"},
    }));
    assert_eq!(
        made.unwrap(),
        json!({
            "TopicSuccess": {"Type": "AWS::SNS::Topic", "Properties": {
                "TopicName": "Success", "DisplayName": {"Fn::Sub": "Success of ${AWS::Region} ${!Name}"}}},
            "TopicFailure": {"Type": "AWS::SNS::Topic", "Properties": {
                "TopicName": "Failure", "DisplayName": {"Fn::Sub": "Failure of ${AWS::Region} ${!Name}"}}},
            "Plain": {"Type": "AWS::SNS::Topic"},
        })
    );
}

#[test]
fn loops_nest_and_collections_come_from_wherever_they_are_known() {
    let keys = |collection: Value| {
        let made = resources(json!({"Fn::ForEach::L": ["X", collection, {"R&{X}": {"Type": "T"}}]}))?;
        Ok::<_, String>(made.as_object().unwrap().keys().cloned().collect::<Vec<_>>().join(" "))
    };
    assert_eq!(keys(json!({"Ref": "Zones"})).unwrap(), "Ra Rb");
    assert_eq!(keys(json!({"Ref": "Blocks"})).unwrap(), "R1001024 R1002024");
    assert_eq!(keys(json!({"Fn::FindInMap": ["Lists", {"Ref": "AWS::Region"}, "Names"]})).unwrap(), "Rx Ry");
    assert_eq!(
        keys(json!({"Fn::FindInMap": ["Lists", "nowhere", "Names", {"DefaultValue": ["d"]}]})).unwrap(),
        "Rd"
    );
    assert_eq!(keys(json!({"Fn::Split": ["/", "p/q"]})).unwrap(), "Rp Rq");
    assert_eq!(keys(json!([{"Ref": "Stage"}, 3])).unwrap(), "R3 RProd");
    let nested = resources(json!({"Fn::ForEach::Vpcs": ["Vpc", ["A", "B"], {
        "Vpc${Vpc}": {"Type": "AWS::EC2::VPC"},
        "Fn::ForEach::Subnets": ["Zone", {"Ref": "Zones"}, {
            "Subnet${Vpc}${Zone}": {"Type": "AWS::EC2::Subnet", "DependsOn": {"Fn::Sub": "Vpc${Vpc}"},
                "Properties": {"VpcId": {"Ref": {"Fn::Sub": "Vpc${Vpc}"}}}}}],
    }]}))
    .unwrap();
    let names: Vec<_> = nested.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(names, ["SubnetAa", "SubnetAb", "SubnetBa", "SubnetBb", "VpcA", "VpcB"]);
    assert_eq!(
        nested["SubnetBa"],
        json!({"Type": "AWS::EC2::Subnet", "DependsOn": "VpcB", "Properties": {"VpcId": {"Ref": "VpcB"}}})
    );
}

#[test]
fn loops_stand_in_properties_conditions_and_outputs() {
    let template = json!({
        "Conditions": {"Fn::ForEach::Is": ["Stage1", ["Prod", "Test"], {
            "Is${Stage1}": {"Fn::Equals": [{"Ref": "Stage"}, {"Ref": "Stage1"}]}}]},
        "Resources": {"A": {"Type": "T", "Condition": {"Fn::Sub": "Is${Stage}"},
            "DeletionPolicy": {"Fn::If": ["IsProd", "Retain", "Delete"]},
            "UpdateReplacePolicy": {"Fn::If": ["IsTest", "Retain", {"Ref": "Stage"}]},
            "Properties": {"Count": {"Fn::Length": {"Ref": "Zones"}}, "Tags": {
                "Fn::ForEach::Tags": ["Tag", ["a-1", "b"], {"tag-${Tag}": {"Ref": "Tag"}, "&{Tag}": 1}]}}}},
        "Outputs": {"Fn::ForEach::Out": ["Attribute", ["Arn", "Id"], {
            "A${Attribute}": {"Value": {"Fn::GetAtt": ["A", {"Ref": "Attribute"}]}}}]},
    });
    let made = Value::Object(expanded(&template).unwrap().template);
    assert_eq!(made["Conditions"]["IsTest"], json!({"Fn::Equals": [{"Ref": "Stage"}, "Test"]}));
    let mut resource = made["Resources"]["A"].clone();
    assert_eq!(
        resource["Properties"].take(),
        json!({"Count": 2, "Tags": {"tag-a-1": "a-1", "a1": 1, "tag-b": "b", "b": 1}})
    );
    assert_eq!(resource["Condition"], json!("IsProd"));
    assert_eq!(resource["DeletionPolicy"], json!("Retain"));
    assert_eq!(resource["UpdateReplacePolicy"], json!("Prod"));
    assert_eq!(made["Outputs"]["AArn"], json!({"Value": {"Fn::GetAtt": ["A", "Arn"]}}));
}

#[test]
fn placeholders_outside_keys_and_substitutions_stay_and_are_told() {
    let template = json!({"Resources": {"Fn::ForEach::L": ["X", ["a"], {"R${X}": {"Type": "T", "Properties": {
        "Plain": "${X}", "Key&{X}": {"Fn::Sub": "&{X}"}, "If": {"Fn::If": ["Is${X}", 1, 2]}}}}]}});
    let expansion = expanded(&template).unwrap();
    assert_eq!(
        expansion.template["Resources"]["Ra"]["Properties"],
        json!({"Plain": "${X}", "Key&{X}": {"Fn::Sub": "&{X}"}, "If": {"Fn::If": ["Isa", 1, 2]}})
    );
    let fragment = "/Resources/Fn::ForEach::L/2/R${X}/Properties";
    let expected = [format!("{fragment}/Key&{{X}}/Fn::Sub"), format!("{fragment}/Plain")];
    assert_eq!(expansion.literals.into_iter().collect::<Vec<_>>(), expected);
}

#[test]
fn everything_made_knows_where_it_came_from() {
    let template = json!({"Resources": {
        "Fn::ForEach::L": ["X", ["a", "b"], {
            "R${X}": {"Type": "T", "Properties": {"P": [1, {"Fn::ForEach::M": ["Y", ["c"], {"K${Y}": {"Z": 1}}]}]}},
            "Fn::ForEach::N": ["Y", ["d"], {"S${X}${Y}": {"Type": "T"}}]}],
        "Plain": {"Type": "T"}}});
    let expansion = expanded(&template).unwrap();
    for (pointer, source) in [
        ("/Resources/Plain/Type", "/Resources/Plain/Type"),
        ("/Resources/Rb/Type", "/Resources/Fn::ForEach::L/2/R${X}/Type"),
        (
            "/Resources/Ra/Properties/P/1/Kc/Z",
            "/Resources/Fn::ForEach::L/2/R${X}/Properties/P/1/Fn::ForEach::M/2/K${Y}/Z",
        ),
        ("/Resources/Sbd", "/Resources/Fn::ForEach::L/2/Fn::ForEach::N/2/S${X}${Y}"),
        ("/Parameters/A", "/Parameters/A"),
    ] {
        assert_eq!(expansion.source(pointer), source);
        let found = template.pointer(source);
        assert!(found.is_some() || source.starts_with("/Parameters"), "{source}");
    }
}

#[test]
fn what_cloudformation_refuses_is_refused_with_its_place() {
    let looped = |value: Value| json!({"Resources": {"Fn::ForEach::L": value}});
    let fragment = || json!({"R${X}": {"Type": "T"}});
    let cases = [
        looped(json!("X")),
        looped(json!(["X", ["a"]])),
        looped(json!(["X", "a,b", fragment()])),
        looped(json!(["X", {"Ref": "Stage"}, fragment()])),
        looped(json!(["X", {"Ref": "Later"}, fragment()])),
        looped(json!(["X", {"Fn::GetAtt": ["A", "Names"]}, fragment()])),
        looped(json!(["X", [["a"]], fragment()])),
        looped(json!(["X", ["a"], {"R": {"Type": "T"}}])),
        looped(json!(["X", ["a", "a"], fragment()])),
        looped(json!(["X", ["a-1"], fragment()])),
        json!({"Resources": {"L": {"Type": "T"}, "Fn::ForEach::L": ["X", ["a"], fragment()]}}),
        json!({"Resources": {"Fn::ForEach::L": ["X", ["a"], fragment()], "Ra": {"Type": "T"}}}),
        json!({"Resources": {"Fn::ForEach::L": ["X", ["a"], fragment()]},
               "Outputs": {"Fn::ForEach::L": ["X", ["a"], {"O${X}": {"Value": 1}}]}}),
        json!({"Outputs": {"Fn::ForEach::M": ["X", ["a b"], {"O${X}": {"Value": 1}}]}}),
        json!({"Mappings": {"Fn::ForEach::L": []}, "Resources": {}}),
        json!({"Metadata": {"A": {"Fn::Length": []}}, "Resources": {}}),
        json!({"Resources": {"A": {"Type": "T", "Properties": {"P": {"Fn::Length": {"Fn::GetAtt": "A.B"}}}}}}),
        json!({"Resources": {"A": {"Type": "T", "Properties": {"P": {"Fn::If": [{"Ref": "Stage"}, 1, 2]}}}}}),
        json!({"Resources": {"A": {"Type": "T", "DeletionPolicy": {"Fn::GetAtt": ["A", "B"]}}}}),
        json!({"Resources": {"A": {"Type": "T", "Properties": {"P": {"Ref": {"Ref": "Zones"}}}}}}),
        json!({"Conditions": {"A": {"Condition": "A"}}, "Resources": {}}),
    ];
    let told: Vec<_> = cases.iter().map(|template| expanded(template).unwrap_err()).collect();
    let told = told.join("\n").replace("Transform AWS::LanguageExtensions failed with: ", "");
    insta::assert_snapshot!(told);
}

#[test]
fn what_is_not_known_yet_can_be_kept() {
    let template = json!({"Resources": {
        "Fn::ForEach::L": ["X", {"Ref": "Later"}, {"R${X}": {"Type": "T"}}],
        "Fn::ForEach::M": ["Y", ["a", "b"], {
            "S${Y}": {"Type": "T", "DeletionPolicy": {"Ref": "Later"}},
            "Fn::ForEach::N": ["Z", {"Ref": "Later"}, {"U${Y}${Z}": {}}]}]}});
    let expansion = expand(template.as_object().unwrap(), &facts(), Unknown::Keep).unwrap();
    let keys: Vec<_> = expansion.template["Resources"].as_object().unwrap().keys().cloned().collect();
    assert_eq!(keys, ["Fn::ForEach::L", "Fn::ForEach::N", "Sa", "Sb"]);
    assert_eq!(
        expansion.kept.into_iter().collect::<Vec<_>>(),
        ["/Resources/Fn::ForEach::L", "/Resources/Fn::ForEach::M/2/Fn::ForEach::N"]
    );
}

/// Loops in loops over `count` items each, around `inner`.
fn bomb(depth: usize, count: usize, inner: Value) -> Value {
    let items: Vec<String> = (0..count).map(|index| format!("i{index}")).collect();
    (0..depth).rev().fold(inner, |inner, level| {
        json!({ format!("Fn::ForEach::L{level}"): [format!("X{level}"), items.clone(), inner] })
    })
}

#[test]
fn bombs_end_early_with_the_reason() {
    let key = (0..5).map(|level| format!("${{X{level}}}")).collect::<String>();
    let large = json!({"Type": "T", "Properties": {"P": "x".repeat(100)}});
    let nothing = json!({"Fn::FindInMap": ["Lists", "no", "no", {"DefaultValue": []}]});
    let long = json!({"Fn::Select": [0, [[], "x".repeat(100_000)]]});
    for (depth, count, inner, expected) in [
        (5, 20, json!({ format!("R{key}"): large }), "the expanded template is longer than"),
        (5, 1_000, json!({ format!("R{key}"): {} }), "the expanded template is longer than"),
        (5, 1_000, json!({"Fn::ForEach::Deep": ["Y", ["a"], {"R${Y}": {}}]}), "nested more than 5 deep"),
        (4, 1_000, json!({"Fn::ForEach::No": ["Y", nothing, {"R${Y}": {}}]}), "more than 100000 turns"),
        (4, 1_000, json!({"Fn::ForEach::No": ["Y", long, {"R${Y}": {}}]}), "collections of all turns"),
    ] {
        let told = resources(bomb(depth, count, inner)).unwrap_err();
        assert!(told.contains(expected), "{told}");
    }
}

/// Any JSON with loops and functions in it.
fn anything() -> impl Strategy<Value = Value> {
    let words = ["X", "${X}", "&{X}", "R${X}", "Zones", "Later", "a", "", "Retain"];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<i8>().prop_map(Value::from),
        prop::sample::select(words.to_vec()).prop_map(Value::from),
    ];
    let keys = [
        "Fn::ForEach::L",
        "Fn::ForEach::M",
        "Fn::ForEach::",
        "Ref",
        "Fn::Sub",
        "Fn::Length",
        "Fn::If",
        "Fn::GetAtt",
        "Fn::ToJsonString",
        "Fn::FindInMap",
        "R${X}",
        "S&{X}",
        "Condition",
        "DependsOn",
    ];
    leaf.prop_recursive(5, 40, 4, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            (prop::collection::vec(inner.clone(), 0..3), inner.clone())
                .prop_map(|(items, fragment)| json!({"Fn::ForEach::L": ["X", items, {"R${X}": fragment}]})),
            prop::collection::btree_map(prop::sample::select(keys.to_vec()), inner, 0..3)
                .prop_map(|map| map.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()),
        ]
    })
}

proptest! {
    /// Whatever it is: an answer, and every place of the result is found in the source or is a value
    /// put in as a whole.
    #[test]
    fn anything_expands_or_is_refused(section in anything(), keep in any::<bool>()) {
        let template = json!({ "Resources": section, "Conditions": {"Is${X}": {"Fn::Equals": ["a", "a"]}} });
        let unknown = if keep { Unknown::Keep } else { Unknown::Refuse };
        if let Ok(expansion) = expand(template.as_object().unwrap(), &facts(), unknown)
            && let Some(resources) = expansion.template["Resources"].as_object()
        {
            for key in resources.keys() {
                let source = expansion.source(&crate::language::pointer("/Resources", key));
                prop_assert!(template.pointer(&source).is_some(), "{source}");
            }
        }
    }
}
