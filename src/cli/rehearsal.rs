//! Rehearsals: the same plan on an embedded engine in memory and in virtual time. Nothing real is
//! touched or asked.

use std::collections::BTreeSet;

use crate::cli::args::{ChangeArguments, RunArguments, Selection, TeardownConsents};
use crate::cli::beforehand::{self, Asking};
use crate::cli::carry_out::Errand;
use crate::cli::command::plan::{deploy_context, make};
use crate::cli::exit_code::ExitCode;
use crate::cli::failure::Failure;
use crate::cli::site::Site;
use crate::cli::view::Silent;
use crate::cli::{Session, faults, names, prediction, runtime, wire};
use crate::disk::clock;
use crate::engine::{self, Event, EventSink, ExecuteOptions, Operation, Outcome, Recorder, Stop, Timeline};
use crate::estimate::{self, Durations, Estimate, Work};
use crate::local::{Cloud, Fault, Options};
use crate::manifest::Project;
use crate::model::{Diagnostics, Environment, Protection, SealedUnit};
use crate::plan::{self, Consent, DeployContext, Plan, TeardownContext};
use crate::release::{self, Assembly};
use crate::ui::outcome_view::{Summary, Verdict};
use crate::ui::rehearsal_view::{self, AssumedConsent, Span, Step};
use crate::ui::text;

/// What to rehearse.
pub struct Rehearsal<'a> {
    /// Flags, surroundings, console.
    pub session: &'a Session,
    /// The project: environments that are used are made from it first.
    pub project: &'a Project,
    /// The environment.
    pub assembly: &'a Assembly,
    /// How it runs.
    pub run: &'a RunArguments,
    /// The teardown, where there is one; it comes first.
    pub teardown: Option<TeardownContext>,
    /// The deploy, where there is one.
    pub deploy: Option<DeployContext>,
    /// What of the place is asked before the deploy, where something is.
    pub asking: Option<Asking>,
    /// What the user called it.
    pub operation: Operation,
    /// Consents that are assumed here; the real run will need them.
    pub consents: Vec<AssumedConsent>,
}

/// What a rehearsed teardown or rebuild assumes.
pub fn consents(
    environment: &Environment,
    run: &RunArguments,
    given: &TeardownConsents,
) -> Vec<AssumedConsent> {
    match (environment.protection, &given.confirm) {
        (Protection::Production, None) => vec![AssumedConsent::Confirm],
        (Protection::Production, Some(_)) => Vec::new(),
        _ if run.yes => Vec::new(),
        _ => vec![AssumedConsent::Yes],
    }
}

/// Rehearses, and shows what was predicted. Exit code 0 if the real run would succeed.
pub fn run(rehearsal: &Rehearsal<'_>) -> Result<ExitCode, Failure> {
    let recorder = Recorder::default();
    let Rehearsed { outcomes, phases, assumed, idle } =
        runtime::run(async |stop| rehearse(rehearsal, &recorder, &stop).await)?;
    let verdict = Summary::of(&outcomes).verdict;
    let jobs = rehearsal.run.jobs.map_or(0, std::num::NonZeroUsize::get);
    let estimate = estimate::estimate(&phases, jobs);
    let mut prediction = prediction(rehearsal, &recorder, &outcomes, estimate);
    prediction.consents.extend(assumed);
    let console = &rehearsal.session.console;
    console.warnings(&names::idle_faults(idle))?;
    if console.is_json() {
        let mut document = rehearsal_view::document(&prediction);
        document["outcome"] = verdict.as_str().into();
        console.document(&document)?;
        return Ok(ExitCode::from(verdict));
    }
    if verdict != Verdict::Succeeded {
        for outcome in &outcomes {
            console.outcome(rehearsal.operation, &rehearsal.assembly.environment.name, outcome)?;
        }
    }
    console.result(&rehearsal_view::rehearsal(&prediction, &console.palette_out()))?;
    Ok(ExitCode::from(verdict))
}

