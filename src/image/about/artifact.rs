//! The manifest of a document about an image. Source: OCI image specification 1.1, "Guidelines for Artifact
//! Usage".

use serde_json::json;

use crate::image::MANIFEST;
use crate::image::assemble::Blob;
use crate::model::{Digest, canonical};

/// The configuration of an artifact that has none.
pub const EMPTY: &[u8] = b"{}";

const EMPTY_TYPE: &str = "application/vnd.oci.empty.v1+json";

/// A document about an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Attachment {
    /// What it was made from and by whom.
    Provenance,
    /// Which packages are in it.
    Packages,
}

impl Attachment {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Provenance, Self::Packages];

    /// In one word, as the store's index and people have it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Provenance => "provenance",
            Self::Packages => "packages",
        }
    }

    /// The media type of the document, which is also the artifact's type.
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Provenance => "application/vnd.in-toto+json",
            Self::Packages => "application/spdx+json",
        }
    }
}

/// The manifest that attaches a document to the image whose manifest is `subject`.
pub fn artifact(attachment: Attachment, document: Blob, subject: Blob) -> Vec<u8> {
    let media_type = attachment.media_type();
    let mut layer = json!({"mediaType": media_type, "digest": document.digest, "size": document.size});
    if attachment == Attachment::Provenance {
        layer["annotations"] = json!({"in-toto.io/predicate-type": super::provenance::PREDICATE});
    }
    canonical::bytes(&json!({
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "artifactType": media_type,
        "config": {"mediaType": EMPTY_TYPE, "digest": Digest::of(EMPTY), "size": EMPTY.len()},
        "layers": [layer],
        "subject": {"mediaType": MANIFEST, "digest": subject.digest, "size": subject.size},
    }))
}
