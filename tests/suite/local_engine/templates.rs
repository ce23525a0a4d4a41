//! Rules T1 to T12.

use insta::assert_snapshot;
use rekindle::port::{CloudFormation, StackBody};
use serde_json::{Value, json};

use super::support::*;

fn refused_body() -> Value {
    json!({"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}})
}

/// A body whose macros are acknowledged.
fn extended(template: Value) -> StackBody {
    let mut body = body(template);
    body.capabilities.push("CAPABILITY_AUTO_EXPAND".to_owned());
    body
}

async fn refusal(body: StackBody) -> String {
    client(&[]).create_stack(&creation("demo", body)).await.unwrap_err().message
}

async fn refusals(templates: &[Value]) -> String {
    let mut all = Vec::new();
    for template in templates {
        all.push(refusal(body(template.clone())).await);
    }
    all.join("\n")
}

/// The outputs of a template with one topic, the given sections, and these outputs.
async fn outputs(
    mut template: Value,
    outputs: &[(&str, Value)],
    body_of: impl Fn(Value) -> StackBody,
) -> String {
    let root = template.as_object_mut().unwrap();
    root.entry("Resources").or_insert_with(|| json!({"Topic": {"Type": "AWS::SNS::Topic"}}));
    let values = outputs.iter().map(|(name, value)| ((*name).to_owned(), json!({"Value": value})));
    root.insert("Outputs".to_owned(), Value::Object(values.collect()));
    let stack = create(&client(&[]), "demo", body_of(template)).await;
    assert_eq!(stack.status.as_str(), "CREATE_COMPLETE", "{:?}", stack.status_reason);
    stack.outputs.iter().map(|(name, value)| format!("{name}: {value}")).collect::<Vec<_>>().join("\n")
}

#[tokio::test]
async fn t1_what_is_no_template_is_refused() {
    let topics = |count: usize| -> Value {
        let topics = (0..count).map(|number| (format!("T{number}"), json!({"Type": "AWS::SNS::Topic"})));
        Value::Object(topics.collect())
    };
    let texts = refusals(&[
        json!([]),
        json!({}),
        json!({"Resources": {"A": {"Type": "AWS::SNS::Topic"}}, "Resource": {}}),
        json!({"Resources": {"A": {"Type": "AWS::SNS::Topic", "Propertys": {}}}}),
        json!({"Resources": {"A": {"Properties": {}}}}),
        json!({"Resources": {"A": {"Type": "AWS::SNS::Topic", "Properties": []}}}),
        json!({"Resources": {"Ä-1": {"Type": "AWS::SNS::Topic"}}}),
        json!({"Resources": topics(501)}),
        json!({"Resources": topics(1), "Transform": "AWS::Serverless-2016-10-31"}),
        json!({"Resources": {"Fn::ForEach::Each": ["A", [], {}]}}),
        json!({"Resources": topics(1), "Rules": []}),
        json!({"Resources": {"A": {"Type": "AWS::SNS::Topic", "Properties": {"DisplayName": {"Fn::GetStackOutput": {}}}}}}),
        json!({"Resources": {"A": {"Type": "AWS::SNS::Topic", "Properties": {"Fn::Transform": {"Name": "AWS::Include"}}}}}),
        json!({"Resources": {"Child": {"Type": "AWS::CloudFormation::Stack"}}}),
    ])
    .await;
    assert_snapshot!(texts, @"
        ValidationError: Template format error: unsupported structure.
        ValidationError: Template format error: At least one Resources member must be defined.
        ValidationError: Template format error: Invalid template property or properties [Resource]
        ValidationError: Template format error: [/Resources/A] unknown field `Propertys`, expected one of `Type`, `Properties`, `Metadata`, `Condition`, `DependsOn`, `DeletionPolicy`, `UpdateReplacePolicy`, `CreationPolicy`, `UpdatePolicy`, `Description`
        ValidationError: Template format error: [/Resources/A] missing field `Type`
        ValidationError: Template format error: [/Resources/A/Properties] must be an object
        ValidationError: Template format error: Resource name Ä-1 is non alphanumeric.
        ValidationError: Template format error: Number of resources, 501, is greater than maximum allowed, 500
        ValidationError: Transform AWS::Serverless-2016-10-31 cannot be expanded by the embedded engine: it runs code inside AWS
        ValidationError: Template format error: [/Resources/Fn::ForEach::Each] resource definition is malformed
        ValidationError: Template format error: [/Rules] must be an object
        ValidationError: Fn::GetStackOutput is not supported by the embedded engine yet
        ValidationError: Transform AWS::Include cannot be expanded by the embedded engine: it runs code inside AWS
        ValidationError: Template format error: [/Resources/Child/Properties] must have the property TemplateURL
        ");
    let mut not_json = body(refused_body());
    not_json.template = "Resources: {}".to_owned();
    assert_snapshot!(refusal(not_json).await, @"ValidationError: Template format error: JSON not well-formed. (line 1, column 1)");
}

/// What is not there under the conditions that hold is refused before anything begins, in outputs too.
#[tokio::test]
async fn t3_outputs_need_what_is_there_and_exports_a_fine_name() {
    let template = |output: Value| {
        json!({
            "Conditions": {"No": {"Fn::Equals": ["a", "b"]}},
            "Resources": {
                "A": {"Type": "AWS::SNS::Topic"},
                "B": {"Type": "AWS::SNS::Topic", "Condition": "No"},
            },
            "Outputs": {"O": output},
        })
    };
    let texts = refusals(&[
        template(json!({"Value": {"Ref": "B"}})),
        template(json!({"Value": {"Fn::If": ["No", "x", {"Fn::GetAtt": ["B", "TopicArn"]}]}})),
        template(json!({"Value": "x", "Export": {"Name": {"Fn::Sub": "data_${AWS::Region}"}}})),
        template(json!({"Value": {"Fn::If": ["No", "x", {"Ref": "AWS::NoValue"}]}})),
        template(json!({"Value": {"Fn::Split": [",", "a,b"]}})),
    ])
    .await;
    assert_snapshot!(texts, @"
    ValidationError: Template format error: Unresolved resource dependencies [B] in the Outputs block of the template
    ValidationError: Template format error: Unresolved resource dependencies [B] in the Outputs block of the template
    ValidationError: Template format error: Output O is malformed. The Name field of every Export member must be specified and consist only of alphanumeric characters, colons, or hyphens.
    ValidationError: Template format error: Output O is malformed. The Value field of every Outputs member must evaluate to a String.
    ValidationError: Template format error: Output O is malformed. The Value field of every Outputs member must evaluate to a String.
    ");
    let fine = [
        json!({"Value": {"Ref": "B"}, "Condition": "No"}),
        json!({"Value": {"Fn::If": ["No", {"Ref": "B"}, "x"]}}),
        json!({"Value": "x", "Export": {"Name": {"Fn::Sub": "data:${AWS::Region}-1"}}}),
        json!({"Value": "x", "Export": {"Name": "a_b"}, "Condition": "No"}),
    ];
    for output in fine {
        let stack = create(&client(&[]), "demo", body(template(output.clone()))).await;
        assert!(stack.status.is_healthy(), "{output}");
    }
}

#[tokio::test]
async fn t2_names_must_exist_and_not_form_a_circle() {
    let with_property = |value: Value| json!({"Resources": {"A": {"Type": "AWS::SNS::Topic", "Properties": {"DisplayName": value}}}});
    let texts = refusals(&[
        with_property(json!({"Ref": "Absent"})),
        json!({"Resources": {"A": {"Type": "AWS::SNS::Topics"}, "B": {"Type": "Custom::B"}, "C": {"Type": "C::C::C"}}}),
        with_property(json!({"Fn::Sub": "${Absent.Arn}"})),
        with_property(json!({"Fn::If": ["Absent", 1, 2]})),
        with_property(json!({"Fn::GetAtt": ["A", "Arn"]})),
        with_property(json!({"Ref": "A"})),
        json!({"Resources": {"A": {"Type": "AWS::SNS::Topic", "DependsOn": "B"}}}),
        json!({"Resources": {"A": {"Type": "AWS::SNS::Topic", "Condition": "Absent"}}}),
        json!({"Resources": {
            "A": {"Type": "AWS::SNS::Topic", "DependsOn": "B"},
            "B": {"Type": "AWS::SNS::Topic", "Properties": {"DisplayName": {"Ref": "A"}}}
        }}),
        json!({"Conditions": {"A": {"Condition": "B"}, "B": {"Condition": "A"}}, "Resources": {"T": {"Type": "AWS::SNS::Topic"}}}),
        json!({"Resources": {"A": {"Type": "AWS::SNS::Topic"}}, "Outputs": {"O": {"Value": {"Ref": "Absent"}}}}),
    ])
    .await;
    assert_snapshot!(texts, @"
        ValidationError: Template format error: Unresolved resource dependencies [Absent] in the Resources block of the template
        ValidationError: Template format error: Unrecognized resource types: [AWS::SNS::Topics, C::C::C]
        ValidationError: Template format error: Unresolved resource dependencies [Absent] in the Resources block of the template
        ValidationError: Template format error: Unresolved condition dependency Absent in the template
        ValidationError: Template error: resource A does not support attribute type Arn in Fn::GetAtt
        ValidationError: Circular dependency between resources: [A]
        ValidationError: Template format error: Unresolved resource dependencies [B] in the Resources block of the template
        ValidationError: Template format error: Unresolved condition dependency Absent in the template
        ValidationError: Circular dependency between resources: [A, B]
        ValidationError: Template error: Circular dependencies for conditions [A, B]
        ValidationError: Template format error: Unresolved resource dependencies [Absent] in the Outputs block of the template
        ");
}

#[tokio::test]
async fn t3_only_what_the_conditions_leave_exists() {
    let template = |size: &str| {
        json!({
            "Parameters": {"Size": {"Type": "String", "Default": size}},
            "Conditions": {
                "Large": {"Fn::Equals": [{"Ref": "Size"}, "large"]},
                "Small": {"Fn::Not": [{"Condition": "Large"}]}
            },
            "Resources": {
                "Always": {"Type": "AWS::SNS::Topic", "DependsOn": "Sometimes", "Properties": {
                    "DisplayName": {"Fn::If": ["Large", {"Ref": "Sometimes"}, {"Ref": "AWS::NoValue"}]}
                }},
                "Sometimes": {"Type": "AWS::SNS::Topic", "Condition": "Large"}
            },
            "Outputs": {
                "Small": {"Condition": "Small", "Value": "yes"},
                "Large": {"Condition": "Large", "Value": {"Ref": "Sometimes"}}
            }
        })
    };
    let client = client(&[]);
    let small = create(&client, "small", body(template("small"))).await;
    assert_eq!(small.outputs.keys().collect::<Vec<_>>(), ["Small"]);
    assert!(!timeline(&client, "small").await.contains("Sometimes"));
    let large = create(&client, "large", body(template("large"))).await;
    assert_eq!(large.outputs.keys().collect::<Vec<_>>(), ["Large"]);
    let broken = json!({
        "Conditions": {"Never": {"Fn::Equals": ["a", "b"]}},
        "Resources": {
            "A": {"Type": "AWS::SNS::Topic", "Condition": "Never"},
            "B": {"Type": "AWS::SNS::Topic", "Properties": {"DisplayName": {"Ref": "A"}}}
        }
    });
    assert_snapshot!(refusal(body(broken)).await, @"ValidationError: Template format error: Unresolved resource dependencies [A] in the Resources block of the template");
}

#[tokio::test]
async fn t4_functions() {
    let sections = json!({
        "Transform": "AWS::LanguageExtensions",
        "Parameters": {"Names": {"Type": "CommaDelimitedList", "Default": "a, b,c"}, "Count": {"Type": "Number", "Default": 2}},
        "Mappings": {"Regions": {"eu-central-1": {"Image": "ami-1", "Zones": ["x", "y"]}}},
        "Conditions": {
            "And": {"Fn::And": [{"Fn::Equals": ["1", 1]}, {"Fn::Equals": [{"Ref": "Count"}, 2]}]},
            "Or": {"Fn::Or": [{"Fn::Equals": ["a", "b"]}, {"Fn::Not": [{"Condition": "And"}]}]}
        }
    });
    let join = |list: Value| json!({"Fn::Join": ["|", list]});
    let values = [
        ("And", json!({"Fn::If": ["And", "holds", "does not"]})),
        ("Base64", json!({"Fn::Base64": {"Fn::Sub": "#!/bin/sh\necho ${Count} ${!Literal}"}})),
        ("Cidr", join(json!({"Fn::Cidr": ["10.0.0.0/16", 3, 8]}))),
        ("CidrSix", join(json!({"Fn::Cidr": ["2001:db8::/56", "2", "64"]}))),
        ("FindInMap", json!({"Fn::FindInMap": ["Regions", {"Ref": "AWS::Region"}, "Image"]})),
        (
            "FindInMapDefault",
            json!({"Fn::FindInMap": ["Regions", "eu-west-1", "Image", {"DefaultValue": "none"}]}),
        ),
        ("FindInMapList", join(json!({"Fn::FindInMap": ["Regions", "eu-central-1", "Zones"]}))),
        ("GetAtt", json!({"Fn::GetAtt": "Topic.TopicName"})),
        ("GetAttOneText", json!({"Fn::GetAtt": ["Topic.TopicName"]})),
        ("GetAttComputed", json!({"Fn::GetAtt": ["Topic", {"Fn::Sub": "TopicName"}]})),
        ("Join", join(json!({"Ref": "Names"}))),
        ("Or", json!({"Fn::If": ["Or", "holds", "does not"]})),
        ("Select", json!({"Fn::Select": ["1", {"Ref": "Names"}]})),
        ("Split", join(json!({"Fn::Split": [".", "1.2.3"]}))),
        ("Sub", json!({"Fn::Sub": "${AWS::Region}/${Count}/${Topic.TopicName}"})),
        ("SubVariables", json!({"Fn::Sub": ["${A}-${Count}", {"A": {"Fn::Select": [0, {"Ref": "Names"}]}}]})),
    ];
    assert_snapshot!(outputs(sections, &values, extended).await, @"
        And: holds
        Base64: IyEvYmluL3NoCmVjaG8gMiAke0xpdGVyYWx9
        Cidr: 10.0.0.0/24|10.0.1.0/24|10.0.2.0/24
        CidrSix: 2001:db8::/64|2001:db8:0:1::/64
        FindInMap: ami-1
        FindInMapDefault: none
        FindInMapList: x|y
        GetAtt: demo-Topic-1KAGERT9Z5VA
        GetAttComputed: demo-Topic-1KAGERT9Z5VA
        GetAttOneText: demo-Topic-1KAGERT9Z5VA
        Join: a|b|c
        Or: does not
        Select: b
        Split: 1|2|3
        Sub: eu-central-1/2/demo-Topic-1KAGERT9Z5VA
        SubVariables: a-2
        ");
}

#[tokio::test]
async fn t4_wrong_arguments_fail_the_resource_with_the_reason() {
    let cases = [
        json!({"Fn::Select": [3, ["a"]]}),
        json!({"Fn::Select": ["x", ["a"]]}),
        json!({"Fn::FindInMap": ["A", "b", "c"]}),
        json!({"Fn::Join": [",", "text"]}),
        json!({"Fn::Split": ["", "a"]}),
        json!({"Fn::Cidr": ["10.0.0.0/24", 3, 7]}),
        json!({"Fn::Sub": "${a b}"}),
        json!({"Fn::Length": [1]}),
        json!({"Fn::ImportValue": "absent"}),
        json!({"Fn::Base64": ["a"]}),
    ];
    let mut reasons = Vec::new();
    for case in cases {
        let client = client(&[]);
        let template =
            json!({"Resources": {"A": {"Type": "AWS::SNS::Topic", "Properties": {"DisplayName": case}}}});
        match client.create_stack(&creation("demo", body(template))).await {
            Err(error) => reasons.push(error.message),
            Ok(id) => {
                assert_eq!(settle(&client, &id).await.0.status.as_str(), "ROLLBACK_COMPLETE");
                let failed = events(&client, &id).await.into_iter().find(|event| event.is_root_failure());
                reasons.push(failed.unwrap().reason.unwrap());
            }
        }
    }
    assert_snapshot!(reasons.join("\n"), @"
        Template error: Fn::Select cannot select nonexistent value at index 3
        Template error: Fn::Select requires an integer index, not x
        Template error: Unable to get mapping for A::b::c
        Template error: Fn::Join: expected a list, not a string
        Template error: Fn::Split: the delimiter must not be empty
        Template error: Fn::Cidr cannot take 3 networks of 7 subnet bits out of 10.0.0.0/24
        ValidationError: Template format error: Unresolved resource dependencies [a b] in the Resources block of the template
        ValidationError: Template format error: [/Resources/A/Properties/DisplayName/Fn::Length] Fn::Length needs the transform AWS::LanguageExtensions
        No export named absent found.
        Template error: Fn::Base64: expected a string, not a list
        ");
}

#[tokio::test]
async fn t5_t10_pseudo_parameters_and_zones() {
    let values = [
        ("Account", json!({"Ref": "AWS::AccountId"})),
        ("Id", json!({"Ref": "AWS::StackId"})),
        ("Name", json!({"Ref": "AWS::StackName"})),
        ("Notifications", json!({"Fn::Join": [",", {"Ref": "AWS::NotificationARNs"}]})),
        ("Partition", json!({"Ref": "AWS::Partition"})),
        ("Suffix", json!({"Ref": "AWS::URLSuffix"})),
        ("Zones", json!({"Fn::Join": [",", {"Fn::GetAZs": ""}]})),
        ("ZonesOfNothing", json!({"Fn::Join": [",", {"Fn::GetAZs": null}]})),
        ("ZonesElsewhere", json!({"Fn::Join": [",", {"Fn::GetAZs": "ap-northeast-1"}]})),
        ("Without", json!({"Fn::Join": [",", ["a", {"Ref": "AWS::NoValue"}, "b"]]})),
    ];
    let body_of = |template| {
        let mut body = body(template);
        body.notifications = vec!["arn:aws:sns:eu-central-1:111122223333:events".to_owned()];
        body
    };
    assert_snapshot!(outputs(json!({}), &values, body_of).await, @"
        Account: 111122223333
        Id: arn:aws:cloudformation:eu-central-1:111122223333:stack/demo/1f01676f-237e-4b49-a4cf-cc51a6a61b2f
        Name: demo
        Notifications: arn:aws:sns:eu-central-1:111122223333:events
        Partition: aws
        Suffix: amazonaws.com
        Without: a,b
        Zones: eu-central-1a,eu-central-1b,eu-central-1c
        ZonesElsewhere: ap-northeast-1a,ap-northeast-1c,ap-northeast-1d
        ZonesOfNothing: eu-central-1a,eu-central-1b,eu-central-1c
        ");
}

#[tokio::test]
async fn t6_parameters() {
    let template = |parameter: Value| json!({"Parameters": {"P": parameter}, "Resources": {"T": {"Type": "AWS::SNS::Topic"}}});
    let long = "x".repeat(4_097);
    let cases = [
        (json!({"Type": "String"}), None),
        (json!({"Type": "String", "AllowedValues": ["a", 1]}), Some("b")),
        (json!({"Type": "String", "AllowedPattern": "[a-z]+"}), Some("abc1")),
        (json!({"Type": "String", "AllowedPattern": "(?!aws)[a-z]+"}), Some("awsome")),
        (
            json!({"Type": "String", "AllowedPattern": "[a-z]+", "ConstraintDescription": "small letters"}),
            Some("A"),
        ),
        (json!({"Type": "String", "MinLength": 3}), Some("ab")),
        (json!({"Type": "String", "MaxLength": "3"}), Some("abcd")),
        (json!({"Type": "Number"}), Some("many")),
        (json!({"Type": "Number", "MinValue": 5}), Some("4")),
        (json!({"Type": "List<Number>", "MaxValue": 5}), Some("4,6")),
        (json!({"Type": "Strong"}), Some("a")),
        (json!({"Type": "AWS::SSM::Parameter::Value<String>"}), Some("/a")),
        (json!({"Type": "AWS::EC2::VPC::Id"}), Some("vpc-1")),
        (json!({"Type": "List<AWS::EC2::Subnet::Id>"}), Some("subnet-a123baa3,vpc-a123baa3")),
        (json!({"Type": "String"}), Some(long.as_str())),
        (json!({"Type": "String", "AllowedPattern": "([a-z])\\1"}), Some("ab")),
        (json!({"Type": "String", "Defualt": "a"}), Some("a")),
    ];
    let mut texts = Vec::new();
    for (parameter, value) in cases {
        let given: Vec<_> = value.into_iter().map(|value| ("P", value)).collect();
        texts.push(refusal(with(body(template(parameter)), &given)).await);
    }
    texts.push(refusal(with(body(refused_body()), &[("Other", "a")])).await);
    assert_snapshot!(texts.join("\n"), @r"
        ValidationError: Parameters: [P] must have values
        ValidationError: Parameter 'P' must be one of AllowedValues [a, 1]
        ValidationError: Parameter 'P' must match pattern [a-z]+
        ValidationError: Parameter 'P' must match pattern (?!aws)[a-z]+
        ValidationError: Parameter 'P' failed to satisfy constraint: small letters
        ValidationError: Parameter 'P' must contain at least 3 characters
        ValidationError: Parameter 'P' must contain at most 3 characters
        ValidationError: Parameter 'P' must be a number
        ValidationError: Parameter 'P' must be a number not less than 5
        ValidationError: Parameter 'P' must be a number not greater than 5
        ValidationError: Template format error: Unrecognized parameter type: Strong
        ValidationError: Parameter 'P' is read from Parameter Store, which the embedded engine does not have: lock its value with `rekindle lock`
        ValidationError: Parameter 'P' must be of the type AWS::EC2::VPC::Id
        ValidationError: Parameter 'P' must be of the type AWS::EC2::Subnet::Id
        ValidationError: Parameter 'P' must be at most 4096 bytes long
        ValidationError: Parameter 'P' must match pattern ([a-z])\1
        ValidationError: Template format error: [/Parameters/P] unknown field `Defualt`, expected one of `Type`, `Default`, `AllowedValues`, `AllowedPattern`, `ConstraintDescription`, `MinLength`, `MaxLength`, `MinValue`, `MaxValue`, `NoEcho`, `Description`
        ValidationError: Parameters: [Other] do not exist in the template
        ");
    let accepted = [
        (json!({"Type": "String", "AllowedPattern": "(?!aws)[a-z]+|x\\d"}), "x1"),
        (json!({"Type": "AWS::EC2::VPC::Id"}), "vpc-0123456789abcdef0"),
        (json!({"Type": "List<AWS::EC2::Subnet::Id>"}), "subnet-a123baa3,subnet-a123baa4"),
        (json!({"Type": "Number", "MinValue": 1, "MaxValue": 2}), "1.5"),
    ];
    for (parameter, value) in accepted {
        let stack = create(&client(&[]), "demo", with(body(template(parameter)), &[("P", value)])).await;
        assert_eq!(stack.parameters["P"], value);
    }
}

#[tokio::test]
async fn t7_t8_secrets_read_back_masked_and_are_never_resolved() {
    let template = json!({
        "Parameters": {"Password": {"Type": "String", "NoEcho": true}, "Plain": {"Type": "String", "Default": "p"}},
        "Resources": {"T": {"Type": "AWS::SNS::Topic", "Properties": {"DisplayName": {"Ref": "Password"}}}},
        "Outputs": {"Opaque": {"Value": "{{resolve:secretsmanager:db:SecretString:password}}"}}
    });
    let reference = "{{resolve:secretsmanager:other}}";
    let stack = create(&client(&[]), "demo", with(body(template), &[("Password", reference)])).await;
    assert_eq!(stack.parameters["Password"], "****");
    assert_eq!(stack.parameters["Plain"], "p");
    assert_eq!(stack.outputs["Opaque"], "{{resolve:secretsmanager:db:SecretString:password}}");
}

#[tokio::test]
async fn t7_no_refusal_event_or_change_set_repeats_a_secret() {
    let secret = "hunter2hunter2";
    let template = |name: Value, pattern: &str| {
        json!({
            "Parameters": {"Password": {"Type": "String", "NoEcho": "TRUE", "AllowedPattern": pattern}},
            "Resources": {
                "A": {"Type": "AWS::SNS::Topic", "Properties": {"DisplayName": {"Ref": "Password"}}},
                "B": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": name}}},
            "Outputs": {"Copied": {"Value": {"Fn::Sub": "${Password}-copied"}}}
        })
    };
    let given = |template: Value, value: &str| with(body(template), &[("Password", value)]);
    let refused = refusal(given(template(json!("b"), "[a-z]+"), secret)).await;
    assert_eq!(refused, "ValidationError: Parameter 'Password' must match pattern [a-z]+");
    let client = client(&[]);
    let joined = json!({"Fn::Join": [",", {"Ref": "Password"}]});
    let failed = create(&client, "failed", given(template(joined, ".*"), secret)).await;
    assert_eq!(failed.status.as_str(), "ROLLBACK_COMPLETE");
    assert!(!timeline(&client, &failed.id).await.contains(secret));
    let stack = create(&client, "demo", given(template(json!("b"), ".*"), secret)).await;
    assert_eq!(stack.outputs["Copied"], "hunter2hunter2-copied", "as on AWS");
    let (set, _) = change(&client, &stack.id, given(template(json!("b"), ".*"), "correcthorse")).await;
    assert_eq!(set.changes[0].logical_id, "A");
    let shown = format!("{:?}{}", set.changes, timeline(&client, &stack.id).await);
    assert!(!shown.contains(secret) && !shown.contains("correcthorse"), "{shown}");
}

#[tokio::test]
async fn t9_capabilities() {
    let role =
        |properties: Value| json!({"Resources": {"R": {"Type": "AWS::IAM::Role", "Properties": properties}}});
    let try_with = async |properties: Value, capabilities: &[&str]| {
        let mut body = body(role(properties));
        body.capabilities = capabilities.iter().map(|text| (*text).to_owned()).collect();
        let answer = client(&[]).create_stack(&creation("demo", body)).await;
        answer.map_or_else(|error| error.message, |_| "accepted".to_owned())
    };
    let named = json!({"RoleName": "admin"});
    assert_eq!(
        try_with(json!({}), &[]).await,
        "InsufficientCapabilitiesException: Requires capabilities : [CAPABILITY_IAM]"
    );
    assert_eq!(
        try_with(named.clone(), &["CAPABILITY_IAM"]).await,
        "InsufficientCapabilitiesException: Requires capabilities : [CAPABILITY_NAMED_IAM]"
    );
    assert_eq!(try_with(json!({}), &["CAPABILITY_IAM"]).await, "accepted");
    assert_eq!(try_with(named, &["CAPABILITY_NAMED_IAM"]).await, "accepted");
}
