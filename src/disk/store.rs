//! The store of images: an OCI image layout (image specification 1.1), so that other tools read it.
//!
//! Blobs lie under their digest and never change. A blob is written elsewhere, synced, and put in place
//! in one step; the index follows when all blobs of an image are there. A process that dies leaves a
//! file in `incoming/`, which the next one removes, and blobs without an image, which `gc` removes.

use std::collections::BTreeSet;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, BufWriter, Read as _, Write};

use camino::{Utf8Path, Utf8PathBuf};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::disk::digest;
use crate::disk::error::{Access, FileError};
use crate::disk::state::StateDirectory;
use crate::disk::write::{make_directory, write_atomically};
use crate::image::{AssembleError, Blob, Blobs, MANIFEST};
use crate::model::{Digest, canonical};

/// What names an image in the index: `in-` and the input hash.
const NAME: &str = "org.opencontainers.image.ref.name";

/// Bytes that are written at a time.
const BUFFER: usize = 1 << 20;

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

/// An image in the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredImage {
    /// The input hash it was made from.
    pub input: Digest,
    /// Its manifest.
    pub manifest: Blob,
}

/// The store, held by this process until it is dropped.
#[derive(Debug)]
pub struct Store {
    root: Utf8PathBuf,
    _lock: File,
}

impl Store {
    /// Takes the store, and makes it where there is none.
    ///
    /// # Errors
    /// Another process holds it, or it cannot be made.
    pub fn open(state: &StateDirectory) -> Result<Self, StoreError> {
        state.make()?;
        let root = state.store();
        for directory in ["blobs/sha256", "incoming"] {
            make_directory(&root.join(directory))?;
        }
        let path = root.join("incoming/.lock");
        let failed = || FileError::at(Access::Lock, &path);
        let lock =
            OpenOptions::new().write(true).create(true).truncate(false).open(&path).map_err(failed())?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::Error(error)) => return Err(failed()(error).into()),
            Err(TryLockError::WouldBlock) => return Err(StoreError::Held { path: root }),
        }
        let store = Self { root, _lock: lock };
        store.remove_left_behind()?;
        let layout = store.root.join("oci-layout");
        if !layout.is_file() {
            write_atomically(&layout, &canonical::bytes(&json!({"imageLayoutVersion": "1.0.0"})))?;
        }
        Ok(store)
    }

    /// Where it is.
    pub fn path(&self) -> &Utf8Path {
        &self.root
    }

    /// Nobody else holds the store, so what is on its way was left by a process that died.
    fn remove_left_behind(&self) -> Result<(), FileError> {
        let incoming = self.root.join("incoming");
        let failed = |error| FileError::at(Access::Remove, &incoming)(error);
        for entry in fs::read_dir(&incoming).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            if entry.file_name() != ".lock" {
                fs::remove_file(entry.path()).map_err(failed)?;
            }
        }
        Ok(())
    }

    /// Every image, in the order of the index.
    ///
    /// # Errors
    /// The index cannot be read, or is none.
    pub fn images(&self) -> Result<Vec<StoredImage>, StoreError> {
        let index = self.index()?;
        let images = index["manifests"].as_array().and_then(|all| all.iter().map(stored_image).collect());
        // What is not understood is not dropped: the next write would forget it, and its blobs with it.
        images.ok_or_else(|| StoreError::Damaged { path: self.root.join("index.json") })
    }

    /// The image made from `input`, when all of it is there: every byte is read and compared with its
    /// digest. One that is damaged counts as absent, and is made again.
    ///
    /// # Errors
    /// The index cannot be read, or is none.
    pub fn find(&self, input: Digest) -> Result<Option<Blob>, StoreError> {
        let found = self.images()?.into_iter().find(|image| image.input == input);
        let Some(StoredImage { manifest, .. }) = found else { return Ok(None) };
        Ok(self.is_whole(manifest.digest).then_some(manifest))
    }

    fn is_whole(&self, manifest: Digest) -> bool {
        let Some(blobs) = self.blobs_of(manifest) else { return false };
        blobs.into_iter().all(|digest| self.has(digest))
    }

    /// The blobs that a manifest names; `None` when the manifest itself is not whole.
    fn blobs_of(&self, manifest: Digest) -> Option<BTreeSet<Digest>> {
        let bytes = fs::read(self.blob(manifest)).ok()?;
        let document: Value =
            serde_json::from_slice(&bytes).ok().filter(|_| Digest::of(&bytes) == manifest)?;
        let layers = document["layers"].as_array()?;
        let named = layers.iter().chain([&document["config"]]);
        named.map(|blob| blob["digest"].as_str()?.parse().ok()).collect()
    }

    fn has(&self, digest: Digest) -> bool {
        let found = File::open(self.blob(digest)).and_then(digest::of_reader);
        found.is_ok_and(|(found, _)| found == digest)
    }

    /// Puts an image into the index, in place of an earlier one made from the same input.
    ///
    /// # Errors
    /// The index cannot be read or written; it stays as it was.
    pub fn enter(&self, input: Digest, manifest: Blob) -> Result<(), StoreError> {
        let mut images = self.images()?;
        images.retain(|image| image.input != input);
        images.push(StoredImage { input, manifest });
        self.write_index(images)
    }

    /// Forgets the images that `keep` does not want, and removes the blobs that no image has. Gives the
    /// number of images and of bytes that went.
    ///
    /// # Errors
    /// Something cannot be read or removed.
    pub fn collect_garbage(&self, keep: impl Fn(&StoredImage) -> bool) -> Result<(usize, u64), StoreError> {
        let (kept, dropped): (Vec<_>, Vec<_>) = self.images()?.into_iter().partition(keep);
        let mut wanted = BTreeSet::new();
        for image in &kept {
            wanted.insert(image.manifest.digest);
            let manifest = image.manifest.digest;
            let damaged = || StoreError::Manifest { path: self.blob(manifest) };
            wanted.extend(self.blobs_of(manifest).ok_or_else(damaged)?);
        }
        let names: BTreeSet<String> = wanted.iter().map(Digest::hex).collect();
        if !dropped.is_empty() {
            self.write_index(kept)?;
        }
        let directory = self.root.join("blobs/sha256");
        let failed = |error| FileError::at(Access::Remove, &directory)(error);
        let mut bytes = 0;
        for entry in fs::read_dir(&directory).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            if !entry.file_name().to_str().is_some_and(|name| names.contains(name)) {
                bytes += entry.metadata().map_err(failed)?.len();
                fs::remove_file(entry.path()).map_err(failed)?;
            }
        }
        Ok((dropped.len(), bytes))
    }

    fn index(&self) -> Result<Value, StoreError> {
        let path = self.root.join("index.json");
        let mut text = String::new();
        match File::open(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(json!({"manifests": []})),
            Err(error) => return Err(FileError::at(Access::Read, &path)(error).into()),
            Ok(mut file) => file.read_to_string(&mut text).map_err(FileError::at(Access::Read, &path))?,
        };
        serde_json::from_str(&text).map_err(|_| StoreError::Damaged { path })
    }

    fn write_index(&self, mut images: Vec<StoredImage>) -> Result<(), StoreError> {
        images.sort_by_key(|image| image.input);
        let described = |image: &StoredImage| {
            json!({
                "mediaType": MANIFEST,
                "digest": image.manifest.digest,
                "size": image.manifest.size,
                "annotations": {NAME: format!("in-{}", image.input.hex())},
            })
        };
        let manifests: Vec<Value> = images.iter().map(described).collect();
        let index = json!({
            "schemaVersion": 2,
            "mediaType": "application/vnd.oci.image.index.v1+json",
            "manifests": manifests,
        });
        Ok(write_atomically(&self.root.join("index.json"), &canonical::bytes(&index))?)
    }

    fn blob(&self, digest: Digest) -> Utf8PathBuf {
        self.root.join("blobs/sha256").join(digest.hex())
    }

    /// Writes what comes into `path`, digesting it on the way.
    fn receive(
        path: &Utf8Path,
        write: &mut dyn FnMut(&mut dyn Write) -> Result<(), AssembleError>,
    ) -> Result<Blob, AssembleError> {
        let file = File::create(path).map_err(AssembleError::Write)?;
        let mut receiver =
            Receiver { file: BufWriter::with_capacity(BUFFER, file), hasher: Sha256::new(), size: 0 };
        write(&mut receiver)?;
        let Receiver { file, hasher, size } = receiver;
        let file = file.into_inner().map_err(|error| AssembleError::Write(error.into_error()))?;
        file.sync_all().map_err(AssembleError::Write)?;
        Ok(Blob { digest: Digest::from_sha256(hasher), size })
    }
}

