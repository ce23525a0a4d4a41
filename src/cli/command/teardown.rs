//! `rekindle teardown`: deletes an environment's stacks, dependants first, with or without source.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::cli::Session;
use crate::cli::args::{TeardownArguments, TeardownConsents};
use crate::cli::carry_out::Errand;
use crate::cli::command::plan::selected;
use crate::cli::consent::{self, Question};
use crate::cli::exit_code::ExitCode;
use crate::cli::failure::Failure;
use crate::cli::hold::Hold;
use crate::cli::rehearsal::{self, Rehearsal};
use crate::cli::site::Site;
use crate::cli::source::Places;
use crate::cli::view::{self, Notices};
use crate::cli::wire::Wiring;
use crate::cli::{faults, names, recovery, runtime};
use crate::disk::StateDirectory;
use crate::engine::{EventSink, Operation, Outcome, Stop};
use crate::manifest::Project;
use crate::model::{Environment, EnvironmentName, InstanceName, Protection, Target, TargetName};
use crate::plan::{self, Consents, Observation, TeardownContext};
use crate::ui::outcome_view::Summary;
use crate::ui::run::Expectations;

/// Plans, asks, carries out, sums up.
pub fn run(session: &Session, arguments: &TeardownArguments) -> Result<ExitCode, Failure> {
    if let Some(name) = &arguments.environment {
        if arguments.run.rehearse {
            return rehearse(session, arguments, name, &session.project()?);
        }
        let Places { environment, project } =
            session.places(name).map_err(|failure| failure.hint(without_source(name)))?;
        let source = match &project {
            Ok(project) => declared(project, &environment),
            Err(broken) => {
                session
                    .console
                    .warn(broken, "torn down is what the stacks' tags say; `rekindle.yaml` is read")?;
                BTreeSet::new()
            }
        };
        return run_on(session, arguments, (&environment, &source), &session.state()?);
    }
    let environment = by_tags(arguments);
    let state = match &session.global.state_dir {
        Some(_) => session.state()?,
        None => StateDirectory::of_project(&session.directory()?),
    };
    run_on(session, arguments, (&environment, &BTreeSet::new()), &state)
}

/// Every unit of the source at every target: units that may be named although they do not stand.
fn declared(project: &Project, environment: &Environment) -> BTreeSet<InstanceName> {
    let at = |target: &TargetName| {
        let target = target.clone();
        project.units.keys().map(move |unit| InstanceName::new(unit.clone(), target.clone()))
    };
    environment.targets.keys().flat_map(at).collect()
}

/// The units that consents name.
pub(in crate::cli) fn named(consents: &TeardownConsents) -> impl Iterator<Item = &InstanceName> {
    consents.given().into_iter().flat_map(|(_, units)| units)
}

fn run_on(
    session: &Session,
    arguments: &TeardownArguments,
    place: (&Environment, &BTreeSet<InstanceName>),
    state: &StateDirectory,
) -> Result<ExitCode, Failure> {
    let outcome = runtime::run(async |stop| teardown(session, arguments, place, state, &stop).await)?;
    Ok(ExitCode::from(Summary::of([&outcome]).verdict))
}

async fn teardown(
    session: &Session,
    arguments: &TeardownArguments,
    (environment, source): (&Environment, &BTreeSet<InstanceName>),
    state: &StateDirectory,
    stop: &Stop,
) -> Result<Outcome, Failure> {
    let notices = Notices::new(&session.console);
    let mut wiring = Wiring::new(session, faults(&arguments.run)?);
    let watch: (&dyn EventSink, &Stop) = (&notices, stop);
    let hold = Hold::take(&wiring, (environment, "teardown"), state, &arguments.run, watch).await?;
    let work = async |stop: &Stop| {
        let watch: (&dyn EventSink, &Stop) = (&notices, stop);
        recovery::settle(&mut wiring, environment, state, watch).await?;
        let mut site = match &arguments.project {
            None => Site::open(&mut wiring, environment, state, watch).await?,
            // The place was named on the command line: it is this one that is meant.
            Some(_) => Site::open_here(&mut wiring, environment, state, watch).await?,
        };
        site.hold = Some(Arc::clone(&hold));
        teardown_held(session, arguments, (&site, source), (&notices, stop)).await
    };
    let ended = hold.during(watch, work).await?;
    session.console.warnings(&names::idle_faults(wiring.idle_faults()))?;
    Ok(ended)
}

