//! A project in a scratch directory, and the binary run inside it.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use camino::Utf8PathBuf;
use rekindle::disk;
use rekindle::manifest::{TemplateDigests, lock};

/// A template: a network, and a group in it.
pub const NETWORK: &str = "\
Resources:
  Vpc:
    Type: AWS::EC2::VPC
    Properties: {CidrBlock: 10.0.0.0/16}
  Group:
    Type: AWS::EC2::SecurityGroup
    Properties: {GroupDescription: Of a test, VpcId: !Ref Vpc}
";

/// The manifest of [`Project::of_one_unit`].
pub const MANIFEST: &str = "\
project: fieldbook
environments:
  demo:
    targets: {primary: {provider: local, account: \"000000000000\", region: eu-central-1}}
";

/// A project in a directory of its own, removed when dropped.
pub struct Project {
    directory: tempfile::TempDir,
}

/// What a run of the binary printed, and how it ended.
#[derive(Debug)]
pub struct Run {
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
    /// Exit code; -1 when a signal ended it.
    pub code: i32,
}

impl Project {
    /// The project that ships in this repository.
    pub fn shipped() -> Self {
        let project = Self::empty();
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        for name in ["rekindle.yaml", "rekindle.lock", "stacks", "templates"] {
            copy(&root.join(name), &project.path().join(name));
        }
        project
    }

    /// The project that `rekindle init` makes.
    pub fn skeleton() -> Self {
        let project = Self::empty();
        project.run(&["init", ".", "--name", "fieldbook"]).expect_code(0);
        project
    }

    /// A directory without a project.
    pub fn empty() -> Self {
        Self { directory: tempfile::tempdir().unwrap() }
    }

    /// A project with an environment `demo` on the embedded engine and one stateless unit of the same
    /// name as its template, nothing published. `template` is `templates/UNIT/1.0.0/FILE`.
    pub fn of_one_unit(unit: &str, file: &str, template: &str) -> Self {
        let project = Self::empty();
        project.write("rekindle.yaml", MANIFEST);
        let stack = format!("kind: stack\nclass: stateless\ntemplate: {unit}@1.0.0\n");
        project.write(&format!("stacks/{unit}.yaml"), stack);
        let folder = format!("templates/{unit}/1.0.0");
        let interface = "kind: stack\ndescription: Of a test.\ninputs: {}\n";
        project.write(&format!("{folder}/interface.yaml"), interface);
        project.write(&format!("{folder}/{file}"), template);
        project
    }

    /// Where it is.
    pub fn path(&self) -> PathBuf {
        self.directory.path().canonicalize().unwrap()
    }

    /// Writes a file, making its directories.
    pub fn write(&self, file: &str, content: impl AsRef<[u8]>) {
        let path = self.path().join(file);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }

    /// Reads a file.
    pub fn read(&self, file: &str) -> String {
        std::fs::read_to_string(self.path().join(file)).unwrap()
    }

    /// Replaces text in a file; the text must be there.
    pub fn edit(&self, file: &str, from: &str, to: &str) {
        let text = self.read(file);
        assert!(text.contains(from), "{file} does not contain {from:?}");
        self.write(file, text.replacen(from, to, 1));
    }

    /// Publishes every template, whatever `check` says of it: `lock` refuses those with errors, but what
    /// is wrong may also have become known later than the version was published.
    pub fn publish_unjudged(&self) {
        let root = Utf8PathBuf::from_path_buf(self.path()).unwrap();
        let project = rekindle::manifest::Project::read(disk::read_project(&root).unwrap()).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let update = runtime.block_on(lock::update(&project, &[&TemplateDigests], false)).unwrap();
        self.write("rekindle.lock", update.lock.write());
    }

    /// The binary, ready to run here with nothing of the caller's surroundings.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_rekindle"));
        command.args(arguments).current_dir(self.path()).env_clear().stdin(Stdio::null());
        command.env("PATH", "/usr/bin:/bin").env("HOME", self.path());
        command
    }

    /// Runs the binary to its end.
    #[must_use]
    pub fn run(&self, arguments: &[&str]) -> Run {
        Run::from(self.command(arguments).output().unwrap())
    }
}

impl From<Output> for Run {
    fn from(output: Output) -> Self {
        Self {
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
            code: output.status.code().unwrap_or(-1),
        }
    }
}

impl Run {
    /// Fails with everything that was printed unless the exit code is `code`.
    pub fn expect_code(self, code: i32) -> Self {
        assert_eq!(self.code, code, "stdout:\n{}\nstderr:\n{}", self.stdout, self.stderr);
        self
    }

    /// Standard output as one JSON document.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}:\n{}", self.stdout))
    }

    /// The last line of standard output as JSON: the summary of a stream of events.
    pub fn summary(&self) -> serde_json::Value {
        serde_json::from_str(self.stdout.lines().last().unwrap_or_default())
            .unwrap_or_else(|error| panic!("{error}:\n{}\n{}", self.stdout, self.stderr))
    }
}

fn copy(from: &Path, to: &Path) {
    if from.is_dir() {
        std::fs::create_dir_all(to).unwrap();
        for entry in std::fs::read_dir(from).unwrap() {
            let entry = entry.unwrap();
            copy(&entry.path(), &to.join(entry.file_name()));
        }
    } else {
        std::fs::copy(from, to).unwrap();
    }
}
