//! Paths inside an image.

use crate::image::canonical::CanonicalError;
use crate::model::FilePath;

/// A path. Its parts are joined by zero bytes, which no name can have: so the order of keys is that of
/// paths part by part, a directory comes before what is in it, and all of that comes together.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key(Box<[u8]>);

/// Bytes of a path, as many as the system takes.
const LONGEST: usize = 4096;

impl Key {
    /// The path that a name in a layer means; `None` for the root.
    pub(super) fn of(name: &[u8]) -> Result<Option<Self>, CanonicalError> {
        let outside = || CanonicalError::Outside { path: FilePath(name.to_owned()).to_string() };
        if name.starts_with(b"/") {
            return Err(outside());
        }
        if name.len() > LONGEST {
            return Err(CanonicalError::TooLarge { limit: "4,096 bytes in one path" });
        }
        if name.contains(&0) {
            return Err(CanonicalError::malformed("a layer", "a name has a zero byte"));
        }
        let mut parts = Vec::new();
        for part in name.split(|byte| *byte == b'/') {
            match part {
                b"" | b"." => {}
                b".." => return Err(outside()),
                part => parts.push(part),
            }
        }
        Ok((!parts.is_empty()).then(|| Self(parts.join(&0).into())))
    }

    /// The directory it is in; `None` where that is the root.
    pub(super) fn parent(&self) -> Option<Self> {
        let end = self.0.iter().rposition(|byte| *byte == 0)?;
        Some(Self(self.0[..end].into()))
    }

    /// Its last part.
    pub(super) fn name(&self) -> &[u8] {
        self.0.rsplit(|byte| *byte == 0).next().unwrap_or_default()
    }

    /// Another name in the same directory.
    pub(super) fn beside(&self, name: &[u8]) -> Self {
        let kept = self.0.len() - self.name().len();
        Self([&self.0[..kept], name].concat().into())
    }

    /// Every directory above it, the uppermost first.
    pub(super) fn above(&self) -> impl Iterator<Item = Self> + '_ {
        let ends = self.0.iter().enumerate().filter(|(_, byte)| **byte == 0);
        ends.map(|(end, _)| Self(self.0[..end].into()))
    }

    /// Whether it lies below a directory, however deep.
    pub(super) fn is_below(&self, above: &Self) -> bool {
        self.0.len() > above.0.len() && self.0.starts_with(&above.0) && self.0[above.0.len()] == 0
    }

    /// The least key below it, and the least one behind all those.
    pub(super) fn inside(&self) -> std::ops::Range<Self> {
        let with = |byte: u8| Self([&self.0[..], &[byte]].concat().into());
        with(0)..with(1)
    }

    /// As a layer has it.
    pub(super) fn bytes(&self) -> Vec<u8> {
        self.0.iter().map(|byte| if *byte == 0 { b'/' } else { *byte }).collect()
    }

    /// Bytes that it takes.
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }
}

/// As people write it, without the slash at its beginning.
impl std::fmt::Display for Key {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        FilePath(self.bytes()).fmt(formatter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(name: &str) -> Key {
        Key::of(name.as_bytes()).unwrap().unwrap()
    }

    #[test]
    fn paths_are_ordered_part_by_part() {
        let mut keys = ["a-b", "a/b/c", "b", "a", "a/b", "./a/b-c/"].map(key);
        keys.sort();
        assert_eq!(keys.map(|key| key.to_string()), ["a", "a/b", "a/b/c", "a/b-c", "a-b", "b"]);
        assert!(key("a/b").is_below(&key("a")) && !key("a-b").is_below(&key("a")));
        assert!(key("a").inside().contains(&key("a/b-c")) && !key("a").inside().contains(&key("a-b")));
        assert_eq!(key("a/b").beside(b"c"), key("a/c"));
        assert_eq!(key("a/b/c").above().collect::<Vec<_>>(), [key("a"), key("a/b")]);
    }

    #[test]
    fn what_leads_out_is_refused() {
        for name in ["../x", "a/../../x", "/etc/passwd", "a/.."] {
            assert!(matches!(Key::of(name.as_bytes()), Err(CanonicalError::Outside { .. })), "{name}");
        }
        assert_eq!(Key::of(b"./").unwrap(), None);
        assert!(Key::of(b"a\0b").is_err() && Key::of(&[b'a'; 5_000]).is_err());
    }
}
