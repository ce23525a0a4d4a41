//! Delete: by ARN, because a name can be reused and only the ARN still finds a deleted stack.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::engine::execute::effect::Asked;
use crate::engine::execute::ending::{Ending, Step};
use crate::engine::execute::unit::Work;
use crate::engine::execute::{lift, remedy};
use crate::engine::history::History;
use crate::engine::lane::CallError;
use crate::engine::{Event, UnitOutcome};
use crate::model::{Effect, ObservedStack, StorageKind};
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
    let (mut attempt, mut retain) = (1, BTreeSet::new());
    loop {
        let Some((stack, history)) = try_once(work, attempt, retain.clone()).await? else {
            return Ok(gone(id));
        };
        match remedy::remedy(work, attempt, &retain).await? {
            Some(again) => retain = again,
            None => {
                let cause = work.cause(&stack, &history).await;
                let (blockers, hint) = (history.blockers(), work.hint(&stack));
                let outcome = UnitOutcome::NeedsHands { cause, blockers, hint };
                return Err(Box::new(Ending::new(outcome).with(stack)));
            }
        }
        attempt += 1;
    }
}

/// Asks for the deletion and waits for its end. Gives the stack if it is still there.
async fn try_once(
    work: &Work<'_>,
    attempt: u32,
    retain: BTreeSet<String>,
) -> Step<Option<(ObservedStack, Arc<History>)>> {
    let observed = work.observed();
    let id = observed.id.as_str();
    let token = work.token("delete", attempt);
    let request = DeleteStack { stack: id.to_owned(), service_role: None, retain, token: token.clone() };
    let history = work.history(id, &token);
    if attempt > 1 {
        // What failed before is no news.
        history.mark(work.lane).await.map_err(|error| Box::new(Ending::after_effect(error).of(id)))?;
    }
    let asked = Asked { effect: Effect::DeleteStack, stack: id, subject: &token };
    match work.effect(asked, |port| port.delete_stack(&request)).await {
        Err(error) if is_gone(&error) => return Ok(None),
        started => started.map_err(|error| Box::new(Ending::after_effect(error).of(id)))?,
    }
    let before = (attempt == 1).then_some(observed);
    let left = work.settled(id, before, &history).await?.filter(|stack| !stack.status.is_gone());
    let Some(stack) = left else {
        work.tell_events(&history).await;
        return Ok(None);
    };
    // The reasons are wanted, and where they cannot be read the status has to do.
    drop(history.fetch(work.lane).await);
    Ok(Some((stack, history)))
}

/// Empties the buckets and repositories that the plan names, page by page, and says how far it is.
async fn empty(work: &Work<'_>) -> Step<()> {
    for emptied in &work.action.emptied {
        let (storage, Emptied { logical_id, kind, name }) = (emptied.storage(), emptied);
        let effect = match kind {
            StorageKind::Bucket => Effect::EmptyBucket,
            StorageKind::Repository => Effect::EmptyRepository,
        };
        let mut deleted = 0;
        loop {
            let asked = Asked { effect, stack: &work.observed().id, subject: name };
            let page = work.effect(asked, |port| port.empty(&storage)).await;
            let page = page.map_err(|error| Box::new(Ending::after_effect(error).of(&work.observed().id)))?;
            deleted += page;
            if page == 0 {
                break;
            }
            let message =
                format!("emptying {kind} {name} ({logical_id}): {deleted} {} deleted", kind.items());
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
