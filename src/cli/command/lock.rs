//! `rekindle lock`: publishes template versions and resolves outside facts into `rekindle.lock`.

use camino::Utf8Path;
use clap::Args;
use serde_json::{Value, json};

use crate::cli::Session;
use crate::cli::exit_code::ExitCode;
use crate::cli::failure::Failure;
use crate::cli::runtime;
use crate::disk;
use crate::manifest::lock::{self, FactName, FactProvider, PARAMETER_STORE, Scope};
use crate::manifest::{LockChange, LockUpdate, Project, TemplateDigests};
use crate::model::files::LOCK_FILE;
use crate::release;

/// `lock`
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  rekindle lock            publish new template versions\n  \
    rekindle lock --update   resolve every outside fact anew\n  \
    rekindle lock --ssm /app/image=ami-0ff8a91507f77f867 --at 111122223333/eu-central-1")]
pub struct LockArguments {
    /// Resolve every outside fact anew (published templates never change)
    #[arg(long)]
    pub update: bool,
    /// Lock the value of an entry of Parameter Store; may be given several times
    #[arg(long, value_name = "NAME=VALUE", requires = "at", value_parser = entry)]
    pub ssm: Vec<(String, String)>,
    /// Where the values given by --ssm hold: global, REGION or ACCOUNT/REGION
    #[arg(long, value_name = "SCOPE", requires = "ssm")]
    pub at: Option<Scope>,
}

/// `NAME=VALUE`, neither of them empty.
fn entry(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() && !value.is_empty() => {
            Ok((name.to_owned(), value.to_owned()))
        }
        _ => Err("write NAME=VALUE".to_owned()),
    }
}

/// Brings the lock up to date and shows what changed in it.
pub fn run(session: &Session, arguments: &LockArguments) -> Result<ExitCode, Failure> {
    let root = session.root()?;
    let project = Project::read(disk::read_project(&root)?)?;
    refuse_broken(&project)?;
    let update = bring_up_to_date(&root, &project, arguments.update, &stated(arguments))?;
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

/// A version that is published never changes, so one with errors would stay broken.
fn refuse_broken(project: &Project) -> Result<(), Failure> {
    let errors = release::judge_drafts(project)?;
    if errors.0.is_empty() {
        return Ok(());
    }
    Err(Failure::from(errors).hint(format!("nothing was published, and {LOCK_FILE} is as it was")))
}

/// The facts that the command line states.
fn stated(arguments: &LockArguments) -> Vec<(FactName, Value)> {
    let Some(scope) = &arguments.at else { return Vec::new() };
    let fact = |(name, value): &(String, String)| {
        let (provider, name) = (PARAMETER_STORE.to_owned(), name.clone());
        (FactName { provider, name, scope: scope.clone() }, Value::from(value.as_str()))
    };
    arguments.ssm.iter().map(fact).collect()
}

/// Writes the lock of the project at `root` when it has to change.
pub fn bring_up_to_date(
    root: &Utf8Path,
    project: &Project,
    refresh: bool,
    stated: &[(FactName, Value)],
) -> Result<LockUpdate, Failure> {
    let providers: [&dyn FactProvider; 1] = [&TemplateDigests];
    let mut update = runtime::run(async |_| {
        lock::update(project, &providers, refresh).await.map_err(|error| Failure::new(ExitCode::Error, error))
    })?;
    for (fact, value) in stated {
        update.state(fact.clone(), value.clone());
    }
    let has_changed = update.changes.iter().any(|change| !matches!(change, LockChange::Unused(_)));
    if has_changed {
        disk::write_atomically(&root.join(LOCK_FILE), update.lock.write().as_bytes())?;
    }
    Ok(update)
}
