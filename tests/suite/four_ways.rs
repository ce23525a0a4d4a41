//! One image with packages, a user and Python, on a real Debian: by both builders, from two checkouts that differ in
//! what must have no influence, and at another time. One manifest.
#![allow(clippy::disallowed_methods, reason = "prepares checkouts, and takes stores away")]

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;
use std::time::{Duration, SystemTime};

use crate::docker::run;
use crate::support::debian;
use crate::support::dockerd::{self, Engine};
use crate::support::project::{MANIFEST, Project};
use crate::support::registry::{Layer, Registry};

/// `SHIFT` is not in the image: it only says by how much the clock of this step's programs is wrong.
const STEPS: &str = "\
ARG SHIFT
COPY hello.deb /tmp/
COPY --chown=1000:1000 app /srv/app
RUN export NO_FAKE_STAT=1 FAKETIME=\"$SHIFT\" LD_PRELOAD=/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1 && date +today:%F && \\
    dpkg --install /tmp/hello.deb && rm /tmp/hello.deb && ldconfig && \\
    useradd --create-home --uid 1000 worker && python3 -m compileall -q /srv/app && hello
USER worker
CMD [\"python3\", \"/srv/app/main.py\"]
";

/// The package, as a file: a package that is made again may have other bytes.
fn package(project: &Project) {
    let root = project.path().join("package");
    let control = "Package: hello\nVersion: 1\nArchitecture: all\nMaintainer: Nobody <nobody@example.org>\nDescription: of a test\n";
    project.write("package/DEBIAN/control", control);
    project.write("package/usr/bin/hello", "#!/bin/sh\necho hello\n");
    fs::set_permissions(root.join("usr/bin/hello"), Permissions::from_mode(0o755)).unwrap();
    let mut command = Command::new("dpkg-deb");
    command.args(["--root-owner-group", "--build"]).arg(&root).arg(project.path().join("content/hello.deb"));
    let made = command.output().unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
}

fn checkout(host: &str) -> Project {
    let project = Project::empty();
    project.write("rekindle.yaml", MANIFEST);
    project.write("templates/site/1.0.0/interface.yaml", "kind: image\n");
    project.write("templates/site/1.0.0/Dockerfile", format!("FROM {host}/debian:12\n{STEPS}"));
    project.write("content/app/main.py", "import module\nprint(module.greeting)\n");
    project.write("content/app/module.py", "greeting = 'hello'\n");
    shift(&project, "+0");
    project
}

fn shift(project: &Project, shift: &str) {
    let unit = "kind: image\ntemplate: site@1.0.0\ncontext: content\ndrop: [/var/log, /var/cache/ldconfig]\n";
    project.write("stacks/site.yaml", format!("{unit}args: {{SHIFT: \"{shift}\"}}\n"));
}

/// The manifest of a build that begins with nothing, and the day that its programs saw.
fn built(project: &Project, engine: &Engine, builder: &str) -> (String, String) {
    let _ = fs::remove_dir_all(project.path().join(".rekindle"));
    let arguments = ["build", "demo", "--builder", builder, "--output", "json"];
    let done = run(project, engine, &arguments).expect_code(0);
    let day = done.stderr.lines().find_map(|line| line.strip_prefix("site: today:")).unwrap().to_owned();
    (done.json()["images"][0]["manifest"].as_str().unwrap().to_owned(), day)
}

#[test]
fn packages_a_user_and_python_make_one_image() {
    let (Some(engine), Some(root)) = (dockerd::shared(), debian::root()) else { return };
    let registry = Registry::open();
    registry.put("debian", "12", &[Layer::plain(&fs::read(root).unwrap())], &serde_json::json!({}));
    let one = checkout(&registry.host());
    package(&one);
    one.run(&["lock"]).expect_code(0);
    let other = checkout(&registry.host());
    fs::copy(one.path().join("content/hello.deb"), other.path().join("content/hello.deb")).unwrap();
    for (path, mode) in [("content/app", 0o700), ("content/app/main.py", 0o664), ("content/hello.deb", 0o600)]
    {
        let path = other.path().join(path);
        let time = SystemTime::UNIX_EPOCH + Duration::from_secs(1_234_567_890);
        fs::File::open(&path).unwrap().set_modified(time).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
    }
    other.write("rekindle.lock", one.read("rekindle.lock"));

    let (manifest, today) = built(&one, engine, "buildkit");
    assert_eq!(built(&other, engine, "classic").0, manifest);
    assert_eq!(built(&other, engine, "buildkit").0, manifest);
    assert_eq!(built(&one, engine, "classic").0, manifest);
    shift(&other, "+400d");
    let (shifted, day) = built(&other, engine, "classic");
    assert_ne!(day, today, "the clock of the programs was another one");
    assert_eq!(shifted, manifest);
}
