//! The crash sweep: a deploy, an update and a teardown of the shipped environment, ended at every point
//! at which anything of theirs can be on the disk, and run again.
//!
//! Everything that outlasts a process is written by a task that the work waits for: a line of the
//! journal, a step of the embedded engine. So a work that is dropped before its n-th turn, for every n,
//! leaves every state that a kill can leave. (What lies between a record and the end of its journal has
//! no such point: it is a test of its own. Real kills are in `tests/suite/kills.rs`.)

use std::collections::BTreeMap;
use std::io::Write as _;
use std::pin::Pin;
use std::task::{Context, Poll};

use camino::{Utf8Path, Utf8PathBuf};
use redb::{ReadableDatabase as _, ReadableTable as _, TableDefinition};

use crate::cli::args::{ChangeArguments, Selection};
use crate::cli::carry_out::Errand;
use crate::cli::command::plan::{deploy_context, make};
use crate::cli::command::teardown::teardown_context;
use crate::cli::site::Site;
use crate::cli::view::Silent;
use crate::cli::wire::Wiring;
use crate::cli::{Arguments, Console, Failure, Session, Surroundings, recovery};
use crate::disk::{EnvironmentLock, Journals, Ledger, StateDirectory, clock, copy_directory, read_project};
use crate::engine::{ExecuteOptions, Operation, Stop, VerifyOptions};
use crate::manifest::Project;
use crate::model::{ProjectFiles, StackEvent};
use crate::plan;
use crate::release::{self, Assembly};
use crate::ui::outcome_view::{Summary, Verdict};

/// How the sweep varies what the operation starts from.
struct Scenario {
    name: &'static str,
    operation: Operation,
    /// What stands before.
    before: Option<Assembly>,
    wanted: Assembly,
}

/// An environment's own directory. In memory where the system offers that: what is swept is the end of
/// processes, and not of power.
struct Stage {
    _guard: tempfile::TempDir,
    state: StateDirectory,
}

impl Stage {
    fn new() -> Self {
        let memory = Utf8Path::new("/dev/shm");
        let made = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() };
        let guard = made.unwrap();
        let path = Utf8PathBuf::from_path_buf(guard.path().join("state")).unwrap();
        Self { _guard: guard, state: StateDirectory::at(path) }
    }

    fn copy(&self) -> Self {
        let copy = Self::new();
        if self.state.path().is_dir() {
            copy_directory(self.state.path(), copy.state.path()).unwrap();
        }
        copy
    }

    /// Does the operation; `None` when it was ended at its turn `turns`.
    fn run(&self, operation: Operation, wanted: &Assembly, turns: usize) -> (Option<Verdict>, usize) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let mut work = Mortal { work: Box::pin(carry_out(&self.state, operation, wanted)), turns, taken: 0 };
        let verdict = runtime.block_on(&mut work);
        // The runtime waits for what was being written when the work ended.
        (verdict.map(|verdict| verdict.unwrap_or_else(|failure| panic!("{failure}"))), work.taken)
    }

    fn is_verified(&self, wanted: &Assembly) -> bool {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let (session, stop, environment) = (session(), Stop::never(), &wanted.environment);
            let mut wiring = Wiring::new(&session, Vec::new());
            let site = Site::open(&mut wiring, environment, &self.state, (&Silent, &stop)).await.unwrap();
            let observation = site.look(&wanted.units, &Silent, &stop).await.unwrap();
            let options = VerifyOptions::default();
            let verified =
                crate::engine::verify(&site.clouds, &wanted.units, &observation, options, &Silent, &stop);
            verified.await.unwrap().is_equal() && site.warnings().0.is_empty()
        })
    }

    /// What ever happened to stacks: of each name every status of every stack that was made, in order.
    fn told(&self) -> BTreeMap<String, Vec<String>> {
        let database = redb::Database::open(self.state.local().join("cloud.redb")).unwrap();
        let events: TableDefinition<'_, (&str, u64), &[u8]> = TableDefinition::new("events");
        let table = database.begin_read().unwrap().open_table(events).unwrap();
        let mut told: BTreeMap<String, Vec<_>> = BTreeMap::new();
        for entry in table.iter().unwrap() {
            let event: StackEvent = serde_json::from_slice(entry.unwrap().1.value()).unwrap();
            if event.resource_type == "AWS::CloudFormation::Stack" {
                told.entry(event.logical_id).or_default().push((event.time, event.status));
            }
        }
        let in_order = |(name, mut events): (String, Vec<(_, String)>)| {
            events.sort();
            (name, events.into_iter().map(|(_, status)| status).collect())
        };
        told.into_iter().map(in_order).collect()
    }

    /// Is the ledger right about what stands, and no journal left?
    fn is_settled(&self, wanted: &Assembly, operation: Operation) -> bool {
        let environment = &wanted.environment;
        let ledger = Ledger::of(&self.state, &environment.name).latest().unwrap();
        let expected = if operation == Operation::Teardown { 0 } else { wanted.units.len() };
        let journals = Journals::of(&self.state, &environment.project, &environment.name);
        journals.left().unwrap().is_empty() && ledger.len() == expected
    }
}

/// A work that ends, unfinished, when its turns are used up.
struct Mortal<'w> {
    work: Pin<Box<dyn Future<Output = Result<Verdict, Failure>> + 'w>>,
    turns: usize,
    taken: usize,
}

