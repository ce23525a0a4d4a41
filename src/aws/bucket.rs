//! What buckets hold, and emptying them.

use aws_sdk_s3::Client;
use aws_sdk_s3::types::{Delete, ObjectIdentifier, ObjectLockEnabled};

use crate::aws::error::Endpoint;
use crate::model::{AccountId, Contents};
use crate::port::{PortError, PortErrorKind};

/// The buckets of one account, reached in one region.
#[derive(Debug)]
pub struct Buckets {
    client: Client,
    /// Another owner's bucket of the same name is refused by S3.
    account: AccountId,
}

impl Buckets {
    /// Buckets that `account` owns.
    pub fn new(client: Client, account: &AccountId) -> Self {
        Self { client, account: account.clone() }
    }

    /// Three calls: versions and delete markers, unfinished uploads, Object Lock.
    pub async fn look(&self, bucket: &str, endpoint: &Endpoint) -> Result<Option<Contents>, PortError> {
        let versions = match self.versions(bucket, 1, endpoint).await {
            Err(error) if error.kind == PortErrorKind::NotFound => return Ok(None),
            versions => versions?,
        };
        let is_empty = versions.is_empty() && self.uploads(bucket, endpoint).await?.is_empty();
        Ok(Some(Contents { is_empty, has_object_lock: self.has_object_lock(bucket, endpoint).await? }))
    }

    /// One page: at most 1,000 versions and markers, then at most 1,000 unfinished uploads.
    pub async fn empty(&self, bucket: &str, endpoint: &Endpoint) -> Result<u64, PortError> {
        let versions = match self.versions(bucket, 1_000, endpoint).await {
            Err(error) if error.kind == PortErrorKind::NotFound => return Ok(0),
            versions => versions?,
        };
        let mut deleted = versions.len() as u64;
        if !versions.is_empty() {
            self.delete(bucket, versions, endpoint).await?;
        }
        for (key, upload) in self.uploads(bucket, endpoint).await? {
            self.abort(bucket, &key, &upload, endpoint).await?;
            deleted += 1;
        }
        Ok(deleted)
    }

    async fn versions(
        &self,
        bucket: &str,
        most: i32,
        endpoint: &Endpoint,
    ) -> Result<Vec<ObjectIdentifier>, PortError> {
        let request = self.client.list_object_versions().bucket(bucket).max_keys(most);
        let answer = request.expected_bucket_owner(self.account.as_str()).send().await;
        let answer = answer.map_err(|error| endpoint.failure("ListObjectVersions", bucket, error))?;
        let versions = answer.versions().iter().map(|one| (one.key(), one.version_id()));
        let markers = answer.delete_markers().iter().map(|one| (one.key(), one.version_id()));
        let all = versions.chain(markers).filter_map(|(key, version)| {
            ObjectIdentifier::builder().key(key?).set_version_id(version.map(str::to_owned)).build().ok()
        });
        Ok(all.collect())
    }

    /// Unfinished uploads: key and upload id.
    async fn uploads(&self, bucket: &str, endpoint: &Endpoint) -> Result<Vec<(String, String)>, PortError> {
        let request = self.client.list_multipart_uploads().bucket(bucket);
        let answer = request.expected_bucket_owner(self.account.as_str()).send().await;
        let answer = answer.map_err(|error| endpoint.failure("ListMultipartUploads", bucket, error))?;
        let uploads = answer.uploads().iter();
        Ok(uploads.filter_map(|one| Some((one.key()?.to_owned(), one.upload_id()?.to_owned()))).collect())
    }

    async fn has_object_lock(&self, bucket: &str, endpoint: &Endpoint) -> Result<bool, PortError> {
        let request = self.client.get_object_lock_configuration().bucket(bucket);
        match request.expected_bucket_owner(self.account.as_str()).send().await {
            Ok(answer) => {
                let configured = answer.object_lock_configuration();
                Ok(configured.and_then(|it| it.object_lock_enabled()) == Some(&ObjectLockEnabled::Enabled))
            }
            // A bucket without it answers 404 with a code of its own.
            Err(error) if error.raw_response().is_some_and(|answer| answer.status().as_u16() == 404) => {
                Ok(false)
            }
            Err(error) => Err(endpoint.failure("GetObjectLockConfiguration", bucket, error)),
        }
    }

    /// DeleteObjects answers 200 and says inside what it could not delete.
    async fn delete(
        &self,
        bucket: &str,
        objects: Vec<ObjectIdentifier>,
        endpoint: &Endpoint,
    ) -> Result<(), PortError> {
        let delete = Delete::builder().set_objects(Some(objects)).quiet(true).build();
        let delete = delete.expect("the list of objects is given");
        let request = self.client.delete_objects().bucket(bucket).delete(delete);
        let answer = request.expected_bucket_owner(self.account.as_str()).send().await;
        let answer = answer.map_err(|error| endpoint.failure("DeleteObjects", bucket, error))?;
        let Some(refused) = answer.errors().first() else { return Ok(()) };
        let message = format!(
            "{} of {} objects could not be deleted; `{}`: {} ({})",
            answer.errors().len(),
            bucket,
            refused.key().unwrap_or_default(),
            refused.message().unwrap_or_default(),
            refused.code().unwrap_or_default(),
        );
        Err(PortError::new(PortErrorKind::Denied, format!("DeleteObjects `{bucket}`"), message)
            .with_hint("the caller needs s3:DeleteObjectVersion there, and no lock or policy may forbid it"))
    }

    async fn abort(
        &self,
        bucket: &str,
        key: &str,
        upload: &str,
        endpoint: &Endpoint,
    ) -> Result<(), PortError> {
        let request = self.client.abort_multipart_upload().bucket(bucket).key(key).upload_id(upload);
        let answer = request.expected_bucket_owner(self.account.as_str()).send().await;
        match answer.map_err(|error| endpoint.failure("AbortMultipartUpload", bucket, error)) {
            // Somebody finished or aborted it meanwhile.
            Err(error) if error.kind == PortErrorKind::NotFound => Ok(()),
            answer => answer.map(drop),
        }
    }
}