/// The teardown of an environment that is held.
async fn teardown_held(
    session: &Session,
    arguments: &TeardownArguments,
    (site, source): (&Site, &BTreeSet<InstanceName>),
    (notices, stop): (&Notices<'_>, &Stop),
) -> Result<Outcome, Failure> {
    site.reach_everything(arguments.selection.target.as_ref())?;
    let environment = &site.environment;
    let mut observation = site.look_when_settled(&[], notices, stop).await?;
    site.complete_for_teardown(&mut observation, notices, stop).await?;
    let mut context = teardown_context(environment, &arguments.consents);
    context.restore =
        site.look_for_restore_points(&arguments.consents, &mut observation, notices, stop).await?;
    let standing: BTreeSet<_> = standing(&observation).collect();
    let known: BTreeSet<_> = source.iter().chain(&standing).cloned().collect();
    names::target(environment, arguments.selection.target.as_ref())?;
    names::units(environment, arguments.selection.units.iter().chain(named(&arguments.consents)), &known)?;
    context.selected = selected(&arguments.selection, standing.iter());
    let plan = plan::teardown(&context, &observation)?;
    session.console.plan(&plan)?;
    if !plan.is_empty() {
        let question = question("tear down", environment, &arguments.consents);
        consent::ask(&session.console, &arguments.run, &question, stop).await?;
    }
    let view = view::of(&session.console, Expectations::of(&plan));
    let options = session.execute_options(&arguments.run);
    let operation = Operation::Teardown;
    let errand = Errand { plan: &plan, observation: &observation, source: &[], options: &options, operation };
    let work = site.carry_out(errand, &*view, stop);
    let outcome = view::keep_moving(&*view, work).await?;
    view::close(&*view, &Summary::of([&outcome]))?;
    session.console.outcome(Operation::Teardown, &environment.name, &outcome)?;
    Ok(outcome)
}

/// What is asked of a teardown of everything.
pub(in crate::cli) fn teardown_context(
    environment: &Environment,
    consents: &TeardownConsents,
) -> TeardownContext {
    TeardownContext {
        project: environment.project.clone(),
        environment: environment.name.clone(),
        protection: environment.protection,
        selected: None,
        restore: None,
        consents: consents
            .given()
            .into_iter()
            .flat_map(|(consent, units)| units.iter().map(move |unit| (consent, unit.clone())))
            .collect::<Consents>(),
    }
}

/// A production environment wants its name typed.
pub(in crate::cli) fn question<'a>(
    verb: &'a str,
    environment: &'a Environment,
    consents: &'a TeardownConsents,
) -> Question<'a> {
    Question {
        verb,
        environment: &environment.name,
        typed_name: environment.protection == Protection::Production,
        confirm: consents.confirm.as_ref(),
    }
}

fn standing(observation: &Observation) -> impl Iterator<Item = InstanceName> + '_ {
    observation.stacks.values().flatten().filter_map(|stack| Some(stack.identity()?.instance))
}

/// An environment of which nothing is known but where its stacks are.
fn by_tags(arguments: &TeardownArguments) -> Environment {
    let (Some(project), Some(name)) = (&arguments.project, &arguments.environment_by_tag) else {
        unreachable!("the command line requires `--project` and `--environment` together")
    };
    let target = Target {
        provider: arguments.provider,
        account: arguments.account.clone(),
        region: arguments.region.clone(),
        role: None,
        service_role: None,
        artifacts: None,
        notifications: Vec::new(),
    };
    let name_of_place = arguments.selection.target.clone().unwrap_or_else(TargetName::primary);
    Environment {
        project: project.clone(),
        name: name.clone(),
        protection: arguments.provider.default_protection(),
        targets: BTreeMap::from([(name_of_place, target)]),
        uses: BTreeMap::new(),
    }
}

fn rehearse(
    session: &Session,
    arguments: &TeardownArguments,
    name: &EnvironmentName,
    project: &Project,
) -> Result<ExitCode, Failure> {
    let assembly = session.assemble(project, name)?;
    names::faults(&assembly.environment, &faults(&arguments.run)?, &assembly.units)?;
    let mut context = teardown_context(&assembly.environment, &arguments.consents);
    context.selected = selected(&arguments.selection, assembly.units.iter().map(|unit| unit.instance()));
    rehearsal::run(&Rehearsal {
        session,
        project,
        assembly: &assembly,
        run: &arguments.run,
        deploy: None,
        teardown: Some(context),
        asking: None,
        operation: Operation::Teardown,
        consents: rehearsal::consents(&assembly.environment, &arguments.run, &arguments.consents),
    })
}

/// Where not even the places of an environment can be read, its tags still name it.
fn without_source(name: &EnvironmentName) -> String {
    format!(
        "stacks are found by their tags, too: `rekindle teardown --project PROJECT --environment {name} \
         --provider PROVIDER --account ACCOUNT --region REGION`"
    )
}
