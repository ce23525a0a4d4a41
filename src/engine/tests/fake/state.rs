//! What the tests' cloud remembers, and how its operations go.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::change_set::compare;
use crate::model::{Guest, ObservedStack, StackEvent, StackResource, StackStatus, TaggedResource};
use crate::port::{ChangeSet, ChangeSetStatus, StackBody, UpdateStack};

#[derive(Clone)]
pub(super) struct Stack {
    pub(super) seen: ObservedStack,
    pub(super) body: StackBody,
    pub(super) before: Option<(StackBody, BTreeMap<String, String>)>,
    pub(super) policy: Option<String>,
    pub(super) token: String,
    pub(super) due: Option<Timestamp>,
}

#[derive(Default)]
pub(in crate::engine::tests) struct State {
    pub(super) now: Timestamp,
    pub(super) stacks: BTreeMap<String, Stack>,
    pub(super) change_sets: BTreeMap<String, UpdateStack>,
    pub(super) events: BTreeMap<String, Vec<StackEvent>>,
    pub(in crate::engine::tests) tagged: Vec<TaggedResource>,
    /// Who stands in networks, look by look; the last look stays. What is stuck goes once nobody does.
    pub(in crate::engine::tests) guests: Vec<Vec<Guest>>,
    pub(in crate::engine::tests) resources: BTreeMap<String, Vec<StackResource>>,
    /// Every call that was let through, by operation.
    pub(in crate::engine::tests) calls: BTreeMap<&'static str, usize>,
    /// Names of stacks in the order their creation or deletion began.
    pub(in crate::engine::tests) begun: Vec<String>,
    pub(in crate::engine::tests) most_at_once: usize,
    pub(super) total: u32,
}

fn property(body: &StackBody, name: &str) -> Option<Value> {
    let template: Value = serde_json::from_str(&body.template).unwrap();
    template["Resources"].as_object()?.values().find_map(|it| it["Properties"].get(name).cloned())
}

fn outputs(name: &str, body: &StackBody) -> BTreeMap<String, String> {
    let template: Value = serde_json::from_str(&body.template).unwrap();
    let outputs = template["Outputs"].as_object().cloned().unwrap_or_default();
    let salt = property(body, "Kind").map(|kind| kind.to_string()).unwrap_or_default();
    let value = |value: &Value| value["Value"].as_str().map_or(format!("arn:{name}{salt}"), str::to_owned);
    outputs.iter().map(|(key, output)| (key.clone(), value(output))).collect()
}

impl State {
    pub(super) fn begin(&mut self, id: &str, status: StackStatus, token: &str) {
        let now = self.now;
        let stack = self.stacks.get_mut(id).unwrap();
        let seconds = property(&stack.body, "Seconds").and_then(|it| it.as_f64()).unwrap_or(10.0);
        stack.seen.status = status;
        stack.token = token.to_owned();
        stack.due = Some(now + SignedDuration::from_millis((seconds * 1000.0) as i64));
        let name = stack.seen.name.clone();
        self.tell(id, &name, None);
        let word = self.stacks[id].seen.status.to_string();
        self.tell(id, "Topic", Some((&word, None)));
        let running = self.stacks.values().filter(|stack| stack.due.is_some()).count();
        self.most_at_once = self.most_at_once.max(running);
    }

    /// Writes an event: the stack's own status, or a resource's.
    fn tell(&mut self, id: &str, logical_id: &str, resource: Option<(&str, Option<String>)>) {
        let stack = &self.stacks[id];
        let (time, token) = (self.now, Some(stack.token.clone()));
        let (status, reason) = match &resource {
            Some((status, reason)) => ((*status).to_owned(), reason.clone()),
            None => (stack.seen.status.to_string(), stack.seen.status_reason.clone()),
        };
        let kind = if resource.is_some() { "AWS::SNS::Topic" } else { "AWS::CloudFormation::Stack" };
        let events = self.events.entry(id.to_owned()).or_default();
        events.push(StackEvent {
            id: format!("{id}/{}", events.len()),
            time,
            logical_id: logical_id.to_owned(),
            physical_id: resource.is_none().then(|| id.to_owned()),
            resource_type: kind.to_owned(),
            status,
            reason,
            token,
        });
    }

