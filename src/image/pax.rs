//! Headers of a tar archive: one fixed form, POSIX extensions only for what the old form cannot hold.

use std::collections::BTreeMap;

use tar::{EntryType, Header};

/// Bytes of a block; headers and contents fill whole ones.
pub(super) const BLOCK: usize = 512;
/// Longest name and link text in the old form.
const NAME: usize = 100;
/// Greatest size in the old form: eleven octal digits.
const SIZE: u64 = 0o77_777_777_777;
/// Greatest user and group in the old form: seven octal digits.
const ID: u64 = 0o7_777_777;

/// Extended attributes by name.
pub(super) type Attributes = BTreeMap<Vec<u8>, Vec<u8>>;

/// What comes before the name of an extended attribute.
pub(super) const ATTRIBUTE: &[u8] = b"SCHILY.xattr.";

/// One entry's facts.
#[derive(Clone, Copy)]
pub(super) struct Entry<'e> {
    pub(super) kind: EntryType,
    /// Relative; a directory's ends in a slash.
    pub(super) name: &'e [u8],
    /// Where a link leads.
    pub(super) target: &'e [u8],
    pub(super) mode: u32,
    pub(super) user: u64,
    pub(super) group: u64,
    pub(super) size: u64,
    /// Major and minor number of a device.
    pub(super) device: Option<(u32, u32)>,
    /// `None` where there are none.
    pub(super) attributes: Option<&'e Attributes>,
}

impl Default for Entry<'_> {
    fn default() -> Self {
        Self {
            kind: EntryType::Regular,
            name: b"",
            target: b"",
            mode: 0o644,
            user: 0,
            group: 0,
            size: 0,
            device: None,
            attributes: None,
        }
    }
}

impl Entry<'_> {
    /// The blocks that come before its content.
    pub(super) fn blocks(&self) -> Vec<u8> {
        let records = self.records();
        let mut blocks = Vec::new();
        if !records.is_empty() {
            // A name of its own would have to be made up; readers do not look at it.
            let size = records.len() as u64;
            let facts = Entry { kind: EntryType::XHeader, name: b"pax", size, ..Entry::default() };
            blocks.extend_from_slice(facts.header().as_bytes());
            blocks.extend_from_slice(&records);
            blocks.resize(blocks.len().next_multiple_of(BLOCK), 0);
        }
        blocks.extend_from_slice(self.header().as_bytes());
        blocks
    }

    /// What the old form cannot hold, as `LENGTH KEY=VALUE` lines.
    fn records(&self) -> Vec<u8> {
        let mut records = Vec::new();
        let long = [("path", self.name), ("linkpath", self.target)]
            .map(|(key, text)| (key, text, text.len() > NAME));
        // POSIX takes texts for UTF-8 unless it is told otherwise.
        if long.iter().any(|(_, text, is_long)| *is_long && std::str::from_utf8(text).is_err()) {
            record(&mut records, b"hdrcharset", b"BINARY");
        }
        for (key, text, is_long) in long {
            if is_long {
                record(&mut records, key.as_bytes(), text);
            }
        }
        for (key, number, most) in
            [("size", self.size, SIZE), ("uid", self.user, ID), ("gid", self.group, ID)]
        {
            if number > most {
                record(&mut records, key.as_bytes(), number.to_string().as_bytes());
            }
        }
        for (name, value) in self.attributes.into_iter().flatten() {
            record(&mut records, &[ATTRIBUTE, name].concat(), value);
        }
        records
    }

    fn header(&self) -> Header {
        let mut header = Header::new_ustar();
        let fitting = |number: u64, most: u64| if number > most { 0 } else { number };
        header.set_entry_type(self.kind);
        header.set_mode(self.mode);
        header.set_uid(fitting(self.user, ID));
        header.set_gid(fitting(self.group, ID));
        header.set_size(fitting(self.size, SIZE));
        header.set_mtime(0);
        if let (Some((major, minor)), Some(fields)) = (self.device, header.as_ustar_mut()) {
            fields.set_device_major(major);
            fields.set_device_minor(minor);
        }
        let fields = header.as_old_mut();
        for (field, text) in [(&mut fields.name, self.name), (&mut fields.linkname, self.target)] {
            let length = text.len().min(NAME);
            field[..length].copy_from_slice(&text[..length]);
        }
        header.set_cksum();
        header
    }
}

/// The length counts itself.
fn record(records: &mut Vec<u8>, key: &[u8], value: &[u8]) {
    let rest = key.len() + value.len() + 3;
    let mut length = rest + 1;
    while length != rest + length.to_string().len() {
        length = rest + length.to_string().len();
    }
    for part in [length.to_string().as_bytes(), b" ", key, b"=", value] {
        records.extend_from_slice(part);
    }
    records.push(b'\n');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_old_form_cannot_hold_reads_back() {
        let name = [b"d/".repeat(60), b"\xff".to_vec()].concat();
        let (kind, user, size) = (EntryType::Regular, 3_000_000_000, 9 << 30);
        let entry = Entry { kind, name: &name, user, group: 1, size, ..Entry::default() };
        let blocks = entry.blocks();
        let mut archive = tar::Archive::new(&blocks[..]);
        let found = archive.entries().unwrap().next().unwrap().unwrap();
        assert_eq!((found.path_bytes().to_vec(), found.size()), (name, size));
        let text = String::from_utf8_lossy(&blocks);
        assert!(text.contains("21 hdrcharset=BINARY\n"));
        assert!(text.contains("18 uid=3000000000\n"));
    }

    #[test]
    fn what_fits_has_no_extension() {
        let name = b"d/".repeat(50);
        let kind = EntryType::Directory;
        let entry = Entry { kind, name: &name, mode: 0o755, user: ID, group: ID, ..Entry::default() };
        assert_eq!(entry.blocks().len(), BLOCK);
    }
}
