//! The rules of `docs/planning.md` as tables and properties.

mod contradictions;
mod deploying;
mod naming;
mod properties;
mod pruning;
mod replacing;
mod restoring;
mod tearing_down;

use crate::plan::PlanError;

/// The obstacles as text, to compare with.
fn obstacles(error: &PlanError) -> Vec<String> {
    error.obstacles.iter().map(|obstacle| format!("{:?}: {obstacle}", obstacle.kind())).collect()
}
