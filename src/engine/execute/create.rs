//! Create: a direct CreateStack, which is quicker than a change set and hides nothing, for there is
//! nothing yet that could be replaced.

use serde_json::Value;

use crate::engine::execute::adopt;
use crate::engine::execute::effect::Asked;
use crate::engine::execute::ending::{Ending, Step};
use crate::engine::execute::unit::Work;
use crate::engine::lane::CallError;
use crate::model::Effect;
use crate::model::facts::Identity;
use crate::plan::Consent;
use crate::port::{CreateStack, PortErrorKind};

/// Makes the stack and waits until it stands.
pub(super) async fn create(work: &Work<'_>) -> Step<Ending> {
    let wanted = work.wanted()?;
    let token = work.token("create", 1);
    let request = CreateStack {
        stack: work.action.stack.clone(),
        body: wanted.body,
        stack_policy: wanted.desired.stack_policy.as_ref().map(ToString::to_string),
        termination_protection: wanted.desired.termination_protection,
        timeout_minutes: wanted.desired.timeout_minutes,
        token: token.clone(),
    };
    let adopts = work.action.has_consent(Consent::Adopt);
    let id = if adopts { adopt::begin(work, &request).await? } else { begin(work, &request).await? };
    let history = work.history(&id, &token);
    let stack = work.settled(&id, None, &history).await?;
    let ending = work.stands(stack, &id, &history, &wanted.facts).await?;
    if adopts {
        adopt::protect(work, &id, &request).await?;
    }
    Ok(ending)
}

async fn begin(work: &Work<'_>, request: &CreateStack) -> Step<String> {
    let asked = Asked { effect: Effect::CreateStack, stack: request.stack.as_str(), subject: &request.token };
    match work.effect(asked, |port| port.create_stack(request)).await {
        Ok(id) => Ok(id),
        Err(error) => ours_after_all(work, request, error).await,
    }
}

/// A name that is taken may be taken by ourselves: the first answer was lost, and not every cloud
/// recognises the token. Ours is the stack that has our identity and exactly the template we sent.
async fn ours_after_all(work: &Work<'_>, request: &CreateStack, error: CallError) -> Step<String> {
    let is_taken = matches!(
        &error,
        CallError::Failed { error, answer_lost: true } if error.kind == PortErrorKind::AlreadyExists
    );
    if is_taken {
        let name = request.stack.as_str();
        let found = work.lane.call(|port| port.describe_stack(name)).await;
        if let Ok(Some(stack)) = found
            && stack.identity() == Identity::from_tags(&request.body.tags)
            && let Ok(text) = work.lane.call(|port| port.template(&stack.id)).await
            && is_same_template(&text, &request.body.template)
        {
            return Ok(stack.id);
        }
    }
    Err(Box::new(Ending::before_effect(error)))
}

fn is_same_template(one: &str, other: &str) -> bool {
    match (serde_json::from_str::<Value>(one), serde_json::from_str::<Value>(other)) {
        (Ok(one), Ok(other)) => one == other,
        _ => false,
    }
}
