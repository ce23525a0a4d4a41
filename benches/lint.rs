//! Linting 200 templates of 50 resources each: under a second.
#![allow(clippy::print_stdout, missing_docs)]

mod support;

use std::process::ExitCode;

use rekindle::lint::{Purpose, lint};
use rekindle::model::Severity;
use rekindle::template::{Document, read};
use serde_json::{Value, json};
use support::{Bounds, median, milliseconds};

const RUNS: usize = 5;
const TEMPLATES: usize = 200;
const RESOURCES: usize = 50;

fn main() -> ExitCode {
    let mut bounds = Bounds::default();
    let texts: Vec<Vec<u8>> =
        (0..TEMPLATES).map(|number| template(number).to_string().into_bytes()).collect();
    let bytes: usize = texts.iter().map(Vec::len).sum();
    // Once only: afterwards the catalogue is unpacked and expressions are compiled.
    let first = milliseconds(median(1, || assert_eq!(errors(&documents(&texts)), 0)));
    println!("the first time, what the catalogue takes included: {first:.0} ms");
    let reading = milliseconds(median(RUNS, || drop(documents(&texts))));
    let documents = documents(&texts);
    let judging = milliseconds(median(RUNS, || assert_eq!(errors(&documents), 0)));
    println!(
        "{TEMPLATES} templates of {RESOURCES} resources, {bytes} bytes: {reading:.0} ms reading, {judging:.0} ms judging"
    );
    println!("medians of {RUNS} runs, one thread");
    bounds.at_most("the first time", first, 1_000.0, "ms");
    bounds.at_most("reading and judging", reading + judging, 1_000.0, "ms");
    let circle = serde_json::to_vec(&circle(500)).expect("it is JSON");
    let circle = read("circle.json", &circle).expect("it can be read");
    let time = milliseconds(median(RUNS, || drop(lint(&circle, Purpose::default()))));
    bounds.at_most("500 resources in a circle", time, 100.0, "ms");
    bounds.exit_code()
}

fn documents(texts: &[Vec<u8>]) -> Vec<Document> {
    texts.iter().map(|text| read("template.json", text).expect("it can be read")).collect()
}

fn errors(documents: &[Document]) -> usize {
    let found = documents.iter().flat_map(|document| lint(document, Purpose::default()));
    found.filter(|problem| problem.severity == Severity::Error).count()
}

/// Ten kinds of resources, five of each, with functions and references.
fn template(number: usize) -> Value {
    let mut resources = serde_json::Map::new();
    for index in 0..RESOURCES / 10 {
        let name = |kind: &str| format!("{kind}{index}");
        let statement = json!({"Effect": "Allow", "Action": ["s3:GetObject"], "Resource": {"Fn::Sub": format!("${{Bucket{index}.Arn}}/*")}});
        for (kind, resource) in [
            (
                "Bucket",
                json!({"Type": "AWS::S3::Bucket", "Properties": {"VersioningConfiguration": {"Status": "Enabled"}, "Tags": [{"Key": "number", "Value": number.to_string()}]}}),
            ),
            (
                "Topic",
                json!({"Type": "AWS::SNS::Topic", "Properties": {"DisplayName": {"Fn::Sub": "${AWS::StackName}-topic"}}}),
            ),
            (
                "Queue",
                json!({"Type": "AWS::SQS::Queue", "Properties": {"VisibilityTimeout": 300, "DelaySeconds": {"Ref": "Delay"}}}),
            ),
            (
                "Role",
                json!({"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}]}, "Policies": [{"PolicyName": "read", "PolicyDocument": {"Version": "2012-10-17", "Statement": [statement]}}]}}),
            ),
            (
                "Function",
                json!({"Type": "AWS::Lambda::Function", "DependsOn": name("Role"), "Properties": {"Handler": "index.handler", "Runtime": "python3.12", "Code": {"S3Bucket": {"Ref": name("Bucket")}, "S3Key": "code.zip"}, "Role": {"Fn::GetAtt": [name("Role"), "Arn"]}, "MemorySize": {"Fn::If": ["Large", 1024, 256]}, "Timeout": 30}}),
            ),
            (
                "Logs",
                json!({"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": {"Fn::Sub": format!("/aws/lambda/${{Function{index}}}")}, "RetentionInDays": 30}}),
            ),
            (
                "Table",
                json!({"Type": "AWS::DynamoDB::Table", "Properties": {"BillingMode": "PAY_PER_REQUEST", "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}], "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}]}}),
            ),
            (
                "Alarm",
                json!({"Type": "AWS::CloudWatch::Alarm", "Properties": {"Namespace": "AWS/SQS", "MetricName": "ApproximateNumberOfMessagesVisible", "Dimensions": [{"Name": "QueueName", "Value": {"Fn::GetAtt": [name("Queue"), "QueueName"]}}], "Statistic": "Sum", "Period": 60, "EvaluationPeriods": 3, "Threshold": 100, "ComparisonOperator": "GreaterThanThreshold"}}),
            ),
            (
                "Group",
                json!({"Type": "AWS::EC2::SecurityGroup", "Properties": {"GroupDescription": "web", "VpcId": {"Ref": "Vpc"}, "SecurityGroupIngress": [{"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "CidrIp": "10.0.0.0/8"}]}}),
            ),
            (
                "Parameter",
                json!({"Type": "AWS::SSM::Parameter", "Properties": {"Type": "String", "Value": {"Fn::Join": ["/", [{"Ref": name("Topic")}, {"Ref": "AWS::Region"}]]}}}),
            ),
        ] {
            resources.insert(name(kind), resource);
        }
    }
    json!({
        "Parameters": {"Delay": {"Type": "Number", "Default": 5}, "Vpc": {"Type": "AWS::EC2::VPC::Id"}},
        "Conditions": {"Large": {"Fn::Equals": [{"Ref": "Delay"}, "5"]}},
        "Resources": resources,
    })
}

/// Resources of which each needs the next.
fn circle(length: usize) -> Value {
    let resources: serde_json::Map<String, Value> = (0..length)
        .map(|number| {
            let next = format!("R{}", (number + 1) % length);
            (format!("R{number}"), json!({"Type": "AWS::SNS::Topic", "DependsOn": next}))
        })
        .collect();
    json!({"Resources": resources})
}
