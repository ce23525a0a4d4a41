//! The store of images: an OCI image layout (image specification 1.1), so that other tools read it.
//!
//! Blobs lie under their digest and never change. A blob is written elsewhere, synced, and put in place
//! in one step; the index follows when all blobs of an image are there. A process that dies leaves a
//! file in `incoming/`, which the next one removes, and blobs without an image, which `gc` removes. Threads of
//! one process work in it at the same time; how bytes come in is in `store_blobs`.

use std::collections::BTreeSet;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read as _};
use std::sync::atomic::AtomicUsize;
use std::sync::{Mutex, PoisonError};

use camino::{Utf8Path, Utf8PathBuf};
use serde_json::{Value, json};

use crate::disk::error::{Access, FileError};
use crate::disk::known_digests::KnownDigests;
use crate::disk::state::StateDirectory;
use crate::disk::store_blobs::Claims;
pub use crate::disk::store_error::StoreError;
use crate::disk::store_index::{Entry, Wanted, attachment_name, base_name, image_name};
use crate::disk::write::{is_temporary, make_directory, write_atomically};
use crate::image::about::Attachment;
use crate::image::{Blob, MANIFEST};
use crate::model::{Digest, canonical};

/// An image in the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredImage {
    /// The input hash it was made from.
    pub input: Digest,
    /// Its manifest.
    pub manifest: Blob,
}

/// A base image's manifest and its configuration.
pub type Documents = (Vec<u8>, Vec<u8>);

/// The store, held by this process until it is dropped.
#[derive(Debug)]
pub struct Store {
    pub(super) root: Utf8PathBuf,
    /// Blobs that were read before and have not changed since.
    known: KnownDigests,
    digests: Utf8PathBuf,
    /// Files that were begun: each has a name of its own.
    pub(super) begun: AtomicUsize,
    /// Held while the index is read, changed and written.
    index: Mutex<()>,
    pub(super) claims: Claims,
    _lock: File,
}

