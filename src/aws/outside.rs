//! What is at a place besides stacks, and how much the account takes there. Reads no value of a secret.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_cloudformation::error::SdkError;
use aws_sdk_ec2::types::{AccountAttributeName, Filter, ImageState};
use aws_sdk_secretsmanager::operation::describe_secret::DescribeSecretOutput;
use aws_sdk_ssm::types::ParameterStringFilter;

use crate::aws::error::Endpoint;
use crate::aws::repository::Repositories;
use crate::model::{Outside, Presence, Quota, QuotaKind};
use crate::port::{PortError, PortErrorKind};

/// Entries that AWS publishes. They are listed for nobody, and have no secrets in them.
const PUBLISHED: &str = "/aws/";

/// Versions of an entry that are kept. Source: *AWS Systems Manager user guide, Working with parameter
/// versions*.
const KEPT_VERSIONS: u64 = 100;

/// Names that one call of GetParameters takes. Source: its API reference.
const MOST_NAMES: usize = 10;

/// How CloudFormation names its bound on stacks. Source: *API reference, AccountLimit*.
const STACK_LIMIT: &str = "StackLimit";

/// The version of a secret that is meant where nothing is said.
const CURRENT: &str = "AWSCURRENT";

/// One account and region.
#[derive(Debug)]
pub struct Surroundings {
    pub(super) secrets: aws_sdk_secretsmanager::Client,
    pub(super) parameters: aws_sdk_ssm::Client,
    pub(super) machines: aws_sdk_ec2::Client,
    pub(super) stacks: aws_sdk_cloudformation::Client,
}

impl Surroundings {
    /// See [`crate::port::CloudFormation::presence`].
    pub async fn presence(
        &self,
        things: &[Outside],
        repositories: &Repositories,
        endpoint: &Endpoint,
    ) -> Result<Vec<Presence>, PortError> {
        match things.first() {
            None => Ok(Vec::new()),
            Some(Outside::Secret { .. }) => {
                let mut found = Vec::new();
                for thing in things {
                    found.push(self.secret(thing, endpoint).await?);
                }
                Ok(found)
            }
            Some(Outside::Parameter { .. }) => self.parameters(things, endpoint).await,
            Some(Outside::MachineImage(_)) => self.machine_images(things, endpoint).await,
            Some(Outside::Repository(_)) => {
                let mut found = Vec::new();
                for thing in things {
                    let held = repositories.look(thing.name(), endpoint).await?;
                    found.push(present(held.is_some(), "is not there"));
                }
                Ok(found)
            }
        }
    }

    async fn secret(&self, thing: &Outside, endpoint: &Endpoint) -> Result<Presence, PortError> {
        let answer = self.secrets.describe_secret().secret_id(thing.name()).send().await;
        match answer.map_err(|error| endpoint.failure("DescribeSecret", thing.name(), error)) {
            Ok(found) => Ok(version(thing, &found)),
            Err(error) if error.kind == PortErrorKind::NotFound => {
                Ok(Presence::Missing("is not there".to_owned()))
            }
            Err(error) => Err(error),
        }
    }

    async fn parameters(&self, things: &[Outside], endpoint: &Endpoint) -> Result<Vec<Presence>, PortError> {
        // Each once: two versions of one entry are two things.
        let names: BTreeSet<&str> = things.iter().map(Outside::name).collect();
        let (published, own): (Vec<&str>, Vec<&str>) =
            names.into_iter().partition(|name| name.starts_with(PUBLISHED));
        let mut newest = self.newest(&own, endpoint).await?;
        for names in published.chunks(MOST_NAMES) {
            newest.extend(self.published(names, endpoint).await?);
        }
        Ok(things.iter().map(|thing| entry(thing, newest.get(thing.name()).copied())).collect())
    }

    /// The newest version of each entry that there is.
    async fn newest(&self, names: &[&str], endpoint: &Endpoint) -> Result<BTreeMap<String, u64>, PortError> {
        const CALL: &str = "DescribeParameters";
        if names.is_empty() {
            return Ok(BTreeMap::new());
        }
        let values = names.iter().map(|name| (*name).to_owned()).collect();
        let filter = ParameterStringFilter::builder().key("Name").option("Equals").set_values(Some(values));
        let filter = filter.build().map_err(|error| {
            PortError::new(PortErrorKind::Invalid, CALL, "the filter is incomplete").with_source(error)
        })?;
        let request = self.parameters.describe_parameters().parameter_filters(filter);
        let mut pages = request.into_paginator().send();
        let mut newest = BTreeMap::new();
        while let Some(page) = pages.next().await {
            let page = page.map_err(|error: SdkError<_, _>| endpoint.failure(CALL, "", error))?;
            newest.extend(page.parameters().iter().filter_map(|entry| {
                Some((entry.name()?.to_owned(), u64::try_from(entry.version()).unwrap_or_default()))
            }));
        }
        Ok(newest)
    }

    /// The same of entries that AWS publishes.
    async fn published(
        &self,
        names: &[&str],
        endpoint: &Endpoint,
    ) -> Result<BTreeMap<String, u64>, PortError> {
        let names = names.iter().map(|name| (*name).to_owned()).collect();
        let answer = self.parameters.get_parameters().set_names(Some(names)).with_decryption(false);
        let answer = answer.send().await.map_err(|error| endpoint.failure("GetParameters", "", error))?;
        let found = answer.parameters().iter().filter_map(|entry| {
            Some((entry.name()?.to_owned(), u64::try_from(entry.version()).unwrap_or_default()))
        });
        Ok(found.collect())
    }

