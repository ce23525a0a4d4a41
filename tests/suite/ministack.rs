//! The AWS adapter against ministack: what needs a second service beside CloudFormation.

use aws_sdk_s3::types::{
    BucketLocationConstraint, BucketVersioningStatus, CreateBucketConfiguration, VersioningConfiguration,
};
use rekindle::model::{StackStatus, Storage, StorageKind, Target};
use rekindle::port::{DriftDetection, DriftStatus, PortErrorKind};
use serde_json::{Value, json};

use crate::conformance::world::{World, creation, queue, update};
use crate::support::{ministack, target};

async fn s3(account: &str) -> aws_sdk_s3::Client {
    let config = target::configuration(&ministack::shared().endpoint, account).await;
    let config = aws_sdk_s3::config::Builder::from(&config).force_path_style(true).build();
    aws_sdk_s3::Client::from_conf(config)
}

fn bucket_of(name: &str) -> Storage {
    Storage { kind: StorageKind::Bucket, name: name.to_owned() }
}

async fn make_bucket(client: &aws_sdk_s3::Client, bucket: &str) {
    let place = CreateBucketConfiguration::builder()
        .location_constraint(BucketLocationConstraint::EuCentral1)
        .build();
    client.create_bucket().bucket(bucket).create_bucket_configuration(place).send().await.unwrap();
}

fn long_queue(delay: u32) -> Value {
    let mut template = queue(delay);
    template["Metadata"] = json!({"Filling": "x".repeat(60_000)});
    template
}

#[tokio::test]
async fn a_long_template_is_read_from_the_bucket() {
    let account = ministack::account();
    let bucket = format!("artifacts-{account}");
    let client = s3(&account).await;
    make_bucket(&client, &bucket).await;
    let artifacts = Some(format!("s3://{bucket}/environments"));
    let place = Target { artifacts, ..target::target(&account) };
    let cloud = target::cloud(&ministack::shared().endpoint, &account, &place).await;
    let world = World::of_ministack(cloud, account);

    let stack = world.create("network", &long_queue(5)).await;
    assert_eq!(stack.status, StackStatus::CreateComplete);
    assert_eq!(world.cloud.template(&stack.id).await.unwrap(), long_queue(5).to_string());
    let (id, _) = world.change_set("first", &update(&stack.id, &long_queue(6))).await;
    assert_eq!(world.execute(&stack.id, &id).await.status, StackStatus::UpdateComplete);
    world.create("data", &long_queue(5)).await;

    let objects =
        client.list_objects_v2().bucket(&bucket).prefix("environments/templates/").send().await.unwrap();
    assert_eq!(objects.contents().len(), 2, "equal templates are one object");
}

#[tokio::test]
async fn a_bucket_that_does_not_exist_is_named() {
    let account = ministack::account();
    let place = Target { artifacts: Some("s3://nobody-made-it".to_owned()), ..target::target(&account) };
    let cloud = target::cloud(&ministack::shared().endpoint, &account, &place).await;
    let error = cloud.create_stack(&creation("network", &long_queue(5))).await.unwrap_err();
    assert_eq!(error.kind, PortErrorKind::NotFound);
    assert!(error.operation.starts_with("PutObject `s3://nobody-made-it/templates/"), "{error}");
    assert!(error.hint.unwrap().contains("`artifacts` bucket must exist"));
}

#[tokio::test]
async fn a_change_behind_the_stacks_back_is_drift() {
    let world = World::ministack().await;
    let bucket = format!("versioned-{}", world.account);
    let template = json!({"Resources": {"Bucket": {"Type": "AWS::S3::Bucket", "Properties": {
        "BucketName": bucket,
        "VersioningConfiguration": {"Status": "Enabled"},
    }}}});
    let stack = world.create("storage", &template).await;
    let suspended = VersioningConfiguration::builder().status(BucketVersioningStatus::Suspended).build();
    let client = s3(&world.account).await;
    client.put_bucket_versioning().bucket(&bucket).versioning_configuration(suspended).send().await.unwrap();

    assert_eq!(world.drift(&stack.id).await, DriftDetection::Done { drifted: 1 });
    let drifted = world.cloud.resource_drifts(&stack.id).await.unwrap().drifted;
    assert_eq!((drifted[0].logical_id.as_str(), drifted[0].status), ("Bucket", DriftStatus::Modified));
    assert_eq!(drifted[0].paths, ["/VersioningConfiguration/Status"]);
}

