//! Puts an image together from its recipe, without an engine: layer, configuration, manifest.

use std::io::{self, Read, Write};

use crate::image::about::{LARGEST, Texts, is_wanted};
use crate::image::base::BaseLayer;
use crate::image::configuration::{LAYER, Layer, manifest};
use crate::image::layer;
use crate::image::recipe::Recipe;
use crate::image::stages::Below;
use crate::image::tree::{Bytes, Kind};
use crate::model::{Digest, FilePath};

/// Gives the bytes of files in the context.
pub trait Contents {
    /// Opens a file of the store.
    ///
    /// # Errors
    /// It cannot be read.
    fn stored(&self, digest: Digest) -> io::Result<Box<dyn Read + '_>>;

    /// Opens a file of the context directory.
    ///
    /// # Errors
    /// It cannot be read.
    fn open(&self, path: &FilePath) -> io::Result<Box<dyn ContextFile + '_>>;
}

/// A file of the context directory that is open.
pub trait ContextFile: Read {
    /// Whether it certainly holds, at this moment, the bytes of this digest. Where that is not certain, who
    /// reads it compares the bytes.
    ///
    /// # Errors
    /// The system refuses.
    fn is_known_as(&self, digest: Digest) -> io::Result<bool>;
}

/// Bytes by their digest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Blob {
    /// Of the bytes.
    pub digest: Digest,
    /// How many.
    pub size: u64,
}

/// Takes bytes of any number, and keeps them under their digest.
pub trait Blobs {
    /// Keeps what `write` writes. When it fails, nothing is kept.
    ///
    /// # Errors
    /// What `write` said, or what stood in the way of keeping.
    fn keep(
        &mut self,
        write: &mut dyn FnMut(&mut dyn Write) -> Result<(), AssembleError>,
    ) -> Result<Blob, AssembleError>;
}

/// Is told how far it is.
pub trait Progress {
    /// So many bytes more of files are copied.
    fn copied(&self, bytes: u64);
}

/// Why an image could not be put together.
#[derive(Debug, thiserror::Error)]
pub enum AssembleError {
    /// A file of the context cannot be read.
    #[error("could not read the file that becomes `{path}`")]
    Read {
        /// Its path in the image.
        path: String,
        /// The system's answer.
        #[source]
        source: io::Error,
    },
    /// The bytes are not those that were counted in the input hash.
    #[error("the file that becomes `{path}` changed while the image was put together")]
    Changed {
        /// Its path in the image.
        path: String,
    },
    /// The files of a base image were not looked at.
    #[error("putting an image together on a base image is not supported yet")]
    NoBase,
    /// A file that was to be fetched is not there.
    #[error("the file that becomes `{path}` was not fetched")]
    NotFetched {
        /// Its path in the image.
        path: String,
    },
    /// ADD unpacks archives.
    #[error("ADD of an archive, `{path}`, is not supported yet")]
    Archive {
        /// Its path in the image.
        path: String,
    },
    /// The store cannot take it.
    #[error("could not write the image")]
    Write(#[source] io::Error),
}

impl AssembleError {
    /// What to do next.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Changed { .. } => Some("run the command again when nobody changes files"),
            Self::Archive { .. } => Some("unpack it in the context directory, or take it as it is with COPY"),
            Self::Write(error) if error.kind() == io::ErrorKind::StorageFull => {
                Some("the disk is full: free some space and run the command again; the store is as it was")
            }
            Self::Read { .. } | Self::Write(_) | Self::NoBase | Self::NotFetched { .. } => None,
        }
    }
}

/// Puts the image together and gives its manifest.
///
/// # Errors
/// A file cannot be read or changed, or the store cannot take it.
pub fn assemble(
    recipe: &Recipe,
    contents: &dyn Contents,
    progress: &dyn Progress,
    blobs: &mut dyn Blobs,
) -> Result<Blob, AssembleError> {
    let base: &[BaseLayer] = match &recipe.below {
        Below::Nothing => &[],
        Below::Base(base) => &base.layers,
        Below::Unknown => return Err(AssembleError::NoBase),
    };
    let mut digests: Vec<Digest> = base.iter().map(|layer| layer.diff_id).collect();
    let mut layers: Vec<Layer> = base.iter().map(|layer| layer.layer.clone()).collect();
    let changes = recipe.tree.changes();
    if !changes.is_empty() {
        let blob = blobs.keep(&mut |out| layer::write(&changes, contents, progress, out))?;
        digests.push(blob.digest);
        layers.push(Layer { media_type: LAYER.to_owned(), blob });
    }
    let configuration = recipe.configuration.document(&recipe.platform, &recipe.environment, &digests);
    let configuration = keep_bytes(blobs, &configuration)?;
    keep_bytes(blobs, &manifest(&configuration, &layers))
}

/// The files that say which packages an image has: its own, and those of its base.
///
/// # Errors
/// A file cannot be read.
pub fn texts(recipe: &Recipe, contents: &dyn Contents) -> Result<Texts, AssembleError> {
    let mut texts = Texts::new();
    for (path, node) in recipe.tree.entries() {
        let name = path.join(&b'/');
        let Kind::File(content) = &node.kind else { continue };
        if content.size > LARGEST || !is_wanted(&name) {
            continue;
        }
        let path = FilePath(name).to_string();
        let bytes = match (&content.bytes, &recipe.below) {
            (Bytes::Here(bytes), _) => Ok(bytes.to_vec()),
            (Bytes::InContext(from), _) => contents.open(from).and_then(whole),
            (Bytes::InStore(_), _) => contents.stored(content.digest).and_then(whole),
            (Bytes::InBase { files, .. }, below) => match (files.open(content.digest), below) {
                (Ok(file), _) => whole(file),
                (Err(_), Below::Base(base)) => Ok(base.texts.get(&path).cloned().unwrap_or_default()),
                (Err(_), _) => continue,
            },
        };
        let bytes = bytes.map_err(|source| AssembleError::Read { path: path.clone(), source })?;
        texts.insert(path, bytes);
    }
    Ok(texts)
}

fn whole(mut file: impl Read) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn keep_bytes(blobs: &mut dyn Blobs, bytes: &[u8]) -> Result<Blob, AssembleError> {
    blobs.keep(&mut |out| out.write_all(bytes).map_err(AssembleError::Write))
}
