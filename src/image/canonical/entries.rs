//! Reads the entries of a tar archive in the forms that engines and archivers write: old, POSIX and GNU
//! headers, long names, sparse files. Contents are not read: an entry says where they lie.

use tar::{EntryType, GnuExtSparseHeader, GnuSparseHeader, Header};

use crate::image::canonical::CanonicalError;
use crate::image::canonical::records::Extensions;
use crate::image::canonical::space::{Content, Reader, Stretch};
use crate::image::pax::{Attributes, BLOCK};

/// Bytes that an extension may have.
const EXTENSION: u64 = 1 << 20;
/// Parts that a sparse file may have.
const PIECES: usize = 100_000;
/// Bytes that one file may have: 16 TiB, as much as the file systems that images are unpacked to take.
const FILE: u64 = 16 << 40;

/// One entry.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) kind: EntryType,
    pub(super) name: Vec<u8>,
    pub(super) target: Vec<u8>,
    pub(super) mode: u32,
    pub(super) user: u64,
    pub(super) group: u64,
    pub(super) device: (u32, u32),
    pub(super) attributes: Attributes,
    pub(super) content: Content,
}

/// The entries of one archive, in its order.
pub(super) struct Entries<'e, 's> {
    reader: &'e mut Reader<'s>,
    archive: Stretch,
    /// Bytes that are behind.
    position: u64,
    /// Its name, for errors.
    what: &'e str,
}

impl<'e, 's> Entries<'e, 's> {
    pub(super) fn new(reader: &'e mut Reader<'s>, archive: Stretch, what: &'e str) -> Self {
        Self { reader, archive, position: 0, what }
    }

    /// The next one; `None` at the end of the archive.
    pub(super) fn next(&mut self) -> Result<Option<Entry>, CanonicalError> {
        let mut extensions = Extensions::default();
        loop {
            let Some(header) = self.header()? else { return Ok(None) };
            let kind = header.entry_type();
            match kind {
                EntryType::XHeader => {
                    let records = self.extension(&header)?;
                    extensions.read(&records)?;
                }
                // What it says holds for the whole archive: engines write none but comments.
                EntryType::XGlobalHeader => drop(self.extension(&header)?),
                EntryType::GNULongName => extensions.name = Some(without_end(self.extension(&header)?)),
                EntryType::GNULongLink => extensions.target = Some(without_end(self.extension(&header)?)),
                _ => return self.entry(&header, extensions).map(Some),
            }
        }
    }

    /// The next header, checked; `None` where the archive ends. An end without empty blocks is one too,
    /// when it lies between two entries: some writers leave them out.
    fn header(&mut self) -> Result<Option<Header>, CanonicalError> {
        if self.position >= self.archive.length {
            return Ok(None);
        }
        let mut header = Header::new_old();
        *header.as_mut_bytes() = self.block()?;
        if header.as_bytes().iter().all(|byte| *byte == 0) {
            return Ok(None);
        }
        let sum: u32 = header
            .as_bytes()
            .iter()
            .enumerate()
            .map(|(place, byte)| if (148..156).contains(&place) { 32 } else { u32::from(*byte) })
            .sum();
        if header.cksum().ok() != Some(sum) {
            return Err(CanonicalError::malformed(self.what, "the checksum of a header is wrong"));
        }
        Ok(Some(header))
    }

    fn block(&mut self) -> Result<[u8; BLOCK], CanonicalError> {
        let at = self.take(BLOCK as u64)?;
        let mut block = [0; BLOCK];
        self.reader.exact(at, &mut block).map_err(CanonicalError::Read)?;
        Ok(block)
    }

    /// The next bytes, and the filling after them.
    fn take(&mut self, length: u64) -> Result<Stretch, CanonicalError> {
        let at = Stretch { file: self.archive.file, offset: self.archive.offset + self.position, length };
        let end = self.position.checked_add(length).filter(|end| *end <= self.archive.length);
        let Some(end) = end else { return Err(CanonicalError::Truncated { of: self.what.to_owned() }) };
        // The filling of the last entry may be missing, as above.
        self.position = end.next_multiple_of(BLOCK as u64).min(self.archive.length);
        Ok(at)
    }

    fn extension(&mut self, header: &Header) -> Result<Vec<u8>, CanonicalError> {
        let size = self.number(header.entry_size())?;
        let at = self.take(size)?;
        self.reader.small(at, EXTENSION, self.what)
    }

