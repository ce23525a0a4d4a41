//! Writing so that a crash leaves the old file or the new one, never half of one.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};

use camino::{Utf8Path, Utf8PathBuf};

use crate::disk::error::{Access, FileError};

/// Replaces `path` by a file of these bytes, and makes the directories on the way. When it
/// returns, the bytes are on the disk.
///
/// # Errors
/// The old file is untouched.
pub fn write_atomically(path: &Utf8Path, bytes: &[u8]) -> Result<(), FileError> {
    publish(path, bytes, |temporary| fs::rename(temporary, path))
}

/// Like [`write_atomically`], but never replaces a file: `false` when there already is one.
///
/// # Errors
/// As for [`write_atomically`].
pub fn write_new(path: &Utf8Path, bytes: &[u8]) -> Result<bool, FileError> {
    let mut is_new = true;
    publish(path, bytes, |temporary| {
        // A hard link fails where a rename would silently replace.
        match fs::hard_link(temporary, path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists && path.is_file() => is_new = false,
            result => result?,
        }
        fs::remove_file(temporary)
    })?;
    Ok(is_new)
}

fn publish(
    path: &Utf8Path,
    bytes: &[u8],
    put_in_place: impl FnOnce(&Utf8Path) -> io::Result<()>,
) -> Result<(), FileError> {
    if path.is_dir() {
        return Err(FileError::at(Access::Write, path)(io::ErrorKind::IsADirectory.into()));
    }
    let directory = path.parent().filter(|parent| !parent.as_str().is_empty()).unwrap_or(Utf8Path::new("."));
    make_directory(directory)?;
    let temporary = temporary(path);
    let written = write_synced(&temporary, bytes)
        .and_then(|()| put_in_place(&temporary))
        .and_then(|()| sync_directory(directory));
    written.map_err(|error| {
        // Best effort: what matters is the first failure.
        let _ = fs::remove_file(&temporary);
        FileError::at(Access::Write, path)(error)
    })
}

/// Makes `directory` and whatever is missing above it.
pub(super) fn make_directory(directory: &Utf8Path) -> Result<(), FileError> {
    fs::create_dir_all(directory).map_err(FileError::at(Access::Write, directory))
}

/// Beside the file, so that the rename stays within one file system; per process, so that two
/// writers do not share it.
fn temporary(path: &Utf8Path) -> Utf8PathBuf {
    let name = path.file_name().unwrap_or("file");
    path.with_file_name(format!(".{name}.{}.tmp", std::process::id()))
}

/// Whether a file of this name was on its way into place.
pub(super) fn is_temporary(name: &str) -> bool {
    name.starts_with('.') && name.ends_with(".tmp")
}

fn write_synced(path: &Utf8Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

pub(super) fn sync_directory(directory: &Utf8Path) -> io::Result<()> {
    File::open(directory)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn directory() -> (tempfile::TempDir, Utf8PathBuf) {
        let guard = tempfile::tempdir().unwrap();
        let path = Utf8PathBuf::from_path_buf(guard.path().to_owned()).unwrap();
        (guard, path)
    }

    #[test]
    fn a_file_is_replaced_and_nothing_else_is_left() {
        let (_guard, root) = directory();
        let path = root.join("deep/er/file");
        write_atomically(&path, b"one").unwrap();
        write_atomically(&path, b"two").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"two");
        assert_eq!(path.parent().unwrap().read_dir_utf8().unwrap().count(), 1);
    }

    #[test]
    fn a_new_file_never_replaces_one() {
        let (_guard, root) = directory();
        let path = root.join("1.json");
        assert!(write_new(&path, b"one").unwrap());
        assert!(!write_new(&path, b"two").unwrap());
        assert_eq!(fs::read(&path).unwrap(), b"one");
        assert_eq!(root.read_dir_utf8().unwrap().count(), 1);
    }

    #[test]
    fn a_file_in_place_of_a_directory_is_named() {
        let (_guard, root) = directory();
        fs::write(root.join("state"), "").unwrap();
        let error = write_atomically(&root.join("state/file"), b"").unwrap_err();
        assert_eq!(error.to_string(), format!("could not write `{root}/state`"));
        assert!(error.hint().unwrap().contains("a file is where a directory should be"));
    }

    #[test]
    fn a_full_disk_is_named() {
        let error = write_synced(Utf8Path::new("/dev/full"), b"bytes")
            .map_err(FileError::at(Access::Write, Utf8Path::new("/dev/full")))
            .unwrap_err();
        assert!(error.hint().unwrap().contains("the disk is full"), "{error:?}");
    }
}
