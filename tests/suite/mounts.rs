//! `RUN --mount` under BuildKit: what a step sees for its own time only, and secrets, which are to be found
//! nowhere afterwards.
#![allow(clippy::disallowed_methods, reason = "looks into what was made, as other tools do")]

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::docker::{UNIT, built, command, project, run};
use crate::support::dockerd::{self, Engine};
use crate::support::project::{Project, Run};

const TOOLS: &str = "FROM scratch AS tools\nCOPY busybox /bin/busybox\n\
                     RUN [\"/bin/busybox\", \"--install\", \"-s\", \"/bin\"]\n";

/// The files of the image's own layers, by the system's `tar`.
fn file(project: &Project, manifest: &str, path: &str) -> Option<String> {
    let blob = |digest: &str| {
        project.path().join(".rekindle/store/blobs/sha256").join(digest.strip_prefix("sha256:").unwrap())
    };
    let read = |digest: &str| fs::read(blob(digest)).unwrap();
    let manifest: serde_json::Value = serde_json::from_slice(&read(manifest)).unwrap();
    let layers = manifest["layers"].as_array().unwrap();
    let layer = blob(layers[layers.len() - 1]["digest"].as_str().unwrap());
    let output = Command::new("tar").arg("-xOf").arg(layer).arg(path).output().unwrap();
    output.status.success().then(|| String::from_utf8(output.stdout).unwrap())
}

