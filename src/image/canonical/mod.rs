//! Makes an image canonical that an engine built: whatever the engine, its store and its builder, the
//! same files and settings give the same bytes.
//!
//! Layers are replayed as a file system of names and facts (`tree`), while contents stay on disk
//! (`space`). Base layers stay as they are, byte for byte; what the Dockerfile did becomes one layer,
//! the smallest difference, in the form of [`crate::image`]. May not open files: it is given a [`Space`].

mod archive;
mod cause;
mod compare;
mod difference;
mod entries;
mod error;
mod key;
mod listing;
mod records;
mod replay;
mod restore;
mod search;
mod settings;
mod space;
mod tree;
mod writer;

#[cfg(test)]
mod tests;

use std::io::Write;

use crate::image::about::{LARGEST, Texts, is_wanted};
use crate::image::assemble::{AssembleError, Blob, Blobs};
use crate::image::base::BaseLayer;
use crate::image::canonical::space::Reader;
use crate::image::canonical::tree::{FileTree, Kind, Names};
use crate::image::configuration::{LAYER, Layer, manifest};
use crate::image::pattern::Pattern;
use crate::model::{Digest, FilePath, Platform};

pub use archive::{Files, Unpacked, files, unpack, unpack_layer};
pub use cause::Cause;
pub use compare::{Difference, compare};
pub use error::CanonicalError;
pub use listing::{BaseFiles, list};
pub use restore::Dropped;
pub use search::{SHORTEST, find};
pub use space::{FileNumber, Readable, Space, Stretch};

/// What an image is to be.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'w> {
    /// What it runs on.
    pub platform: &'w Platform,
    /// The layers of its base; none where it starts from nothing.
    pub base: &'w [BaseLayer],
    /// How many variables its environment takes from the base.
    pub inherited: usize,
    /// Paths that are set to what the base has: patterns as in `COPY`.
    pub drop: &'w [String],
}

/// An image in its canonical form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Canonical {
    /// Its manifest.
    pub manifest: Blob,
    /// What the drop rules did, in their order.
    pub dropped: Vec<Dropped>,
    /// The files that say which packages it has.
    pub texts: Texts,
}

/// Makes an image canonical, and keeps what is not the base's.
///
/// # Errors
/// It is damaged, is not made from the base, or the store cannot take it.
pub fn canonicalise(
    image: &Unpacked,
    wanted: &Wanted<'_>,
    space: &dyn Space,
    blobs: &mut dyn Blobs,
) -> Result<Canonical, CanonicalError> {
    check_base(image, wanted.base)?;
    let (configuration, environment) =
        settings::read(&image.configuration, wanted.platform, wanted.inherited)?;
    let reader = &mut Reader::new(space);
    let (mut tree, base) = replay(image, wanted.base.len(), reader)?;
    restore::own_files(&mut tree, &base);
    restore::mount_points(&mut tree, &base)?;
    let dropped = restore::drop_named(&mut tree, reader, &base, &patterns(wanted.drop)?)?;
    restore::hard_links(&mut tree, reader)?;
    let changes = difference::difference(&tree, reader, &base)?;
    let mut layers: Vec<Layer> = wanted.base.iter().map(|base| base.layer.clone()).collect();
    let mut digests: Vec<Digest> = wanted.base.iter().map(|base| base.diff_id).collect();
    if !changes.is_empty() {
        let blob = keep(blobs, &mut |out| writer::write(&tree, &changes, reader, out))?;
        digests.push(blob.digest);
        layers.push(Layer { media_type: LAYER.to_owned(), blob });
    }
    let texts = texts(&tree, reader)?;
    let configuration = configuration.document(wanted.platform, &environment, &digests);
    let configuration = keep_bytes(blobs, &configuration)?;
    Ok(Canonical { manifest: keep_bytes(blobs, &manifest(&configuration, &layers))?, dropped, texts })
}

/// The files that say which packages a file system has.
fn texts(tree: &FileTree, reader: &mut Reader<'_>) -> Result<Texts, CanonicalError> {
    let mut texts = Texts::new();
    for (key, name) in &tree.names {
        let Kind::File(content) = &tree.node(name).kind else { continue };
        let path = key.bytes();
        if content.size > LARGEST || !is_wanted(&path) {
            continue;
        }
        let mut bytes = Vec::new();
        reader.each(content, &mut |part| {
            bytes.extend_from_slice(part);
            Ok(())
        })?;
        texts.insert(FilePath(path).to_string(), bytes);
    }
    Ok(texts)
}

/// The file system of an image, and the names that it had when the first `base` layers were applied.
fn replay(
    image: &Unpacked,
    base: usize,
    reader: &mut Reader<'_>,
) -> Result<(FileTree, Names), CanonicalError> {
    let (mut tree, mut names) = (FileTree::default(), Names::new());
    for (place, (_, archive)) in image.layers.iter().enumerate() {
        replay::apply(&mut tree, reader, *archive, place + 1)?;
        if place + 1 == base {
            names = tree.names.clone();
        }
    }
    Ok((tree, names))
}

fn check_base(image: &Unpacked, base: &[BaseLayer]) -> Result<(), CanonicalError> {
    for (place, wanted) in base.iter().enumerate() {
        let found = image.layers.get(place).map(|(digest, _)| *digest);
        if found != Some(wanted.diff_id) {
            let found = found.map_or("missing".to_owned(), |found| found.to_string());
            return Err(CanonicalError::OtherBase { number: place + 1, wanted: wanted.diff_id, found });
        }
    }
    Ok(())
}

fn patterns(rules: &[String]) -> Result<Vec<(String, Pattern)>, CanonicalError> {
    let pattern = |rule: &String| {
        let pattern = Pattern::new(rule.trim_matches('/'));
        let pattern =
            pattern.map_err(|why| CanonicalError::malformed(format!("the drop rule `{rule}`"), why))?;
        Ok((rule.clone(), pattern))
    };
    rules.iter().map(pattern).collect()
}

fn keep_bytes(blobs: &mut dyn Blobs, bytes: &[u8]) -> Result<Blob, CanonicalError> {
    keep(blobs, &mut |out| out.write_all(bytes).map_err(CanonicalError::Write))
}

/// What stood in the way of writing is told by whoever wrote.
fn keep(
    blobs: &mut dyn Blobs,
    write: &mut dyn FnMut(&mut dyn Write) -> Result<(), CanonicalError>,
) -> Result<Blob, CanonicalError> {
    let mut why = None;
    let kept = blobs.keep(&mut |out| {
        write(out).map_err(|error| {
            why = Some(error);
            AssembleError::Write(std::io::ErrorKind::Other.into())
        })
    });
    kept.map_err(|error| match (why, error) {
        (Some(why), _) => why,
        (None, AssembleError::Write(error)) => CanonicalError::Write(error),
        (None, error) => CanonicalError::Write(std::io::Error::other(error)),
    })
}
