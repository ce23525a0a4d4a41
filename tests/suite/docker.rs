//! Images that a real Docker engine builds, by both of its builders, from checkouts that differ in what
//! must have no influence; and what is said when it goes wrong.
#![allow(clippy::disallowed_methods, reason = "prepares directories, and waits for what a process prints")]

use std::fs::{self, Permissions};
use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Command, Stdio};
use std::time::{Duration, SystemTime};

use serde_json::Value;

use crate::support::dockerd::{self, Engine};
use crate::support::project::{MANIFEST, Project, Run};
use crate::support::registry::{Layer, Registry};

pub(super) const UNIT: &str = "kind: image\ntemplate: site@1.0.0\ncontext: content\nrepository: registry.example/site\n\
                    labels: {vendor: Fieldbook}\nargs: {VERSION: \"7\"}\n";

/// Programs, a user, hard links, a pipe, a file that goes again, owners on the way, and the whole context.
const DOCKERFILE: &str = r#"# syntax=docker/dockerfile:1
FROM scratch AS tools
COPY busybox /bin/busybox
RUN ["/bin/busybox", "--install", "-s", "/bin"]

FROM tools
ARG VERSION
ENV LANG=C.UTF-8 VERSION=$VERSION
COPY --chown=10:20 site /srv/www/
COPY note.txt /tmp/note.txt
RUN mkdir -p /etc && echo 'web:x:7:7::/srv:/bin/sh' > /etc/passwd && chown -R web /srv/www/deep
RUN ln /srv/www/index.html /srv/copy && chmod 4711 /srv/copy && mkfifo /srv/pipe && rm /tmp/note.txt
RUN echo "$SOURCE_DATE_EPOCH" > /srv/epoch && date > /dev/null && touch /bin/busybox
COPY . /all
WORKDIR /srv/work
USER web
EXPOSE 80
CMD ["busybox", "httpd", "-f"]
"#;

pub(super) fn project(dockerfile: &str) -> Project {
    let project = Project::empty();
    project.write("rekindle.yaml", MANIFEST);
    project.write("stacks/site.yaml", UNIT);
    project.write("templates/site/1.0.0/interface.yaml", "kind: image\n");
    project.write("templates/site/1.0.0/Dockerfile", dockerfile);
    project.write("templates/site/1.0.0/note.txt", "a note\n");
    project.write("content/busybox", fs::read("/bin/busybox").unwrap());
    project.write("content/site/index.html", "<h1>");
    project.write("content/site/deep/a b.txt", "x");
    fs::set_permissions(project.path().join("content/busybox"), Permissions::from_mode(0o755)).unwrap();
    project
}

/// The same files with other times and modes, in another directory.
fn another_checkout(dockerfile: &str) -> Project {
    let project = project(dockerfile);
    for (path, mode) in
        [("content/busybox", 0o775), ("content/site", 0o700), ("content/site/index.html", 0o600)]
    {
        let path = project.path().join(path);
        fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
        let time = SystemTime::UNIX_EPOCH + Duration::from_secs(1_234_567_890);
        fs::File::open(&path).unwrap().set_modified(time).unwrap();
    }
    project
}

pub(super) fn command(project: &Project, engine: &Engine, arguments: &[&str]) -> Command {
    let mut command = project.command(arguments);
    command.env("DOCKER_HOST", &engine.host);
    command
}

pub(super) fn run(project: &Project, engine: &Engine, arguments: &[&str]) -> Run {
    Run::from(command(project, engine, arguments).output().unwrap())
}

/// The only image of a build by `builder`.
pub(super) fn built(project: &Project, engine: &Engine, builder: &str) -> Value {
    let arguments = ["build", "demo", "--builder", builder, "--output", "json"];
    run(project, engine, &arguments).expect_code(0).json()["images"][0].clone()
}

fn is_clean(engine: &Engine) {
    assert_eq!(engine.ask("/images/json?all=1").trim(), "[]");
    assert_eq!(engine.ask("/containers/json?all=1").trim(), "[]");
}

