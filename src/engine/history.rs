//! What happened to one stack during one operation, from its events.
//!
//! Events come newest first, in pages, and their times repeat: only their position in the list
//! orders them. An operation's events begin with the stack's own `*_IN_PROGRESS`.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard};

use crate::engine::lane::{CallError, Lane};
use crate::engine::{Cause, Event};
use crate::model::{InstanceName, StackEvent};
use crate::plan::{Symptom, advice};

/// The events of one operation on one stack, read bit by bit and passed on as they come.
pub(super) struct History {
    instance: InstanceName,
    /// ARN.
    stack: String,
    name: String,
    /// The operation's client token; `None` when it is somebody else's.
    token: Option<String>,
    seen: Mutex<Seen>,
}

#[derive(Default)]
struct Seen {
    under_way: bool,
    newest: Option<String>,
    /// Oldest first.
    events: Vec<StackEvent>,
}

impl History {
    pub(super) fn new(instance: &InstanceName, stack: &str, name: &str, token: Option<&str>) -> Self {
        Self {
            instance: instance.clone(),
            stack: stack.to_owned(),
            name: name.to_owned(),
            token: token.map(str::to_owned),
            seen: Mutex::default(),
        }
    }

    /// Remembers the newest event before an operation, so that nothing older is taken for its own.
    pub(super) async fn mark(&self, lane: &Lane<'_>) -> Result<(), CallError> {
        let page = lane.call(|port| port.events(&self.stack, None)).await?;
        self.seen().newest = page.items.into_iter().next().map(|event| event.id);
        Ok(())
    }

    /// Notes that the stack was seen while the operation ran.
    pub(super) fn seen_under_way(&self) {
        self.seen().under_way = true;
    }

    /// Whether anybody could watch the operation.
    pub(super) fn was_under_way(&self) -> bool {
        self.seen().under_way
    }

    /// Reads the events since the last time and passes them on, oldest first.
    pub(super) async fn fetch(&self, lane: &Lane<'_>) -> Result<(), CallError> {
        let mut fresh = Vec::new();
        let mut next: Option<String> = None;
        loop {
            let from = next.clone();
            let page = lane.call(|port| port.events(&self.stack, from.as_deref())).await?;
            let is_complete = self.take(page.items, &mut fresh);
            next = page.next;
            if is_complete || next.is_none() {
                break;
            }
        }
        self.pass_on(lane, fresh);
        Ok(())
    }

    /// Takes a page's events of this operation. Returns whether its beginning was reached.
    fn take(&self, page: Vec<StackEvent>, fresh: &mut Vec<StackEvent>) -> bool {
        let newest = self.seen().newest.clone();
        for event in page {
            if newest.as_ref() == Some(&event.id) {
                return true;
            }
            let (is_opening, token) = (self.is_opening(&event), event.token.clone());
            fresh.push(event);
            if is_opening {
                let is_foreign = token.is_some() && self.token.is_some() && token != self.token;
                if is_foreign {
                    // Another operation's: ours has left no trace yet.
                    fresh.clear();
                }
                return true;
            }
        }
        false
    }

    fn pass_on(&self, lane: &Lane<'_>, fresh: Vec<StackEvent>) {
        if let Some(newest) = fresh.first() {
            self.seen().newest = Some(newest.id.clone());
        }
        for stack_event in fresh.into_iter().rev() {
            self.seen().events.push(stack_event.clone());
            lane.send(Event::Resource { instance: self.instance.clone(), stack_event });
        }
    }

    /// The first failure that is not the echo of another one; the stack's own only when no
    /// resource has one.
    pub(super) fn root_cause(&self) -> Option<Cause> {
        let seen = self.seen();
        let failures: Vec<&StackEvent> = seen.events.iter().filter(|event| event.is_root_failure()).collect();
        // Where no resource failed, an output did: then only the turn of the stack itself says why.
        let turned = || seen.events.iter().find(|event| self.has_turned(event) && event.reason.is_some());
        let first = failures.iter().find(|event| !self.is_own(event)).or(failures.first());
        let first = first.copied().or_else(turned)?;
        let is_own = self.is_own(first);
        let found = self.cause(first);
        Some(if is_own { Cause { resource: None, resource_type: None, ..found } } else { found })
    }

