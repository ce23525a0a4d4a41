//! A blob of the store while it comes: a file that is digested as it is written, and removed unless it is
//! kept.
//!
//! A large one is digested, and brought to the disk, by a thread of its own while the next bytes come.

use std::fs::{self, File};
use std::io::{self, Write};
use std::sync::mpsc::{SyncSender, sync_channel};
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
    digester: Option<Digester>,
}

/// The thread that digests.
#[derive(Debug)]
struct Digester {
    buffers: SyncSender<Vec<u8>>,
    thread: JoinHandle<io::Result<Sha256>>,
}

impl Digester {
    fn start(file: File) -> Self {
        let (buffers, waiting) = sync_channel::<Vec<u8>>(WAITING);
        let thread = thread::spawn(move || {
            let mut hasher = Sha256::new();
            for (number, buffer) in waiting.iter().enumerate() {
                hasher.update(&buffer);
                if number % SYNCED == SYNCED - 1 {
                    file.sync_data()?;
                }
            }
            Ok(hasher)
        });
        Self { buffers, thread }
    }

    /// What it digested, once it has all of it.
    fn finish(self) -> io::Result<Sha256> {
        drop(self.buffers);
        self.thread.join().unwrap_or_else(|_| Err(io::Error::other("the thread that digests is gone")))
    }
}

impl Incoming {
    pub(super) fn create(path: &Utf8Path) -> io::Result<Self> {
        let file = Some(File::create(path)?);
        Ok(Self { path: path.to_owned(), file, buffer: Vec::new(), size: 0, digester: None })
    }

    /// How many bytes have come.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Ends it: the bytes are on the disk when it returns.
    pub(super) fn finish(mut self) -> io::Result<(Utf8PathBuf, Blob)> {
        self.write_buffer()?;
        let mut hasher = match self.digester.take() {
            Some(digester) => digester.finish()?,
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
        let digester = match self.digester.take() {
            Some(digester) => digester,
            None => Digester::start(file.try_clone()?),
        };
        let buffer = std::mem::replace(&mut self.buffer, Vec::with_capacity(BUFFER));
        if digester.buffers.send(buffer).is_err() {
            // It ended before its time, and says why.
            return digester.finish().map(drop);
        }
        self.digester = Some(digester);
        Ok(())
    }
}

impl Drop for Incoming {
    fn drop(&mut self) {
        if let Some(digester) = self.digester.take() {
            // Nobody asks for its answer any more; what matters is why it is not kept.
            let _ = digester.finish();
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
