//! The AWS adapter pointed at a server on this machine.

use std::sync::Arc;

use aws_config::{BehaviorVersion, SdkConfig};
use aws_sdk_cloudformation::config::{Credentials, Region};
use rekindle::aws::{Settings, connect_with};
use rekindle::model::{ProviderKind, Target};
use rekindle::port::{CloudFormation, PortError};

/// The region of every test.
pub const REGION: &str = "eu-central-1";

/// A plain target in `account`.
pub fn target(account: &str) -> Target {
    Target {
        provider: ProviderKind::Aws,
        account: account.parse().unwrap(),
        region: REGION.parse().unwrap(),
        role: None,
        service_role: None,
        artifacts: None,
        notifications: Vec::new(),
    }
}

/// What the environment would give: an endpoint and credentials whose key id is `key`.
pub async fn configuration(endpoint: &str, key: &str) -> SdkConfig {
    let credentials = Credentials::new(key, "secret", None, None, "test");
    aws_config::defaults(BehaviorVersion::latest())
        .region(Region::new(REGION))
        .endpoint_url(endpoint)
        .credentials_provider(credentials)
        .load()
        .await
}

/// The adapter at `target`, calling `endpoint`.
pub async fn cloud(endpoint: &str, key: &str, target: &Target) -> Arc<dyn CloudFormation> {
    connect_with(&configuration(endpoint, key).await, target, Settings::new(epoch)).await.unwrap()
}

/// A clock that stands still.
pub fn epoch() -> jiff::Timestamp {
    jiff::Timestamp::UNIX_EPOCH
}

/// A failure as a snapshot shows it: kind, message, hint.
pub fn shown(error: &PortError) -> String {
    format!("{:?}\n{error}\n{}", error.kind, error.hint.as_deref().unwrap_or("no hint"))
}
