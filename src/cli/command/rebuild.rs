//! `rekindle rebuild`: tears down what may be torn down, makes it again, and proves it equal.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::cli::Session;
use crate::cli::args::{ChangeArguments, RebuildArguments, Selection};
use crate::cli::beforehand::Asking;
use crate::cli::carry_out::{Errand, restore_points};
use crate::cli::command::plan::{deploy_context, make, refuse_broken_units};
use crate::cli::command::teardown::{named, question, teardown_context};
use crate::cli::command::{rebuild_elsewhere, verify};
use crate::cli::delivery::Deliveries;
use crate::cli::exit_code::ExitCode;
use crate::cli::failure::Failure;
use crate::cli::hold::Hold;
use crate::cli::rehearsal::{self, Rehearsal};
use crate::cli::site::Site;
use crate::cli::view::{self, Notices};
use crate::cli::wire::Wiring;
use crate::cli::{consent, faults, names, recovery, runtime};
use crate::engine::{EventSink, ExecuteOptions, Operation, Outcome, Stop, VerifyOptions};
use crate::manifest::Project;
use crate::model::{Diagnostic, Diagnostics, Digest, InstanceName, Record, RestorePoints};
use crate::plan::{self, ActionKind, Observation, Plan, TeardownContext};
use crate::release::Assembly;
use crate::ui::outcome_view::{Summary, Verdict};
use crate::ui::run::Expectations;

/// Teardown, deploy, verification; ends with the ids of before and after.
pub fn run(session: &Session, arguments: &RebuildArguments) -> Result<ExitCode, Failure> {
    if let Some(to) = &arguments.to {
        return rebuild_elsewhere::run(session, arguments, to);
    }
    let project = session.project()?;
    let assembly = session.assemble(&project, &arguments.environment)?;
    names::faults(&assembly.environment, &faults(&arguments.run)?, &assembly.units)?;
    names::units(&assembly.environment, named(&arguments.consents), &names::instances(&assembly.units))?;
    if arguments.run.rehearse {
        let teardown = teardown_context(&assembly.environment, &arguments.consents);
        return rehearse(session, arguments, (&project, &assembly), Some(teardown));
    }
    runtime::run(async |stop| rebuild(session, arguments, (&project, &assembly), &stop).await)
}

/// A rehearsal of a rebuild, with a teardown or, where nothing stands, without one.
pub(super) fn rehearse(
    session: &Session,
    arguments: &RebuildArguments,
    (project, assembly): (&Project, &Assembly),
    teardown: Option<TeardownContext>,
) -> Result<ExitCode, Failure> {
    rehearsal::run(&Rehearsal {
        session,
        project,
        assembly,
        run: &arguments.run,
        deploy: Some(deploy_context(assembly, &Selection::default(), &changes(arguments))),
        teardown,
        operation: Operation::Rebuild,
        asking: arguments
            .to
            .is_some()
            .then_some(Asking { registries: false, may_be_unanswered: arguments.allow_unanswered }),
        consents: rehearsal::consents(&assembly.environment, &arguments.run, &arguments.consents),
    })
}

/// A rebuild at work.
struct Rebuild<'a> {
    session: &'a Session,
    project: &'a Project,
    assembly: &'a Assembly,
    site: Site,
    options: ExecuteOptions,
    changes: ChangeArguments,
    stop: &'a Stop,
}

async fn rebuild(
    session: &Session,
    arguments: &RebuildArguments,
    (project, assembly): (&Project, &Assembly),
    stop: &Stop,
) -> Result<ExitCode, Failure> {
    let environment = &assembly.environment;
    let state = session.state()?;
    let notices = Notices::new(&session.console);
    let mut wiring = Wiring::new(session, faults(&arguments.run)?);
    let watch: (&dyn EventSink, &Stop) = (&notices, stop);
    let hold = Hold::take(&wiring, (environment, "rebuild"), &state, &arguments.run, watch).await?;
    let work = async |stop: &Stop| {
        recovery::settle(&mut wiring, environment, &state, (&notices, stop)).await?;
        let mut site = Site::open(&mut wiring, environment, &state, (&notices, stop)).await?;
        site.hold = Some(Arc::clone(&hold));
        site.reach_everything(None)?;
        let options = session.execute_options(&arguments.run);
        let changes = changes(arguments);
        let rebuild = Rebuild { session, project, assembly, site, options, changes, stop };
        rebuild_held(&rebuild, arguments, &notices).await
    };
    let ended = hold.during(watch, work).await?;
    session.console.warnings(&names::idle_faults(wiring.idle_faults()))?;
    Ok(ended)
}