#[test]
fn builders_and_checkouts_make_one_image() {
    let Some(engine) = dockerd::shared() else { return };
    let (one, other) = (project(DOCKERFILE), another_checkout(DOCKERFILE));
    let first = built(&one, engine, "classic");
    assert_eq!(first["how"], "built");
    let third = built(&other, engine, "buildkit");
    assert_eq!(third, first);
    for (project, builder) in [(&one, "buildkit"), (&other, "classic")] {
        fs::remove_dir_all(project.path().join(".rekindle/store")).unwrap();
        assert_eq!(built(project, engine, builder), first);
    }
    let listed = listed(&one, first["manifest"].as_str().unwrap());
    insta::assert_snapshot!(listed);
}

/// The files of the image's only layer that are no links into busybox, by the system's `tar`.
fn listed(project: &Project, manifest: &str) -> String {
    let blob = |digest: &str| {
        project.path().join(".rekindle/store/blobs/sha256").join(digest.strip_prefix("sha256:").unwrap())
    };
    let manifest: Value = serde_json::from_slice(&fs::read(blob(manifest)).unwrap()).unwrap();
    assert_eq!(manifest["layers"].as_array().unwrap().len(), 1);
    let layer = blob(manifest["layers"][0]["digest"].as_str().unwrap());
    let output = Command::new("tar").args(["--numeric-owner", "-tvf"]).arg(layer).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let size = fs::metadata("/bin/busybox").unwrap().len().to_string();
    let lines = text.lines().filter(|line| !line.contains("-> /bin/busybox"));
    lines.map(|line| line.replace(&size, "SIZE") + "\n").collect()
}

#[test]
fn a_copy_is_the_same_with_and_without_an_engine() {
    let Some(engine) = dockerd::shared() else { return };
    let dockerfile = "FROM scratch AS files\nCOPY --chown=10:3000000 site /srv/www/\nFROM files\nENV LANG=C.UTF-8\n\
                      COPY note.txt /etc/\nCOPY . /all/\nWORKDIR /srv/work\nVOLUME /data\nSTOPSIGNAL SIGINT\n\
                      HEALTHCHECK --interval=3s CMD [\"/x\"]\nENTRYPOINT [\"/srv/www/run\"]\nEXPOSE 80 90/udp\n";
    let project = project(&format!("{dockerfile}ARG VERSION\n"));
    let mut manifests = Vec::new();
    for (builder, how) in [("none", "assembled"), ("classic", "built"), ("buildkit", "built")] {
        let image = built(&project, engine, builder);
        assert_eq!(image["how"], how);
        manifests.push((builder, image["manifest"].clone()));
        fs::remove_dir_all(project.path().join(".rekindle/store")).unwrap();
    }
    assert!(manifests.iter().all(|(_, manifest)| *manifest == manifests[0].1), "{manifests:?}");
}

#[test]
fn a_step_that_fails_is_shown_with_what_it_said() {
    let Some(engine) = dockerd::shared() else { return };
    let text = "FROM scratch\nARG VERSION\nCOPY busybox /bin/sh\nRUN echo one; echo two >&2; exit 3\n";
    let project = project(text);
    for builder in ["classic", "buildkit"] {
        let run = run(&project, engine, &["build", "demo", "--builder", builder]).expect_code(1);
        let (_, error) = run.stderr.split_once("error: ").unwrap();
        for part in ["RUN echo one; echo two >&2; exit 3", "    one\n", "    two\n", "code: 3"] {
            assert!(error.contains(part), "{builder}, {part}:\n{}", run.stderr);
        }
        assert_eq!(fs::read_dir(project.path().join(".rekindle/store/incoming")).unwrap().count(), 1);
    }
}

#[test]
fn what_drop_rules_reset_is_said_and_makes_no_difference() {
    let Some(engine) = dockerd::shared() else { return };
    let text = "FROM scratch\nARG VERSION\nCOPY busybox /bin/sh\nCOPY busybox /bin/date\n\
                RUN date +%N > /log && date > /dev/null && echo kept > /kept\n";
    let project = project(text);
    project.write("stacks/site.yaml", format!("{UNIT}drop: [/log, /cache]\n"));
    let mut manifests = Vec::new();
    for builder in ["classic", "buildkit"] {
        let run = run(&project, engine, &["build", "demo", "--builder", builder]).expect_code(0);
        assert!(run.stderr.contains("site: reset to base: log\n"), "{}", run.stderr);
        assert!(run.stderr.contains("site: `drop: /cache` found nothing\n"), "{}", run.stderr);
        manifests.push(run.stdout);
        fs::remove_dir_all(project.path().join(".rekindle/store")).unwrap();
    }
    assert_eq!(manifests[0], manifests[1]);
}

