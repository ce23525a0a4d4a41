//! Directories that images copy from: what is in them, and the bytes of their files.

use std::fs::{self, File, FileType};
use std::io::{self, Read};
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use camino::{Utf8Path, Utf8PathBuf};
use rayon::prelude::*;

use crate::disk::error::{Access, FileError};
use crate::disk::known_digests::KnownDigests;
use crate::disk::store::blob_path;
use crate::image::{Contents, IgnoreRules};
use crate::model::{Context, ContextEntry, Diagnostic, Digest, FilePath};

/// Entries that a context may have; more are a mistake, such as a directory of modules.
const MAXIMUM_ENTRIES: usize = 500_000;

/// Why a context could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ContextError {
    /// The system refused.
    #[error(transparent)]
    File(#[from] FileError),
    /// `.dockerignore` is wrong.
    #[error("`.dockerignore` is wrong")]
    Ignore(Box<Diagnostic>),
    /// A link leads out of the directory.
    #[error("the symbolic link `{link}` leads out of the context, to `{target}`")]
    LinkOut {
        /// The link.
        link: Utf8PathBuf,
        /// Its text.
        target: String,
    },
    /// A socket, a device, a pipe.
    #[error("`{path}` is neither a file nor a directory nor a link")]
    Special {
        /// What it is about.
        path: Utf8PathBuf,
    },
    /// Too many files.
    #[error("the context `{directory}` has more than {MAXIMUM_ENTRIES} files")]
    TooMany {
        /// The directory.
        directory: Utf8PathBuf,
    },
}

impl ContextError {
    /// What to do next.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::File(error) => error.hint(),
            Self::Ignore(_) => None,
            Self::LinkOut { .. } => {
                Some("copy what it points to into the context, or leave it out with `.dockerignore`")
            }
            Self::Special { .. } => Some("remove it, or leave it out with `.dockerignore`"),
            Self::TooMany { .. } => Some("leave out with `.dockerignore` what the image does not need"),
        }
    }
}

/// Reads what `directory` of the project at `root` gives to an image, and digests every file that is not
/// known; `None` when there is no such directory.
///
/// # Errors
/// Something cannot be read, or has no place in an image.
pub fn read_context(
    root: &Utf8Path,
    directory: &str,
    known: &KnownDigests,
) -> Result<Option<Context>, ContextError> {
    let top = root.join(directory);
    match fs::symlink_metadata(&top) {
        Ok(metadata) if metadata.is_dir() => {}
        Ok(_) => return Err(FileError::at(Access::Read, &top)(io::ErrorKind::NotADirectory.into()).into()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(FileError::at(Access::Read, &top)(error).into()),
    }
    stays_inside(root, directory, &top)?;
    let ignore = ignore_rules(&top, directory)?;
    let mut walk = Walk { directory, top: &top, ignore, files: Vec::new(), context: Context::default() };
    walk.directory(&FilePath(Vec::new()))?;
    let Walk { files, mut context, .. } = walk;
    let digested: Result<Vec<_>, ContextError> =
        files.into_par_iter().map(|path| Ok((file(&top, &path, known)?, path))).collect();
    context.0.extend(digested?.into_iter().map(|(entry, path)| (path, entry)));
    Ok(Some(context))
}

/// No directory on the way may be a link: it could lead out of the project.
fn stays_inside(root: &Utf8Path, directory: &str, top: &Utf8Path) -> Result<(), ContextError> {
    let real = |path: &Utf8Path| path.canonicalize_utf8().map_err(FileError::at(Access::Read, path));
    let (found, expected) = (real(top)?, real(root)?.join(directory));
    // Components are compared, so that `./` and a `/` at the end make no difference.
    if found.components().eq(expected.components()) {
        return Ok(());
    }
    Err(ContextError::LinkOut { link: directory.into(), target: found.into_string() })
}

fn ignore_rules(top: &Utf8Path, directory: &str) -> Result<IgnoreRules, ContextError> {
    let path = top.join(".dockerignore");
    let name = format!("{directory}/.dockerignore");
    let read = fs::symlink_metadata(&path).and_then(|metadata| match metadata.is_file() {
        true => fs::read(&path).map(Some),
        false => Ok(None),
    });
    match read {
        Ok(None) => Err(ContextError::Special { path: name.into() }),
        Ok(Some(bytes)) => IgnoreRules::read(&name, &bytes).map_err(ContextError::Ignore),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(IgnoreRules::default()),
        Err(error) => Err(FileError::at(Access::Read, &path)(error).into()),
    }
}

struct Walk<'w> {
    directory: &'w str,
    top: &'w Utf8Path,
    ignore: IgnoreRules,
    /// Files that are still to be digested.
    files: Vec<FilePath>,
    context: Context,
}

