//! Whole trees of files that are written, read back and thrown away.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::time::{Duration, SystemTime};

use camino::{Utf8Path, Utf8PathBuf};

use crate::disk::error::{Access, FileError};
use crate::disk::state::StateDirectory;
use crate::disk::write::make_directory;

/// A directory that is removed with everything in it when it is dropped.
#[derive(Debug)]
pub struct ScratchDirectory(Utf8PathBuf);

impl ScratchDirectory {
    /// A new one below rekindle's own directory, named after this process.
    ///
    /// # Errors
    /// It cannot be made.
    pub fn make(state: &StateDirectory) -> Result<Self, FileError> {
        state.make()?;
        let path = state.path().join("scratch").join(std::process::id().to_string());
        make_directory(&path)?;
        Ok(Self(path))
    }

    /// Where it is.
    pub fn path(&self) -> &Utf8Path {
        &self.0
    }
}

impl Drop for ScratchDirectory {
    fn drop(&mut self) {
        // Best effort: what stays behind is in rekindle's own directory and harms nobody.
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Names of the entries of a directory, sorted; none when there is no such directory.
///
/// # Errors
/// It cannot be read.
pub fn entries(directory: &Utf8Path) -> Result<Vec<String>, FileError> {
    let failed = || FileError::at(Access::Read, directory);
    let entries = match fs::read_dir(directory) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(failed())?,
    };
    let mut names = Vec::new();
    for entry in entries {
        names.push(entry.map_err(failed())?.file_name().to_string_lossy().into_owned());
    }
    names.sort();
    Ok(names)
}

/// Writes files by their paths below `directory`, each last modified `modified` seconds after 1970.
///
/// # Errors
/// One of them cannot be written.
pub fn write_files(
    directory: &Utf8Path,
    files: &BTreeMap<String, Vec<u8>>,
    modified: u64,
) -> Result<(), FileError> {
    let time = SystemTime::UNIX_EPOCH + Duration::from_secs(modified);
    for (name, bytes) in files {
        let path = directory.join(name);
        make_directory(path.parent().unwrap_or(directory))?;
        let failed = || FileError::at(Access::Write, &path);
        fs::write(&path, bytes).map_err(failed())?;
        File::options().write(true).open(&path).and_then(|file| file.set_modified(time)).map_err(failed())?;
    }
    Ok(())
}

/// Copies a directory with everything in it, links as links. Pipes, sockets and devices are left out: to
/// read one can take for ever.
///
/// # Errors
/// Something cannot be read or written.
pub fn copy_directory(from: &Utf8Path, to: &Utf8Path) -> Result<(), FileError> {
    make_directory(to)?;
    copy_into(from.as_std_path(), to.as_std_path()).map_err(FileError::at(Access::Read, from))
}

fn copy_into(from: &Path, to: &Path) -> io::Result<()> {
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let (kind, target) = (entry.file_type()?, to.join(entry.file_name()));
        if kind.is_dir() {
            fs::create_dir_all(&target)?;
            copy_into(&entry.path(), &target)?;
        } else if kind.is_symlink() {
            symlink(fs::read_link(entry.path())?, target)?;
        } else if kind.is_file() {
            fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}

/// Reads every file below `directory`, by its path relative to it.
///
/// # Errors
/// One of them cannot be read.
pub fn read_files(directory: &Utf8Path) -> Result<BTreeMap<String, Vec<u8>>, FileError> {
    let mut files = BTreeMap::new();
    for name in entries(directory)? {
        let path = directory.join(&name);
        if path.is_dir() {
            let below = read_files(&path)?;
            files.extend(below.into_iter().map(|(inner, bytes)| (format!("{name}/{inner}"), bytes)));
        } else {
            files.insert(name, fs::read(&path).map_err(FileError::at(Access::Read, &path))?);
        }
    }
    Ok(files)
}
