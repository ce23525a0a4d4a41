//! Artifacts that are attached to an image. A registry of version 1.1 of the OCI distribution specification
//! lists them by itself; for one before it the client keeps the list, as an index under a tag that is named
//! after the image's digest ("Referrers Tag Schema").

use oci_client::{Reference, RegistryOperation};
use serde_json::{Value, json};

use crate::model::{Digest, canonical};
use crate::port::RegistryError;
use crate::registry::failure::Asked;
use crate::registry::{Place, Registries};

const INDEX: &str = "application/vnd.oci.image.index.v1+json";

impl Registries {
    pub(super) async fn attach_manifests(
        &self,
        repository: &str,
        subject: Digest,
        manifests: &[Vec<u8>],
    ) -> Result<(), RegistryError> {
        let place = self.enter(repository, RegistryOperation::Push).await?;
        // Lists are read with other rights than manifests are written.
        self.enter(repository, RegistryOperation::Pull).await?;
        for manifest in manifests {
            let digest = Digest::of(manifest);
            let asked = place.asked(format!("`{digest}` of `{repository}`"));
            let reference = place.reference.clone_with_digest(digest.to_string());
            self.put_manifest(&place, &reference, manifest, &asked).await?;
        }
        let listed = self.listed(&place, subject).await?;
        let is_missing = |manifest: &&Vec<u8>| !listed.contains(&Digest::of(manifest).to_string());
        let missing: Vec<&Vec<u8>> = manifests.iter().filter(is_missing).collect();
        if missing.is_empty() { Ok(()) } else { self.list_under_tag(&place, subject, &missing).await }
    }

    /// The digests of what the registry lists as attached to an image.
    async fn listed(&self, place: &Place<'_>, subject: Digest) -> Result<Vec<String>, RegistryError> {
        let reference = place.reference.clone_with_digest(subject.to_string());
        let asked = place.asked(format!("what is attached to `{subject}`"));
        let index = self
            .patiently_at(place, async || {
                let pulled = place.client.pull_referrers(&reference, None).await;
                pulled.map_err(|error| asked.failure(error))
            })
            .await?;
        Ok(index.manifests.into_iter().map(|entry| entry.digest).collect())
    }

    /// Adds to the list under the tag; what others put there stays.
    async fn list_under_tag(
        &self,
        place: &Place<'_>,
        subject: Digest,
        missing: &[&Vec<u8>],
    ) -> Result<(), RegistryError> {
        let (host, path) = (place.reference.registry().to_owned(), place.reference.repository().to_owned());
        let tag = subject.to_string().replace(':', "-");
        let asked = place.asked(format!("image `{path}:{tag}`"));
        let reference = Reference::with_tag(host.clone(), path, tag);
        let (auth, operation) = (place.auth.clone(), place.operation);
        let tagged = Place { client: place.client, reference: reference.clone(), auth, host, operation };
        let mut index = match self.manifest(&tagged, &asked.what).await {
            Ok((bytes, _)) => {
                serde_json::from_slice(&bytes).map_err(|error| asked.answer(error.to_string()))?
            }
            Err(RegistryError::NotFound { .. }) => {
                json!({"schemaVersion": 2, "mediaType": INDEX, "manifests": []})
            }
            Err(error) => return Err(error),
        };
        let Some(entries) = index["manifests"].as_array_mut() else {
            return Err(asked.answer("it is no list of what is attached".to_owned()));
        };
        entries.extend(missing.iter().map(|manifest| described(manifest)));
        self.put_manifest(place, &reference, &canonical::bytes(&index), &asked).await
    }

    pub(super) async fn put_manifest(
        &self,
        place: &Place<'_>,
        reference: &Reference,
        manifest: &[u8],
        asked: &Asked,
    ) -> Result<(), RegistryError> {
        let kind: Value =
            serde_json::from_slice(manifest).map_err(|error| asked.answer(error.to_string()))?;
        let kind = kind["mediaType"].as_str().unwrap_or_default().parse();
        let kind = kind.map_err(|_| asked.answer("the manifest says no media type".to_owned()))?;
        self.patiently_at(place, async || {
            let bytes = manifest.to_vec();
            let pushed = place.client.push_manifest_raw(reference, bytes, Clone::clone(&kind)).await;
            pushed.map(drop).map_err(|error| asked.failure(error))
        })
        .await
    }
}

/// An artifact as a list has it.
fn described(manifest: &[u8]) -> Value {
    let document: Value = serde_json::from_slice(manifest).unwrap_or_default();
    json!({
        "mediaType": document["mediaType"],
        "artifactType": document["artifactType"],
        "digest": Digest::of(manifest),
        "size": manifest.len(),
    })
}