async fn rehearse(rehearsal: &Rehearsal<'_>, recorder: &Recorder, stop: &Stop) -> Result<Rehearsed, Failure> {
    let environment = &rehearsal.assembly.environment;
    // The engine's clock knows the table alone, so that everything said here is by the table.
    let durations = Durations::of_table(prediction::table);
    let engine = Cloud::in_memory(Options { now: clock::now(), faults: Vec::new() });
    engine.set_answers(rehearsal.session.answers()?);
    let options = rehearsal.session.execute_options(rehearsal.run);
    let stage = Stage { project: rehearsal.project, engine: &engine, durations, options, stop };
    stage.make_used(environment, &mut BTreeSet::new()).await?;
    if rehearsal.teardown.is_some() {
        stage.make(rehearsal.assembly, &whole(rehearsal.assembly), &Silent).await?;
    }
    engine.set_faults(faults(rehearsal.run)?);

    let site = stage.site(environment);
    let (mut outcomes, mut phases, mut assumed) = (Vec::new(), Vec::new(), Vec::new());
    if let Some(context) = &rehearsal.teardown {
        let mut observation = site.look(&rehearsal.assembly.units, recorder, stop).await?;
        site.complete_templates(&mut observation, recorder, stop).await?;
        let plan = plan::teardown(&with_lifts(context, &rehearsal.assembly.units), &observation)?;
        if let Some(deploy) = &rehearsal.deploy
            && !observation.left_behind_by(&plan).is_empty()
        {
            // What the real rebuild would refuse before it tears anything down.
            plan::deploy(&rehearsal.assembly.units, deploy, &observation.clone().after_deletions(&plan))?;
        }
        assumed = lifts(&plan, context);
        let (source, options) = (&rehearsal.assembly.units[..], &stage.options);
        let operation = rehearsal.operation;
        phases.push(prediction::work(&plan, &stage.durations, environment, source, &observation));
        let errand = Errand { plan: &plan, observation: &observation, source, options, operation };
        outcomes.push(site.carry_out(errand, recorder, stop).await?);
    }
    if let (Some(context), Verdict::Succeeded) = (&rehearsal.deploy, Summary::of(&outcomes).verdict) {
        let asked = rehearsal.asking.map(|asking| (rehearsal.session, asking));
        let (outcome, work) = stage.make_after((rehearsal.assembly, context), asked, recorder).await?;
        outcomes.push(outcome);
        phases.push(work);
    }
    Ok(Rehearsed { outcomes, phases, assumed, idle: engine.idle_faults() })
}

/// What came of a rehearsal.
struct Rehearsed {
    outcomes: Vec<Outcome>,
    phases: Vec<Work>,
    /// Named consents that were assumed because the real run will need them.
    assumed: Vec<AssumedConsent>,
    /// Requested failures that did not happen.
    idle: Vec<Fault>,
}

const LIFTS: [Consent; 2] = [Consent::LiftTerminationProtection, Consent::LiftDeletionProtection];

/// The same request with every consent that lifts a protection.
fn with_lifts(context: &TeardownContext, units: &[SealedUnit]) -> TeardownContext {
    let mut context = context.clone();
    for unit in units {
        LIFTS.into_iter().for_each(|consent| context.consents.give(consent, unit.instance().clone()));
    }
    context
}

/// Those that the plan made use of and nobody gave.
fn lifts(plan: &Plan, context: &TeardownContext) -> Vec<AssumedConsent> {
    let used = plan.actions.iter().flat_map(|action| {
        LIFTS
            .into_iter()
            .filter(|consent| action.has_consent(*consent))
            .map(|consent| (consent, &action.instance))
    });
    used.filter(|(consent, instance)| !context.consents.given(*consent, instance))
        .map(|(consent, instance)| AssumedConsent::Named(consent, instance.clone()))
        .collect()
}

/// An embedded engine in memory, and what is made on it.
struct Stage<'a> {
    project: &'a Project,
    engine: &'a Cloud,
    durations: Durations,
    options: ExecuteOptions,
    stop: &'a Stop,
}

