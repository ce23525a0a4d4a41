//! Images that others start from: what a registry's manifest and configuration say, what of it is kept
//! in the lock, and what an image that starts from one takes over.

use std::sync::Arc;

use serde_json::{Map, Value};

use crate::image::about::Texts;
use crate::image::assemble::Blob;
use crate::image::configuration::{Configuration, Layer};
use crate::image::environment::Environment;
use crate::image::tree::Nodes;
use crate::model::{BaseImage, Digest};

/// A layer of a base image, as its registry has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BaseLayer {
    /// The digest of its archive, uncompressed.
    pub diff_id: Digest,
    /// What a manifest says of it.
    pub layer: Layer,
}

/// A base image with all that is in it.
#[derive(Clone, Debug)]
pub struct Base {
    /// What the lock says of it.
    pub image: BaseImage,
    /// Its layers, the lowest first.
    pub layers: Vec<BaseLayer>,
    /// Its file system.
    pub(super) nodes: Arc<Nodes>,
    /// The files that say which packages it has.
    pub(super) texts: Texts,
}

/// What is wrong with a base image.
#[derive(Debug, thiserror::Error)]
#[error("the base image is not one that can be built on: {0}")]
pub struct BaseError(pub String);

impl BaseError {
    /// What to do next.
    pub fn hint(&self) -> Option<&'static str> {
        Some("take another base image; `docker manifest inspect` or `skopeo inspect --raw` show what it is")
    }
}

/// What is taken over, in the order of the OCI image specification; the rest is about the build that made
/// the base, or is replaced.
const KEPT: [&str; 12] = [
    "User",
    "ExposedPorts",
    "Env",
    "Entrypoint",
    "Cmd",
    "Volumes",
    "WorkingDir",
    "Labels",
    "StopSignal",
    "Healthcheck",
    "Shell",
    "OnBuild",
];

/// Media types of layers that are understood, and what the OCI calls them. The bytes are the same.
const LAYERS: [(&str, &str); 6] = [
    ("application/vnd.oci.image.layer.v1.tar", "application/vnd.oci.image.layer.v1.tar"),
    ("application/vnd.oci.image.layer.v1.tar+gzip", "application/vnd.oci.image.layer.v1.tar+gzip"),
    ("application/vnd.oci.image.layer.v1.tar+zstd", "application/vnd.oci.image.layer.v1.tar+zstd"),
    ("application/vnd.docker.image.rootfs.diff.tar.zstd", "application/vnd.oci.image.layer.v1.tar+zstd"),
    ("application/vnd.docker.image.rootfs.diff.tar", "application/vnd.oci.image.layer.v1.tar"),
    ("application/vnd.docker.image.rootfs.diff.tar.gzip", "application/vnd.oci.image.layer.v1.tar+gzip"),
];

/// What the lock says of the image that these documents describe.
///
/// # Errors
/// They are damaged, or describe something that is no image of a file system.
pub fn base_image(manifest: &[u8], configuration: &[u8]) -> Result<BaseImage, BaseError> {
    let document: Value = read(configuration, "configuration")?;
    let diff_ids = document["rootfs"]["diff_ids"].as_array().ok_or_else(|| wrong("it lists no layers"))?;
    let diff_ids: Option<Vec<Digest>> = diff_ids.iter().map(|digest| digest.as_str()?.parse().ok()).collect();
    let mut config = Map::new();
    for key in KEPT {
        let value = &document["config"][key];
        let says_nothing = match value {
            Value::Null => true,
            Value::String(text) => text.is_empty() || key == "WorkingDir" && text == "/",
            Value::Array(list) => list.is_empty(),
            Value::Object(map) => map.is_empty(),
            _ => false,
        };
        if !says_nothing {
            config.insert(key.to_owned(), value.clone());
        }
    }
    let image = BaseImage {
        manifest: Digest::of(manifest),
        diff_ids: diff_ids.ok_or_else(|| wrong("a layer has no SHA-256"))?,
        config,
    };
    base_layers(manifest, &image.diff_ids)?;
    inherit(&image).map_err(|key| wrong(format!("its `{key}` is not what the image specification says")))?;
    Ok(image)
}

