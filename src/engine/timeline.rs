//! Who worked when, read from a run's events. Pure.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::engine::{Event, EventSink};
use crate::model::{InstanceName, ResourceOperation, StackEvent, StackName};
use crate::plan::ActionKind;

/// Keeps a run's events.
#[derive(Debug, Default)]
pub struct Recorder(Mutex<Vec<Event>>);

impl Recorder {
    /// The events so far, in the order they came.
    pub fn events(&self) -> Vec<Event> {
        self.0.lock().expect("no one panics while holding the events").clone()
    }
}

impl EventSink for Recorder {
    fn send(&self, event: Event) {
        self.0.lock().expect("no one panics while holding the events").push(event);
    }
}

/// Who worked when.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Timeline {
    /// The instances that were worked on, by start, then by name.
    pub units: Vec<UnitSpan>,
}

/// When one instance was worked on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct UnitSpan {
    /// The instance.
    pub instance: InstanceName,
    /// What is done to it.
    pub action: ActionKind,
    /// Its stack.
    pub stack: StackName,
    /// When work on it began.
    pub started: Timestamp,
    /// When it ended; `None` when it had not by the last event.
    pub finished: Option<Timestamp>,
    /// What it had to wait for.
    pub waits_for: BTreeSet<InstanceName>,
    /// Its resources, by start, then by logical id.
    pub resources: Vec<ResourceSpan>,
}

/// When one resource was worked on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ResourceSpan {
    /// Logical id.
    pub logical_id: String,
    /// Resource type.
    pub resource_type: String,
    /// What is done to it; `None` for an import.
    pub operation: Option<ResourceOperation>,
    /// When it began.
    pub started: Timestamp,
    /// When it ended; `None` when it had not by the last event.
    pub finished: Option<Timestamp>,
}

impl Timeline {
    /// The timeline of one phase's events. Of several phases, an instance has one span each.
    pub fn of(events: &[Event]) -> Self {
        let mut open: BTreeMap<InstanceName, UnitSpan> = BTreeMap::new();
        let mut waits: BTreeMap<InstanceName, BTreeSet<InstanceName>> = BTreeMap::new();
        let mut units = Vec::new();
        for event in events {
            match event {
                Event::Started { units: planned, .. } => {
                    let planned = planned.iter().map(|unit| (unit.instance.clone(), unit.waits_for.clone()));
                    waits = planned.collect();
                }
                Event::UnitStarted { time, instance, stack, action } => {
                    let waits_for = waits.get(instance).cloned().unwrap_or_default();
                    let span = UnitSpan {
                        instance: instance.clone(),
                        action: *action,
                        stack: stack.clone(),
                        started: *time,
                        finished: None,
                        waits_for,
                        resources: Vec::new(),
                    };
                    open.insert(instance.clone(), span);
                }
                Event::Resource { instance, stack_event } => {
                    let span = open.get_mut(instance);
                    if let Some(span) = span.filter(|span| span.stack.as_str() != stack_event.logical_id) {
                        add(&mut span.resources, stack_event);
                    }
                }
                Event::UnitFinished { time, report } => {
                    if let Some(mut span) = open.remove(&report.instance) {
                        span.finished = Some(*time);
                        units.push(span);
                    }
                }
                Event::Notice { .. }
                | Event::UnitSkipped { .. }
                | Event::Proved { .. }
                | Event::Stopping { .. } => {}
            }
        }
        units.extend(open.into_values());
        units.sort_by(|one, other| (one.started, &one.instance).cmp(&(other.started, &other.instance)));
        Self { units }
    }
}

/// A resource may be worked on more than once: created and, in a rollback, deleted.
fn add(resources: &mut Vec<ResourceSpan>, event: &StackEvent) {
    let running = resources
        .iter_mut()
        .rev()
        .find(|span| span.logical_id == event.logical_id && span.finished.is_none());
    match (running, event.status.ends_with("_IN_PROGRESS")) {
        (Some(_), true) => {}
        (Some(span), false) => span.finished = Some(event.time),
        (None, true) => resources.push(ResourceSpan {
            logical_id: event.logical_id.clone(),
            resource_type: event.resource_type.clone(),
            operation: ResourceOperation::of_status(&event.status),
            started: event.time,
            finished: None,
        }),
        (None, false) => {}
    }
}
