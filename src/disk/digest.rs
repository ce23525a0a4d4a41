//! Digests of files of any size.

use std::io::{self, Read};

use sha2::{Digest as _, Sha256};

use crate::model::Digest;

/// Bytes that are read at a time.
const BUFFER: usize = 128 << 10;

/// The digest of what is left to read, and how many bytes that is. So many should be left: most files are
/// small, and so is what they are read into.
pub(super) fn of_reader(mut reader: impl Read, expected: u64) -> io::Result<(Digest, u64)> {
    let length = usize::try_from(expected).unwrap_or(BUFFER).saturating_add(1).min(BUFFER);
    let (mut hasher, mut size, mut buffer) = (Sha256::new(), 0, Vec::with_capacity(length));
    loop {
        buffer.clear();
        // What is read to the end is read into memory that was not cleared before.
        let count = reader.by_ref().take(BUFFER as u64).read_to_end(&mut buffer)?;
        if count == 0 {
            return Ok((Digest::from_sha256(hasher), size));
        }
        hasher.update(&buffer);
        size += count as u64;
    }
}