    fn entry(&mut self, header: &Header, extensions: Extensions) -> Result<Entry, CanonicalError> {
        let stored = match extensions.size {
            Some(size) => size,
            None => self.field(&header.as_old().size, header.entry_size())?,
        };
        let kind = header.entry_type();
        let content = match kind {
            EntryType::GNUSparse => self.sparse(header, stored)?,
            EntryType::Regular | EntryType::Continuous => {
                let at = self.take(stored)?;
                Content { size: stored, pieces: vec![(0, at)] }
            }
            // The size of a hard link is that of its target in some archives, and no bytes follow.
            EntryType::Link => Content::default(),
            _ => {
                self.take(stored)?;
                Content::default()
            }
        };
        let name = extensions.name.unwrap_or_else(|| header.path_bytes().into_owned());
        let in_header = || header.link_name_bytes().map(std::borrow::Cow::into_owned).unwrap_or_default();
        let is_device = matches!(kind, EntryType::Char | EntryType::Block);
        let device = if is_device { self.device(header)? } else { (0, 0) };
        Ok(Entry {
            // A name that ends in a slash is a directory in the oldest form.
            kind: if kind == EntryType::Regular && name.ends_with(b"/") {
                EntryType::Directory
            } else {
                kind
            },
            target: extensions.target.unwrap_or_else(in_header),
            mode: self.field(&header.as_old().mode, header.mode())? & 0o7777,
            user: extensions.user.map_or_else(|| self.field(&header.as_old().uid, header.uid()), Ok)?,
            group: extensions.group.map_or_else(|| self.field(&header.as_old().gid, header.gid()), Ok)?,
            name,
            device,
            attributes: extensions.attributes,
            content,
        })
    }

    fn device(&self, header: &Header) -> Result<(u32, u32), CanonicalError> {
        let fields = (header.as_bytes().get(329..337), header.as_bytes().get(337..345));
        let (major, minor) = (fields.0.unwrap_or_default(), fields.1.unwrap_or_default());
        let major = self.field(major, header.device_major())?;
        Ok((major.unwrap_or(0), self.field(minor, header.device_minor())?.unwrap_or(0)))
    }

    /// A sparse file in the GNU form: the header lists where the stored bytes belong.
    fn sparse(&mut self, header: &Header, stored: u64) -> Result<Content, CanonicalError> {
        let wrong = |why: &str| CanonicalError::malformed("a sparse file of a layer", why);
        let gnu = header.as_gnu().ok_or_else(|| wrong("its header is not GNU's"))?;
        let size = self.number(gnu.real_size())?;
        let mut listed = Vec::new();
        self.listed(&gnu.sparse, &mut listed)?;
        let mut goes_on = gnu.is_extended();
        while goes_on {
            let mut more = GnuExtSparseHeader::new();
            *more.as_mut_bytes() = self.block()?;
            self.listed(more.sparse(), &mut listed)?;
            goes_on = more.is_extended();
            if listed.len() > PIECES {
                return Err(CanonicalError::TooLarge { limit: "100,000 parts in one sparse file" });
            }
        }
        let whole = self.take(stored)?;
        let (mut pieces, mut behind, mut end) = (Vec::new(), 0_u64, 0);
        for (offset, length) in listed {
            let next = offset.checked_add(length).filter(|next| offset >= end && *next <= size.min(FILE));
            end = next.ok_or_else(|| wrong("its parts overlap or lie outside"))?;
            pieces.push((offset, Stretch { offset: whole.offset + behind, length, ..whole }));
            behind += length;
        }
        if behind != stored || size > FILE {
            return Err(wrong("its parts are not as long as its bytes"));
        }
        Ok(Content { size, pieces })
    }

    fn listed(
        &self,
        headers: &[GnuSparseHeader],
        listed: &mut Vec<(u64, u64)>,
    ) -> Result<(), CanonicalError> {
        for header in headers.iter().filter(|header| !header.is_empty()) {
            listed.push((self.number(header.offset())?, self.number(header.length())?));
        }
        Ok(())
    }

    /// A field that some writers leave empty where they mean nothing.
    fn field<N: Default>(&self, bytes: &[u8], read: std::io::Result<N>) -> Result<N, CanonicalError> {
        let is_empty = bytes.iter().all(|byte| matches!(byte, 0 | b' '));
        if is_empty { Ok(N::default()) } else { self.number(read) }
    }

    fn number<N>(&self, read: std::io::Result<N>) -> Result<N, CanonicalError> {
        read.map_err(|error| CanonicalError::malformed(self.what, error.to_string()))
    }
}

/// The GNU form ends a long name with a zero byte.
fn without_end(mut bytes: Vec<u8>) -> Vec<u8> {
    if bytes.last() == Some(&0) {
        bytes.pop();
    }
    bytes
}
