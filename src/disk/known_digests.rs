//! Digests of files that were read before and have not changed since, by what the system says of them: so
//! that a second build of the same files does not read them again.
//!
//! A digest is taken from here only where path, device, inode, size and both times (content and inode, in
//! nanoseconds) are what they were, and only when it was entered long enough after the file's last change:
//! a file that changes twice within one tick of the clock looks unchanged. Whatever is damaged, cut off or
//! odd counts as not there, and the file is read.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use camino::Utf8Path;
use jiff::Timestamp;

use crate::disk::error::FileError;
use crate::disk::write::write_atomically;
use crate::disk::{clock, digest};
use crate::model::Digest;

/// The beginning of the file; another form has another number.
const MAGIC: &[u8] = b"rekindle digests 1\n";
const DIGEST: usize = 32;
/// Five numbers of eight bytes, two of four.
const FACTS: usize = 5 * 8 + 2 * 4;

/// The finest times that file systems keep are told by ticks of at most ten milliseconds.
const FINE: i128 = 100_000_000;
/// Some keep whole or even seconds.
const COARSE: i128 = 2_000_000_000;

/// What the system says of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Facts {
    device: u64,
    inode: u64,
    size: u64,
    content: (i64, u32),
    inode_changed: (i64, u32),
}

/// Digests by path.
#[derive(Debug, Default)]
pub struct KnownDigests {
    /// The records, one behind the other.
    records: Vec<u8>,
    /// Where each begins, in the order of paths.
    places: Vec<usize>,
    /// Which of them were asked for, and are as they were.
    used: Vec<AtomicBool>,
    /// What was read now, by path.
    read: Mutex<BTreeMap<Vec<u8>, (Facts, Digest)>>,
}

impl KnownDigests {
    /// What was written to `path` before; nothing where that cannot be read or is not whole.
    pub fn read(path: &Utf8Path) -> Self {
        let records = fs::read(path).ok().and_then(whole).unwrap_or_default();
        let mut known = Self { records, ..Self::default() };
        let mut place = 0;
        while let Some((path, _, end)) = known.record(place) {
            if known.places.last().is_some_and(|last| known.path(*last) >= path) {
                return Self::default();
            }
            known.places.push(place);
            place = end;
        }
        if place != known.records.len() {
            return Self::default();
        }
        known.used = known.places.iter().map(|_| AtomicBool::new(false)).collect();
        known
    }

    /// The digest of a file and its size. `metadata` are its own, read just now.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn of(&self, path: &Path, metadata: &fs::Metadata) -> io::Result<(Digest, u64)> {
        let (facts, name) = (Facts::of(metadata), path.as_os_str().as_bytes());
        if let Some(digest) = self.find(name, &facts) {
            return Ok((digest, facts.size));
        }
        let begun = clock::now();
        let file = File::open(path)?;
        let before = Facts::of(&file.metadata()?);
        let (digest, size) = digest::of_reader(&file, before.size)?;
        let after = Facts::of(&file.metadata()?);
        if before == after && before.size == size && after.is_settled(begun) {
            self.read_now().insert(name.to_vec(), (after, digest));
        }
        Ok((digest, size))
    }

    /// The digest of a file that this process read, and that is as it was then; `None` for all others: what
    /// the file of another run says is checked wherever bytes are copied. `metadata` are its own, read just now.
    pub fn read_before(&self, path: &Path, metadata: &fs::Metadata) -> Option<Digest> {
        let facts = Facts::of(metadata);
        let read = self.read_now();
        read.get(path.as_os_str().as_bytes()).filter(|(known, _)| *known == facts).map(|(_, digest)| *digest)
    }

    /// Removes what was written to `path`: it said of a file what it is not.
    pub fn forget(path: &Utf8Path) {
        // Where it cannot be removed the next run says the same, and that is all that it does.
        let _ = fs::remove_file(path);
    }

    /// Writes what was asked for, if any of it is new or something is gone; with `keeps_rest` also what was
    /// not asked for now.
    ///
    /// # Errors
    /// The system refuses; what was there stays.
    pub fn write(&self, path: &Utf8Path, keeps_rest: bool) -> Result<(), FileError> {
        let mut kept = self.read_now().clone();
        let is_used = |used: &AtomicBool| used.load(Ordering::Relaxed);
        if kept.is_empty() && (keeps_rest || self.used.iter().all(is_used)) {
            return Ok(());
        }
        for (place, used) in self.places.iter().zip(&self.used) {
            if let Some((path, rest, _)) = self.record(*place).filter(|_| keeps_rest || is_used(used)) {
                kept.entry(path.to_vec()).or_insert_with(|| read_record(rest));
            }
        }
        let mut bytes = MAGIC.to_vec();
        for (path, (facts, digest)) in &kept {
            write_record(&mut bytes, path, facts, *digest);
        }
        bytes.extend_from_slice(&Digest::of(&bytes).bytes());
        write_atomically(path, &bytes)
    }

    fn read_now(&self) -> MutexGuard<'_, BTreeMap<Vec<u8>, (Facts, Digest)>> {
        self.read.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn find(&self, path: &[u8], facts: &Facts) -> Option<Digest> {
        let Ok(found) = self.places.binary_search_by(|place| self.path(*place).cmp(path)) else {
            return self.read_now().get(path).filter(|(known, _)| known == facts).map(|(_, digest)| *digest);
        };
        let (_, rest, _) = self.record(self.places[found])?;
        let (known, digest) = read_record(rest);
        let is_same = known == *facts;
        self.used[found].fetch_or(is_same, Ordering::Relaxed);
        is_same.then_some(digest)
    }

    fn path(&self, place: usize) -> &[u8] {
        self.record(place).map(|(path, ..)| path).unwrap_or_default()
    }

    /// The path at a place, the rest of its record, and where the next one begins.
    fn record(&self, place: usize) -> Option<(&[u8], &[u8], usize)> {
        let length = self.records.get(place..place + 4)?;
        let length = u32::from_le_bytes(length.try_into().ok()?) as usize;
        let path = place + 4..place + 4 + length;
        let end = path.end.checked_add(FACTS + DIGEST)?;
        Some((self.records.get(path.clone())?, self.records.get(path.end..end)?, end))
    }
}