impl Future for Mortal<'_> {
    type Output = Option<Result<Verdict, Failure>>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        if self.taken == self.turns {
            return Poll::Ready(None);
        }
        self.taken += 1;
        self.work.as_mut().poll(context).map(Some)
    }
}

/// What the commands do, without their questions and their views.
async fn carry_out(
    state: &StateDirectory,
    operation: Operation,
    wanted: &Assembly,
) -> Result<Verdict, Failure> {
    let (session, stop, environment) = (session(), Stop::never(), &wanted.environment);
    let _lock = EnvironmentLock::take(state, &environment.name, operation.as_str(), clock::now())?;
    let mut wiring = Wiring::new(&session, Vec::new());
    recovery::settle(&mut wiring, environment, state, (&Silent, &stop)).await?;
    let site = Site::open(&mut wiring, environment, state, (&Silent, &stop)).await?;
    let source = &wanted.units[..];
    let mut seen = site.look_when_settled(source, &Silent, &stop).await?;
    let plan = if operation == Operation::Teardown {
        site.complete_for_teardown(&mut seen, &Silent, &stop).await?;
        plan::teardown(&teardown_context(environment, &Default::default()), &seen)?
    } else {
        let context = deploy_context(wanted, &Selection::default(), &ChangeArguments::default());
        make(&site, wanted, &context, &mut seen, &Silent, &stop).await?
    };
    let options = &ExecuteOptions::default();
    let errand = Errand { plan: &plan, observation: &seen, source, options, operation };
    let outcome = site.carry_out(errand, &Silent, &stop).await?;
    Ok(Summary::of([&outcome]).verdict)
}

fn session() -> Session {
    use clap::Parser as _;
    let Arguments { global, .. } =
        Arguments::try_parse_from(["rekindle", "--quiet", "status", "demo"]).unwrap();
    let surroundings = Surroundings {
        directory: None,
        interactive: false,
        stdout_is_terminal: false,
        stderr_is_terminal: false,
        columns: 80,
        no_color: true,
        secrets: Default::default(),
        #[cfg(feature = "docker")]
        docker_host: None,
        #[cfg(feature = "docker")]
        docker_certificates: None,
        #[cfg(feature = "docker")]
        docker_configuration: None,
        #[cfg(feature = "aws")]
        emulator: None,
        #[cfg(feature = "aws")]
        registry_emulator: None,
    };
    let console = Console::new(&global, &surroundings);
    Session { global, surroundings, console, known: Default::default() }
}

fn assembled(change: impl Fn(String) -> String) -> Assembly {
    let ProjectFiles(mut files) = read_project(Utf8Path::new(env!("CARGO_MANIFEST_DIR"))).unwrap();
    let manifest = files.get_mut("rekindle.yaml").unwrap();
    *manifest = change(String::from_utf8(manifest.clone()).unwrap()).into_bytes();
    let project = Project::read(ProjectFiles(files)).unwrap();
    release::assemble(&project, &"demo".parse().unwrap()).unwrap()
}

fn shipped() -> Assembly {
    assembled(|manifest| manifest)
}

fn changed() -> Assembly {
    assembled(|manifest| manifest.replace("team: platform", "team: field"))
}

/// Kills at every point; says at how many, and how many were recovered.
fn sweep(scenario: &Scenario) {
    let Scenario { name, operation, before, wanted } = scenario;
    let start = Stage::new();
    if let Some(before) = before {
        assert_eq!(start.run(Operation::Deploy, before, usize::MAX).0, Some(Verdict::Succeeded));
    }
    let undisturbed = start.copy();
    let (verdict, turns) = undisturbed.run(*operation, wanted, usize::MAX);
    assert_eq!(verdict, Some(Verdict::Succeeded));
    let expected = undisturbed.told();
    let (mut killed, mut recovered) = (0, 0);
    for turn in 1..turns {
        let stage = start.copy();
        if stage.run(*operation, wanted, turn).0.is_some() {
            continue;
        }
        killed += 1;
        let (verdict, _) = stage.run(*operation, wanted, usize::MAX);
        assert_eq!(verdict, Some(Verdict::Succeeded), "{name}, turn {turn}");
        assert_eq!(stage.told(), expected, "{name}, turn {turn}: something was made twice, or not at all");
        assert!(stage.is_settled(wanted, *operation), "{name}, turn {turn}");
        let is_gone = *operation == Operation::Teardown;
        // That nothing was made twice or left out says it for every point; this says it for the texts.
        assert!(is_gone || turn % 8 != 0 || stage.is_verified(wanted), "{name}, turn {turn}");
        recovered += 1;
    }
    assert!(killed > 20, "{name}: only {killed} points");
    // Past what captures the output of tests: whoever runs them shall see it.
    let told = format!("crash sweep, {name}: killed at {killed} points, {recovered} recovered\n");
    std::io::stderr().write_all(told.as_bytes()).unwrap();
}

#[test]
fn a_deploy_is_continued_from_every_point() {
    sweep(&Scenario { name: "deploy", operation: Operation::Deploy, before: None, wanted: shipped() });
}

#[test]
fn an_update_is_continued_from_every_point() {
    let before = Some(shipped());
    sweep(&Scenario { name: "update", operation: Operation::Deploy, before, wanted: changed() });
}

#[test]
fn a_teardown_is_continued_from_every_point() {
    let before = Some(shipped());
    sweep(&Scenario { name: "teardown", operation: Operation::Teardown, before, wanted: shipped() });
}
