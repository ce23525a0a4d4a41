//! The image of the shipped project that programs are run for: from Debian's packages through a registry
//! to a container that answers.
#![allow(clippy::disallowed_methods, reason = "waits for a container, and looks at what a script made")]

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use rekindle::manifest::lock::Lock;
use serde_json::Value;

use crate::support::dockerd::{self, Engine};
use crate::support::project::{MANIFEST, Project, Run};
use crate::support::registry::Registry;

const BASE: &str = "localhost:5000/debian-base:12";

/// The repository's root.
fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Makes the base image with the script that people use, and pushes it.
fn base_image(registry: &Registry) {
    let output = Command::new(root().join("scripts/base-image")).arg(registry.host()).output().unwrap();
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{told}");
}

/// Brings the base into the store of `project` by the registry that has it: the lock has its digest, and
/// the store does not ask where bytes come from.
fn pull_base(registry: &Registry, project: &Project) {
    let other = Project::empty();
    other.write("rekindle.yaml", MANIFEST);
    other.write("stacks/note.yaml", "kind: image\ntemplate: note@1.0.0\n");
    other.write("templates/note/1.0.0/interface.yaml", "kind: image\n");
    let dockerfile = format!("FROM {}/debian-base:12\nCOPY note.txt /\n", registry.host());
    other.write("templates/note/1.0.0/Dockerfile", dockerfile);
    other.write("templates/note/1.0.0/note.txt", "a note\n");
    other.run(&["lock"]).expect_code(0);
    let (made, shipped) = (lock(&other.read("rekindle.lock")), lock(&project.read("rekindle.lock")));
    let platform = rekindle::model::Platform::default();
    let base = |lock: &Lock, name: &str| lock.bases(&platform)[name].clone();
    let made = base(&made, &format!("{}/debian-base:12", registry.host()));
    assert_eq!(made, base(&shipped, BASE), "the script makes the base image of the lock");
    let state = project.path().join(".rekindle");
    other.run(&["build", "demo", "--state-dir", state.to_str().unwrap()]).expect_code(0);
}

fn lock(text: &str) -> Lock {
    Lock::read(text.as_bytes()).unwrap()
}

/// A server of the packages that the image fetches, which apt downloads. Stopped when its input closes.
struct Packages {
    address: String,
    _directory: tempfile::TempDir,
    _process: std::process::Child,
}

const SERVE: &str = r#"
python3 -u -m http.server 0 --bind 127.0.0.1 2>/dev/null & server=$!
read -r _
kill "$server"
"#;

impl Packages {
    /// Gives each file of `urls` the name that its address ends with.
    fn of(urls: &[String]) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let names: Vec<&str> = urls.iter().map(|url| url.rsplit('/').next().unwrap()).collect();
        let wanted = names.iter().map(|name| {
            let mut parts = name.trim_end_matches(".deb").split('_');
            format!("{}={}", parts.next().unwrap(), parts.next().unwrap())
        });
        let wanted: Vec<String> = wanted.collect();
        let download = || {
            let mut command = Command::new("apt-get");
            command.arg("download").args(&wanted).current_dir(directory.path()).output().unwrap()
        };
        let mut done = download();
        if !done.status.success() {
            Command::new("apt-get").args(["update", "-qq"]).output().unwrap();
            done = download();
        }
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        let mut process = Command::new("sh")
            .args(["-c", SERVE])
            .current_dir(directory.path())
            .stdin(std::process::Stdio::piped())
            .stdout(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let output = process.stdout.take().unwrap();
        std::io::BufRead::read_line(&mut std::io::BufReader::new(output), &mut line).unwrap();
        // Serving HTTP on 127.0.0.1 port 12345 (http://127.0.0.1:12345/) ...
        let address = line.split(['(', ')']).nth(1).unwrap_or_else(|| panic!("{line}")).to_owned();
        Self { address, _directory: directory, _process: process }
    }
}

/// The shipped project, whose packages come from this machine and whose images go to `registry`. Neither
/// is part of an input: the lock knows what must come out.
fn shipped(registry: &Registry) -> (Project, Packages) {
    let project = Project::shipped();
    let text = project.read("stacks/web-image.yaml");
    let urls: Vec<String> =
        text.lines().filter_map(|line| line.split("url: ").nth(1)).map(str::to_owned).collect();
    assert_eq!(urls.len(), 4);
    let packages = Packages::of(&urls);
    let mut changed = text.replace("!output registry.WebUri", &format!("{}/web", registry.host()));
    for url in &urls {
        let name = url.rsplit('/').next().unwrap();
        changed = changed.replace(url.as_str(), &format!("{}{name}", packages.address));
    }
    project.write("stacks/web-image.yaml", changed);
    (project, packages)
}

