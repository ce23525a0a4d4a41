//! Why something could not be made canonical.

use std::io;

use crate::model::Digest;

/// Why an image could not be made canonical.
#[derive(Debug, thiserror::Error)]
pub enum CanonicalError {
    /// The image's bytes cannot be read.
    #[error("could not read the image")]
    Read(#[source] io::Error),
    /// The store cannot take it.
    #[error("could not write the image")]
    Write(#[source] io::Error),
    /// An archive ends too early.
    #[error("the archive ends in the middle of {of}")]
    Truncated {
        /// What is incomplete.
        of: String,
    },
    /// Not in the form that it should have.
    #[error("{what} is not as it should be: {why}")]
    Malformed {
        /// Which part.
        what: String,
        /// What is wrong.
        why: String,
    },
    /// A name would lead out of the image.
    #[error("`{path}` in a layer leads out of the image")]
    Outside {
        /// As it is written.
        path: String,
    },
    /// An entry below something that is no directory.
    #[error("a layer has `{path}`, and `{above}` is no directory")]
    NoDirectory {
        /// The entry.
        path: String,
        /// What is no directory.
        above: String,
    },
    /// A hard link to nothing.
    #[error("a layer has the hard link `{path}` to `{target}`, which is no file of the image")]
    NoTarget {
        /// The link.
        path: String,
        /// Where it leads.
        target: String,
    },
    /// The bytes are not those that they should be.
    #[error("{what} has the digest {found}, and should have {wanted}")]
    Tampered {
        /// Which part.
        what: String,
        /// The digest that was said.
        wanted: Digest,
        /// The digest of what is there.
        found: Digest,
    },
    /// The image is not made from its base.
    #[error("the image is not made from its base: layer {number} is {found}, and should be {wanted}")]
    OtherBase {
        /// Which layer, from 1.
        number: usize,
        /// The base's.
        wanted: Digest,
        /// The image's, or that there is none.
        found: String,
    },
    /// For something else.
    #[error("the image is for {found}, and should be for {wanted}")]
    OtherPlatform {
        /// What it is for.
        found: String,
        /// What was wanted.
        wanted: String,
    },
    /// More than is taken.
    #[error("the image has more than {limit}")]
    TooLarge {
        /// How much is taken.
        limit: &'static str,
    },
    /// Something that exists and is not read.
    #[error("{what} is not supported yet")]
    NotYet {
        /// What.
        what: String,
    },
}

impl CanonicalError {
    /// What to do next.
    pub fn hint(&self) -> Option<&'static str> {
        Some(match self {
            Self::Write(error) if error.kind() == io::ErrorKind::StorageFull => {
                "the disk is full: free some space and run the command again; the store is as it was"
            }
            Self::Truncated { .. } | Self::Tampered { .. } => {
                "run the command again; when it comes back, the engine's own store or the file is damaged"
            }
            Self::Outside { .. } | Self::NoDirectory { .. } | Self::NoTarget { .. } => {
                "no engine makes such a layer from a Dockerfile: look who made the image or its base"
            }
            Self::OtherBase { .. } => {
                "the engine has another image under the base's name: remove it there and build again"
            }
            Self::OtherPlatform { .. } => "say what the image is for with `platform` in its unit",
            Self::TooLarge { .. } => "leave out what the image does not need",
            Self::Read(_) | Self::Write(_) | Self::Malformed { .. } | Self::NotYet { .. } => return None,
        })
    }

    /// Something that is not as it should be.
    pub(super) fn malformed(what: impl Into<String>, why: impl Into<String>) -> Self {
        Self::Malformed { what: what.into(), why: why.into() }
    }
}
