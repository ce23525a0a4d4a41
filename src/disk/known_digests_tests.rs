//! When a digest is taken from before, and when a file is read again.
#![allow(clippy::disallowed_methods, reason = "writes the files that it asks about")]

use std::fs::{self, File};
use std::time::{Duration, SystemTime};

use camino::Utf8PathBuf;

use super::*;

struct Place {
    _directory: tempfile::TempDir,
    file: std::path::PathBuf,
    cache: Utf8PathBuf,
}

fn place(text: &str) -> Place {
    let directory = tempfile::tempdir().unwrap();
    let path = Utf8PathBuf::from_path_buf(directory.path().to_owned()).unwrap();
    let file = directory.path().join("file");
    fs::write(&file, text).unwrap();
    Place { _directory: directory, file, cache: path.join("kept/digests") }
}

impl Place {
    /// Waits until the file is old enough to be entered.
    fn settle(&self) {
        let begun = Instant::begun();
        while !Facts::of(&fs::metadata(&self.file).unwrap()).is_settled(clock::now()) {
            assert!(begun.is_young(), "the file does not get older");
            std::thread::yield_now();
        }
    }

    /// Has the file in the cache.
    fn entered(text: &str) -> Self {
        let place = place(text);
        place.settle();
        place.enter();
        assert_eq!(place.known().places.len(), 1);
        place
    }

    fn enter(&self) {
        let known = self.known();
        self.ask(&known);
        known.write(&self.cache, false).unwrap();
    }

    fn ask(&self, known: &KnownDigests) -> (Digest, u64) {
        known.of(&self.file, &fs::metadata(&self.file).unwrap()).unwrap()
    }

    fn known(&self) -> KnownDigests {
        KnownDigests::read(&self.cache)
    }

    /// Whether the digest comes from the cache: a planted one does, and the file's own does not.
    fn is_taken(&self) -> bool {
        let mut known = self.known();
        let length = known.records.len();
        known.records[length - DIGEST..].fill(7);
        let (digest, _) = self.ask(&known);
        let is_planted = digest == Digest::from_bytes([7; DIGEST]);
        assert!(is_planted || digest == Digest::of(fs::read(&self.file).unwrap()));
        is_planted
    }
}

struct Instant(Timestamp);

impl Instant {
    fn begun() -> Self {
        Self(clock::now())
    }

    fn is_young(&self) -> bool {
        clock::now().duration_since(self.0) < jiff::SignedDuration::from_secs(10)
    }
}

#[test]
fn a_file_that_did_not_change_is_not_read_again() {
    let place = Place::entered("one");
    assert!(place.is_taken());
    assert_eq!(place.ask(&place.known()), (Digest::of("one"), 3));
}

#[test]
fn only_what_this_process_read_is_trusted_without_a_look() {
    let place = Place::entered("one");
    let before = |known: &KnownDigests| known.read_before(&place.file, &fs::metadata(&place.file).unwrap());
    let (known, now) = (place.known(), KnownDigests::default());
    place.ask(&known);
    place.ask(&now);
    assert_eq!((before(&known), before(&now)), (None, Some(Digest::of("one"))));
    fs::write(&place.file, "two").unwrap();
    assert_eq!(before(&now), None);
}

#[test]
fn whatever_changed_is_read_again() {
    // The same length and the same time of content: the inode's own time gives it away.
    let place = Place::entered("one");
    let time = fs::metadata(&place.file).unwrap().modified().unwrap();
    fs::write(&place.file, "two").unwrap();
    File::open(&place.file).unwrap().set_modified(time).unwrap();
    assert!(!place.is_taken());
    // Another file in its place.
    let place = Place::entered("one");
    let other = place.file.with_file_name("other");
    fs::write(&other, "two").unwrap();
    fs::rename(&other, &place.file).unwrap();
    assert!(!place.is_taken());
    // Another path.
    let place = Place::entered("one");
    let moved = place.file.with_file_name("moved");
    fs::rename(&place.file, &moved).unwrap();
    assert!(!Place { file: moved, ..place }.is_taken());
}

#[test]
fn a_file_that_is_too_young_or_from_the_future_is_not_entered() {
    let place = place("one");
    place.enter();
    if Facts::of(&fs::metadata(&place.file).unwrap()).is_settled(clock::now()) {
        return; // This machine stood still for that long.
    }
    assert!(place.known().places.is_empty());
    place.settle();
    File::open(&place.file).unwrap().set_modified(SystemTime::now() + Duration::from_secs(3600)).unwrap();
    place.enter();
    assert!(place.known().places.is_empty());
}

#[test]
fn whole_seconds_want_more_distance() {
    let facts = |nanoseconds| Facts {
        device: 1,
        inode: 1,
        size: 1,
        content: (100, nanoseconds),
        inode_changed: (100, nanoseconds),
    };
    let at = |milliseconds| Timestamp::from_millisecond(milliseconds).unwrap();
    assert!(facts(1).is_settled(at(100_200)) && !facts(1).is_settled(at(100_050)));
    assert!(facts(0).is_settled(at(102_100)) && !facts(0).is_settled(at(101_900)));
}

#[test]
fn a_damaged_cache_is_none() {
    let place = Place::entered("one");
    let whole = fs::read(&place.cache).unwrap();
    for length in 0..whole.len() {
        fs::write(&place.cache, &whole[..length]).unwrap();
        assert!(place.known().places.is_empty(), "cut at {length}");
    }
    for at in 0..whole.len() {
        let mut bytes = whole.clone();
        bytes[at] ^= 1;
        fs::write(&place.cache, &bytes).unwrap();
        assert!(place.known().places.is_empty(), "changed at {at}");
    }
    // A whole file whose records are none.
    let mut bytes = [MAGIC, b"\xff\xff\xff\xff too short"].concat();
    bytes.extend_from_slice(&Digest::of(&bytes).bytes());
    fs::write(&place.cache, &bytes).unwrap();
    assert!(place.known().places.is_empty());
}

#[test]
fn what_was_not_looked_at_stays_only_where_that_is_wanted() {
    let place = Place::entered("one");
    let other = place.file.with_file_name("other");
    fs::write(&other, "two").unwrap();
    let second = Place { file: other, ..place };
    second.settle();
    let known = second.known();
    second.ask(&known);
    known.write(&second.cache, true).unwrap();
    assert_eq!(second.known().places.len(), 2);
    second.enter();
    assert_eq!(second.known().places.len(), 1);
    assert!(second.is_taken());
}
