//! What would be done and why: a pure function of the desired units and one observation.
//!
//! May not be async, do I/O, or decide from anything but its arguments. The rules are written in
//! prose in `docs/planning.md`, one function each.

mod action;
mod observation;

pub use crate::model::LastRecord;
pub use action::{ActionKind, Operation, ParameterChange, Plan, PlannedAction, PlannedValue, Reason};
pub use observation::Observation;
