//! `rekindle deploy`: makes an environment what the source says.

use std::sync::Arc;

use crate::cli::Session;
use crate::cli::args::DeployArguments;
use crate::cli::carry_out::Errand;
use crate::cli::command::plan::{check_names, deploy_context, make, refuse_broken, refuse_broken_units};
use crate::cli::consent::{self, Question};
use crate::cli::delivery::{self, Deliveries};
use crate::cli::exit_code::ExitCode;
use crate::cli::failure::Failure;
use crate::cli::hold::Hold;
use crate::cli::rehearsal::{self, Rehearsal};
use crate::cli::site::Site;
use crate::cli::view::{self, Notices};
use crate::cli::wire::Wiring;
use crate::cli::{faults, names, recovery, runtime};
use crate::engine::{EventSink, Operation, Outcome, Stop};
use crate::manifest::Project;
use crate::model::InstanceName;
use crate::plan::DeployContext;
use crate::release::Assembly;
use crate::ui::image_plan_view;
use crate::ui::outcome_view::Summary;
use crate::ui::rehearsal_view::AssumedConsent;
use crate::ui::run::Expectations;

/// Plans, asks, carries out, sums up.
pub fn run(session: &Session, arguments: &DeployArguments) -> Result<ExitCode, Failure> {
    let project = session.project_at(&arguments.environment, arguments.to.as_ref())?;
    let assembly = session.assemble(&project, &arguments.environment)?;
    check_names(&assembly, &arguments.selection, &arguments.changes)?;
    names::faults(&assembly.environment, &faults(&arguments.run)?, &assembly.units)?;
    let context = deploy_context(&assembly, &arguments.selection, &arguments.changes);
    if arguments.run.rehearse {
        return rehearse(session, arguments, &project, &assembly, context);
    }
    let outcome =
        runtime::run(async |stop| deploy(session, arguments, (&project, &assembly), &context, &stop).await)?;
    Ok(ExitCode::from(Summary::of([&outcome]).verdict))
}

async fn deploy(
    session: &Session,
    arguments: &DeployArguments,
    (project, assembly): (&Project, &Assembly),
    context: &DeployContext,
    stop: &Stop,
) -> Result<Outcome, Failure> {
    let environment = &assembly.environment;
    let state = session.state()?;
    let notices = Notices::new(&session.console);
    let mut wiring = Wiring::new(session, faults(&arguments.run)?).confined(arguments.to.is_some());
    let watch: (&dyn EventSink, &Stop) = (&notices, stop);
    let hold = Hold::take(&wiring, (environment, "deploy"), &state, &arguments.run, watch).await?;
    let work = async |stop: &Stop| {
        recovery::settle(&mut wiring, environment, &state, (&notices, stop)).await?;
        let mut site = Site::open(&mut wiring, environment, &state, (&notices, stop)).await?;
        site.hold = Some(Arc::clone(&hold));
        deploy_held(session, arguments, (project, assembly), (&site, context), (&notices, stop)).await
    };
    let ended = hold.during(watch, work).await?;
    session.console.warnings(&names::idle_faults(wiring.idle_faults()))?;
    Ok(ended)
}

/// The deploy of an environment that is held.
async fn deploy_held(
    session: &Session,
    arguments: &DeployArguments,
    (project, assembly): (&Project, &Assembly),
    (site, context): (&Site, &DeployContext),
    (notices, stop): (&Notices<'_>, &Stop),
) -> Result<Outcome, Failure> {
    let environment = &assembly.environment;
    session.console.warnings(&site.warnings())?;
    let mut observation = site.look_when_settled(&assembly.units, notices, stop).await?;
    let plan = make(site, assembly, context, &mut observation, notices, stop).await?;
    session.console.plan(&plan)?;
    if !session.console.is_json() {
        let images = delivery::foreseen(session, assembly, &plan, &observation)?;
        session.console.progress(&image_plan_view::images(&images))?;
    }
    refuse_broken(project, &plan)?;
    consent::named(&plan, consent::Where::Here)?;
    if !plan.is_empty() {
        let question =
            Question { verb: "deploy", environment: &environment.name, typed_name: false, confirm: None };
        consent::ask(&session.console, &arguments.run, &question, stop).await?;
    }
    let view = view::of(&session.console, Expectations::of(&plan));
    let deliveries = Deliveries::begin(session, assembly, &plan, &observation, stop);
    let options = deliveries.options(session.execute_options(&arguments.run));
    let operation = Operation::Deploy;
    let (source, options) = (&assembly.units[..], &options);
    let errand = Errand { plan: &plan, observation: &observation, source, options, operation };
    let work = deliveries.beside(site.carry_out(errand, &*view, stop), &site.clouds, &*view);
    let outcome = view::keep_moving(&*view, work).await?;
    view::close(&*view, &Summary::of([&outcome]))?;
    session.console.outcome(Operation::Deploy, &environment.name, &outcome)?;
    Ok(outcome)
}

fn rehearse(
    session: &Session,
    arguments: &DeployArguments,
    project: &Project,
    assembly: &Assembly,
    context: DeployContext,
) -> Result<ExitCode, Failure> {
    let units = assembly.units.iter().map(|unit| unit.instance());
    let is_selected =
        |unit: &&InstanceName| context.selected.as_ref().is_none_or(|them| them.contains(*unit));
    refuse_broken_units(project, &assembly.environment.name, &units.filter(is_selected).collect())?;
    let rehearsal = Rehearsal {
        session,
        project,
        assembly,
        run: &arguments.run,
        deploy: Some(context),
        teardown: None,
        asking: None,
        operation: Operation::Deploy,
        consents: if arguments.run.yes { Vec::new() } else { vec![AssumedConsent::Yes] },
    };
    rehearsal::run(&rehearsal)
}
