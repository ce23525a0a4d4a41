//! Applies layers to a file system: entries, whiteouts, opaque directories.

use tar::EntryType;

use crate::image::canonical::CanonicalError;
use crate::image::canonical::entries::{Entries, Entry};
use crate::image::canonical::key::Key;
use crate::image::canonical::space::{Reader, Stretch};
use crate::image::canonical::tree::{FileTree, Kind, Node};
use crate::model::FilePath;

/// What the name of a file that is no more begins with.
pub(super) const WHITEOUT: &[u8] = b".wh.";
/// What the names of a whiteout's own files begin with; of these only the next has a meaning.
const OWN: &[u8] = b".wh..wh.";
/// Says that a directory hides what layers below put into it.
const OPAQUE: &[u8] = b".wh..wh..opq";

/// Applies one layer.
pub(super) fn apply(
    tree: &mut FileTree,
    reader: &mut Reader<'_>,
    archive: Stretch,
    number: usize,
) -> Result<(), CanonicalError> {
    let what = format!("layer {number}");
    let mut entries = Entries::new(reader, archive, &what);
    while let Some(entry) = entries.next()? {
        // The root itself is there in every image.
        let Some(key) = Key::of(&entry.name)? else { continue };
        if key.name().starts_with(WHITEOUT) {
            whiteout(tree, &key, number)?;
        } else {
            put(tree, key, entry, number)?;
        }
    }
    Ok(())
}

fn whiteout(tree: &mut FileTree, key: &Key, number: usize) -> Result<(), CanonicalError> {
    let name = key.name();
    if name == OPAQUE {
        match key.parent() {
            Some(directory) => tree.remove_inside(&directory, number),
            None => tree.remove_all(number),
        }
    } else if !name.starts_with(OWN) {
        let hidden = &name[WHITEOUT.len()..];
        if matches!(hidden, b"" | b"." | b"..") {
            return Err(CanonicalError::Outside { path: key.to_string() });
        }
        tree.remove(&key.beside(hidden), number);
    }
    Ok(())
}

fn put(tree: &mut FileTree, key: Key, entry: Entry, number: usize) -> Result<(), CanonicalError> {
    let kind = match entry.kind {
        EntryType::Link => return tree.link(key, &entry.target, number),
        EntryType::Regular | EntryType::Continuous | EntryType::GNUSparse => Kind::File(entry.content),
        EntryType::Directory => Kind::Directory,
        EntryType::Symlink => Kind::Link(entry.target),
        EntryType::Char | EntryType::Block => {
            let (major, minor) = entry.device;
            Kind::Device { is_block: entry.kind == EntryType::Block, major, minor }
        }
        EntryType::Fifo => Kind::Pipe,
        other => {
            let kind = char::from(other.as_byte());
            let what = format!("the kind `{kind}` of the entry `{}`", FilePath(entry.name));
            return Err(CanonicalError::NotYet { what });
        }
    };
    // A symbolic link has no rights of its own.
    let mode = if matches!(kind, Kind::Link(_)) { 0o777 } else { entry.mode };
    let Entry { user, group, attributes, .. } = entry;
    tree.put(key, Node { kind, mode, user, group, attributes }, number)
}
