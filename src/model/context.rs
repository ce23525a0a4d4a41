//! What a directory gives to an image: names, contents by digest, links. Times, owners and modes but
//! for the right to execute have no place here, so they cannot have influence.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::io::Write as _;

use serde::{Serialize, Serializer};
use serde_json::json;

use crate::model::{Digest, canonical};

/// A path with forward slashes, relative and without `.` and `..`. Names on disk are bytes, and these
/// need not be UTF-8.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct FilePath(pub Vec<u8>);

impl FilePath {
    /// Its parts.
    pub fn parts(&self) -> impl Iterator<Item = &[u8]> {
        self.0.split(|byte| *byte == b'/').filter(|part| !part.is_empty())
    }

    /// The path of a name below it.
    pub fn join(&self, name: &[u8]) -> Self {
        let mut path = Vec::with_capacity(self.0.len() + 1 + name.len());
        path.extend_from_slice(&self.0);
        if !path.is_empty() {
            path.push(b'/');
        }
        path.extend_from_slice(name);
        Self(path)
    }

    /// How it shows. Most paths are texts without anything to escape, and show as they are.
    fn shown(&self) -> Cow<'_, str> {
        match std::str::from_utf8(&self.0) {
            Ok(text) if !text.contains('\\') => Cow::Borrowed(text),
            _ => Cow::Owned(self.to_string()),
        }
    }
}

impl From<&str> for FilePath {
    fn from(path: &str) -> Self {
        Self(path.as_bytes().to_owned())
    }
}

/// Different paths show differently: what is not UTF-8 as `\xNN`, a backslash doubled.
impl fmt::Display for FilePath {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for chunk in self.0.utf8_chunks() {
            formatter.write_str(&chunk.valid().replace('\\', "\\\\"))?;
            for byte in chunk.invalid() {
                write!(formatter, "\\x{byte:02x}")?;
            }
        }
        Ok(())
    }
}

impl fmt::Debug for FilePath {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

impl Serialize for FilePath {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// One entry of a context. Directories are not entries: they exist through what is in them, because
/// version control keeps no empty ones.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ContextEntry {
    /// A file.
    File {
        /// Of its bytes.
        digest: Digest,
        /// How many bytes.
        size: u64,
        /// Whether its owner may execute it.
        executable: bool,
    },
    /// A symbolic link with its text.
    Link(FilePath),
}

/// The entries of a context by path.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Context(pub BTreeMap<FilePath, ContextEntry>);

impl Context {
    /// What identifies the content of a context.
    pub fn digest(&self) -> Digest {
        let members = self.0.iter().map(|(path, entry)| (path.shown(), entry)).collect();
        Digest::of_canonical("rekindle/context/1", &canonical::object_of(members, write_entry))
    }
}

/// Written here because there may be very many: the keys are in order, and nothing is to be escaped.
fn write_entry(bytes: &mut Vec<u8>, entry: &ContextEntry) {
    match entry {
        ContextEntry::File { digest, size, executable } => {
            let written =
                write!(bytes, "{{\"executable\":{executable},\"file\":\"{digest}\",\"size\":{size}}}");
            written.expect("memory takes every byte");
        }
        ContextEntry::Link(target) => bytes.extend_from_slice(&canonical::bytes(&json!({"link": target}))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn different_paths_show_differently(one: Vec<u8>, other: Vec<u8>) {
            let (one, other) = (FilePath(one), FilePath(other));
            prop_assert_eq!(one == other, one.to_string() == other.to_string());
        }
    }

    #[test]
    fn a_byte_that_is_not_utf8_is_told_from_the_text_that_shows_it() {
        assert_eq!(FilePath(b"a\xff\\".to_vec()).to_string(), "a\\xff\\\\");
        assert_ne!(FilePath(b"\xff".to_vec()).to_string(), FilePath::from("\\xff").to_string());
    }
}
