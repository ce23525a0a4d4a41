//! Rules L1 to L8, T11 and T12.

use std::collections::BTreeMap;

use insta::assert_snapshot;
use rekindle::port::{CloudFormation, StackBody, UpdateAnswer};
use serde_json::{Value, json};

use super::support::*;

/// A body with the transform and its capability.
fn extended(mut template: Value) -> StackBody {
    template["Transform"] = json!("AWS::LanguageExtensions");
    let mut body = body(template);
    body.capabilities.push("CAPABILITY_AUTO_EXPAND".to_owned());
    body
}

async fn refusal(body: StackBody) -> String {
    client(&[]).create_stack(&creation("demo", body)).await.unwrap_err().message
}

fn topics() -> Value {
    json!({
        "Parameters": {"Names": {"Type": "CommaDelimitedList", "Default": "orders, bills"}},
        "Resources": {"Fn::ForEach::Topics": ["Name", {"Ref": "Names"}, {
            "Topic${Name}": {"Type": "AWS::SNS::Topic", "Properties": {"DisplayName": {"Fn::Sub": "${Name} in ${AWS::Region}"}}}}]},
        "Outputs": {"Fn::ForEach::Names": ["Name", {"Ref": "Names"}, {
            "Name${Name}": {"Value": {"Fn::GetAtt": [{"Fn::Sub": "Topic${Name}"}, "TopicName"]}}}],
            "Json": {"Value": {"Fn::ToJsonString": {"b": {"Ref": "Names"}, "a": {"Ref": "Topicorders"}}}},
            "Count": {"Value": {"Fn::Length": {"Ref": "Names"}}}}
    })
}

