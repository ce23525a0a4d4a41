//! Carries a plan out on an environment: with a journal while it runs, and a record when it ends.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use crate::cli::Session;
use crate::cli::args::RunArguments;
use crate::cli::exit_code::ExitCode;
use crate::cli::failure::Failure;
use crate::cli::prediction;
use crate::cli::site::Site;
use crate::disk::{LedgerError, RunJournal, clock};
use crate::engine::{self, Clouds, Event, EventSink, ExecuteOptions, Operation, Outcome, Stop, Stopwatch};
use crate::estimate;
use crate::model::record::SCHEMA;
use crate::model::{
    JournalHeader, ProviderKind, Record, ResourceSeconds, RestorePoints, SealedUnit, Target, TargetName,
    journal,
};
use crate::plan::{Observation, Plan};
use crate::port::Journal;
use crate::ui::outcome_view::Summary;

/// How many durations a record keeps: 100 KB of text.
const MOST_DURATIONS: usize = 500;

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

impl Site {
    /// Carries a plan out and records what came of it.
    pub async fn carry_out(
        &self,
        errand: Errand<'_>,
        sink: &dyn EventSink,
        stop: &Stop,
    ) -> Result<Outcome, Failure> {
        let Errand { plan, observation, source, options, operation } = errand;
        let header = self.header(errand);
        let clouds = self.clouds_of_everything(observation);
        let work = prediction::work(plan, &self.durations, &self.environment, source, observation);
        let journal = self.begin(&header, plan)?;
        let options = ExecuteOptions {
            run: header.run.clone(),
            journal: journal.clone().map(|journal| self.guarded(journal)),
            weights: estimate::weights(&work),
            ..options.clone()
        };
        let watch = Stopwatch::new(sink);
        let mut outcome = engine::execute(plan, &clouds, &observation.others, &options, &watch, stop).await?;
        outcome.proof = engine::prove(&clouds, plan, observation, &outcome, sink, stop).await;
        if let Some(proof) = outcome.proof.clone() {
            sink.send(Event::Proved { proof });
        }
        if let (Some(ledger), false) = (&self.ledger, outcome.reports.is_empty()) {
            let resources = self.real(watch.measured(MOST_DURATIONS));
            let places = self.environment.targets.clone();
            let lease_broken = self.hold.as_ref().and_then(|hold| hold.broken());
            let record = Record { resources, places, lease_broken, ..record(header, &outcome) };
            ledger.append(&record).map_err(|error| unrecorded(error, operation, &outcome))?;
        }
        // From here on the record tells it. Until then the next command would settle the journal.
        if let Some(journal) = journal {
            journal.close()?;
        }
        Ok(outcome)
    }

    /// Begins a journal, unless nothing is to be done or nothing shall be left behind.
    fn begin(&self, header: &JournalHeader, plan: &Plan) -> Result<Option<Arc<RunJournal>>, Failure> {
        match &self.journals {
            Some(journals) if !plan.is_empty() => Ok(Some(Arc::new(journals.begin(header.clone())?))),
            _ => Ok(None),
        }
    }

    /// The journal, which takes nothing more once the environment is held no longer.
    fn guarded(&self, journal: Arc<RunJournal>) -> Arc<dyn Journal> {
        match &self.hold {
            Some(hold) => hold.guarding(journal),
            None => journal,
        }
    }

    /// Who this run is. Its name makes its client tokens unlike any other run's.
    fn header(&self, Errand { plan, observation, operation, .. }: Errand<'_>) -> JournalHeader {
        let (started, process) = (clock::now(), std::process::id());
        JournalHeader {
            schema: journal::SCHEMA,
            run: format!("{}-{process}", started.as_nanosecond()),
            project: plan.project.clone(),
            environment: plan.environment.clone(),
            operation: operation.as_str().to_owned(),
            release: plan.release,
            deployment: plan.deployment,
            started,
            process,
            places: self.places(observation),
            restore_points: restore_points(plan),
        }
    }

    /// Where the targets are; one that only a stack's tags name is where that was seen.
    fn places(&self, observation: &Observation) -> BTreeMap<TargetName, Target> {
        let mut places = self.environment.targets.clone();
        for (seen_at, stacks) in &observation.stacks {
            let Some(place) = self.environment.targets.get(seen_at) else { continue };
            for identity in stacks.iter().filter_map(|stack| stack.identity()) {
                places.entry(identity.instance.target).or_insert_with(|| place.clone());
            }
        }
        places
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
}

/// A run ended, and its record could not be written.
#[derive(Debug, thiserror::Error)]
#[error(
    "the {operation} ended: {verdict}; its record could not be written, and the next command writes it from the journal"
)]
struct Unrecorded {
    operation: &'static str,
    verdict: &'static str,
    source: LedgerError,
}

fn unrecorded(source: LedgerError, operation: Operation, outcome: &Outcome) -> Failure {
    let hint = source.hint().map(str::to_owned);
    let verdict = Summary::of([outcome]).verdict;
    let code = ExitCode::from(verdict).max(ExitCode::Error);
    let error = Unrecorded { operation: operation.as_str(), verdict: verdict.as_str(), source };
    Failure { hint, ..Failure::new(code, error) }
}

/// The copies that let what a plan deletes go.
pub fn restore_points(plan: &Plan) -> RestorePoints {
    let mut relied_on = RestorePoints::new();
    for action in &plan.actions {
        for lost in &action.consequences {
            if let Some(point) = &lost.restore_point {
                let of_unit = relied_on.entry(action.instance.clone()).or_default();
                of_unit.insert(lost.logical_id.clone(), point.id.clone());
            }
        }
    }
    relied_on
}

fn record(header: JournalHeader, outcome: &Outcome) -> Record {
    let finished: Timestamp = clock::now();
    let worked_on = outcome.reports.iter().map(|report| (report.instance.clone(), report.last()));
    Record {
        schema: SCHEMA,
        project: header.project,
        environment: header.environment,
        run: Some(header.run),
        operation: header.operation,
        outcome: Summary::of([outcome]).verdict.as_str().to_owned(),
        release: outcome.release,
        deployment: outcome.deployment,
        started: header.started,
        finished,
        places: header.places,
        instances: worked_on.collect(),
        restore_points: header.restore_points,
        resources: Vec::new(),
        lease_broken: None,
    }
}

impl Session {
    /// How a run is carried out.
    pub(super) fn execute_options(&self, arguments: &RunArguments) -> ExecuteOptions {
        let minutes = |minutes: u32| Duration::from_secs(u64::from(minutes) * 60);
        ExecuteOptions {
            jobs: arguments.jobs.map_or(0, std::num::NonZeroUsize::get),
            unit_deadline: arguments.unit_deadline.map(minutes),
            deadline: arguments.deadline.map(minutes),
            ..ExecuteOptions::default()
        }
    }
}
