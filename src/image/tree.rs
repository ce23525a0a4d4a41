//! The file system of an image while it is put together: directories, files, links, by path.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::image::canonical::BaseFiles;
use crate::image::dockerfile::Span;
use crate::image::pax::Attributes;
use crate::model::{Digest, FilePath};

/// Links that are followed in one path before it counts as a circle; the number of Linux.
const MAXIMUM_LINKS: usize = 40;

/// Who owns something.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Owner {
    pub(super) user: u64,
    pub(super) group: u64,
}

/// Where the bytes of a file are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Bytes {
    /// Here.
    Here(Arc<[u8]>),
    /// In the context directory, below this path.
    InContext(FilePath),
    /// In the store, under the digest; `false` when it was not looked for there.
    InStore(bool),
    /// In a layer of a base image; names of one file have one number.
    InBase { files: Arc<BaseFiles>, linked: Option<usize> },
}

/// The content of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Content {
    pub(super) bytes: Bytes,
    pub(super) digest: Digest,
    pub(super) size: u64,
    /// The ADD that brought it: it unpacks archives, so what it adds must be none.
    pub(super) added_by: Option<Span>,
}

/// What a node is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Directory,
    File(Content),
    Link(FilePath),
    /// A device or a pipe of a base image.
    Special,
}

/// One entry of the file system.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Node {
    pub(super) kind: Kind,
    pub(super) mode: u32,
    pub(super) owner: Owner,
    /// Only what comes from a base image has any.
    pub(super) attributes: Attributes,
}

impl Node {
    /// One without attributes.
    pub(super) fn new(kind: Kind, mode: u32, owner: Owner) -> Self {
        Self { kind, mode, owner, attributes: Attributes::new() }
    }

    pub(super) fn directory(owner: Owner) -> Self {
        Self::new(Kind::Directory, 0o755, owner)
    }

    /// Whether they are the same for whoever reads the file system.
    fn is_same(&self, other: &Self) -> bool {
        let facts = |node: &Self| (node.mode, node.owner, node.attributes.clone());
        let is_same_kind = match (&self.kind, &other.kind) {
            (Kind::File(one), Kind::File(other)) => (one.digest, one.size) == (other.digest, other.size),
            (Kind::Special, _) => false,
            (one, other) => one == other,
        };
        is_same_kind && facts(self) == facts(other)
    }
}

/// A path as its parts.
pub(super) type Parts = Vec<Vec<u8>>;

/// Entries by their paths.
pub(super) type Nodes = BTreeMap<Parts, Node>;

/// What a file system lies on.
#[derive(Clone, Debug, Default)]
enum Below {
    #[default]
    Nothing,
    /// Files that were not looked at.
    Unknown,
    /// The files of a base image.
    Base(Arc<Nodes>),
}

/// A file system: entries of its own, and those of a base image where there is none of its own. The root
/// is there without an entry.
#[derive(Clone, Debug, Default)]
pub(super) struct Tree {
    below: Below,
    own: Nodes,
}

/// The parts of a path, `.` and `..` worked out; nothing is above the root.
pub(super) fn parts(path: &[u8]) -> Parts {
    let mut parts = Parts::new();
    for part in path.split(|byte| *byte == b'/') {
        match part {
            b"" | b"." => {}
            b".." => drop(parts.pop()),
            part => parts.push(part.to_owned()),
        }
    }
    parts
}

impl Tree {
    /// One that lies on the files of a base image.
    pub(super) fn above(base: Arc<Nodes>) -> Self {
        Self { below: Below::Base(base), own: Nodes::new() }
    }

    /// One that lies on files that were not looked at: what is not found in it may be there all the same.
    pub(super) fn above_unknown() -> Self {
        Self { below: Below::Unknown, own: Nodes::new() }
    }

    /// Whether it lies on files that were not looked at.
    pub(super) fn is_partial(&self) -> bool {
        matches!(self.below, Below::Unknown)
    }