impl Blobs for Store {
    fn keep(
        &mut self,
        write: &mut dyn FnMut(&mut dyn Write) -> Result<(), AssembleError>,
    ) -> Result<Blob, AssembleError> {
        // This process holds the store, so the name is its own.
        let incoming = self.root.join("incoming/blob");
        let kept = Self::receive(&incoming, write).and_then(|blob| {
            let directory = self.root.join("blobs/sha256");
            fs::rename(&incoming, self.blob(blob.digest))
                .and_then(|()| File::open(&directory)?.sync_all())
                .map_err(AssembleError::Write)?;
            Ok(blob)
        });
        if kept.is_err() {
            // Best effort: what matters is the first failure, and the next run removes it.
            let _ = fs::remove_file(&incoming);
        }
        kept
    }
}

struct Receiver {
    file: BufWriter<File>,
    hasher: Sha256,
    size: u64,
}

impl Write for Receiver {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.file.write(bytes)?;
        self.hasher.update(&bytes[..written]);
        self.size += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

fn stored_image(described: &Value) -> Option<StoredImage> {
    let input = described["annotations"][NAME].as_str()?.strip_prefix("in-")?;
    let manifest =
        Blob { digest: described["digest"].as_str()?.parse().ok()?, size: described["size"].as_u64()? };
    Some(StoredImage { input: format!("sha256:{input}").parse().ok()?, manifest })
}
