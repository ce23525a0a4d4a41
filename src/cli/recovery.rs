//! Settles the journals of runs that died, before anything else is done to their environment.

use std::collections::BTreeMap;

use crate::cli::exit_code::ExitCode;
use crate::cli::failure::Failure;
use crate::cli::wire::Wiring;
use crate::disk::{Journals, Ledger, StateDirectory, clock};
use crate::engine::{self, Event, EventSink, Stop};
use crate::model::record::SCHEMA;
use crate::model::{
    Diagnostic, Diagnostics, Environment, InstanceName, InterruptedRun, JournalHeader, LastRecord, Record,
    Target, TargetName,
};
use crate::ui::outcome_view::Verdict;

/// Finds out what became of each effect that a dead run announced, and writes the record that it
/// could not. A run at a place that the source no longer names and that cannot be reached keeps its
/// journal.
pub async fn settle(
    wiring: &mut Wiring<'_>,
    environment: &Environment,
    state: &StateDirectory,
    watch: (&dyn EventSink, &Stop),
) -> Result<(), Failure> {
    let journals = Journals::of(state, &environment.project, &environment.name);
    let left = journals.left()?;
    if left.is_empty() {
        return Ok(());
    }
    let ledger = Ledger::of(state, &environment.name);
    let recorded: Vec<_> = ledger.records()?.into_iter().filter_map(|(_, record)| record.run).collect();
    for journal in left {
        if let Some(run) = journal.run.as_ref().filter(|run| !recorded.contains(&run.header.run)) {
            if wiring.is_confined() && !is_here(run, environment) {
                let message =
                    "it worked at other places, too: its journal is kept until they are asked again";
                say(watch.0, format!("{}; {message}", described(&run.header)));
                continue;
            }
            say(watch.0, format!("{}: finding out what became of it", described(&run.header)));
            let instances = match look(wiring, run, environment, state, watch).await {
                Ok(instances) => instances,
                Err(failure) if is_only_former(run, environment, &failure) => {
                    say(watch.0, format!("its journal is kept for the next run: {failure}"));
                    continue;
                }
                Err(failure) => return Err(failure),
            };
            let number = ledger.append(&record(&run.header, instances))?;
            say(watch.0, format!("it is settled, and recorded as {number} in the ledger"));
        }
        journal.remove()?;
    }
    Ok(())
}

async fn look(
    wiring: &mut Wiring<'_>,
    run: &InterruptedRun,
    environment: &Environment,
    state: &StateDirectory,
    (sink, stop): (&dyn EventSink, &Stop),
) -> Result<BTreeMap<InstanceName, Option<LastRecord>>, Failure> {
    let targets = places(&run.header, environment);
    let there = Environment { targets, uses: BTreeMap::new(), ..environment.clone() };
    let clouds = wiring.connect(&there, state).await?;
    engine::check_identity(&clouds, &there, sink, stop).await?;
    Ok(engine::recover(&clouds, run, sink, stop).await?)
}

/// Where the run's targets are, by the source's own words where it still names the place.
fn places(header: &JournalHeader, environment: &Environment) -> BTreeMap<TargetName, Target> {
    let current = |(name, place): (&TargetName, &Target)| {
        let now = environment.targets.get(name).filter(|now| now.is_at(place));
        (name.clone(), now.unwrap_or(place).clone())
    };
    header.places.iter().map(current).collect()
}

/// Whether a run cannot be settled because of a place that the environment has left.
fn is_only_former(run: &InterruptedRun, environment: &Environment, failure: &Failure) -> bool {
    failure.code != ExitCode::Interrupted && !is_here(run, environment)
}

/// Whether a run worked at places of the environment alone.
fn is_here(run: &InterruptedRun, environment: &Environment) -> bool {
    let is_current = |(name, place): (&TargetName, &Target)| {
        environment.targets.get(name).is_some_and(|now| now.is_at(place))
    };
    run.header.places.iter().all(is_current)
}

/// The record that the run would have written, as far as it got.
pub fn record(header: &JournalHeader, instances: BTreeMap<InstanceName, Option<LastRecord>>) -> Record {
    Record {
        schema: SCHEMA,
        project: header.project.clone(),
        environment: header.environment.clone(),
        run: Some(header.run.clone()),
        operation: header.operation.clone(),
        outcome: Verdict::Interrupted.as_str().to_owned(),
        release: header.release,
        deployment: header.deployment,
        started: header.started,
        finished: clock::now(),
        places: header.places.clone(),
        instances,
        restore_points: header.restore_points.clone(),
        resources: Vec::new(),
        lease_broken: None,
    }
}

/// The records that dead or living runs have not written yet, as their journals suppose them.
/// Journals that cannot be read are [`unsettled`]'s to tell.
pub fn supposed(journals: &Journals) -> Vec<Record> {
    let runs = journals.left().unwrap_or_default().into_iter().filter_map(|journal| journal.run);
    runs.map(|run| record(&run.header, run.supposed())).collect()
}

/// What a command that only looks has to say about journals: there is a run under way, or one died.
pub fn unsettled(journals: &Journals, environment: &Environment) -> Diagnostics {
    let name = &environment.name;
    let warning = |message: String| Diagnostic::warning("unsettled-run", message);
    let found = match journals.left() {
        Ok(left) => left,
        Err(error) => {
            let hint = error.hint().unwrap_or("correct the cause");
            return warning(error.to_string()).hint(hint).into();
        }
    };
    let runs = found.iter().filter_map(|journal| journal.run.as_ref());
    let told = runs.map(|run| {
        let what = described(&run.header);
        warning(format!("{what}, or it still runs")).hint(format!(
            "`rekindle status {name}` shows what goes on; the next `deploy`, `teardown` or `rebuild` settles it"
        ))
    });
    Diagnostics(told.collect())
}

fn described(header: &JournalHeader) -> String {
    let JournalHeader { operation, started, process, .. } = header;
    let started = started.round(jiff::Unit::Second).unwrap_or(*started);
    format!("the `{operation}` of {started} (process {process}) did not get to its end")
}

fn say(sink: &dyn EventSink, message: String) {
    sink.send(Event::Notice { time: clock::now(), instance: None, message });
}
