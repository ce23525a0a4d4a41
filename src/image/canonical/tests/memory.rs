//! A space and a store in memory.

use std::collections::BTreeMap;
use std::io::{self, Cursor, Write};
use std::sync::{Arc, Mutex};

use serde_json::Value;

use crate::image::assemble::{AssembleError, Blob, Blobs};
use crate::image::canonical::space::{Content, Reader};
use crate::image::canonical::{Canonical, FileNumber, Readable, Space, Stretch};
use crate::model::Digest;

#[derive(Default)]
pub(super) struct Memory(Vec<Arc<Mutex<Vec<u8>>>>);

impl Memory {
    pub(super) fn add(&mut self, bytes: Vec<u8>) -> FileNumber {
        self.0.push(Arc::new(Mutex::new(bytes)));
        FileNumber(self.0.len() - 1)
    }

    pub(super) fn stretch(&mut self, bytes: Vec<u8>) -> Stretch {
        let length = bytes.len() as u64;
        Stretch { file: self.add(bytes), offset: 0, length }
    }
}

struct Shared(Arc<Mutex<Vec<u8>>>);

impl Write for Shared {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Space for Memory {
    fn create(&mut self) -> io::Result<(FileNumber, Box<dyn Write + Send>)> {
        let number = self.add(Vec::new());
        Ok((number, Box::new(Shared(Arc::clone(&self.0[number.0])))))
    }

    fn open(&self, file: FileNumber) -> io::Result<Box<dyn Readable>> {
        Ok(Box::new(Cursor::new(self.0[file.0].lock().unwrap().clone())))
    }
}

impl Reader<'_> {
    pub(super) fn part(&mut self, content: &Content, offset: u64, length: usize) -> io::Result<Vec<u8>> {
        let mut bytes = vec![0; length];
        self.content_at(content, offset, &mut bytes)?;
        Ok(bytes)
    }
}

#[derive(Default)]
pub(super) struct MemoryBlobs(pub(super) BTreeMap<Digest, Vec<u8>>);

impl Blobs for MemoryBlobs {
    fn keep(
        &mut self,
        write: &mut dyn FnMut(&mut dyn Write) -> Result<(), AssembleError>,
    ) -> Result<Blob, AssembleError> {
        let mut bytes = Vec::new();
        write(&mut bytes)?;
        let blob = Blob { digest: Digest::of(&bytes), size: bytes.len() as u64 };
        self.0.insert(blob.digest, bytes);
        Ok(blob)
    }
}

impl MemoryBlobs {
    pub(super) fn document(&self, digest: Digest) -> Value {
        serde_json::from_slice(&self.0[&digest]).unwrap()
    }

    fn named(&self, digest: &Value) -> Digest {
        digest.as_str().unwrap().parse().unwrap()
    }

    pub(super) fn configuration(&self, made: &Canonical) -> Value {
        self.document(self.named(&self.document(made.manifest.digest)["config"]["digest"]))
    }

    /// The bytes of one of its layers.
    pub(super) fn layer(&self, made: &Canonical, number: usize) -> Vec<u8> {
        let manifest = self.document(made.manifest.digest);
        self.0[&self.named(&manifest["layers"][number]["digest"])].clone()
    }
}