#[tokio::test]
async fn l1_l2_l5_l6_a_template_is_expanded_and_kept_as_it_was_sent() {
    let client = client(&[]);
    let stack = create(&client, "demo", extended(topics())).await;
    assert_eq!(stack.status.as_str(), "CREATE_COMPLETE", "{:?}", stack.status_reason);
    let outputs: Vec<_> = stack.outputs.iter().map(|(name, value)| format!("{name}: {value}")).collect();
    assert_snapshot!(outputs.join("\n"), @r#"
        Count: 2
        Json: {"a":"arn:aws:sns:eu-central-1:111122223333:demo-Topicorders-5C3OS8Z92FE7","b":["orders","bills"]}
        Namebills: demo-Topicbills-QB3YX4C6JN1W
        Nameorders: demo-Topicorders-5C3OS8Z92FE7
        "#);
    let sent: Value = serde_json::from_str(&client.template(&stack.id).await.unwrap()).unwrap();
    assert!(sent["Resources"].get("Fn::ForEach::Topics").is_some(), "the original stage");
    let made: Vec<_> = events(&client, &stack.id).await.into_iter().map(|event| event.logical_id).collect();
    assert!(made.contains(&"Topicorders".to_owned()), "{made:?}");
}

#[tokio::test]
async fn l1_an_update_with_another_parameter_expands_anew() {
    let client = client(&[]);
    let stack = create(&client, "demo", extended(topics())).await;
    let unchanged = update_directly(&client, &stack.id, extended(topics()), "same").await;
    assert_eq!(unchanged, UpdateAnswer::NothingToDo);
    let (set, seen) =
        change(&client, &stack.id, with(extended(topics()), &[("Names", "orders,parcels")])).await;
    let lines: Vec<_> =
        set.changes.iter().map(|line| format!("{:?} {}", line.action, line.logical_id)).collect();
    assert_eq!(lines, ["Remove Topicbills", "Add Topicparcels"]);
    assert_eq!(seen.last().unwrap(), "UPDATE_COMPLETE");
}

#[tokio::test]
async fn l1_l8_what_is_not_declared_acknowledged_or_known_is_refused() {
    let declared = |transform: Value| {
        let mut body = extended(topics());
        let mut template: Value = serde_json::from_str(&body.template).unwrap();
        template["Transform"] = transform;
        body.template = template.to_string();
        body
    };
    let mut unacknowledged = extended(topics());
    unacknowledged.capabilities.clear();
    let embedded = json!({"Resources": {"T": {"Type": "AWS::SNS::Topic",
        "Properties": {"Fn::Transform": {"Name": "AWS::Include", "Parameters": {"Location": "s3://a/b"}}}}}});
    let texts = [
        refusal(body(topics())).await,
        refusal(unacknowledged).await,
        refusal(declared(json!(["AWS::LanguageExtensions", "AWS::Serverless-2016-10-31"]))).await,
        refusal(declared(json!({"Name": "Own", "Parameters": {}}))).await,
        refusal(extended(embedded)).await,
    ];
    assert_snapshot!(texts.join("\n"), @"
        ValidationError: Template format error: [/Outputs/Count/Value/Fn::Length] Fn::Length needs the transform AWS::LanguageExtensions
        InsufficientCapabilitiesException: Requires capabilities : [CAPABILITY_AUTO_EXPAND]
        ValidationError: Transform AWS::Serverless-2016-10-31 cannot be expanded by the embedded engine: it runs code inside AWS
        ValidationError: Transform Own cannot be expanded by the embedded engine: it runs code inside AWS
        ValidationError: Transform AWS::Include cannot be expanded by the embedded engine: it runs code inside AWS
        ");
}

#[tokio::test]
async fn l5_policies_follow_parameters() {
    let client = client(&[]);
    let template = json!({
        "Parameters": {"Stage": {"Type": "String"}, "Policy": {"Type": "String", "Default": "Retain"}},
        "Conditions": {"IsProduction": {"Fn::Equals": [{"Ref": "Stage"}, "production"]}},
        "Resources": {
            "Chosen": {"Type": "AWS::SNS::Topic", "DeletionPolicy": {"Fn::If": ["IsProduction", {"Ref": "Policy"}, "Delete"]}},
            "Plain": {"Type": "AWS::SNS::Topic", "DeletionPolicy": {"Ref": "Policy"}}}
    });
    let stack = create(&client, "demo", with(extended(template.clone()), &[("Stage", "test")])).await;
    client.delete_stack(&deletion(&stack.id, "delete")).await.unwrap();
    settle(&client, &stack.id).await;
    let skipped: Vec<_> = events(&client, &stack.id)
        .await
        .into_iter()
        .filter(|event| event.status == "DELETE_SKIPPED")
        .map(|event| event.logical_id)
        .collect();
    assert_eq!(skipped, ["Plain"]);
    let wrong = with(extended(template), &[("Stage", "production"), ("Policy", "Keep")]);
    assert_snapshot!(refusal(wrong).await, @"ValidationError: Template format error: [/Resources/Chosen] unknown variant `Keep`, expected one of `Delete`, `Retain`, `RetainExceptOnCreate`, `Snapshot`");
}

#[tokio::test]
async fn l7_bombs_and_too_many_resources_are_refused() {
    let items: Vec<String> = (0..30).map(|number| format!("i{number}")).collect();
    let nested = json!({"Resources": {"Fn::ForEach::A": ["A", items, {
        "Fn::ForEach::B": ["B", items, {"T${A}${B}": {"Type": "AWS::SNS::Topic"}}]}]}});
    let long = json!({"Type": "AWS::SNS::Topic", "Properties": {"DisplayName": "x".repeat(2_000)}});
    let bomb = json!({"Resources": {"Fn::ForEach::A": ["A", items, {
        "Fn::ForEach::B": ["B", items, {"T${A}${B}": long}]}]}});
    assert_snapshot!([refusal(extended(nested)).await, refusal(extended(bomb)).await].join("\n"), @"
        ValidationError: Template format error: Number of resources, 900, is greater than maximum allowed, 500
        ValidationError: Transform AWS::LanguageExtensions failed with: the expanded template is longer than 1048576 bytes (at /Resources/Fn::ForEach::A/2/Fn::ForEach::B/2/T${A}${B}/Properties/DisplayName)
        ");
}

fn ruled(rules: Value) -> Value {
    json!({
        "Parameters": {
            "Stage": {"Type": "String", "Default": "test"},
            "Sizes": {"Type": "CommaDelimitedList", "Default": "small,large"},
            "Vpc": {"Type": "AWS::EC2::VPC::Id", "Default": "vpc-0123456789abcdef0"}},
        "Rules": rules,
        "Resources": {"T": {"Type": "AWS::SNS::Topic"}}
    })
}

#[tokio::test]
async fn t11_rules_are_judged_before_anything_begins() {
    let rule = |condition: Value, assert: Value| {
        ruled(json!({"Sized": {"RuleCondition": condition, "Assertions": [
            {"Assert": assert, "AssertDescription": "a production is large"}]}}))
    };
    let is = |stage: &str| json!({"Fn::Equals": [{"Ref": "Stage"}, stage]});
    let never = json!({"Fn::EachMemberEquals": [{"Ref": "Sizes"}, "large"]});
    let holds = json!({"Fn::And": [
        {"Fn::Contains": [["test", "production"], {"Ref": "Stage"}]},
        {"Fn::EachMemberIn": [{"Ref": "Sizes"}, ["small", "medium", "large"]]},
        {"Fn::Not": [never]}]});
    for template in [rule(is("production"), never.clone()), rule(is("test"), holds)] {
        let stack = create(&client(&[]), "demo", body(template)).await;
        assert_eq!(stack.status.as_str(), "CREATE_COMPLETE");
    }
    let texts = [
        refusal(body(rule(is("test"), never.clone()))).await,
        refusal(body(ruled(
            json!({"R": {"Assertions": [{"Assert": never}, {"Assert": is("a"), "AssertDescription": "b"}]}}),
        )))
        .await,
        refusal(body(rule(is("test"), json!({"Fn::If": ["A", 1, 2]})))).await,
        refusal(body(rule(is("test"), json!({"Fn::Equals": [{"Ref": "Stage"}]})))).await,
        refusal(body(ruled(json!({"R": {"RuleCondition": is("test")}})))).await,
        refusal(body(rule(
            is("test"),
            json!({"Fn::EachMemberEquals": [{"Fn::RefAll": "AWS::EC2::Volume::Id"}, "a"]}),
        )))
        .await,
        refusal(body(rule(is("test"), json!({"Fn::Equals": [{"Fn::ValueOf": ["Vpc", "Tags.Team"]}, "a"]}))))
            .await,
    ];
    assert_snapshot!(texts.join("\n"), @"
        ValidationError: Template error: rule Sized failed: a production is large
        ValidationError: Template error: rule R failed: assertion 1 does not hold; rule R failed: b
        ValidationError: Template error: Following functions are not supported in the Rules block of the template: [Fn::If]
        ValidationError: Template error: Fn::Equals has the wrong number of values in a rule
        ValidationError: Template error: rule R has no list of Assertions
        ValidationError: Template error: rule Sized cannot be judged: the embedded cloud does not know Fn::RefAll of AWS::EC2::Volume::Id
        ValidationError: Template error: rule Sized cannot be judged: the embedded cloud does not know Tags.Team of the AWS::EC2::VPC::Id vpc-0123456789abcdef0
        ");
}

#[tokio::test]
async fn t11_rules_are_judged_in_change_sets_of_stacks_that_are_not_there() {
    let client = client(&[]);
    let never = json!({"Fn::Equals": [{"Ref": "Stage"}, "nowhere"]});
    let request = update("demo", body(ruled(json!({"R": {"Assertions": [{"Assert": never}]}}))), "r");
    let imports = BTreeMap::from([("Topic".to_owned(), "topic".to_owned())]);
    let review = client.create_review("first", &request).await.unwrap_err();
    let import = client.create_import("second", &request, &imports).await.unwrap_err();
    for refused in [review, import] {
        assert!(refused.message.ends_with("rule R failed: assertion 1 does not hold"), "{}", refused.message);
    }
    assert!(client.describe_stack("demo").await.unwrap().is_none(), "nothing is left in review");
}

#[tokio::test]
async fn t11_rules_see_the_networks_of_the_place() {
    let cloud = cloud(&[]);
    let client = client_of(&cloud);
    let network = json!({
        "Resources": {
            "Vpc": {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": "10.0.0.0/16", "Tags": [{"Key": "Team", "Value": "core"}]}},
            "Subnet": {"Type": "AWS::EC2::Subnet", "Properties": {"VpcId": {"Ref": "Vpc"}, "CidrBlock": "10.0.0.0/24"}}},
        "Outputs": {"Vpc": {"Value": {"Ref": "Vpc"}}, "Subnet": {"Value": {"Ref": "Subnet"}}}
    });
    let network = create(&client, "network", body(network)).await;
    let mut template = ruled(json!({"Placed": {"Assertions": [
        {"Assert": {"Fn::EachMemberEquals": [{"Fn::ValueOf": ["Subnets", "VpcId"]}, {"Ref": "Vpc"}]}},
        {"Assert": {"Fn::EachMemberIn": [{"Fn::ValueOfAll": ["AWS::EC2::Subnet::Id", "VpcId"]}, {"Fn::RefAll": "AWS::EC2::VPC::Id"}]}},
        {"Assert": {"Fn::Equals": [{"Fn::ValueOf": ["Vpc", "Tags.Team"]}, "core"]}}]}}));
    template["Parameters"]["Subnets"] = json!({"Type": "List<AWS::EC2::Subnet::Id>"});
    let values = [("Vpc", network.outputs["Vpc"].as_str()), ("Subnets", network.outputs["Subnet"].as_str())];
    let stack = create(&client, "web", with(body(template.clone()), &values)).await;
    assert_eq!(stack.status.as_str(), "CREATE_COMPLETE");
    template["Rules"]["Placed"]["Assertions"][2]["Assert"]["Fn::Equals"][1] = json!("web");
    let set = client.create_change_set("rules", &update(&stack.id, with(body(template), &values), "t")).await;
    assert_eq!(
        set.unwrap_err().message,
        "ValidationError: Template error: rule Placed failed: assertion 3 does not hold"
    );
}

#[tokio::test]
async fn t12_texts_that_double_in_every_step_end_the_resource() {
    let doubled = (0..40).fold(json!("x"), |inner, _| json!({"Fn::Sub": ["${A}${A}", {"A": inner}]}));
    let quoted = (0..40).fold(json!({"a": "b"}), |inner, _| json!({"a": {"Fn::ToJsonString": inner}}));
    for value in [doubled, quoted] {
        let template =
            json!({"Resources": {"A": {"Type": "AWS::SNS::Topic", "Properties": {"DisplayName": value}}}});
        let client = client(&[]);
        let stack = create(&client, "demo", extended(template)).await;
        assert_eq!(stack.status.as_str(), "ROLLBACK_COMPLETE");
        let failed = events(&client, &stack.id).await.into_iter().find(|event| event.is_root_failure());
        assert_eq!(
            failed.unwrap().reason.unwrap(),
            "Template error: the computed values are longer than 1048576 bytes"
        );
    }
}

#[tokio::test]
async fn t12_chains_and_circles_of_any_length_end() {
    let mut conditions = serde_json::Map::new();
    for number in 0..10_000 {
        let next = json!({"Fn::Not": [{"Condition": format!("C{:05}", number + 1)}]});
        conditions.insert(format!("C{number:05}"), next);
    }
    conditions.insert("C10000".to_owned(), json!({"Fn::Equals": [1, 1]}));
    let mut template = json!({"Conditions": conditions, "Resources": {"T": {"Type": "AWS::SNS::Topic"}}});
    let stack = create(&client(&[]), "demo", body(template.clone())).await;
    assert_eq!(stack.status.as_str(), "CREATE_COMPLETE");
    template["Conditions"]["C10000"] = json!({"Condition": "C00000"});
    let told = refusal(body(template)).await;
    assert!(
        told.starts_with("ValidationError: Template error: Circular dependencies for conditions [C"),
        "{told}"
    );
    assert!(told.len() < 300, "{told}");
    let circle: serde_json::Map<String, Value> = (0..500)
        .map(|number| {
            (
                format!("T{number:03}"),
                json!({"Type": "AWS::SNS::Topic", "DependsOn": format!("T{:03}", (number + 1) % 500)}),
            )
        })
        .collect();
    let told = refusal(body(json!({ "Resources": circle }))).await;
    assert!(
        told.starts_with("ValidationError: Circular dependency between resources: [T000, T001"),
        "{told}"
    );
}
