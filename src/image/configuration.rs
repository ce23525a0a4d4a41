//! What an image says about itself, and its documents: configuration and manifest as canonical JSON.
//! Source: the OCI image specification 1.1; `Healthcheck` and `Shell` are Docker's additions to it.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use crate::image::MANIFEST;
use crate::image::assemble::Blob;
use crate::model::{Digest, Platform, canonical};

/// The settings of an image; the environment is kept beside it.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Configuration {
    pub(super) command: Option<Vec<String>>,
    /// Whether this stage gave the command; an inherited one goes when the entry point changes.
    pub(super) has_own_command: bool,
    pub(super) entrypoint: Option<Vec<String>>,
    pub(super) user: Option<String>,
    pub(super) directory: String,
    pub(super) ports: BTreeSet<String>,
    pub(super) volumes: BTreeSet<String>,
    pub(super) labels: BTreeMap<String, String>,
    pub(super) stop_signal: Option<String>,
    pub(super) health: Option<Value>,
    pub(super) shell: Option<Vec<String>>,
}

/// Every time in an image.
const EPOCH: &str = "1970-01-01T00:00:00Z";

const CONFIGURATION: &str = "application/vnd.oci.image.config.v1+json";
/// The media type of the layers that are made here.
pub(super) const LAYER: &str = "application/vnd.oci.image.layer.v1.tar";

impl Configuration {
    /// The document. There is no history: it would say how an image was made, and not what it is.
    pub(super) fn document(
        &self,
        platform: &Platform,
        environment: &[(String, String)],
        layers: &[Digest],
    ) -> Vec<u8> {
        let mut config = Map::new();
        let mut set = |key: &str, value: Value| drop(config.insert(key.to_owned(), value));
        let environment: Vec<String> =
            environment.iter().map(|(name, value)| format!("{name}={value}")).collect();
        if !environment.is_empty() {
            set("Env", json!(environment));
        }
        for (key, list) in [("Cmd", &self.command), ("Entrypoint", &self.entrypoint), ("Shell", &self.shell)]
        {
            if let Some(list) = list {
                set(key, json!(list));
            }
        }
        for (key, text) in [("User", &self.user), ("StopSignal", &self.stop_signal)] {
            if let Some(text) = text {
                set(key, json!(text));
            }
        }
        // The root is where every process starts that is told nothing.
        if !matches!(self.directory.as_str(), "" | "/") {
            set("WorkingDir", json!(self.directory));
        }
        for (key, names) in [("ExposedPorts", &self.ports), ("Volumes", &self.volumes)] {
            if !names.is_empty() {
                set(key, names.iter().map(|name| (name.clone(), json!({}))).collect::<Map<_, _>>().into());
            }
        }
        if !self.labels.is_empty() {
            set("Labels", json!(self.labels));
        }
        if let Some(health) = &self.health {
            set("Healthcheck", health.clone());
        }
        let mut document = json!({
            "architecture": platform.architecture,
            "os": platform.os,
            "created": EPOCH,
            "config": config,
            "rootfs": {"type": "layers", "diff_ids": layers},
        });
        if let Some(variant) = &platform.variant {
            document["variant"] = json!(variant);
        }
        canonical::bytes(&document)
    }
}

/// A layer in a manifest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layer {
    /// The form of its bytes.
    pub media_type: String,
    /// Its bytes.
    pub blob: Blob,
}

/// The manifest of an image.
pub(super) fn manifest(configuration: &Blob, layers: &[Layer]) -> Vec<u8> {
    let described =
        |kind: &str, blob: &Blob| json!({"mediaType": kind, "digest": blob.digest, "size": blob.size});
    let layers: Vec<Value> = layers.iter().map(|layer| described(&layer.media_type, &layer.blob)).collect();
    canonical::bytes(&json!({
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "config": described(CONFIGURATION, configuration),
        "layers": layers,
    }))
}
