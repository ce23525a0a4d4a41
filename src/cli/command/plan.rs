//! `rekindle plan`: what `deploy` would do, and why.

use std::collections::BTreeSet;

use crate::cli::Session;
use crate::cli::args::{ChangeArguments, PlanArguments, Selection};
use crate::cli::exit_code::ExitCode;
use crate::cli::failure::Failure;
use crate::cli::site::Site;
use crate::cli::view::Notices;
use crate::cli::wire::Wiring;
use crate::cli::{delivery, names, prediction, runtime};
use crate::engine::{EventSink, Stop};
use crate::estimate;
use crate::manifest::Project;
use crate::model::{EnvironmentName, InstanceName, SealedUnit};
use crate::plan::{self, ActionKind, Consent, Consents, DeployContext, Observation, Plan};
use crate::release::{Assembler, Assembly};
use crate::ui::{estimate_view, image_plan_view, plan_json, plan_view};

/// Shows the plan.
pub fn run(session: &Session, arguments: &PlanArguments) -> Result<ExitCode, Failure> {
    let project = session.project_at(&arguments.environment, arguments.to.as_ref())?;
    let assembly = session.assemble(&project, &arguments.environment)?;
    check_names(&assembly, &arguments.selection, &arguments.changes)?;
    let mut context = deploy_context(&assembly, &arguments.selection, &arguments.changes);
    context.looks_for_drift |= arguments.drift;
    let state = session.state()?;
    let (plan, images, estimate) = runtime::run(async |stop| {
        let notices = Notices::new(&session.console);
        let mut wiring = Wiring::new(session, Vec::new()).confined(arguments.to.is_some());
        let site = Site::open(&mut wiring, &assembly.environment, &state, (&notices, &stop)).await?;
        session.console.warnings(&site.warnings())?;
        let mut observation = site.look(&assembly.units, &notices, &stop).await?;
        let plan = make(&site, &assembly, &context, &mut observation, &notices, &stop).await?;
        let (durations, units) = (&site.durations, &assembly.units);
        let work = prediction::work(&plan, durations, &site.environment, units, &observation);
        let images = delivery::foreseen(session, &assembly, &plan, &observation)?;
        Ok((plan, images, estimate::estimate(&[work], 0)))
    })?;
    let judged = refuse_broken(&project, &plan);
    let is_pending = plan.actions.iter().any(|action| action.action != ActionKind::Keep);
    if session.console.is_json() {
        judged?;
        let mut document = plan_json::plan(&plan);
        document["images"] = images.into();
        document["estimate"] = estimate_view::summary(&estimate);
        session.console.document(&document)?;
    } else {
        let console = &session.console;
        console.result(&plan_view::plan(&plan, console.detail(), &console.palette_out()))?;
        console.result(&image_plan_view::images(&images))?;
        if !estimate.is_empty() {
            console.result(&format!("Takes {}.\n", estimate_view::line(&estimate)))?;
        }
        judged?;
    }
    Ok(if is_pending && arguments.detailed_exitcode { ExitCode::ChangesPending } else { ExitCode::Done })
}

/// Plans a deploy over what was seen, with the deployed templates it has use for.
pub(in crate::cli) async fn make(
    site: &Site,
    assembly: &Assembly,
    context: &DeployContext,
    observation: &mut Observation,
    sink: &dyn EventSink,
    stop: &Stop,
) -> Result<Plan, Failure> {
    site.complete(&assembly.units, observation, sink, stop).await?;
    if context.prune {
        site.complete_for_prune(&assembly.units, observation, sink, stop).await?;
    }
    if context.looks_for_drift {
        site.complete_drifts(observation, sink, stop).await?;
    }
    Ok(plan::deploy(&assembly.units, context, observation)?)
}

/// Refuses a plan that would bring a template into a stack in which the linter finds errors: what
/// CloudFormation says of it would come minutes later, with half of the plan carried out.
pub(in crate::cli) fn refuse_broken(project: &Project, plan: &Plan) -> Result<(), Failure> {
    let is_changed = |action: ActionKind| !matches!(action, ActionKind::Keep | ActionKind::Delete);
    let changed = plan.actions.iter().filter(|action| is_changed(action.action));
    refuse_broken_units(project, &plan.environment, &changed.map(|action| &action.instance).collect())
}

/// The same for units that are known to be changed.
pub(in crate::cli) fn refuse_broken_units(
    project: &Project,
    environment: &EnvironmentName,
    changed: &BTreeSet<&InstanceName>,
) -> Result<(), Failure> {
    if changed.is_empty() {
        return Ok(());
    }
    let errors = Assembler::new(project).judge(environment, |unit| changed.contains(&unit.instance))?;
    if errors.0.is_empty() {
        return Ok(());
    }
    let hint = format!(
        "no stack is changed before this is right or accepted (docs/lint.md); see `rekindle check {environment}`"
    );
    Err(Failure::from(errors).hint(hint))
}

/// Are the target and the units that options name there? (Selected units are the plan's to judge.)
pub(in crate::cli) fn check_names(
    assembly: &Assembly,
    selection: &Selection,
    changes: &ChangeArguments,
) -> Result<(), Failure> {
    names::target(&assembly.environment, selection.target.as_ref())?;
    let consented = changes.given().into_iter().flat_map(|(_, units)| units);
    names::units(&assembly.environment, consented, &names::instances(&assembly.units))
}

/// What is asked of a deploy.
pub(in crate::cli) fn deploy_context(
    assembly: &Assembly,
    selection: &Selection,
    changes: &ChangeArguments,
) -> DeployContext {
    let instances = assembly.units.iter().map(|unit| unit.instance());
    DeployContext {
        project: assembly.environment.project.clone(),
        environment: assembly.environment.name.clone(),
        protection: assembly.environment.protection,
        targets: assembly.environment.targets.clone(),
        release: assembly.release,
        deployment: assembly.deployment,
        prune: changes.prune,
        selected: selected(selection, instances),
        looks_for_drift: changes.revert_drift,
        consents: consents(changes, &assembly.units),
    }
}

fn consents(changes: &ChangeArguments, units: &[SealedUnit]) -> Consents {
    let named = changes.given().into_iter();
    let named = named.flat_map(|(consent, units)| units.iter().map(move |unit| (consent, unit.clone())));
    let everywhere = units.iter().filter(|_| changes.revert_drift);
    named.chain(everywhere.map(|unit| (Consent::RevertDrift, unit.instance().clone()))).collect()
}

/// The instances asked for; `None` for all. A unit named together with `--target` is meant there.
pub(in crate::cli) fn selected<'a>(
    selection: &Selection,
    known: impl Iterator<Item = &'a InstanceName>,
) -> Option<BTreeSet<InstanceName>> {
    let Selection { units, target } = selection;
    match target {
        None if units.is_empty() => None,
        None => Some(units.iter().cloned().collect()),
        Some(target) if units.is_empty() => {
            Some(known.filter(|instance| instance.target == *target).cloned().collect())
        }
        Some(target) => Some(
            units.iter().map(|instance| InstanceName::new(instance.unit.clone(), target.clone())).collect(),
        ),
    }
}
