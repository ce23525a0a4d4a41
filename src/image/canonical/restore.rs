//! Takes back what an engine or the machine left in a file system, and what drop rules name.

use std::collections::{BTreeMap, BTreeSet};

use crate::image::canonical::CanonicalError;
use crate::image::canonical::key::Key;
use crate::image::canonical::space::Reader;
use crate::image::canonical::tree::{FileTree, Kind, Name, Names, NodeNumber};
use crate::image::execution::{DOCKERFILE_NAME, EMPTY_NAME};
use crate::image::pattern::Pattern;

/// Empty files and directories that engines make to mount something there while a program runs, those
/// inside a directory before it.
const MOUNT_POINTS: [&str; 9] = [
    "dev/console",
    "dev/pts",
    "dev/shm",
    "dev",
    "etc/hostname",
    "etc/hosts",
    "etc/resolv.conf",
    "proc",
    "sys",
];

/// The directory that is made for the files in it.
const MADE_FOR_THEM: &str = "etc";

/// Takes away the mount points that the base does not have.
pub(super) fn mount_points(tree: &mut FileTree, base: &Names) -> Result<(), CanonicalError> {
    for name in MOUNT_POINTS.into_iter().chain([MADE_FOR_THEM]) {
        let Some(key) = Key::of(name.as_bytes())? else { continue };
        let Some(found) = tree.names.get(&key) else { continue };
        let is_empty = match &tree.node(found).kind {
            Kind::Directory => tree.names.range(key.inside()).next().is_none(),
            Kind::File(content) => content.size == 0,
            _ => false,
        };
        if is_empty && !base.contains_key(&key) {
            tree.names.remove(&key);
        }
    }
    Ok(())
}

/// Takes away what was put into the context for the engine, where a wildcard copied it.
pub(super) fn own_files(tree: &mut FileTree, base: &Names) {
    let names = [DOCKERFILE_NAME.as_bytes(), EMPTY_NAME.as_bytes()];
    let is_ours = |key: &Key| names.contains(&key.name()) && !base.contains_key(key);
    tree.names.retain(|key, _| !is_ours(key));
}

/// What a drop rule did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dropped {
    /// The rule, as it is written.
    pub rule: String,
    /// The paths that it reset to the base; none where nothing was other than in the base.
    pub paths: Vec<String>,
}

/// Sets what rules name to what the base has there.
pub(super) fn drop_named(
    tree: &mut FileTree,
    reader: &mut Reader<'_>,
    base: &Names,
    rules: &[(String, Pattern)],
) -> Result<Vec<Dropped>, CanonicalError> {
    let mut dropped = Vec::new();
    for (rule, pattern) in rules {
        let known: BTreeSet<&Key> = tree.names.keys().chain(base.keys()).collect();
        let named: Vec<Key> =
            known.into_iter().filter(|key| pattern.matches(&key.bytes())).cloned().collect();
        let mut paths = Vec::new();
        for key in named {
            if reset(tree, reader, base, &key)? {
                paths.push(key.to_string());
            }
        }
        dropped.push(Dropped { rule: rule.clone(), paths });
    }
    Ok(dropped)
}

/// Sets a path, and what is below it, to the base's. Whether anything changed.
fn reset(
    tree: &mut FileTree,
    reader: &mut Reader<'_>,
    base: &Names,
    key: &Key,
) -> Result<bool, CanonicalError> {
    let all = |names: &Names| -> Vec<(Key, Name)> {
        let own = names.get(key).map(|name| (key.clone(), *name));
        own.into_iter().chain(names.range(key.inside()).map(|(key, name)| (key.clone(), *name))).collect()
    };
    let (mine, theirs) = (all(&tree.names), all(base));
    let mut is_same = mine.len() == theirs.len();
    for ((one, name), (other, wanted)) in mine.iter().zip(&theirs) {
        is_same = is_same && one == other && tree.same(reader, name.node, wanted.node)?;
    }
    // Without the directory above there is no place for the base's copy.
    let has_place = key.parent().is_none_or(|above| tree.is_directory(&tree.names, &above));
    for (key, _) in mine {
        tree.names.remove(&key);
    }
    if has_place {
        tree.names.extend(theirs);
    }
    Ok(!is_same)
}

/// Joins hard links again that were broken when an engine copied one name into its upper directory
/// and changed it no further than the other.
pub(super) fn hard_links(tree: &mut FileTree, reader: &mut Reader<'_>) -> Result<(), CanonicalError> {
    let mut groups: BTreeMap<usize, Vec<Key>> = BTreeMap::new();
    for (key, name) in &tree.names {
        if let Some(linked) = name.linked {
            groups.entry(linked).or_default().push(key.clone());
        }
    }
    for keys in groups.into_values() {
        // The oldest first, so that what the base has stays the base's.
        let numbers: BTreeSet<NodeNumber> =
            keys.iter().filter_map(|key| Some(tree.names.get(key)?.node)).collect();
        let mut kept: Vec<NodeNumber> = Vec::new();
        let mut replaced: BTreeMap<NodeNumber, NodeNumber> = BTreeMap::new();
        for number in numbers {
            let mut known = None;
            for earlier in &kept {
                if tree.same(reader, *earlier, number)? {
                    known = Some(*earlier);
                    break;
                }
            }
            match known {
                Some(earlier) => drop(replaced.insert(number, earlier)),
                None => kept.push(number),
            }
        }
        for key in keys {
            if let Some(name) = tree.names.get_mut(&key)
                && let Some(earlier) = replaced.get(&name.node)
            {
                name.node = *earlier;
            }
        }
    }
    Ok(())
}