#[tokio::test]
async fn a_bucket_is_looked_into_and_emptied_with_all_that_keeps_it() {
    let world = World::ministack().await;
    let bucket = format!("full-{}", world.account);
    let client = s3(&world.account).await;
    make_bucket(&client, &bucket).await;
    assert!(world.cloud.contents(&bucket_of(&bucket)).await.unwrap().unwrap().is_empty);
    let enabled = VersioningConfiguration::builder().status(BucketVersioningStatus::Enabled).build();
    client.put_bucket_versioning().bucket(&bucket).versioning_configuration(enabled).send().await.unwrap();
    for text in ["one", "two"] {
        let body = aws_sdk_s3::primitives::ByteStream::from_static(text.as_bytes());
        client.put_object().bucket(&bucket).key("a/b").body(body).send().await.unwrap();
    }
    client.delete_object().bucket(&bucket).key("a/b").send().await.unwrap();
    client.create_multipart_upload().bucket(&bucket).key("large").send().await.unwrap();

    let held = world.cloud.contents(&bucket_of(&bucket)).await.unwrap().unwrap();
    assert!(!held.is_empty && !held.has_object_lock);
    // Two versions, a delete marker, an upload that was never finished.
    assert_eq!(world.cloud.empty(&bucket_of(&bucket)).await.unwrap(), 4);
    assert_eq!(world.cloud.empty(&bucket_of(&bucket)).await.unwrap(), 0);
    assert!(world.cloud.contents(&bucket_of(&bucket)).await.unwrap().unwrap().is_empty);
    client.delete_bucket().bucket(&bucket).send().await.unwrap();
    assert_eq!(world.cloud.contents(&bucket_of(&bucket)).await.unwrap(), None);
    assert_eq!(world.cloud.empty(&bucket_of(&bucket)).await.unwrap(), 0);
}

#[tokio::test]
async fn object_lock_is_seen() {
    let world = World::ministack().await;
    let bucket = format!("locked-{}", world.account);
    let client = s3(&world.account).await;
    let region = aws_sdk_s3::types::BucketLocationConstraint::EuCentral1;
    let place = aws_sdk_s3::types::CreateBucketConfiguration::builder().location_constraint(region).build();
    let request = client.create_bucket().bucket(&bucket).create_bucket_configuration(place);
    request.object_lock_enabled_for_bucket(true).send().await.unwrap();
    assert!(world.cloud.contents(&bucket_of(&bucket)).await.unwrap().unwrap().has_object_lock);
}

#[tokio::test]
async fn a_repository_is_looked_into_and_emptied() {
    let world = World::ministack().await;
    let name = format!("full-{}", world.account);
    let storage = Storage { kind: StorageKind::Repository, name: name.clone() };
    assert_eq!(world.cloud.contents(&storage).await.unwrap(), None);
    assert_eq!(world.cloud.empty(&storage).await.unwrap(), 0);
    let client =
        aws_sdk_ecr::Client::new(&target::configuration(&ministack::shared().endpoint, &world.account).await);
    client.create_repository().repository_name(&name).send().await.unwrap();
    assert!(world.cloud.contents(&storage).await.unwrap().unwrap().is_empty);
    for tag in ["one", "two"] {
        let manifest = json!({"schemaVersion": 2, "annotations": {"tag": tag}}).to_string();
        client
            .put_image()
            .repository_name(&name)
            .image_tag(tag)
            .image_manifest(manifest)
            .send()
            .await
            .unwrap();
    }
    assert!(!world.cloud.contents(&storage).await.unwrap().unwrap().is_empty);
    assert_eq!(world.cloud.empty(&storage).await.unwrap(), 2);
    assert!(world.cloud.contents(&storage).await.unwrap().unwrap().is_empty);
    client.delete_repository().repository_name(&name).send().await.unwrap();
}
