//! Create, taking in what exists already: a change set of a new stack, compared with the plan before it is
//! carried out.

use crate::engine::execute::change_set;
use crate::engine::execute::effect::Asked;
use crate::engine::execute::ending::{Ending, Step};
use crate::engine::execute::unit::Work;
use crate::engine::lane::CallError;
use crate::engine::{Event, UnitOutcome};
use crate::model::{Change, ChangeAction, Effect};
use crate::plan::Reason;
use crate::port::{CreateStack, PortErrorKind};

/// How often a name that is taken is replaced by the next one.
const NAMES: u32 = 3;

/// Makes the stack through a change set and gives its ARN. The operation carries the request's token.
pub(super) async fn begin(work: &Work<'_>, request: &CreateStack) -> Step<String> {
    let change_set = compute(work, request).await?;
    let name = request.stack.as_str();
    let found = change_set::ready(work, name, &change_set).await?;
    let changes = found.changes.unwrap_or_default();
    let differences = unannounced(work, &changes);
    if !differences.is_empty() {
        let ending = Ending::new(UnitOutcome::Unannounced { differences });
        return Err(change_set::give_up(work, (name, &change_set), ending).await);
    }
    let taken_in = changes.iter().filter(|change| change.action == ChangeAction::Import);
    let names: Vec<&str> = taken_in.map(|change| change.logical_id.as_str()).collect();
    if !names.is_empty() {
        let message = format!(
            "takes in what exists already: {}; `verify --drift` says where it is not as the source says",
            names.join(", ")
        );
        let (time, instance) = (work.lane.now(), Some(work.instance().clone()));
        work.lane.send(Event::Notice { time, instance, message });
    }
    let stack = work.lane.call(|port| port.describe_stack(name)).await;
    let stack = stack.map_err(|error| Box::new(Ending::after_effect(error)))?;
    let Some(stack) = stack else {
        return Err(Box::new(Ending::hands(
            "the stack of the change set is not there",
            "somebody deleted it meanwhile: run the same command again",
        )));
    };
    change_set::execute(work, (name, &change_set), &request.token).await?;
    Ok(stack.id)
}

/// Sets what the change set does not carry: the stack policy and termination protection.
pub(super) async fn protect(work: &Work<'_>, id: &str, request: &CreateStack) -> Step<()> {
    let failed = |error| Box::new(Ending::after_effect(error).of(id));
    if let Some(policy) = &request.stack_policy {
        let asked = Asked { effect: Effect::SetStackPolicy, stack: id, subject: &work.token("policy", 1) };
        work.effect(asked, |port| port.set_stack_policy(id, policy)).await.map_err(failed)?;
    }
    if request.termination_protection {
        let asked = Asked { effect: Effect::SetTerminationProtection, stack: id, subject: "true" };
        work.effect(asked, |port| port.set_termination_protection(id, true)).await.map_err(failed)?;
    }
    Ok(())
}

/// Has the change set computed, under the first free of our names. A name is taken when the answer to its
/// creation was lost and the cloud does not recognise the token.
async fn compute(work: &Work<'_>, request: &CreateStack) -> Step<String> {
    let mut attempt = 1;
    loop {
        let name = work.token("change-set", attempt);
        let named = CreateStack { token: name.clone(), ..request.clone() };
        let stack = request.stack.as_str();
        let asked = Asked { effect: Effect::CreateChangeSet, stack, subject: &name };
        match work.effect(asked, |port| port.create_adopting(&name, &named)).await {
            Ok(id) => return Ok(id),
            Err(CallError::Failed { error, answer_lost: true })
                if error.kind == PortErrorKind::AlreadyExists && attempt < NAMES =>
            {
                attempt += 1;
            }
            Err(error) => return Err(Box::new(Ending::before_effect(error))),
        }
    }
}

/// Whatever is taken in must be announced, and nothing but additions may come beside it.
fn unannounced(work: &Work<'_>, changes: &[Change]) -> Vec<String> {
    let is_announced = |change: &&Change| match change.action {
        ChangeAction::Add => true,
        ChangeAction::Import => work.action.reasons.iter().any(
            |reason| matches!(reason, Reason::Adopts { resource, .. } if *resource == change.logical_id),
        ),
        ChangeAction::Modify | ChangeAction::Remove | ChangeAction::Dynamic => false,
    };
    let others = changes.iter().filter(|change| !is_announced(change));
    let told = others.map(|change| {
        format!(
            "`{}` ({}) would be taken in, which the plan does not announce",
            change.logical_id, change.resource_type
        )
    });
    told.collect()
}
