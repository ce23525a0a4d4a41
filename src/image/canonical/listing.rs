//! What a base image holds, for those who put an image together on it: names and facts, and digests in
//! place of bytes.

use std::collections::BTreeMap;
use std::fmt;
use std::io::{self, Read};
use std::sync::{Arc, OnceLock};

use sha2::{Digest as _, Sha256};

use crate::image::base::{Base, BaseLayer};
use crate::image::canonical::archive::Unpacked;
use crate::image::canonical::space::{self, Reader, Space};
use crate::image::canonical::tree::{FileTree, Kind, Node, NodeNumber};
use crate::image::canonical::{CanonicalError, replay, texts};
use crate::image::tree::{self, Bytes, Content, Nodes, Owner};
use crate::model::{BaseImage, Digest, FilePath};

/// The bytes of a base image's files, for those who copy some: there as long as this is.
pub struct BaseFiles {
    space: Arc<dyn Space + Send + Sync>,
    /// Where the bytes of a digest lie.
    contents: OnceLock<BTreeMap<Digest, space::Content>>,
}

impl BaseFiles {
    /// Opens a file by its digest.
    ///
    /// # Errors
    /// No file has it, or their bytes were not kept.
    pub fn open(&self, digest: Digest) -> io::Result<Box<dyn Read + '_>> {
        let content = self.contents.get().and_then(|contents| contents.get(&digest));
        let content = content.ok_or(io::ErrorKind::NotFound)?;
        Ok(Box::new(Opened { reader: Reader::new(&*self.space), content, offset: 0 }))
    }
}

impl fmt::Debug for BaseFiles {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "the files of a base image")
    }
}

impl PartialEq for BaseFiles {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self, other)
    }
}

impl Eq for BaseFiles {}

/// A file that is read from its beginning.
struct Opened<'o> {
    reader: Reader<'o>,
    content: &'o space::Content,
    offset: u64,
}

impl Read for Opened<'_> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let left = usize::try_from(self.content.size - self.offset).unwrap_or(usize::MAX);
        let count = left.min(bytes.len());
        self.reader.content_at(self.content, self.offset, &mut bytes[..count])?;
        self.offset += count as u64;
        Ok(count)
    }
}

/// Lists a base image that was unpacked. Where `is_copied`, the bytes of its files stay within reach.
///
/// # Errors
/// Its layers are damaged.
pub fn list(
    image: BaseImage,
    layers: Vec<BaseLayer>,
    unpacked: &Unpacked,
    space: Arc<dyn Space + Send + Sync>,
    is_copied: bool,
) -> Result<Base, CanonicalError> {
    let bytes = Arc::new(BaseFiles { space: Arc::clone(&space), contents: OnceLock::new() });
    let reader = &mut Reader::new(&*space);
    let mut files = FileTree::default();
    for (place, (_, archive)) in unpacked.layers.iter().enumerate() {
        replay::apply(&mut files, reader, *archive, place + 1)?;
    }
    let mut contents = BTreeMap::new();
    let mut names: BTreeMap<NodeNumber, usize> = BTreeMap::new();
    files.names.values().for_each(|name| *names.entry(name.node).or_default() += 1);
    // Hard links are names of one node, whose bytes are read once.
    let mut listed: BTreeMap<NodeNumber, tree::Node> = BTreeMap::new();
    let mut nodes = Nodes::new();
    for (key, name) in &files.names {
        let node = match listed.get(&name.node) {
            Some(node) => node.clone(),
            None => {
                let source = &files.nodes[name.node];
                let linked = (names[&name.node] > 1).then_some(name.node);
                let node = node(source, reader, (&bytes, linked))?;
                if let (Kind::File(content), tree::Kind::File(listed), true) =
                    (&source.kind, &node.kind, is_copied)
                {
                    contents.insert(listed.digest, content.clone());
                }
                listed.entry(name.node).or_insert(node).clone()
            }
        };
        nodes.insert(key.bytes().split(|byte| *byte == b'/').map(<[u8]>::to_vec).collect(), node);
    }
    let texts = texts(&files, reader)?;
    if is_copied {
        // Nobody else has it yet.
        let _ = bytes.contents.set(contents);
    }
    Ok(Base { image, layers, nodes: Arc::new(nodes), texts })
}

fn node(
    node: &Node,
    reader: &mut Reader<'_>,
    (files, linked): (&Arc<BaseFiles>, Option<NodeNumber>),
) -> Result<tree::Node, CanonicalError> {
    let kind = match &node.kind {
        Kind::Directory => tree::Kind::Directory,
        Kind::Link(target) => tree::Kind::Link(FilePath(target.clone())),
        Kind::Device { .. } | Kind::Pipe => tree::Kind::Special,
        Kind::File(content) => {
            let mut hasher = Sha256::new();
            reader.each(content, &mut |bytes| {
                hasher.update(bytes);
                Ok(())
            })?;
            let (digest, size) = (Digest::from_sha256(hasher), content.size);
            let bytes = Bytes::InBase { files: Arc::clone(files), linked };
            tree::Kind::File(Content { bytes, digest, size, added_by: None })
        }
    };
    let owner = Owner { user: node.user, group: node.group };
    Ok(tree::Node { kind, mode: node.mode, owner, attributes: node.attributes.clone() })
}