/// The records of a file that is whole.
fn whole(mut bytes: Vec<u8>) -> Option<Vec<u8>> {
    let end = bytes.len().checked_sub(DIGEST)?;
    let is_whole = Digest::of(&bytes[..end]).bytes() == bytes[end..];
    (is_whole && bytes.starts_with(MAGIC)).then(|| {
        bytes.truncate(end);
        bytes.drain(..MAGIC.len());
        bytes
    })
}

impl Facts {
    fn of(metadata: &fs::Metadata) -> Self {
        let nanoseconds = |number: i64| u32::try_from(number).unwrap_or(u32::MAX);
        Self {
            device: metadata.dev(),
            inode: metadata.ino(),
            size: metadata.len(),
            content: (metadata.mtime(), nanoseconds(metadata.mtime_nsec())),
            inode_changed: (metadata.ctime(), nanoseconds(metadata.ctime_nsec())),
        }
    }

    /// Whether the last change was so long before this time that another one would show.
    fn is_settled(&self, begun: Timestamp) -> bool {
        [self.content, self.inode_changed].into_iter().all(|(seconds, nanoseconds)| {
            let is_fine = nanoseconds % 1_000_000 != 0;
            let margin = if is_fine { FINE } else { COARSE };
            let changed = i128::from(seconds) * 1_000_000_000 + i128::from(nanoseconds);
            changed + margin < begun.as_nanosecond()
        })
    }
}

fn write_record(bytes: &mut Vec<u8>, path: &[u8], facts: &Facts, digest: Digest) {
    // Paths of the system are far shorter.
    let length = u32::try_from(path.len()).unwrap_or(0);
    bytes.extend_from_slice(&length.to_le_bytes());
    bytes.extend_from_slice(&path[..length as usize]);
    for number in [facts.device, facts.inode, facts.size] {
        bytes.extend_from_slice(&number.to_le_bytes());
    }
    for (seconds, nanoseconds) in [facts.content, facts.inode_changed] {
        bytes.extend_from_slice(&seconds.to_le_bytes());
        bytes.extend_from_slice(&nanoseconds.to_le_bytes());
    }
    bytes.extend_from_slice(&digest.bytes());
}

/// Facts and digest; `rest` has their length.
fn read_record(rest: &[u8]) -> (Facts, Digest) {
    let eight = |at: usize| -> [u8; 8] { bytes_at(rest, at) };
    let four = |at: usize| -> [u8; 4] { bytes_at(rest, at) };
    let number = |at: usize| u64::from_le_bytes(eight(at));
    let time = |at: usize| (i64::from_le_bytes(eight(at)), u32::from_le_bytes(four(at + 8)));
    let facts = Facts {
        device: number(0),
        inode: number(8),
        size: number(16),
        content: time(24),
        inode_changed: time(36),
    };
    (facts, Digest::from_bytes(bytes_at(rest, FACTS)))
}

fn bytes_at<const N: usize>(record: &[u8], at: usize) -> [u8; N] {
    let mut bytes = [0; N];
    bytes.copy_from_slice(&record[at..at + N]);
    bytes
}

#[cfg(test)]
#[path = "known_digests_tests.rs"]
mod tests;
