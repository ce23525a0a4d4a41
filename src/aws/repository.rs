//! What repositories of images hold, and emptying them.

use std::collections::BTreeSet;

use aws_sdk_ecr::Client;
use aws_sdk_ecr::types::{ImageFailureCode, ImageIdentifier};

use crate::aws::error::Endpoint;
use crate::model::{AccountId, Contents};
use crate::port::{PortError, PortErrorKind};

/// Images that one call deletes. Source: *Amazon ECR API Reference, BatchDeleteImage*.
const PAGE: i32 = 100;

/// The repositories of one account, reached in one region.
#[derive(Debug)]
pub struct Repositories {
    client: Client,
    account: AccountId,
}

impl Repositories {
    /// Repositories of `account`.
    pub fn new(client: Client, account: &AccountId) -> Self {
        Self { client, account: account.clone() }
    }

    /// One call.
    pub async fn look(&self, repository: &str, endpoint: &Endpoint) -> Result<Option<Contents>, PortError> {
        match self.images(repository, 1, endpoint).await {
            Err(error) if error.kind == PortErrorKind::NotFound => Ok(None),
            images => Ok(Some(Contents { is_empty: images?.is_empty(), has_object_lock: false })),
        }
    }

    /// One page of images, each with all its tags. Those that a list of images refers to go after the
    /// list: their turn comes with the next page.
    pub async fn empty(&self, repository: &str, endpoint: &Endpoint) -> Result<u64, PortError> {
        let images = match self.images(repository, PAGE, endpoint).await {
            Err(error) if error.kind == PortErrorKind::NotFound => return Ok(0),
            images => images?,
        };
        if images.is_empty() {
            return Ok(0);
        }
        let identifiers = images.iter().map(|digest| ImageIdentifier::builder().image_digest(digest).build());
        let request = self.client.batch_delete_image().registry_id(self.account.as_str());
        let request = request.repository_name(repository).set_image_ids(Some(identifiers.collect()));
        let answer = request.send().await;
        let answer = answer.map_err(|error| endpoint.failure("BatchDeleteImage", repository, error))?;
        let deleted: BTreeSet<&str> =
            answer.image_ids().iter().filter_map(|one| one.image_digest()).collect();
        let is_later = |code: Option<&ImageFailureCode>| {
            code == Some(&ImageFailureCode::ImageReferencedByManifestList)
                || code == Some(&ImageFailureCode::ImageNotFound)
        };
        let refused =
            answer.failures().iter().find(|one| deleted.is_empty() || !is_later(one.failure_code()));
        match refused {
            None => Ok(deleted.len() as u64),
            Some(refused) => Err(PortError::new(
                PortErrorKind::Denied,
                format!("BatchDeleteImage `{repository}`"),
                format!(
                    "{} ({})",
                    refused.failure_reason().unwrap_or_default(),
                    refused.failure_code().map_or("", ImageFailureCode::as_str),
                ),
            )
            .with_hint(
                "look at the image in the ECR console, delete it there, then run the same command again",
            )),
        }
    }

    /// Digests of the first images.
    async fn images(
        &self,
        repository: &str,
        most: i32,
        endpoint: &Endpoint,
    ) -> Result<BTreeSet<String>, PortError> {
        let request = self.client.list_images().registry_id(self.account.as_str());
        let answer = request.repository_name(repository).max_results(most).send().await;
        let answer = answer.map_err(|error| endpoint.failure("ListImages", repository, error))?;
        let digests = answer.image_ids().iter().filter_map(|one| one.image_digest());
        Ok(digests.map(str::to_owned).collect())
    }
}
