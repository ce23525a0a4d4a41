//! Makes what an engine exports: layers with times and forms of their own, and the archive of an image.

use serde_json::{Value, json};
use tar::{Builder, EntryType, Header};

use crate::model::Digest;

/// A layer that is being written.
pub(super) struct Archive {
    builder: Builder<Vec<u8>>,
    pub(super) time: u64,
    pub(super) owner: (u64, u64),
    pub(super) attributes: Vec<(&'static str, Vec<u8>)>,
}

impl Default for Archive {
    fn default() -> Self {
        Self { builder: Builder::new(Vec::new()), time: 1_600_000_000, owner: (0, 0), attributes: Vec::new() }
    }
}

impl Archive {
    fn header(&self, kind: EntryType, mode: u32, size: u64) -> Header {
        let mut header = Header::new_gnu();
        header.set_entry_type(kind);
        header.set_mode(mode);
        header.set_size(size);
        header.set_mtime(self.time);
        header.set_uid(self.owner.0);
        header.set_gid(self.owner.1);
        header
    }

    fn extend(&mut self) {
        let attributes = self.attributes.iter().map(|(key, value)| (*key, &value[..]));
        self.builder.append_pax_extensions(attributes).unwrap();
    }

    pub(super) fn file(&mut self, name: &str, bytes: &[u8]) -> &mut Self {
        self.file_of(name, bytes, 0o644)
    }

    pub(super) fn file_of(&mut self, name: &str, bytes: &[u8], mode: u32) -> &mut Self {
        let mut header = self.header(EntryType::Regular, mode, bytes.len() as u64);
        self.extend();
        self.builder.append_data(&mut header, name, bytes).unwrap();
        self
    }

    pub(super) fn directory(&mut self, name: &str, mode: u32) -> &mut Self {
        let mut header = self.header(EntryType::Directory, mode, 0);
        self.extend();
        self.builder.append_data(&mut header, format!("{name}/"), &b""[..]).unwrap();
        self
    }

    pub(super) fn symbolic_link(&mut self, name: &str, target: &str) -> &mut Self {
        let mut header = self.header(EntryType::Symlink, 0o777, 0);
        self.builder.append_link(&mut header, name, target).unwrap();
        self
    }

    pub(super) fn hard_link(&mut self, name: &str, target: &str) -> &mut Self {
        let mut header = self.header(EntryType::Link, 0o644, 0);
        self.builder.append_link(&mut header, name, target).unwrap();
        self
    }

    pub(super) fn special(&mut self, name: &str, kind: EntryType, major: u32, minor: u32) -> &mut Self {
        let mut header = self.header(kind, 0o600, 0);
        header.set_device_major(major).unwrap();
        header.set_device_minor(minor).unwrap();
        self.builder.append_data(&mut header, name, &b""[..]).unwrap();
        self
    }

    /// An empty file whose name is taken as it is.
    pub(super) fn raw_name(&mut self, name: &[u8]) -> &mut Self {
        let mut header = self.header(EntryType::Regular, 0o644, 0);
        header.as_gnu_mut().unwrap().name[..name.len()].copy_from_slice(name);
        header.set_cksum();
        self.builder.append(&header, &b""[..]).unwrap();
        self
    }

    pub(super) fn finish(self) -> Vec<u8> {
        self.builder.into_inner().unwrap()
    }
}

/// The configuration that an engine writes.
pub(super) fn configuration(layers: &[Vec<u8>], config: &Value) -> Vec<u8> {
    let digests: Vec<Digest> = layers.iter().map(Digest::of).collect();
    let document = json!({
        "architecture": "amd64",
        "os": "linux",
        "created": "2026-11-30T10:00:00.123Z",
        "docker_version": "20.10",
        "container": "0123",
        "config": config,
        "history": [{"created": "2026-11-30T10:00:00.123Z", "created_by": "/bin/sh -c #(nop)"}],
        "rootfs": {"type": "layers", "diff_ids": digests},
    });
    document.to_string().into_bytes()
}

/// What `docker save` writes.
pub(super) fn save(layers: &[Vec<u8>], configuration: &[u8]) -> Vec<u8> {
    let name = format!("{}.json", Digest::of(configuration).hex());
    let mut archive = Archive::default();
    archive.file(&name, configuration);
    let mut names: Vec<String> = Vec::new();
    for (number, layer) in layers.iter().enumerate() {
        let own = format!("{number:064x}/layer.tar");
        archive.directory(&format!("{number:064x}"), 0o755);
        match layers[..number].iter().position(|earlier| earlier == layer) {
            // A layer that occurs twice is written once.
            Some(earlier) => drop(archive.symbolic_link(&own, &format!("../{}", names[earlier]))),
            None => drop(archive.file(&own, layer)),
        }
        names.push(own);
    }
    let manifest = json!([{"Config": name, "RepoTags": null, "Layers": names}]);
    archive.file("manifest.json", manifest.to_string().as_bytes());
    archive.finish()
}

pub(super) fn exported(layers: &[Vec<u8>], config: &Value) -> Vec<u8> {
    save(layers, &configuration(layers, config))
}
