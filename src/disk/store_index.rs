//! The entries of the store's index: images that were made here and the documents about them, by their
//! inputs, and base images.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::image::Blob;
use crate::image::about::Attachment;
use crate::model::Digest;

/// The annotation that names an entry.
const NAME: &str = "org.opencontainers.image.ref.name";

const IMAGE: &str = "in-";
const BASE: &str = "base-";

/// One entry.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    /// `in-`, `provenance-` or `packages-` and the input hash, or `base-` and the manifest's digest.
    pub(super) name: String,
    /// What the manifest is.
    pub(super) media_type: String,
    /// The manifest.
    pub(super) blob: Blob,
}

/// The name of an image that was made from an input.
pub(super) fn image_name(input: Digest) -> String {
    format!("{IMAGE}{}", input.hex())
}

/// The name of a document about an image that was made from an input.
pub(super) fn attachment_name(kind: Attachment, input: Digest) -> String {
    format!("{}-{}", kind.word(), input.hex())
}

/// The name of a base image.
pub(super) fn base_name(manifest: Digest) -> String {
    format!("{BASE}{}", manifest.hex())
}

impl Entry {
    /// Reads one; `None` where it is not understood.
    pub(super) fn read(described: &Value) -> Option<Self> {
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let blob =
            Blob { digest: described["digest"].as_str()?.parse().ok()?, size: described["size"].as_u64()? };
        let entry = Self {
            name: text(&described["annotations"][NAME])?,
            media_type: text(&described["mediaType"])?,
            blob,
        };
        (entry.input().is_some() || entry.name == base_name(blob.digest)).then_some(entry)
    }

    /// The input of the image that it is, or is about; `None` for a base image.
    pub(super) fn input(&self) -> Option<Digest> {
        let (_, input) =
            self.name.split_once('-').filter(|_| self.is_image() || self.attachment().is_some())?;
        format!("sha256:{input}").parse().ok()
    }

    /// The input of an image that was made here.
    pub(super) fn input_of_image(&self) -> Option<Digest> {
        self.input().filter(|_| self.is_image())
    }

    fn is_image(&self) -> bool {
        self.name.starts_with(IMAGE)
    }

    /// Whether it is a document about an image.
    pub(super) fn is_attachment(&self) -> bool {
        self.attachment().is_some()
    }

    fn attachment(&self) -> Option<Attachment> {
        let (word, _) = self.name.split_once('-')?;
        Attachment::ALL.into_iter().find(|kind| kind.word() == word)
    }

    /// As the index has it.
    pub(super) fn described(&self) -> Value {
        let mut described = json!({
            "mediaType": self.media_type,
            "digest": self.blob.digest,
            "size": self.blob.size,
            "annotations": {NAME: self.name},
        });
        if let Some(attachment) = self.attachment() {
            described["artifactType"] = json!(attachment.media_type());
        }
        described
    }
}

/// What garbage collection leaves.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// Images by their inputs.
    pub inputs: BTreeSet<Digest>,
    /// Base images by their manifests.
    pub bases: BTreeSet<Digest>,
    /// Single blobs, such as fetched files.
    pub blobs: BTreeSet<Digest>,
}

impl Wanted {
    pub(super) fn has(&self, entry: &Entry) -> bool {
        match entry.input() {
            Some(input) => self.inputs.contains(&input),
            None => self.bases.contains(&entry.blob.digest),
        }
    }
}
