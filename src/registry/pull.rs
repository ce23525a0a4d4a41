//! What an image is, and the bytes of its blobs.

use std::io::Write;

use futures_util::FutureExt as _;
use futures_util::stream::StreamExt as _;
use oci_client::RegistryOperation;
use oci_client::client::{BlobResponse, LayerDescriptor};

use crate::model::{Digest, Platform};
use crate::port::{RegistryError, RemoteImage};
use crate::registry::download::{Answer, Chunk, Download};
use crate::registry::manifest::{Found, check_platform, read};
use crate::registry::{Place, Registries};

/// What a manifest may be.
pub(super) const MANIFESTS: [&str; 4] = [
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
];

/// Bytes that a configuration may have: a thousand times what they usually have.
const LARGEST_CONFIGURATION: u64 = 8 << 20;

impl Registries {
    pub(super) async fn resolve_image(
        &self,
        image: &str,
        platform: &Platform,
    ) -> Result<RemoteImage, RegistryError> {
        let mut place = self.enter(image, RegistryOperation::Pull).await?;
        let asked = place.asked(format!("image `{image}`"));
        let (mut manifest, mut digest) = self.manifest(&place, image).await?;
        let mut found = read(&manifest, image, platform, &asked)?;
        if let Found::Listed(one) = found {
            place.reference = place.reference.clone_with_digest(one.to_string());
            (manifest, digest) = self.manifest(&place, image).await?;
            found = read(&manifest, image, platform, &asked)?;
        }
        let Found::Image { configuration, size } = found else {
            return Err(asked.answer("an index that lists an index".to_owned()));
        };
        if size > LARGEST_CONFIGURATION {
            return Err(asked.answer(format!("its configuration has {size} bytes")));
        }
        let mut bytes = Vec::new();
        self.blob(&place, configuration, size, &mut bytes).await?;
        check_platform(&bytes, image, platform, &asked)?;
        Ok(RemoteImage { digest, manifest, configuration: bytes })
    }

    /// The bytes of a manifest; they have the digest that the reference names.
    pub(super) async fn manifest(
        &self,
        place: &Place<'_>,
        image: &str,
    ) -> Result<(Vec<u8>, Digest), RegistryError> {
        let asked = place.asked(format!("image `{image}`"));
        let (bytes, _) = self
            .patiently_at(place, async || {
                let pulled = place.client.pull_manifest_raw(&place.reference, &place.auth, &MANIFESTS).await;
                pulled.map_err(|error| asked.failure(error))
            })
            .await?;
        let digest = Digest::of(&bytes);
        Ok((bytes.into(), digest))
    }

    pub(super) async fn pull_blob(
        &self,
        image: &str,
        digest: Digest,
        size: u64,
        out: &mut (dyn Write + Send),
    ) -> Result<(), RegistryError> {
        let place = self.enter(image, RegistryOperation::Pull).await?;
        self.blob(&place, digest, size, out).await
    }

    async fn blob(
        &self,
        place: &Place<'_>,
        digest: Digest,
        size: u64,
        out: &mut (dyn Write + Send),
    ) -> Result<(), RegistryError> {
        let name = digest.to_string();
        let asked = place.asked(format!("`{name}` of `{}`", place.reference.repository()));
        let open = |offset: u64| {
            let (name, asked) = (&name, &asked);
            async move {
                let layer = LayerDescriptor { digest: name, urls: &None };
                let pull = async || {
                    let pulled = if offset == 0 {
                        place.client.pull_blob_stream(&place.reference, &layer).await.map(BlobResponse::Full)
                    } else {
                        place.client.pull_blob_stream_partial(&place.reference, &layer, offset, None).await
                    };
                    pulled.map_err(|error| asked.failure(error))
                };
                let pulled = match pull().await {
                    Err(RegistryError::Denied { is_unknown: true, .. }) => {
                        self.renew(place).await?;
                        pull().await
                    }
                    pulled => pulled,
                };
                let (is_from_offset, sized) = match pulled? {
                    BlobResponse::Partial(sized) => (true, sized),
                    BlobResponse::Full(sized) => (false, sized),
                };
                let bytes = sized.stream.map(|chunk| match chunk {
                    Ok(chunk) => Ok(Box::new(chunk) as Chunk),
                    Err(error) => Err(error.into()),
                });
                Ok(Answer { is_from_offset, bytes: bytes.boxed() })
            }
            .boxed()
        };
        let download = Download { asked: &asked, digest, size: Some(size), patience: self.patience };
        download.run(&open, out).await
    }
}
