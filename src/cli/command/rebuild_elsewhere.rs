//! `rekindle rebuild ENV --to TARGET`: makes an environment at another of its targets, and proves it equal.
//! Nothing of the lost place is called, and nothing is torn down.

use std::sync::Arc;

use crate::cli::Session;
use crate::cli::args::{ChangeArguments, RebuildArguments, Selection};
use crate::cli::beforehand::{self, Asking};
use crate::cli::carry_out::Errand;
use crate::cli::command::plan::{deploy_context, make, refuse_broken};
use crate::cli::command::teardown::{named, question};
use crate::cli::command::{rebuild, verify};
use crate::cli::delivery::{self, Deliveries};
use crate::cli::exit_code::ExitCode;
use crate::cli::failure::Failure;
use crate::cli::hold::Hold;
use crate::cli::site::Site;
use crate::cli::view::{self, Notices};
use crate::cli::wire::Wiring;
use crate::cli::{consent, elsewhere, faults, names, recovery, runtime};
use crate::engine::{EventSink, Operation, Outcome, Stop, VerifyOptions};
use crate::manifest::Project;
use crate::model::{Class, Diagnostic, Diagnostics, InstanceName, TargetName};
use crate::plan::{ActionKind, Plan};
use crate::release::Assembly;
use crate::ui::image_plan_view;
use crate::ui::outcome_view::{Summary, Verdict};
use crate::ui::run::Expectations;

/// An option that says what may be torn down.
#[derive(Debug, thiserror::Error)]
#[error("`--to` tears nothing down, and `{0}` is named in an option for that")]
struct NothingTornDown(InstanceName);

/// An option that says which copies let data go.
#[derive(Debug, thiserror::Error)]
#[error("`--to` tears nothing down, and `--restore-points-within` is for what goes")]
struct NothingToRestore;

/// Preflight, plan, deploy, verification.
pub fn run(session: &Session, arguments: &RebuildArguments, to: &TargetName) -> Result<ExitCode, Failure> {
    if let Some(unit) = named(&arguments.consents).next() {
        return Err(Failure::new(ExitCode::Usage, NothingTornDown(unit.clone())));
    }
    if arguments.consents.restore_points_within.is_some() {
        return Err(Failure::new(ExitCode::Usage, NothingToRestore));
    }
    let (project, assembly) = elsewhere::preflight(session, &arguments.environment, to)?;
    names::faults(&assembly.environment, &faults(&arguments.run)?, &assembly.units)?;
    if arguments.run.rehearse {
        return rebuild::rehearse(session, arguments, (&project, &assembly), None);
    }
    runtime::run(async |stop| rebuild_there(session, arguments, (&project, &assembly), &stop).await)
}

async fn rebuild_there(
    session: &Session,
    arguments: &RebuildArguments,
    (project, assembly): (&Project, &Assembly),
    stop: &Stop,
) -> Result<ExitCode, Failure> {
    let environment = &assembly.environment;
    let state = session.state()?;
    let notices = Notices::new(&session.console);
    let mut wiring = Wiring::new(session, faults(&arguments.run)?).confined(true);
    let watch: (&dyn EventSink, &Stop) = (&notices, stop);
    let hold = Hold::take(&wiring, (environment, "rebuild"), &state, &arguments.run, watch).await?;
    let work = async |stop: &Stop| {
        recovery::settle(&mut wiring, environment, &state, (&notices, stop)).await?;
        let mut site = Site::open(&mut wiring, environment, &state, (&notices, stop)).await?;
        site.hold = Some(Arc::clone(&hold));
        let outcome = deploy(session, arguments, (project, assembly), &site, (&notices, stop)).await?;
        conclude(session, assembly, &site, &outcome, (&notices, stop)).await
    };
    let ended = hold.during(watch, work).await?;
    session.console.warnings(&names::idle_faults(wiring.idle_faults()))?;
    Ok(ended)
}

async fn deploy(
    session: &Session,
    arguments: &RebuildArguments,
    (project, assembly): (&Project, &Assembly),
    site: &Site,
    (notices, stop): (&Notices<'_>, &Stop),
) -> Result<Outcome, Failure> {
    let mut observation = site.look_when_settled(&assembly.units, notices, stop).await?;
    let context = deploy_context(assembly, &Selection::default(), &ChangeArguments::default());
    let plan = make(site, assembly, &context, &mut observation, notices, stop).await?;
    session.console.plan(&plan)?;
    if !session.console.is_json() {
        let images = delivery::foreseen(session, assembly, &plan, &observation)?;
        session.console.progress(&image_plan_view::images(&images))?;
    }
    session.console.warnings(&begins_empty(&plan))?;
    refuse_broken(project, &plan)?;
    let asking = Asking { registries: true, may_be_unanswered: arguments.allow_unanswered };
    let watch: (&dyn EventSink, &Stop) = (notices, stop);
    beforehand::ask((session, site, assembly), (&plan, &observation), asking, watch).await?;
    consent::named(&plan, consent::Where::Deploy)?;
    if !plan.is_empty() {
        let question = question("rebuild", &assembly.environment, &arguments.consents);
        consent::ask(&session.console, &arguments.run, &question, stop).await?;
    }
    let view = view::of(&session.console, Expectations::of(&plan));
    let deliveries = Deliveries::begin(session, assembly, &plan, &observation, stop);
    let options = &deliveries.options(session.execute_options(&arguments.run));
    let (source, operation) = (&assembly.units[..], Operation::Rebuild);
    let errand = Errand { plan: &plan, observation: &observation, source, options, operation };
    let work = deliveries.beside(site.carry_out(errand, &*view, stop), &site.clouds, &*view);
    let outcome = view::keep_moving(&*view, work).await?;
    view::close(&*view, &Summary::of([&outcome]))?;
    session.console.outcome(Operation::Rebuild, &assembly.environment.name, &outcome)?;
    Ok(outcome)
}

/// Shows how it ended; verifies what was made.
async fn conclude(
    session: &Session,
    assembly: &Assembly,
    site: &Site,
    outcome: &Outcome,
    (notices, stop): (&Notices<'_>, &Stop),
) -> Result<ExitCode, Failure> {
    let verdict = Summary::of([outcome]).verdict;
    if verdict != Verdict::Succeeded {
        return Ok(ExitCode::from(verdict));
    }
    let found = verify::compare(site, assembly, VerifyOptions::default(), notices, stop).await?;
    let console = &session.console;
    if !console.is_json() {
        console.result(&crate::ui::verify_view::verification(&found, &console.palette_out()))?;
    }
    Ok(if found.differences.is_empty() { ExitCode::Done } else { ExitCode::Different })
}

/// What is made anew has nothing in it.
fn begins_empty(plan: &Plan) -> Diagnostics {
    let is_empty = |action: &&crate::plan::PlannedAction| {
        matches!(action.action, ActionKind::Create | ActionKind::Replace) && action.class == Some(Class::Data)
    };
    let units: Vec<String> =
        plan.actions.iter().filter(is_empty).map(|action| action.instance.to_string()).collect();
    if units.is_empty() {
        return Diagnostics::default();
    }
    let message = format!("what holds data begins empty: {}", units.join(", "));
    Diagnostic::warning("begins-empty", message)
        .hint("rekindle restores no data yet: bring it in before you let anybody use it")
        .into()
}
