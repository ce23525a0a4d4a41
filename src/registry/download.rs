//! Bytes that come over a connection which may break: they are written as they come, gone on with where
//! it broke, and compared with the digest that was asked for.

use std::io::Write;

use futures_util::future::BoxFuture;
use futures_util::stream::{BoxStream, StreamExt as _};
use oci_client::errors::DigestError;
use sha2::{Digest as _, Sha256};

use crate::model::Digest;
use crate::port::RegistryError;
use crate::registry::failure::Asked;
use crate::registry::{Patience, Tries};

/// What a server sends: from where it was asked to, or everything from the beginning.
pub(super) struct Answer {
    pub(super) is_from_offset: bool,
    pub(super) bytes: BoxStream<'static, Result<Chunk, Box<dyn std::error::Error + Send + Sync>>>,
}

/// Some bytes, whatever holds them.
pub(super) type Chunk = Box<dyn AsRef<[u8]> + Send>;

/// Asks for the bytes from an offset on.
pub(super) type Open<'o> = dyn Fn(u64) -> BoxFuture<'o, Result<Answer, RegistryError>> + Sync + 'o;

/// What is to come.
pub(super) struct Download<'d> {
    pub(super) asked: &'d Asked,
    pub(super) digest: Digest,
    /// How many bytes, where that is known.
    pub(super) size: Option<u64>,
    pub(super) patience: Patience,
}

impl Download<'_> {
    /// Writes all of it to `out`.
    pub(super) async fn run(
        &self,
        open: &Open<'_>,
        out: &mut (dyn Write + Send),
    ) -> Result<(), RegistryError> {
        let mut tries = Tries::new(self.patience);
        let mut received = Received { hasher: Sha256::new(), size: 0 };
        loop {
            let before = received.size;
            match self.attempt(open, &mut received, out).await {
                Ok(()) => break,
                Err(error) => {
                    if received.size > before {
                        tries.progress();
                    }
                    tries.wait(error).await?;
                }
            }
        }
        let found = Digest::from_sha256(received.hasher);
        if found == self.digest {
            return Ok(());
        }
        Err(self.asked.wrong_digest(self.digest.to_string(), found.to_string()))
    }

    /// Goes on from what was received.
    async fn attempt(
        &self,
        open: &Open<'_>,
        received: &mut Received,
        out: &mut (dyn Write + Send),
    ) -> Result<(), RegistryError> {
        let Answer { is_from_offset, mut bytes } = open(received.size).await?;
        let mut skip = if is_from_offset { 0 } else { received.size };
        while let Some(chunk) = bytes.next().await {
            let chunk = chunk.map_err(|error| self.broken(error))?;
            let bytes = (*chunk).as_ref();
            let skipped = usize::try_from(skip).unwrap_or(usize::MAX).min(bytes.len());
            skip -= skipped as u64;
            self.keep(&bytes[skipped..], received, out)?;
        }
        match self.size {
            Some(size) if received.size < size => {
                Err(self.asked.dropped(format!("it ended after {} of {size} bytes", received.size)))
            }
            _ => Ok(()),
        }
    }

    fn keep(
        &self,
        bytes: &[u8],
        received: &mut Received,
        out: &mut (dyn Write + Send),
    ) -> Result<(), RegistryError> {
        let size = received.size + bytes.len() as u64;
        if let Some(expected) = self.size.filter(|expected| size > *expected) {
            return Err(self
                .asked
                .answer(format!("it sent more than the {expected} bytes that were announced")));
        }
        let failed = |source| RegistryError::Here { what: self.asked.what.clone(), source };
        out.write_all(bytes).map_err(failed)?;
        received.hasher.update(bytes);
        received.size = size;
        Ok(())
    }

    /// The client compares digests too, and says so as if the connection broke.
    fn broken(&self, error: Box<dyn std::error::Error + Send + Sync>) -> RegistryError {
        let io = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        match io.and_then(|inner| inner.downcast_ref::<DigestError>()) {
            Some(DigestError::VerificationError { expected, actual }) => {
                self.asked.wrong_digest(expected.clone(), actual.clone())
            }
            _ => self.asked.dropped(error),
        }
    }
}

/// What was written so far.
struct Received {
    hasher: Sha256,
    size: u64,
}