#[test]
fn an_engine_that_is_missing_is_said() {
    let project = project(DOCKERFILE);
    let mut command = project.command(&["build", "demo"]);
    command.env("DOCKER_HOST", "unix:///nowhere/docker.sock");
    let run = Run::from(command.output().unwrap()).expect_code(1);
    insta::assert_snapshot!(run.stderr);
    command = project.command(&["build", "demo", "--builder", "none"]);
    insta::assert_snapshot!(Run::from(command.output().unwrap()).expect_code(1).stderr);
}

const ENDLESS: &str = "FROM scratch\nARG VERSION\nCOPY busybox /bin/sh\nCOPY busybox /bin/sleep\n\
                       RUN echo begun && sleep 600\n";

#[test]
fn an_interrupted_build_leaves_nothing() {
    let Some(_) = dockerd::shared() else { return };
    // One of its own: others leave it empty only after they ended.
    let engine = dockerd::start();
    for builder in ["classic", "buildkit"] {
        let project = project(ENDLESS);
        let (code, stderr) = interrupted(&project, &engine, builder, |process| {
            Command::new("kill").args(["-INT", &process.to_string()]).status().unwrap();
        });
        assert_eq!(code, Some(130), "{stderr}");
        assert!(stderr.contains("the build of `site` was stopped"), "{stderr}");
        assert_eq!(fs::read_dir(project.path().join(".rekindle/store/incoming")).unwrap().count(), 1);
    }
    is_clean(&engine);
}

#[test]
fn an_engine_that_dies_in_the_middle_is_said() {
    let Some(_) = dockerd::shared() else { return };
    let engine = dockerd::start();
    let project = project(ENDLESS);
    let (code, stderr) = interrupted(&project, &engine, "classic", |_| engine.kill());
    assert_eq!(code, Some(1), "{stderr}");
    assert!(stderr.contains("the Docker engine went away in the middle of the build"), "{stderr}");
}

/// Begins a build, and does something to it once its step has begun.
fn interrupted(
    project: &Project,
    engine: &Engine,
    builder: &str,
    interrupt: impl FnOnce(u32),
) -> (Option<i32>, String) {
    let mut process = command(project, engine, &["build", "demo", "--builder", builder])
        .stderr(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(process.stderr.take().unwrap()).lines();
    let mut text = String::new();
    for line in lines.by_ref() {
        let line = line.unwrap();
        let is_begun = line == "site: begun";
        text = text + &line + "\n";
        if is_begun {
            break;
        }
    }
    interrupt(process.id());
    lines.for_each(|line| text = format!("{text}{}\n", line.unwrap()));
    (process.wait().unwrap().code(), text)
}

#[test]
fn a_step_that_writes_the_time_is_found_and_explained() {
    let Some(engine) = dockerd::shared() else { return };
    let text = "FROM scratch\nARG VERSION\nCOPY busybox /bin/sh\nCOPY busybox /bin/date\n\
                RUN date > /built && echo kept > /kept\n";
    let project = project(text);
    let found = run(&project, engine, &["build", "demo", "--verify"]).expect_code(3);
    let mut settings = insta::Settings::clone_current();
    settings.add_filter("sha256:[0-9a-f]{64}", "[digest]");
    settings.add_filter("line 1: .*", "line 1: [time]");
    settings.add_filter(r"Docker [^ ]+", "Docker [version]");
    settings.bind(|| insta::assert_snapshot!(found.stdout));
    assert!(!project.path().join("rekindle.lock").exists(), "what differs is not taken");

    project.write(
        "templates/site/1.0.0/Dockerfile",
        text.replace("date > /built", "date -d @$SOURCE_DATE_EPOCH > /built"),
    );
    let verified =
        run(&project, engine, &["build", "demo", "--verify", "--output", "json"]).expect_code(0).json();
    let image = &verified["images"][0];
    assert_eq!((&image["verified"]["same"], &image["how"]), (&true.into(), &"built".into()));
    let builds = image["verified"]["builds"].as_array().unwrap();
    assert!(
        builds[0].as_str().unwrap().contains("buildkit") && builds[1].as_str().unwrap().contains("classic")
    );
    assert!(project.read("rekindle.lock").contains(image["manifest"].as_str().unwrap()));
}

#[test]
fn a_copy_is_verified_by_an_engine_where_one_answers() {
    let Some(engine) = dockerd::shared() else { return };
    let project = project("FROM scratch\nARG VERSION\nCOPY --chmod=555 site /srv/\n");
    let verified = run(&project, engine, &["build", "demo", "--verify"]).expect_code(0);
    assert!(verified.stdout.contains("2 builds by rekindle itself and Docker"), "{}", verified.stdout);
    let alone = project.run(&["build", "demo", "--verify"]).expect_code(0);
    assert!(alone.stderr.contains("site: no Docker engine answers: put together twice"), "{}", alone.stderr);
}

/// A base with busybox under two names, a log, and a file that goes.
fn base_layer() -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for path in ["bin/", "etc/", "var/", "var/log/"] {
        let mut header = tar::Header::new_gnu();
        header.set_entry_type(tar::EntryType::Directory);
        header.set_size(0);
        header.set_mode(0o755);
        builder.append_data(&mut header, path, &b""[..]).unwrap();
    }
    let busybox = fs::read("/bin/busybox").unwrap();
    for (path, bytes, mode) in [
        ("bin/busybox", &busybox[..], 0o755),
        ("etc/gone", b"x", 0o644),
        ("var/log/setup.log", b"of the base", 0o644),
    ] {
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        header.set_mode(mode);
        header.set_mtime(1_700_000_000);
        builder.append_data(&mut header, path, bytes).unwrap();
    }
    let mut header = tar::Header::new_gnu();
    header.set_entry_type(tar::EntryType::Link);
    header.set_size(0);
    header.set_mode(0o755);
    builder.append_link(&mut header, "bin/sh", "bin/busybox").unwrap();
    builder.into_inner().unwrap()
}

