//! The smallest layer that turns one file system into another.
//!
//! A directory above a change is part of it: engines unpack a layer into an empty directory, and would
//! make up the directory's owner and mode. So are all names of a file with hard links, when one of them
//! changes: a link must lead to something in the same layer.

use std::collections::BTreeMap;

use crate::image::canonical::CanonicalError;
use crate::image::canonical::key::Key;
use crate::image::canonical::replay::WHITEOUT;
use crate::image::canonical::space::Reader;
use crate::image::canonical::tree::{FileTree, Kind, Names, NodeNumber};

/// One entry of a layer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Change {
    /// Something is there.
    Put(NodeNumber),
    /// It is another name of what an earlier entry has.
    Link { node: NodeNumber, first: Key },
    /// A name of the base is no more; the key is that of the whiteout.
    Whiteout,
}

/// Entries by path.
pub(super) type Changes = BTreeMap<Key, Change>;

/// What must be said to get from `base` to the tree.
pub(super) fn difference(
    tree: &FileTree,
    reader: &mut Reader<'_>,
    base: &Names,
) -> Result<Changes, CanonicalError> {
    let mut changes = Changes::new();
    let mut linked: BTreeMap<NodeNumber, Vec<&Key>> = BTreeMap::new();
    for (key, name) in &tree.names {
        if tree.node(name).kind == Kind::Directory {
            if !is_same(tree, reader, base, &[key])? {
                changes.insert(key.clone(), Change::Put(name.node));
            }
        } else {
            linked.entry(name.node).or_default().push(key);
        }
    }
    for (node, keys) in linked {
        if is_same(tree, reader, base, &keys)? {
            continue;
        }
        changes.insert(keys[0].clone(), Change::Put(node));
        for key in &keys[1..] {
            changes.insert((*key).clone(), Change::Link { node, first: keys[0].clone() });
        }
    }
    whiteouts(tree, base, &mut changes);
    let above: Vec<Key> = changes.keys().flat_map(|key| key.above().collect::<Vec<_>>()).collect();
    for key in above {
        // Each is in the tree: a file system has no entry without its directories.
        if let Some(name) = tree.names.get(&key) {
            changes.entry(key).or_insert(Change::Put(name.node));
        }
    }
    Ok(changes)
}

/// Whether all names of one node stand for one same node in the base.
fn is_same(
    tree: &FileTree,
    reader: &mut Reader<'_>,
    base: &Names,
    keys: &[&Key],
) -> Result<bool, CanonicalError> {
    let mut one = None;
    for key in keys {
        let Some(before) = base.get(key) else { return Ok(false) };
        if *one.get_or_insert(before.node) != before.node {
            return Ok(false);
        }
    }
    match one.zip(keys.first().and_then(|key| tree.names.get(key))) {
        Some((before, name)) => tree.same(reader, before, name.node),
        None => Ok(false),
    }
}

/// Only the uppermost name that went is said, and nothing below what became a file.
fn whiteouts(tree: &FileTree, base: &Names, changes: &mut Changes) {
    for key in base.keys().filter(|key| !tree.names.contains_key(key)) {
        if key.parent().is_none_or(|above| tree.is_directory(&tree.names, &above)) {
            changes.insert(key.beside(&[WHITEOUT, key.name()].concat()), Change::Whiteout);
        }
    }
}
