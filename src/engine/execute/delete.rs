//! Delete: by ARN, because a name can be reused and only the ARN still finds a deleted stack.

use crate::engine::execute::effect::Asked;
use crate::engine::execute::ending::{Ending, Step};
use crate::engine::execute::lift;
use crate::engine::execute::unit::Work;
use crate::engine::lane::CallError;
use crate::engine::{Event, UnitOutcome};
use crate::model::{Effect, StackStatus};
use crate::plan::Emptied;
use crate::port::{DeleteStack, PortErrorKind};

/// Deletes the stack and waits until it is gone.
///
/// Termination protection that the plan saw is lifted first, and so is what protects its resources: the plan would have kept the stack if
/// that had not been asked for. Protection that was set since then refuses the deletion.
pub(super) async fn delete(work: &Work<'_>) -> Step<Ending> {
    let observed = work.observed();
    let id = observed.id.as_str();
    lift::lift(work).await?;
    empty(work).await?;
    if observed.termination_protection {
        let asked = Asked { effect: Effect::SetTerminationProtection, stack: id, subject: "false" };
        match work.effect(asked, |port| port.set_termination_protection(id, false)).await {
            Err(error) if is_gone(&error) => return Ok(gone(id)),
            lifted => lifted.map_err(|error| Box::new(Ending::after_effect(error).of(id)))?,
        }
    }
    let token = work.token("delete", 1);
    let request = DeleteStack { stack: id.to_owned(), service_role: None, token: token.clone() };
    let asked = Asked { effect: Effect::DeleteStack, stack: id, subject: &token };
    match work.effect(asked, |port| port.delete_stack(&request)).await {
        Err(error) if is_gone(&error) => return Ok(gone(id)),
        started => started.map_err(|error| Box::new(Ending::after_effect(error).of(id)))?,
    }
    let history = work.history(id, &token);
    let Some(stack) = work.settled(id, Some(observed), &history).await? else {
        work.tell_events(&history).await;
        return Ok(gone(id));
    };
    if stack.status == StackStatus::DeleteComplete {
        work.tell_events(&history).await;
        return Ok(gone(id));
    }
    let cause = work.cause(&stack, &history).await;
    let (blockers, hint) = (history.blockers(), work.hint(&stack));
    Err(Box::new(Ending::new(UnitOutcome::NeedsHands { cause, blockers, hint }).with(stack)))
}

/// Empties the buckets that the plan names, page by page, and says how far it is.
async fn empty(work: &Work<'_>) -> Step<()> {
    for Emptied { logical_id, bucket } in &work.action.emptied {
        let mut deleted = 0;
        loop {
            let asked = Asked { effect: Effect::EmptyBucket, stack: &work.observed().id, subject: bucket };
            let page = work.effect(asked, |port| port.empty_bucket(bucket)).await;
            let page = page.map_err(|error| Box::new(Ending::after_effect(error).of(&work.observed().id)))?;
            deleted += page;
            if page == 0 {
                break;
            }
            let message = format!("emptying bucket {bucket} ({logical_id}): {deleted} objects deleted");
            let (time, instance) = (work.lane.now(), Some(work.instance().clone()));
            work.lane.send(Event::Notice { time, instance, message });
        }
    }
    Ok(())
}

fn gone(id: &str) -> Ending {
    Ending::new(UnitOutcome::Done).of(id)
}

fn is_gone(error: &CallError) -> bool {
    matches!(error, CallError::Failed { error, .. } if error.kind == PortErrorKind::NotFound)
}
