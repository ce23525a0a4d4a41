//! The embedded engine against its specification, `docs/local-engine.md`: every test names the rules
//! it shows.

mod support;

use support::*;

use rekindle::port::CloudFormation;
use serde_json::json;

#[tokio::test]
async fn smoke() {
    let client = client(&[]);
    let template = json!({
        "Resources": {
            "Vpc": {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": "10.0.0.0/16"}},
            "Subnet": {"Type": "AWS::EC2::Subnet", "Properties": {"VpcId": {"Ref": "Vpc"}, "CidrBlock": {"Fn::Select": [0, {"Fn::Cidr": [{"Fn::GetAtt": "Vpc.CidrBlock"}, 2, 8]}]}}},
            "Bucket": {"Type": "AWS::S3::Bucket"}
        },
        "Outputs": {"Vpc": {"Value": {"Ref": "Vpc"}}, "Bucket": {"Value": {"Fn::GetAtt": "Bucket.Arn"}}}
    });
    let stack = create(&client, "demo", body(template)).await;
    println!("{:#?}", stack);
    println!("{}", timeline(&client, "demo").await);
    client.delete_stack(&deletion(&stack.id, "d")).await.unwrap();
    let (_, seen) = settle(&client, &stack.id).await;
    println!("{seen:?}\n{}", timeline(&client, &stack.id).await);
}
