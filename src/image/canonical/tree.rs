//! The file system of an image as names and facts; contents stay on disk. Layers change it by the rules
//! of the OCI image specification.

use std::collections::BTreeMap;

use crate::image::canonical::CanonicalError;
use crate::image::canonical::key::Key;
use crate::image::canonical::space::{Content, Reader};
use crate::image::pax::Attributes;
use crate::model::FilePath;

/// What something is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Directory,
    File(Content),
    Link(Vec<u8>),
    Device { is_block: bool, major: u32, minor: u32 },
    Pipe,
}

/// What names stand for: several names of one are hard links.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Node {
    pub(super) kind: Kind,
    pub(super) mode: u32,
    pub(super) user: u64,
    pub(super) group: u64,
    pub(super) attributes: Attributes,
}

/// The number of a node; a smaller one was there before.
pub(super) type NodeNumber = usize;

/// What a name stands for, and since when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Name {
    pub(super) node: NodeNumber,
    /// The layer that said so last.
    pub(super) layer: usize,
    /// Names that were hard links of each other have the same number here, also after an engine broke
    /// the link by copying one of them into its upper directory.
    pub(super) linked: Option<usize>,
}

/// Every name.
pub(super) type Names = BTreeMap<Key, Name>;

/// A file system, and those that it was before.
#[derive(Debug, Default)]
pub(super) struct FileTree {
    pub(super) names: Names,
    pub(super) nodes: Vec<Node>,
    links: usize,
    /// Bytes that names and nodes take.
    weight: usize,
}

/// Names that an image may have.
const NAMES: usize = 1_000_000;
/// Bytes that all names and facts may take.
const WEIGHT: usize = 256 << 20;

impl FileTree {
    pub(super) fn node(&self, name: &Name) -> &Node {
        &self.nodes[name.node]
    }

    /// Whether there is a directory.
    pub(super) fn is_directory(&self, names: &Names, key: &Key) -> bool {
        names.get(key).is_some_and(|name| self.node(name).kind == Kind::Directory)
    }

    /// Puts something in place, as an entry of a layer says.
    pub(super) fn put(&mut self, key: Key, node: Node, layer: usize) -> Result<(), CanonicalError> {
        self.make_room(&key, layer)?;
        let linked = match self.names.get(&key) {
            Some(old) if self.node(old).kind == Kind::Directory => {
                if node.kind != Kind::Directory {
                    for key in self.below(&key) {
                        self.names.remove(&key);
                    }
                }
                None
            }
            Some(old) => old.linked.filter(|_| node.kind != Kind::Directory),
            None => None,
        };
        let number = self.add(node)?;
        self.name(key, Name { node: number, layer, linked })
    }

    /// Gives another name to a file.
    pub(super) fn link(&mut self, key: Key, target: &[u8], layer: usize) -> Result<(), CanonicalError> {
        let no_target = || CanonicalError::NoTarget {
            path: key.to_string(),
            target: FilePath(target.to_owned()).to_string(),
        };
        let target_key = Key::of(target.strip_prefix(b"/").unwrap_or(target))?.ok_or_else(no_target)?;
        let found = *self.names.get(&target_key).ok_or_else(no_target)?;
        if self.node(&found).kind == Kind::Directory || target_key == key {
            return Err(no_target());
        }
        self.make_room(&key, layer)?;
        let linked = found.linked.unwrap_or_else(|| {
            self.links += 1;
            self.links
        });
        for key in self.below(&key) {
            self.names.remove(&key);
        }
        // Its target may have been below what it replaces.
        let Some(name) = self.names.get_mut(&target_key) else { return Err(no_target()) };
        name.linked = Some(linked);
        self.name(key, Name { node: found.node, layer, linked: Some(linked) })
    }

