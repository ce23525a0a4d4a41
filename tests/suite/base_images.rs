//! Images that start from others, through the binary and with a real registry: what the lock says of a
//! base, and what is refused.
#![allow(clippy::disallowed_methods, reason = "looks into the store, as other tools do")]

use std::path::PathBuf;
use std::process::Command;

use rekindle::model::Digest;
use serde_json::{Value, json};

use crate::support::project::{MANIFEST, Project};
use crate::support::registry::{Fault, Layer, Misbehaving, Registry};

/// A project with one image on a base.
fn project(base: &str, rest: &str) -> Project {
    let project = Project::empty();
    project.write("rekindle.yaml", MANIFEST);
    project.write("stacks/site.yaml", "kind: image\ntemplate: site@1.0.0\ncontext: content\n");
    project.write("templates/site/1.0.0/interface.yaml", "kind: image\n");
    project.write("templates/site/1.0.0/Dockerfile", format!("FROM {base}\n{rest}"));
    project.write("content/note.txt", "a note\n");
    project
}

/// An archive with one file of this text.
fn archive(path: &str, text: &str) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    let mut header = tar::Header::new_ustar();
    header.set_size(text.len() as u64);
    header.set_mode(0o644);
    builder.append_data(&mut header, path, text.as_bytes()).unwrap();
    builder.into_inner().unwrap()
}

/// A base with one file and some settings.
fn put(registry: &Registry, text: &str) -> String {
    let config = json!({
        "Env": ["PATH=/base/bin", "LANG=C"], "Cmd": ["/run"], "WorkingDir": "/srv", "Labels": {"of": "base"},
        "Hostname": "abc", "Image": "sha256:00", "Volumes": null, "OnBuild": [],
    });
    registry.put("base", "1", &[Layer::gzip(&archive("a.txt", text))], &config).to_string()
}

#[test]
fn the_lock_says_what_a_tag_means_until_it_is_asked_anew() {
    let registry = Registry::open();
    let digest = put(&registry, "one");
    let base = format!("{}/base:1", registry.host());
    let project = project(&base, "COPY note.txt /\n");
    let refused = project.run(&["check", "demo"]).expect_code(1);
    let lock = project.run(&["lock"]).expect_code(0);
    let written = project.read("rekindle.lock");
    let layer = Digest::of(archive("a.txt", "one")).to_string();
    let shorten = |text: String| {
        text.replace(&registry.host(), "HOST").replace(&digest, "MANIFEST").replace(&layer, "LAYER")
    };
    let facts = written.split("  - provider: template").next().unwrap().to_owned();
    insta::assert_snapshot!(shorten([refused.stdout, lock.stdout, lock.stderr, facts].join("----\n")));
    project.run(&["check", "demo"]).expect_code(0);

    let moved = put(&registry, "two");
    assert_ne!(moved, digest);
    project.run(&["lock"]).expect_code(0);
    assert_eq!(project.read("rekindle.lock"), written, "a fact stays until it is asked anew");
    let changed = project.run(&["lock", "--update"]).expect_code(0);
    assert!(changed.stdout.contains(&format!("changed base {base}@linux/amd64")), "{}", changed.stdout);
    assert!(project.read("rekindle.lock").contains(&moved));
}

#[test]
fn a_base_may_be_named_by_its_digest() {
    let registry = Registry::open();
    let digest = put(&registry, "one");
    let base = format!("{}/base:1@{digest}", registry.host());
    let project = project(&base, "COPY note.txt /\n");
    project.run(&["lock"]).expect_code(0);
    put(&registry, "two");
    project.run(&["lock", "--update"]).expect_code(0);
    assert!(project.read("rekindle.lock").contains(&format!("manifest: {digest}")));
    project.run(&["check", "demo"]).expect_code(0);
}

