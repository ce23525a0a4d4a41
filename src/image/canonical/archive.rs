//! Finds an image in what an engine exports or a tool keeps: `docker save` of old and new engines, and
//! OCI image layouts. Gives its configuration and its layers uncompressed, every digest checked.

use std::collections::BTreeMap;
use std::io::{self, Read, Seek as _, SeekFrom, Take, Write};

use flate2::read::MultiGzDecoder;
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use tar::EntryType;

use crate::image::canonical::CanonicalError;
use crate::image::canonical::entries::Entries;
use crate::image::canonical::space::{FileNumber, Readable, Reader, Space, Stretch};
use crate::model::{Digest, FilePath};

/// Bytes of a document.
const DOCUMENT: u64 = 16 << 20;
/// Bytes that a layer may have when it is unpacked.
const LAYER: u64 = 256 << 30;
/// Entries of an archive of layers.
const ENTRIES: usize = 10_000;
/// Bytes that are on their way at a time.
const BUFFER: usize = 256 << 10;
/// Of the bytes that zstd looks back, the logarithm: 32 MiB, four times what its highest usual level uses.
const WINDOW: u32 = 25;

/// Files of an image by the name that the image's documents have for them.
pub type Files = BTreeMap<String, Stretch>;

/// An image whose layers are on disk, uncompressed.
#[derive(Clone, Debug)]
pub struct Unpacked {
    /// What it says about itself.
    pub(super) configuration: Value,
    /// Each layer with its digest.
    pub(super) layers: Vec<(Digest, Stretch)>,
    /// The digest of its manifest, where it has one.
    pub manifest: Option<Digest>,
}

/// The files of an archive.
///
/// # Errors
/// It is none.
pub fn files(space: &dyn Space, file: FileNumber) -> Result<Files, CanonicalError> {
    let length = space.open(file).and_then(|mut file| file.seek(SeekFrom::End(0)));
    let whole = Stretch { file, offset: 0, length: length.map_err(CanonicalError::Read)? };
    let mut reader = Reader::new(space);
    let mut entries = Entries::new(&mut reader, whole, "the image's archive");
    let (mut files, mut links) = (Files::new(), Vec::new());
    while let Some(entry) = entries.next()? {
        let name = FilePath(entry.name).to_string();
        let name = name.trim_start_matches("./").to_owned();
        match (entry.kind, entry.content.pieces.first()) {
            (EntryType::Regular, Some((_, stretch))) => drop(files.insert(name, *stretch)),
            // Docker before 25 writes a layer that occurs twice once.
            (EntryType::Symlink | EntryType::Link, _) => {
                links.push((name, FilePath(entry.target).to_string()))
            }
            _ => {}
        }
        if files.len() + links.len() > ENTRIES {
            return Err(CanonicalError::TooLarge { limit: "10,000 files in its archive" });
        }
    }
    for (name, target) in links {
        let target = target.trim_start_matches("../");
        if let Some(stretch) = files.get(target) {
            files.insert(name, *stretch);
        }
    }
    Ok(files)
}

/// Unpacks the image that `files` have, or the one of several that `name` means: a name in the index,
/// or a manifest's digest.
///
/// # Errors
/// There is none, or it is damaged.
pub fn unpack(space: &mut dyn Space, files: &Files, name: Option<&str>) -> Result<Unpacked, CanonicalError> {
    // A name is one of a layout's; without a name an engine's own list comes first, where there is one.
    let is_layout = name.is_some() && files.keys().any(|file| file.starts_with("blobs/"));
    let found = if is_layout || !files.contains_key("manifest.json") && files.contains_key("index.json") {
        of_layout(space, files, name)?
    } else {
        of_engine(space, files)?
    };
    let (configuration, layers, manifest) = found;
    let said = configuration["rootfs"]["diff_ids"].as_array().cloned().unwrap_or_default();
    if said.len() != layers.len() {
        let why = format!("it has {} layers, and its configuration says {}", layers.len(), said.len());
        return Err(CanonicalError::malformed("the image", why));
    }
    let mut unpacked = Vec::new();
    for (number, (name, said)) in layers.iter().zip(&said).enumerate() {
        let what = format!("layer {}", number + 1);
        let wanted = digest(said, &what)?;
        unpacked.push((wanted, unpack_layer(space, find(files, name)?, wanted, &what)?));
    }
    Ok(Unpacked { configuration, layers: unpacked, manifest })
}

