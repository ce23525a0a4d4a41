//! How bytes come into the store: written beside it, under a name of their own, and put in place when all of them
//! are there. Any number may be on their way at a time.

use std::collections::BTreeSet;
use std::fs;
use std::io::{self, Write};
use std::sync::atomic::Ordering;
use std::sync::{Condvar, Mutex, PoisonError};

use camino::{Utf8Path, Utf8PathBuf};

use crate::disk::incoming::Incoming;
use crate::disk::store::Store;
use crate::disk::workspace::Workspace;
use crate::image::{AssembleError, Blob, Blobs};
use crate::model::Digest;

/// The inputs whose images are being made.
#[derive(Debug, Default)]
pub(super) struct Claims {
    inputs: Mutex<BTreeSet<Digest>>,
    ended: Condvar,
}

/// The right to make the image of an input, until it is dropped.
#[derive(Debug)]
pub struct Claim<'s> {
    claims: &'s Claims,
    input: Digest,
}

impl Drop for Claim<'_> {
    fn drop(&mut self) {
        self.claims.inputs.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.input);
        self.claims.ended.notify_all();
    }
}

impl Store {
    /// Waits until no other thread makes an image of `input`: what two units want alike is made once.
    pub fn claim(&self, input: Digest) -> Claim<'_> {
        let inputs = self.claims.inputs.lock().unwrap_or_else(PoisonError::into_inner);
        let is_taken = |inputs: &mut BTreeSet<Digest>| inputs.contains(&input);
        let waited = self.claims.ended.wait_while(inputs, is_taken);
        waited.unwrap_or_else(PoisonError::into_inner).insert(input);
        Claim { claims: &self.claims, input }
    }

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

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;

    use camino::Utf8Path;

    use super::*;
    use crate::disk::StateDirectory;

    #[test]
    fn an_input_is_made_by_one_at_a_time_and_others_beside_it() {
        let directory = tempfile::tempdir().unwrap();
        let state = StateDirectory::at(Utf8Path::from_path(directory.path()).unwrap().to_owned());
        let store = Store::open(&state).unwrap();
        let (inside, made) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let make = || {
            for _ in 0..100 {
                let _claim = store.claim(Digest::of("one"));
                assert_eq!(inside.fetch_add(1, Ordering::SeqCst), 0, "nobody else is at it");
                std::thread::yield_now();
                inside.fetch_sub(1, Ordering::SeqCst);
                made.fetch_add(1, Ordering::SeqCst);
            }
        };
        let first = store.claim(Digest::of("one"));
        std::thread::scope(|scope| {
            let threads = [scope.spawn(make), scope.spawn(make)];
            // Another input need not wait, and these do.
            drop(store.claim(Digest::of("other")));
            assert_eq!(made.load(Ordering::SeqCst), 0);
            drop(first);
            threads.into_iter().for_each(|thread| thread.join().unwrap());
        });
        assert_eq!(made.load(Ordering::SeqCst), 200);
    }
}
