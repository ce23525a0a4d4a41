//! Images from source to digest, through the binary: what may have influence and what may not, an
//! independent maker of the same bytes, other readers of the store, and a crash.
#![allow(
    clippy::disallowed_methods,
    reason = "prepares directories and looks into the store, as other tools do"
)]

use std::fs::{self, Permissions};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, SystemTime};

use oci_spec::image::{ImageConfiguration, ImageIndex, ImageManifest, OciLayout};
use rekindle::model::Digest;
use serde_json::Value;

use crate::support::project::{MANIFEST, Project};

const DOCKERFILE: &str = "\
FROM scratch AS files
COPY --chown=10:3000000 site /srv/www/
FROM files
ENV LANG=C.UTF-8
COPY --chmod=444 note.txt /etc/
WORKDIR /srv
CMD [\"/srv/www/run\"]
";

/// A stack that is told the image, and what an image unit says.
const STACK: &str = "\
Parameters:
  Image: {Type: String}
Resources:
  Topic:
    Type: AWS::SNS::Topic
    Properties: {DisplayName: !Ref Image}
Outputs:
  Image: {Value: !Ref Image}
";

/// A project with the image `site`, and the stack `web` that is told it. Files of its context are
/// written in the order given.
fn project(files: &[(&str, &str)]) -> Project {
    let project = Project::of_one_unit("web", "template.yaml", STACK);
    project.write("rekindle.yaml", MANIFEST);
    project.write(
        "stacks/web.yaml",
        "kind: stack\nclass: stateless\ntemplate: web@1.0.0\nparameters: {Image: !image site}\n",
    );
    project.write(
        "stacks/site.yaml",
        "kind: image\ntemplate: site@1.0.0\ncontext: content\nrepository: registry.example/site\n",
    );
    project.write("templates/site/1.0.0/interface.yaml", "kind: image\n");
    project.write("templates/site/1.0.0/Dockerfile", DOCKERFILE);
    project.write("templates/site/1.0.0/note.txt", "a note\n");
    for (path, text) in files {
        project.write(&format!("content/{path}"), text);
    }
    fs::set_permissions(project.path().join("content/site/run"), Permissions::from_mode(0o755)).unwrap();
    symlink("run", project.path().join("content/site/start")).unwrap();
    project
}

fn long_name() -> String {
    format!("site/{}/{}.txt", "d".repeat(80), "long".repeat(20))
}

/// The files of [`project`] in one order or the other.
fn files(is_reversed: bool) -> Project {
    let long = long_name();
    let mut files = [
        ("site/run", "#!/bin/sh\n"),
        ("site/index.html", "<h1>"),
        (long.as_str(), "x"),
        ("site/a-b", "1"),
        ("site/a/b", "2"),
    ];
    if is_reversed {
        files.reverse();
    }
    project(&files)
}

/// The manifest digest of the only image.
fn built(project: &Project) -> (String, Value) {
    let document = project.run(&["build", "demo", "--output", "json"]).expect_code(0).json();
    let image = document["images"][0].clone();
    (image["manifest"].as_str().unwrap().to_owned(), image)
}

fn store(project: &Project) -> PathBuf {
    project.path().join(".rekindle/store")
}

fn blob(project: &Project, digest: &str) -> PathBuf {
    store(project).join("blobs/sha256").join(digest.strip_prefix("sha256:").unwrap())
}

#[test]
fn times_modes_and_the_order_of_files_have_no_influence() {
    let (one, other) = (files(false), files(true));
    for path in ["site/index.html", "site/run", "site"] {
        let path = other.path().join("content").join(path);
        let mode = if path.ends_with("run") { 0o700 } else { 0o775 };
        fs::set_permissions(
            &path,
            Permissions::from_mode(if path.ends_with("index.html") { 0o600 } else { mode }),
        )
        .unwrap();
        let time = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
        fs::File::open(&path).unwrap().set_modified(time).unwrap();
    }
    fs::create_dir(other.path().join("content/empty")).unwrap();
    let (manifest, image) = built(&one);
    assert_eq!(built(&other), (manifest.clone(), image.clone()));

    // What should have influence has it.
    fs::set_permissions(other.path().join("content/site/index.html"), Permissions::from_mode(0o755)).unwrap();
    let (changed, with_right) = built(&other);
    assert_ne!(changed, manifest);
    assert_ne!(with_right["input"], image["input"]);
}

#[test]
fn files_that_did_not_change_are_not_read_again() {
    let project = files(false);
    let (manifest, image) = built(&project);
    let kept = project.path().join(".rekindle/digests/contexts");
    // A file that was written a moment ago is not entered: some file systems would not show a second change.
    std::thread::sleep(Duration::from_millis(2_200));
    assert_eq!(built(&project).0, manifest);
    let mut bytes = fs::read(&kept).unwrap();
    assert_eq!(built(&project).1["how"], "reused");
    assert_eq!(fs::read(&kept).unwrap(), bytes, "nothing new is nothing to write");

    // A digest that somebody planted is believed, so the files were not read; putting together reads them.
    let end = bytes.len() - 64;
    bytes[end..end + 32].fill(7);
    let sum = Digest::of(&bytes[..end + 32]).bytes();
    bytes[end + 32..].copy_from_slice(&sum);
    fs::write(&kept, &bytes).unwrap();
    let run = project.run(&["build", "demo"]).expect_code(1);
    assert!(run.stderr.contains("changed while the image was put together"), "{}", run.stderr);
    // After that nothing is believed: files that changed without a sign are no trap for ever.
    assert_eq!(built(&project).0, manifest);

    // What is damaged counts as nothing, and what changed is read.
    bytes.truncate(100);
    fs::write(&kept, &bytes).unwrap();
    assert_eq!(built(&project).0, manifest);
    project.write("content/site/index.html", "<h2>");
    assert_ne!(built(&project).1["input"], image["input"]);
}

#[test]
fn an_independent_maker_makes_the_same_bytes() {
    let project = files(false);
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/suite/support/image.py");
    let output =
        Command::new("python3").arg(script).arg(project.path().join("content/site")).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(String::from_utf8(output.stdout).unwrap().trim(), built(&project).0);
}

#[test]
fn another_reader_finds_a_whole_image_in_the_store() {
    let project = files(false);
    let (manifest, image) = built(&project);
    let root = store(&project);
    OciLayout::from_file(root.join("oci-layout")).unwrap();
    let index = ImageIndex::from_file(root.join("index.json")).unwrap();
    let described = &index.manifests()[0];
    assert_eq!(described.digest().to_string(), manifest);
    let name = &described.annotations().as_ref().unwrap()["org.opencontainers.image.ref.name"];
    assert_eq!(name.replace("in-", "sha256:"), image["input"].as_str().unwrap());

    let manifest = ImageManifest::from_file(blob(&project, &manifest)).unwrap();
    let configuration =
        ImageConfiguration::from_file(blob(&project, manifest.config().digest().as_ref())).unwrap();
    let layer = &manifest.layers()[0];
    assert_eq!(configuration.rootfs().diff_ids(), &[layer.digest().to_string()]);
    assert_eq!(configuration.config().as_ref().unwrap().working_dir().as_deref(), Some("/srv"));
    for described in manifest.layers().iter().chain([manifest.config()]) {
        assert_eq!(
            fs::metadata(blob(&project, described.digest().as_ref())).unwrap().len(),
            described.size()
        );
    }

    let layer = blob(&project, layer.digest().as_ref());
    let listed = Command::new("tar").arg("--numeric-owner").arg("-tvf").arg(layer).output().unwrap();
    let listed = String::from_utf8(listed.stdout).unwrap().replace(&long_name()[5..], "[long name]");
    insta::assert_snapshot!(listed);
}

#[test]
fn names_that_are_not_utf8_are_kept() {
    let project = files(false);
    let name = std::ffi::OsStr::from_bytes(b"\xff.txt");
    fs::write(project.path().join("content/site").join(name), "x").unwrap();
    let (manifest, _) = built(&project);
    let read = ImageManifest::from_file(blob(&project, &manifest)).unwrap();
    let layer = blob(&project, read.layers()[0].digest().as_ref());
    let listed = Command::new("tar").arg("--quoting-style=escape").arg("-tf").arg(layer).output().unwrap();
    assert!(String::from_utf8(listed.stdout).unwrap().contains("srv/www/\\377.txt\n"));
}

#[test]
fn what_was_built_is_used_again_until_something_changes() {
    let project = files(false);
    let (manifest, first) = built(&project);
    let (_, second) = built(&project);
    assert_eq!((&first["how"], &second["how"]), (&"assembled".into(), &"reused".into()));
    assert!(project.read("rekindle.lock").contains(&manifest));

    project.write("content/site/index.html", "<h2>");
    assert_ne!(built(&project).0, manifest);
    project.run(&["image", "gc"]).expect_code(0);
    let images = project.run(&["image", "ls", "--output", "json"]).expect_code(0).json();
    assert_eq!(images["images"].as_array().unwrap().len(), 1);
    assert!(!blob(&project, &manifest).exists(), "nothing names it any more");
}

#[test]
fn a_context_does_not_leave_the_project() {
    let project = files(false);
    let outside = Project::empty();
    outside.write("key.pem", "secret");
    let elsewhere = files(false);
    symlink(elsewhere.path(), project.path().join("link")).unwrap();
    let unit = project.read("stacks/site.yaml");
    project.write("stacks/site.yaml", unit.replace("context: content", "context: link/content"));
    let refused = project.run(&["build", "demo"]).expect_code(1);
    assert!(refused.stderr.contains("`link/content` leads out"), "{}", refused.stderr);

    project.write("stacks/site.yaml", &unit);
    project.run(&["build", "demo"]).expect_code(0);
    symlink(outside.path().join("key.pem"), project.path().join("content/.dockerignore")).unwrap();
    let refused = project.run(&["build", "demo"]).expect_code(1);
    assert!(refused.stderr.contains("content/.dockerignore"), "{}", refused.stderr);
}

#[test]
fn a_damaged_blob_is_noticed_and_made_again() {
    let project = files(false);
    let (manifest, _) = built(&project);
    let read = ImageManifest::from_file(blob(&project, &manifest)).unwrap();
    let layer = blob(&project, read.layers()[0].digest().as_ref());
    let mut bytes = fs::read(&layer).unwrap();
    bytes[700] ^= 1;
    fs::write(&layer, &bytes).unwrap();
    let (again, image) = built(&project);
    assert_eq!((again, &image["how"]), (manifest, &"assembled".into()));
    assert_ne!(fs::read(&layer).unwrap(), bytes);
}

#[test]
fn a_killed_build_leaves_a_store_that_the_next_one_goes_on_with() {
    let project = files(false);
    let large = fs::File::create(project.path().join("content/site/large")).unwrap();
    large.set_len(400 << 20).unwrap();
    let mut process = project.command(&["build", "demo"]).spawn().unwrap();
    let incoming = store(&project).join("incoming/blob-0");
    while !fs::metadata(&incoming).is_ok_and(|file| file.len() > 0) {
        assert!(process.try_wait().unwrap().is_none(), "it ended before it could be killed");
        std::thread::yield_now();
    }
    process.kill().unwrap();
    process.wait().unwrap();
    assert!(incoming.exists() && !store(&project).join("index.json").exists());

    large.set_len(1 << 20).unwrap();
    let (manifest, image) = built(&project);
    assert_eq!(image["how"], "assembled");
    assert!(!incoming.exists(), "what was left behind is removed");
    assert_eq!(built(&project).0, manifest);
}

#[test]
fn a_stack_is_told_the_image_by_its_digest() {
    let project = files(false);
    project.run(&["check", "demo"]).expect_code(1);
    let (manifest, _) = built(&project);
    project.run(&["deploy", "demo", "--yes"]).expect_code(0);
    let outputs = project.run(&["outputs", "demo", "web", "--output", "json"]).expect_code(0).stdout;
    assert!(outputs.contains(&format!("registry.example/site@{manifest}")), "{outputs}");
    project.run(&["plan", "demo", "--detailed-exitcode"]).expect_code(0);
    project.run(&["render", "demo", "--check-determinism"]).expect_code(0);
}

#[test]
fn a_repository_may_be_the_output_of_a_stack() {
    let project = files(false);
    let registry = "Resources:\n  Repository: {Type: AWS::ECR::Repository}\nOutputs:\n  Uri: {Value: !GetAtt Repository.RepositoryUri}\n";
    project.write("templates/registry/1.0.0/template.yaml", registry);
    project.write("stacks/registry.yaml", "kind: stack\nclass: permanent\ntemplate: registry@1.0.0\n");
    project.edit("stacks/site.yaml", "registry.example/site", "!output registry.Uri");
    let (manifest, _) = built(&project);
    let rendered = project.run(&["render", "demo", "--output", "json"]).expect_code(0).json();
    let web = rendered["units"].as_array().unwrap().iter().find(|unit| unit["name"] == "web").unwrap();
    assert_eq!(web["needs"], serde_json::json!(["registry"]));
    project.run(&["deploy", "demo", "--yes"]).expect_code(0);
    let outputs = project.run(&["outputs", "demo", "--output", "json"]).expect_code(0).stdout;
    assert!(outputs.contains(&format!("@{manifest}")), "{outputs}");
    project.run(&["plan", "demo", "--detailed-exitcode"]).expect_code(0);
    project.run(&["verify", "demo"]).expect_code(0);
}

#[test]
fn the_release_counts_the_files_of_a_context() {
    let project = files(false);
    built(&project);
    let release = |project: &Project| {
        project.run(&["render", "demo", "--output", "json"]).expect_code(0).json()["release"].clone()
    };
    let before = release(&project);
    fs::remove_dir_all(store(&project)).unwrap();
    assert_eq!(release(&project), before, "a render needs the lock and no image");
    project.write("content/site/new", "");
    built(&project);
    assert_ne!(release(&project), before);
}

#[test]
fn images_are_compared_wherever_they_are() {
    let project = files(false);
    let (one, image) = built(&project);
    let input = image["input"].as_str().unwrap().replace("sha256:", "in-");
    let copy = project.path().join("copy");
    let status = Command::new("cp").arg("-r").arg(store(&project)).arg(&copy).status().unwrap();
    assert!(status.success());
    let archive = project.path().join("image.tar");
    let status = Command::new("tar").arg("-C").arg(&copy).arg("-cf").arg(&archive).arg(".").status().unwrap();
    assert!(status.success());
    for other in
        [one.as_str(), &input, "copy", &format!("copy:{input}"), "image.tar", &format!("image.tar@{one}")]
    {
        let same = project.run(&["image", "diff", &one, other]).expect_code(0);
        assert_eq!(same.stdout, "the images are the same\n", "{other}");
    }

    project.write("content/site/index.html", "<h2>");
    let (other, _) = built(&project);
    let different = project.run(&["image", "diff", &one, &other]).expect_code(3);
    insta::assert_snapshot!(different.stdout);
    let document =
        project.run(&["image", "diff", "image.tar", &other, "--output", "json"]).expect_code(3).json();
    assert_eq!((&document["count"], &document["same"]), (&1.into(), &false.into()));
    let missing = project.run(&["image", "diff", &one, "nowhere.tar"]).expect_code(1);
    assert!(missing.stderr.contains("nowhere.tar"), "{}", missing.stderr);
    fs::write(&archive, &fs::read(&archive).unwrap()[..9000]).unwrap();
    project.run(&["image", "diff", &one, "image.tar"]).expect_code(1);
}

#[test]
fn a_pipe_that_is_ignored_holds_nothing_up() {
    let project = files(false);
    built(&project);
    let pipe = project.path().join("content/pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    project.write("content/.dockerignore", "pipe\n");
    built(&project);
    project.run(&["render", "demo", "--check-determinism"]).expect_code(0);
}

#[test]
fn an_index_that_was_not_put_in_place_is_removed() {
    let project = files(false);
    built(&project);
    let left = store(&project).join(".index.json.4711.tmp");
    fs::write(&left, "{").unwrap();
    built(&project);
    assert!(!left.exists() && store(&project).join("index.json").exists());
}