/// The rebuild of an environment that is held.
async fn rebuild_held(
    rebuild: &Rebuild<'_>,
    arguments: &RebuildArguments,
    notices: &Notices<'_>,
) -> Result<ExitCode, Failure> {
    let Rebuild { session, assembly, stop, .. } = *rebuild;
    let environment = &rebuild.site.environment;
    let mut observation = rebuild.site.look_when_settled(&assembly.units, notices, stop).await?;
    rebuild.site.complete_for_teardown(&mut observation, notices, stop).await?;
    let before = ledger_ids(&rebuild.site)?;
    let mut context = teardown_context(environment, &arguments.consents);
    let consents = &arguments.consents;
    context.restore = rebuild.site.look_for_restore_points(consents, &mut observation, notices, stop).await?;
    let mut relied_on = RestorePoints::new();
    let interrupted = interrupted(&rebuild.site, assembly)?;
    let is_continued = interrupted.is_some();
    if let Some(interrupted) = interrupted {
        session.console.progress(&format!(
            "continuing the rebuild of {}: what it has made stays, the rest is made now\n",
            interrupted.started
        ))?;
        context.selected = Some(BTreeSet::new());
        relied_on = interrupted.restore_points;
    }
    let teardown = plan::teardown(&context, &observation)?;
    relied_on.extend(restore_points(&teardown));
    session.console.plan(&teardown)?;
    // Whatever would stop the deploy stops the rebuild before it touches anything.
    let kept = &mut observation.clone().after_deletions(&teardown);
    let deploy = rebuild.plan_deploy(kept, notices).await?;
    session.console.plan(&deploy)?;
    if !is_continued && !teardown.is_empty() {
        rebuild.refuse_broken(&deploy, &observation)?;
    }
    let question = question("rebuild", environment, &arguments.consents);
    consent::ask(&session.console, &arguments.run, &question, stop).await?;

    let view = view::of(&session.console, Expectations::default());
    let work = async {
        let (source, options, operation) = (&assembly.units[..], &rebuild.options, Operation::Rebuild);
        let errand = Errand { plan: &teardown, observation: &observation, source, options, operation };
        let torn_down = rebuild.site.carry_out(errand, &*view, stop);
        let mut outcomes = vec![torn_down.await?];
        if Summary::of(&outcomes).verdict == Verdict::Succeeded {
            outcomes.push(rebuild.deploy(&*view).await?);
        }
        Ok::<_, Failure>(outcomes)
    };
    let outcomes = view::keep_moving(&*view, work).await?;
    let ended = rebuild.conclude(&outcomes, before, &*view).await;
    session.console.warnings(&to_restore(&relied_on))?;
    ended
}