/// The layers that a manifest lists.
///
/// # Errors
/// It is damaged, or a layer is none that can be read.
pub fn base_layers(manifest: &[u8], diff_ids: &[Digest]) -> Result<Vec<BaseLayer>, BaseError> {
    let document: Value = read(manifest, "manifest")?;
    let layers = document["layers"].as_array().ok_or_else(|| wrong("it lists no layers"))?;
    if layers.len() != diff_ids.len() {
        return Err(wrong("its manifest and its configuration list different numbers of layers"));
    }
    layers.iter().zip(diff_ids).map(|(layer, diff_id)| base_layer(layer, *diff_id)).collect()
}

fn base_layer(layer: &Value, diff_id: Digest) -> Result<BaseLayer, BaseError> {
    let kind = layer["mediaType"].as_str().unwrap_or_default();
    let known = LAYERS.iter().find(|(name, _)| *name == kind);
    let (_, media_type) =
        known.ok_or_else(|| wrong(format!("layers of the type `{kind}` are not supported")))?;
    if !layer["urls"].as_array().is_none_or(Vec::is_empty) {
        return Err(wrong("a layer lies on another server"));
    }
    let digest = layer["digest"].as_str().and_then(|digest| digest.parse().ok());
    match (digest, layer["size"].as_u64()) {
        (Some(digest), Some(size)) => {
            let layer = Layer { media_type: (*media_type).to_owned(), blob: Blob { digest, size } };
            Ok(BaseLayer { diff_id, layer })
        }
        _ => Err(wrong("a layer has no SHA-256 or no size")),
    }
}

fn read(bytes: &[u8], what: &str) -> Result<Value, BaseError> {
    serde_json::from_slice(bytes).map_err(|error| wrong(format!("its {what} is damaged: {error}")))
}

fn wrong(why: impl Into<String>) -> BaseError {
    BaseError(why.into())
}

/// What an image that starts from `base` begins with. `Err` names what is not understood.
pub(super) fn inherit(base: &BaseImage) -> Result<(Configuration, Environment), &'static str> {
    let config = &base.config;
    let mut environment = Environment::default();
    for pair in texts(config, "Env")?.unwrap_or_default() {
        let (name, value) = pair.split_once('=').unwrap_or((&pair, ""));
        environment.keep(name.to_owned(), value.to_owned());
    }
    let configuration = Configuration {
        command: texts(config, "Cmd")?,
        has_own_command: false,
        entrypoint: texts(config, "Entrypoint")?,
        user: text(config, "User")?,
        directory: text(config, "WorkingDir")?.unwrap_or_default(),
        ports: names(config, "ExposedPorts")?,
        volumes: names(config, "Volumes")?,
        labels: labels(config)?,
        stop_signal: text(config, "StopSignal")?,
        health: config.get("Healthcheck").cloned(),
        shell: texts(config, "Shell")?,
    };
    Ok((configuration, environment))
}

/// The instructions that a base image has for those that start from it.
pub(super) fn triggers(base: &BaseImage) -> Vec<String> {
    texts(&base.config, "OnBuild").ok().flatten().unwrap_or_default()
}

type Config = Map<String, Value>;

fn text(config: &Config, key: &'static str) -> Result<Option<String>, &'static str> {
    config.get(key).map(|value| value.as_str().map(str::to_owned).ok_or(key)).transpose()
}

fn texts(config: &Config, key: &'static str) -> Result<Option<Vec<String>>, &'static str> {
    let list = |value: &Value| {
        let items = value.as_array()?.iter();
        items.map(|item| item.as_str().map(str::to_owned)).collect::<Option<Vec<_>>>()
    };
    config.get(key).map(|value| list(value).ok_or(key)).transpose()
}

fn names<C: FromIterator<String>>(config: &Config, key: &'static str) -> Result<C, &'static str> {
    match config.get(key) {
        None => Ok(std::iter::empty().collect()),
        Some(value) => value.as_object().map(|map| map.keys().cloned().collect()).ok_or(key),
    }
}

fn labels<C: FromIterator<(String, String)>>(config: &Config) -> Result<C, &'static str> {
    let pair = |(name, value): (&String, &Value)| Some((name.clone(), value.as_str()?.to_owned()));
    match config.get("Labels") {
        None => Ok(std::iter::empty().collect()),
        Some(value) => {
            let map = value.as_object().ok_or("Labels")?;
            map.iter().map(pair).collect::<Option<C>>().ok_or("Labels")
        }
    }
}
