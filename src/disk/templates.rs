//! Files that lie anywhere: templates that the user names, and what other programs leave.

use std::fs;
use std::io::Read;

use camino::{Utf8Path, Utf8PathBuf};

use crate::disk::entries;
use crate::disk::error::{Access, FileError};

/// Ends of the names of templates.
const EXTENSIONS: [&str; 4] = ["yaml", "yml", "json", "template"];

/// Whether a file is a Dockerfile, by its name: `Dockerfile`, `Dockerfile.NAME` or `NAME.Dockerfile`.
pub fn is_dockerfile(path: &Utf8Path) -> bool {
    let name = path.file_name().unwrap_or_default();
    path.extension() != Some("tera")
        && (name == "Dockerfile" || name.starts_with("Dockerfile.") || name.ends_with(".Dockerfile"))
}

/// The templates that `path` names: it, when it is a file; else every file below it whose name is that of a
/// template or of a Dockerfile, hidden directories left out, sorted.
///
/// # Errors
/// A directory cannot be listed.
pub fn find_templates(path: &Utf8Path) -> Result<Vec<Utf8PathBuf>, FileError> {
    let metadata = fs::metadata(path).map_err(FileError::at(Access::Read, path))?;
    if !metadata.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let mut found = Vec::new();
    below(path, &mut found)?;
    Ok(found)
}

fn is_template(path: &Utf8Path) -> bool {
    path.extension().is_some_and(|end| EXTENSIONS.contains(&end))
}

fn below(directory: &Utf8Path, found: &mut Vec<Utf8PathBuf>) -> Result<(), FileError> {
    for name in entries(directory)?.into_iter().filter(|name| !name.starts_with('.')) {
        let path = directory.join(name);
        // Links are not followed: they may lead around in a circle.
        let metadata = fs::symlink_metadata(&path).map_err(FileError::at(Access::Read, &path))?;
        if metadata.is_dir() {
            below(&path, found)?;
        } else if metadata.is_file() && (is_template(&path) || is_dockerfile(&path)) {
            found.push(path);
        }
    }
    Ok(())
}

/// Reads a file, and no more of it than `most` bytes and one.
///
/// # Errors
/// It cannot be read.
pub fn read_at_most(path: &Utf8Path, most: usize) -> Result<Vec<u8>, FileError> {
    let mut bytes = Vec::new();
    let limit = u64::try_from(most).unwrap_or(u64::MAX).saturating_add(1);
    let file = fs::File::open(path).map_err(FileError::at(Access::Read, path))?;
    file.take(limit).read_to_end(&mut bytes).map_err(FileError::at(Access::Read, path))?;
    Ok(bytes)
}

/// Reads a file that need not be there.
///
/// # Errors
/// It is there and cannot be read.
pub fn read_if_there(path: &Utf8Path) -> Result<Option<Vec<u8>>, FileError> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(FileError::at(Access::Read, path)(error)),
    }
}
