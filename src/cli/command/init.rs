//! `rekindle init`: a project that works at once.

use camino::{Utf8Path, Utf8PathBuf};
use serde_json::json;

use crate::cli::Session;
use crate::cli::args::InitArguments;
use crate::cli::command::lock;
use crate::cli::exit_code::ExitCode;
use crate::cli::failure::Failure;
use crate::disk;
use crate::manifest::Project;
use crate::model::files::LOCK_FILE;
use crate::model::{NameError, ProjectName};
use crate::ui::SCHEMA;

/// The project's files. `PROJECT` in them stands for its name.
const SKELETON: &[(&str, &str)] = &[
    ("rekindle.yaml", include_str!("../skeleton/rekindle.yaml")),
    ("stacks/keys.yaml", include_str!("../skeleton/stacks/keys.yaml")),
    ("stacks/storage.yaml", include_str!("../skeleton/stacks/storage.yaml")),
    ("templates/keys/1.0.0/interface.yaml", include_str!("../skeleton/templates/keys/1.0.0/interface.yaml")),
    (
        "templates/keys/1.0.0/template.yaml.tera",
        include_str!("../skeleton/templates/keys/1.0.0/template.yaml.tera"),
    ),
    (
        "templates/storage/1.0.0/interface.yaml",
        include_str!("../skeleton/templates/storage/1.0.0/interface.yaml"),
    ),
    (
        "templates/storage/1.0.0/template.yaml.tera",
        include_str!("../skeleton/templates/storage/1.0.0/template.yaml.tera"),
    ),
    (".gitignore", ".rekindle/\n"),
];

/// Why no project was made.
#[derive(Debug, thiserror::Error)]
enum InitError {
    #[error("`{0}` already holds a project")]
    AlreadyThere(Utf8PathBuf),
    #[error("`{0}` is not empty")]
    NotEmpty(Utf8PathBuf),
    #[error("the directory's name does not make a project name")]
    Name(#[source] NameError),
}

/// Writes the files, publishes their templates, and says what to try.
pub fn run(session: &Session, arguments: &InitArguments) -> Result<ExitCode, Failure> {
    let directory = session.start()?.join(&arguments.directory);
    let name = name(&directory, arguments)?;
    refuse_what_is_there(&directory)?;
    for (path, content) in SKELETON {
        disk::write_new(&directory.join(path), content.replace("PROJECT", name.as_str()).as_bytes())?;
    }
    let project = Project::read(disk::read_project(&directory)?)?;
    lock::publish(&directory, &project)?;
    if session.console.is_json() {
        let files: Vec<&str> = SKELETON.iter().map(|(path, _)| *path).chain([LOCK_FILE]).collect();
        session.console.document(&json!({
            "schema": SCHEMA,
            "project": name,
            "directory": arguments.directory,
            "files": files,
        }))?;
        return Ok(ExitCode::Done);
    }
    session.console.result(&format!("made the project `{name}` in {}\n", arguments.directory))?;
    let go =
        if arguments.directory == "." { String::new() } else { format!("cd {} && ", arguments.directory) };
    session.console.progress(&format!(
        "next: {go}rekindle deploy demo --yes     on the embedded engine: no account, nothing to pay\n"
    ))?;
    Ok(ExitCode::Done)
}

fn name(directory: &Utf8Path, arguments: &InitArguments) -> Result<ProjectName, Failure> {
    if let Some(name) = &arguments.name {
        return Ok(name.clone());
    }
    let last = directory.components().next_back().map(|part| part.as_str().to_owned()).unwrap_or_default();
    let last = if last == "." {
        directory.parent().and_then(Utf8Path::file_name).unwrap_or_default().to_owned()
    } else {
        last
    };
    ProjectName::new(last).map_err(|error| {
        Failure::new(ExitCode::Error, InitError::Name(error)).hint("give one: `--name fieldbook`")
    })
}

/// Files of a fresh repository (`.git`, `README.md`, a licence) are no obstacle; ours are.
fn refuse_what_is_there(directory: &Utf8Path) -> Result<(), Failure> {
    let entries = disk::entries(directory)?;
    let is_ours = |name: &String| SKELETON.iter().any(|(path, _)| path.split('/').next() == Some(name));
    if entries.iter().any(|name| name == "rekindle.yaml") {
        let error = InitError::AlreadyThere(directory.to_owned());
        return Err(Failure::new(ExitCode::Error, error).hint("try `rekindle check` there"));
    }
    match entries.iter().find(|name| is_ours(name) && *name != ".gitignore") {
        Some(name) => Err(Failure::new(ExitCode::Error, InitError::NotEmpty(directory.join(name)))
            .hint("choose another directory: nothing is ever overwritten")),
        None => Ok(()),
    }
}
