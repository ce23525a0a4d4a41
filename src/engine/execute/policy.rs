//! What change sets do not carry: the stack policy and termination protection.

use serde_json::{Value, json};

use crate::engine::Event;
use crate::engine::execute::effect::Asked;
use crate::engine::execute::unit::{Wanted, Work};
use crate::engine::lane::CallError;
use crate::model::Effect;
use crate::port::PortErrorKind;

/// Sets the stack policy before an update, so that the update is judged by the policy it brings.
///
/// CloudFormation can replace a policy but not remove it: where none is wanted, one that allows
/// everything takes the place of the old one.
pub(super) async fn set_policy(work: &Work<'_>, wanted: &Wanted<'_>) -> Result<(), CallError> {
    let id = &work.observed().id;
    let text = match &wanted.desired.stack_policy {
        Some(policy) => policy.to_string(),
        None if is_restricted(work).await? => allow_all().to_string(),
        None => return Ok(()),
    };
    let asked = Asked { effect: Effect::SetStackPolicy, stack: id, subject: &work.token("policy", 1) };
    work.effect(asked, |port| port.set_stack_policy(id, &text)).await
}

/// Whether a policy is set that forbids anything. Where it may not be read that is only said: an
/// update that it forbids fails with the reason.
async fn is_restricted(work: &Work<'_>) -> Result<bool, CallError> {
    let id = &work.observed().id;
    match work.lane.call(|port| port.stack_policy(id)).await {
        Ok(policy) => Ok(policy.is_some_and(|text| !is_allow_all(&text))),
        Err(CallError::Failed { error, .. }) if error.kind == PortErrorKind::Denied => {
            let message =
                "the stack policy may not be read: one that the source no longer has stays".to_owned();
            work.lane.send(Event::Notice {
                time: work.lane.now(),
                instance: Some(work.instance().clone()),
                message,
            });
            Ok(false)
        }
        Err(error) => Err(error),
    }
}

/// Brings termination protection to what is wanted.
pub(super) async fn set_protection(work: &Work<'_>, wanted: &Wanted<'_>) -> Result<(), CallError> {
    let (observed, enabled) = (work.observed(), wanted.desired.termination_protection);
    if observed.termination_protection == enabled {
        return Ok(());
    }
    let subject = if enabled { "true" } else { "false" };
    let asked = Asked { effect: Effect::SetTerminationProtection, stack: &observed.id, subject };
    work.effect(asked, |port| port.set_termination_protection(&observed.id, enabled)).await
}

fn allow_all() -> Value {
    json!({"Statement": [{"Effect": "Allow", "Action": "Update:*", "Principal": "*", "Resource": "*"}]})
}

/// Whether the policy is the one that stands for none.
pub(in crate::engine) fn is_allow_all(text: &str) -> bool {
    serde_json::from_str::<Value>(text).is_ok_and(|policy| policy == allow_all())
}
