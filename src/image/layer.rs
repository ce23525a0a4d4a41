//! The layer of an image: a tar archive of its tree, or of what it adds to its base, uncompressed.
//!
//! One form for one tree: entries in the order of their paths, the epoch as time, no names of users,
//! no compression whose next version could give other bytes.

use std::collections::BTreeMap;
use std::io::{self, Read, Write};

use sha2::{Digest as _, Sha256};
use tar::EntryType;

use crate::image::assemble::{AssembleError, Contents, Progress};
use crate::image::pax::{BLOCK, Entry};
use crate::image::tree::{Bytes, Content, Kind, Node, Parts, shown};
use crate::model::{Digest, FilePath};

/// Bytes that are on their way at a time.
const BUFFER: usize = 128 << 10;
/// Bytes of the beginning of a file that tell an archive.
const BEGINNING: usize = 262;

/// Writes the archive of these entries, file by file.
pub(super) fn write(
    entries: &BTreeMap<&Parts, &Node>,
    contents: &dyn Contents,
    progress: &dyn Progress,
    out: &mut dyn Write,
) -> Result<(), AssembleError> {
    let mut writer = Writer { contents, progress, out, buffer: vec![0; BUFFER] };
    for (path, node) in entries {
        writer.entry(path, node)?;
    }
    // Two empty blocks end an archive.
    writer.out.write_all(&[0; 2 * BLOCK]).map_err(AssembleError::Write)
}

struct Writer<'w> {
    contents: &'w dyn Contents,
    progress: &'w dyn Progress,
    out: &'w mut dyn Write,
    buffer: Vec<u8>,
}

impl Writer<'_> {
    fn entry(&mut self, path: &Parts, node: &Node) -> Result<(), AssembleError> {
        let mut name = path.join(&b'/');
        let (kind, target, size): (_, &[u8], _) = match &node.kind {
            Kind::Directory => {
                name.push(b'/');
                (EntryType::Directory, b"", 0)
            }
            Kind::Link(target) => (EntryType::Symlink, &target.0, 0),
            Kind::File(content) => (EntryType::Regular, b"", content.size),
            // Nothing makes one, and those of a base stay in its layers.
            Kind::Special => return Ok(()),
        };
        let (user, group) = (node.owner.user, node.owner.group);
        let blocks = Entry {
            kind,
            name: &name,
            target,
            mode: node.mode,
            user,
            group,
            size,
            attributes: Some(&node.attributes),
            ..Entry::default()
        }
        .blocks();
        self.out.write_all(&blocks).map_err(AssembleError::Write)?;
        match &node.kind {
            Kind::File(content) => self.content(path, content),
            Kind::Directory | Kind::Link(_) | Kind::Special => Ok(()),
        }
    }

    /// Copies a file, and checks on the way that it is the one that was counted in the input.
    fn content(&mut self, path: &Parts, content: &Content) -> Result<(), AssembleError> {
        let failed = |source| AssembleError::Read { path: shown(path), source };
        let mut reader: Box<dyn Read + '_> = match &content.bytes {
            Bytes::Here(bytes) => Box::new(&bytes[..]),
            Bytes::InContext(from) => return self.context_file(path, content, from),
            Bytes::InStore(true) => self.contents.stored(content.digest).map_err(failed)?,
            Bytes::InBase { files, .. } => files.open(content.digest).map_err(failed)?,
            Bytes::InStore(false) => {
                return Err(AssembleError::NotFetched { path: shown(path) });
            }
        };
        let mut hasher = Sha256::new();
        self.copy(path, content, &mut *reader, Some(&mut hasher))?;
        self.end(path, content, Digest::from_sha256(hasher) == content.digest)
    }

    /// Copies a file of the context directory. One whose bytes are known, before and after, is not digested
    /// again.
    fn context_file(
        &mut self,
        path: &Parts,
        content: &Content,
        from: &FilePath,
    ) -> Result<(), AssembleError> {
        let failed = |source| AssembleError::Read { path: shown(path), source };
        let mut file = self.contents.open(from).map_err(failed)?;
        if file.is_known_as(content.digest).map_err(failed)? {
            self.copy(path, content, &mut file, None)?;
            let is_same = file.is_known_as(content.digest).map_err(failed)?;
            return self.end(path, content, is_same);
        }
        let mut hasher = Sha256::new();
        self.copy(path, content, &mut file, Some(&mut hasher))?;
        self.end(path, content, Digest::from_sha256(hasher) == content.digest)
    }

    /// Copies the bytes of a file, which have to be as many as were listed.
    fn copy(
        &mut self,
        path: &Parts,
        content: &Content,
        reader: &mut dyn Read,
        mut hasher: Option<&mut Sha256>,
    ) -> Result<(), AssembleError> {
        let mut copied = 0;
        loop {
            let count = fill(reader, &mut self.buffer)
                .map_err(|source| AssembleError::Read { path: shown(path), source })?;
            let bytes = &self.buffer[..count];
            if copied == 0 && content.added_by.is_some() && is_archive(bytes) {
                return Err(AssembleError::Archive { path: shown(path) });
            }
            copied += count as u64;
            if copied > content.size {
                break;
            }
            if let Some(hasher) = &mut hasher {
                hasher.update(bytes);
            }
            self.out.write_all(bytes).map_err(AssembleError::Write)?;
            self.progress.copied(count as u64);
            if count < self.buffer.len() {
                break;
            }
        }
        if copied == content.size { Ok(()) } else { Err(AssembleError::Changed { path: shown(path) }) }
    }

    /// Ends a file that is all copied.
    fn end(&mut self, path: &Parts, content: &Content, is_same: bool) -> Result<(), AssembleError> {
        if !is_same {
            return Err(AssembleError::Changed { path: shown(path) });
        }
        // Less than a block, so it always fits.
        let padding = content.size.next_multiple_of(BLOCK as u64) - content.size;
        let zeros = [0; BLOCK];
        self.out.write_all(&zeros[..usize::try_from(padding).unwrap_or(0)]).map_err(AssembleError::Write)
    }
}

/// Reads until the buffer is full or the file ends, so that a short read is no end.
fn fill(reader: &mut dyn Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match reader.read(&mut buffer[filled..]) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

/// What ADD would unpack: tar, and what gzip, bzip2, xz and zstd made.
fn is_archive(bytes: &[u8]) -> bool {
    const BEGINNINGS: [&[u8]; 4] = [b"\x1f\x8b", b"BZh", b"\xfd7zXZ\0", b"\x28\xb5\x2f\xfd"];
    let is_tar = bytes.len() >= BEGINNING && &bytes[257..BEGINNING] == b"ustar";
    is_tar || BEGINNINGS.iter().any(|beginning| bytes.starts_with(beginning))
}

impl Content {
    /// A file whose bytes are here.
    pub(super) fn here(bytes: &[u8]) -> Self {
        Self {
            digest: Digest::of(bytes),
            size: bytes.len() as u64,
            bytes: Bytes::Here(bytes.into()),
            added_by: None,
        }
    }

    /// A file that is fetched into the store, with its size once it is there.
    pub(super) fn in_store(digest: Digest, size: Option<u64>) -> Self {
        let bytes = Bytes::InStore(size.is_some());
        Self { digest, size: size.unwrap_or_default(), bytes, added_by: None }
    }

    /// A file of the context directory.
    pub(super) fn in_context(path: &FilePath, digest: Digest, size: u64) -> Self {
        Self { digest, size, bytes: Bytes::InContext(path.clone()), added_by: None }
    }
}