    /// One of these entries, none of which is in the way of another, and the directories above them. There may be
    /// very many: they are not looked for one by one.
    pub(super) fn of(entries: Vec<(Parts, Node)>) -> Self {
        let mut directories = Nodes::new();
        let mut last: &[Vec<u8>] = &[];
        for (path, _) in &entries {
            let above = path.split_last().map_or(&[][..], |(_, above)| above);
            if above != last {
                for length in 1..=above.len() {
                    let directory = above[..length].to_vec();
                    directories.entry(directory).or_insert_with(|| Node::directory(Owner::default()));
                }
                last = above;
            }
        }
        let mut own: Nodes = entries.into_iter().collect();
        own.append(&mut directories);
        Self { below: Below::Nothing, own }
    }

    /// Whether nothing is below a path.
    fn is_empty_below(&self, path: &[Vec<u8>]) -> bool {
        let is_below = |(entry, _): (&Parts, &Node)| entry.len() > path.len() && entry.starts_with(path);
        let nothing = |nodes: &Nodes| {
            // The path itself may be the first.
            !nodes.range(path.to_vec()..).take(2).any(is_below)
        };
        nothing(&self.own) && self.base().is_none_or(nothing)
    }

    /// Puts entries in place below a directory, in the order of their paths, which are relative to it.
    pub(super) fn put_below<'t>(
        &mut self,
        directory: &[Vec<u8>],
        entries: impl Iterator<Item = (&'t [Vec<u8>], Node)>,
    ) -> Result<(), String> {
        let entries: Vec<(Parts, Node)> =
            entries.map(|(path, node)| ([directory, path].concat(), node)).collect();
        // All of the tree is gone through for that.
        let are_many = entries.len() > self.own.len() / 16;
        if are_many && self.is_empty_below(directory) {
            self.own.append(&mut entries.into_iter().collect());
            return Ok(());
        }
        for (path, node) in entries {
            self.put(path, node)?;
        }
        Ok(())
    }

    fn base(&self) -> Option<&Nodes> {
        if let Below::Base(base) = &self.below { Some(base) } else { None }
    }

    /// What is at a path, links in it not followed.
    pub(super) fn get(&self, path: &[Vec<u8>]) -> Option<&Node> {
        self.own.get(path).or_else(|| self.base()?.get(path))
    }

    /// What has to be said on top of the base, in the order of paths: every entry that is other than there,
    /// with the directories above it, since an engine would make up their owners and modes.
    pub(super) fn changes(&self) -> BTreeMap<&Parts, &Node> {
        let Some(base) = self.base() else { return self.own.iter().collect() };
        let mut changes: BTreeMap<&Parts, &Node> = self
            .own
            .iter()
            .filter(|(path, node)| !base.get(*path).is_some_and(|old| old.is_same(node)))
            .collect();
        for path in changes.keys().copied().collect::<Vec<_>>() {
            for length in 1..path.len() {
                let above = &path[..length];
                if let Some(entry) = self.own.get_key_value(above).or_else(|| base.get_key_value(above)) {
                    changes.entry(entry.0).or_insert(entry.1);
                }
            }
        }
        changes
    }

    /// Whether there is a directory.
    pub(super) fn is_directory(&self, path: &[Vec<u8>]) -> bool {
        path.is_empty() || self.get(path).is_some_and(|node| node.kind == Kind::Directory)
    }

    /// Every entry in the order of paths, a directory before what is in it.
    pub(super) fn entries(&self) -> impl Iterator<Item = (&Parts, &Node)> {
        let base = self.base().into_iter().flatten();
        with_base(base, self.own.iter(), self.base().is_some())
    }

    /// How many bytes its files have together.
    pub(super) fn bytes(&self) -> u64 {
        let size = |node: &Node| if let Kind::File(content) = &node.kind { content.size } else { 0 };
        self.entries().map(|(_, node)| size(node)).sum()
    }

