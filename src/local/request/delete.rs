//! DeleteStack.

use crate::local::exports::StackExports;
use crate::local::operation::{Operation, Phase};
use crate::local::place::Place;
use crate::local::request::{fingerprint, is_repeated, operation, refuse};
use crate::local::stack::Stack;
use crate::local::world::World;
use crate::model::StackStatus;
use crate::port::{DeleteStack, PortError, PortErrorKind};

/// Starts deleting a stack. One that is gone, or going, is no error.
///
/// # Errors
/// `WrongState` for a protected stack, one whose exports are in use, and one in the middle of an
/// operation that cannot be interrupted.
pub fn delete_stack(world: &mut World, place: &Place, request: &DeleteStack) -> Result<(), PortError> {
    let call = operation("DeleteStack", &request.stack);
    let Some(stack) = world.find(place, &request.stack) else { return Ok(()) };
    let digest = fingerprint(request);
    if is_repeated(stack, &request.token, digest, &call)? {
        return Ok(());
    }
    let creates = match stack.status {
        StackStatus::DeleteComplete | StackStatus::DeleteInProgress => return Ok(()),
        StackStatus::CreateInProgress => true,
        _ => false,
    };
    let (id, in_use) = (stack.id.clone(), StackExports::of(stack).exported);
    refuse_deletion(stack, &call)?;
    for name in in_use.keys() {
        if let Some(importer) = world.exports(place).and_then(|exports| exports.importer(name)) {
            let message =
                format!("ValidationError: Export {name} cannot be deleted as it is in use by {importer}");
            return Err(refuse(PortErrorKind::WrongState, &call, message)
                .with_hint(format!("delete or change the stack `{importer}` first")));
        }
    }
    world.work(&id, |work| {
        if creates {
            work.cancel();
        }
        work.stack.tokens.insert(request.token.clone(), digest);
        work.begin(Operation::new(&request.token, Phase::Delete), None, "User Initiated");
    });
    Ok(())
}

fn refuse_deletion(stack: &Stack, call: &str) -> Result<(), PortError> {
    let (name, status) = (&stack.name, &stack.status);
    if stack.termination_protection {
        let message = format!(
            "ValidationError: Stack [{name}] cannot be deleted while TerminationProtection is enabled"
        );
        return Err(refuse(PortErrorKind::WrongState, call, message)
            .with_hint("lift the termination protection first"));
    }
    if status.is_busy() && *status != StackStatus::CreateInProgress {
        let message =
            format!("ValidationError: Stack [{}] cannot be deleted while in status {status}", stack.id);
        return Err(refuse(PortErrorKind::WrongState, call, message)
            .with_hint("wait until the operation under way has ended"));
    }
    Ok(())
}
