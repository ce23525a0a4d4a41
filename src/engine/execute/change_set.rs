//! Change sets: computed, read, carried out or removed. Every one we made is gone afterwards:
//! executing one deletes it and its siblings, and all others are deleted here.

use std::time::Duration;

use crate::engine::UnitOutcome;
use crate::engine::execute::effect::Asked;
use crate::engine::execute::ending::{Ending, Step, plain};
use crate::engine::execute::unit::Work;
use crate::engine::lane::CallError;
use crate::model::{Change, Effect};
use crate::port::{ChangeSetStatus, PortErrorKind, UpdateStack};

/// How often a name that is taken is replaced by the next one.
const NAMES: u32 = 3;

const FIRST_PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// A change set that was computed.
pub(super) struct Computed {
    /// ARN.
    pub(super) id: String,
    /// What it would do; `None` when it reports that nothing would change.
    pub(super) changes: Option<Vec<Change>>,
}

/// Computes a change set. One that cannot be computed is removed again, and the stack is as it was.
pub(super) async fn compute(work: &Work<'_>, request: &UpdateStack) -> Step<Computed> {
    let id = begin(work, request).await?;
    ready(work, &request.stack, &id).await
}

/// Waits until a change set of this stack (ARN or name) is computed.
pub(super) async fn ready(work: &Work<'_>, stack: &str, id: &str) -> Step<Computed> {
    let mut pause = FIRST_PAUSE;
    loop {
        let found = match work.lane.call(|port| port.describe_change_set(id)).await {
            Ok(found) => found,
            Err(error) => return Err(give_up(work, (stack, id), Ending::before_effect(error)).await),
        };
        let id = id.to_owned();
        match found.status {
            ChangeSetStatus::Ready => return Ok(Computed { id, changes: Some(found.changes) }),
            ChangeSetStatus::Empty => return Ok(Computed { id, changes: None }),
            ChangeSetStatus::Failed(reason) => {
                let outcome = UnitOutcome::Refused { cause: plain(reason) };
                return Err(give_up(work, (stack, &id), Ending::new(outcome)).await);
            }
            ChangeSetStatus::Pending => {}
        }
        if let Err(error) = work.lane.sleep(pause).await {
            return Err(give_up(work, (stack, &id), Ending::before_effect(error)).await);
        }
        pause = (pause * 3 / 2).min(LONGEST_PAUSE);
    }
}

/// Creates the change set under the first free of our names. A name is taken when the answer to its
/// creation was lost and the cloud does not recognise the token.
async fn begin(work: &Work<'_>, request: &UpdateStack) -> Step<String> {
    let mut attempt = 1;
    loop {
        let name = work.token("change-set", attempt);
        let named = UpdateStack { token: name.clone(), ..request.clone() };
        let asked = Asked { effect: Effect::CreateChangeSet, stack: &request.stack, subject: &name };
        match work.effect(asked, |port| port.create_change_set(&name, &named)).await {
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

/// Carries a change set out. An execution whose answer was lost finds the change set gone or the
/// stack busy: the stack itself will tell.
pub(super) async fn execute(work: &Work<'_>, (stack, id): (&str, &str), token: &str) -> Step<()> {
    let asked = Asked { effect: Effect::ExecuteChangeSet, stack, subject: id };
    match work.effect(asked, |port| port.execute_change_set(id, token)).await {
        Ok(()) => Ok(()),
        Err(CallError::Failed { error, answer_lost: true })
            if matches!(error.kind, PortErrorKind::NotFound | PortErrorKind::WrongState) =>
        {
            Ok(())
        }
        Err(error) => Err(give_up(work, (stack, id), Ending::before_effect(error)).await),
    }
}

/// Removes a change set, and ends.
pub(super) async fn give_up(work: &Work<'_>, (stack, id): (&str, &str), ending: Ending) -> Box<Ending> {
    remove(work, (stack, id)).await;
    Box::new(ending.of(stack))
}

/// Removes a change set. One that stays does no harm: the next execution deletes it.
pub(super) async fn remove(work: &Work<'_>, (stack, id): (&str, &str)) {
    let asked = Asked { effect: Effect::DeleteChangeSet, stack, subject: id };
    drop(work.effect(asked, |port| port.delete_change_set(stack, id)).await);
}