#[test]
fn what_cannot_be_found_out_leaves_the_lock_as_it_was() {
    let registry = Registry::open();
    put(&registry, "one");
    let other = json!({"OnBuild": ["COPY . /app"]});
    registry.put("triggers", "1", &[Layer::plain(&archive("a", "b"))], &other);
    let host = registry.host();
    let mut told = String::new();
    for base in ["base:2", "none:1"] {
        let project = project(&format!("{host}/{base}"), "");
        let run = project.run(&["lock"]).expect_code(1);
        assert!(!project.path().join("rekindle.lock").exists());
        told += &run.stderr.replace(&host, "HOST");
    }
    let triggers = project(&format!("{host}/triggers:1"), "");
    triggers.run(&["lock"]).expect_code(0);
    told += &triggers.run(&["check", "demo"]).expect_code(1).stdout.replace(&host, "HOST");
    let arm = project(&format!("{host}/base:1"), "");
    arm.write("stacks/site.yaml", "kind: image\ntemplate: site@1.0.0\nplatform: linux/arm64\n");
    told += &arm.run(&["lock"]).expect_code(1).stderr.replace(&host, "HOST");
    insta::assert_snapshot!(told);
}

/// What is in an archive, in its order.
enum Item<'i> {
    Directory(&'i str, u32),
    File(&'i str, &'i [u8], u32),
    Link(&'i str, &'i str),
    HardLink(&'i str, &'i str),
}

fn tar(items: &[Item<'_>]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for item in items {
        let mut header = tar::Header::new_gnu();
        header.set_mtime(1_600_000_000);
        match item {
            Item::Directory(path, mode) => {
                header.set_entry_type(tar::EntryType::Directory);
                header.set_mode(*mode);
                header.set_size(0);
                builder.append_data(&mut header, path, std::io::empty()).unwrap();
            }
            Item::File(path, bytes, mode) => {
                header.set_mode(*mode);
                header.set_size(bytes.len() as u64);
                builder.append_data(&mut header, path, *bytes).unwrap();
            }
            Item::Link(path, target) | Item::HardLink(path, target) => {
                let is_hard = matches!(item, Item::HardLink(..));
                let kind = if is_hard { tar::EntryType::Link } else { tar::EntryType::Symlink };
                header.set_entry_type(kind);
                header.set_mode(0o777);
                header.set_size(0);
                builder.append_link(&mut header, path, target).unwrap();
            }
        }
    }
    builder.into_inner().unwrap()
}

/// A small system: busybox with names, a directory behind a link, and a second layer that takes a file away.
fn system() -> [Layer; 2] {
    let busybox = std::fs::read("/bin/busybox").expect("run `scripts/install-test-tools`");
    let lower = tar(&[
        Item::Directory("bin", 0o755),
        Item::File("bin/busybox", &busybox, 0o755),
        Item::HardLink("bin/sh", "bin/busybox"),
        Item::Directory("etc", 0o700),
        Item::File("etc/motd", b"welcome\n", 0o644),
        Item::File("etc/old", b"old\n", 0o644),
        Item::Directory("usr", 0o755),
        Item::Directory("usr/lib", 0o755),
        Item::Link("lib", "usr/lib"),
    ]);
    let upper = tar(&[Item::File("etc/.wh.old", b"", 0o644), Item::Directory("srv", 0o1777)]);
    [Layer::gzip(&lower), Layer::plain(&upper)]
}

const CONFIG: &str = r#"{"Env": ["PATH=/base/bin", "LANG=C"], "Cmd": ["/bin/sh"], "Entrypoint": ["/bin/busybox"],
    "WorkingDir": "/srv", "User": "7", "Labels": {"of": "base"}, "ExposedPorts": {"80/tcp": {}}, "StopSignal": "SIGINT"}"#;

fn put_system(registry: &Registry) -> String {
    let config = serde_json::from_str(CONFIG).unwrap();
    registry.put("system", "1", &system(), &config).to_string()
}

/// A project on [`system`] whose lock is written.
fn on_system(host: &str, rest: &str) -> Project {
    let project = project(&format!("{host}/system:1"), rest);
    project.run(&["lock"]).expect_code(0);
    project
}

fn blob(project: &Project, digest: &str) -> PathBuf {
    project.path().join(".rekindle/store/blobs/sha256").join(digest.strip_prefix("sha256:").unwrap())
}

fn document(project: &Project, digest: &Value) -> Value {
    serde_json::from_slice(&std::fs::read(blob(project, digest.as_str().unwrap())).unwrap()).unwrap()
}

fn built(project: &Project) -> Value {
    project.run(&["build", "demo", "--output", "json"]).expect_code(0).json()["images"][0].clone()
}

