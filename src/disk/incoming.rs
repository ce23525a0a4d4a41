//! A blob of the store while it comes: a file that is digested as it is written, and removed unless it is
//! kept.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};

use camino::{Utf8Path, Utf8PathBuf};
use sha2::{Digest as _, Sha256};

use crate::image::Blob;
use crate::model::Digest;

/// Bytes that are written at a time.
const BUFFER: usize = 1 << 20;

/// A blob that comes bit by bit.
#[derive(Debug)]
pub struct Incoming {
    path: Utf8PathBuf,
    /// `None` once it is finished.
    file: Option<BufWriter<File>>,
    hasher: Sha256,
    size: u64,
}

impl Incoming {
    pub(super) fn create(path: &Utf8Path) -> io::Result<Self> {
        let file = BufWriter::with_capacity(BUFFER, File::create(path)?);
        Ok(Self { path: path.to_owned(), file: Some(file), hasher: Sha256::new(), size: 0 })
    }

    /// How many bytes have come.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Ends it: the bytes are on the disk when it returns.
    pub(super) fn finish(mut self) -> io::Result<(Utf8PathBuf, Blob)> {
        if let Some(mut file) = self.file.take()
            && let Err(error) = file.flush().and_then(|()| file.get_ref().sync_all())
        {
            self.file = Some(file);
            return Err(error);
        }
        Ok((self.path.clone(), Blob { digest: Digest::from_sha256(self.hasher.clone()), size: self.size }))
    }
}

impl Drop for Incoming {
    fn drop(&mut self) {
        if self.file.is_some() {
            // Best effort: what matters is why it is not kept, and the next run removes it.
            let _ = fs::remove_file(&self.path);
        }
    }
}

impl Write for Incoming {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let Some(file) = &mut self.file else { return Ok(0) };
        let written = file.write(bytes)?;
        self.hasher.update(&bytes[..written]);
        self.size += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.as_mut().map_or(Ok(()), BufWriter::flush)
    }
}
