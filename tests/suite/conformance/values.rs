//! What templates evaluate to: functions, conditions, mappings, pseudo parameters, exports.

use std::collections::BTreeMap;

use rekindle::model::{StackEvent, StackStatus};
use rekindle::port::{PortErrorKind, UpdateAnswer};
use serde_json::{Value, json};

use super::world::{World, creation, deletion, pairs, queue, update};

/// Output name, expression, and its value by the CloudFormation template reference. `ACCOUNT`
/// stands for the account.
fn table() -> Vec<(&'static str, Value, &'static str)> {
    vec![
        ("Reference", json!({"Ref": "Size"}), "small"),
        ("Region", json!({"Ref": "AWS::Region"}), "eu-central-1"),
        ("Account", json!({"Ref": "AWS::AccountId"}), "ACCOUNT"),
        ("Name", json!({"Ref": "AWS::StackName"}), "network"),
        ("Partition", json!({"Ref": "AWS::Partition"}), "aws"),
        ("Suffix", json!({"Ref": "AWS::URLSuffix"}), "amazonaws.com"),
        ("Sub", json!({"Fn::Sub": "${AWS::Region}-${Size}-${!Literal}"}), "eu-central-1-small-${Literal}"),
        ("SubMap", json!({"Fn::Sub": ["${A}/${Size}", {"A": {"Fn::Join": ["", ["x", "y"]]}}]}), "xy/small"),
        ("Join", json!({"Fn::Join": [":", ["a", {"Ref": "Size"}, "c"]]}), "a:small:c"),
        ("JoinList", json!({"Fn::Join": ["-", {"Ref": "Zones"}]}), "a-b-c"),
        ("Select", json!({"Fn::Select": [1, {"Ref": "Zones"}]}), "b"),
        ("SelectText", json!({"Fn::Select": ["2", ["x", "y", "z"]]}), "z"),
        ("Split", json!({"Fn::Select": [1, {"Fn::Split": ["|", "a|b|c"]}]}), "b"),
        ("SplitEmpty", json!({"Fn::Join": ["+", {"Fn::Split": ["|", "a||c|"]}]}), "a++c+"),
        ("If", json!({"Fn::If": ["IsSmall", "yes", "no"]}), "yes"),
        ("IfNot", json!({"Fn::If": ["IsLarge", "yes", "no"]}), "no"),
        ("IfBoth", json!({"Fn::If": ["IsSmallAndNotLarge", "yes", "no"]}), "yes"),
        ("IfEither", json!({"Fn::If": ["IsLargeOrNeither", "yes", "no"]}), "no"),
        ("Map", json!({"Fn::FindInMap": ["Sizes", {"Ref": "Size"}, "Count"]}), "2"),
        ("MapRegion", json!({"Fn::FindInMap": ["Places", {"Ref": "AWS::Region"}, "City"]}), "Frankfurt"),
        ("Base64", json!({"Fn::Base64": {"Fn::Sub": "#!/bin/sh\n${Size}"}}), "IyEvYmluL3NoCnNtYWxs"),
        (
            "Cidr",
            json!({"Fn::Join": [",", {"Fn::Cidr": ["10.0.0.0/16", 3, 8]}]}),
            "10.0.0.0/24,10.0.1.0/24,10.0.2.0/24",
        ),
        ("Number", json!({"Ref": "Number"}), "007"),
        ("Zone", json!({"Fn::Select": [0, {"Fn::GetAZs": ""}]}), "eu-central-1a"),
    ]
}

fn evaluating(table: &[(&str, Value, &str)]) -> Value {
    let mut template = queue(5);
    template["Parameters"] = json!({
        "Size": {"Type": "String"},
        "Zones": {"Type": "CommaDelimitedList"},
        "Number": {"Type": "Number"},
    });
    template["Mappings"] = json!({
        "Sizes": {"small": {"Count": 2}, "large": {"Count": 9}},
        "Places": {"eu-central-1": {"City": "Frankfurt"}},
    });
    template["Conditions"] = json!({
        "IsSmall": {"Fn::Equals": [{"Ref": "Size"}, "small"]},
        "IsLarge": {"Fn::Equals": [{"Ref": "Size"}, "large"]},
        "IsSmallAndNotLarge": {"Fn::And": [{"Condition": "IsSmall"}, {"Fn::Not": [{"Condition": "IsLarge"}]}]},
        "IsLargeOrNeither": {"Fn::Or": [{"Condition": "IsLarge"}, {"Fn::Not": [{"Condition": "IsSmall"}]}]},
    });
    template["Resources"]["Absent"] = json!({"Type": "AWS::SQS::Queue", "Condition": "IsLarge"});
    template["Outputs"] = json!({"Absent": {"Condition": "IsLarge", "Value": {"Ref": "Absent"}}});
    for (name, expression, _) in table {
        template["Outputs"][*name] = json!({ "Value": expression });
    }
    template
}

