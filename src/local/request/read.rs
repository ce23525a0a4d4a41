//! Reading calls, drift detection, and the two settings that need no operation.

use crate::local::drift::drift;
use crate::local::place::Place;
use crate::local::request::change::require_change_set;
use crate::local::request::{check_policy, operation, refuse, require};
use crate::local::stack::{ChangeSetState, Stack};
use crate::local::world::World;
use crate::model::{StackEvent, StackStatus};
use crate::port::{
    ChangeSet, ChangeSetStatus, DriftDetection, Page, PortError, PortErrorKind, ResourceDrifts,
};

/// Entries of a page, as in the real API.
pub const PAGE: usize = 100;

/// A change set, or how far it is.
///
/// # Errors
/// `NotFound`.
pub fn describe_change_set(world: &World, place: &Place, id: &str) -> Result<ChangeSet, PortError> {
    let stack = require_change_set(world, place, id, &operation("DescribeChangeSet", id))?;
    let (status, changes) = match &stack.change_sets[id].state {
        ChangeSetState::Pending => (ChangeSetStatus::Pending, Vec::new()),
        ChangeSetState::Ready(changes) => (ChangeSetStatus::Ready, changes.clone()),
        ChangeSetState::Empty => (ChangeSetStatus::Empty, Vec::new()),
        ChangeSetState::Failed(reason) => (ChangeSetStatus::Failed(reason.clone()), Vec::new()),
    };
    Ok(ChangeSet { status, changes })
}

/// One page of a stack's events, newest first. The token is the number of the last event shown, so
/// that pages do not shift when new events arrive.
pub fn events(stack: &Stack, page: Option<&str>) -> Page<StackEvent> {
    let end = page.and_then(|token| token.parse().ok()).unwrap_or(stack.events.len()).min(stack.events.len());
    let start = end.saturating_sub(PAGE);
    let items = stack.events[start..end].iter().rev().cloned().collect();
    Page { items, next: (start > 0).then(|| start.to_string()) }
}

/// Sets or lifts termination protection.
///
/// # Errors
/// `NotFound`, and `WrongState` for a stack that is being deleted.
pub fn set_termination_protection(
    world: &mut World,
    place: &Place,
    stack: &str,
    enabled: bool,
) -> Result<(), PortError> {
    let call = operation("UpdateTerminationProtection", stack);
    let id = standing(world, place, stack, &call)?;
    world.work(&id, |work| work.stack.termination_protection = enabled);
    Ok(())
}

/// Sets the stack policy.
///
/// # Errors
/// `NotFound`, `Invalid` when it is no JSON object, `WrongState` for a stack that is being deleted.
pub fn set_stack_policy(
    world: &mut World,
    place: &Place,
    stack: &str,
    policy: &str,
) -> Result<(), PortError> {
    let call = operation("SetStackPolicy", stack);
    let id = standing(world, place, stack, &call)?;
    check_policy(policy, &call)?;
    world.work(&id, |work| work.stack.policy = Some(policy.to_owned()));
    Ok(())
}

fn standing(world: &World, place: &Place, stack: &str, call: &str) -> Result<String, PortError> {
    let found = require(world, place, stack, call)?;
    if matches!(found.status, StackStatus::DeleteInProgress | StackStatus::DeleteComplete) {
        let message = format!("ValidationError: Stack [{}] is in {} state", found.name, found.status);
        return Err(refuse(PortErrorKind::WrongState, call, message));
    }
    Ok(found.id.clone())
}

const DETECTION: &str = "drift:";

/// Starts drift detection; returns its id.
///
/// # Errors
/// `NotFound`, and `WrongState` for a stack that never completed or is busy.
pub fn detect_drift(world: &World, place: &Place, stack: &str) -> Result<String, PortError> {
    let call = operation("DetectStackDrift", stack);
    let found = require(world, place, stack, &call)?;
    match found.status {
        StackStatus::CreateComplete
        | StackStatus::UpdateComplete
        | StackStatus::UpdateRollbackComplete
        | StackStatus::ImportComplete
        | StackStatus::ImportRollbackComplete
        | StackStatus::UpdateRollbackFailed => Ok(format!("{DETECTION}{}", found.id)),
        _ => {
            let message = format!(
                "ValidationError: Drift detection is not allowed on stack [{}] in status {}",
                found.name, found.status
            );
            Err(refuse(PortErrorKind::WrongState, &call, message))
        }
    }
}

/// The result of a drift detection: it takes no time here.
///
/// # Errors
/// `NotFound`.
pub fn drift_detection(world: &World, place: &Place, detection: &str) -> Result<DriftDetection, PortError> {
    let stack = detection.strip_prefix(DETECTION).unwrap_or(detection);
    let drifted = resource_drifts(world, place, stack)?.drifted;
    Ok(DriftDetection::Done { drifted: u32::try_from(drifted.len()).unwrap_or(u32::MAX) })
}

/// Which resources are what the template says, and which are not.
///
/// # Errors
/// `NotFound`, and `State` when the stored template can no longer be read.
pub fn resource_drifts(world: &World, place: &Place, stack: &str) -> Result<ResourceDrifts, PortError> {
    let call = operation("DescribeStackResourceDrifts", stack);
    let id = require(world, place, stack, &call)?.id.clone();
    match world.look(&id, |stack, exports| drift(stack, exports, &world.answers)) {
        None => Ok(ResourceDrifts::default()),
        Some(found) => {
            found.map_err(|error| refuse(PortErrorKind::State, &call, error.to_string()).with_source(error))
        }
    }
}