fn run(project: &Project, engine: &Engine, arguments: &[&str]) -> Run {
    Run::from(project.command(arguments).env("DOCKER_HOST", &engine.host).output().unwrap())
}

/// One question to the engine, with a body where there is one.
fn ask(engine: &Engine, method: &str, path: &str, body: &Value) -> (u16, String) {
    let socket = engine.host.trim_start_matches("unix://");
    let output = Command::new("curl")
        .args(["--silent", "--unix-socket", socket, "-X", method, "-w", "\n%{http_code}"])
        .args(["-H", "Content-Type: application/json", "-d", &body.to_string()])
        .arg(format!("http://engine{path}"))
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let (body, code) = text.rsplit_once('\n').unwrap();
    (code.parse().unwrap(), body.to_owned())
}

/// A container that is removed when it is dropped.
struct Container<'e> {
    engine: &'e Engine,
    id: String,
}

impl<'e> Container<'e> {
    /// On the network of this machine: a test has no other.
    fn start(engine: &'e Engine, image: &str, port: u16) -> Self {
        let (code, told) = ask(engine, "POST", &format!("/images/create?fromImage={image}"), &Value::Null);
        assert_eq!(code, 200, "{told}");
        assert!(!told.contains("error"), "{told}");
        let order = serde_json::json!({
            "Image": image,
            "Env": [format!("PORT={port}")],
            "HostConfig": {"NetworkMode": "host", "ReadonlyRootfs": true},
        });
        let (code, told) = ask(engine, "POST", "/containers/create", &order);
        assert_eq!(code, 201, "{told}");
        let id = serde_json::from_str::<Value>(&told).unwrap()["Id"].as_str().unwrap().to_owned();
        let container = Self { engine, id };
        let (code, told) = ask(engine, "POST", &format!("/containers/{}/start", container.id), &Value::Null);
        assert_eq!(code, 204, "{told}");
        container
    }

    fn log(&self) -> String {
        self.engine.ask(&format!("/containers/{}/logs?stdout=1&stderr=1", self.id))
    }
}

impl Drop for Container<'_> {
    fn drop(&mut self) {
        ask(self.engine, "DELETE", &format!("/containers/{}?force=1", self.id), &Value::Null);
    }
}

/// The whole answer to a request; tries until somebody listens.
fn get(address: SocketAddr, path: &str, container: &Container<'_>) -> String {
    let until = Instant::now() + Duration::from_secs(60);
    loop {
        if let Ok(mut stream) = TcpStream::connect(address) {
            write!(stream, "GET {path} HTTP/1.0\r\n\r\n").unwrap();
            let mut answer = String::new();
            stream.read_to_string(&mut answer).unwrap();
            return answer;
        }
        assert!(Instant::now() < until, "nobody listens: {}", container.log());
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn the_shipped_web_image_is_the_one_of_the_lock_and_answers() {
    let Some(engine) = dockerd::shared() else { return };
    let registry = Registry::open();
    base_image(&registry);
    let (project, _packages) = shipped(&registry);
    pull_base(&registry, &project);
    // The lock has the digest: `build` ends with 3 when another one comes out.
    let built = run(&project, engine, &["build", "demo", "--push", "--output", "json"]).expect_code(0).json();
    let images = built["images"].as_array().unwrap();
    let web = images.iter().find(|image| image["unit"] == "web-image").unwrap();
    assert_eq!(web["how"], "built");
    let pushed = web["pushed"].as_str().unwrap();
    assert!(project.read("rekindle.lock").contains(web["manifest"].as_str().unwrap()));

    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let container = Container::start(engine, pushed, address.port());
    let answer = get(address, "/healthz", &container);
    assert!(answer.starts_with("HTTP/1.0 200 OK\r\n") && answer.ends_with("\r\n\r\nok\n"), "{answer}");
    let page = get(address, "/", &container);
    assert!(page.contains("<h1>Fieldbook</h1>"), "{page}");
    let missing = get(address, "/nothing", &container);
    assert!(missing.starts_with("HTTP/1.0 404"), "{missing}");
    let processes = engine.ask(&format!("/containers/{}/top", container.id));
    assert!(processes.contains("www-data"), "it does not run as root: {processes}");
}
