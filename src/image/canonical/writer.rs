//! Writes a layer in the one form that layers have here, see `image::layer`.

use std::io::Write;

use tar::EntryType;

use crate::image::canonical::CanonicalError;
use crate::image::canonical::difference::{Change, Changes};
use crate::image::canonical::key::Key;
use crate::image::canonical::space::Reader;
use crate::image::canonical::tree::{FileTree, Kind, Node};
use crate::image::pax::{BLOCK, Entry};

/// Writes the archive.
pub(super) fn write(
    tree: &FileTree,
    changes: &Changes,
    reader: &mut Reader<'_>,
    out: &mut dyn Write,
) -> Result<(), CanonicalError> {
    for (key, change) in changes {
        match change {
            Change::Whiteout => header(out, Entry { name: &key.bytes(), ..Entry::default() })?,
            Change::Put(node) => put(key, &tree.nodes[*node], reader, out)?,
            Change::Link { node, first } => {
                let (name, target) = (key.bytes(), first.bytes());
                // Owner and attributes are those of the target: unpacking sets them again.
                let facts = facts(&tree.nodes[*node]);
                header(out, Entry { kind: EntryType::Link, name: &name, target: &target, size: 0, ..facts })?;
            }
        }
    }
    // Two empty blocks end an archive.
    out.write_all(&[0; 2 * BLOCK]).map_err(CanonicalError::Write)
}

fn facts(node: &Node) -> Entry<'_> {
    let (mode, user, group) = (node.mode, node.user, node.group);
    Entry { mode, user, group, attributes: Some(&node.attributes), ..Entry::default() }
}

fn put(key: &Key, node: &Node, reader: &mut Reader<'_>, out: &mut dyn Write) -> Result<(), CanonicalError> {
    let mut name = key.bytes();
    let mut entry = facts(node);
    match &node.kind {
        Kind::Directory => {
            name.push(b'/');
            entry.kind = EntryType::Directory;
        }
        Kind::File(content) => entry.size = content.size,
        Kind::Link(target) => (entry.kind, entry.target) = (EntryType::Symlink, target),
        Kind::Device { is_block, major, minor } => {
            entry.kind = if *is_block { EntryType::Block } else { EntryType::Char };
            entry.device = Some((*major, *minor));
        }
        Kind::Pipe => entry.kind = EntryType::Fifo,
    }
    header(out, Entry { name: &name, ..entry })?;
    let Kind::File(content) = &node.kind else { return Ok(()) };
    reader.each(content, &mut |bytes| out.write_all(bytes).map_err(CanonicalError::Write))?;
    // Less than a block, so it always fits.
    let padding = content.size.next_multiple_of(BLOCK as u64) - content.size;
    let zeros = [0; BLOCK];
    out.write_all(&zeros[..usize::try_from(padding).unwrap_or(0)]).map_err(CanonicalError::Write)
}

fn header(out: &mut dyn Write, entry: Entry<'_>) -> Result<(), CanonicalError> {
    out.write_all(&entry.blocks()).map_err(CanonicalError::Write)
}
