//! Requests that take back, or go on with, an operation that is under way or stopped half-way.

use crate::local::place::Place;
use crate::local::request::{fingerprint, is_repeated, operation, refuse, require};
use crate::local::world::World;
use crate::model::StackStatus;
use crate::port::{ContinueRollback, PortError, PortErrorKind};

/// Goes on with a rollback that failed, or takes back what failed and stayed as it was. What
/// `skipped` names counts as set back.
///
/// # Errors
/// `NotFound`, `WrongState`, and `Invalid` for resources that cannot be skipped.
pub fn continue_rollback(
    world: &mut World,
    place: &Place,
    request: &ContinueRollback,
) -> Result<(), PortError> {
    let ContinueRollback { stack, skipped, token } = request;
    let call = operation("ContinueUpdateRollback", stack);
    let found = require(world, place, stack, &call)?;
    let digest = fingerprint(&("ContinueUpdateRollback", request));
    if is_repeated(found, token, digest, &call)? {
        return Ok(());
    }
    let can = matches!(
        found.status,
        StackStatus::CreateFailed
            | StackStatus::UpdateFailed
            | StackStatus::UpdateRollbackFailed
            | StackStatus::ImportRollbackFailed
    );
    if !can {
        let message = format!(
            "ValidationError: Stack:{} is in {} state and can not continue update rollback.",
            found.id, found.status
        );
        return Err(refuse(PortErrorKind::WrongState, &call, message));
    }
    let failed = found.suspended.as_ref().map(|operation| &operation.failures);
    let has_failed = |id: &String| failed.is_some_and(|failed| failed.iter().any(|(_, other)| other == id));
    if let Some(other) = skipped.iter().find(|id| !has_failed(id)) {
        let message =
            format!("ValidationError: Resource [{other}] did not fail to roll back and cannot be skipped");
        return Err(refuse(PortErrorKind::Invalid, &call, message));
    }
    let id = found.id.clone();
    world.work(&id, |work| {
        work.stack.tokens.insert(token.clone(), digest);
        work.roll_back(token, skipped.clone());
    });
    Ok(())
}

/// Stops an update and takes it back.
///
/// # Errors
/// `NotFound`, `WrongState`.
pub fn cancel_update(world: &mut World, place: &Place, stack: &str) -> Result<(), PortError> {
    let call = operation("CancelUpdateStack", stack);
    let found = require(world, place, stack, &call)?;
    if found.status != StackStatus::UpdateInProgress {
        let message = "ValidationError: CancelUpdateStack cannot be called from current stack status";
        return Err(refuse(PortErrorKind::WrongState, &call, message));
    }
    let id = found.id.clone();
    world.work(&id, |work| work.cancel_update());
    Ok(())
}
