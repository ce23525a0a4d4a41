//! How far a run is, folded from its events.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use crate::engine::{Event, Operation, PlannedUnit, UnitOutcome, UnitReport};
use crate::model::{EnvironmentName, InstanceName, StackEvent, StackName};
use crate::plan::ActionKind;

/// How far a run is.
#[derive(Clone, Debug, Default)]
pub struct Progress {
    /// What the current phase does, and where; `None` before it begins.
    pub phase: Option<(Operation, EnvironmentName)>,
    /// When the current phase began.
    pub started: Option<Timestamp>,
    /// Every instance with something to do.
    pub units: BTreeMap<InstanceName, UnitProgress>,
    /// `Some(false)` after the first request to stop, `Some(true)` after the second.
    pub stopping: Option<bool>,
    /// The last sentence worth a line.
    pub notice: Option<String>,
}

/// How far one instance is.
#[derive(Clone, Debug)]
pub struct UnitProgress {
    /// What is done to it.
    pub action: ActionKind,
    /// What must be finished before.
    pub waits_for: BTreeSet<InstanceName>,
    /// Where it stands in that.
    pub state: UnitState,
    /// The stack's name, once work began: events of the stack itself carry it as logical id.
    pub stack: Option<StackName>,
    /// The stack's own last status.
    pub status: Option<String>,
    /// Logical ids of the resources seen so far.
    pub seen: BTreeSet<String>,
    /// Those of them that are complete.
    pub complete: BTreeSet<String>,
    /// The resource that last began something.
    pub current: Option<String>,
}

/// Where an instance stands.
#[derive(Clone, Debug, PartialEq)]
pub enum UnitState {
    /// Not begun.
    Waiting,
    /// Begun at that time.
    Running(Timestamp),
    /// Ended.
    Finished(Box<UnitReport>),
    /// Never begun, because of that instance or because the run was stopped.
    Skipped(Option<InstanceName>),
}

impl UnitProgress {
    fn waiting(action: ActionKind) -> Self {
        Self {
            action,
            waits_for: BTreeSet::new(),
            state: UnitState::Waiting,
            stack: None,
            status: None,
            seen: BTreeSet::new(),
            complete: BTreeSet::new(),
            current: None,
        }
    }

    /// Whether it ended as it should not.
    pub fn failed(&self) -> bool {
        match &self.state {
            UnitState::Finished(report) => {
                !matches!(report.outcome, UnitOutcome::Done | UnitOutcome::Unchanged)
            }
            _ => false,
        }
    }

    fn resource(&mut self, event: &StackEvent) {
        if self.stack.as_ref().is_some_and(|stack| stack.as_str() == event.logical_id) {
            self.status = Some(event.status.clone());
            return;
        }
        self.seen.insert(event.logical_id.clone());
        if event.status.ends_with("_COMPLETE") && !event.status.contains("ROLLBACK") {
            self.complete.insert(event.logical_id.clone());
        } else {
            self.complete.remove(&event.logical_id);
            self.current = Some(event.logical_id.clone());
        }
    }
}

impl Progress {
    /// Takes one event in.
    pub fn apply(&mut self, event: &Event) {
        match event {
            Event::Started { time, operation, environment, units } => {
                self.phase = Some((*operation, environment.clone()));
                self.started = Some(*time);
                let busy = units.iter().filter(|unit| unit.action != ActionKind::Keep);
                let waiting = |unit: &PlannedUnit| UnitProgress {
                    waits_for: unit.waits_for.clone(),
                    ..UnitProgress::waiting(unit.action)
                };
                self.units = busy.map(|unit| (unit.instance.clone(), waiting(unit))).collect();
            }
            Event::UnitStarted { time, instance, action, stack } => {
                let unit = self.unit(instance, *action);
                unit.state = UnitState::Running(*time);
                unit.stack = Some(stack.clone());
            }
            Event::Resource { instance, stack_event } => {
                if let Some(unit) = self.units.get_mut(instance) {
                    unit.resource(stack_event);
                }
            }
            Event::Notice { message, .. } => self.notice = Some(message.clone()),
            Event::UnitFinished { report, .. } => {
                self.unit(&report.instance, report.action).state =
                    UnitState::Finished(Box::new(report.clone()));
            }
            Event::UnitSkipped { skipped, .. } => {
                if let Some(unit) = self.units.get_mut(&skipped.instance) {
                    unit.state = UnitState::Skipped(skipped.because_of.clone());
                }
            }
            Event::Proved { .. } => {}
            Event::Stopping { now, .. } => self.stopping = Some(*now),
        }
    }

    fn unit(&mut self, instance: &InstanceName, action: ActionKind) -> &mut UnitProgress {
        self.units.entry(instance.clone()).or_insert_with(|| UnitProgress::waiting(action))
    }

    /// How many instances were worked on to the end; what was skipped is not done.
    pub fn ended(&self) -> usize {
        self.units.values().filter(|unit| matches!(unit.state, UnitState::Finished(_))).count()
    }

    /// Those that wait for `instance` and have not begun.
    pub fn waiting_for(&self, instance: &InstanceName) -> impl Iterator<Item = &InstanceName> {
        let waits =
            move |unit: &UnitProgress| unit.state == UnitState::Waiting && unit.waits_for.contains(instance);
        self.units.iter().filter(move |(_, unit)| waits(unit)).map(|(name, _)| name)
    }

    /// Those at work, with the time each began.
    pub fn running(&self) -> impl Iterator<Item = (&InstanceName, &UnitProgress, Timestamp)> {
        self.units.iter().filter_map(|(instance, unit)| match unit.state {
            UnitState::Running(since) => Some((instance, unit, since)),
            _ => None,
        })
    }
}
