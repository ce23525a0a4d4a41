//! What would be done and why: a pure function of the desired units and one observation.
//!
//! May not be async, do I/O, or decide from anything but its arguments. The rules are written in
//! prose in `docs/planning.md`, one function each: [`deploy()`] and [`teardown()`] decide,
//! [`check()`] refuses a plan that contradicts itself, [`difference()`] shows what differs between
//! two templates, [`graph`] puts instances in order.

mod action;
mod adoption;
mod check;
mod collision;
mod compare;
mod context;
mod deploy;
mod difference;
mod drift;
mod error;
mod expansion;
#[cfg(test)]
pub(crate) mod fixture;
mod foreseen;
pub mod graph;
mod guests;
mod imports;
mod influence;
mod inventory;
mod leftover;
mod naming;
pub mod needed;
mod observation;
mod places;
mod protected;
mod prune;
mod reason;
mod replacement;
mod restore;
mod status;
mod symptom;
mod teardown;
#[cfg(test)]
mod tests;
mod values;

pub use crate::model::LastRecord;
pub use action::{ActionKind, Operation, ParameterChange, Plan, PlannedAction, PlannedValue};
pub use check::{Contradiction, check};
pub use collision::Holder;
pub use context::{Consents, DeployContext, TeardownContext};
pub use deploy::deploy;
pub use difference::{difference, other_sections};
pub use error::{Obstacle, ObstacleKind, PlanError};
pub use expansion::logical_ids;
pub use foreseen::{Emptied, Protected, unprotected};
pub use imports::exported;
pub use inventory::{gone_ids, standing_ids, wanted_templates};
pub use leftover::{afterwards, deletion};
pub use naming::Named;
pub use observation::Observation;
pub use places::{FormerPlace, former_places};
pub use protected::{MissingConsent, missing_consents};
pub use reason::{Consent, Reason};
pub use replacement::{Cause, Consequence, Fate, Refusal, RefusedChange};
pub use restore::{RestoreTerms, restorable};
pub use status::{StatusRow, status_table};
pub use symptom::{Symptom, advice};
pub use teardown::teardown;
pub use values::MASKED;

/// Hands a plan out only when nothing stands in its way and it does not contradict itself.
fn finish(mut plan: Plan, mut obstacles: Vec<Obstacle>) -> Result<Plan, PlanError> {
    let present: std::collections::BTreeSet<_> =
        plan.actions.iter().map(|action| action.instance.clone()).collect();
    for action in plan.actions.iter_mut().filter(|action| !action.action.sends()) {
        action.needs.retain(|need| present.contains(need));
    }
    if obstacles.is_empty() {
        let contradictions = check(&plan).err().unwrap_or_default();
        obstacles.extend(contradictions.into_iter().map(obstacle));
    }
    if obstacles.is_empty() { Ok(plan) } else { Err(PlanError { obstacles }) }
}

/// Facts of stacks may contradict each other, which is no fault of rekindle.
fn obstacle(contradiction: Contradiction) -> Obstacle {
    match contradiction {
        Contradiction::Circle { cycle } => Obstacle::Circle { cycle },
        contradiction => Obstacle::Contradictory { contradiction },
    }
}
