//! What scenarios do on ministack beside the port.

use std::collections::BTreeMap;

use aws_sdk_cloudformation::types::{ChangeSetType, ResourceToImport};
use aws_sdk_s3::types::{
    BucketLocationConstraint, BucketVersioningStatus, CreateBucketConfiguration, VersioningConfiguration,
};
use rekindle::port::UpdateStack;

use crate::support::{ministack, target};

async fn s3(account: &str) -> aws_sdk_s3::Client {
    let config = target::configuration(&ministack::shared().endpoint, account).await;
    let config = aws_sdk_s3::config::Builder::from(&config).force_path_style(true).build();
    aws_sdk_s3::Client::from_conf(config)
}

/// Puts an object into a bucket that is made for it.
pub async fn put_object(account: &str, bucket: &str, key: &str, text: &str) {
    let client = s3(account).await;
    let place = CreateBucketConfiguration::builder()
        .location_constraint(BucketLocationConstraint::EuCentral1)
        .build();
    // It may be there from an earlier step.
    let _ = client.create_bucket().bucket(bucket).create_bucket_configuration(place).send().await;
    client.put_object().bucket(bucket).key(key).body(text.as_bytes().to_vec().into()).send().await.unwrap();
}

/// Suspends the versioning of a bucket.
pub async fn suspend_versioning(account: &str, bucket: &str) {
    let suspended = VersioningConfiguration::builder().status(BucketVersioningStatus::Suspended).build();
    let client = s3(account).await;
    client.put_bucket_versioning().bucket(bucket).versioning_configuration(suspended).send().await.unwrap();
}

/// Makes a change set that imports buckets.
pub async fn import_set(
    account: &str,
    name: &str,
    request: &UpdateStack,
    imports: &BTreeMap<String, String>,
) -> String {
    let config = target::configuration(&ministack::shared().endpoint, account).await;
    let client = aws_sdk_cloudformation::Client::new(&config);
    let resources = imports.iter().map(|(logical_id, bucket)| {
        ResourceToImport::builder()
            .resource_type("AWS::S3::Bucket")
            .logical_resource_id(logical_id)
            .resource_identifier("BucketName", bucket)
            .build()
    });
    let answer = client
        .create_change_set()
        .stack_name(&request.stack)
        .change_set_name(name)
        .change_set_type(ChangeSetType::Import)
        .template_body(&request.body.template)
        .set_resources_to_import(Some(resources.collect()))
        .send()
        .await
        .unwrap();
    answer.id().unwrap().to_owned()
}