    /// Takes away what layers before this one put at a name, and below it.
    pub(super) fn remove(&mut self, key: &Key, layer: usize) {
        self.remove_inside(key, layer);
        let has_rest = self.names.range(key.inside()).next().is_some();
        if !has_rest && self.names.get(key).is_some_and(|name| name.layer < layer) {
            self.names.remove(key);
        }
    }

    /// Takes away what layers before this one put into a directory.
    pub(super) fn remove_inside(&mut self, key: &Key, layer: usize) {
        let mut kept: Option<Key> = None;
        // Backwards, so that what is in a directory comes before the directory.
        for key in self.below(key).into_iter().rev() {
            let is_above = kept.as_ref().is_some_and(|kept| kept.is_below(&key));
            if is_above || self.names.get(&key).is_some_and(|name| name.layer >= layer) {
                kept = Some(key);
            } else {
                self.names.remove(&key);
            }
        }
    }

    /// Takes away what layers before this one put anywhere.
    pub(super) fn remove_all(&mut self, layer: usize) {
        self.names.retain(|_, name| name.layer >= layer);
    }

    fn below(&self, key: &Key) -> Vec<Key> {
        self.names.range(key.inside()).map(|(key, _)| key.clone()).collect()
    }

    /// Every directory above an entry must be one, or is made.
    fn make_room(&mut self, key: &Key, layer: usize) -> Result<(), CanonicalError> {
        for above in key.above() {
            match self.names.get(&above) {
                Some(name) if self.node(name).kind == Kind::Directory => {}
                Some(_) => {
                    let (path, above) = (key.to_string(), above.to_string());
                    return Err(CanonicalError::NoDirectory { path, above });
                }
                None => {
                    let node = self.add(Node::directory())?;
                    self.name(above, Name { node, layer, linked: None })?;
                }
            }
        }
        Ok(())
    }

    fn add(&mut self, node: Node) -> Result<NodeNumber, CanonicalError> {
        self.grow(node.weight())?;
        self.nodes.push(node);
        Ok(self.nodes.len() - 1)
    }

    fn name(&mut self, key: Key, name: Name) -> Result<(), CanonicalError> {
        self.grow(key.len() + size_of::<(Key, Name)>())?;
        self.names.insert(key, name);
        if self.names.len() > NAMES {
            return Err(CanonicalError::TooLarge { limit: "1,000,000 files and directories" });
        }
        Ok(())
    }

    fn grow(&mut self, bytes: usize) -> Result<(), CanonicalError> {
        self.weight += bytes;
        if self.weight > WEIGHT {
            return Err(CanonicalError::TooLarge { limit: "256 MiB of names and attributes" });
        }
        Ok(())
    }

    /// Whether two nodes are the same for whoever reads the file system.
    pub(super) fn same(
        &self,
        reader: &mut Reader<'_>,
        one: NodeNumber,
        other: NodeNumber,
    ) -> Result<bool, CanonicalError> {
        if one == other {
            return Ok(true);
        }
        let (one, other) = (&self.nodes[one], &self.nodes[other]);
        if one.facts() != other.facts() {
            return Ok(false);
        }
        match (&one.kind, &other.kind) {
            (Kind::File(one), Kind::File(other)) => reader.same(one, other),
            (one, other) => Ok(one == other),
        }
    }
}

impl Node {
    /// A directory that no entry describes.
    pub(super) fn directory() -> Self {
        let attributes = Attributes::default();
        Self { kind: Kind::Directory, mode: 0o755, user: 0, group: 0, attributes }
    }

    fn facts(&self) -> (u32, u64, u64, &Attributes) {
        (self.mode, self.user, self.group, &self.attributes)
    }

    fn weight(&self) -> usize {
        let kind = match &self.kind {
            Kind::File(content) => content.pieces.len() * 32,
            Kind::Link(target) => target.len(),
            _ => 0,
        };
        let attributes = self.attributes.iter().map(|(name, value)| name.len() + value.len() + 48);
        size_of::<Self>() + kind + attributes.sum::<usize>()
    }
}
