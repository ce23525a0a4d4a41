//! Images: beside `docker build` and beside reading and hashing the same bytes; a second build of what did
//! not change; what an engine's build costs more when it is made canonical; memory.
#![allow(clippy::disallowed_methods, clippy::print_stdout, clippy::unwrap_used, missing_docs)]

#[path = "../tests/suite/support/dockerd.rs"]
#[expect(dead_code, reason = "tests need more of it")]
mod dockerd;
mod support;

use std::fs;
use std::io::{Read as _, Write as _};
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};
use std::time::Duration;

use sha2::{Digest as _, Sha256};
use support::{Bounds, median, milliseconds, peak_megabytes_of};

const MANIFEST: &str = "\
project: bench
environments:
  demo:
    targets: {primary: {provider: local, account: \"000000000000\", region: eu-central-1}}
";
const UNIT: &str = "kind: image\ntemplate: big@1.0.0\ncontext: files\nrepository: registry.example/big\n";
const COPIES: &str = "FROM scratch\nCOPY data /data\nCMD [\"/data/x\"]\n";
/// A program that does nothing, so that an engine has to build.
const RUNS: &str = "FROM scratch\nCOPY bin /bin\nCOPY data /data\nRUN [\"/bin/busybox\", \"true\"]\n";

fn main() -> ExitCode {
    let mut bounds = Bounds::default();
    let project = Project::of(6_000, 170_000_000);
    let read = milliseconds(median(5, || read_and_hash(&project.path().join("files"))));
    println!("reading and hashing 170 MB in 6,000 files: {read:.0} ms");
    let copied = milliseconds(project.build(COPIES, "none"));
    println!("rekindle build of the same: {copied:.0} ms");
    bounds.at_most("over reading and hashing", copied / read, 1.5, "times");
    unchanged(&mut bounds);
    memory("copied", COPIES, None, &mut bounds);
    let Some(engine) = dockerd::shared() else { return bounds.exit_code() };
    let docker = milliseconds(project.docker(COPIES, &engine.host));
    println!("docker build of the same: {docker:.0} ms");
    bounds.at_most("a copy-only build, over docker build", copied / docker, 1.0 / 8.0, "times");
    let executed = milliseconds(project.docker(RUNS, &engine.host));
    let canonical = milliseconds(project.built_by_engine(&engine.host));
    println!("with a program: docker build {executed:.0} ms, rekindle build {canonical:.0} ms");
    bounds.at_most(
        "an engine's build made canonical, over docker build",
        canonical / executed,
        1.25,
        "times",
    );
    memory("built by an engine", RUNS, Some(&engine.host), &mut bounds);
    bounds.exit_code()
}

/// 20,000 files that did not change.
fn unchanged(bounds: &mut Bounds) {
    let project = Project::of(20_000, 157_000_000);
    project.write("templates/big/1.0.0/Dockerfile", COPIES);
    project.run(&["build", "demo"], None);
    // The files were written a moment ago: only from now on their digests can be kept.
    std::thread::sleep(Duration::from_secs(3));
    fs::remove_dir_all(project.path().join(".rekindle/digests")).unwrap();
    project.run(&["build", "demo"], None);
    let again = milliseconds(median(11, || project.run(&["build", "demo"], None)));
    bounds.at_most("a second build of 20,000 unchanged files", again, 50.0, "ms");
}

/// An image of 1 GB.
fn memory(how: &str, dockerfile: &str, engine: Option<&str>, bounds: &mut Bounds) {
    let project = Project::of(16, 1_000_000_000);
    project.write("templates/big/1.0.0/Dockerfile", dockerfile);
    let mut command = project.command(&["build", "demo"], engine);
    let mut process = command.spawn().unwrap();
    let mut peak: f64 = 0.0;
    while process.try_wait().unwrap().is_none() {
        // The highest mark only rises, so the last look counts.
        peak = peak_megabytes_of(process.id()).unwrap_or(peak).max(peak);
        std::thread::sleep(Duration::from_millis(5));
    }
    assert!(process.wait().unwrap().success());
    bounds.at_most(&format!("peak memory for an image of 1 GB, {how}"), peak, 100.0, "MB");
}

/// The median time of the work, without that of its preparation.
fn timed(runs: usize, prepare: impl Fn(), work: impl Fn()) -> Duration {
    let mut times: Vec<Duration> = (0..runs)
        .map(|_| {
            prepare();
            median(1, &work)
        })
        .collect();
    times.sort();
    times[times.len() / 2]
}

fn read_and_hash(directory: &Path) {
    let (mut hasher, mut bytes) = (Sha256::new(), Vec::new());
    let mut waiting = vec![directory.to_owned()];
    while let Some(directory) = waiting.pop() {
        for entry in fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                waiting.push(path);
                continue;
            }
            bytes.clear();
            fs::File::open(path).unwrap().read_to_end(&mut bytes).unwrap();
            hasher.update(&bytes);
        }
    }
    assert_ne!(hasher.finalize()[..], [0; 32]);
}