const RECIPE: &str = "\
COPY note.txt /lib/
COPY note.txt /etc/motd
COPY note.txt new/
COPY <<EOF /etc/issue
hello
EOF
ENV PATH=$PATH:/more TWO=2
LABEL own=1
EXPOSE 81
";

#[test]
fn an_image_lies_on_its_base_and_adds_what_is_other() {
    let registry = Registry::open();
    put_system(&registry);
    let project = on_system(&registry.host(), RECIPE);
    let image = built(&project);
    assert_eq!(image["how"], "assembled");
    let manifest = document(&project, &image["manifest"]);
    let [lower, upper] = system();
    let layers = manifest["layers"].as_array().unwrap();
    let types = layers.iter().map(|layer| layer["mediaType"].as_str().unwrap().rsplit('.').next().unwrap());
    assert_eq!(types.collect::<Vec<_>>(), ["tar+gzip", "tar", "tar"]);
    for (layer, base) in layers.iter().zip([&lower, &upper]) {
        assert_eq!(layer["digest"], Digest::of(&base.bytes).to_string(), "base layers stay as they are");
        let digest = layer["digest"].as_str().unwrap();
        assert_eq!(std::fs::read(blob(&project, digest)).unwrap(), base.bytes);
    }
    let configuration = document(&project, &manifest["config"]["digest"]);
    let expected = json!([lower.diff_id, upper.diff_id, layers[2]["digest"]]);
    assert_eq!(configuration["rootfs"]["diff_ids"], expected);
    insta::assert_json_snapshot!("base_configuration", configuration["config"]);
    let own = blob(&project, layers[2]["digest"].as_str().unwrap());
    let listed = Command::new("tar").arg("--numeric-owner").arg("-tvf").arg(own).output().unwrap();
    insta::assert_snapshot!("base_layer", String::from_utf8(listed.stdout).unwrap());
}

#[test]
fn what_is_in_the_base_already_is_not_said_again() {
    let registry = Registry::open();
    put_system(&registry);
    let layers = |dockerfile: &str| {
        let project = on_system(&registry.host(), dockerfile);
        project.write("content/motd", "welcome\n");
        let image = built(&project);
        document(&project, &image["manifest"])["layers"].as_array().unwrap().len()
    };
    assert_eq!(layers("COPY motd /etc/\nWORKDIR /usr/lib\n"), 2, "the same bytes, owner and mode");
    assert_eq!(layers("COPY --chmod=600 motd /etc/\n"), 3, "another mode");
    assert_eq!(layers("COPY --chown=1 motd /etc/\n"), 3, "another owner");
}

#[test]
fn a_base_is_pulled_once() {
    let registry = Registry::open();
    put_system(&registry);
    let before = Misbehaving::before(&registry.host());
    let project = on_system(&before.host(), "COPY note.txt /\n");
    let first = built(&project);
    let asked = before.seen("").len();
    project.write("content/note.txt", "another note\n");
    assert_ne!(built(&project)["manifest"], first["manifest"]);
    project.run(&["image", "gc"]).expect_code(0);
    project.write("content/note.txt", "a third note\n");
    built(&project);
    assert_eq!(before.seen("").len(), asked, "the store has the base");
    let check = project.run(&["image", "ls", "--output", "json"]).expect_code(0).json();
    assert_eq!(check["images"].as_array().unwrap().len(), 2);
}

/// Files of the store that belong to nothing: none are to be left over.
fn incoming(project: &Project) -> Vec<String> {
    let files = std::fs::read_dir(project.path().join(".rekindle/store/incoming")).unwrap();
    let names = files.map(|file| file.unwrap().file_name().into_string().unwrap());
    names.filter(|name| name != ".lock").collect()
}