type Found = (Value, Vec<String>, Option<Digest>);

/// `manifest.json`, which every engine writes.
fn of_engine(space: &dyn Space, files: &Files) -> Result<Found, CanonicalError> {
    let list = document(space, files, "manifest.json", None)?;
    let wrong = |why: &str| CanonicalError::malformed("`manifest.json` of the image's archive", why);
    let image = match list.as_array().map(Vec::as_slice) {
        Some([image]) => image,
        _ => return Err(wrong("it does not have exactly one image")),
    };
    let name = image["Config"].as_str().ok_or_else(|| wrong("it names no configuration"))?;
    let layers: Option<Vec<String>> = image["Layers"]
        .as_array()
        .map(|layers| layers.iter().filter_map(|name| Some(name.as_str()?.to_owned())).collect());
    let hex = name.rsplit('/').next().unwrap_or(name).trim_end_matches(".json");
    let wanted = format!("sha256:{hex}").parse().map_err(|_| wrong("its configuration has no digest"))?;
    let configuration = document(space, files, name, Some(wanted))?;
    Ok((configuration, layers.ok_or_else(|| wrong("it names no layers"))?, None))
}

/// `index.json` of an OCI image layout.
fn of_layout(space: &dyn Space, files: &Files, name: Option<&str>) -> Result<Found, CanonicalError> {
    // Builds that are only compared are in no index.
    if let Some(digest) =
        name.and_then(|name| name.parse().ok()).filter(|digest| files.contains_key(&blob(*digest)))
    {
        return of_manifest(space, files, digest);
    }
    let index = document(space, files, "index.json", None)?;
    let wrong = |why: String| CanonicalError::malformed("`index.json`", why);
    let is_meant = |image: &&Value| {
        // What is said about images is no image.
        if !image["artifactType"].is_null() {
            return false;
        }
        let named = image["annotations"]["org.opencontainers.image.ref.name"].as_str();
        name.is_none_or(|name| named == Some(name) || image["digest"].as_str() == Some(name))
    };
    let all = index["manifests"].as_array().map(Vec::as_slice).unwrap_or_default();
    let image = match all.iter().filter(is_meant).collect::<Vec<_>>()[..] {
        [image] => image,
        [] => {
            return Err(wrong(format!(
                "it has no image{}",
                name.map(|name| format!(" `{name}`")).unwrap_or_default()
            )));
        }
        _ => return Err(wrong("it has several images, and none is named".to_owned())),
    };
    of_manifest(space, files, digest(&image["digest"], "the image's index")?)
}

fn of_manifest(space: &dyn Space, files: &Files, manifest_digest: Digest) -> Result<Found, CanonicalError> {
    let manifest = document(space, files, &blob(manifest_digest), Some(manifest_digest))?;
    let named = digest(&manifest["config"]["digest"], "the image's manifest")?;
    let configuration = document(space, files, &blob(named), Some(named))?;
    let layers = manifest["layers"].as_array().map(Vec::as_slice).unwrap_or_default();
    let names: Result<Vec<String>, CanonicalError> =
        layers.iter().map(|layer| Ok(blob(digest(&layer["digest"], "the image's manifest")?))).collect();
    Ok((configuration, names?, Some(manifest_digest)))
}

fn blob(digest: Digest) -> String {
    format!("blobs/sha256/{}", digest.hex())
}

fn digest(value: &Value, what: &str) -> Result<Digest, CanonicalError> {
    let parsed = value.as_str().and_then(|text| text.parse().ok());
    parsed.ok_or_else(|| CanonicalError::malformed(what, "a digest is no `sha256:...`"))
}

fn find(files: &Files, name: &str) -> Result<Stretch, CanonicalError> {
    let missing = || CanonicalError::malformed("the image", format!("`{name}` is missing"));
    files.get(name).copied().ok_or_else(missing)
}

