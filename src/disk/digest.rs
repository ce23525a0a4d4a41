//! Digests of files of any size.

use std::io::{self, Read};

use sha2::{Digest as _, Sha256};

use crate::model::Digest;

/// Bytes that are read at a time.
const BUFFER: usize = 128 << 10;

/// The digest of what is left to read, and how many bytes that is.
pub(super) fn of_reader(mut reader: impl Read) -> io::Result<(Digest, u64)> {
    let (mut hasher, mut size, mut buffer) = (Sha256::new(), 0, vec![0; BUFFER]);
    loop {
        match reader.read(&mut buffer) {
            Ok(0) => return Ok((Digest::from_sha256(hasher), size)),
            Ok(count) => {
                hasher.update(&buffer[..count]);
                size += count as u64;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}
