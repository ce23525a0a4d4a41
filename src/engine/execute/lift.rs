//! Lifts what protects resources from being deleted, by an update of their stack that changes nothing
//! else. So the way is the same for every service, and CloudFormation knows what was done.

use crate::engine::UnitOutcome;
use crate::engine::execute::change_set;
use crate::engine::execute::ending::{Ending, Step, is_rolled_back};
use crate::engine::execute::unit::Work;
use crate::model::{Change, ChangeAction, ObservedStack, Replacement};
use crate::plan::{MASKED, Protected, unprotected};
use crate::port::{StackBody, UpdateStack};

/// Lifts the protections that the plan names; nothing is done where it names none.
pub(super) async fn lift(work: &Work<'_>) -> Step<()> {
    let (protected, observed) = (&work.action.protected, work.observed());
    if protected.is_empty() {
        return Ok(());
    }
    let id = observed.id.as_str();
    let refused = |error| Box::new(Ending::before_effect(error).of(id));
    let text = work.lane.call(|port| port.template(id)).await.map_err(refused)?;
    let Some(template) = unprotected(&text, protected) else {
        return Err(Box::new(by_hand(protected).of(id)));
    };
    let token = work.token("lift", 1);
    let request = UpdateStack {
        stack: id.to_owned(),
        body: body(observed, template),
        reverts_drift: false,
        token: token.clone(),
    };
    let history = work.history(id, &token);
    history.mark(work.lane).await.map_err(refused)?;
    let computed = change_set::compute(work, &request).await?;
    let changes = computed.changes.unwrap_or_default();
    let differences = unannounced(protected, &changes);
    if !differences.is_empty() {
        let ending = Ending::new(UnitOutcome::Unannounced { differences });
        return Err(change_set::give_up(work, (id, &computed.id), ending).await);
    }
    if changes.is_empty() {
        change_set::remove(work, (id, &computed.id)).await;
        return Ok(());
    }
    change_set::execute(work, (id, &computed.id), &token).await?;
    let stack = work.settled(id, Some(observed), &history).await?;
    match stack.filter(|stack| !stack.status.is_healthy() && !stack.status.is_gone()) {
        None => {
            work.tell_events(&history).await;
            Ok(())
        }
        Some(stack) => {
            let cause = work.cause(&stack, &history).await;
            let outcome = match is_rolled_back(&stack.status) {
                true => UnitOutcome::RolledBack { cause },
                false => {
                    let (blockers, hint) = (history.blockers(), work.hint(&stack));
                    UnitOutcome::NeedsHands { cause, blockers, hint }
                }
            };
            Err(Box::new(Ending::new(outcome).with(stack)))
        }
    }
}

/// Everything as it is but the template. Values that cannot be read are kept.
fn body(observed: &ObservedStack, template: String) -> StackBody {
    let (kept, known): (Vec<_>, Vec<_>) =
        observed.parameters.clone().into_iter().partition(|(_, value)| value == MASKED);
    let mut tags = observed.tags.clone();
    tags.retain(|key, _| !key.starts_with("aws:"));
    StackBody {
        template,
        parameters: known.into_iter().collect(),
        kept_parameters: kept.into_iter().map(|(name, _)| name).collect(),
        tags,
        capabilities: observed.capabilities.clone(),
        service_role: observed.role.clone(),
        notifications: Vec::new(),
    }
}

/// What the change set would do beyond lifting, one sentence each.
fn unannounced(protected: &[Protected], changes: &[Change]) -> Vec<String> {
    let is_announced = |change: &&Change| {
        let is_named = protected.iter().any(|one| one.logical_id == change.logical_id);
        is_named && change.action == ChangeAction::Modify && change.replacement != Some(Replacement::Always)
    };
    let others = changes.iter().filter(|change| !is_announced(change));
    let told = others.map(|change| {
        format!(
            "lifting the protection would change `{}` ({}) in another way, too",
            change.logical_id, change.resource_type
        )
    });
    told.collect()
}

fn by_hand(protected: &[Protected]) -> Ending {
    let names: Vec<String> =
        protected.iter().map(|one| format!("`{}` (`{}`)", one.logical_id, one.by)).collect();
    Ending::hands(
        format!(
            "what protects {} is computed by its template and cannot be lifted from here",
            names.join(", ")
        ),
        "lift it in the service's console, then run the same command again",
    )
}
