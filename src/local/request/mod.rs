//! The API: what CloudFormation checks before it accepts a request, and its answers.
//!
//! May not let time pass: that is `World::wait`.

mod change;
mod contents;
mod create;
mod delete;
mod guests;
mod import;
mod presence;
mod read;
mod resources;
mod restore_points;
mod resume;
mod rules;
mod tagged;

use std::fmt::Debug;

use crate::language::stack_policy::StackPolicy;
use crate::local::context::PrepareError;
use crate::local::place::Place;
use crate::local::stack::Stack;
use crate::local::world::World;
use crate::model::{Digest, StackStatus};
use crate::port::{PortError, PortErrorKind};

pub use change::{How, create_change_set, delete_change_set, execute_change_set, update_stack};
pub use contents::{contents, empty};
pub use create::create_stack;
pub use delete::delete_stack;
pub use guests::{delete_interface, guests};
pub use import::{create_adopting, create_import, create_review};
pub use presence::{presence, quota};
pub use read::{
    describe_change_set, detect_drift, drift_detection, events, resource_drifts, set_stack_policy,
    set_termination_protection,
};
pub use resources::{importers, resources};
pub use restore_points::{back_up, restore_points};
pub use resume::{cancel_update, continue_rollback};
pub use tagged::tagged;

/// A refusal in the API's words.
fn refuse(kind: PortErrorKind, operation: &str, message: impl Into<String>) -> PortError {
    PortError::new(kind, operation, message)
}

/// `CreateStack` and the stack's name, and the like.
pub fn operation(call: &str, object: &str) -> String {
    format!("{call} `{}`", short_name(object))
}

/// The name of a stack or change set whose ARN or name is given.
pub fn short_name(stack: &str) -> &str {
    if stack.starts_with("arn:") { stack.split('/').nth(1).unwrap_or(stack) } else { stack }
}

fn invalid(operation: &str, error: &PrepareError) -> PortError {
    let code = match error {
        PrepareError::Capabilities(_) => "InsufficientCapabilitiesException",
        _ => "ValidationError",
    };
    refuse(PortErrorKind::Invalid, operation, format!("{code}: {error}"))
}

/// The stack, which must exist.
pub fn require<'a>(
    world: &'a World,
    place: &Place,
    stack: &str,
    operation: &str,
) -> Result<&'a Stack, PortError> {
    world.find(place, stack).ok_or_else(|| {
        let message = format!("ValidationError: Stack with id {stack} does not exist");
        refuse(PortErrorKind::NotFound, operation, message).with_hint(format!(
            "the embedded engine has no such stack in {} of {}",
            place.region, place.account
        ))
    })
}

/// The stack, which must exist and be in a state that can be updated.
fn updatable<'a>(
    world: &'a World,
    place: &Place,
    stack: &str,
    operation: &str,
) -> Result<&'a Stack, PortError> {
    let found = require(world, place, stack, operation)?;
    match found.status {
        StackStatus::CreateComplete
        | StackStatus::CreateFailed
        | StackStatus::UpdateComplete
        | StackStatus::UpdateFailed
        | StackStatus::UpdateRollbackComplete
        | StackStatus::ImportComplete
        | StackStatus::ImportRollbackComplete => Ok(found),
        StackStatus::DeleteComplete => {
            let message = format!("ValidationError: Stack [{stack}] does not exist");
            Err(refuse(PortErrorKind::NotFound, operation, message))
        }
        _ => {
            let (id, status) = (&found.id, &found.status);
            let message = format!("ValidationError: Stack:{id} is in {status} state and can not be updated.");
            let hint = if status.is_busy() {
                "wait until the operation under way has ended"
            } else {
                "delete the stack and create it again"
            };
            Err(refuse(PortErrorKind::WrongState, operation, message).with_hint(hint))
        }
    }
}

/// An account has a limited number of stacks in a region.
fn refuse_another(world: &mut World, place: &Place, operation: &str) -> Result<(), PortError> {
    match world.refusal_of_another(place) {
        None => Ok(()),
        Some(message) => Err(refuse(PortErrorKind::LimitExceeded, operation, message)
            .with_hint("delete stacks that are no longer needed, or have AWS raise the account's quota")),
    }
}

/// What a repeated request is recognised by.
fn fingerprint(request: &impl Debug) -> Digest {
    Digest::of(format!("{request:?}"))
}

/// Whether a stack has accepted this very request before.
///
/// # Errors
/// The token was used for something else.
fn is_repeated(stack: &Stack, token: &str, request: Digest, operation: &str) -> Result<bool, PortError> {
    match stack.tokens.get(token) {
        _ if token.is_empty() => Ok(false),
        None => Ok(false),
        Some(known) if *known == request => Ok(true),
        Some(_) => {
            let message =
                format!("TokenAlreadyExistsException: the client token {token} was used for another request");
            Err(refuse(PortErrorKind::Invalid, operation, message))
        }
    }
}

/// Checks a stack policy.
fn check_policy(policy: &str, operation: &str) -> Result<(), PortError> {
    StackPolicy::parse(policy).map(drop).map_err(|error| {
        refuse(PortErrorKind::Invalid, operation, format!("ValidationError: {error}")).with_source(error)
    })
}
