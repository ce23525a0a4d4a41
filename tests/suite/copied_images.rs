//! Files that are copied out of base images, and layers that zstd compressed: put together here and by both
//! builders of an engine, they are the same.
#![allow(clippy::disallowed_methods, reason = "looks into the store, as other tools do")]

use std::fs;
use std::process::Command;

use serde_json::{Value, json};
use tar::{Builder, EntryType, Header};

use crate::docker::run;
use crate::support::dockerd;
use crate::support::project::{MANIFEST, Project};
use crate::support::registry::{Layer, Registry};

/// A project whose lock is written.
fn project(dockerfile: &str) -> Project {
    let project = Project::empty();
    project.write("rekindle.yaml", MANIFEST);
    project.write("stacks/site.yaml", "kind: image\ntemplate: site@1.0.0\ncontext: content\n");
    project.write("templates/site/1.0.0/interface.yaml", "kind: image\n");
    project.write("templates/site/1.0.0/Dockerfile", dockerfile);
    project.write("content/note.txt", "a note\n");
    project.run(&["lock"]).expect_code(0);
    project
}

/// A tool box: a program with a capability, one of somebody's, a link, and two names of one file.
fn tools() -> Vec<u8> {
    let mut builder = Builder::new(Vec::new());
    let mut add = |kind: EntryType, path: &str, mode: u32, owner: u64, text: &[u8]| {
        let mut header = Header::new_ustar();
        header.set_entry_type(kind);
        header.set_mode(mode);
        header.set_uid(owner);
        header.set_gid(owner);
        header.set_mtime(1_700_000_000);
        header.set_size(if kind == EntryType::Regular { text.len() as u64 } else { 0 });
        if path == "opt/bin/ping" {
            let capability = [1, 0, 0, 2, 0, 32, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
            builder.append_pax_extensions([("SCHILY.xattr.security.capability", &capability[..])]).unwrap();
        }
        match kind {
            EntryType::Symlink | EntryType::Link => {
                builder.append_link(&mut header, path, std::str::from_utf8(text).unwrap()).unwrap();
            }
            _ => builder.append_data(&mut header, path, text).unwrap(),
        }
    };
    let busybox = fs::read("/bin/busybox").unwrap();
    for directory in ["bin", "opt", "opt/bin", "opt/twins"] {
        add(EntryType::Directory, directory, 0o755, 0, b"");
    }
    add(EntryType::Regular, "bin/busybox", 0o755, 0, &busybox);
    add(EntryType::Symlink, "bin/sh", 0o777, 0, b"busybox");
    add(EntryType::Regular, "opt/bin/ping", 0o755, 0, b"ping\n");
    add(EntryType::Regular, "opt/bin/own", 0o4750, 7, b"own\n");
    add(EntryType::Symlink, "opt/bin/alias", 0o777, 0, b"own");
    add(EntryType::Regular, "opt/twins/one", 0o644, 0, b"twin\n");
    add(EntryType::Link, "opt/twins/two", 0o644, 0, b"opt/twins/one");
    builder.into_inner().unwrap()
}

/// The image `tools`, whose only layer is compressed by zstd.
fn registry() -> (Registry, String) {
    let registry = Registry::open();
    registry.put("tools", "1", &[Layer::zstd(&tools())], &json!({"Env": ["LANG=C"]}));
    let name = format!("{}/tools:1", registry.host());
    (registry, name)
}

fn blob(project: &Project, digest: &Value) -> std::path::PathBuf {
    let hex = digest.as_str().unwrap().strip_prefix("sha256:").unwrap();
    project.path().join(".rekindle/store/blobs/sha256").join(hex)
}

fn manifest(project: &Project, image: &Value) -> Value {
    serde_json::from_slice(&fs::read(blob(project, &image["manifest"])).unwrap()).unwrap()
}

fn listed(project: &Project, image: &Value) -> String {
    let manifest = manifest(project, image);
    let own = manifest["layers"].as_array().unwrap().last().unwrap()["digest"].clone();
    let output =
        Command::new("tar").args(["--numeric-owner", "-tvf"]).arg(blob(project, &own)).output().unwrap();
    String::from_utf8(output.stdout).unwrap()
}

/// Builds by nobody, by the one builder and by the other; gives the first image.
fn built_by_all(project: &Project, engine: &dockerd::Engine, builders: &[(&str, &str)]) -> Value {
    let lock = project.read("rekindle.lock");
    let mut images = Vec::new();
    for (builder, how) in builders {
        // The base is pulled anew, too, and nobody knows what is to come out.
        let _ = fs::remove_dir_all(project.path().join(".rekindle/store"));
        project.write("rekindle.lock", &lock);
        let arguments = ["build", "demo", "--builder", builder, "--output", "json"];
        let image = run(project, engine, &arguments).expect_code(0).json()["images"][0].clone();
        assert_eq!(image["how"], *how);
        images.push((image.clone(), listed(project, &image)));
    }
    for ((image, listed), (builder, _)) in images.iter().zip(builders) {
        assert_eq!(image["manifest"], images[0].0["manifest"], "{builder}: {listed}\n{}", images[0].1);
    }
    images.swap_remove(0).0
}

const ALL: [(&str, &str); 3] = [("buildkit", "built"), ("classic", "built"), ("none", "assembled")];

#[test]
fn files_come_out_of_a_base_image() {
    let Some(engine) = dockerd::shared() else { return };
    let (_registry, tools) = registry();
    let project = project(&format!(
        "FROM scratch\nCOPY --from={tools} /opt/bin/ /usr/bin/\nCOPY --from={tools} /bin/sh /bin/one\n\
         COPY --chown=3:4 --from={tools} /opt/twins/one /srv/one\nCOPY note.txt /\n"
    ));
    let image = built_by_all(&project, engine, &ALL);
    insta::assert_snapshot!(listed(&project, &image), @"
    drwxr-xr-x 0/0               0 1970-01-01 00:00 bin/
    -rwxr-xr-x 0/0         1982256 1970-01-01 00:00 bin/one
    -rw-r--r-- 0/0               7 1970-01-01 00:00 note.txt
    drwxr-xr-x 3/4               0 1970-01-01 00:00 srv/
    -rw-r--r-- 3/4               5 1970-01-01 00:00 srv/one
    drwxr-xr-x 0/0               0 1970-01-01 00:00 usr/
    drwxr-xr-x 0/0               0 1970-01-01 00:00 usr/bin/
    lrwxrwxrwx 0/0               0 1970-01-01 00:00 usr/bin/alias -> own
    -rwsr-x--- 7/7               4 1970-01-01 00:00 usr/bin/own
    -rwxr-xr-x 0/0               5 1970-01-01 00:00 usr/bin/ping
    ");
    let own = manifest(&project, &image)["layers"][0]["digest"].clone();
    let bytes = fs::read(blob(&project, &own)).unwrap();
    assert!(bytes.windows(32).any(|part| part == b"SCHILY.xattr.security.capability"), "it stays");
}

#[test]
fn files_of_a_base_come_out_of_the_stages_that_lie_on_it() {
    let Some(engine) = dockerd::shared() else { return };
    let (_registry, tools) = registry();
    let from_scratch = project(&format!(
        "FROM {tools} AS one\nCOPY note.txt /opt/\nFROM one AS two\nFROM scratch\nCOPY --from=two /opt/note.txt /bin/sh /a/\n\
         COPY --from=0 --chown=3:4 /opt/note.txt /b\nCOPY --from=0 /opt/bin/own /\n"
    ));
    let image = built_by_all(&from_scratch, engine, &ALL);
    insta::assert_snapshot!(listed(&from_scratch, &image), @"
    drwxr-xr-x 0/0               0 1970-01-01 00:00 a/
    -rw-r--r-- 0/0               7 1970-01-01 00:00 a/note.txt
    -rwxr-xr-x 0/0         1982256 1970-01-01 00:00 a/sh
    -rw-r--r-- 3/4               7 1970-01-01 00:00 b
    -rwsr-x--- 7/7               4 1970-01-01 00:00 own
    ");
    // On the same base, too: what comes out is a change of it.
    let on_base =
        project(&format!("FROM {tools} AS one\nFROM {tools}\nCOPY --from=one /opt/bin/ping /usr/bin/ping\n"));
    // The classic builder loses the capability of a file that is named.
    built_by_all(&on_base, engine, &[("buildkit", "built"), ("none", "assembled")]);
}

#[test]
fn names_of_one_file_stay_one_in_the_hands_of_an_engine() {
    let Some(engine) = dockerd::shared() else { return };
    let (_registry, tools) = registry();
    let project = project(&format!("FROM scratch\nCOPY --from={tools} /opt/twins/ /srv/\n"));
    let image = built_by_all(&project, engine, &[("buildkit", "built")]);
    insta::assert_snapshot!(listed(&project, &image), @"
    drwxr-xr-x 0/0               0 1970-01-01 00:00 srv/
    -rw-r--r-- 0/0               5 1970-01-01 00:00 srv/one
    hrw-r--r-- 0/0               0 1970-01-01 00:00 srv/two link to srv/one
    ");
    fs::remove_dir_all(project.path().join(".rekindle/store")).unwrap();
    let refused = project.run(&["build", "demo", "--builder", "none", "--quiet"]).expect_code(1);
    insta::assert_snapshot!(refused.stderr, @"
    error: the Dockerfile of `site` copies devices or several names of one file out of an image, and `--builder none` allows no engine
    hint: leave `--builder` away, or copy one of the names and link the others by hand
    ");
}

#[test]
fn layers_that_zstd_compressed_stay_as_they_are() {
    let Some(engine) = dockerd::shared() else { return };
    let (_registry, tools) = registry();
    let copies = project(&format!("FROM {tools}\nCOPY note.txt /\n"));
    let image = built_by_all(&copies, engine, &ALL);
    let layer = manifest(&copies, &image)["layers"][0].clone();
    assert_eq!(layer["mediaType"], "application/vnd.oci.image.layer.v1.tar+zstd");
    assert_eq!(fs::read(blob(&copies, &layer["digest"])).unwrap(), Layer::zstd(&self::tools()).bytes);
    let runs = project(&format!("FROM {tools}\nRUN echo x > /opt/x\n"));
    built_by_all(&runs, engine, &ALL[..2]);
}

#[test]
fn a_damaged_zstd_layer_is_refused() {
    let registry = Registry::open();
    let mut layer = Layer::zstd(&tools());
    layer.bytes.truncate(layer.bytes.len() - 100);
    registry.put("tools", "1", &[layer], &json!({}));
    let project = project(&format!("FROM {}/tools:1\nCOPY note.txt /\n", registry.host()));
    let refused = project.run(&["build", "demo", "--quiet"]).expect_code(1);
    insta::assert_snapshot!(refused.stderr, @"
    error: the archive ends in the middle of layer 1
    hint: run the command again; when it comes back, the engine's own store or the file is damaged
    ");
    let left = fs::read_dir(project.path().join(".rekindle/store/incoming")).unwrap();
    assert_eq!(left.count(), 1, "nothing but the lock");
}

#[test]
fn a_stage_that_only_a_mount_names_is_built() {
    let Some(engine) = dockerd::shared() else { return };
    let (_registry, tools) = registry();
    let project = project(&format!(
        "FROM {tools} AS notes\nRUN echo a note > /note\nFROM {tools}\n\
         RUN --mount=type=bind,from=notes,target=/mnt --mount=type=bind,from={tools},source=/opt,target=/tools \
         cat /mnt/note /tools/bin/ping > /both\n"
    ));
    let image = built_by_all(&project, engine, &[("buildkit", "built")]);
    assert!(listed(&project, &image).contains(" both\n"));
}
