//! An environment with its clouds: looking at it, and carrying plans out on it.

use std::sync::Arc;

use jiff::Timestamp;

use crate::cli::Session;
use crate::cli::exit_code::ExitCode;
use crate::cli::failure::Failure;
use crate::cli::former::{self, Former};
use crate::cli::prediction;
use crate::cli::wire::Wiring;
use crate::disk::{Ledger, StateDirectory, clock};
use crate::engine::{
    self, Clouds, Event, EventSink, ExecuteOptions, Operation, Outcome, Scope, Settled, Stop, Stopwatch,
    UnitOutcome,
};
use crate::estimate::{self, Durations};
use crate::model::record::SCHEMA;
use crate::model::{Environment, LastRecord, ProviderKind, Record, ResourceSeconds, SealedUnit};
use crate::plan::{self, ActionKind, Observation, Plan};
use crate::ui::outcome_view::Summary;

/// An environment with its clouds.
pub struct Site {
    /// The environment, with targets that the source dropped and that can still be reached.
    pub environment: Environment,
    /// Who serves its targets.
    pub clouds: Clouds,
    /// Where its history is; `None` in rehearsals, which leave none.
    pub ledger: Option<Ledger>,
    /// Places that the source no longer names.
    pub former: Vec<Former>,
    /// How long things take there, as far as that is known.
    pub durations: Durations,
}

/// How many durations a record keeps: 100 KB of text.
const MOST_DURATIONS: usize = 500;

/// The wait for operations under way was cut short.
#[derive(Debug, thiserror::Error)]
#[error("stopped while waiting for operations that were already under way; nothing was changed")]
struct StoppedWaiting;

impl Site {
    /// Connects to every place of the environment, those included that only its ledger still knows.
    /// Refuses (exit code 4) when another account or region answers.
    pub async fn open(
        wiring: &mut Wiring<'_>,
        environment: &Environment,
        state: &StateDirectory,
        watch: (&dyn EventSink, &Stop),
    ) -> Result<Self, Failure> {
        let mut site = Self::open_here(wiring, environment, state, watch).await?;
        let ledger = Ledger::of(state, &environment.name);
        let records = ledger.records()?;
        for recorded in plan::former_places(environment, records.iter().map(|(_, record)| record)) {
            site.former.push(former::look(wiring, recorded, environment, state, watch).await?);
        }
        site.join_dropped(wiring, state).await?;
        Ok(site)
    }

    /// As [`Site::open`], for the places that the environment names and no others.
    pub async fn open_here(
        wiring: &mut Wiring<'_>,
        environment: &Environment,
        state: &StateDirectory,
        (sink, stop): (&dyn EventSink, &Stop),
    ) -> Result<Self, Failure> {
        let clouds = wiring.connect(environment, state).await?;
        engine::check_identity(&clouds, environment, sink, stop).await?;
        let ledger = Ledger::of(state, &environment.name);
        let durations = prediction::durations(environment, &ledger)?;
        let environment = environment.clone();
        Ok(Self { environment, clouds, ledger: Some(ledger), former: Vec::new(), durations })
    }

    /// Looks at what stands. `desired` adds the names the source wants.
    pub async fn look(
        &self,
        desired: &[SealedUnit],
        sink: &dyn EventSink,
        stop: &Stop,
    ) -> Result<Observation, Failure> {
        let mut scope = Scope {
            project: self.environment.project.clone(),
            environment: self.environment.name.clone(),
            wanted: Default::default(),
        };
        for unit in desired {
            scope.wanted.entry(unit.instance().target.clone()).or_default().insert(unit.stack.clone());
        }
        for Former { recorded, .. } in self.former.iter().filter(|former| former.can_be_joined()) {
            let names = former::stack_names(recorded);
            scope.wanted.entry(recorded.target.clone()).or_default().extend(names);
        }
        let mut observation = engine::observe(&self.clouds, &scope, sink, stop).await?;
        if let Some(ledger) = &self.ledger {
            observation.records = ledger.latest()?;
        }
        Ok(observation)
    }

    /// Looks, and waits for what is under way: an interrupted run's stacks come to rest first.
    pub async fn look_when_settled(
        &self,
        desired: &[SealedUnit],
        sink: &dyn EventSink,
        stop: &Stop,
    ) -> Result<Observation, Failure> {
        let mut observation = self.look(desired, sink, stop).await?;
        match engine::settle(&self.clouds, &mut observation, sink, stop).await? {
            Settled::Quiet => Ok(observation),
            Settled::Stopped => Err(Failure::new(ExitCode::Interrupted, StoppedWaiting)
                .hint("what is under way goes on; run the command again to continue")),
        }
    }

    /// Fetches the deployed templates that a plan has use for.
    pub async fn complete(
        &self,
        desired: &[SealedUnit],
        observation: &mut Observation,
        sink: &dyn EventSink,
        stop: &Stop,
    ) -> Result<(), Failure> {
        let Environment { project, name, .. } = &self.environment;
        let wanted = plan::wanted_templates(project, name, desired, observation);
        Ok(engine::complete_templates(&self.clouds, observation, &wanted, sink, stop).await?)
    }

