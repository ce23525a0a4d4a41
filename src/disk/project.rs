//! Finding a project and reading its files.

use std::fs::{self, FileType};
use std::io;

use camino::{Utf8Path, Utf8PathBuf};

use crate::disk::error::{Access, FileError};
use crate::model::ProjectFiles;
use crate::model::files::{LOCK_FILE, MANIFEST_FILE};

/// There is no project.
#[derive(Debug, thiserror::Error)]
#[error("there is no `{MANIFEST_FILE}` in `{directory}` or in a directory above it")]
pub struct FindError {
    /// Where the search began.
    pub directory: Utf8PathBuf,
}

impl FindError {
    /// What to do next.
    pub fn hint(&self) -> &'static str {
        "`rekindle init` makes a project here; `-C DIR` names one that lies elsewhere"
    }
}

/// The project that `directory` belongs to: the nearest directory, it or one above it, with a
/// `rekindle.yaml`.
///
/// # Errors
/// There is none.
pub fn find_project(directory: &Utf8Path) -> Result<Utf8PathBuf, FindError> {
    let absolute = directory.canonicalize_utf8().unwrap_or_else(|_| directory.to_owned());
    absolute
        .ancestors()
        .find(|candidate| candidate.join(MANIFEST_FILE).is_file())
        .map(Utf8Path::to_owned)
        .ok_or(FindError { directory: absolute.clone() })
}

/// Why a project could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The system refused.
    #[error(transparent)]
    File(#[from] FileError),
    /// A symbolic link points out of the project, where its target can change unseen.
    #[error("the symbolic link `{link}` leads out of the project, to `{target}`")]
    LinkOut {
        /// The link, relative to the project.
        link: Utf8PathBuf,
        /// What it points to.
        target: Utf8PathBuf,
    },
    /// A symbolic link to a directory inside the project: its files would count twice, or for ever.
    #[error("the symbolic link `{link}` points to a directory")]
    LinkToDirectory {
        /// The link, relative to the project.
        link: Utf8PathBuf,
    },
    /// A file name that is not UTF-8.
    #[error("the directory `{directory}` holds a file whose name is not UTF-8: `{name}`")]
    Name {
        /// The directory.
        directory: Utf8PathBuf,
        /// The name, with a replacement character for each byte that could not be read.
        name: String,
    },
    /// Neither file, directory nor link: a socket, a device.
    #[error("`{path}` is neither a file nor a directory")]
    Special {
        /// What it is about, relative to the project.
        path: Utf8PathBuf,
    },
}

impl ReadError {
    /// What to do next.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::File(error) => error.hint(),
            Self::LinkOut { .. } => {
                Some("copy what it points to into the project; links to files inside the project are fine")
            }
            Self::LinkToDirectory { .. } => {
                Some("copy the directory, or let templates include files of one shared version")
            }
            Self::Name { .. } => Some("rename the file"),
            Self::Special { .. } => Some("remove it"),
        }
    }
}

/// Reads every file of the project at `root` that can have influence: the manifest, the lock,
/// and everything below `stacks/` and `templates/`, except what systems and editors leave behind
/// (`.DS_Store`, `Thumbs.db`, `*~`, `.*.swp`, `.*.tmp`).
///
/// A symbolic link to a file inside the project is read as that file; any other is an error.
///
/// # Errors
/// Something cannot be read, or is no plain file.
pub fn read_project(root: &Utf8Path) -> Result<ProjectFiles, ReadError> {
    let root = root.canonicalize_utf8().map_err(FileError::at(Access::Read, root))?;
    let mut reader = Reader { root: &root, files: ProjectFiles::default() };
    for name in [MANIFEST_FILE, LOCK_FILE] {
        reader.optional(Utf8Path::new(name))?;
    }
    for name in ["stacks", "templates"] {
        reader.optional(Utf8Path::new(name))?;
    }
    Ok(reader.files)
}

/// Reads every file below `rehearsal/` of the project at `root`, which has no influence on what is
/// rendered. There need not be any.
///
/// # Errors
/// Something cannot be read, or is no plain file.
pub fn read_rehearsal(root: &Utf8Path) -> Result<ProjectFiles, ReadError> {
    read_part(root, "rehearsal")
}

/// Reads `rekindle.yaml` of the project at `root` and nothing else.
///
/// # Errors
/// It cannot be read, or is no plain file.
pub fn read_manifest(root: &Utf8Path) -> Result<ProjectFiles, ReadError> {
    read_part(root, MANIFEST_FILE)
}

/// Reads `rekindle.lock` of the project at `root` and nothing else.
///
/// # Errors
/// It cannot be read, or is no plain file.
pub fn read_lock(root: &Utf8Path) -> Result<ProjectFiles, ReadError> {
    read_part(root, LOCK_FILE)
}

fn read_part(root: &Utf8Path, part: &str) -> Result<ProjectFiles, ReadError> {
    let root = root.canonicalize_utf8().map_err(FileError::at(Access::Read, root))?;
    let mut reader = Reader { root: &root, files: ProjectFiles::default() };
    reader.optional(Utf8Path::new(part))?;
    Ok(reader.files)
}

struct Reader<'r> {
    root: &'r Utf8Path,
    files: ProjectFiles,
}

