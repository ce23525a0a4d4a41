//! Why the store of images could not be used.

use camino::Utf8PathBuf;

use crate::disk::error::FileError;

/// Why the store could not be used.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The system refused.
    #[error(transparent)]
    File(#[from] FileError),
    /// Another process writes to it.
    #[error("another run writes to the store of images `{path}`")]
    Held {
        /// The store.
        path: Utf8PathBuf,
    },
    /// A file of it is not what it was.
    #[error("`{path}` is no index of images")]
    Damaged {
        /// Which.
        path: Utf8PathBuf,
    },
    /// A manifest of an image that is to stay is not what it was, so that its blobs are not known.
    #[error("`{path}` is no manifest of an image")]
    Manifest {
        /// Which.
        path: Utf8PathBuf,
    },
}

impl StoreError {
    /// What to do next.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::File(error) => error.hint(),
            Self::Held { .. } => {
                Some("wait until it ends; when its process dies the store is free by itself")
            }
            Self::Manifest { .. } => {
                Some("run `rekindle build` for every environment: it makes the image again")
            }
            Self::Damaged { .. } => {
                Some("remove the store's directory; `rekindle build` makes the images again")
            }
        }
    }
}
