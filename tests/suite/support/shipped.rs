//! The project at the repository's root, with variations of its manifest.

use camino::Utf8Path;
use rekindle::disk::read_project;
use rekindle::manifest::Project;
use rekindle::manifest::lock::{TemplateDigests, update};
use rekindle::model::{Diagnostics, EnvironmentName, ProjectFiles};
use rekindle::release::{Assembly, assemble};

/// Its files as they are in the repository.
pub fn files() -> ProjectFiles {
    read_project(Utf8Path::new(env!("CARGO_MANIFEST_DIR"))).unwrap()
}

/// Its files with texts of the manifest replaced; each must be there.
pub fn varied(changes: &[(&str, &str)]) -> ProjectFiles {
    let mut files = files();
    let manifest = files.0.get_mut("rekindle.yaml").unwrap();
    let mut text = String::from_utf8(manifest.clone()).unwrap();
    for (old, new) in changes {
        assert!(text.contains(old), "the manifest no longer says `{old}`");
        text = text.replace(old, new);
    }
    *manifest = text.into_bytes();
    files
}

/// The project with every template version published, as after `rekindle lock`.
pub fn locked(files: ProjectFiles) -> Project {
    let mut project = read(files);
    let locked = update(&project, &[&TemplateDigests], false);
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let lock = runtime.block_on(locked).unwrap().lock.write();
    project.files.0.insert("rekindle.lock".to_owned(), lock.into_bytes());
    read(project.files)
}

/// One environment of it.
pub fn assembled(files: ProjectFiles, environment: &str) -> Assembly {
    let environment = EnvironmentName::new(environment).unwrap();
    right(assemble(&locked(files), &environment))
}

fn read(files: ProjectFiles) -> Project {
    right(Project::read(files))
}

fn right<T>(result: Result<T, Diagnostics>) -> T {
    result.unwrap_or_else(|problems| panic!("{problems:#?}"))
}
