//! Rules X1 to X3.

use rekindle::port::{CloudFormation, UpdateAnswer};
use serde_json::{Value, json};

use super::support::*;

fn exporter(value: &str) -> Value {
    json!({
        "Resources": {"T": {"Type": "AWS::SNS::Topic"}},
        "Outputs": {"O": {"Value": value, "Export": {"Name": {"Fn::Sub": "shared"}}}}
    })
}

fn importer() -> Value {
    json!({"Resources": {"T": {"Type": "AWS::SNS::Topic", "Properties": {"DisplayName": {"Fn::ImportValue": "shared"}}}}})
}

fn plain() -> Value {
    json!({"Resources": {"T": {"Type": "AWS::SNS::Topic"}}})
}

#[tokio::test]
async fn x1_exports_reach_their_place_only() {
    let cloud = cloud(&[]);
    let here = client_of(&cloud);
    let there = cloud.client("111122223333".parse().unwrap(), "eu-west-1".parse().unwrap());
    create(&here, "exporter", body(exporter("v"))).await;
    assert!(create(&here, "importer", body(importer())).await.status.is_healthy());
    let failed = create(&there, "importer", body(importer())).await;
    assert_eq!(failed.status.as_str(), "ROLLBACK_COMPLETE");
}

#[tokio::test]
async fn x2_the_name_of_an_export_is_unique() {
    let client = client(&[]);
    create(&client, "exporter", body(exporter("v"))).await;
    let second = create(&client, "second", body(exporter("w"))).await;
    assert_eq!(second.status.as_str(), "ROLLBACK_COMPLETE");
    let reasons = timeline(&client, "second").await;
    assert!(reasons.contains("Export with name shared is already exported by stack exporter."), "{reasons}");
}

#[tokio::test]
async fn x3_an_export_in_use_stays_as_it_is() {
    let client = client(&[]);
    let owner = create(&client, "exporter", body(exporter("v"))).await;
    let user = create(&client, "importer", body(importer())).await;
    let refusal = client.delete_stack(&deletion(&owner.id, "d")).await.unwrap_err();
    insta::assert_snapshot!(text(&refusal), @"
        WrongState: DeleteStack `exporter`: ValidationError: Export shared cannot be deleted as it is in use by importer
        hint: delete or change the stack `importer` first
        ");
    for (token, template) in [("changed", exporter("w")), ("gone", plain())] {
        assert_eq!(update_directly(&client, &owner.id, body(template), token).await, UpdateAnswer::Started);
        let (after, _) = settle(&client, &owner.id).await;
        assert_eq!(after.status.as_str(), "UPDATE_ROLLBACK_COMPLETE", "{token}");
        assert_eq!(after.outputs["O"], "v");
    }
    // Once nobody imports it any more it can change and go.
    update_directly(&client, &user.id, body(plain()), "no import").await;
    settle(&client, &user.id).await;
    update_directly(&client, &owner.id, body(exporter("w")), "free").await;
    assert_eq!(settle(&client, &owner.id).await.0.outputs["O"], "w");
    client.delete_stack(&deletion(&owner.id, "d")).await.unwrap();
    assert!(settle(&client, &owner.id).await.0.status.is_gone());
    assert!(create(&client, "second", body(exporter("x"))).await.status.is_healthy());
}