pub async fn expressions_have_the_documented_values(world: &World) {
    let table = table();
    let mut request = creation("network", &evaluating(&table));
    request.body.parameters = pairs(&[("Size", "small"), ("Zones", "a, b ,c"), ("Number", "007")]);
    let id = world.cloud.create_stack(&request).await.unwrap();
    let stack = world.settled(&id).await;
    assert_eq!(stack.status, StackStatus::CreateComplete, "{:?}", stack.status_reason);
    let expected: BTreeMap<String, String> = table
        .iter()
        .map(|(name, _, value)| ((*name).to_owned(), value.replace("ACCOUNT", &world.account)))
        .collect();
    assert_eq!(stack.outputs, expected);
    let is_other = |event: &StackEvent| event.logical_id != "Absent";
    assert!(world.events(&id).await.iter().all(is_other), "its condition is false");
}

pub async fn templates_that_refer_to_nothing_are_refused(world: &World) {
    let mut unknown_reference = queue(5);
    unknown_reference["Outputs"]["Bad"] = json!({"Value": {"Ref": "Nobody"}});
    let mut unknown_dependency = queue(5);
    unknown_dependency["Resources"]["Queue"]["DependsOn"] = json!("Nobody");
    let mut circle = queue(5);
    circle["Resources"]["Queue"]["DependsOn"] = json!("Other");
    circle["Resources"]["Other"] = json!({"Type": "AWS::SQS::Queue", "DependsOn": "Queue"});
    let mut unknown_condition = queue(5);
    unknown_condition["Resources"]["Queue"]["Condition"] = json!("Nobody");
    // AWS: refused before anything is made. ministack accepts all of them: an unknown name is
    // taken as it stands, a circle fails the creation.
    let table = [
        ("reference", unknown_reference, StackStatus::CreateComplete),
        ("dependency", unknown_dependency, StackStatus::CreateComplete),
        ("condition", unknown_condition, StackStatus::CreateComplete),
        ("circle", circle, StackStatus::CreateFailed),
    ];
    for (name, template, on_ministack) in table {
        let answer = world.cloud.create_stack(&creation(name, &template)).await;
        if world.differs(false, true) {
            assert_eq!(world.settled(&answer.unwrap()).await.status, on_ministack, "{name}");
            continue;
        }
        assert_eq!(answer.unwrap_err().kind, PortErrorKind::Invalid, "{name}");
        assert_eq!(world.cloud.describe_stack(name).await.unwrap(), None, "nothing was made");
    }
}

fn exporting() -> Value {
    let mut template = queue(5);
    template["Outputs"]["Arn"]["Export"] = json!({"Name": "queue-arn"});
    template
}

pub async fn an_export_in_use_stays(world: &World) {
    let provider = world.create("provider", &exporting()).await;
    let mut template = queue(5);
    template["Outputs"]["Imported"] = json!({"Value": {"Fn::ImportValue": "queue-arn"}});
    let user = world.create("user", &template).await;
    assert_eq!(user.outputs["Imported"], provider.outputs["Arn"]);

    // AWS: the call is refused at once or the deletion fails; the stack stands either way.
    let answer = world.cloud.delete_stack(&deletion(&provider.id)).await;
    let after = world.settled(&provider.id).await;
    assert!(answer.is_err() || after.status == StackStatus::DeleteFailed, "{answer:?} {:?}", after.status);
    assert_eq!(after.outputs, provider.outputs);

    world.cloud.delete_stack(&deletion(&user.id)).await.unwrap();
    world.settled(&user.id).await;
    world.cloud.delete_stack(&deletion(&provider.id)).await.unwrap();
    assert_eq!(world.settled(&provider.id).await.status, StackStatus::DeleteComplete);
}

pub async fn a_retained_resource_outlives_its_stack(world: &World) {
    let mut template = queue(5);
    template["Resources"]["Kept"] = json!({"Type": "AWS::SQS::Queue", "DeletionPolicy": "Retain"});
    let stack = world.create("network", &template).await;
    world.cloud.delete_stack(&deletion(&stack.id)).await.unwrap();
    assert_eq!(world.settled(&stack.id).await.status, StackStatus::DeleteComplete);
    let events = world.events(&stack.id).await;
    let ends: Vec<_> = events
        .iter()
        .filter(|event| event.logical_id == "Kept" && event.status.starts_with("DELETE"))
        .map(|event| event.status.as_str())
        .collect();
    assert_eq!(ends, ["DELETE_SKIPPED"]);
}

pub async fn a_parameter_changes_what_depends_on_it(world: &World) {
    let mut template = queue(5);
    template["Parameters"] = json!({"Delay": {"Type": "Number"}});
    template["Resources"]["Queue"]["Properties"]["DelaySeconds"] = json!({"Ref": "Delay"});
    let mut request = creation("network", &template);
    request.body.parameters = pairs(&[("Delay", "5")]);
    let id = world.cloud.create_stack(&request).await.unwrap();
    world.settled(&id).await;
    let mut request = update(&id, &template);
    request.body.parameters = pairs(&[("Delay", "6")]);
    let (_, change_set) = world.change_set("first", &request).await;
    assert_eq!(change_set.changes[0].paths, ["Properties.DelaySeconds"]);
    assert_eq!(world.cloud.update_stack(&request).await.unwrap(), UpdateAnswer::Started);
    let after = world.settled(&id).await;
    assert_eq!((after.status, after.parameters["Delay"].as_str()), (StackStatus::UpdateComplete, "6"));
}
