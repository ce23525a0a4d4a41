//! Base images for an engine: from the store, as an archive that every engine loads.

use std::io::{Read, Write};

use serde_json::{Value, json};
use tar::{Builder, Header};

use crate::cli::exit_code::ExitCode;
use crate::cli::failure::Failure;
use crate::disk::{Store, Workspace};
use crate::image::canonical::{self, CanonicalError, FileNumber, Space as _, Stretch};
use crate::image::{BaseLayer, MANIFEST, base_layers, local_name};
use crate::model::{BaseImage, Digest};
use crate::port::LoadOrder;

/// A base image that an engine is to build on, and whose bytes are not here any more.
#[derive(Debug, thiserror::Error)]
#[error("the base image `{name}` ({manifest}) is not in the store")]
struct Missing {
    name: String,
    manifest: Digest,
}

/// A base image on its way to an engine.
pub(super) struct Carried {
    /// What the engine is told.
    pub(super) order: LoadOrder,
    /// The archive.
    pub(super) archive: FileNumber,
}

/// Writes the archive of a base image that is in the store: an OCI image layout, and the list that
/// engines before it read.
pub(super) fn carry(
    store: &Store,
    space: &mut Workspace,
    name: &str,
    image: &BaseImage,
) -> Result<Carried, Failure> {
    let (manifest, configuration) = documents(store, name, image)?;
    let unpacked = unpacked(store, space, &base_layers(&manifest, &image.diff_ids)?)?;
    let (archive, out) = space.create().map_err(CanonicalError::Write)?;
    let local = local_name(image.manifest);
    let base = Base { store, space, manifest: &manifest, configuration: &configuration, unpacked };
    base.write(out, &local).map_err(CanonicalError::Write)?;
    let ids = vec![Digest::of(&configuration).to_string(), Digest::of(&manifest).to_string()];
    Ok(Carried { order: LoadOrder { name: local, ids }, archive })
}

/// The layers of a base image, as a manifest lists them.
pub(super) fn layers(store: &Store, name: &str, image: &BaseImage) -> Result<Vec<BaseLayer>, Failure> {
    let (manifest, _) = documents(store, name, image)?;
    Ok(base_layers(&manifest, &image.diff_ids)?)
}

/// How many variables an image takes over from its base.
pub(super) fn variables(image: &BaseImage) -> usize {
    image.config.get("Env").and_then(Value::as_array).map_or(0, Vec::len)
}

fn documents(store: &Store, name: &str, image: &BaseImage) -> Result<(Vec<u8>, Vec<u8>), Failure> {
    store.base(image.manifest)?.ok_or_else(|| {
        let missing = Missing { name: name.to_owned(), manifest: image.manifest };
        Failure::new(ExitCode::Error, missing).hint("run the command again")
    })
}

/// Engines before 23 do not read what zstd made: they are given these layers unpacked, too.
fn unpacked(
    store: &Store,
    space: &mut Workspace,
    layers: &[BaseLayer],
) -> Result<Vec<Option<Stretch>>, Failure> {
    let mut unpacked = Vec::new();
    for (number, BaseLayer { diff_id, layer }) in layers.iter().enumerate() {
        if !layer.media_type.ends_with("+zstd") {
            unpacked.push(None);
            continue;
        }
        let path = store.path().join("blobs/sha256").join(layer.blob.digest.hex());
        let blob = Stretch { file: space.add(path), offset: 0, length: layer.blob.size };
        let what = format!("layer {} of the base image", number + 1);
        unpacked.push(Some(canonical::unpack_layer(space, blob, *diff_id, &what)?));
    }
    Ok(unpacked)
}

/// What the archive of a base image is written from.
struct Base<'b> {
    store: &'b Store,
    space: &'b Workspace,
    manifest: &'b [u8],
    configuration: &'b [u8],
    /// The layers that are given unpacked as well.
    unpacked: Vec<Option<Stretch>>,
}

impl Base<'_> {
    fn write(&self, out: Box<dyn Write + Send>, local: &str) -> std::io::Result<()> {
        let document: Value = serde_json::from_slice(self.manifest)?;
        let blob =
            |digest: &Value| format!("blobs/{}", digest.as_str().unwrap_or_default().replace(':', "/"));
        let mut archive = Builder::new(out);
        let mut text =
            |name: &str, bytes: &[u8]| add(&mut archive, name, bytes.len() as u64, &mut &bytes[..]);
        let manifest = Digest::of(self.manifest);
        text(&blob(&json!(manifest)), self.manifest)?;
        text(&blob(&document["config"]["digest"]), self.configuration)?;
        let layers: Vec<&Value> = document["layers"].as_array().into_iter().flatten().collect();
        let plain_name = |number: usize| format!("layers/{number}.tar");
        let names: Vec<String> = std::iter::zip(&layers, &self.unpacked)
            .enumerate()
            .map(|(number, (layer, plain))| match plain {
                Some(_) => plain_name(number),
                None => blob(&layer["digest"]),
            })
            .collect();
        let configuration = blob(&document["config"]["digest"]);
        let list = json!([{"Config": configuration, "RepoTags": [local], "Layers": names}]);
        text("manifest.json", list.to_string().as_bytes())?;
        let index = json!({"schemaVersion": 2, "manifests": [{
            "mediaType": document["mediaType"].as_str().unwrap_or(MANIFEST),
            "digest": manifest,
            "size": self.manifest.len(),
            "annotations": {"io.containerd.image.name": format!("docker.io/library/{local}")},
        }]});
        text("index.json", index.to_string().as_bytes())?;
        text("oci-layout", br#"{"imageLayoutVersion":"1.0.0"}"#)?;
        for (number, (layer, plain)) in std::iter::zip(layers, &self.unpacked).enumerate() {
            let digest = layer["digest"].as_str().and_then(|digest| digest.parse().ok());
            let mut file = self.store.open_blob(digest.ok_or(std::io::ErrorKind::InvalidData)?)?;
            add(
                &mut archive,
                &blob(&layer["digest"]),
                layer["size"].as_u64().unwrap_or_default(),
                &mut file,
            )?;
            if let Some(plain) = plain {
                let mut file = self.space.open(plain.file)?;
                add(&mut archive, &plain_name(number), plain.length, &mut file)?;
            }
        }
        archive.into_inner()?.flush()
    }
}

fn add<W: Write>(
    archive: &mut Builder<W>,
    name: &str,
    size: u64,
    bytes: &mut dyn Read,
) -> std::io::Result<()> {
    let mut header = Header::new_ustar();
    header.set_mode(0o644);
    header.set_size(size);
    archive.append_data(&mut header, name, bytes)
}
