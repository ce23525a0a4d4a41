//! Update: through a change set that is compared with the plan before it is carried out.

use crate::engine::UnitOutcome;
use crate::engine::execute::announced::unannounced;
use crate::engine::execute::change_set::{self, Computed};
use crate::engine::execute::effect::Asked;
use crate::engine::execute::ending::{Ending, Step};
use crate::engine::execute::unit::{Wanted, Work};
use crate::engine::execute::{policy, rollback};
use crate::engine::lane::CallError;
use crate::model::{Effect, Facts, ObservedStack};
use crate::plan::Consent;
use crate::port::{PortErrorKind, UpdateAnswer, UpdateStack};

/// Changes the stack and waits until it stands.
pub(super) async fn update(work: &Work<'_>) -> Step<Ending> {
    let went_back = rollback::go_on(work).await?;
    let (wanted, observed) = (work.wanted()?, went_back.as_ref().unwrap_or(work.observed()));
    if work.action.may_come_out_equal() && came_out_equal(&wanted, observed) {
        work.publish(observed);
        return Ok(Ending::new(UnitOutcome::Unchanged).with(observed.clone()));
    }
    let token = work.token("update", 1);
    let request = UpdateStack {
        stack: observed.id.clone(),
        body: wanted.body.clone(),
        reverts_drift: work.action.has_consent(Consent::RevertDrift),
        token: token.clone(),
    };
    let history = work.history(&observed.id, &token);
    history.mark(work.lane).await.map_err(refused)?;
    let computed = change_set::compute(work, &request).await?;
    let started = start(work, &wanted, computed, &request).await?;
    let stack = match started {
        UpdateAnswer::Started => work.settled(&observed.id, Some(observed), &history).await?,
        UpdateAnswer::NothingToDo => current(work).await?,
    };
    let ending = match stack {
        // It stands as it did: also where an earlier update was taken back.
        Some(stack) if started == UpdateAnswer::NothingToDo => unchanged(work, stack, &wanted.facts)?,
        stack => work.stands(stack, &observed.id, &history, &wanted.facts).await?,
    };
    policy::set_protection(work, &wanted)
        .await
        .map_err(|error| Box::new(Ending::after_effect(error).of(&observed.id)))?;
    Ok(ending)
}

fn refused(error: CallError) -> Box<Ending> {
    Box::new(Ending::before_effect(error))
}

/// Whether the values that were open came out as they are.
fn came_out_equal(wanted: &Wanted<'_>, observed: &ObservedStack) -> bool {
    let secret = &wanted.desired.secret_parameters;
    let values = wanted.body.parameters.iter().filter(|(name, _)| !secret.contains(*name));
    let is_as_sent = values.into_iter().all(|(name, value)| observed.parameters.get(name) == Some(value));
    let facts = observed.facts();
    // The release alone says only who was the last to change the stack.
    let carries = facts.map(|facts| Facts { release: wanted.facts.release, ..facts });
    is_as_sent && carries.as_ref() == Some(&wanted.facts)
}

/// Carries the change set out if it keeps to the plan. One that is empty although something differs
/// is replaced by a direct update: some clouds refuse change sets that only touch outputs.
async fn start(
    work: &Work<'_>,
    wanted: &Wanted<'_>,
    computed: Computed,
    request: &UpdateStack,
) -> Step<UpdateAnswer> {
    let id = computed.id;
    let differences = unannounced(work.action, computed.changes.as_deref().unwrap_or_default());
    if !differences.is_empty() {
        let ending = Ending::new(UnitOutcome::Unannounced { differences });
        return Err(change_set::give_up(work, (&request.stack, &id), ending).await);
    }
    if let Err(error) = policy::set_policy(work, wanted).await {
        return Err(change_set::give_up(work, (&request.stack, &id), Ending::before_effect(error)).await);
    }
    if computed.changes.is_some() {
        change_set::execute(work, (&request.stack, &id), &request.token).await?;
        return Ok(UpdateAnswer::Started);
    }
    change_set::remove(work, (&request.stack, &id)).await;
    let asked = Asked { effect: Effect::UpdateStack, stack: &request.stack, subject: &request.token };
    match work.effect(asked, |port| port.update_stack(request)).await {
        Ok(answer) => Ok(answer),
        // An update whose answer was lost: the stack itself will tell.
        Err(CallError::Failed { error, answer_lost: true }) if error.kind == PortErrorKind::WrongState => {
            Ok(UpdateAnswer::Started)
        }
        Err(error) => Err(refused(error)),
    }
}

async fn current(work: &Work<'_>) -> Step<Option<ObservedStack>> {
    let id = &work.observed().id;
    work.lane.call(|port| port.describe_stack(id)).await.map_err(refused)
}

/// "No updates" is the truth only when the stack already carries what was sent.
fn unchanged(work: &Work<'_>, stack: ObservedStack, facts: &Facts) -> Step<Ending> {
    if stack.facts().as_ref() == Some(facts) {
        work.run.outputs.publish(work.instance(), &stack);
        return Ok(Ending::new(UnitOutcome::Unchanged).with(stack));
    }
    let ending = Ending::hands(
        "CloudFormation reports that nothing is to be updated, although the stack's digest differs",
        "somebody may have changed its template by hand: compare it with `rekindle verify`, then update or delete the stack yourself",
    );
    Err(Box::new(ending.with(stack)))
}
