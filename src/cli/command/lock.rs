//! `rekindle lock`: publishes template versions and resolves outside facts into `rekindle.lock`.

use camino::Utf8Path;
use clap::Args;
use serde_json::{Value, json};

use crate::cli::Session;
use crate::cli::bases::BaseImages;
use crate::cli::exit_code::ExitCode;
use crate::cli::failure::Failure;
use crate::cli::{runtime, wire};
use crate::disk;
use crate::manifest::lock::{self, FactName, FactProvider, Lock, PARAMETER_STORE, Scope};
use crate::manifest::{LockChange, LockUpdate, Project, TemplateDigests};
use crate::model::files::LOCK_FILE;
use crate::model::{Diagnostics, Platform};
use crate::release::{self, Assembler};

/// `lock`
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  rekindle lock            publish new template versions, ask what new base images are\n  \
    rekindle lock --update   resolve every outside fact anew\n  \
    rekindle lock --ssm /app/image=ami-0ff8a91507f77f867 --at 111122223333/eu-central-1"
)]
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
    let stated = stated(arguments);
    let mut update = published(&project, arguments.update)?;
    state(&mut update, &stated);
    let errors = errors_in_drafts(&project, &update);
    if !errors.0.is_empty() {
        // What a template lacks may be just a value that is stated now.
        let mut update = LockUpdate { lock: project.lock.clone(), changes: Vec::new() };
        state(&mut update, &stated);
        write(&root, &update)?;
        return Err(Failure::from(errors).hint(not_published(&update)));
    }
    look_up_bases(session, &project, arguments.update, &mut update)?;
    write(&root, &update)?;
    show(session, &update)?;
    Ok(ExitCode::Done)
}

fn state(update: &mut LockUpdate, stated: &[(FactName, Value)]) {
    for (fact, value) in stated {
        update.state(fact.clone(), value.clone());
    }
}

/// A version that is published never changes, so one with errors would stay broken. It is judged with
/// the facts that it will find.
fn errors_in_drafts(project: &Project, update: &LockUpdate) -> Diagnostics {
    let project = Project { lock: update.lock.clone(), ..project.clone() };
    release::judge_drafts(&project).unwrap_or_else(|problems| problems)
}

fn not_published(update: &LockUpdate) -> String {
    let changes: Vec<String> = update.changes.iter().map(ToString::to_string).collect();
    match changes.as_slice() {
        [] => format!("no template was published, and {LOCK_FILE} is as it was"),
        changes => {
            format!("no template was published; {LOCK_FILE} has what was stated ({})", changes.join(", "))
        }
    }
}

fn show(session: &Session, update: &LockUpdate) -> Result<(), Failure> {
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
    Ok(())
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

/// Publishes the project's template versions in the lock of the project at `root`.
pub fn publish(root: &Utf8Path, project: &Project) -> Result<(), Failure> {
    write(root, &published(project, false)?)
}

/// Publishes the project's template versions.
fn published(project: &Project, refresh: bool) -> Result<LockUpdate, Failure> {
    bring_up_to_date(project, &TemplateDigests, refresh)
}

/// Finds out what base images are. Their names are in Dockerfiles, which are rendered for it: templates
/// count as published by then.
fn look_up_bases(
    session: &Session,
    project: &Project,
    refresh: bool,
    update: &mut LockUpdate,
) -> Result<(), Failure> {
    let mut files = project.files.clone();
    files.0.insert(LOCK_FILE.to_owned(), update.lock.write().into_bytes());
    let project = Project::read(files)?;
    let (mut wanted, problems) = Assembler::new(&project).base_images();
    if problems.has_errors() {
        let broken = Failure::from(problems);
        if refresh {
            // What is not wanted would be forgotten.
            return Err(broken);
        }
        session.console.warn(&broken, "the base images there are not looked for")?;
        wanted.extend(project.lock.facts.keys().filter_map(|fact| {
            let (image, platform) = Lock::base_of(fact)?;
            Some((image.to_owned(), platform))
        }));
    }
    let locked = |(image, platform): &(String, Platform)| {
        project.lock.facts.contains_key(&Lock::base_name(image, platform))
    };
    // Without a question to ask nothing is connected: templates are published offline.
    let registry = if refresh && !wanted.is_empty() || !wanted.iter().all(locked) {
        session.console.progress("asking registries for base images\n")?;
        let environments = project.manifest.environments.values();
        Some(wire::registry(session, environments.flat_map(|environment| environment.targets.values()))?)
    } else {
        None
    };
    let bases = bring_up_to_date(&project, &BaseImages { wanted, registry }, refresh)?;
    update.lock = bases.lock;
    update.changes.extend(bases.changes);
    update.changes.sort();
    Ok(())
}

fn bring_up_to_date(
    project: &Project,
    provider: &dyn FactProvider,
    refresh: bool,
) -> Result<LockUpdate, Failure> {
    runtime::run(async |_| {
        let updated = lock::update(project, &[provider], refresh).await;
        updated.map_err(|error| Failure::new(ExitCode::Error, error))
    })
}

/// Writes the lock of the project at `root` when it has to change.
fn write(root: &Utf8Path, update: &LockUpdate) -> Result<(), Failure> {
    let has_changed = update.changes.iter().any(|change| !matches!(change, LockChange::Unused(_)));
    if has_changed {
        disk::write_atomically(&root.join(LOCK_FILE), update.lock.write().as_bytes())?;
    }
    Ok(())
}
