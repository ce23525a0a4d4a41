//! DeleteStack.

use std::collections::BTreeSet;
use std::collections::btree_map::Entry;

use crate::local::exports::StackExports;
use crate::local::inventory::Origin;
use crate::local::operation::{Operation, Phase, Work};
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
    let retain = &request.retain;
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
    if let Some(root) = world.find(place, stack.root()).filter(|root| root.id != stack.id) {
        refuse_protected(root, &call)?;
    }
    refuse_retention(stack, retain, &call)?;
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
        work.delete(&request.token, retain.clone());
    });
    Ok(())
}

/// Source: CloudFormation API reference, DeleteStack, "RetainResources".
fn refuse_retention(stack: &Stack, retain: &BTreeSet<String>, call: &str) -> Result<(), PortError> {
    if retain.is_empty() {
        return Ok(());
    }
    if stack.status != StackStatus::DeleteFailed {
        let message = format!(
            "ValidationError: Invalid operation on stack [{}]. Specify RetainResources only when the stack is in \
             the DELETE_FAILED state",
            stack.id
        );
        return Err(refuse(PortErrorKind::Invalid, call, message)
            .with_hint("delete the stack first; what cannot be deleted can be kept afterwards"));
    }
    match retain.iter().find(|logical_id| !stack.resources.contains_key(*logical_id)) {
        None => Ok(()),
        Some(unknown) => {
            let message =
                format!("ValidationError: Resource [{unknown}] does not exist in stack [{}]", stack.name);
            Err(refuse(PortErrorKind::Invalid, call, message))
        }
    }
}

impl Work<'_> {
    /// Begins a deletion that leaves some resources alone. What an operation that stopped half-way
    /// left over goes too.
    pub fn delete(&mut self, token: &str, retain: BTreeSet<String>) {
        for (logical_id, resource) in self.stack.suspended.take().into_iter().flat_map(|it| it.leftovers) {
            match self.stack.resources.entry(logical_id) {
                Entry::Vacant(place) => {
                    place.insert(resource);
                }
                Entry::Occupied(taken) => {
                    let logical_id = taken.key().clone();
                    self.orphan(&logical_id, resource, Origin::LeftBehind);
                }
            }
        }
        let mut operation = Operation::new(token, Phase::Delete);
        operation.skipped = retain;
        self.begin(operation, None, "User Initiated");
    }
}

/// Source: CloudFormation user guide, "Protect CloudFormation stacks from being deleted": the
/// protection of a root covers its nested stacks.
fn refuse_protected(stack: &Stack, call: &str) -> Result<(), PortError> {
    if !stack.termination_protection {
        return Ok(());
    }
    let name = &stack.name;
    let message =
        format!("ValidationError: Stack [{name}] cannot be deleted while TerminationProtection is enabled");
    Err(refuse(PortErrorKind::WrongState, call, message).with_hint("lift the termination protection first"))
}

fn refuse_deletion(stack: &Stack, call: &str) -> Result<(), PortError> {
    refuse_protected(stack, call)?;
    let status = &stack.status;
    if status.is_busy() && *status != StackStatus::CreateInProgress {
        let message =
            format!("ValidationError: Stack [{}] cannot be deleted while in status {status}", stack.id);
        return Err(refuse(PortErrorKind::WrongState, call, message)
            .with_hint("wait until the operation under way has ended"));
    }
    Ok(())
}
