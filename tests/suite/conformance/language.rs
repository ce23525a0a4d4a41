//! `AWS::LanguageExtensions`, `Rules`, and macros that nobody can expand.

use rekindle::model::{ChangeAction, StackStatus};
use rekindle::port::{ChangeSetStatus, CreateStack, PortErrorKind, UpdateStack};
use serde_json::{Value, json};

use super::world::{World, creation, pairs, update};

fn looped() -> Value {
    json!({
        "Transform": "AWS::LanguageExtensions",
        "Parameters": {"Names": {"Type": "CommaDelimitedList"}},
        "Mappings": {"Delays": {"orders": {"Seconds": 5}}},
        "Resources": {"Fn::ForEach::Queues": ["Name", {"Ref": "Names"}, {
            "Queue${Name}": {"Type": "AWS::SQS::Queue", "Properties": {
                "DelaySeconds": {"Fn::FindInMap": ["Delays", {"Ref": "Name"}, "Seconds", {"DefaultValue": 7}]},
                "Tags": [{"Key": "plain", "Value": {"Fn::Sub": "${Name}-queue"}}]}}}]},
        "Outputs": {
            "Fn::ForEach::Arns": ["Name", {"Ref": "Names"}, {
                "Arn${Name}": {"Value": {"Fn::GetAtt": [{"Fn::Sub": "Queue${Name}"}, "Arn"]}}}],
            "Count": {"Value": {"Fn::Length": {"Ref": "Names"}}},
            "Json": {"Value": {"Fn::ToJsonString": {"names": {"Ref": "Names"}, "region": {"Ref": "AWS::Region"}}}},
        },
    })
}

fn creation_of(template: &Value, parameters: &[(&str, &str)]) -> CreateStack {
    let mut request = creation("network", template);
    request.body.capabilities = vec!["CAPABILITY_AUTO_EXPAND".to_owned()];
    request.body.parameters = pairs(parameters);
    request
}

fn update_of(stack: &str, template: &Value, parameters: &[(&str, &str)]) -> UpdateStack {
    let mut request = update(stack, template);
    request.body.capabilities = vec!["CAPABILITY_AUTO_EXPAND".to_owned()];
    request.body.parameters = pairs(parameters);
    request
}

pub async fn loops_are_written_out_and_the_source_comes_back(world: &World) {
    let request = creation_of(&looped(), &[("Names", "orders,bills")]);
    let id = world.cloud.create_stack(&request).await.unwrap();
    let stack = world.settled(&id).await;
    assert_eq!(stack.status, StackStatus::CreateComplete, "{:?}", stack.status_reason);
    assert_eq!(stack.outputs["Count"], "2");
    assert_eq!(stack.outputs["Json"], r#"{"names":["orders","bills"],"region":"eu-central-1"}"#);
    assert!(stack.outputs["Arnorders"].contains("Queueorders"), "{}", stack.outputs["Arnorders"]);
    let sent: Value = serde_json::from_str(&world.cloud.template(&id).await.unwrap()).unwrap();
    assert_eq!(sent, looped());

    let request = update_of(&id, &looped(), &[("Names", "orders,parcels")]);
    let (change_set, computed) = world.change_set("grow", &request).await;
    assert_eq!(computed.status, ChangeSetStatus::Ready);
    let mut lines: Vec<_> =
        computed.changes.iter().map(|change| (change.logical_id.as_str(), change.action)).collect();
    lines.sort();
    assert_eq!(lines, [("Queuebills", ChangeAction::Remove), ("Queueparcels", ChangeAction::Add)]);
    let stack = world.execute(&id, &change_set).await;
    assert_eq!(stack.status, StackStatus::UpdateComplete);
    assert!(stack.outputs.contains_key("Arnparcels") && !stack.outputs.contains_key("Arnbills"));
}

pub async fn loops_that_cannot_be_written_out_are_refused(world: &World) {
    let with = |resources: Value| {
        let mut template = looped();
        template["Resources"] = resources;
        template["Outputs"] = json!({});
        template
    };
    let queue = || json!({"Type": "AWS::SQS::Queue"});
    for resources in [
        json!({"Fn::ForEach::L": ["X", "a,b", {"Q${X}": queue()}]}),
        json!({"Fn::ForEach::L": ["X", {"Fn::GetAtt": ["Q", "Arn"]}, {"Q${X}": queue()}]}),
        json!({"Fn::ForEach::L": ["X", ["a"], {"Q": queue()}]}),
        json!({"Fn::ForEach::L": ["X", ["a", "a"], {"Q${X}": queue()}]}),
        json!({"Fn::ForEach::L": ["X", ["a-b"], {"Q${X}": queue()}]}),
    ] {
        let answer =
            world.cloud.create_stack(&creation_of(&with(resources.clone()), &[("Names", "a")])).await;
        assert_eq!(answer.expect_err(&resources.to_string()).kind, PortErrorKind::Invalid);
    }
}

pub async fn rules_are_judged_before_anything_is_made(world: &World) {
    let template = json!({
        "Parameters": {"Stage": {"Type": "String"}, "Sizes": {"Type": "CommaDelimitedList"}},
        "Rules": {"Large": {
            "RuleCondition": {"Fn::Equals": [{"Ref": "Stage"}, "production"]},
            "Assertions": [
                {"Assert": {"Fn::EachMemberIn": [{"Ref": "Sizes"}, ["large", "huge"]]}, "AssertDescription": "a production is large"},
                {"Assert": {"Fn::Not": [{"Fn::Contains": [["small"], {"Fn::Select": [0, ["x"]]}]}]}}]}},
        "Resources": {"Queue": {"Type": "AWS::SQS::Queue"}},
    });
    // Only rule functions may stand in a rule.
    let refused =
        world.cloud.create_stack(&creation_of(&template, &[("Stage", "test"), ("Sizes", "small")])).await;
    let refused = refused.unwrap_err().message;
    assert!(refused.contains("not supported in the Rules block of the template: [Fn::Select]"), "{refused}");

    let mut template = template;
    template["Rules"]["Large"]["Assertions"].as_array_mut().unwrap().pop();
    let request = creation_of(&template, &[("Stage", "production"), ("Sizes", "large,small")]);
    let refused = world.cloud.create_stack(&request).await.unwrap_err();
    assert_eq!(refused.kind, PortErrorKind::Invalid);
    assert!(refused.message.contains("a production is large"), "{}", refused.message);
    assert!(world.cloud.describe_stack("network").await.unwrap().is_none(), "nothing was made");

    let request = creation_of(&template, &[("Stage", "production"), ("Sizes", "large,huge")]);
    let id = world.cloud.create_stack(&request).await.unwrap();
    assert_eq!(world.settled(&id).await.status, StackStatus::CreateComplete);
    let request = update_of(&id, &template, &[("Stage", "production"), ("Sizes", "small")]);
    assert!(world.cloud.update_stack(&request).await.is_err());
}
