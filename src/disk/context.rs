//! Directories that images copy from: what is in them, and the bytes of their files.

use std::fs::{self, File, Metadata};
use std::io::{self, Read};
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use camino::{Utf8Path, Utf8PathBuf};
use rayon::prelude::*;

use crate::disk::error::{Access, FileError};
use crate::disk::known_digests::KnownDigests;
use crate::disk::store::blob_path;
use crate::image::{Contents, ContextFile, IgnoreRules};
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
    let walk = Walk { directory, top: &top, ignore, known, entries: AtomicUsize::new(0) };
    let mut entries = walk.directory(&FilePath(Vec::new()))?;
    // In order a map of them is made at once.
    entries.par_sort_unstable_by(|(one, _), (other, _)| one.cmp(other));
    Ok(Some(Context(entries.into_iter().collect())))
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

/// What was found, by path.
type Found = Vec<(FilePath, ContextEntry)>;

struct Walk<'w> {
    directory: &'w str,
    top: &'w Utf8Path,
    ignore: IgnoreRules,
    known: &'w KnownDigests,
    /// How many were found.
    entries: AtomicUsize,
}

/// What a directory has.
#[derive(Default)]
struct Listing {
    directories: Vec<FilePath>,
    others: Vec<(FilePath, Metadata)>,
}

impl Walk<'_> {
    /// Everything in a directory and below it. Directories are read at the same time, and so are files.
    fn directory(&self, below: &FilePath) -> Result<Found, ContextError> {
        let Listing { directories, others } = self.list(below)?;
        let inside = || directories.par_iter().map(|path| self.directory(path));
        let here = || others.into_par_iter().map(|(path, metadata)| self.entry(path, &metadata));
        let (inside, here) = rayon::join(
            || inside().collect::<Result<Vec<Found>, _>>(),
            || here().collect::<Result<Found, _>>(),
        );
        let mut found = here?;
        found.extend(inside?.into_iter().flatten());
        Ok(found)
    }

    /// The system is asked for what is in the directory while that is open: it need not walk down to each file.
    fn list(&self, below: &FilePath) -> Result<Listing, ContextError> {
        let failed = |error| FileError::at(Access::Read, &named(self.directory, below))(error);
        let mut listing = Listing::default();
        for entry in fs::read_dir(on_disk(self.top, below)).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            let name = below.join(entry.file_name().as_bytes());
            if name.0 == b".dockerignore" {
                continue;
            }
            if entry.file_type().map_err(failed)?.is_dir() {
                if !self.ignore.ignores_all_below(&name.0) {
                    listing.directories.push(name);
                }
            } else if !self.ignore.ignores(&name.0) {
                if self.entries.fetch_add(1, Ordering::Relaxed) >= MAXIMUM_ENTRIES {
                    return Err(ContextError::TooMany { directory: self.directory.into() });
                }
                let failed = |error| FileError::at(Access::Read, &named(self.directory, &name))(error);
                let metadata = entry.metadata().map_err(failed)?;
                listing.others.push((name, metadata));
            }
        }
        Ok(listing)
    }

    fn entry(&self, name: FilePath, metadata: &Metadata) -> Result<(FilePath, ContextEntry), ContextError> {
        let kind = metadata.file_type();
        let entry = if kind.is_file() {
            self.file(&name, metadata)?
        } else if kind.is_symlink() {
            self.link(&name)?
        } else {
            return Err(ContextError::Special { path: named(self.directory, &name) });
        };
        Ok((name, entry))
    }

    fn file(&self, name: &FilePath, metadata: &Metadata) -> Result<ContextEntry, ContextError> {
        let failed = |error| FileError::at(Access::Read, &named(self.directory, name))(error);
        let (digest, size) = self.known.of(&on_disk(self.top, name), metadata).map_err(failed)?;
        // The owner's right is what version control keeps.
        Ok(ContextEntry::File { digest, size, executable: metadata.permissions().mode() & 0o100 != 0 })
    }

    fn link(&self, name: &FilePath) -> Result<ContextEntry, ContextError> {
        let shown = named(self.directory, name);
        let target = fs::read_link(on_disk(self.top, name)).map_err(FileError::at(Access::Read, &shown))?;
        let target = FilePath(target.into_os_string().into_vec());
        if leads_out(name, &target) {
            return Err(ContextError::LinkOut { link: shown, target: target.to_string() });
        }
        Ok(ContextEntry::Link(target))
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

fn on_disk(top: &Utf8Path, path: &FilePath) -> PathBuf {
    top.as_std_path().join(Path::new(std::ffi::OsStr::from_bytes(&path.0)))
}

/// A path as people read it.
fn named(directory: &str, path: &FilePath) -> Utf8PathBuf {
    Utf8Path::new(directory).join(path.to_string())
}

/// The files of one context: those of its directory, and those that were fetched into the store.
#[derive(Debug)]
pub struct ContextFiles<'k> {
    directory: Utf8PathBuf,
    store: Utf8PathBuf,
    known: &'k KnownDigests,
}

impl<'k> ContextFiles<'k> {
    /// Those of `directory` in the project at `root`, and of the store at `store`.
    pub fn new(root: &Utf8Path, directory: &str, store: &Utf8Path, known: &'k KnownDigests) -> Self {
        Self { directory: root.join(directory), store: store.to_owned(), known }
    }
}

impl Contents for ContextFiles<'_> {
    fn stored(&self, digest: Digest) -> io::Result<Box<dyn Read + '_>> {
        Ok(Box::new(File::open(blob_path(&self.store, digest))?))
    }

    fn open(&self, path: &FilePath) -> io::Result<Box<dyn ContextFile + '_>> {
        let path = on_disk(&self.directory, path);
        Ok(Box::new(OpenFile { file: File::open(&path)?, path, known: self.known }))
    }
}

/// A file of a context's directory.
struct OpenFile<'k> {
    path: PathBuf,
    file: File,
    known: &'k KnownDigests,
}

impl Read for OpenFile<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.file.read(buffer)
    }
}

impl ContextFile for OpenFile<'_> {
    fn is_known_as(&self, digest: Digest) -> io::Result<bool> {
        Ok(self.known.read_before(&self.path, &self.file.metadata()?) == Some(digest))
    }
}
