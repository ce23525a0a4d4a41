//! Where the bytes of layers lie meanwhile: in files, so that memory holds names and numbers only.

use std::collections::BTreeMap;
use std::io::{self, Read, Seek, SeekFrom, Write};

use crate::image::canonical::CanonicalError;

/// A file that is read at any place.
pub trait Readable: Read + Seek + Send {}

impl<R: Read + Seek + Send> Readable for R {}

/// One file of a [`Space`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct FileNumber(pub usize);

/// Files that are there while an image is made canonical.
pub trait Space {
    /// Makes a file.
    ///
    /// # Errors
    /// The system refuses.
    fn create(&mut self) -> io::Result<(FileNumber, Box<dyn Write + Send>)>;

    /// Opens a file.
    ///
    /// # Errors
    /// The system refuses.
    fn open(&self, file: FileNumber) -> io::Result<Box<dyn Readable>>;
}

/// Part of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stretch {
    /// Which file.
    pub file: FileNumber,
    /// Where it begins.
    pub offset: u64,
    /// How many bytes.
    pub length: u64,
}

/// The bytes of a file of an image: what is in between the stretches is zero.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Content {
    pub(super) size: u64,
    /// Where each lies in the file of the image, and where its bytes are. Ascending.
    pub(super) pieces: Vec<(u64, Stretch)>,
}

/// Bytes that are on their way at a time.
const BUFFER: usize = 128 << 10;

/// Reads contents; every file is opened once.
pub(super) struct Reader<'s> {
    space: &'s dyn Space,
    open: BTreeMap<FileNumber, Box<dyn Readable>>,
}

impl<'s> Reader<'s> {
    pub(super) fn new(space: &'s dyn Space) -> Self {
        Self { space, open: BTreeMap::new() }
    }

    /// Reads bytes at a place; all of them.
    pub(super) fn exact(&mut self, at: Stretch, bytes: &mut [u8]) -> io::Result<()> {
        let file = match self.open.entry(at.file) {
            std::collections::btree_map::Entry::Occupied(open) => open.into_mut(),
            std::collections::btree_map::Entry::Vacant(free) => free.insert(self.space.open(at.file)?),
        };
        file.seek(SeekFrom::Start(at.offset))?;
        file.read_exact(bytes)
    }

    /// The whole of a small stretch.
    pub(super) fn small(&mut self, at: Stretch, most: u64, what: &str) -> Result<Vec<u8>, CanonicalError> {
        if at.length > most {
            return Err(CanonicalError::malformed(what, format!("it has more than {most} bytes")));
        }
        let mut bytes = vec![0; usize::try_from(at.length).unwrap_or(0)];
        self.exact(at, &mut bytes).map_err(CanonicalError::Read)?;
        Ok(bytes)
    }

    /// Fills `bytes` with what a content has from `offset` on.
    pub(super) fn content_at(&mut self, content: &Content, offset: u64, bytes: &mut [u8]) -> io::Result<()> {
        bytes.fill(0);
        let end = offset + bytes.len() as u64;
        let first = content.pieces.partition_point(|(start, piece)| start + piece.length <= offset);
        for (start, piece) in content.pieces[first..].iter().take_while(|(start, _)| *start < end) {
            let (from, to) = ((*start).max(offset), (start + piece.length).min(end));
            if from < to {
                let at = Stretch { offset: piece.offset + (from - start), ..*piece };
                // Both lie inside `bytes`, whose length is a usize.
                let range =
                    usize::try_from(from - offset).unwrap_or(0)..usize::try_from(to - offset).unwrap_or(0);
                self.exact(at, &mut bytes[range])?;
            }
        }
        Ok(())
    }

    /// Hands over a content part by part.
    pub(super) fn each(
        &mut self,
        content: &Content,
        take: &mut dyn FnMut(&[u8]) -> Result<(), CanonicalError>,
    ) -> Result<(), CanonicalError> {
        let mut buffer = vec![0; BUFFER.min(usize::try_from(content.size).unwrap_or(BUFFER))];
        let mut offset = 0;
        while offset < content.size {
            let length = usize::try_from(content.size - offset).unwrap_or(BUFFER).min(BUFFER);
            self.content_at(content, offset, &mut buffer[..length]).map_err(CanonicalError::Read)?;
            take(&buffer[..length])?;
            offset += length as u64;
        }
        Ok(())
    }

    /// Whether two contents have the same bytes.
    pub(super) fn same(&mut self, one: &Content, other: &Content) -> Result<bool, CanonicalError> {
        if one.size != other.size {
            return Ok(false);
        }
        let (mut mine, mut theirs, mut offset) = (vec![0; BUFFER], vec![0; BUFFER], 0);
        while one != other && offset < one.size {
            let length = usize::try_from(one.size - offset).unwrap_or(BUFFER).min(BUFFER);
            self.content_at(one, offset, &mut mine[..length]).map_err(CanonicalError::Read)?;
            self.content_at(other, offset, &mut theirs[..length]).map_err(CanonicalError::Read)?;
            if mine[..length] != theirs[..length] {
                return Ok(false);
            }
            offset += length as u64;
        }
        Ok(true)
    }
}
