//! What rekindle keeps beside a project: `.rekindle/`, or wherever `--state-dir` says.

use camino::{Utf8Path, Utf8PathBuf};

use crate::disk::error::FileError;
use crate::disk::write::{make_directory, write_new};
use crate::model::EnvironmentName;

/// The directory of rekindle's own files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StateDirectory(Utf8PathBuf);

impl StateDirectory {
    /// The one of the project at `root`.
    pub fn of_project(root: &Utf8Path) -> Self {
        Self(root.join(".rekindle"))
    }

    /// The one that was asked for.
    pub fn at(path: impl Into<Utf8PathBuf>) -> Self {
        Self(path.into())
    }

    /// Where it is.
    pub fn path(&self) -> &Utf8Path {
        &self.0
    }

    /// Makes it. A `.gitignore` inside keeps it out of version control, whatever the project's own
    /// says.
    ///
    /// # Errors
    /// It cannot be made.
    pub fn make(&self) -> Result<(), FileError> {
        make_directory(&self.0)?;
        write_new(&self.0.join(".gitignore"), b"*\n").map(drop)
    }

    /// Where the embedded engine keeps its clouds.
    pub fn local(&self) -> Utf8PathBuf {
        self.0.join("local")
    }

    /// Digests of files that images copy from, by what the system says of them.
    pub fn context_digests(&self) -> Utf8PathBuf {
        self.0.join("digests/contexts")
    }

    /// The same of the blobs of the store.
    pub(super) fn blob_digests(&self) -> Utf8PathBuf {
        self.0.join("digests/blobs")
    }

    /// Where images are kept, as an OCI image layout.
    pub fn store(&self) -> Utf8PathBuf {
        self.0.join("store")
    }

    /// Where the records of one environment are.
    pub(super) fn ledger(&self, environment: &EnvironmentName) -> Utf8PathBuf {
        self.0.join("ledger").join(environment.as_str())
    }

    /// Where the journals of runs on one environment are.
    pub(super) fn journal(&self, environment: &EnvironmentName) -> Utf8PathBuf {
        self.0.join("journal").join(environment.as_str())
    }

    /// The file whose lock one run on an environment holds.
    pub(super) fn lock(&self, environment: &EnvironmentName) -> Utf8PathBuf {
        self.0.join("lock").join(environment.as_str())
    }
}