/// A project with one image of very many bytes.
struct Project(tempfile::TempDir);

impl Project {
    fn of(files: usize, bytes: usize) -> Self {
        let project = Self(tempfile::tempdir().unwrap());
        project.write("rekindle.yaml", MANIFEST);
        project.write("stacks/big.yaml", UNIT);
        project.write("templates/big/1.0.0/interface.yaml", "kind: image\n");
        fs::create_dir_all(project.path().join("files/bin")).unwrap();
        fs::copy("/bin/busybox", project.path().join("files/bin/busybox")).unwrap();
        let mut number: u64 = 1;
        let mut buffer = vec![0; 1 << 20];
        for file in 0..files {
            let path = project.path().join(format!("files/data/{}/{file}.bin", file % 60));
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            let mut out = fs::File::create(path).unwrap();
            let mut left = bytes / files;
            while left > 0 {
                let part = left.min(buffer.len());
                for eight in buffer[..part].chunks_mut(8) {
                    number ^= number << 13;
                    number ^= number >> 7;
                    number ^= number << 17;
                    eight.copy_from_slice(&number.to_le_bytes()[..eight.len()]);
                }
                out.write_all(&buffer[..part]).unwrap();
                left -= part;
            }
        }
        project
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn write(&self, file: &str, text: &str) {
        let path = self.path().join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn command(&self, arguments: &[&str], engine: Option<&str>) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_rekindle"));
        command.args(arguments).current_dir(self.path()).stdout(Stdio::null()).stderr(Stdio::null());
        engine.map(|host| command.env("DOCKER_HOST", host));
        command
    }

    fn run(&self, arguments: &[&str], engine: Option<&str>) {
        assert!(self.command(arguments, engine).status().unwrap().success());
    }

    /// Builds from nothing.
    fn build(&self, dockerfile: &str, builder: &str) -> Duration {
        self.write("templates/big/1.0.0/Dockerfile", dockerfile);
        timed(5, || self.forget(), || self.run(&["build", "demo", "--builder", builder], None))
    }

    fn built_by_engine(&self, host: &str) -> Duration {
        self.write("templates/big/1.0.0/Dockerfile", RUNS);
        timed(3, || self.forget(), || self.run(&["build", "demo", "--builder", "classic"], Some(host)))
    }

    fn forget(&self) {
        // Neither need be there.
        let _ = fs::remove_dir_all(self.path().join(".rekindle"));
        let _ = fs::remove_file(self.path().join("rekindle.lock"));
    }

    fn docker(&self, dockerfile: &str, host: &str) -> Duration {
        self.write("Dockerfile", dockerfile);
        median(3, || {
            let mut command = Command::new("docker");
            command.args(["build", "--no-cache", "--network", "none", "--file", "Dockerfile", "files"]);
            command.env("DOCKER_HOST", host).env("DOCKER_BUILDKIT", "0").current_dir(self.path());
            let status = command.stdout(Stdio::null()).stderr(Stdio::null()).status();
            assert!(status.is_ok_and(|status| status.success()), "docker build failed");
        })
    }
}
