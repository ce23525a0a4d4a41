//! How bytes come into the store: written beside it, under a name of their own, and put in place when all of them
//! are there. Any number may be on their way at a time.

use std::fs;
use std::io::{self, Write};
use std::sync::atomic::Ordering;

use camino::{Utf8Path, Utf8PathBuf};

use crate::disk::incoming::Incoming;
use crate::disk::store::Store;
use crate::disk::workspace::Workspace;
use crate::image::{AssembleError, Blob, Blobs};

impl Store {
    /// A path that nothing else of this process gets; this process holds the store.
    fn new_path(&self, name: &str) -> Utf8PathBuf {
        let number = self.begun.fetch_add(1, Ordering::Relaxed);
        self.root.join("incoming").join(format!("{name}-{number}"))
    }

    /// Files for the time of one build.
    pub fn workspace(&self, name: &str) -> Workspace {
        Workspace::new(&self.new_path(name))
    }

    /// Begins a blob that comes bit by bit. It is kept by [`Store::keep_incoming`].
    ///
    /// # Errors
    /// The system refuses.
    pub fn incoming(&self) -> io::Result<Incoming> {
        Incoming::create(&self.new_path("blob"))
    }

    /// Keeps a blob whose bytes have all come.
    ///
    /// # Errors
    /// The system refuses; nothing is kept.
    pub fn keep_incoming(&self, incoming: Incoming) -> io::Result<Blob> {
        let (path, blob) = incoming.finish()?;
        self.put_in_place(&path, blob).inspect_err(|_| drop(fs::remove_file(&path)))
    }

    fn put_in_place(&self, path: &Utf8Path, blob: Blob) -> io::Result<Blob> {
        fs::rename(path, self.blob(blob.digest))?;
        Ok(blob)
    }
}

impl Blobs for &Store {
    fn keep(
        &mut self,
        write: &mut dyn FnMut(&mut dyn Write) -> Result<(), AssembleError>,
    ) -> Result<Blob, AssembleError> {
        let mut incoming = self.incoming().map_err(AssembleError::Write)?;
        write(&mut incoming)?;
        self.keep_incoming(incoming).map_err(AssembleError::Write)
    }
}
