//! One run at a time per environment. The operating system releases the lock when its holder
//! dies, so nobody ever has to break one.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Seek as _, Write as _};

use camino::{Utf8Path, Utf8PathBuf};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::disk::error::{Access, FileError};
use crate::disk::state::StateDirectory;
use crate::disk::write::make_directory;
use crate::model::EnvironmentName;

/// A held lock; dropping it releases it.
#[derive(Debug)]
pub struct EnvironmentLock {
    _file: File,
}

/// Who holds a lock.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    /// Process id on this machine.
    pub process: u32,
    /// The command, for example `deploy`.
    pub command: String,
    /// Since when.
    pub since: Timestamp,
}

/// Why a lock was not taken.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// The system refused.
    #[error(transparent)]
    File(#[from] FileError),
    /// Another run holds it.
    #[error("another run holds the environment `{environment}`: {}", describe(.holder.as_ref()))]
    Held {
        /// The environment.
        environment: EnvironmentName,
        /// Who; `None` in the instant before the holder has written its name.
        holder: Option<Holder>,
        /// The lock's file.
        path: Utf8PathBuf,
    },
}

fn describe(holder: Option<&Holder>) -> String {
    match holder {
        Some(holder) => {
            format!("`rekindle {}` (process {}), since {}", holder.command, holder.process, holder.since)
        }
        None => "it has only just begun".to_owned(),
    }
}

impl LockError {
    /// What to do next.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::File(error) => error.hint(),
            Self::Held { .. } => {
                Some("wait until it ends; when its process dies the lock is released by itself")
            }
        }
    }
}

impl EnvironmentLock {
    /// Takes the lock of `environment` for `command`, or says who holds it. Does not wait.
    ///
    /// # Errors
    /// Another run holds it, or the file cannot be written.
    pub fn take(
        state: &StateDirectory,
        environment: &EnvironmentName,
        command: &str,
        now: Timestamp,
    ) -> Result<Self, LockError> {
        let path = state.lock(environment);
        state.make()?;
        make_directory(path.parent().unwrap_or(state.path()))?;
        let failed = || FileError::at(Access::Lock, &path);
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(failed())?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::Error(error)) => return Err(failed()(error).into()),
            Err(TryLockError::WouldBlock) => {
                let (environment, holder) = (environment.clone(), read_holder(&path));
                return Err(LockError::Held { environment, holder, path });
            }
        }
        let holder = Holder { process: std::process::id(), command: command.to_owned(), since: now };
        write_holder(&mut file, &holder).map_err(failed())?;
        Ok(Self { _file: file })
    }
}

impl EnvironmentLock {
    /// Whether a run holds the lock of `environment`. Looks without making anything.
    ///
    /// # Errors
    /// The lock's file cannot be read.
    pub fn is_held(state: &StateDirectory, environment: &EnvironmentName) -> Result<bool, LockError> {
        let path = state.lock(environment);
        let file = match File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
            Err(error) => return Err(FileError::at(Access::Lock, &path)(error).into()),
        };
        match file.try_lock_shared() {
            Ok(()) => Ok(false),
            Err(TryLockError::WouldBlock) => Ok(true),
            Err(TryLockError::Error(error)) => Err(FileError::at(Access::Lock, &path)(error).into()),
        }
    }
}

fn read_holder(path: &Utf8Path) -> Option<Holder> {
    let mut text = String::new();
    File::open(path).ok()?.read_to_string(&mut text).ok()?;
    serde_json::from_str(&text).ok()
}

fn write_holder(file: &mut File, holder: &Holder) -> io::Result<()> {
    file.set_len(0)?;
    file.rewind()?;
    file.write_all(serde_json::to_string(holder)?.as_bytes())?;
    file.flush()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn take(state: &StateDirectory, environment: &str) -> Result<EnvironmentLock, LockError> {
        let now = "2026-11-23T10:00:00Z".parse().unwrap();
        EnvironmentLock::take(state, &environment.parse().unwrap(), "deploy", now)
    }

    #[test]
    fn one_environment_has_one_holder_and_others_are_free() {
        let guard = tempfile::tempdir().unwrap();
        let state = StateDirectory::at(Utf8PathBuf::from_path_buf(guard.path().join("state")).unwrap());
        let held = take(&state, "demo").unwrap();
        let refused = take(&state, "demo").unwrap_err().to_string();
        let process = std::process::id();
        assert_eq!(
            refused,
            format!(
                "another run holds the environment `demo`: `rekindle deploy` (process {process}), \
                 since 2026-11-23T10:00:00Z"
            )
        );
        take(&state, "staging").unwrap();
        let is_held = |name: &str| EnvironmentLock::is_held(&state, &name.parse().unwrap()).unwrap();
        assert!(is_held("demo") && !is_held("never"));
        drop(held);
        assert!(!is_held("demo"));
        take(&state, "demo").unwrap();
    }

    #[test]
    fn a_file_in_place_of_the_state_directory_is_named() {
        let guard = tempfile::tempdir().unwrap();
        let path = Utf8PathBuf::from_path_buf(guard.path().join("state")).unwrap();
        std::fs::write(&path, "").unwrap();
        let error = take(&StateDirectory::at(path.clone()), "demo").unwrap_err();
        assert_eq!(error.to_string(), format!("could not write `{path}`"));
        assert!(error.hint().is_some());
    }
}