#[test]
fn a_base_with_other_bytes_is_refused_and_not_kept() {
    let registry = Registry::open();
    let digest = put_system(&registry);
    let before = Misbehaving::before(&registry.host());
    let project = on_system(&before.host(), "COPY note.txt /\n");
    let layer = Digest::of(&system()[0].bytes).to_string();
    before.add(&format!("GET /v2/system/blobs/{layer}"), Fault::Change, 1);
    let refused = project.run(&["build", "demo"]).expect_code(1).stderr;
    assert!(refused.contains(&format!("wanted {layer}, got sha256:")), "{refused}");
    assert!(incoming(&project).is_empty() && !blob(&project, &layer).exists());
    assert!(!project.path().join(".rekindle/store/index.json").exists());
    built(&project);

    // A configuration that names other layers than there are: digests fit, contents do not.
    let [lower, mut upper] = system();
    upper.diff_id = Digest::of("other");
    registry.put("liar", "1", &[lower, upper], &json!({}));
    let liar = self::project(&format!("{}/liar:1", registry.host()), "COPY note.txt /\n");
    liar.run(&["lock"]).expect_code(0);
    let refused = liar.run(&["build", "demo"]).expect_code(1).stderr;
    assert!(refused.contains(&Digest::of("other").to_string()), "{refused}");
    assert!(refused.contains(&system()[1].diff_id.to_string()), "{refused}");

    let lock = project.read("rekindle.lock");
    project.write("rekindle.lock", lock.replace("LANG=C", "LANG=D"));
    project.write("content/note.txt", "another note\n");
    let refused = project.run(&["build", "demo"]).expect_code(3).stderr;
    assert!(refused.contains("`rekindle.lock` says of the base image"), "{refused}");
    assert!(lock.contains(&digest));
}

#[test]
fn a_killed_pull_leaves_a_store_that_the_next_one_goes_on_with() {
    let registry = Registry::open();
    put_system(&registry);
    let before = Misbehaving::before(&registry.host());
    let project = on_system(&before.host(), "COPY note.txt /\n");
    let layer = Digest::of(&system()[0].bytes).to_string();
    before.add(&format!("GET /v2/system/blobs/{layer}"), Fault::StallAfter(100_000), 1);
    let mut process = project.command(&["build", "demo"]).spawn().unwrap();
    while before.seen(&format!("blobs/{layer}")).is_empty() {
        assert!(process.try_wait().unwrap().is_none(), "it ended before it could be killed");
        std::thread::yield_now();
    }
    process.kill().unwrap();
    process.wait().unwrap();
    assert!(!incoming(&project).is_empty() && !project.path().join(".rekindle/store/index.json").exists());
    built(&project);
    assert!(incoming(&project).is_empty());
}

#[test]
fn files_are_fetched_once_and_compared() {
    let registry = Registry::open();
    registry.put("files", "1", &[Layer::plain(b"#!/bin/sh\n")], &json!({}));
    let digest = Digest::of(b"#!/bin/sh\n").to_string();
    let before = Misbehaving::before(&registry.host());
    let project = project("scratch", "COPY bin/tool bin/data /opt/\n");
    let url = format!("http://{}/v2/files/blobs/{digest}", before.host());
    let unit = |digest: &str| {
        format!(
            "kind: image\ntemplate: site@1.0.0\ncontext: content\nfetch:\n  - {{url: \"{url}\", sha256: {digest}, to: bin/tool, mode: \"0755\"}}\n  \
             - {{url: \"{url}\", sha256: {digest}, to: bin/data}}\n"
        )
    };
    let hex = &digest["sha256:".len()..];
    project.write("stacks/site.yaml", unit(hex));
    project.run(&["lock"]).expect_code(0);
    let image = built(&project);
    assert_eq!(before.seen("GET").len(), 1);
    let manifest = document(&project, &image["manifest"]);
    let layer = blob(&project, manifest["layers"][0]["digest"].as_str().unwrap());
    let listed = Command::new("tar").arg("-tvf").arg(layer).output().unwrap();
    let listed = String::from_utf8(listed.stdout).unwrap();
    assert!(listed.contains("-rwxr-xr-x") && listed.contains("-rw-r--r--"), "{listed}");

    // The store has it, whatever garbage was collected.
    project.run(&["image", "gc"]).expect_code(0);
    project.write("content/note.txt", "another note\n");
    built(&project);
    assert_eq!(before.seen("GET").len(), 1);

    let other = "a".repeat(64);
    project.write("stacks/site.yaml", unit(&other));
    let refused = project.run(&["build", "demo"]).expect_code(1).stderr;
    assert!(refused.contains(&format!("wanted sha256:{other}, got {digest}")), "{refused}");
    assert!(incoming(&project).is_empty());
}
