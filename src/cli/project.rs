//! From where the command was started to the project, its files, and rekindle's own directory.

use std::collections::BTreeMap;

use camino::Utf8PathBuf;

use crate::cli::Session;
use crate::cli::exit_code::ExitCode;
use crate::cli::failure::Failure;
use crate::disk::{self, KnownDigests, StateDirectory};
use crate::manifest::Project;

/// Why there is no place to start from.
#[derive(Debug, thiserror::Error)]
#[error("the current directory cannot be named")]
struct NoDirectory;

impl Session {
    /// Where to look for the project, or to make one.
    pub(super) fn directory(&self) -> Result<Utf8PathBuf, Failure> {
        let base = self.surroundings.directory.clone();
        match (&self.global.directory, base) {
            (Some(directory), Some(base)) => Ok(base.join(directory)),
            (Some(directory), None) if directory.is_absolute() => Ok(directory.clone()),
            (None, Some(base)) => Ok(base),
            _ => Err(Failure::new(ExitCode::Error, NoDirectory)
                .hint("it may have been removed, or its name is not UTF-8; go elsewhere and give `-C DIR`")),
        }
    }

    /// The project's root.
    pub(super) fn root(&self) -> Result<Utf8PathBuf, Failure> {
        Ok(disk::find_project(&self.directory()?)?)
    }

    /// The project, read and checked. Its warnings are shown.
    pub(super) fn project(&self) -> Result<Project, Failure> {
        let project = self.read()?;
        self.console.diagnostics(&project.warnings)?;
        Ok(project)
    }

    /// The project with the directories that its images copy from; its warnings are not shown.
    pub(super) fn read(&self) -> Result<Project, Failure> {
        let root = self.root()?;
        let mut project = Project::read(disk::read_project(&root)?)?;
        let mut contexts = BTreeMap::new();
        for directory in project.context_directories() {
            let context = disk::read_context(&root, directory, self.known_digests()?)?;
            contexts.extend(context.map(|context| (directory.to_owned(), context)));
        }
        project.contexts = contexts;
        Ok(project)
    }

    /// What is known of the files that images copy from.
    pub(super) fn known_digests(&self) -> Result<&KnownDigests, Failure> {
        if self.known.get().is_none() {
            // Whoever comes second reads the same, and it is dropped.
            let _ = self.known.set(KnownDigests::read(&self.state()?.context_digests()));
        }
        Ok(self.known.get_or_init(KnownDigests::default))
    }

    /// Where rekindle keeps what is its own.
    pub(super) fn state(&self) -> Result<StateDirectory, Failure> {
        match &self.global.state_dir {
            Some(path) => Ok(StateDirectory::at(self.start()?.join(path))),
            None => Ok(StateDirectory::of_project(&self.root()?)),
        }
    }

    /// Paths in options other than `-C` start where the command was started.
    pub(super) fn start(&self) -> Result<Utf8PathBuf, Failure> {
        match &self.surroundings.directory {
            Some(directory) => Ok(directory.clone()),
            None => self.directory(),
        }
    }
}
