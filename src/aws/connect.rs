//! Credentials, endpoints and time-outs: from a target to clients.

use std::sync::Arc;
use std::time::Duration;

use aws_config::retry::RetryConfig;
use aws_config::sts::AssumeRoleProvider;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, SdkConfig};
use aws_sdk_cloudformation::config::{Region, SharedCredentialsProvider};
use jiff::Timestamp;

use crate::aws::adapter::Aws;
use crate::aws::artifact::{self, Artifacts};
use crate::aws::backup::Vaults;
use crate::aws::bucket::Buckets;
use crate::aws::error::Endpoint;
use crate::aws::lease::S3Lease;
use crate::aws::network::NetworkGuests;
use crate::aws::outside::Surroundings;
use crate::aws::repository::Repositories;
use crate::aws::whole::WholeAnswers;
use crate::model::{EnvironmentName, ProjectName, Target};
use crate::port::{CloudFormation, LeaseStore, PortError};

/// What the adapter needs besides the target.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// Asks the system for the time; this layer may not.
    pub clock: fn() -> Timestamp,
    /// Longest time to wait for a connection.
    pub connect_timeout: Duration,
    /// Longest time to wait for a whole call.
    pub call_timeout: Duration,
}

impl Settings {
    /// The usual time-outs: 5 seconds for a connection, a minute for a call.
    pub fn new(clock: fn() -> Timestamp) -> Self {
        Self { clock, connect_timeout: Duration::from_secs(5), call_timeout: Duration::from_secs(60) }
    }
}

/// CloudFormation at `target`, with the standard chain of credentials: environment variables,
/// profiles, SSO, web identity, container and instance roles. `AWS_ENDPOINT_URL` is honoured, and
/// `target.role` is assumed on top. The region is always the target's.
///
/// No call is made yet: missing credentials show with the first one.
///
/// # Errors
/// [`PortError`] of kind `Invalid` when `target.artifacts` is not `s3://BUCKET[/PREFIX]`.
pub async fn connect(target: &Target, settings: Settings) -> Result<Arc<dyn CloudFormation>, PortError> {
    let region = Region::new(target.region.as_str().to_owned());
    let config = aws_config::defaults(BehaviorVersion::latest()).region(region).load().await;
    connect_with(&config, target, settings).await
}

/// The same with an SDK configuration that `aws_config` loaded elsewhere. Region, retries and
/// time-outs in it are replaced; credentials, endpoint and HTTP client are kept.
///
/// # Errors
/// See [`connect`].
pub async fn connect_with(
    config: &SdkConfig,
    target: &Target,
    settings: Settings,
) -> Result<Arc<dyn CloudFormation>, PortError> {
    let config = with_role(configured(config, target, settings), target).await;
    let artifacts = target
        .artifacts
        .as_deref()
        .map(|location| Artifacts::new(location, &target.account, s3(&config)))
        .transpose()?;
    Ok(Arc::new(Aws {
        cloudformation: cloudformation(&config),
        sts: sts(&config),
        tagging: aws_sdk_resourcegroupstagging::Client::new(&config),
        artifacts,
        buckets: Buckets::new(s3(&config), &target.account),
        networks: NetworkGuests::new(ec2(&config)),
        vaults: Vaults::new(aws_sdk_backup::Client::new(&config)),
        surroundings: Surroundings {
            secrets: aws_sdk_secretsmanager::Client::new(&config),
            parameters: aws_sdk_ssm::Client::new(&config),
            machines: ec2(&config),
            stacks: cloudformation(&config),
        },
        repositories: Repositories::new(aws_sdk_ecr::Client::new(&config), &target.account),
        region: target.region.clone(),
        endpoint: Endpoint::new(config.endpoint_url(), target.region.as_str()),
        clock: settings.clock,
    }))
}

/// Where the lease on an environment of a project is kept at `target`; `None` when it names no bucket.
///
/// # Errors
/// See [`connect`].
pub async fn lease(
    target: &Target,
    whose: (&ProjectName, &EnvironmentName),
    settings: Settings,
) -> Result<Option<Arc<dyn LeaseStore>>, PortError> {
    let region = Region::new(target.region.as_str().to_owned());
    let config = aws_config::defaults(BehaviorVersion::latest()).region(region).load().await;
    lease_with(&config, target, whose, settings).await
}

/// As [`connect_with`] is to [`connect`].
///
/// # Errors
/// See [`connect`].
pub async fn lease_with(
    config: &SdkConfig,
    target: &Target,
    (project, environment): (&ProjectName, &EnvironmentName),
    settings: Settings,
) -> Result<Option<Arc<dyn LeaseStore>>, PortError> {
    let Some(location) = target.artifacts.as_deref() else { return Ok(None) };
    let (bucket, prefix) = artifact::place(location)?;
    let config = with_role(configured(config, target, settings), target).await;
    let separator = if prefix.is_empty() { "" } else { "/" };
    Ok(Some(Arc::new(S3Lease {
        client: s3(&config),
        bucket: bucket.to_owned(),
        key: format!("{prefix}{separator}leases/{project}/{environment}.json"),
        account: target.account.clone(),
        endpoint: Endpoint::new(config.endpoint_url(), target.region.as_str()),
        clock: settings.clock,
    })))
}

/// The SDK's configuration for a target, its role included.
pub(super) async fn configuration(target: &Target, settings: Settings) -> SdkConfig {
    let region = Region::new(target.region.as_str().to_owned());
    let config = aws_config::defaults(BehaviorVersion::latest()).region(region).load().await;
    with_role(configured(&config, target, settings), target).await
}

fn configured(config: &SdkConfig, target: &Target, settings: Settings) -> SdkConfig {
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(settings.connect_timeout)
        .operation_timeout(settings.call_timeout)
        .build();
    config
        .clone()
        .into_builder()
        .region(Region::new(target.region.as_str().to_owned()))
        .retry_config(RetryConfig::disabled())
        .timeout_config(timeouts)
        .build()
}

async fn with_role(config: SdkConfig, target: &Target) -> SdkConfig {
    let Some(role) = &target.role else { return config };
    let provider =
        AssumeRoleProvider::builder(role).session_name("rekindle").configure(&config).build().await;
    config.into_builder().credentials_provider(SharedCredentialsProvider::new(provider)).build()
}

fn cloudformation(config: &SdkConfig) -> aws_sdk_cloudformation::Client {
    let config = aws_sdk_cloudformation::config::Builder::from(config).interceptor(WholeAnswers).build();
    aws_sdk_cloudformation::Client::from_conf(config)
}

fn sts(config: &SdkConfig) -> aws_sdk_sts::Client {
    let config = aws_sdk_sts::config::Builder::from(config).interceptor(WholeAnswers).build();
    aws_sdk_sts::Client::from_conf(config)
}

fn ec2(config: &SdkConfig) -> aws_sdk_ec2::Client {
    let config = aws_sdk_ec2::config::Builder::from(config).interceptor(WholeAnswers).build();
    aws_sdk_ec2::Client::from_conf(config)
}

/// Always path-style: a bucket's name in the host name does not resolve at an overridden endpoint,
/// and breaks TLS when the bucket's name has dots.
fn s3(config: &SdkConfig) -> aws_sdk_s3::Client {
    let config =
        aws_sdk_s3::config::Builder::from(config).force_path_style(true).interceptor(WholeAnswers).build();
    aws_sdk_s3::Client::from_conf(config)
}
