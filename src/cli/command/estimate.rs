//! `rekindle estimate`: how long a deploy or a whole rebuild takes, and why.

use std::io;

use camino::Utf8Path;

use crate::cli::Session;
use crate::cli::args::{ChangeArguments, Selection, TeardownConsents};
use crate::cli::command::plan::{deploy_context, make};
use crate::cli::command::teardown::teardown_context;
use crate::cli::estimate_arguments::EstimateArguments;
use crate::cli::exit_code::ExitCode;
use crate::cli::failure::Failure;
use crate::cli::site::Site;
use crate::cli::view::Notices;
use crate::cli::wire::Wiring;
use crate::cli::{prediction, runtime};
use crate::disk::{self, Ledger};
use crate::engine::{self, Operation};
use crate::estimate::{self, Durations, Sources, Work};
use crate::plan;
use crate::release::Assembly;
use crate::ui::estimate_view::{self, Estimated};
use crate::ui::picture;

/// Estimates, and shows it.
pub fn run(session: &Session, arguments: &EstimateArguments) -> Result<ExitCode, Failure> {
    let project = session.project_at(&arguments.environment, arguments.to.as_ref())?;
    let assembly = session.assemble(&project, &arguments.environment)?;
    let ledger = Ledger::of(&session.state()?, &assembly.environment.name);
    let durations = prediction::durations(&assembly.environment, &ledger)?;
    let (operation, phases) = match arguments.rebuild {
        true => (Operation::Rebuild, rebuild(&assembly, &durations)?.to_vec()),
        false => (Operation::Deploy, vec![deploy(session, arguments, &assembly)?]),
    };
    let jobs = arguments.jobs.map_or(0, std::num::NonZeroUsize::get);
    let estimate = estimate::estimate(&phases, jobs);
    let environment = &assembly.environment.name;
    let estimated = Estimated { environment, operation, estimate: &estimate, durations: &durations };
    let console = &session.console;
    if let Some(file) = &arguments.svg {
        let file = session.start()?.join(file);
        write(&file, &picture::timeline(&estimated))?;
        console.progress(&format!("wrote {file}\n"))?;
    }
    if console.is_json() {
        console.document(&estimate_view::document(&estimated))?;
    } else {
        console.result(&estimate_view::estimate(&estimated, console.detail(), &console.palette_out()))?;
    }
    Ok(ExitCode::Done)
}

fn write(file: &Utf8Path, picture: &str) -> Result<(), Failure> {
    disk::write_atomically(file, picture.as_bytes()).map_err(|error| {
        let is_directory = error.source.kind() == io::ErrorKind::IsADirectory;
        let failure = Failure::from(error);
        match is_directory {
            true => failure.hint(format!("name a file: `--svg {}`", file.join("estimate.svg"))),
            false => failure,
        }
    })
}

/// The work of a rebuild without further consents. Asks no cloud.
fn rebuild(assembly: &Assembly, durations: &Durations) -> Result<[Work; 2], Failure> {
    let (targets, units) = (&assembly.environment.targets, &assembly.units[..]);
    let observation = estimate::standing(units, targets, assembly.release);
    let context = teardown_context(&assembly.environment, &TeardownConsents::default());
    let teardown = plan::teardown(&context, &observation)?;
    let sources = Sources { durations, targets, units, observation: &observation };
    Ok(estimate::rebuild(&teardown, &engine::waits_for(&teardown), sources))
}

/// The work of what `deploy` would do now.
fn deploy(session: &Session, arguments: &EstimateArguments, assembly: &Assembly) -> Result<Work, Failure> {
    let state = session.state()?;
    let context = deploy_context(assembly, &Selection::default(), &ChangeArguments::default());
    runtime::run(async |stop| {
        let notices = Notices::new(&session.console);
        let mut wiring = Wiring::new(session, Vec::new()).confined(arguments.to.is_some());
        let site = Site::open(&mut wiring, &assembly.environment, &state, (&notices, &stop)).await?;
        let mut observation = site.look(&assembly.units, &notices, &stop).await?;
        let plan = make(&site, assembly, &context, &mut observation, &notices, &stop).await?;
        Ok(prediction::work(&plan, &site.durations, &site.environment, &assembly.units, &observation))
    })
}
