//! Joins what predictions are made from: the catalogue's table, the ledger, a plan.

use crate::catalogue::durations::{self, Seconds};
use crate::cli::failure::Failure;
use crate::disk::Ledger;
use crate::engine;
use crate::estimate::{Durations, Mean, Sources, Work};
use crate::model::{Environment, Record, ResourceOperation, SealedUnit};
use crate::plan::{Observation, Plan};

/// The table of means that comes with rekindle.
pub fn table(resource_type: &str, operation: ResourceOperation) -> Mean {
    let operation = match operation {
        ResourceOperation::Create => durations::Operation::Create,
        ResourceOperation::Update => durations::Operation::Update,
        ResourceOperation::Delete => durations::Operation::Delete,
    };
    match durations::seconds(resource_type, operation) {
        Seconds::Known(seconds) => Mean::Known(seconds),
        Seconds::Default(seconds) => Mean::Guess(seconds),
    }
}

/// The table, corrected by what the environment's ledger recorded in its accounts.
pub fn durations(environment: &Environment, ledger: &Ledger) -> Result<Durations, Failure> {
    let records: Vec<Record> = ledger.records()?.into_iter().map(|(_, record)| record).collect();
    Ok(Durations::corrected(table, &environment.targets, &records))
}

/// A plan as work that takes time. `units` are those of the source, where there is one.
pub fn work(
    plan: &Plan,
    durations: &Durations,
    environment: &Environment,
    units: &[SealedUnit],
    observation: &Observation,
) -> Work {
    let sources = Sources { durations, targets: &environment.targets, units, observation };
    Work::of_plan(plan, &engine::waits_for(plan), sources)
}
