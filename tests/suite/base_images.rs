//! Images that start from others, through the binary and with a real registry: what the lock says of a
//! base, and what is refused.
#![allow(clippy::disallowed_methods, reason = "looks into the store, as other tools do")]

use rekindle::model::Digest;
use serde_json::json;

use crate::support::project::{MANIFEST, Project};
use crate::support::registry::{Layer, Registry};

/// A project with one image on a base.
fn project(base: &str, rest: &str) -> Project {
    let project = Project::empty();
    project.write("rekindle.yaml", MANIFEST);
    project.write("stacks/site.yaml", "kind: image\ntemplate: site@1.0.0\n");
    project.write("templates/site/1.0.0/interface.yaml", "kind: image\n");
    project.write("templates/site/1.0.0/Dockerfile", format!("FROM {base}\n{rest}"));
    project.write("templates/site/1.0.0/note.txt", "a note\n");
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
