//! `rekindle teardown`: deletes an environment's stacks, dependants first, with or without source.

use std::collections::BTreeMap;

use crate::cli::Session;
use crate::cli::args::{TeardownArguments, TeardownConsents};
use crate::cli::command::plan::selected;
use crate::cli::consent::{self, Question};
use crate::cli::exit_code::ExitCode;
use crate::cli::failure::Failure;
use crate::cli::rehearsal::{self, Rehearsal};
use crate::cli::site::{Errand, Site};
use crate::cli::view::{self, Notices};
use crate::cli::wire::Wiring;
use crate::cli::{faults, runtime};
use crate::disk::{EnvironmentLock, Ledger, StateDirectory, clock};
use crate::engine::{Operation, Outcome, Stop};
use crate::model::{Environment, Protection, Target, TargetName};
use crate::plan::{self, Consent, Consents, Observation, TeardownContext};
use crate::ui::outcome_view::Summary;
use crate::ui::run::Expectations;

/// Plans, asks, carries out, sums up.
pub fn run(session: &Session, arguments: &TeardownArguments) -> Result<ExitCode, Failure> {
    if let Some(name) = &arguments.environment {
        let project = session.project()?;
        if arguments.run.rehearse {
            return rehearse(session, arguments, name, &project);
        }
        let environment = project.environment(name)?;
        return run_on(session, arguments, &environment, &session.state()?);
    }
    let environment = by_tags(arguments);
    let state = match &session.global.state_dir {
        Some(_) => session.state()?,
        None => StateDirectory::of_project(&session.directory()?),
    };
    run_on(session, arguments, &environment, &state)
}

fn run_on(
    session: &Session,
    arguments: &TeardownArguments,
    environment: &Environment,
    state: &StateDirectory,
) -> Result<ExitCode, Failure> {
    let outcome = runtime::run(async |stop| teardown(session, arguments, environment, state, &stop).await)?;
    Ok(ExitCode::from(Summary::of([&outcome]).verdict))
}

async fn teardown(
    session: &Session,
    arguments: &TeardownArguments,
    environment: &Environment,
    state: &StateDirectory,
    stop: &Stop,
) -> Result<Outcome, Failure> {
    let _lock = EnvironmentLock::take(state, &environment.name, "teardown", clock::now())?;
    let clouds = Wiring::new(session, faults(&arguments.run)?).connect(environment, state).await?;
    let site = Site { environment, clouds, ledger: Some(Ledger::of(state, &environment.name)) };
    let notices = Notices::new(&session.console);
    site.check_identity(&notices, stop).await?;
    let mut observation = site.look_when_settled(&[], &notices, stop).await?;
    site.complete(&[], &mut observation, &notices, stop).await?;
    let mut context = teardown_context(environment, &arguments.consents);
    let standing: Vec<_> = standing(&observation).collect();
    context.selected = selected(&arguments.selection, standing.iter());
    let plan = plan::teardown(&context, &observation)?;
    session.console.plan(&plan)?;
    if !plan.is_empty() {
        let question = question("tear down", environment, &arguments.consents);
        consent::ask(&session.console, &arguments.run, &question, stop).await?;
    }
    let view = view::of(&session.console, Expectations::of(&plan));
    let options = session.execute_options(arguments.run.jobs);
    let operation = Operation::Teardown;
    let errand = Errand { plan: &plan, observation: &observation, options: &options, operation };
    let work = site.carry_out(errand, &*view, stop);
    let outcome = view::keep_moving(&*view, work).await?;
    view.finish(&Summary::of([&outcome]));
    session.console.outcome(Operation::Teardown, &environment.name, &outcome)?;
    Ok(outcome)
}

/// What is asked of a teardown of everything.
pub(in crate::cli) fn teardown_context(
    environment: &Environment,
    consents: &TeardownConsents,
) -> TeardownContext {
    let given = [
        (Consent::DeleteData, &consents.delete_data),
        (Consent::DeleteUnknown, &consents.delete_unknown),
        (Consent::LiftTerminationProtection, &consents.lift_termination_protection),
    ];
    TeardownContext {
        project: environment.project.clone(),
        environment: environment.name.clone(),
        protection: environment.protection,
        selected: None,
        consents: given
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

fn standing(observation: &Observation) -> impl Iterator<Item = crate::model::InstanceName> + '_ {
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
    Environment {
        project: project.clone(),
        name: name.clone(),
        protection: arguments.provider.default_protection(),
        targets: BTreeMap::from([(TargetName::primary(), target)]),
        uses: BTreeMap::new(),
    }
}

fn rehearse(
    session: &Session,
    arguments: &TeardownArguments,
    name: &crate::model::EnvironmentName,
    project: &crate::manifest::Project,
) -> Result<ExitCode, Failure> {
    let assembly = session.assemble(project, name)?;
    let mut context = teardown_context(&assembly.environment, &arguments.consents);
    context.selected = selected(&arguments.selection, assembly.units.iter().map(|unit| unit.instance()));
    rehearsal::run(&Rehearsal {
        session,
        project,
        assembly: &assembly,
        run: &arguments.run,
        deploy: None,
        teardown: Some(context),
        operation: Operation::Teardown,
        consents: rehearsal::consents(&assembly.environment, &arguments.run, &arguments.consents),
    })
}