impl Walk<'_> {
    fn directory(&mut self, below: &FilePath) -> Result<(), ContextError> {
        let path = on_disk(self.top, below);
        let failed = |error| FileError::at(Access::Read, &named(self.directory, below))(error);
        for entry in fs::read_dir(&path).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            let mut name = below.clone();
            if !name.0.is_empty() {
                name.0.push(b'/');
            }
            name.0.extend_from_slice(entry.file_name().as_bytes());
            if name.0 == b".dockerignore" {
                continue;
            }
            let kind = entry.file_type().map_err(failed)?;
            if kind.is_dir() {
                if !self.ignore.ignores_all_below(&name.0) {
                    self.directory(&name)?;
                }
            } else if !self.ignore.ignores(&name.0) {
                self.entry(name, kind)?;
            }
        }
        Ok(())
    }

    fn entry(&mut self, name: FilePath, kind: FileType) -> Result<(), ContextError> {
        if self.files.len() + self.context.0.len() >= MAXIMUM_ENTRIES {
            return Err(ContextError::TooMany { directory: self.directory.into() });
        }
        if kind.is_file() {
            self.files.push(name);
        } else if kind.is_symlink() {
            let shown = named(self.directory, &name);
            let target =
                fs::read_link(on_disk(self.top, &name)).map_err(FileError::at(Access::Read, &shown))?;
            let target = FilePath(target.into_os_string().into_vec());
            if leads_out(&name, &target) {
                return Err(ContextError::LinkOut { link: shown, target: target.to_string() });
            }
            self.context.0.insert(name, ContextEntry::Link(target));
        } else {
            return Err(ContextError::Special { path: named(self.directory, &name) });
        }
        Ok(())
    }
}

/// Whether a link climbs above the directory. An absolute text is one inside the image.
fn leads_out(link: &FilePath, target: &FilePath) -> bool {
    if target.0.starts_with(b"/") {
        return false;
    }
    let mut depth = link.parts().count() - 1;
    for part in target.parts() {
        match part {
            b"." => {}
            b".." if depth == 0 => return true,
            b".." => depth -= 1,
            _ => depth += 1,
        }
    }
    false
}

fn file(top: &Utf8Path, path: &FilePath, known: &KnownDigests) -> Result<ContextEntry, ContextError> {
    let failed = |error| FileError::at(Access::Read, &named(top.as_str(), path))(error);
    let place = on_disk(top, path);
    let metadata = fs::symlink_metadata(&place).map_err(failed)?;
    if !metadata.is_file() {
        // It was one a moment ago.
        return Err(ContextError::Special { path: named(top.as_str(), path) });
    }
    let (digest, size) = known.of(&place, &metadata).map_err(failed)?;
    // The owner's right is what version control keeps.
    Ok(ContextEntry::File { digest, size, executable: metadata.permissions().mode() & 0o100 != 0 })
}

fn open(top: &Utf8Path, path: &FilePath) -> io::Result<File> {
    File::open(on_disk(top, path))
}

fn on_disk(top: &Utf8Path, path: &FilePath) -> PathBuf {
    top.as_std_path().join(Path::new(std::ffi::OsStr::from_bytes(&path.0)))
}

/// A path as people read it.
fn named(directory: &str, path: &FilePath) -> Utf8PathBuf {
    Utf8Path::new(directory).join(path.to_string())
}

/// The files of one context: those of its directory, and those that were fetched into the store.
#[derive(Debug)]
pub struct ContextFiles {
    directory: Utf8PathBuf,
    store: Utf8PathBuf,
}

impl ContextFiles {
    /// Those of `directory` in the project at `root`, and of the store at `store`.
    pub fn new(root: &Utf8Path, directory: &str, store: &Utf8Path) -> Self {
        Self { directory: root.join(directory), store: store.to_owned() }
    }
}

impl Contents for ContextFiles {
    fn stored(&self, digest: Digest) -> io::Result<Box<dyn Read + '_>> {
        Ok(Box::new(File::open(blob_path(&self.store, digest))?))
    }

    fn open(&self, path: &FilePath) -> io::Result<Box<dyn Read + '_>> {
        Ok(Box::new(open(&self.directory, path)?))
    }
}
