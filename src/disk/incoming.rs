//! A blob of the store while it comes: a file that is digested as it is written, and removed unless it is
//! kept.
//!
//! A large one is digested by one thread and brought to the disk by another while the next bytes come: neither
//! waits for the other.

use std::fs::{self, File};
use std::io::{self, Write};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::{self, JoinHandle};

use camino::{Utf8Path, Utf8PathBuf};
use sha2::{Digest as _, Sha256};

use crate::image::Blob;
use crate::model::Digest;

/// Bytes that are written at a time.
const BUFFER: usize = 1 << 20;
/// Buffers that wait to be digested: memory is bounded by them.
const WAITING: usize = 4;
/// Buffers after which they are brought to the disk, so that not all of it is left for the end.
const SYNCED: usize = 16;

/// A blob that comes bit by bit.
#[derive(Debug)]
pub struct Incoming {
    path: Utf8PathBuf,
    /// `None` once it is finished.
    file: Option<File>,
    buffer: Vec<u8>,
    size: u64,
    helpers: Option<Helpers>,
}

/// The threads that digest and sync.
#[derive(Debug)]
struct Helpers {
    /// How many buffers were handed over.
    handed: usize,
    buffers: SyncSender<Vec<u8>>,
    digests: JoinHandle<Sha256>,
    parts: SyncSender<()>,
    syncs: JoinHandle<io::Result<()>>,
}

impl Helpers {
    fn start(file: File) -> Self {
        let (buffers, waiting) = sync_channel::<Vec<u8>>(WAITING);
        let digests = thread::spawn(move || {
            let mut hasher = Sha256::new();
            waiting.iter().for_each(|buffer| hasher.update(&buffer));
            hasher
        });
        let (parts, written): (_, Receiver<()>) = sync_channel(1);
        let syncs = thread::spawn(move || written.iter().try_for_each(|()| file.sync_data()));
        Self { handed: 0, buffers, digests, parts, syncs }
    }

    fn take(&mut self, buffer: Vec<u8>) -> io::Result<()> {
        self.handed += 1;
        if self.handed.is_multiple_of(SYNCED) {
            // Where it is behind, or ended with an error, the end says so.
            let _ = self.parts.try_send(());
        }
        self.buffers.send(buffer).map_err(|_| gone())
    }

    /// What was digested, once it is all of it.
    fn finish(self) -> io::Result<Sha256> {
        drop((self.buffers, self.parts));
        let synced = self.syncs.join().unwrap_or_else(|_| Err(gone()));
        let hasher = self.digests.join().map_err(|_| gone())?;
        synced.map(|()| hasher)
    }
}

fn gone() -> io::Error {
    io::Error::other("a thread that works for the store is gone")
}

impl Incoming {
    pub(super) fn create(path: &Utf8Path) -> io::Result<Self> {
        let file = Some(File::create(path)?);
        Ok(Self { path: path.to_owned(), file, buffer: Vec::new(), size: 0, helpers: None })
    }

    /// How many bytes have come.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Ends it: the bytes are on the disk when it returns.
    pub(super) fn finish(mut self) -> io::Result<(Utf8PathBuf, Blob)> {
        self.write_buffer()?;
        let mut hasher = match self.helpers.take() {
            Some(helpers) => helpers.finish()?,
            None => Sha256::new(),
        };
        hasher.update(&self.buffer);
        if let Some(file) = &self.file {
            file.sync_all()?;
        }
        self.file = None;
        Ok((self.path.clone(), Blob { digest: Digest::from_sha256(hasher), size: self.size }))
    }

    fn write_buffer(&mut self) -> io::Result<()> {
        match &mut self.file {
            Some(file) => file.write_all(&self.buffer),
            None => Ok(()),
        }
    }

    /// Writes a full buffer, and hands it over.
    fn hand_over(&mut self) -> io::Result<()> {
        self.write_buffer()?;
        let Some(file) = &self.file else { return Ok(()) };
        let mut helpers = match self.helpers.take() {
            Some(helpers) => helpers,
            None => Helpers::start(file.try_clone()?),
        };
        let buffer = std::mem::replace(&mut self.buffer, Vec::with_capacity(BUFFER));
        helpers.take(buffer)?;
        self.helpers = Some(helpers);
        Ok(())
    }
}

impl Drop for Incoming {
    fn drop(&mut self) {
        if let Some(helpers) = self.helpers.take() {
            // Nobody asks for its answer any more; what matters is why it is not kept.
            let _ = helpers.finish();
        }
        if self.file.is_some() {
            // Best effort: the next run removes it.
            let _ = fs::remove_file(&self.path);
        }
    }
}

impl Write for Incoming {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let taken = bytes.len().min(BUFFER - self.buffer.len());
        self.buffer.extend_from_slice(&bytes[..taken]);
        self.size += taken as u64;
        if self.buffer.len() == BUFFER {
            self.hand_over()?;
        }
        Ok(taken)
    }

    /// Bytes stay here until they fill a buffer, or until it ends.
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
