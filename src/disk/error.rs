//! A file operation that failed: what was tried, where, why, and what to do next.

use std::fmt;
use std::io;

use camino::{Utf8Path, Utf8PathBuf};

/// What was tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Reading a file or listing a directory.
    Read,
    /// Writing a file or making a directory.
    Write,
    /// Removing a file.
    Remove,
    /// Taking a lock.
    Lock,
}

impl fmt::Display for Access {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Read => "read",
            Self::Write => "write",
            Self::Remove => "remove",
            Self::Lock => "lock",
        })
    }
}

/// A file operation that failed.
#[derive(Debug, thiserror::Error)]
#[error("could not {access} `{path}`")]
pub struct FileError {
    /// What was tried.
    pub access: Access,
    /// Which file or directory.
    pub path: Utf8PathBuf,
    /// The system's answer.
    #[source]
    pub source: io::Error,
}

impl FileError {
    /// For `map_err`: the failure of `access` to `path`.
    pub fn at(access: Access, path: &Utf8Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self { access, path, source }
    }

    /// What to do next, where the system's answer tells.
    pub fn hint(&self) -> Option<&'static str> {
        Some(match self.source.kind() {
            io::ErrorKind::PermissionDenied => "check who owns it and its permissions",
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
                "the disk is full: free some space and run the command again; what was there before is untouched"
            }
            io::ErrorKind::ReadOnlyFilesystem => {
                "the file system is read-only; `--state-dir DIR` keeps rekindle's own files elsewhere"
            }
            io::ErrorKind::NotADirectory | io::ErrorKind::AlreadyExists => {
                "a file is where a directory should be: move it away"
            }
            io::ErrorKind::IsADirectory => "a directory is where a file should be: move it away",
            _ => return None,
        })
    }
}
