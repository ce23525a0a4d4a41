//! The extension records of a tar archive, POSIX form. Values are bytes and may hold line feeds, which
//! file capabilities do.

use crate::image::canonical::CanonicalError;
use crate::image::pax::{ATTRIBUTE, Attributes};

/// What extensions say of the entry that follows them.
#[derive(Clone, Debug, Default)]
pub(super) struct Extensions {
    pub(super) name: Option<Vec<u8>>,
    pub(super) target: Option<Vec<u8>>,
    pub(super) size: Option<u64>,
    pub(super) user: Option<u64>,
    pub(super) group: Option<u64>,
    pub(super) attributes: Attributes,
}

/// Attributes that say how a machine keeps a file, and not what it is.
const OF_THE_MACHINE: [&[u8]; 3] = [b"security.selinux", b"trusted.overlay.", b"user.overlay."];

impl Extensions {
    /// Takes in the records of one extension header.
    pub(super) fn read(&mut self, mut bytes: &[u8]) -> Result<(), CanonicalError> {
        let wrong = || CanonicalError::malformed("an extension header of a layer", "a record has no end");
        while !bytes.is_empty() {
            let space = bytes.iter().position(|byte| *byte == b' ').ok_or_else(wrong)?;
            let length: usize = number(&bytes[..space])?;
            if length <= space + 1 || length > bytes.len() || bytes[length - 1] != b'\n' {
                return Err(wrong());
            }
            let record = &bytes[space + 1..length - 1];
            let equals = record.iter().position(|byte| *byte == b'=').ok_or_else(wrong)?;
            self.record(&record[..equals], &record[equals + 1..])?;
            bytes = &bytes[length..];
        }
        Ok(())
    }

    fn record(&mut self, key: &[u8], value: &[u8]) -> Result<(), CanonicalError> {
        match key {
            b"path" => self.name = Some(value.to_owned()),
            b"linkpath" => self.target = Some(value.to_owned()),
            b"size" => self.size = Some(number(value)?),
            b"uid" => self.user = Some(number(value)?),
            b"gid" => self.group = Some(number(value)?),
            _ if key.starts_with(b"GNU.sparse.") => {
                let what = "a sparse file in the POSIX form".to_owned();
                return Err(CanonicalError::NotYet { what });
            }
            _ => {
                if let Some(name) = key.strip_prefix(ATTRIBUTE)
                    && !OF_THE_MACHINE.iter().any(|prefix| name.starts_with(prefix))
                {
                    self.attributes.insert(name.to_owned(), value.to_owned());
                }
            }
        }
        Ok(())
    }
}

fn number<N: std::str::FromStr>(text: &[u8]) -> Result<N, CanonicalError> {
    let parsed = std::str::from_utf8(text).ok().and_then(|text| text.parse().ok());
    parsed.ok_or_else(|| CanonicalError::malformed("an extension header of a layer", "a number is none"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_bytes() {
        let mut found = Extensions::default();
        found.read(b"35 SCHILY.xattr.security.cap=\x01\n\x00=\xff\n16 uid=30000000\n").unwrap();
        assert_eq!(found.attributes[&b"security.cap"[..]], b"\x01\n\x00=\xff");
        assert_eq!(found.user, Some(30_000_000));
    }

    #[test]
    fn what_the_machine_says_is_left_out() {
        let mut found = Extensions::default();
        found
            .read(b"35 SCHILY.xattr.security.selinux=a\n41 SCHILY.xattr.trusted.overlay.opaque=y\n")
            .unwrap();
        assert!(found.attributes.is_empty(), "{found:?}");
    }

    #[test]
    fn what_is_no_record_is_refused() {
        for bytes in [&b"5"[..], b"99 a=b\n", b"0 a=b\n", b"6 abcd", b"x a=b\n", b"6 abc\n", b"9 uid=-1\n"] {
            assert!(Extensions::default().read(bytes).is_err(), "{bytes:?}");
        }
    }
}
