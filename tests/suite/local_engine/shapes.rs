//! Rules I1 to I5.

use rekindle::port::CloudFormation;
use serde_json::{Value, json};

use super::support::*;

/// The outputs of these resources: `Ref` and the attributes asked for.
async fn shapes(resources: Value, attributes: &[(&str, &str)]) -> String {
    let logical: Vec<String> = resources.as_object().unwrap().keys().cloned().collect();
    let mut outputs = serde_json::Map::new();
    for id in logical {
        outputs.insert(id.clone(), json!({"Value": {"Ref": id}}));
    }
    for (id, attribute) in attributes {
        let name = format!("{id}{}", attribute.replace('.', ""));
        outputs.insert(name, json!({"Value": {"Fn::GetAtt": [id, attribute]}}));
    }
    let stack =
        create(&client(&[]), "fieldbook-demo-web", body(json!({"Resources": resources, "Outputs": outputs})))
            .await;
    assert_eq!(stack.status.as_str(), "CREATE_COMPLETE", "{:?}", stack.status_reason);
    stack.outputs.iter().map(|(name, value)| format!("{name}: {value}")).collect::<Vec<_>>().join("\n")
}

/// A resource of each of the common types.
fn one_of_each() -> Value {
    json!({
        "Vpc": {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": "10.0.0.0/16"}},
        "Subnet": {"Type": "AWS::EC2::Subnet", "Properties": {"VpcId": {"Ref": "Vpc"}, "CidrBlock": "10.0.0.0/24", "AvailabilityZone": {"Fn::Select": [1, {"Fn::GetAZs": ""}]}}},
        "Table": {"Type": "AWS::EC2::RouteTable", "Properties": {"VpcId": {"Ref": "Vpc"}}},
        "Route": {"Type": "AWS::EC2::Route", "Properties": {"RouteTableId": {"Ref": "Table"}, "DestinationCidrBlock": "0.0.0.0/0"}},
        "Address": {"Type": "AWS::EC2::EIP"},
        "Key": {"Type": "AWS::KMS::Key"},
        "Alias": {"Type": "AWS::KMS::Alias", "Properties": {"AliasName": "alias/data", "TargetKeyId": {"Ref": "Key"}}},
        "Bucket": {"Type": "AWS::S3::Bucket"},
        "Named": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": "my-bucket"}},
        "Database": {"Type": "AWS::RDS::DBInstance", "Properties": {"Engine": "mysql"}},
        "Secret": {"Type": "AWS::SecretsManager::Secret"},
        "Topic": {"Type": "AWS::SNS::Topic"},
        "Queue": {"Type": "AWS::SQS::Queue"},
        "Balancer": {"Type": "AWS::ElasticLoadBalancingV2::LoadBalancer", "Properties": {"Scheme": "internal"}},
        "Listener": {"Type": "AWS::ElasticLoadBalancingV2::Listener", "Properties": {"LoadBalancerArn": {"Ref": "Balancer"}}},
        "Group": {"Type": "AWS::ElasticLoadBalancingV2::TargetGroup"},
        "Role": {"Type": "AWS::IAM::Role", "Properties": {"Path": "/app/"}},
        "Log": {"Type": "AWS::Logs::LogGroup"},
        "Function": {"Type": "AWS::Lambda::Function"},
        "Repository": {"Type": "AWS::ECR::Repository"},
        "Alarm": {"Type": "AWS::CloudWatch::Alarm"},
        "Parameter": {"Type": "AWS::SSM::Parameter", "Properties": {"Name": "/app/size", "Value": "1"}}
    })
}

#[tokio::test]
async fn i1_i2_i5_ids_have_the_form_of_the_real_ones() {
    let resources = one_of_each();
    let attributes = [
        ("Vpc", "DefaultSecurityGroup"),
        ("Subnet", "AvailabilityZone"),
        ("Address", "AllocationId"),
        ("Key", "Arn"),
        ("Bucket", "RegionalDomainName"),
        ("Database", "Endpoint.Address"),
        ("Database", "Endpoint.Port"),
        ("Queue", "Arn"),
        ("Topic", "TopicName"),
        ("Balancer", "DNSName"),
        ("Balancer", "LoadBalancerFullName"),
        ("Group", "TargetGroupFullName"),
        ("Role", "Arn"),
        ("Log", "Arn"),
        ("Repository", "RepositoryUri"),
        ("Parameter", "Value"),
    ];
    let first = shapes(resources.clone(), &attributes).await;
    insta::assert_snapshot!(first, @"
        Address: 192.0.2.41
        AddressAllocationId: eipalloc-23ec043fd81c9c890
        Alarm: fieldbook-demo-web-Alarm-FZCFC0PTYDX4
        Alias: alias/data
        Balancer: arn:aws:elasticloadbalancing:eu-central-1:111122223333:loadbalancer/app/fieldbook-Balancer-LSZSO80DCSXN/ca9354d85e187cbb
        BalancerDNSName: internal-fieldbook-Balancer-LSZSO80DCSXN-7603526429.eu-central-1.elb.amazonaws.com
        BalancerLoadBalancerFullName: app/fieldbook-Balancer-LSZSO80DCSXN/ca9354d85e187cbb
        Bucket: fieldbook-demo-web-bucket-pyogzdt9awbr
        BucketRegionalDomainName: fieldbook-demo-web-bucket-pyogzdt9awbr.s3.eu-central-1.amazonaws.com
        Database: fieldbook-demo-web-database-dxxu6dbcdjc4
        DatabaseEndpointAddress: fieldbook-demo-web-database-dxxu6dbcdjc4.adjbua8gr3zx.eu-central-1.rds.amazonaws.com
        DatabaseEndpointPort: 3306
        Function: fieldbook-demo-web-Function-VEYKLJRDEOF4
        Group: arn:aws:elasticloadbalancing:eu-central-1:111122223333:targetgroup/fieldbook-dem-Group-YAW68WP6O8NU/a232bac711b9ca72
        GroupTargetGroupFullName: targetgroup/fieldbook-dem-Group-YAW68WP6O8NU/a232bac711b9ca72
        Key: b7926836-7898-4beb-aac9-b28076b5c03e
        KeyArn: arn:aws:kms:eu-central-1:111122223333:key/b7926836-7898-4beb-aac9-b28076b5c03e
        Listener: arn:aws:elasticloadbalancing:eu-central-1:111122223333:listener/app/fieldbook-Balancer-LSZSO80DCSXN/ca9354d85e187cbb/50e39e6cebdda315
        Log: fieldbook-demo-web-Log-ZY175VPXYOBB
        LogArn: arn:aws:logs:eu-central-1:111122223333:log-group:fieldbook-demo-web-Log-ZY175VPXYOBB:*
        Named: my-bucket
        Parameter: /app/size
        ParameterValue: 1
        Queue: https://sqs.eu-central-1.amazonaws.com/111122223333/fieldbook-demo-web-Queue-L7M1YII71CAD
        QueueArn: arn:aws:sqs:eu-central-1:111122223333:fieldbook-demo-web-Queue-L7M1YII71CAD
        Repository: fieldbook-demo-web-repository-oodgfm4fh21z
        RepositoryRepositoryUri: 111122223333.dkr.ecr.eu-central-1.amazonaws.com/fieldbook-demo-web-repository-oodgfm4fh21z
        Role: fieldbook-demo-web-Role-WWEFQKQ4SLUU
        RoleArn: arn:aws:iam::111122223333:role/app/fieldbook-demo-web-Role-WWEFQKQ4SLUU
        Route: rtb-ff6988be364b282c0|0.0.0.0/0
        Secret: arn:aws:secretsmanager:eu-central-1:111122223333:secret:fieldbook-demo-web-Secret-09W0T08YODB3-78fd98
        Subnet: subnet-4d3ac3843ee4b02cd
        SubnetAvailabilityZone: eu-central-1b
        Table: rtb-ff6988be364b282c0
        Topic: arn:aws:sns:eu-central-1:111122223333:fieldbook-demo-web-Topic-4DTMGD6DVNR6
        TopicTopicName: fieldbook-demo-web-Topic-4DTMGD6DVNR6
        Vpc: vpc-1a87da638f5d25199
        VpcDefaultSecurityGroup: sg-c4b99b8776981c3d4
        ");
    assert_eq!(first, shapes(resources, &attributes).await, "nothing is random");
}

#[tokio::test]
async fn i4_types_whose_ids_have_no_known_form() {
    let resources = json!({"Stream": {"Type": "AWS::Kinesis::Stream", "Properties": {"ShardCount": 2}}, "Seed": {"Type": "Custom::Seed"}});
    let attributes = [("Stream", "Arn"), ("Seed", "Answer")];
    insta::assert_snapshot!(shapes(resources, &attributes).await, @"
        Seed: fieldbook-demo-web-Seed-1K51MTZ4M8E3
        SeedAnswer: fieldbook-demo-web-Seed-1K51MTZ4M8E3.Answer
        Stream: fieldbook-demo-web-Stream-LWD6L82QL68I
        StreamArn: arn:aws:kinesis:eu-central-1:111122223333:stream/fieldbook-demo-web-Stream-LWD6L82QL68I
        ");
}

#[tokio::test]
async fn i3_an_attribute_that_the_schema_does_not_have() {
    let template = json!({
        "Resources": {"Stream": {"Type": "AWS::Kinesis::Stream"}},
        "Outputs": {"O": {"Value": {"Fn::GetAtt": ["Stream", "ShardCount"]}}}
    });
    let error = client(&[]).create_stack(&creation("demo", body(template))).await.unwrap_err();
    insta::assert_snapshot!(
        text(&error),
        @"Invalid: CreateStack `demo`: ValidationError: Template error: resource Stream does not support attribute type ShardCount in Fn::GetAtt"
    );
}

#[tokio::test]
async fn i2_a_launch_template_counts_its_versions_and_its_group_follows() {
    let template = |size: &str| {
        json!({"Resources": {
            "Template": {"Type": "AWS::EC2::LaunchTemplate", "Properties": {"LaunchTemplateData": {"InstanceType": size}}},
            "Group": {"Type": "AWS::AutoScaling::AutoScalingGroup", "Properties": {"LaunchTemplate": {
                "LaunchTemplateId": {"Ref": "Template"}, "Version": {"Fn::GetAtt": "Template.LatestVersionNumber"}}}}
        }})
    };
    let client = client(&[]);
    let stack = create(&client, "demo", body(template("t3.small"))).await;
    let (set, seen) = change(&client, &stack.id, body(template("t3.large"))).await;
    assert_eq!(
        set.changes.iter().map(|it| it.logical_id.as_str()).collect::<Vec<_>>(),
        ["Group", "Template"]
    );
    assert_eq!(seen.last().unwrap(), "UPDATE_COMPLETE");
}