impl Store {
    /// Takes the store where there is one.
    ///
    /// # Errors
    /// As for [`Store::open`].
    pub fn open_if_there(state: &StateDirectory) -> Result<Option<Self>, StoreError> {
        if state.store().join("index.json").is_file() { Self::open(state).map(Some) } else { Ok(None) }
    }

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
        let digests = state.blob_digests();
        let (known, begun, index) = (KnownDigests::read(&digests), AtomicUsize::new(0), Mutex::new(()));
        let store = Self { root, known, digests, begun, index, claims: Claims::default(), _lock: lock };
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
        for directory in [self.root.join("incoming"), self.root.clone()] {
            let failed = |error| FileError::at(Access::Remove, &directory)(error);
            for entry in fs::read_dir(&directory).map_err(failed)? {
                let entry = entry.map_err(failed)?;
                let name = entry.file_name().to_string_lossy().into_owned();
                let is_left = directory != self.root && name != ".lock" || is_temporary(&name);
                if is_left {
                    fs::remove_file(entry.path()).map_err(failed)?;
                }
            }
        }
        Ok(())
    }

    /// Every image that was made here, in the order of the index.
    ///
    /// # Errors
    /// The index cannot be read, or is none.
    pub fn images(&self) -> Result<Vec<StoredImage>, StoreError> {
        let entries = self.entries()?.into_iter();
        Ok(entries
            .filter_map(|entry| {
                entry.input_of_image().map(|input| StoredImage { input, manifest: entry.blob })
            })
            .collect())
    }

    fn entries(&self) -> Result<Vec<Entry>, StoreError> {
        let index = self.index()?;
        let entries = index["manifests"].as_array().and_then(|all| all.iter().map(Entry::read).collect());
        // What is not understood is not dropped: the next write would forget it, and its blobs with it.
        entries.ok_or_else(|| StoreError::Damaged { path: self.root.join("index.json") })
    }

    /// The documents of a base image, when all of it is there: its manifest and its configuration.
    ///
    /// # Errors
    /// The index cannot be read, or is none.
    pub fn base(&self, manifest: Digest) -> Result<Option<Documents>, StoreError> {
        let name = base_name(manifest);
        if !self.entries()?.iter().any(|entry| entry.name == name) || !self.is_whole(manifest) {
            return Ok(None);
        }
        let read =
            |digest| fs::read(self.blob(digest)).map_err(FileError::at(Access::Read, &self.blob(digest)));
        let manifest = read(manifest)?;
        let document: Value = serde_json::from_slice(&manifest).unwrap_or_default();
        let configuration = document["config"]["digest"].as_str().and_then(|digest| digest.parse().ok());
        configuration.map(|digest| Ok((manifest, read(digest)?))).transpose()
    }

    /// Puts a base image into the index: its blobs are there.
    ///
    /// # Errors
    /// The index cannot be read or written; it stays as it was.
    pub fn enter_base(&self, manifest: Blob, media_type: &str) -> Result<(), StoreError> {
        self.put(vec![Entry {
            name: base_name(manifest.digest),
            media_type: media_type.to_owned(),
            blob: manifest,
        }])
    }

    fn put(&self, new: Vec<Entry>) -> Result<(), StoreError> {
        let _held = self.index.lock().unwrap_or_else(PoisonError::into_inner);
        let mut entries = self.entries()?;
        // What the index names has its name on the disk before.
        let blobs = self.root.join("blobs/sha256");
        let synced = File::open(&blobs).and_then(|directory| directory.sync_all());
        synced.map_err(FileError::at(Access::Write, &blobs))?;
        entries.retain(|other| new.iter().all(|entry| entry.name != other.name));
        entries.extend(new);
        self.write_index(entries)
    }

    /// The image made from `input`, when all of it is there: what changed since it was read last is read and
    /// compared with its digest. One that is damaged counts as absent, and is made again.
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
        let (_, blobs) = self.contents(manifest).ok()?;
        Some(blobs.into_iter().map(|blob| blob.digest).collect())
    }

    /// Whether there is a blob with this digest; its bytes are compared, see [`KnownDigests`].
    pub fn has(&self, digest: Digest) -> bool {
        self.size(digest).is_some()
    }

    /// The bytes of an image's manifest, and the blobs that it names.
    ///
    /// # Errors
    /// It is not there, or not what it was.
    pub fn contents(&self, manifest: Digest) -> Result<(Vec<u8>, Vec<Blob>), StoreError> {
        let path = self.blob(manifest);
        let bytes = fs::read(&path).map_err(FileError::at(Access::Read, &path))?;
        let document: Value = serde_json::from_slice(&bytes).unwrap_or_default();
        let layers = document["layers"].as_array().into_iter().flatten();
        let blob = |described: &Value| {
            Some(Blob {
                digest: described["digest"].as_str()?.parse().ok()?,
                size: described["size"].as_u64()?,
            })
        };
        let blobs: Option<Vec<Blob>> = layers.chain([&document["config"]]).map(blob).collect();
        let blobs = blobs.filter(|_| Digest::of(&bytes) == manifest);
        Ok((bytes, blobs.ok_or(StoreError::Manifest { path })?))
    }

    /// How many bytes the blob with this digest has, when it is there and whole.
    pub fn size(&self, digest: Digest) -> Option<u64> {
        let path = self.blob(digest);
        let found = fs::symlink_metadata(&path).and_then(|found| self.known.of(path.as_std_path(), &found));
        found.ok().and_then(|(found, size)| (found == digest).then_some(size))
    }

    /// Keeps what became known of its blobs, so that they need not be read again while they are unchanged.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn write_digests(&self) -> Result<(), StoreError> {
        Ok(self.known.write(&self.digests, true)?)
    }

    /// Opens a blob.
    ///
    /// # Errors
    /// It is not there, or cannot be read.
    pub fn open_blob(&self, digest: Digest) -> io::Result<File> {
        File::open(self.blob(digest))
    }

    /// Puts an image into the index with the documents that are attached to it, in place of an earlier one
    /// made from the same input.
    ///
    /// # Errors
    /// The index cannot be read or written; it stays as it was.
    pub fn enter(
        &self,
        input: Digest,
        manifest: Blob,
        attached: &[(Attachment, Blob)],
    ) -> Result<(), StoreError> {
        let documents = attached.iter().map(|(kind, blob)| (attachment_name(*kind, input), *blob));
        let named = documents.chain([(image_name(input), manifest)]);
        self.put(named.map(|(name, blob)| Entry { name, media_type: MANIFEST.to_owned(), blob }).collect())
    }

    /// The manifests of the documents that are attached to the image made from `input`, when they are about
    /// `subject`.
    ///
    /// # Errors
    /// The index cannot be read, or is none.
    pub fn attached(&self, input: Digest, subject: Digest) -> Result<Vec<(Attachment, Blob)>, StoreError> {
        let entries = self.entries()?;
        let mut attached = Vec::new();
        for kind in Attachment::ALL {
            let name = attachment_name(kind, input);
            let Some(entry) = entries.iter().find(|entry| entry.name == name) else { continue };
            if self.is_whole(entry.blob.digest) && self.subject(entry.blob.digest)? == Some(subject) {
                attached.push((kind, entry.blob));
            }
        }
        Ok(attached)
    }

    fn subject(&self, manifest: Digest) -> Result<Option<Digest>, StoreError> {
        let (bytes, _) = self.contents(manifest)?;
        let document: Value = serde_json::from_slice(&bytes).unwrap_or_default();
        Ok(document["subject"]["digest"].as_str().and_then(|digest| digest.parse().ok()))
    }

    /// Forgets what is not wanted, and removes the blobs that nothing has. Gives the number of images and
    /// of bytes that went.
    ///
    /// # Errors
    /// Something cannot be read or removed.
    pub fn collect_garbage(&self, wanted: &Wanted) -> Result<(usize, u64), StoreError> {
        let (kept, dropped): (Vec<_>, Vec<_>) =
            self.entries()?.into_iter().partition(|entry| wanted.has(entry));
        let mut blobs = wanted.blobs.clone();
        for entry in &kept {
            let manifest = entry.blob.digest;
            let damaged = || StoreError::Manifest { path: self.blob(manifest) };
            blobs.insert(manifest);
            blobs.extend(self.blobs_of(manifest).ok_or_else(damaged)?);
        }
        let names: BTreeSet<String> = blobs.iter().map(Digest::hex).collect();
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
        let images = dropped.iter().filter(|entry| !entry.is_attachment()).count();
        // Best effort: what is not known is read again.
        let _ = fs::remove_file(&self.digests);
        Ok((images, bytes))
    }

    fn index(&self) -> Result<Value, StoreError> {
        read_index(&self.root)
    }

    /// The inputs of the images of a store, without holding it: they may be others the next moment.
    ///
    /// # Errors
    /// The index cannot be read, or is none.
    pub fn inputs(state: &StateDirectory) -> Result<BTreeSet<Digest>, StoreError> {
        let index = read_index(&state.store())?;
        let entries = index["manifests"].as_array().into_iter().flatten();
        Ok(entries.filter_map(|entry| Entry::read(entry)?.input()).collect())
    }

    fn write_index(&self, mut entries: Vec<Entry>) -> Result<(), StoreError> {
        entries.sort_by(|one, other| one.name.cmp(&other.name));
        let manifests: Vec<Value> = entries.iter().map(Entry::described).collect();
        let index = json!({
            "schemaVersion": 2,
            "mediaType": "application/vnd.oci.image.index.v1+json",
            "manifests": manifests,
        });
        Ok(write_atomically(&self.root.join("index.json"), &canonical::bytes(&index))?)
    }

    pub(super) fn blob(&self, digest: Digest) -> Utf8PathBuf {
        blob_path(&self.root, digest)
    }
}

fn read_index(root: &Utf8Path) -> Result<Value, StoreError> {
    let path = root.join("index.json");
    let mut text = String::new();
    match File::open(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(json!({"manifests": []})),
        Err(error) => return Err(FileError::at(Access::Read, &path)(error).into()),
        Ok(mut file) => file.read_to_string(&mut text).map_err(FileError::at(Access::Read, &path))?,
    };
    serde_json::from_str(&text).map_err(|_| StoreError::Damaged { path })
}

/// Where a blob of the store at `root` is.
pub(super) fn blob_path(root: &Utf8Path, digest: Digest) -> Utf8PathBuf {
    root.join("blobs/sha256").join(digest.hex())
}