    /// What lies below a directory, with paths relative to it.
    pub(super) fn below<'t>(
        &'t self,
        path: &'t [Vec<u8>],
    ) -> impl Iterator<Item = (&'t [Vec<u8>], &'t Node)> {
        let inside = move |nodes: &'t Nodes| {
            let from = nodes.range(path.to_vec()..).take_while(move |(entry, _)| entry.starts_with(path));
            from.filter(move |(entry, _)| entry.len() > path.len())
        };
        let base = self.base().into_iter().flat_map(inside);
        let entries = with_base(base, inside(&self.own), self.base().is_some());
        entries.map(|(entry, node)| (&entry[path.len()..], node))
    }

    /// Puts a node in place. `Err` where a file stands in place of a directory, or the other way round.
    pub(super) fn put(&mut self, path: Parts, node: Node) -> Result<(), String> {
        let is_directory = |node: &Node| node.kind == Kind::Directory;
        let Some(old) = self.get(&path) else {
            self.own.insert(path, node);
            return Ok(());
        };
        if is_directory(old) != is_directory(&node) {
            let (was, is) =
                if is_directory(old) { ("a directory", "a file") } else { ("a file", "a directory") };
            return Err(format!("`{}` is {was}, and would become {is}", shown(&path)));
        }
        // What is said of a directory anew says nothing of its attributes.
        let attributes = if is_directory(old) { old.attributes.clone() } else { node.attributes };
        self.own.insert(path, Node { attributes, ..node });
        Ok(())
    }

    /// Whether only an engine can copy what is at a path and below it: devices, and names of one file.
    pub(super) fn takes_engine(&self, path: &[Vec<u8>]) -> bool {
        let mut files = BTreeSet::new();
        let mut takes = |node: &Node| match &node.kind {
            Kind::File(Content { bytes: Bytes::InBase { linked: Some(number), .. }, .. }) => {
                !files.insert(*number)
            }
            Kind::Special => true,
            Kind::File(_) | Kind::Directory | Kind::Link(_) => false,
        };
        self.get(path).is_some_and(&mut takes) || self.below(path).any(|(_, node)| takes(node))
    }

    /// Makes a directory and those above it, where they are missing.
    pub(super) fn make_directories(&mut self, path: &[Vec<u8>], owner: Owner) -> Result<(), String> {
        // Whatever is in it was made with the directories above.
        if self.own.get(path).is_some_and(|node| node.kind == Kind::Directory) {
            return Ok(());
        }
        for length in 1..=path.len() {
            match self.get(&path[..length]).map(|node| node.kind == Kind::Directory) {
                Some(true) => {}
                Some(false) => return Err(format!("`{}` is no directory", shown(&path[..length]))),
                None => drop(self.own.insert(path[..length].to_vec(), Node::directory(owner))),
            }
        }
        Ok(())
    }

    /// The path without links, seen from the root of the image.
    pub(super) fn resolve(&self, path: &[Vec<u8>]) -> Result<Parts, String> {
        let mut waiting: Vec<Vec<u8>> = path.iter().rev().cloned().collect();
        let (mut resolved, mut followed) = (Parts::new(), 0);
        while let Some(part) = waiting.pop() {
            match &part[..] {
                b"" | b"." => continue,
                b".." => {
                    resolved.pop();
                    continue;
                }
                _ => resolved.push(part),
            }
            let Some(Node { kind: Kind::Link(target), .. }) = self.get(&resolved) else { continue };
            followed += 1;
            if followed > MAXIMUM_LINKS {
                return Err(format!("the links in `{}` lead in a circle", shown(path)));
            }
            resolved.pop();
            if target.0.starts_with(b"/") {
                resolved.clear();
            }
            waiting.extend(target.0.split(|byte| *byte == b'/').rev().map(<[u8]>::to_vec));
        }
        Ok(resolved)
    }
}

/// Entries of a base and those that hide them, in the order of paths. Most trees have no base, and very many
/// entries: these are not gathered first.
fn with_base<'t>(
    base: impl Iterator<Item = (&'t Parts, &'t Node)>,
    own: impl Iterator<Item = (&'t Parts, &'t Node)>,
    has_base: bool,
) -> impl Iterator<Item = (&'t Parts, &'t Node)> {
    let (gathered, own) = if has_base {
        let mut entries: BTreeMap<&Parts, &Node> = base.collect();
        entries.extend(own);
        (Some(entries), None)
    } else {
        (None, Some(own))
    };
    gathered.into_iter().flatten().chain(own.into_iter().flatten())
}

/// A path as people write it.
pub(super) fn shown(path: &[Vec<u8>]) -> String {
    format!("/{}", FilePath(path.join(&b'/')))
}

#[cfg(test)]
#[path = "tree_tests.rs"]
mod tests;