impl Reader<'_> {
    fn optional(&mut self, path: &Utf8Path) -> Result<(), ReadError> {
        let full = self.root.join(path);
        match fs::symlink_metadata(&full) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(error) => Err(FileError::at(Access::Read, &full)(error).into()),
            Ok(metadata) => self.entry(path, metadata.file_type()),
        }
    }

    fn entry(&mut self, path: &Utf8Path, kind: FileType) -> Result<(), ReadError> {
        if kind.is_symlink() {
            self.link(path)
        } else if kind.is_dir() {
            self.directory(path)
        } else if kind.is_file() {
            self.file(path, &self.root.join(path))
        } else {
            Err(ReadError::Special { path: path.to_owned() })
        }
    }

    fn directory(&mut self, path: &Utf8Path) -> Result<(), ReadError> {
        let full = self.root.join(path);
        let failed = || FileError::at(Access::Read, &full);
        for entry in fs::read_dir(&full).map_err(failed())? {
            let entry = entry.map_err(failed())?;
            let name = entry.file_name();
            let Some(name) = name.to_str() else {
                return Err(ReadError::Name {
                    directory: path.to_owned(),
                    name: name.to_string_lossy().into_owned(),
                });
            };
            if !is_left_behind(name) {
                self.entry(&path.join(name), entry.file_type().map_err(failed())?)?;
            }
        }
        Ok(())
    }

    fn link(&mut self, path: &Utf8Path) -> Result<(), ReadError> {
        let full = self.root.join(path);
        let target = full.canonicalize_utf8().map_err(FileError::at(Access::Read, &full))?;
        if !target.starts_with(self.root) {
            return Err(ReadError::LinkOut { link: path.to_owned(), target });
        }
        if target.is_dir() {
            return Err(ReadError::LinkToDirectory { link: path.to_owned() });
        }
        self.file(path, &target)
    }

    fn file(&mut self, path: &Utf8Path, full: &Utf8Path) -> Result<(), ReadError> {
        let bytes = fs::read(full).map_err(FileError::at(Access::Read, full))?;
        let parts: Vec<&str> = path.components().map(|part| part.as_str()).collect();
        self.files.0.insert(parts.join("/"), bytes);
        Ok(())
    }
}

fn is_left_behind(name: &str) -> bool {
    matches!(name, ".DS_Store" | "Thumbs.db")
        || name.ends_with('~')
        || (name.starts_with('.') && (name.ends_with(".swp") || name.ends_with(".tmp")))
}

#[cfg(test)]
mod tests {
    use std::os::unix::ffi::OsStrExt as _;
    use std::os::unix::fs::symlink;

    use super::*;

    fn project() -> (tempfile::TempDir, Utf8PathBuf) {
        let guard = tempfile::tempdir().unwrap();
        let path = guard.path().canonicalize().unwrap().join("project");
        let root = Utf8PathBuf::from_path_buf(path).unwrap();
        fs::create_dir_all(root.join("templates/data/1.0.0")).unwrap();
        fs::create_dir_all(root.join("stacks")).unwrap();
        fs::write(root.join("rekindle.yaml"), "project: a").unwrap();
        fs::write(root.join("stacks/data.yaml"), "x").unwrap();
        fs::write(root.join("templates/data/1.0.0/template.yaml"), "y").unwrap();
        (guard, root)
    }

    #[test]
    fn what_has_influence_is_read_and_the_rest_is_not() {
        let (_guard, root) = project();
        fs::write(root.join("README.md"), "").unwrap();
        fs::write(root.join("stacks/data.yaml~"), "").unwrap();
        fs::write(root.join("templates/.DS_Store"), "").unwrap();
        let files = read_project(&root).unwrap();
        let paths: Vec<&str> = files.0.keys().map(String::as_str).collect();
        assert_eq!(paths, ["rekindle.yaml", "stacks/data.yaml", "templates/data/1.0.0/template.yaml"]);
    }

    #[test]
    fn a_project_is_found_from_below() {
        let (_guard, root) = project();
        assert_eq!(find_project(&root.join("templates/data")).unwrap(), root);
        let error = find_project(root.parent().unwrap()).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!("there is no `rekindle.yaml` in `{}` or in a directory above it", root.parent().unwrap())
        );
    }

    #[test]
    fn links_are_followed_to_files_inside_the_project_only() {
        let (_guard, root) = project();
        let folder = root.join("templates/data/1.0.0");
        symlink("template.yaml", folder.join("same.yaml")).unwrap();
        let files = read_project(&root).unwrap();
        assert_eq!(files.get("templates/data/1.0.0/same.yaml"), Some(&b"y"[..]));

        symlink("../1.0.0", folder.join("loop")).unwrap();
        let error = read_project(&root).unwrap_err().to_string();
        assert_eq!(error, "the symbolic link `templates/data/1.0.0/loop` points to a directory");
        fs::remove_file(folder.join("loop")).unwrap();

        fs::write(root.parent().unwrap().join("secret"), "").unwrap();
        symlink("../../../../secret", folder.join("out")).unwrap();
        let error = read_project(&root).unwrap_err().to_string();
        assert_eq!(
            error,
            format!(
                "the symbolic link `templates/data/1.0.0/out` leads out of the project, to `{}/secret`",
                root.parent().unwrap()
            )
        );
    }

    #[test]
    fn a_link_to_nothing_is_an_error() {
        let (_guard, root) = project();
        symlink("nowhere", root.join("stacks/gone.yaml")).unwrap();
        let error = read_project(&root).unwrap_err().to_string();
        assert_eq!(error, format!("could not read `{root}/stacks/gone.yaml`"));
    }

    #[test]
    fn a_name_that_is_not_utf8_is_an_error() {
        let (_guard, root) = project();
        let name = std::ffi::OsStr::from_bytes(b"d\xffta.yaml");
        fs::write(root.join("stacks").as_std_path().join(name), "").unwrap();
        let error = read_project(&root).unwrap_err().to_string();
        assert_eq!(error, "the directory `stacks` holds a file whose name is not UTF-8: `d\u{fffd}ta.yaml`");
    }
}
