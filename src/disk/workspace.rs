//! Files that are there while an image is made canonical, beside the store's blobs, and files of images
//! elsewhere that are only read.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};

use camino::{Utf8Path, Utf8PathBuf};

use crate::disk::error::{Access, FileError};
use crate::image::canonical::{self, CanonicalError, FileNumber, Files, Readable, Space, Stretch};

/// Bytes that are written at a time.
const BUFFER: usize = 1 << 20;

/// Such files. What was made goes with it; what was only read stays.
#[derive(Debug)]
pub struct Workspace {
    /// What the names of files begin with that are made here.
    prefix: Utf8PathBuf,
    files: Vec<Utf8PathBuf>,
    made: Vec<Utf8PathBuf>,
}

impl Workspace {
    /// One whose files' paths begin with `prefix`: no two at a time may have the same.
    pub(super) fn new(prefix: &Utf8Path) -> Self {
        Self { prefix: prefix.to_owned(), files: Vec::new(), made: Vec::new() }
    }

    /// A file that is only read.
    pub fn add(&mut self, path: Utf8PathBuf) -> FileNumber {
        self.files.push(path);
        FileNumber(self.files.len() - 1)
    }
}

impl Space for Workspace {
    fn create(&mut self) -> io::Result<(FileNumber, Box<dyn Write + Send>)> {
        let path = Utf8PathBuf::from(format!("{}-{}", self.prefix, self.files.len()));
        let file = File::create_new(&path)?;
        self.made.push(path.clone());
        Ok((self.add(path), Box::new(BufWriter::with_capacity(BUFFER, file))))
    }

    fn open(&self, file: FileNumber) -> io::Result<Box<dyn Readable>> {
        let path = self.files.get(file.0).ok_or(io::ErrorKind::NotFound)?;
        Ok(Box::new(File::open(path)?))
    }
}

impl Drop for Workspace {
    fn drop(&mut self) {
        for path in &self.made {
            // Best effort: the next run removes what is left.
            let _ = fs::remove_file(path);
        }
    }
}

/// The files of an image that lies at `path`: an OCI image layout, or an archive of one or of an engine.
///
/// # Errors
/// Nothing is there, or it is no image.
pub fn image_files(space: &mut Workspace, path: &Utf8Path) -> Result<Files, ImageFilesError> {
    let failed = |error| FileError::at(Access::Read, path)(error);
    let found = fs::metadata(path).map_err(failed)?;
    if found.is_file() {
        let file = space.add(path.to_owned());
        return Ok(canonical::files(space, file)?);
    }
    let mut files = Files::new();
    for name in ["index.json", "manifest.json"] {
        if path.join(name).is_file() {
            add(space, &mut files, path, name)?;
        }
    }
    let blobs = path.join("blobs/sha256");
    for entry in fs::read_dir(&blobs).map_err(FileError::at(Access::Read, &blobs))? {
        let entry = entry.map_err(FileError::at(Access::Read, &blobs))?;
        if let Some(name) = entry.file_name().to_str() {
            add(space, &mut files, path, &format!("blobs/sha256/{name}"))?;
        }
    }
    Ok(files)
}

fn add(space: &mut Workspace, files: &mut Files, root: &Utf8Path, name: &str) -> Result<(), FileError> {
    let path = root.join(name);
    let length = fs::metadata(&path).map_err(FileError::at(Access::Read, &path))?.len();
    let stretch = Stretch { file: space.add(path), offset: 0, length };
    files.insert(name.to_owned(), stretch);
    Ok(())
}

/// Why the files of an image could not be found.
#[derive(Debug, thiserror::Error)]
pub enum ImageFilesError {
    /// The system refused.
    #[error(transparent)]
    File(#[from] FileError),
    /// It is no image.
    #[error(transparent)]
    Image(#[from] CanonicalError),
}

impl ImageFilesError {
    /// What to do next.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::File(error) => error.hint(),
            Self::Image(error) => error.hint(),
        }
    }
}
