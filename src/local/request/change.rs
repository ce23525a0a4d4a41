//! UpdateStack and the change-set calls.

use std::sync::Arc;

use crate::local::change_set::preview;
use crate::local::context::{Body, Context};
use crate::local::derive;
use crate::local::operation::{Operation, Phase};
use crate::local::place::Place;
use crate::local::request::{
    fingerprint, invalid, is_repeated, operation, refuse, require, rules, updatable,
};
use crate::local::schedule::What;
use crate::local::stack::{ChangeSetKind, ChangeSetState, Stack, StoredChangeSet};
use crate::local::world::World;
use crate::model::StackStatus;
use crate::port::{PortError, PortErrorKind, UpdateAnswer, UpdateStack};

/// The most change sets a stack may have. Source: CloudFormation user guide, "CloudFormation quotas".
const MAXIMUM_CHANGE_SETS: usize = 1_000;

/// Starts an update, unless it would change nothing.
///
/// # Errors
/// `NotFound`, `WrongState`, or `Invalid` for what validation refuses.
pub fn update_stack(
    world: &mut World,
    place: &Place,
    request: &UpdateStack,
) -> Result<UpdateAnswer, PortError> {
    let call = operation("UpdateStack", &request.stack);
    let digest = fingerprint(request);
    if is_repeated(require(world, place, &request.stack, &call)?, &request.token, digest, &call)? {
        return Ok(UpdateAnswer::Started);
    }
    let stack = updatable(world, place, &request.stack, &call)?;
    let id = stack.id.clone();
    let (context, body) = prepare(world, stack, request, &call)?;
    let preview = world
        .look(&id, |stack, exports| preview(stack, &context, &body.tags, (exports, &world.answers), false));
    // What cannot be previewed fails in the course of the update, and is rolled back.
    if let Some(Ok(preview)) = preview
        && preview.is_empty()
    {
        return Ok(UpdateAnswer::NothingToDo);
    }
    world.work(&id, |work| {
        work.stack.tokens.insert(request.token.clone(), digest);
        work.update(&request.token, body, Some(Arc::new(context)), How::Alone);
    });
    Ok(UpdateAnswer::Started)
}

/// Starts computing a change set; returns its ARN.
///
/// # Errors
/// `NotFound`, `WrongState`, `AlreadyExists`, `LimitExceeded`, or `Invalid` for what validation refuses.
pub fn create_change_set(
    world: &mut World,
    place: &Place,
    name: &str,
    request: &UpdateStack,
) -> Result<String, PortError> {
    let call = format!("{} for `{}`", operation("CreateChangeSet", name), super::short_name(&request.stack));
    let digest = fingerprint(request);
    let stack = updatable(world, place, &request.stack, &call)?;
    if let Some((id, existing)) = stack.change_sets.iter().find(|(_, other)| other.name == name) {
        if existing.request == (request.token.clone(), digest) {
            return Ok(id.clone());
        }
        let message =
            format!("AlreadyExistsException: ChangeSet {name} cannot be created: it already exists");
        return Err(refuse(PortErrorKind::AlreadyExists, &call, message));
    }
    if stack.change_sets.len() >= MAXIMUM_CHANGE_SETS {
        let message = format!("LimitExceededException: a stack may have {MAXIMUM_CHANGE_SETS} change sets");
        return Err(refuse(PortErrorKind::LimitExceeded, &call, message));
    }
    let (_, body) = prepare(world, stack, request, &call)?;
    let stack_id = stack.id.clone();
    let seed = format!("{stack_id}/{name}/{}/{}", stack.generation, request.token);
    let id = place.cloudformation_arn(&format!("changeSet/{name}/{}", derive::uuid(&seed)));
    let pending = StoredChangeSet {
        name: name.to_owned(),
        body,
        request: (request.token.clone(), digest),
        state: ChangeSetState::Pending,
        kind: if request.reverts_drift { ChangeSetKind::RevertDrift } else { ChangeSetKind::Update },
    };
    world.work(&stack_id, |work| {
        work.stack.change_sets.insert(id.clone(), pending);
        work.later(work.now, What::ChangeSet(id.clone()));
    });
    Ok(id)
}