    /// Fetches the deployed templates of everything that stands.
    pub async fn complete_templates(
        &self,
        observation: &mut Observation,
        sink: &dyn EventSink,
        stop: &Stop,
    ) -> Result<(), Failure> {
        let Environment { project, name, .. } = &self.environment;
        let ids = plan::standing_ids(project, name, observation);
        Ok(engine::complete_templates(&self.clouds, observation, &ids, sink, stop).await?)
    }

    /// Fetches what a teardown foresees and proves by: the deployed templates of everything that stands,
    /// its resources, who imports its exports, what its buckets hold.
    pub async fn complete_for_teardown(
        &self,
        observation: &mut Observation,
        sink: &dyn EventSink,
        stop: &Stop,
    ) -> Result<(), Failure> {
        let Environment { project, name, .. } = &self.environment;
        let ids = plan::standing_ids(project, name, observation);
        self.complete_templates(observation, sink, stop).await?;
        engine::complete_resources(&self.clouds, observation, &ids, sink, stop).await?;
        let exported = plan::exported(observation);
        engine::complete_importers(&self.clouds, observation, &exported, sink, stop).await?;
        Ok(engine::complete_buckets(&self.clouds, observation, sink, stop).await?)
    }

    /// Carries a plan out and records what came of it.
    pub async fn carry_out(
        &self,
        errand: Errand<'_>,
        sink: &dyn EventSink,
        stop: &Stop,
    ) -> Result<Outcome, Failure> {
        let Errand { plan, observation, source, options, operation } = errand;
        let started = clock::now();
        let clouds = self.clouds_of_everything(observation);
        let work = prediction::work(plan, &self.durations, &self.environment, source, observation);
        let options = ExecuteOptions { weights: estimate::weights(&work), ..options.clone() };
        let watch = Stopwatch::new(sink);
        let mut outcome = engine::execute(plan, &clouds, &observation.others, &options, &watch, stop).await?;
        outcome.proof = engine::prove(&clouds, plan, observation, &outcome, sink, stop).await;
        if let Some(proof) = outcome.proof.clone() {
            sink.send(Event::Proved { proof });
        }
        if let (Some(ledger), false) = (&self.ledger, outcome.reports.is_empty()) {
            let record = self.record(plan, &outcome, operation, started);
            ledger.append(&Record { resources: self.real(watch.measured(MOST_DURATIONS)), ..record })?;
        }
        Ok(outcome)
    }

    /// What took real time: an embedded engine's is a prediction itself.
    fn real(&self, mut measured: Vec<ResourceSeconds>) -> Vec<ResourceSeconds> {
        let targets = &self.environment.targets;
        let is_real = |one: &ResourceSeconds| {
            targets.get(&one.instance.target).is_some_and(|target| target.provider == ProviderKind::Aws)
        };
        measured.retain(is_real);
        measured
    }

    /// The clouds, with those of targets that only a stack's tags name: it is worked on where it was
    /// seen.
    fn clouds_of_everything(&self, observation: &Observation) -> Clouds {
        let mut clouds = self.clouds.clone();
        for (seen_at, stacks) in &observation.stacks {
            let Some(cloud) = self.clouds.targets.get(seen_at) else { continue };
            for identity in stacks.iter().filter_map(|stack| stack.identity()) {
                clouds.targets.entry(identity.instance.target).or_insert_with(|| Arc::clone(cloud));
            }
        }
        clouds
    }

    fn record(&self, plan: &Plan, outcome: &Outcome, operation: Operation, started: Timestamp) -> Record {
        let worked_on = outcome.reports.iter().map(|report| {
            let is_gone = report.action == ActionKind::Delete && report.outcome == UnitOutcome::Done;
            let last = report.stack_id.clone().filter(|_| !is_gone);
            let last = last.map(|stack_id| LastRecord { stack_id, changed: report.changed });
            (report.instance.clone(), last)
        });
        Record {
            schema: SCHEMA,
            project: plan.project.clone(),
            environment: plan.environment.clone(),
            operation: operation.as_str().to_owned(),
            outcome: Summary::of([outcome]).verdict.as_str().to_owned(),
            release: outcome.release,
            deployment: outcome.deployment,
            started,
            finished: clock::now(),
            places: self.environment.targets.clone(),
            instances: worked_on.collect(),
            resources: Vec::new(),
        }
    }
}

/// A plan to carry out.
#[derive(Clone, Copy, Debug)]
pub struct Errand<'a> {
    /// What to do.
    pub plan: &'a Plan,
    /// What the plan was made from.
    pub observation: &'a Observation,
    /// The units of the source, where it is known.
    pub source: &'a [SealedUnit],
    /// How.
    pub options: &'a ExecuteOptions,
    /// What the user called it.
    pub operation: Operation,
}

impl Session {
    /// How a run is carried out. Its name makes its client tokens unlike any other run's.
    pub(super) fn execute_options(&self, jobs: Option<std::num::NonZeroUsize>) -> ExecuteOptions {
        ExecuteOptions {
            run: format!("{}-{}", clock::now().as_nanosecond(), std::process::id()),
            jobs: jobs.map_or(0, std::num::NonZeroUsize::get),
            ..ExecuteOptions::default()
        }
    }
}
