//! Documents that were read already: units that render to the same text share one.
//! Where that text came from is each unit's own, and is not kept.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard};

use crate::model::{Diagnostics, Digest};
use crate::template::{Document, Insertion, Insertions};

/// How many different documents are kept. Where there are more, the units have little in common,
/// and keeping all of them would take more memory than it saves work.
const KEPT: usize = 100;

/// Documents by what they were read from; shared by threads.
#[derive(Default)]
pub(super) struct Documents(Mutex<BTreeMap<Digest, Document>>);

impl Documents {
    /// The document of that key; it is read when nobody did before.
    pub(super) fn get_or_read(
        &self,
        key: Digest,
        read: impl FnOnce() -> Result<Document, Diagnostics>,
    ) -> Result<Document, Diagnostics> {
        if let Some(document) = self.kept().get(&key) {
            return Ok(document.clone());
        }
        let document = read()?;
        let mut kept = self.kept();
        if kept.len() < KEPT {
            kept.insert(key, document.clone().from_origin(None));
        }
        Ok(document)
    }

    fn kept(&self) -> MutexGuard<'_, BTreeMap<Digest, Document>> {
        self.0.lock().expect("no one panics while holding the documents")
    }
}

/// What tells two documents apart: the file, its text, and the values put into it.
pub(super) fn key(file: &str, text: &[u8], insertions: &Insertions) -> Digest {
    let mut content = Vec::with_capacity(text.len() + 256);
    let mut part = |bytes: &[u8]| {
        content.extend_from_slice(&bytes.len().to_le_bytes());
        content.extend_from_slice(bytes);
    };
    part(file.as_bytes());
    part(text);
    for insertion in &insertions.0 {
        part(if matches!(insertion, Insertion::Text(_)) { b"text" } else { b"json" });
        part(insertion.text().as_bytes());
    }
    Digest::of(content)
}
