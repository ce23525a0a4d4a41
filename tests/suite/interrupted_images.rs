//! Builds and pushes that end in the middle: by a signal, by an engine that dies, on a full disk. Store and registry
//! have nothing half, and the next run comes to its end.
#![allow(clippy::disallowed_methods, reason = "looks into the store, and waits for what a process does")]

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

use crate::docker::{command, project, run};
use crate::support::dockerd::{self, Engine};
use crate::support::project::{MANIFEST, Project, Run};
use crate::support::registry::{Fault, Misbehaving, Registry};

fn signal(process: &Child, signal: &str) {
    Command::new("kill").args([signal, &process.id().to_string()]).status().unwrap();
}

/// What a process that died may leave in the store, beside the lock.
fn left(project: &Project) -> Vec<String> {
    let files = fs::read_dir(project.path().join(".rekindle/store/incoming")).unwrap();
    let names = files.map(|file| file.unwrap().file_name().into_string().unwrap());
    names.filter(|name| name != ".lock").collect()
}

fn site(repository: &str) -> Project {
    let project = Project::empty();
    project.write("rekindle.yaml", MANIFEST);
    let unit = format!("kind: image\ntemplate: site@1.0.0\ncontext: content\nrepository: {repository}\n");
    project.write("stacks/site.yaml", unit);
    project.write("templates/site/1.0.0/interface.yaml", "kind: image\n");
    project.write("templates/site/1.0.0/Dockerfile", "FROM scratch\nCOPY . /\n");
    project.write("content/data", vec![7; 4 << 20]);
    project
}

#[test]
fn a_push_that_ends_in_the_middle() {
    for (how, part) in [
        ("-INT", "POST /v2/site/blobs"),
        ("-INT", "PUT /v2/site/manifests/in-"),
        ("-KILL", "POST /v2/site/blobs"),
        ("-KILL", "PUT /v2/site/manifests/img-"),
    ] {
        let registry = Registry::open();
        let before = Misbehaving::before(&registry.host());
        let project = site(&format!("{}/site", before.host()));
        before.add(part, Fault::Hang, 1);
        let mut process =
            project.command(&["build", "demo", "--push"]).stderr(Stdio::piped()).spawn().unwrap();
        while before.seen(part).is_empty() {
            assert!(process.try_wait().unwrap().is_none(), "{how} {part}: it ended too soon");
            std::thread::yield_now();
        }
        signal(&process, how);
        let output = process.wait_with_output().unwrap();
        let told = String::from_utf8(output.stderr).unwrap();
        if how == "-INT" {
            assert_eq!(output.status.code(), Some(130), "{told}");
            assert!(told.contains("no tag names half an image"), "{told}");
        }
        assert!(left(&project).is_empty(), "{how} {part}");
        let done = project.run(&["build", "demo", "--push", "--output", "json"]).expect_code(0).json();
        let image = &done["images"][0];
        assert_eq!(image["how"], "reused");
        let manifest = image["manifest"].as_str().unwrap();
        for tag in
            [image["input"].as_str().unwrap().replace("sha256:", "in-"), manifest.replace("sha256:", "img-")]
        {
            assert_eq!(registry.tagged("site", &tag).unwrap().to_string(), manifest, "{how} {part}");
        }
    }
}

const ENDLESS: &str = "FROM scratch\nARG VERSION\nCOPY busybox /bin/sh\nCOPY busybox /bin/sleep\n\
                       RUN echo begun && sleep 600\n";

/// Begins a build, and waits until its step runs.
fn begun(project: &Project, engine: &Engine, builder: &str) -> Child {
    let mut process = command(project, engine, &["build", "demo", "--builder", builder])
        .stderr(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(process.stderr.take().unwrap()).lines();
    assert!(lines.any(|line| line.unwrap() == "site: begun"), "the step did not begin");
    process
}

#[test]
fn a_build_that_is_killed() {
    let Some(engine) = dockerd::shared() else { return };
    for builder in ["classic", "buildkit"] {
        let project = project(ENDLESS);
        let mut process = begun(&project, engine, builder);
        process.kill().unwrap();
        process.wait().unwrap();
        assert!(!project.path().join("rekindle.lock").exists());
        assert!(!project.path().join(".rekindle/store/index.json").exists());
        project.write("templates/site/1.0.0/Dockerfile", ENDLESS.replace("600", "0"));
        run(&project, engine, &["build", "demo", "--builder", builder]).expect_code(0);
        assert!(left(&project).is_empty(), "{builder}");
    }
}

#[test]
fn an_engine_that_dies() {
    let Some(shared) = dockerd::shared() else { return };
    for builder in ["classic", "buildkit"] {
        let engine = dockerd::start();
        let project = project(ENDLESS);
        let mut process = begun(&project, &engine, builder);
        engine.kill();
        assert_eq!(process.wait().unwrap().code(), Some(1), "{builder}");
        assert!(left(&project).is_empty(), "{builder}");
        project.write("templates/site/1.0.0/Dockerfile", ENDLESS.replace("600", "0"));
        run(&project, shared, &["build", "demo", "--builder", builder]).expect_code(0);
    }
}

/// Runs a build whose state lies on a small disk, shows what the store has then, makes the disk larger and
/// runs it again. `None` where nothing may be mounted, as in many containers.
fn on_a_small_disk(project: &Project, size: &str, engine: Option<&Engine>) -> Option<Run> {
    const SCRIPT: &str = "mkdir -p state && mount -t tmpfs -o size=$0 tmpfs state || exit 77\n\
        \"$@\"; echo \"first: $?\"; ls state/store/incoming; cat state/store/index.json 2>&1\n\
        mount -o remount,size=64m state && exec \"$@\"";
    let mut shell = Command::new("unshare");
    shell.args(["--mount", "sh", "-c", SCRIPT, size, env!("CARGO_BIN_EXE_rekindle")]);
    shell.args(["build", "demo", "--quiet", "--state-dir", "state"]).current_dir(project.path());
    shell.env("NO_COLOR", "1").stdin(Stdio::null());
    engine.map(|engine| shell.env("DOCKER_HOST", &engine.host));
    let run = Run::from(shell.output().unwrap());
    let may_not = run.code == 77 || run.stderr.contains("unshare failed");
    (!may_not).then_some(run)
}

fn assert_full_and_then_done(run: &Run) {
    assert!(run.stderr.contains("hint: the disk is full"), "{}", run.stderr);
    let (first, _) = run.stdout.split_once("IMAGE").unwrap();
    assert_eq!(first, "first: 1\ncat: state/store/index.json: No such file or directory\n", "{}", run.stderr);
    assert_eq!(run.code, 0, "{}", run.stderr);
}

#[test]
fn a_disk_that_is_full() {
    let project = site("registry.example/site");
    let Some(run) = on_a_small_disk(&project, "1m", None) else { return };
    assert_full_and_then_done(&run);
}

/// The context, the image that the engine exports, the image's own layer: each is the one that does not fit.
#[test]
fn a_disk_that_is_full_while_an_engine_builds() {
    let Some(engine) = dockerd::shared() else { return };
    for size in ["1m", "3m", "5m"] {
        let project = project("FROM scratch\nARG VERSION\nCOPY busybox /bin/sh\nRUN echo x > /x\n");
        let Some(run) = on_a_small_disk(&project, size, Some(engine)) else { return };
        assert_full_and_then_done(&run);
    }
}
