//! Goes on with the rollback of an update that failed, before anything else is done with the stack.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::engine::execute::effect::Asked;
use crate::engine::execute::ending::{Ending, Step};
use crate::engine::execute::unit::Work;
use crate::engine::history::History;
use crate::engine::lane::CallError;
use crate::engine::{Event, UnitOutcome};
use crate::model::{Effect, ObservedStack, StackStatus};
use crate::plan::Consent;
use crate::port::{ContinueRollback, PortErrorKind};

/// Lets the rollback of a stack that is stuck in it go on, and gives the stack as it stands then. What
/// fails again is left as it is where that was asked for.
pub(super) async fn go_on(work: &Work<'_>) -> Step<Option<ObservedStack>> {
    let observed = work.observed();
    if observed.status != StackStatus::UpdateRollbackFailed {
        return Ok(None);
    }
    let (stack, history) = attempt(work, observed, 1, BTreeSet::new()).await?;
    if stack.status == StackStatus::UpdateRollbackComplete {
        return Ok(Some(stack));
    }
    let failed: BTreeSet<String> = history.blockers().into_iter().filter_map(|one| one.resource).collect();
    if !work.action.has_consent(Consent::SkipFailed) || failed.is_empty() {
        return Err(stuck(work, stack, &history).await);
    }
    let names: Vec<&str> = failed.iter().map(String::as_str).collect();
    let message = format!("left as it is, because it cannot go back: {}", names.join(", "));
    let (time, instance) = (work.lane.now(), Some(work.instance().clone()));
    work.lane.send(Event::Notice { time, instance, message });
    let (after, history) = attempt(work, &stack, 2, failed).await?;
    if after.status == StackStatus::UpdateRollbackComplete {
        return Ok(Some(after));
    }
    Err(stuck(work, after, &history).await)
}

async fn attempt(
    work: &Work<'_>,
    before: &ObservedStack,
    number: u32,
    skipped: BTreeSet<String>,
) -> Step<(ObservedStack, Arc<History>)> {
    let id = before.id.as_str();
    let token = work.token("continue", number);
    let history = work.history(id, &token);
    let refused = |error| Box::new(Ending::before_effect(error).of(id));
    history.mark(work.lane).await.map_err(refused)?;
    let request = ContinueRollback { stack: id.to_owned(), skipped, token: token.clone() };
    let asked = Asked { effect: Effect::ContinueRollback, stack: id, subject: &token };
    match work.effect(asked, |port| port.continue_rollback(&request)).await {
        Ok(()) => {}
        // It goes on already, and the answer was lost: the stack itself will tell.
        Err(CallError::Failed { error, answer_lost: true }) if error.kind == PortErrorKind::WrongState => {}
        Err(error) => return Err(refused(error)),
    }
    let settled = work.settled(id, Some(before), &history).await?;
    let Some(stack) = settled.filter(|stack| !stack.status.is_gone()) else {
        let ending = Ending::hands(
            "the stack was deleted while its rollback went on",
            "find out who deleted it, then run the same command again",
        );
        return Err(Box::new(ending.of(id)));
    };
    // Where events cannot be read the status has to do.
    drop(history.fetch(work.lane).await);
    Ok((stack, history))
}

async fn stuck(work: &Work<'_>, stack: ObservedStack, history: &History) -> Box<Ending> {
    let cause = work.cause(&stack, history).await;
    let (blockers, hint) = (history.blockers(), work.hint(&stack));
    Box::new(Ending::new(UnitOutcome::NeedsHands { cause, blockers, hint }).with(stack))
}
