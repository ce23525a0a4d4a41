//! What a base image holds, for those who put an image together on it: names and facts, and digests in
//! place of bytes.

use std::collections::BTreeMap;
use std::sync::Arc;

use sha2::{Digest as _, Sha256};

use crate::image::base::{Base, BaseLayer};
use crate::image::canonical::archive::Unpacked;
use crate::image::canonical::space::{Reader, Space};
use crate::image::canonical::tree::{FileTree, Kind, Node, NodeNumber};
use crate::image::canonical::{CanonicalError, replay, texts};
use crate::image::tree::{self, Bytes, Content, Nodes, Owner};
use crate::model::{BaseImage, Digest, FilePath};

/// Lists a base image that was unpacked.
///
/// # Errors
/// Its layers are damaged.
pub fn list(
    image: BaseImage,
    layers: Vec<BaseLayer>,
    unpacked: &Unpacked,
    space: &dyn Space,
) -> Result<Base, CanonicalError> {
    let reader = &mut Reader::new(space);
    let mut files = FileTree::default();
    for (place, (_, archive)) in unpacked.layers.iter().enumerate() {
        replay::apply(&mut files, reader, *archive, place + 1)?;
    }
    // Hard links are names of one node, whose bytes are read once.
    let mut listed: BTreeMap<NodeNumber, tree::Node> = BTreeMap::new();
    let mut nodes = Nodes::new();
    for (key, name) in &files.names {
        let node = match listed.get(&name.node) {
            Some(node) => node.clone(),
            None => listed.entry(name.node).or_insert(node(&files.nodes[name.node], reader)?).clone(),
        };
        nodes.insert(key.bytes().split(|byte| *byte == b'/').map(<[u8]>::to_vec).collect(), node);
    }
    let texts = texts(&files, reader)?;
    Ok(Base { image, layers, nodes: Arc::new(nodes), texts })
}

fn node(node: &Node, reader: &mut Reader<'_>) -> Result<tree::Node, CanonicalError> {
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
            tree::Kind::File(Content { bytes: Bytes::InBase, digest, size, added_by: None })
        }
    };
    let owner = Owner { user: node.user, group: node.group };
    Ok(tree::Node { kind, mode: node.mode, owner, attributes: node.attributes.clone() })
}
