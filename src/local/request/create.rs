//! CreateStack.

use std::sync::Arc;

use jiff::SignedDuration;

use crate::local::context::Context;
use crate::local::evaluate::Pseudo;
use crate::local::operation::{Operation, Phase};
use crate::local::place::Place;
use crate::local::request::{
    check_policy, fingerprint, invalid, is_repeated, operation, refuse, refuse_another, rules,
};
use crate::local::stack::{Stack, stack_id};
use crate::local::world::World;
use crate::port::{CreateStack, PortError, PortErrorKind, StackBody};

/// Starts creating a stack; returns its ARN.
///
/// # Errors
/// `AlreadyExists` for a name in use, `Invalid` for what validation refuses.
pub fn create_stack(world: &mut World, place: &Place, request: &CreateStack) -> Result<String, PortError> {
    let name = request.stack.as_str();
    let call = operation("CreateStack", name);
    let digest = fingerprint(request);
    if let Some(existing) = world.find(place, name) {
        if is_repeated(existing, &request.token, digest, &call)? {
            return Ok(existing.id.clone());
        }
        let message = format!("AlreadyExistsException: Stack [{name}] already exists");
        return Err(refuse(PortErrorKind::AlreadyExists, &call, message)
            .with_hint("update the stack, or delete it first"));
    }
    let (mut stack, context) = unborn(world, place, (name, &request.body), &call)?;
    if let Some(policy) = &request.stack_policy {
        check_policy(policy, &call)?;
    }
    stack.termination_protection = request.termination_protection;
    stack.policy = request.stack_policy.clone();
    stack.tokens.insert(request.token.clone(), digest);
    let id = stack.id.clone();
    world.add(stack);
    let mut beginning = Operation::new(&request.token, Phase::Create);
    let patience = request.timeout_minutes.map(|minutes| SignedDuration::from_mins(i64::from(minutes)));
    beginning.deadline = patience.and_then(|patience| world.clock.checked_add(patience).ok());
    world.work(&id, |work| work.begin(beginning, Some(Arc::new(context)), "User Initiated"));
    Ok(id)
}

/// A new stack that has not begun anything, and what its template is evaluated with.
///
/// # Errors
/// `LimitExceeded` in an account that is full, `Invalid` for what validation refuses.
pub(super) fn unborn(
    world: &mut World,
    place: &Place,
    (name, body): (&str, &StackBody),
    call: &str,
) -> Result<(Stack, Context), PortError> {
    refuse_another(world, place, call)?;
    let incarnation = world.incarnation(place, name) + 1;
    let pseudo = Pseudo {
        place: place.clone(),
        stack_name: name.to_owned(),
        stack_id: stack_id(place, name, incarnation),
        notifications: body.notifications.clone(),
    };
    let (context, body) = Context::of_request(body, pseudo).map_err(|error| invalid(call, &error))?;
    rules::check(world, &context, call)?;
    Ok((Stack::new(place.clone(), name, incarnation, body, world.clock), context))
}