    /// The failures of resources after the first one that kept the stack from where it was going: when
    /// it went back, those on the way back, else all further ones.
    pub(super) fn blockers(&self) -> Vec<Cause> {
        let seen = self.seen();
        let turned = seen.events.iter().position(|event| self.has_turned(event));
        let since = match turned {
            Some(turned) => turned + 1,
            None => seen.events.iter().position(StackEvent::is_root_failure).map_or(0, |first| first + 1),
        };
        let failures = seen.events.iter().skip(since);
        failures
            .filter(|event| event.is_root_failure() && !self.is_own(event))
            .map(|event| self.cause(event))
            .collect()
    }

    /// The last failed deletion of each physical resource that no later event says is gone.
    pub(super) fn undeleted(&self) -> Vec<StackEvent> {
        let mut failed: BTreeMap<(String, Option<String>), StackEvent> = BTreeMap::new();
        for event in &self.seen().events {
            let key = (event.logical_id.clone(), event.physical_id.clone());
            match event.status.as_str() {
                "DELETE_FAILED" if !self.is_own(event) => drop(failed.insert(key, event.clone())),
                "DELETE_COMPLETE" | "DELETE_SKIPPED" => drop(failed.remove(&key)),
                _ => {}
            }
        }
        failed.into_values().collect()
    }

    /// Whether the stack began to go back.
    fn has_turned(&self, event: &StackEvent) -> bool {
        self.is_own(event) && event.status.contains("ROLLBACK_IN_PROGRESS")
    }

    fn is_opening(&self, event: &StackEvent) -> bool {
        let opens = matches!(
            event.status.as_str(),
            "CREATE_IN_PROGRESS" | "UPDATE_IN_PROGRESS" | "DELETE_IN_PROGRESS" | "IMPORT_IN_PROGRESS"
        );
        opens && self.is_own(event)
    }

    /// Whether the event is the stack's own. A nested stack has the same type.
    fn is_own(&self, event: &StackEvent) -> bool {
        match &event.physical_id {
            _ if event.resource_type != "AWS::CloudFormation::Stack" => false,
            Some(id) => *id == self.stack,
            None => event.logical_id == self.name,
        }
    }