impl Stage<'_> {
    fn site(&self, environment: &Environment) -> Site {
        let clouds = wire::rehearsal(environment, self.engine);
        let (environment, durations) = (environment.clone(), self.durations.clone());
        Site {
            environment,
            clouds,
            ledger: None,
            journals: None,
            hold: None,
            unsettled: Diagnostics::default(),
            former: Vec::new(),
            durations,
        }
    }

    /// Makes the environments that this one uses, and those that they use.
    async fn make_used(
        &self,
        environment: &Environment,
        made: &mut BTreeSet<crate::model::EnvironmentName>,
    ) -> Result<(), Failure> {
        for name in environment.uses.keys() {
            if made.insert(name.clone()) {
                let assembly = release::assemble(self.project, name)?;
                Box::pin(self.make_used(&assembly.environment, made)).await?;
                self.make(&assembly, &whole(&assembly), &Silent).await?;
            }
        }
        Ok(())
    }

    async fn make(
        &self,
        assembly: &Assembly,
        context: &DeployContext,
        sink: &dyn EventSink,
    ) -> Result<(Outcome, Work), Failure> {
        self.make_after((assembly, context), None, sink).await
    }

    /// The same, after what the place must have was asked for.
    async fn make_after(
        &self,
        (assembly, context): (&Assembly, &DeployContext),
        asked: Option<(&Session, Asking)>,
        sink: &dyn EventSink,
    ) -> Result<(Outcome, Work), Failure> {
        let site = self.site(&assembly.environment);
        let mut observation = site.look(&assembly.units, sink, self.stop).await?;
        let plan = make(&site, assembly, context, &mut observation, sink, self.stop).await?;
        if let Some((session, asking)) = asked {
            let watch = (sink, self.stop);
            beforehand::ask((session, &site, assembly), (&plan, &observation), asking, watch).await?;
        }
        let (source, options, operation) = (&assembly.units[..], &self.options, Operation::Deploy);
        let work = prediction::work(&plan, &self.durations, &assembly.environment, source, &observation);
        let errand = Errand { plan: &plan, observation: &observation, source, options, operation };
        Ok((site.carry_out(errand, sink, self.stop).await?, work))
    }
}

fn whole(assembly: &Assembly) -> DeployContext {
    deploy_context(assembly, &Selection::default(), &ChangeArguments::default())
}

fn prediction(
    rehearsal: &Rehearsal<'_>,
    recorder: &Recorder,
    outcomes: &[Outcome],
    estimate: Estimate,
) -> rehearsal_view::Rehearsal {
    let events = recorder.events();
    let timeline = Timeline::of(&events);
    let begin = timeline.units.iter().map(|unit| unit.started).min().unwrap_or_default();
    let spans = timeline.units.iter().filter_map(|unit| {
        Some(Span {
            instance: unit.instance.clone(),
            action: unit.action,
            start: text::seconds_between(begin, unit.started),
            end: text::seconds_between(begin, unit.finished?),
        })
    });
    // A teardown and a deploy follow each other: each phase has a path of its own.
    let paths = phases(&events).into_iter().flat_map(|phase| engine::critical_path(&Timeline::of(phase)));
    let steps = paths.map(|step| Step {
        instance: step.instance,
        resource: step.resource,
        resource_type: step.resource_type,
        operation: step.operation,
        seconds: step.seconds,
    });
    let Summary { verdict, seconds, .. } = Summary::of(outcomes);
    let is_done = verdict == Verdict::Succeeded;
    rehearsal_view::Rehearsal {
        operation: rehearsal.operation,
        environment: rehearsal.assembly.environment.name.clone(),
        seconds,
        slow_seconds: is_done.then(|| estimate.p90_seconds.round().max(seconds)),
        confidence: estimate.confidence,
        spans: spans.collect(),
        critical_path: steps.collect(),
        consents: rehearsal.consents.clone(),
        unknown_types: estimate.unknown_types.into_iter().collect(),
    }
}

/// The events of each phase: a phase opens with [`Event::Started`].
fn phases(events: &[Event]) -> Vec<&[Event]> {
    let starts: Vec<usize> = events
        .iter()
        .enumerate()
        .filter(|(_, event)| matches!(event, Event::Started { .. }))
        .map(|(index, _)| index)
        .chain([events.len()])
        .collect();
    starts.windows(2).map(|window| &events[window[0]..window[1]]).collect()
}