    /// Ends the operation on a stack.
    fn end(&mut self, id: &str) {
        let now = self.now;
        let stack = self.stacks.get_mut(id).unwrap();
        stack.due = None;
        let fail = property(&stack.body, "Fail").and_then(|it| it.as_str().map(str::to_owned));
        let is_free = self.guests.first().is_some_and(Vec::is_empty);
        let stuck = property(&stack.body, "Stuck").is_some() && !is_free;
        let name = stack.seen.name.clone();
        let (status, resource) = match (&stack.seen.status, fail) {
            (StackStatus::DeleteInProgress, _) if stuck => {
                (StackStatus::DeleteFailed, ("DELETE_FAILED", Some("is not empty".to_owned())))
            }
            (StackStatus::DeleteInProgress, _) => (StackStatus::DeleteComplete, ("DELETE_COMPLETE", None)),
            (StackStatus::CreateInProgress, None) => {
                stack.seen.outputs = outputs(&name, &stack.body);
                (StackStatus::CreateComplete, ("CREATE_COMPLETE", None))
            }
            (StackStatus::CreateInProgress, Some(reason)) => {
                (StackStatus::RollbackComplete, ("CREATE_FAILED", Some(reason)))
            }
            (_, None) => {
                stack.seen.outputs = outputs(&name, &stack.body);
                (StackStatus::UpdateComplete, ("UPDATE_COMPLETE", None))
            }
            (_, Some(reason)) => {
                let (body, outputs) = stack.before.take().unwrap();
                stack.seen.parameters.clone_from(&body.parameters);
                (stack.body, stack.seen.outputs) = (body, outputs);
                (StackStatus::UpdateRollbackComplete, ("UPDATE_FAILED", Some(reason)))
            }
        };
        if status != StackStatus::DeleteComplete {
            stack.seen.updated = Some(now);
        }
        stack.seen.status = status;
        self.tell(id, "Topic", Some(resource));
        self.tell(id, &name, None);
    }

    pub(super) fn update(&mut self, request: &UpdateStack, ignores: bool) {
        let stack = self.stacks.get_mut(&request.stack).unwrap();
        stack.before = Some((stack.body.clone(), stack.seen.outputs.clone()));
        if !ignores {
            stack.body = request.body.clone();
            stack.seen.parameters.clone_from(&request.body.parameters);
            stack.seen.tags.clone_from(&request.body.tags);
        }
        self.begin(&request.stack, StackStatus::UpdateInProgress, &request.token);
    }

    pub(super) fn find(&self, stack: &str) -> Option<&Stack> {
        self.stacks
            .get(stack)
            .or_else(|| self.stacks.values().find(|it| it.seen.name == stack && !it.seen.status.is_gone()))
    }

    pub(super) fn changes(&self, request: &UpdateStack, refuses_output_only: bool) -> ChangeSet {
        let deployed = &self.stacks[&request.stack].body;
        let is_equal = deployed == &request.body;
        let changes = compare(&deployed.template, &request.body.template);
        let is_empty = is_equal || (changes.is_empty() && refuses_output_only);
        let status = if is_empty { ChangeSetStatus::Empty } else { ChangeSetStatus::Ready };
        ChangeSet { status, changes }
    }

    /// Moves time to the next end of an operation, or to the limit.
    pub(super) fn pass(&mut self, limit: Timestamp) -> Vec<String> {
        let next = self.stacks.values().filter_map(|stack| stack.due).min();
        let Some(next) = next.filter(|next| *next <= limit) else {
            self.now = limit;
            return Vec::new();
        };
        self.now = self.now.max(next);
        let due = self.stacks.iter().filter(|(_, stack)| stack.due.is_some_and(|due| due <= next));
        let due: Vec<String> = due.map(|(id, _)| id.clone()).collect();
        for id in &due {
            self.end(id);
        }
        due
    }
}