fn document(
    space: &dyn Space,
    files: &Files,
    name: &str,
    wanted: Option<Digest>,
) -> Result<Value, CanonicalError> {
    let what = format!("`{name}` of the image");
    let bytes = Reader::new(space).small(find(files, name)?, DOCUMENT, &what)?;
    let found = Digest::of(&bytes);
    if let Some(wanted) = wanted.filter(|wanted| *wanted != found) {
        return Err(CanonicalError::Tampered { what, wanted, found });
    }
    serde_json::from_slice(&bytes).map_err(|error| CanonicalError::malformed(what, error.to_string()))
}

fn file_at(space: &dyn Space, at: Stretch) -> Result<Take<Box<dyn Readable>>, CanonicalError> {
    let mut file = space.open(at.file).map_err(CanonicalError::Read)?;
    file.seek(SeekFrom::Start(at.offset)).map_err(CanonicalError::Read)?;
    Ok(file.take(at.length))
}

/// Reads what zstd made, in any number of frames. Its memory is bounded: frames that need more are refused.
fn zstd<R: Read>(raw: R) -> io::Result<zstd::Decoder<'static, io::BufReader<R>>> {
    let mut decoder = zstd::Decoder::new(raw)?;
    decoder.window_log_max(WINDOW)?;
    Ok(decoder)
}

/// Checks a layer, and unpacks it into a file of its own where it is compressed.
///
/// # Errors
/// It is damaged, or has another digest than is `wanted`.
pub fn unpack_layer(
    space: &mut dyn Space,
    at: Stretch,
    wanted: Digest,
    what: &str,
) -> Result<Stretch, CanonicalError> {
    let mut beginning = [0; 4];
    let length = usize::try_from(at.length).unwrap_or(4).min(4);
    file_at(space, at)?.read_exact(&mut beginning[..length]).map_err(CanonicalError::Read)?;
    let raw = file_at(space, at)?;
    let unpacked: Option<Box<dyn Read>> = match beginning {
        [0x1f, 0x8b, ..] => Some(Box::new(MultiGzDecoder::new(raw))),
        [0x28, 0xb5, 0x2f, 0xfd] => Some(Box::new(zstd(raw).map_err(CanonicalError::Read)?)),
        _ => None,
    };
    let (found, stretch) = if let Some(mut unpacked) = unpacked {
        let (number, mut out) = space.create().map_err(CanonicalError::Write)?;
        let (found, length) = copy(&mut *unpacked, &mut out, what)?;
        out.flush().map_err(CanonicalError::Write)?;
        (found, Stretch { file: number, offset: 0, length })
    } else {
        let mut raw = file_at(space, at)?;
        let (found, length) = copy(&mut raw, &mut io::sink(), what)?;
        if length != at.length {
            return Err(CanonicalError::Truncated { of: what.to_owned() });
        }
        (found, at)
    };
    if found != wanted {
        return Err(CanonicalError::Tampered { what: what.to_owned(), wanted, found });
    }
    Ok(stretch)
}

fn copy(from: &mut dyn Read, to: &mut dyn Write, what: &str) -> Result<(Digest, u64), CanonicalError> {
    let (mut hasher, mut size, mut buffer) = (Sha256::new(), 0, vec![0; BUFFER]);
    loop {
        match from.read(&mut buffer) {
            Ok(0) => return Ok((Digest::from_sha256(hasher), size)),
            Ok(count) => {
                hasher.update(&buffer[..count]);
                to.write_all(&buffer[..count]).map_err(CanonicalError::Write)?;
                size += count as u64;
                if size > LAYER {
                    return Err(CanonicalError::TooLarge { limit: "256 GiB in one layer" });
                }
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                return Err(CanonicalError::Truncated { of: what.to_owned() });
            }
            Err(error)
                if matches!(error.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData) =>
            {
                return Err(CanonicalError::malformed(what, error.to_string()));
            }
            Err(error) => return Err(CanonicalError::Read(error)),
        }
    }
}