impl Rebuild<'_> {
    /// Refuses templates in which the linter finds errors, where they are not those of stacks that stand:
    /// these CloudFormation has accepted. Once something is torn down the rest is left to CloudFormation.
    fn refuse_broken(&self, deploy: &Plan, seen: &Observation) -> Result<(), Failure> {
        let standing: BTreeSet<(InstanceName, Digest)> = seen
            .stacks
            .values()
            .flatten()
            .filter_map(|stack| Some((stack.identity()?.instance, stack.facts()?.unit)))
            .collect();
        let digests = self.assembly.units.iter().map(|unit| (unit.instance().clone(), unit.digest()));
        let accepted: BTreeSet<InstanceName> =
            digests.filter(|unit| standing.contains(unit)).map(|(instance, _)| instance).collect();
        let made = deploy.actions.iter().filter(|action| action.action != ActionKind::Keep);
        let made = made.map(|action| &action.instance).filter(|instance| !accepted.contains(*instance));
        refuse_broken_units(self.project, &deploy.environment, &made.collect())
    }

    async fn plan_deploy(&self, seen: &mut Observation, sink: &dyn EventSink) -> Result<Plan, Failure> {
        let context = deploy_context(self.assembly, &Selection::default(), &self.changes);
        let plan = make(&self.site, self.assembly, &context, seen, sink, self.stop).await?;
        consent::named(&plan, consent::Where::Deploy)?;
        Ok(plan)
    }

    async fn deploy(&self, sink: &dyn EventSink) -> Result<Outcome, Failure> {
        let mut observation = self.site.look(&self.assembly.units, sink, self.stop).await?;
        let plan = self.plan_deploy(&mut observation, sink).await?;
        let deliveries = Deliveries::begin(self.session, self.assembly, &plan, &observation, self.stop);
        let options = &deliveries.options(self.options.clone());
        let (source, operation) = (&self.assembly.units[..], Operation::Rebuild);
        let errand = Errand { plan: &plan, observation: &observation, source, options, operation };
        let work = self.site.carry_out(errand, sink, self.stop);
        deliveries.beside(work, &self.site.clouds, sink).await
    }

    /// Shows how it ended; verifies what was made again.
    async fn conclude(
        &self,
        outcomes: &[Outcome],
        before: Option<(Digest, Digest)>,
        view: &dyn crate::ui::run::RunView,
    ) -> Result<ExitCode, Failure> {
        let mut summary = Summary::of(outcomes);
        summary.release = Some(self.assembly.release);
        summary.deployment = Some(self.assembly.deployment);
        let console = &self.session.console;
        let name = &self.assembly.environment.name;
        if summary.verdict != Verdict::Succeeded || outcomes.len() < 2 {
            view::close(view, &summary)?;
            for (outcome, operation) in outcomes.iter().zip([Operation::Teardown, Operation::Deploy]) {
                console.outcome(operation, name, outcome)?;
            }
            return Ok(ExitCode::from(summary.verdict));
        }
        let found =
            verify::compare(&self.site, self.assembly, VerifyOptions::default(), view, self.stop).await?;
        let is_equal = found.differences.is_empty();
        let verdict = if is_equal { summary.verdict } else { Verdict::Different };
        view::close(view, &Summary { verdict, ..summary })?;
        if !console.is_json() {
            for (outcome, operation) in outcomes.iter().zip([Operation::Teardown, Operation::Deploy]) {
                console.outcome(operation, name, outcome)?;
            }
            console.result(&crate::ui::verify_view::verification(&found, &console.palette_out()))?;
            console.result(&before_and_after(before, self.assembly))?;
        }
        Ok(if is_equal { ExitCode::Done } else { ExitCode::Different })
    }
}

/// What was deleted with its data and begins empty, with the copies that the data is to be restored from.
fn to_restore(points: &RestorePoints) -> Diagnostics {
    let each = points.iter().flat_map(|(instance, points)| points.iter().map(move |point| (instance, point)));
    let told = each.map(|(instance, (logical_id, point))| {
        let message = format!("`{instance}.{logical_id}` begins empty: what it held is in `{point}`");
        Diagnostic::warning("to-restore", message)
            .hint("rekindle restores no data yet: restore it with AWS Backup before you let anybody use it")
    });
    Diagnostics(told.collect())
}

/// The rebuild of this very deployment that was interrupted when everything was torn down, if that was
/// the last run: tearing down again would make twice what it has made.
fn interrupted(site: &Site, assembly: &Assembly) -> Result<Option<Record>, Failure> {
    let Some(ledger) = &site.ledger else { return Ok(None) };
    let last = ledger.records()?.pop().map(|(_, record)| record);
    Ok(last.filter(|record| {
        record.operation == Operation::Rebuild.as_str()
            && record.outcome == Verdict::Interrupted.as_str()
            && record.release == Some(assembly.release)
            && record.deployment == Some(assembly.deployment)
    }))
}

/// Release and deployment of the last run that recorded them.
fn ledger_ids(site: &Site) -> Result<Option<(Digest, Digest)>, Failure> {
    let Some(ledger) = &site.ledger else { return Ok(None) };
    let records = ledger.records()?;
    Ok(records.iter().rev().find_map(|(_, record)| Some((record.release?, record.deployment?))))
}

fn before_and_after(before: Option<(Digest, Digest)>, assembly: &Assembly) -> String {
    let row = |name: &str, before: Option<Digest>, after: Digest| {
        let before_text = before.map_or_else(|| "(no record)".to_owned(), |digest| digest.to_string());
        let judgement = match before {
            Some(before) if before == after => "equal",
            Some(_) => "changed",
            None => "new",
        };
        format!("  {name:<10} before {before_text}\n  {:<10} after  {after}  {judgement}\n", "")
    };
    row("release", before.map(|ids| ids.0), assembly.release)
        + &row("deployment", before.map(|ids| ids.1), assembly.deployment)
}

/// What its deploy may do: take in what its teardown retained, where that was asked for.
fn changes(arguments: &RebuildArguments) -> ChangeArguments {
    ChangeArguments { adopt: arguments.adopt.clone(), ..ChangeArguments::default() }
}
