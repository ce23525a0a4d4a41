//! How long a step takes and how it ends, where something outside CloudFormation has a say.

use crate::catalogue::is_custom;
use crate::local::answers::{Reply, Status};
use crate::local::operation::Work;
use crate::local::resource::Resource;
use crate::local::resource::behaviour::{Signals, WAIT_CONDITION, custom_seconds};

/// How a step will go.
#[derive(Debug, PartialEq)]
pub(super) struct Course {
    /// Seconds it takes.
    pub seconds: f64,
    /// Why it fails, if it does.
    pub failure: Option<String>,
}

impl Work<'_> {
    /// How the creation of a resource will go that takes `seconds` by the table.
    pub(super) fn creation_course(&self, logical_id: &str, resource: &Resource, seconds: f64) -> Course {
        let reply = self.reply(logical_id);
        let seconds = reply.and_then(|reply| reply.seconds).unwrap_or(seconds);
        if is_custom(&resource.resource_type) {
            return custom(resource, reply, seconds);
        }
        let Some(wanted) = resource.behaviour.signals else { return Course { seconds, failure: None } };
        match reply.and_then(|reply| reply.signals.as_ref().map(|_| reply)) {
            Some(reply) => signalled(&resource.resource_type, reply, wanted, seconds),
            None => Course { seconds, failure: None },
        }
    }

    /// How an update of a resource will go.
    pub(super) fn update_course(&self, logical_id: &str, resource: &Resource, seconds: f64) -> Course {
        let reply = self.reply(logical_id);
        if is_custom(&resource.resource_type) {
            let seconds = reply.and_then(|reply| reply.seconds).unwrap_or(seconds);
            return custom(resource, reply, seconds);
        }
        Course { seconds, failure: None }
    }

    fn reply(&self, logical_id: &str) -> Option<&Reply> {
        self.answers.reply(&self.stack.name, &self.stack.body.tags, logical_id)
    }
}

fn custom(resource: &Resource, reply: Option<&Reply>, seconds: f64) -> Course {
    let longest = custom_seconds(&resource.properties);
    if seconds > longest {
        let failure = "CloudFormation did not receive a response from your Custom Resource.".to_owned();
        return Course { seconds: longest, failure: Some(failure) };
    }
    let failed = reply.filter(|reply| reply.status == Status::Failed);
    let failure = failed.map(|reply| {
        let reason = reply.reason.as_deref().unwrap_or("no reason");
        format!("Received response status [FAILED] from custom resource. Message returned: {reason}")
    });
    Course { seconds, failure }
}

/// The signals on file against those that are waited for.
fn signalled(resource_type: &str, reply: &Reply, wanted: Signals, seconds: f64) -> Course {
    let signals = reply.signals.as_deref().unwrap_or_default();
    let failed = signals.iter().enumerate().find(|(_, signal)| signal.status == Status::Failed);
    let good = signals.iter().filter(|signal| signal.status == Status::Success).count();
    let is_condition = resource_type == WAIT_CONDITION;
    if let Some((index, signal)) = failed {
        let id = signal.unique_id.clone().unwrap_or_else(|| (index + 1).to_string());
        let failure = if is_condition {
            format!("WaitCondition received failed message: '{}' for uniqueId: {id}", signal.reason)
        } else {
            format!("Received FAILURE signal with UniqueId {id}")
        };
        return Course { seconds: seconds.min(wanted.seconds), failure: Some(failure) };
    }
    if good >= wanted.count && seconds <= wanted.seconds {
        return Course { seconds, failure: None };
    }
    let failure = if is_condition {
        format!("WaitCondition timed out. Received {good} conditions when expecting {}", wanted.count)
    } else {
        let missing = wanted.count.saturating_sub(good).max(1);
        format!("Failed to receive {missing} resource signal(s) within the specified duration")
    };
    Course { seconds: wanted.seconds, failure: Some(failure) }
}
