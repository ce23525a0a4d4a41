//! Change sets that import existing resources, and those of stacks that do not exist yet.

use std::collections::BTreeMap;

use crate::local::context::{Body, Context};
use crate::local::derive;
use crate::local::operation::{Operation, Phase, Work};
use crate::local::place::Place;
use crate::local::request::change::prepare;
use crate::local::request::create::unborn;
use crate::local::request::{fingerprint, operation, refuse, short_name, updatable};
use crate::local::schedule::What;
use crate::local::stack::{ChangeSetKind, ChangeSetState, Stack, StoredChangeSet};
use crate::local::world::World;
use crate::model::StackStatus;
use crate::port::{CreateStack, PortError, PortErrorKind, UpdateStack};

/// Most resources in one import. Source: CloudFormation user guide, "CloudFormation quotas".
const MAXIMUM_IMPORTS: usize = 200;

/// Starts computing a change set that imports resources; returns its ARN. `imports` has their
/// physical ids by logical id. A stack that is not there begins with it.
///
/// # Errors
/// `WrongState`, or `Invalid` for what validation refuses.
pub fn create_import(
    world: &mut World,
    place: &Place,
    (name, request): (&str, &UpdateStack),
    imports: &BTreeMap<String, String>,
) -> Result<String, PortError> {
    let call = format!("{} for `{}`", operation("CreateChangeSet", name), short_name(&request.stack));
    let (stack, context, body) = match world.find(place, &request.stack) {
        Some(_) => {
            let stack = updatable(world, place, &request.stack, &call)?;
            let (context, body) = prepare(world, stack, request, &call)?;
            (Ok(stack.id.clone()), context, body)
        }
        None => {
            let (stack, context) = unborn(world, place, (&request.stack, &request.body), &call)?;
            let body = stack.body.clone();
            (Err(stack), context, body)
        }
    };
    refuse_import(&context, imports, &call)?;
    let kind = ChangeSetKind::Import(imports.clone());
    let id = stack.unwrap_or_else(|stack| review(world, stack));
    Ok(pending(world, &id, (name, request), body, kind))
}

/// Starts computing a change set of a stack that does not exist yet; returns its ARN. The stack is
/// in REVIEW_IN_PROGRESS until it is executed.
///
/// # Errors
/// `AlreadyExists`, or `Invalid` for what validation refuses.
pub fn create_review(
    world: &mut World,
    place: &Place,
    name: &str,
    request: &UpdateStack,
) -> Result<String, PortError> {
    let call = format!("{} for `{}`", operation("CreateChangeSet", name), short_name(&request.stack));
    if let Some(stack) = world.find(place, &request.stack) {
        let message =
            format!("ValidationError: Stack [{}] already exists and cannot be created again", stack.name);
        return Err(refuse(PortErrorKind::AlreadyExists, &call, message));
    }
    let (stack, _) = unborn(world, place, (&request.stack, &request.body), &call)?;
    let body = stack.body.clone();
    let id = review(world, stack);
    Ok(pending(world, &id, (name, request), body, ChangeSetKind::Create))
}

/// Likewise, of a stack that takes in what exists already.
///
/// # Errors
/// As of [`create_review`].
pub fn create_adopting(
    world: &mut World,
    place: &Place,
    name: &str,
    request: &CreateStack,
) -> Result<String, PortError> {
    let (stack, body, token) = (request.stack.to_string(), request.body.clone(), request.token.clone());
    let update = UpdateStack { stack, body, reverts_drift: false, token };
    if let Some(id) = repeated(world, place, name, &update) {
        return Ok(id);
    }
    let id = create_review(world, place, name, &update)?;
    if let Some(stack) = world.find_change_set(place, &id).map(|stack| stack.id.clone()) {
        world.work(&stack, |work| {
            work.stack.change_sets.get_mut(&id).map(|set| set.kind = ChangeSetKind::Adopt)
        });
    }
    Ok(id)
}

/// The change set that this very request made before.
fn repeated(world: &World, place: &Place, name: &str, request: &UpdateStack) -> Option<String> {
    let stack = world.find(place, &request.stack)?;
    let made = (request.token.clone(), fingerprint(request));
    let (id, _) = stack.change_sets.iter().find(|(_, set)| set.name == name && set.request == made)?;
    Some(id.clone())
}

fn review(world: &mut World, mut stack: Stack) -> String {
    stack.enter(StackStatus::ReviewInProgress, Some("User Initiated".to_owned()), world.clock);
    let id = stack.id.clone();
    world.add(stack);
    id
}

fn pending(
    world: &mut World,
    stack_id: &str,
    (name, request): (&str, &UpdateStack),
    body: Body,
    kind: ChangeSetKind,
) -> String {
    world
        .work(stack_id, |work| {
            let stack = &mut work.stack;
            let seed = format!("{stack_id}/{name}/{}/{}", stack.generation, request.token);
            let id = stack.place.cloudformation_arn(&format!("changeSet/{name}/{}", derive::uuid(&seed)));
            let request = (request.token.clone(), fingerprint(request));
            let (name, state) = (name.to_owned(), ChangeSetState::Pending);
            stack.change_sets.insert(id.clone(), StoredChangeSet { name, body, request, state, kind });
            work.later(work.now, What::ChangeSet(id.clone()));
            id
        })
        .unwrap_or_default()
}

/// Source: CloudFormation user guide, "Import AWS resources into a CloudFormation stack".
fn refuse_import(context: &Context, imports: &BTreeMap<String, String>, call: &str) -> Result<(), PortError> {
    let invalid =
        |message: String| Err(refuse(PortErrorKind::Invalid, call, format!("ValidationError: {message}")));
    if imports.is_empty() || imports.len() > MAXIMUM_IMPORTS {
        return invalid(format!("an import takes 1 to {MAXIMUM_IMPORTS} resources, not {}", imports.len()));
    }
    for logical_id in imports.keys() {
        let Some(definition) = context.template.resources.get(logical_id) else {
            return invalid(format!("Resource [{logical_id}] to import is not in the template"));
        };
        if definition.deletion_policy.is_none() {
            return invalid(format!(
                "Resources [{logical_id}] to import must have DeletionPolicy attribute specified in the template."
            ));
        }
    }
    Ok(())
}

impl Work<'_> {
    /// Begins the creation that a change set of a new stack describes.
    pub(super) fn create(&mut self, token: &str, body: Body, adopts: bool) {
        self.stack.body = body;
        let mut operation = Operation::new(token, Phase::Create);
        operation.adopts = adopts;
        self.begin(operation, None, "User Initiated");
    }

    /// Begins an import.
    pub(super) fn import(&mut self, token: &str, body: Body, imports: BTreeMap<String, String>) {
        let mut operation = Operation::new(token, Phase::Import);
        operation.goal = Some(body);
        operation.before = self.stack.resources.clone();
        operation.imports = imports;
        self.begin(operation, None, "User Initiated");
    }
}