    fn cause(&self, event: &StackEvent) -> Cause {
        let reason = event.reason.clone().unwrap_or_else(|| format!("{} without a reason", event.status));
        let physical_id = event.physical_id.as_deref().filter(|id| !id.is_empty());
        let resource_type = &event.resource_type;
        let symptom = Symptom { status: &event.status, resource_type, physical_id, reason: &reason };
        let region = self.stack.split(':').nth(3).unwrap_or_default();
        Cause {
            advice: advice(&symptom, &self.instance.to_string(), region),
            resource: Some(event.logical_id.clone()),
            resource_type: Some(resource_type.clone()),
            reason,
        }
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().expect("no one panics while holding the events")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(id: &str, logical_id: &str, status: &str, reason: Option<&str>, token: &str) -> StackEvent {
        let is_stack = logical_id == "demo";
        StackEvent {
            id: id.to_owned(),
            time: jiff::Timestamp::UNIX_EPOCH,
            logical_id: logical_id.to_owned(),
            physical_id: is_stack.then(|| "arn:demo".to_owned()),
            resource_type: if is_stack { "AWS::CloudFormation::Stack" } else { "AWS::SQS::Queue" }.to_owned(),
            status: status.to_owned(),
            reason: reason.map(str::to_owned),
            token: Some(token.to_owned()),
        }
    }

    fn history() -> History {
        History::new(&"data".parse().unwrap(), "arn:demo", "demo", Some("mine"))
    }

    fn root_cause(newest_first: Vec<StackEvent>) -> Option<Cause> {
        let (history, mut fresh) = (history(), Vec::new());
        history.take(newest_first, &mut fresh);
        fresh.reverse();
        history.seen().events = fresh;
        history.root_cause()
    }

    #[test]
    fn a_stack_that_turned_without_a_failed_resource_says_why_itself() {
        let reason = "Template error: Fn::Select cannot select nonexistent value at index 5";
        let cause = root_cause(vec![
            event("3", "demo", "ROLLBACK_COMPLETE", None, "mine"),
            event("2", "demo", "ROLLBACK_IN_PROGRESS", Some(reason), "mine"),
            event("1", "demo", "CREATE_IN_PROGRESS", None, "mine"),
        ]);
        let reason = reason.to_owned();
        assert_eq!(cause, Some(Cause { resource: None, resource_type: None, reason, advice: None }));
    }

    #[test]
    fn what_was_not_deleted_is_known_until_it_is() {
        let mut old = event("2", "Table", "DELETE_FAILED", Some("protected"), "mine");
        old.physical_id = Some("old".to_owned());
        let gone = StackEvent { physical_id: Some("gone".to_owned()), ..old.clone() };
        let history = history();
        let later = StackEvent { id: "4".to_owned(), status: "DELETE_COMPLETE".to_owned(), ..gone.clone() };
        history.seen().events =
            vec![old.clone(), gone, later, event("5", "demo", "DELETE_FAILED", None, "mine")];
        assert_eq!(history.undeleted(), [old]);
    }

    #[test]
    fn the_first_failure_counts_and_not_its_echoes_or_earlier_operations() {
        let cause = root_cause(vec![
            event("7", "demo", "ROLLBACK_COMPLETE", None, "mine"),
            event(
                "6",
                "demo",
                "CREATE_FAILED",
                Some("The following resource(s) failed to create: [Queue]"),
                "mine",
            ),
            event("5", "Other", "CREATE_FAILED", Some("Resource creation cancelled"), "mine"),
            event("4", "Queue", "CREATE_FAILED", Some("limit exceeded"), "mine"),
            event("3", "Queue", "CREATE_IN_PROGRESS", None, "mine"),
            event("2", "demo", "CREATE_IN_PROGRESS", None, "mine"),
            event("1", "Old", "CREATE_FAILED", Some("long ago"), "theirs"),
        ])
        .unwrap();
        assert_eq!((cause.resource.as_deref(), cause.reason.as_str()), (Some("Queue"), "limit exceeded"));
    }

    #[test]
    fn what_blocks_the_way_back_is_told_apart_from_what_failed_first() {
        let (history, mut fresh) = (history(), Vec::new());
        history.take(
            vec![
                event("8", "demo", "UPDATE_ROLLBACK_FAILED", Some("failed to update: [Other]"), "mine"),
                event("7", "Other", "UPDATE_FAILED", Some("still in use"), "mine"),
                event("6", "demo", "UPDATE_ROLLBACK_IN_PROGRESS", Some("failed: [Queue]"), "mine"),
                event("5", "Third", "UPDATE_FAILED", Some("Resource update cancelled"), "mine"),
                event("4", "Queue", "UPDATE_FAILED", Some("limit exceeded"), "mine"),
                event("2", "demo", "UPDATE_IN_PROGRESS", None, "mine"),
            ],
            &mut fresh,
        );
        fresh.reverse();
        history.seen().events = fresh;
        let told: Vec<_> =
            history.blockers().into_iter().map(|cause| (cause.resource, cause.reason)).collect();
        assert_eq!(told, [(Some("Other".to_owned()), "still in use".to_owned())]);
        assert_eq!(history.root_cause().unwrap().reason, "limit exceeded");
    }

    #[test]
    fn a_failure_of_the_stack_alone_names_no_resource() {
        let cause = root_cause(vec![
            event("2", "demo", "UPDATE_FAILED", Some("role is gone"), "mine"),
            event("1", "demo", "UPDATE_IN_PROGRESS", None, "mine"),
        ])
        .unwrap();
        assert_eq!((cause.resource, cause.reason.as_str()), (None, "role is gone"));
    }

    #[test]
    fn the_tail_of_another_operation_is_left_out() {
        let (history, mut fresh) = (history(), Vec::new());
        let page = vec![
            event("2", "Queue", "UPDATE_FAILED", Some("then"), "theirs"),
            event("1", "demo", "UPDATE_IN_PROGRESS", None, "theirs"),
        ];
        assert!(history.take(page, &mut fresh));
        assert!(fresh.is_empty());
    }
}