/// Starts carrying a change set out. All change sets of the stack go with it.
///
/// # Errors
/// `NotFound`, `WrongState`.
pub fn execute_change_set(world: &mut World, place: &Place, id: &str, token: &str) -> Result<(), PortError> {
    let call = operation("ExecuteChangeSet", id);
    let digest = fingerprint(&("ExecuteChangeSet", id));
    if let Some(stack) = world.find_executed(place, id)
        && is_repeated(stack, token, digest, &call)?
    {
        return Ok(());
    }
    let stack = require_change_set(world, place, id, &call)?;
    let stack_id = stack.id.clone();
    if stack.status != StackStatus::ReviewInProgress {
        updatable(world, place, &stack_id, &call)?;
    }
    let (status, body) = match &stack.change_sets[id] {
        StoredChangeSet { state: ChangeSetState::Ready(_), body, kind, .. } => {
            (None, Some((body.clone(), kind.clone())))
        }
        StoredChangeSet { state: ChangeSetState::Pending, .. } => (Some("CREATE_PENDING"), None),
        _ => (Some("FAILED"), None),
    };
    let Some((body, kind)) = body else {
        let message = format!(
            "InvalidChangeSetStatus: ChangeSet [{id}] cannot be executed in its current status of [{}]",
            status.unwrap_or_default()
        );
        return Err(refuse(PortErrorKind::WrongState, &call, message));
    };
    world.work(&stack_id, |work| {
        work.stack.tokens.insert(token.to_owned(), digest);
        work.stack.executed = Some(id.to_owned());
        match kind {
            ChangeSetKind::Update => work.update(token, body, None, How::Alone),
            ChangeSetKind::RevertDrift => work.update(token, body, None, How::RevertingDrift),
            ChangeSetKind::Create => work.create(token, body, false),
            ChangeSetKind::Adopt => work.create(token, body, true),
            ChangeSetKind::Import(imports) => work.import(token, body, imports),
        }
    });
    Ok(())
}

/// Removes a change set, by its ARN or by its name on `stack`. One that is not there is no error.
pub fn delete_change_set(world: &mut World, place: &Place, stack: &str, change_set: &str) {
    let named = |stack: &Stack| {
        let mut sets = stack.change_sets.iter();
        let (id, _) = sets.find(|(_, set)| set.name == change_set)?;
        Some((stack.id.clone(), id.clone()))
    };
    let found = match world.find_change_set(place, change_set) {
        Some(stack) => Some((stack.id.clone(), change_set.to_owned())),
        None => world.find(place, stack).and_then(named),
    };
    if let Some((stack_id, id)) = found {
        world.work(&stack_id, |work| work.stack.change_sets.remove(&id));
    }
}

/// The stack that holds a change set.
pub fn require_change_set<'a>(
    world: &'a World,
    place: &Place,
    id: &str,
    call: &str,
) -> Result<&'a Stack, PortError> {
    world.find_change_set(place, id).ok_or_else(|| {
        let message = format!("ChangeSetNotFound: ChangeSet [{id}] does not exist");
        refuse(PortErrorKind::NotFound, call, message)
    })
}

/// Reads an update's body and refuses what no update may do.
pub(super) fn prepare(
    world: &World,
    stack: &Stack,
    request: &UpdateStack,
    call: &str,
) -> Result<(Context, Body), PortError> {
    let mut body = request.body.clone();
    // A stack keeps its role and its topics when an update names none.
    body.service_role = body.service_role.or_else(|| stack.body.service_role.clone());
    for name in std::mem::take(&mut body.kept_parameters) {
        let Some(value) = stack.body.parameters.get(&name) else {
            let message = format!(
                "ValidationError: Invalid input for parameter key {name}. Cannot specify usePreviousValue as true for a parameter key not in the previous template"
            );
            return Err(refuse(PortErrorKind::Invalid, call, message));
        };
        body.parameters.insert(name, value.clone());
    }
    let pseudo = stack.pseudo(&body.notifications);
    let (context, body) = Context::of_request(&body, pseudo).map_err(|error| invalid(call, &error))?;
    rules::check(world, &context, call)?;
    let retyped: Vec<_> = context
        .dependencies
        .keys()
        .filter(|logical_id| {
            let wanted = &context.template.resources[*logical_id].r#type;
            stack.resources.get(*logical_id).is_some_and(|current| current.resource_type != *wanted)
        })
        .map(String::as_str)
        .collect();
    if retyped.is_empty() {
        return Ok((context, body));
    }
    let message = format!(
        "ValidationError: Update of resource type is not permitted. The new template modifies resource type \
         of the following resources: [{}]",
        retyped.join(", ")
    );
    Err(refuse(PortErrorKind::Invalid, call, message).with_hint("give the new resource another logical id"))
}

/// How a stack is updated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// By itself.
    Alone,
    /// By itself, and what was changed or deleted by hand is set back.
    RevertingDrift,
    /// As a part of its parent's update: it stays open until that has ended.
    AsPart,
}

impl crate::local::operation::Work<'_> {
    /// Begins an update.
    pub fn update(&mut self, token: &str, goal: Body, context: Option<Arc<Context>>, how: How) {
        self.stack.updated = Some(self.now);
        let mut operation = Operation::new(token, Phase::Update);
        operation.goal = Some(goal);
        operation.is_part = how == How::AsPart;
        operation.reverts_drift = how == How::RevertingDrift;
        operation.before = self.stack.resources.clone();
        // An update that failed and stayed so is taken back to where it began.
        let failed = self.stack.suspended.take().filter(|_| self.stack.status == StackStatus::UpdateFailed);
        if let Some(failed) = failed {
            operation.before = failed.before;
            operation.leftovers = failed.leftovers;
            operation.touched = failed.touched;
        }
        self.begin(operation, context, "User Initiated");
    }
}
