//! Intrinsic functions: what they take, where they may stand, and the names they use.

mod arguments;
mod forms;
mod kind;
mod names;
mod places;
mod substitution;
mod uses;
mod walk;

pub(super) use kind::{Call, Function};
pub(super) use names::condition_name;
pub(super) use places::{CONDITIONS, RULE_CONDITIONS, VALUES};
pub(super) use substitution::variables;
pub(super) use uses::{Needs, Uses};
pub(super) use walk::Walk;
