//! `rekindle lock`: publishes template versions and resolves outside facts into `rekindle.lock`.

use camino::Utf8Path;
use serde_json::json;

use crate::cli::Session;
use crate::cli::args::LockArguments;
use crate::cli::exit_code::ExitCode;
use crate::cli::failure::Failure;
use crate::cli::runtime;
use crate::disk;
use crate::manifest::lock::{self, FactProvider};
use crate::manifest::{LockChange, LockUpdate, Project, TemplateDigests};
use crate::model::files::LOCK_FILE;

/// Brings the lock up to date and shows what changed in it.
pub fn run(session: &Session, arguments: &LockArguments) -> Result<ExitCode, Failure> {
    let root = session.root()?;
    let project = Project::read(disk::read_project(&root)?)?;
    let update = bring_up_to_date(&root, &project, arguments.update)?;
    if session.console.is_json() {
        let changes: Vec<String> = update.changes.iter().map(ToString::to_string).collect();
        session.console.document(&json!({ "schema": 1, "lock": LOCK_FILE, "changes": changes }))?;
    } else if update.changes.is_empty() {
        session.console.result(&format!("{LOCK_FILE} is up to date\n"))?;
    } else {
        for change in &update.changes {
            session.console.result(&format!("{change}\n"))?;
        }
    }
    Ok(ExitCode::Done)
}

/// Writes the lock of the project at `root` when it has to change.
pub fn bring_up_to_date(root: &Utf8Path, project: &Project, refresh: bool) -> Result<LockUpdate, Failure> {
    let providers: [&dyn FactProvider; 1] = [&TemplateDigests];
    let update = runtime::run(async |_| {
        lock::update(project, &providers, refresh).await.map_err(|error| Failure::new(ExitCode::Error, error))
    })?;
    let has_changed = update.changes.iter().any(|change| !matches!(change, LockChange::Unused(_)));
    if has_changed {
        disk::write_atomically(&root.join(LOCK_FILE), update.lock.write().as_bytes())?;
    }
    Ok(update)
}
