//! `rekindle render --check-determinism`: the same project rendered by two other processes, in other
//! directories, with other file times, locale, time zone, user and environment, compared byte by byte.
//! (Each process has its own seeds for hash maps.)

use std::collections::BTreeMap;
use std::process::Command;

use camino::Utf8Path;

use crate::cli::Session;
use crate::cli::exit_code::ExitCode;
use crate::cli::failure::Failure;
use crate::disk::{self, ScratchDirectory};
use crate::manifest::Project;
use crate::model::{Digest, ProjectFiles, canonical};
use crate::release::{Assembly, artifact_path, render_document, render_files};

/// What differs between the two renders, besides their hash seeds.
struct Conditions {
    directory: &'static str,
    /// Modification time of every file, in seconds since 1970.
    modified: u64,
    variables: &'static [(&'static str, &'static str)],
}

const CONDITIONS: [Conditions; 2] = [
    Conditions {
        directory: "one",
        modified: 86_400,
        variables: &[
            ("LC_ALL", "C"),
            ("LANG", "C"),
            ("TZ", "Pacific/Kiritimati"),
            ("USER", "one"),
            ("HOME", "/"),
        ],
    },
    Conditions {
        directory: "another directory, ö",
        modified: 1_900_000_000,
        variables: &[
            ("LC_ALL", "tr_TR.UTF-8"),
            ("LANG", "tr_TR.UTF-8"),
            ("TZ", "America/Adak"),
            ("USER", "two"),
            ("HOME", "/nonexistent"),
            ("REKINDLE_UNRELATED", "1"),
        ],
    },
];

/// Why the comparison could not be made, or what it found.
#[derive(Debug, thiserror::Error)]
enum DeterminismError {
    #[error("the render could not be repeated in another process")]
    Start(#[source] std::io::Error),
    #[error("a repeated render failed:\n{0}")]
    Failed(String),
    #[error("`{file}` differs between two renders: {left} here, {right} there, first at byte {offset}")]
    Differs { file: String, left: Digest, right: Digest, offset: usize },
    #[error("`{0}` is made by one render and not by the other")]
    OneOnly(String),
}

/// Everything a render says and writes, by name.
type Rendered = BTreeMap<String, Vec<u8>>;

/// Compares this process's render and two others'.
pub fn run(session: &Session, project: &Project, assembly: &Assembly) -> Result<ExitCode, Failure> {
    let scratch = ScratchDirectory::make(&session.state()?)?;
    let name = assembly.environment.name.as_str();
    let here = here(assembly);
    for conditions in &CONDITIONS {
        session.console.progress(&format!("rendering in `{}`\n", conditions.directory))?;
        let directory = scratch.path().join(conditions.directory);
        for context in project.contexts.keys() {
            disk::copy_directory(&session.root()?.join(context), &directory.join(context))?;
        }
        let there = there(&directory, &project.files, name, conditions)?;
        compare(&here, &there)?;
    }
    let digest = Digest::of_value("rekindle/render/1", &serde_json::json!(digests(&here)));
    let files = here.len();
    session
        .console
        .result(&format!("{files} files of `{name}` are the same in three renders: {digest}\n"))?;
    Ok(ExitCode::Done)
}

fn here(assembly: &Assembly) -> Rendered {
    let mut rendered = render_files(assembly);
    let document = render_document(assembly, |instance| Some(format!("out/{}", artifact_path(instance))));
    rendered.insert("document".to_owned(), canonical::bytes(&document));
    rendered
}

fn there(
    directory: &Utf8Path,
    files: &ProjectFiles,
    environment: &str,
    conditions: &Conditions,
) -> Result<Rendered, Failure> {
    disk::write_files(directory, &files.0, conditions.modified)?;
    let program = std::env::current_exe().map_err(DeterminismError::Start).map_err(failed)?;
    let output = Command::new(program)
        .args(["render", environment, "--out", "out", "--output", "json", "--quiet"])
        .current_dir(directory)
        .env_clear()
        .envs(conditions.variables.iter().copied())
        .output()
        .map_err(DeterminismError::Start)
        .map_err(failed)?;
    if !output.status.success() {
        return Err(failed(DeterminismError::Failed(String::from_utf8_lossy(&output.stderr).into_owned())));
    }
    let mut rendered = disk::read_files(&directory.join("out"))?;
    let document: serde_json::Value = serde_json::from_slice(&output.stdout)
        .map_err(|error| failed(DeterminismError::Failed(error.to_string())))?;
    rendered.insert("document".to_owned(), canonical::bytes(&document));
    Ok(rendered)
}

fn compare(here: &Rendered, there: &Rendered) -> Result<(), Failure> {
    let differs = |failure| Failure { code: ExitCode::Different, ..failed(failure) };
    let names: std::collections::BTreeSet<&String> = here.keys().chain(there.keys()).collect();
    for name in names {
        let (Some(left), Some(right)) = (here.get(name), there.get(name)) else {
            return Err(differs(DeterminismError::OneOnly(name.clone())));
        };
        if left != right {
            let offset = left.iter().zip(right).take_while(|(left, right)| left == right).count();
            let (left, right) = (Digest::of(left), Digest::of(right));
            return Err(differs(DeterminismError::Differs { file: name.clone(), left, right, offset }));
        }
    }
    Ok(())
}

fn digests(rendered: &Rendered) -> BTreeMap<&String, Digest> {
    rendered.iter().map(|(name, bytes)| (name, Digest::of(bytes))).collect()
}

fn failed(error: DeterminismError) -> Failure {
    Failure::new(ExitCode::Error, error)
}
