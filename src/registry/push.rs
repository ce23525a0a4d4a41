//! Blobs and manifests that a registry is given.

use std::io::{self, Read};

use futures_util::stream;
use oci_client::errors::OciDistributionError;
use oci_client::{Reference, RegistryOperation};

use crate::model::Digest;
use crate::port::{Opener, RegistryError};
use crate::registry::failure::Asked;
use crate::registry::{Place, Registries};

/// Bytes that are sent at a time.
const CHUNK: usize = 256 << 10;

impl Registries {
    pub(super) async fn push_blob(
        &self,
        repository: &str,
        digest: Digest,
        size: u64,
        open: Opener<'_>,
    ) -> Result<bool, RegistryError> {
        let place = self.enter(repository, RegistryOperation::Push).await?;
        let name = digest.to_string();
        let asked = place.asked(format!("`{name}` of `{repository}`"));
        self.patiently_at(&place, async || {
            // After a failure it may be there all the same.
            let is_there = place.client.blob_exists(&place.reference, &name).await;
            if is_there.map_err(|error| asked.failure(error))? {
                return Ok(false);
            }
            let file = open().map_err(|source| RegistryError::Here { what: asked.what.clone(), source })?;
            let sent = place.client.push_blob_stream(&place.reference, chunks(file), &name, Some(size)).await;
            sent.map(|_| true).map_err(|error| sending_failed(error, &asked))
        })
        .await
    }

    pub(super) async fn push_manifest(
        &self,
        repository: &str,
        tag: &str,
        manifest: &[u8],
    ) -> Result<(), RegistryError> {
        let mut place = self.enter(repository, RegistryOperation::Push).await?;
        let (host, path) = (place.reference.registry().to_owned(), place.reference.repository().to_owned());
        place.reference = Reference::with_tag(host, path, tag.to_owned());
        let (wanted, named) = (Digest::of(manifest), format!("{repository}:{tag}"));
        match self.tagged(&place, &named).await? {
            Some(found) if found == wanted => return Ok(()),
            Some(found) => return Err(taken(repository, tag, found, wanted)),
            None => {}
        }
        let asked = place.asked(format!("image `{named}`"));
        self.put_manifest(&place, &place.reference, manifest, &asked).await?;
        match self.tagged(&place, &named).await? {
            Some(found) if found == wanted => Ok(()),
            Some(found) => Err(taken(repository, tag, found, wanted)),
            None => Err(asked.answer("it took the tag, and does not have it".to_owned())),
        }
    }

    /// What a tag names, by the bytes that it gives.
    async fn tagged(&self, place: &Place<'_>, named: &str) -> Result<Option<Digest>, RegistryError> {
        match self.manifest(place, named).await {
            Ok((_, digest)) => Ok(Some(digest)),
            Err(RegistryError::NotFound { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

fn taken(repository: &str, tag: &str, found: Digest, wanted: Digest) -> RegistryError {
    RegistryError::Taken { repository: repository.to_owned(), tag: tag.to_owned(), found, wanted }
}

/// A file that cannot be read ends the request, and looks like a connection that broke.
fn sending_failed(error: OciDistributionError, asked: &Asked) -> RegistryError {
    match error {
        OciDistributionError::IoError(source) => RegistryError::Here { what: asked.what.clone(), source },
        error => asked.failure(error),
    }
}

/// A file in parts.
fn chunks<B: From<Vec<u8>>>(
    file: Box<dyn Read + Send>,
) -> impl stream::Stream<Item = Result<B, OciDistributionError>> {
    type Open = Box<dyn Read + Send>;
    let next = |mut file: Open| -> io::Result<Option<(Vec<u8>, Open)>> {
        let mut bytes = Vec::with_capacity(CHUNK);
        (&mut file).take(CHUNK as u64).read_to_end(&mut bytes)?;
        Ok((!bytes.is_empty()).then_some((bytes, file)))
    };
    stream::unfold(Some(file), move |file| async move {
        match next(file?) {
            Ok(None) => None,
            Ok(Some((bytes, file))) => Some((Ok(B::from(bytes)), Some(file))),
            Err(error) => Some((Err(error.into()), None)),
        }
    })
}