#[test]
fn an_engine_builds_on_a_locked_base() {
    let Some(engine) = dockerd::shared() else { return };
    let registry = Registry::open();
    let layer = Layer::gzip(&base_layer());
    let digest = rekindle::model::Digest::of(&layer.bytes).to_string();
    registry.put("base", "1", &[layer], &serde_json::json!({"Env": ["LANG=C"], "Cmd": ["sh"]}));
    let text = format!(
        "FROM nowhere.example/other:1 AS unused\nRUN no\nFROM {}/base:1\nARG VERSION\nENV A=b\n\
         RUN busybox date +%N > /var/log/setup.log && echo added > /etc/added && busybox rm /etc/gone && \
         busybox touch /bin/busybox && busybox test $LANG = C\n",
        registry.host()
    );
    let project = project(&text);
    project.write("stacks/site.yaml", format!("{UNIT}drop: [/var/log]\n"));
    project.run(&["lock"]).expect_code(0);
    let first = built(&project, engine, "buildkit");
    let manifest = first["manifest"].as_str().unwrap().to_owned();
    let blob = |digest: &str| {
        project.path().join(".rekindle/store/blobs/sha256").join(digest.strip_prefix("sha256:").unwrap())
    };
    let read = |digest: &str| serde_json::from_slice::<Value>(&fs::read(blob(digest)).unwrap()).unwrap();
    let document = read(&manifest);
    assert_eq!(document["layers"][0]["digest"], digest.as_str(), "the base is as it is");
    let own = document["layers"][1]["digest"].as_str().unwrap();
    let listed = Command::new("tar").arg("-tf").arg(blob(own)).output().unwrap().stdout;
    assert_eq!(String::from_utf8(listed).unwrap(), "etc/\netc/.wh.gone\netc/added\n");
    let config = &read(document["config"]["digest"].as_str().unwrap())["config"];
    let search = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
    assert_eq!(config["Env"], serde_json::json!(["LANG=C", search, "A=b"]));
    assert_eq!(config["Cmd"], serde_json::json!(["sh"]));

    fs::remove_dir_all(project.path().join(".rekindle/store")).unwrap();
    assert_eq!(built(&project, engine, "classic"), first);
}