#[test]
fn nothing_is_kept_from_one_step_or_build_to_the_next() {
    let Some(engine) = dockerd::shared() else { return };
    let text = format!(
        "{TOOLS}FROM tools AS notes\nRUN echo a note > /note\nFROM tools\nARG VERSION\n\
         RUN --mount=type=cache,id=shared,target=/cache,uid=7,mode=700 \
         test -z \"$(ls /cache)\" && echo x > /cache/x && stat -c %u:%a /cache > /seen\n\
         RUN --mount=type=cache,id=shared,target=/cache test -z \"$(ls /cache)\"\n\
         RUN --mount=type=bind,from=notes,source=/note,target=/mnt/note --mount=type=tmpfs,target=/scratch \
         cp /mnt/note /copied && touch /scratch/gone\n"
    );
    let project = project(&text);
    let first = built(&project, engine, "buildkit");
    let manifest = first["manifest"].as_str().unwrap();
    assert_eq!(file(&project, manifest, "seen").as_deref(), Some("7:700\n"));
    assert_eq!(file(&project, manifest, "copied").as_deref(), Some("a note\n"));
    for absent in ["cache/x", "scratch/gone"] {
        assert_eq!(file(&project, manifest, absent), None, "{absent}");
    }
    // Were the cache the engine's own, the first step would find `x` now.
    fs::remove_dir_all(project.path().join(".rekindle/store")).unwrap();
    assert_eq!(built(&project, engine, "buildkit"), first);

    let refused = run(&project, engine, &["build", "demo", "--builder", "classic"]);
    // What is in the store is not built at all.
    refused.expect_code(0);
    fs::remove_dir_all(project.path().join(".rekindle/store")).unwrap();
    let refused = run(&project, engine, &["build", "demo", "--builder", "classic"]).expect_code(1);
    insta::assert_snapshot!(refused.stderr, @"
    error: the Dockerfile of `site` needs BuildKit: it has an option of RUN, COPY or ADD, or a here-document, that the classic builder does not know
    hint: leave `--builder` away, or write `--builder buildkit`
    ");
}

const SECRET: &str = "correct-horse-battery\nstaple-2f7c91";

fn with_secret(project: &Project, engine: &Engine, value: &str, arguments: &[&str]) -> Run {
    let mut command = command(project, engine, arguments);
    Run::from(command.env("REKINDLE_SECRET_API_TOKEN", value).output().unwrap())
}

fn secret_project(step: &str) -> Project {
    let project =
        project(&format!("{TOOLS}FROM tools\nARG VERSION\nRUN --mount=type=secret,id=api-token {step}\n"));
    project.write("stacks/site.yaml", format!("{UNIT}secrets: [api-token]\n"));
    project
}

/// The files below a directory that have a part of the secret in them, compressed or not.
fn traces(directory: &Path) -> String {
    let mut command = Command::new("grep");
    command.args(["--recursive", "--text", "--files-with-matches", "--fixed-strings"]);
    for line in SECRET.lines() {
        command.args(["-e", line]);
    }
    let output = command.arg(directory).output().unwrap();
    assert_ne!(output.status.code(), Some(2), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn a_step_sees_a_secret_and_nobody_else_does() {
    if dockerd::shared().is_none() {
        return;
    }
    // One of its own, so that all it has can be looked through.
    let engine = dockerd::start();
    let step = "sha256sum < /run/secrets/api-token > /proof && cat /run/secrets/api-token";
    let project = secret_project(step);
    let arguments = ["build", "demo", "--output", "json"];
    let run = with_secret(&project, &engine, SECRET, &arguments).expect_code(0);
    let image = run.json()["images"][0].clone();
    let expected = rekindle::model::Digest::of(SECRET).hex();
    let proof = file(&project, image["manifest"].as_str().unwrap(), "proof").unwrap();
    assert!(proof.starts_with(&expected), "the step saw it: {proof}");
    assert!(run.stderr.contains("site: [secret]\n"), "{}", run.stderr);
    for line in SECRET.lines() {
        assert!(!run.stdout.contains(line) && !run.stderr.contains(line), "{}", run.stderr);
    }
    let named = format!("in-{}", image["input"].as_str().unwrap().strip_prefix("sha256:").unwrap());
    let provenance = project.run(&["image", "show", &named, "--provenance"]).expect_code(0).stdout;
    assert!(provenance.contains("\"secrets\":[\"api-token\"]"), "{provenance}");
    assert_eq!(traces(&project.path()), "", "not in the store, the lock, the digests");
    let data = engine.host.trim_start_matches("unix://").replace("/socket", "");
    if Path::new(&data).join("data").read_dir().is_ok() {
        assert_eq!(traces(Path::new(&data)), "", "not in the engine's own directory");
    }
}

#[test]
fn what_a_secret_is_makes_no_other_image() {
    let Some(engine) = dockerd::shared() else { return };
    let project = secret_project("test -s /run/secrets/api-token");
    let arguments = ["build", "demo", "--output", "json"];
    let first = with_secret(&project, engine, SECRET, &arguments).expect_code(0).json();
    fs::remove_dir_all(project.path().join(".rekindle/store")).unwrap();
    let second = with_secret(&project, engine, "another", &arguments).expect_code(0).json();
    assert_eq!(first, second);
    let without = run(&project, engine, &["build", "demo"]);
    without.expect_code(0);
    fs::remove_dir_all(project.path().join(".rekindle/store")).unwrap();
    let without = run(&project, engine, &["build", "demo"]).expect_code(1);
    insta::assert_snapshot!(without.stderr, @"
    error: the steps of `site` are to see the secret `api-token`, and it is not given
    hint: set the variable REKINDLE_SECRET_API_TOKEN to it, for this command only
    ");
}

#[test]
fn an_image_that_keeps_a_secret_is_refused() {
    let Some(engine) = dockerd::shared() else { return };
    let project = secret_project("mkdir /srv && cp /run/secrets/api-token /srv/kept");
    let refused = with_secret(&project, engine, SECRET, &["build", "demo", "--quiet"]).expect_code(1);
    insta::assert_snapshot!(refused.stderr, @"
    error: the secret `api-token` is in what the build of `site` made, in `/srv/kept`
    hint: nothing of it is kept here; take the step out that writes it, clear the engine's build cache with `docker builder prune`, and replace the secret if others use that engine
    ");
    assert_eq!(traces(&project.path()), "");
    assert!(!project.path().join("rekindle.lock").exists());
}

#[test]
fn a_step_that_fails_does_not_tell_the_secret() {
    let Some(engine) = dockerd::shared() else { return };
    let project = secret_project("cat /run/secrets/api-token; exit 3");
    let failed = with_secret(&project, engine, SECRET, &["build", "demo"]).expect_code(1);
    assert!(failed.stderr.contains("    [secret]\n"), "{}", failed.stderr);
    assert!(SECRET.lines().all(|line| !failed.stderr.contains(line)), "{}", failed.stderr);
}