    async fn machine_images(
        &self,
        things: &[Outside],
        endpoint: &Endpoint,
    ) -> Result<Vec<Presence>, PortError> {
        let ids = things.iter().map(|thing| thing.name().to_owned()).collect();
        // By a filter: an id that is not there is no error then.
        let filter = Filter::builder().name("image-id").set_values(Some(ids)).build();
        let request = self.machines.describe_images().include_deprecated(true).filters(filter);
        let mut images = request.into_paginator().items().send();
        let mut states = BTreeMap::new();
        while let Some(image) = images.next().await {
            let image =
                image.map_err(|error: SdkError<_, _>| endpoint.failure("DescribeImages", "", error))?;
            states.extend(image.image_id().map(|id| (id.to_owned(), image.state().cloned())));
        }
        let judged = things.iter().map(|thing| match states.get(thing.name()) {
            None => Presence::Missing("is not there, or not for this account".to_owned()),
            Some(Some(ImageState::Available)) => Presence::There,
            Some(state) => {
                let state = state.as_ref().map_or("unknown", ImageState::as_str);
                Presence::Missing(format!("is not available ({state})"))
            }
        });
        Ok(judged.collect())
    }

    /// See [`crate::port::CloudFormation::quota`].
    pub async fn quota(&self, kind: QuotaKind, endpoint: &Endpoint) -> Result<Option<Quota>, PortError> {
        match kind {
            QuotaKind::Stacks => self.stacks(endpoint).await,
            QuotaKind::ElasticAddresses => self.addresses(endpoint).await,
        }
    }

    async fn stacks(&self, endpoint: &Endpoint) -> Result<Option<Quota>, PortError> {
        const CALL: &str = "DescribeAccountLimits";
        let mut limits = self.stacks.describe_account_limits().into_paginator().items().send();
        while let Some(limit) = limits.next().await {
            let limit = limit.map_err(|error: SdkError<_, _>| endpoint.failure(CALL, "", error))?;
            if let (Some(STACK_LIMIT), Some(most)) = (limit.name(), limit.value()) {
                return Ok(Some(Quota { most: u64::try_from(most).unwrap_or_default(), used: None }));
            }
        }
        Err(PortError::new(PortErrorKind::Malformed, CALL, format!("the answer has no `{STACK_LIMIT}`")))
    }

    async fn addresses(&self, endpoint: &Endpoint) -> Result<Option<Quota>, PortError> {
        const CALL: &str = "DescribeAccountAttributes";
        let name = AccountAttributeName::from("vpc-max-elastic-ips");
        let answer = self.machines.describe_account_attributes().attribute_names(name).send().await;
        let answer = answer.map_err(|error| endpoint.failure(CALL, "", error))?;
        let values = answer.account_attributes().iter().flat_map(|attribute| attribute.attribute_values());
        let most = values.filter_map(|value| value.attribute_value()?.parse().ok()).next();
        let most = most.ok_or_else(|| {
            PortError::new(PortErrorKind::Malformed, CALL, "the answer has no `vpc-max-elastic-ips`")
        })?;
        let answer = self.machines.describe_addresses().send().await;
        let answer = answer.map_err(|error| endpoint.failure("DescribeAddresses", "", error))?;
        Ok(Some(Quota { most, used: Some(answer.addresses().len() as u64) }))
    }
}

fn present(is_there: bool, otherwise: &str) -> Presence {
    if is_there { Presence::There } else { Presence::Missing(otherwise.to_owned()) }
}

/// Whether a secret has the version that is asked for. One without a stage may go at any time.
fn version(thing: &Outside, found: &DescribeSecretOutput) -> Presence {
    let Outside::Secret { stage, version, .. } = thing else { return Presence::Unknown };
    if found.deleted_date().is_some() {
        return Presence::Missing("is scheduled for deletion".to_owned());
    }
    let versions = found.version_ids_to_stages();
    let has_stage =
        |wanted: &str| versions.is_some_and(|all| all.values().flatten().any(|stage| stage == wanted));
    match version {
        Some(id) => {
            let is_there = versions.is_some_and(|all| all.contains_key(id));
            present(is_there, &format!("has no version `{id}` with a stage"))
        }
        None => {
            let stage = stage.as_deref().unwrap_or(CURRENT);
            present(has_stage(stage), &format!("has no version `{stage}`"))
        }
    }
}

/// Whether an entry has the version that is asked for. Old ones go by themselves.
fn entry(thing: &Outside, newest: Option<u64>) -> Presence {
    let (Outside::Parameter { version, .. }, Some(newest)) = (thing, newest) else {
        return Presence::Missing("is not there".to_owned());
    };
    match version {
        Some(wanted) if *wanted > newest => {
            Presence::Missing(format!("has no version {wanted}: the newest is {newest}"))
        }
        Some(wanted) if wanted + KEPT_VERSIONS <= newest => {
            Presence::Missing(format!("has no version {wanted} any more: the newest is {newest}"))
        }
        _ => Presence::There,
    }
}
