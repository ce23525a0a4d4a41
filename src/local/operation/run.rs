//! Runs the steps of a phase: starts what can start, ends what is due, gives up what is cancelled.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use crate::local::answers::Answers;
use crate::local::context::Context;
use crate::local::exports::Exports;
use crate::local::fault::Faults;
use crate::local::graph::{self, Dependencies};
use crate::local::inventory::Inventory;
use crate::local::nested::Letter;
use crate::local::operation::{Operation, Phase, Step, StepKind, StepState};
use crate::local::resource::Resource;
use crate::local::schedule::{Due, Schedule, What};
use crate::local::stack::Stack;

/// One stack being worked on, with what it may touch of the world around it.
#[derive(Debug)]
pub struct Work<'a> {
    /// The stack.
    pub stack: &'a mut Stack,
    /// The virtual time.
    pub now: Timestamp,
    /// Failures on request.
    pub faults: &'a mut Faults,
    /// What happens later.
    pub schedule: &'a mut Schedule,
    /// The place's exports.
    pub exports: &'a mut Exports,
    /// Whether an operation that begins now is not rolled back when it fails.
    pub is_preserved: bool,
    /// What the world outside answers.
    pub answers: &'a Answers,
    /// What there is to tell other stacks of the tree.
    pub letters: &'a mut VecDeque<Letter>,
    /// Names that are taken, and what no stack owns.
    pub inventory: &'a mut Inventory,
}

impl Work<'_> {
    /// The operation under way. Only called from within one.
    pub(super) fn operation(&mut self) -> &mut Operation {
        self.stack.operation.as_mut().expect("steps and phases run only within an operation")
    }

    /// Begins an operation.
    pub fn begin(&mut self, mut operation: Operation, context: Option<Arc<Context>>, reason: &str) {
        let phase = operation.phase;
        operation.is_preserved |= self.is_preserved;
        self.stack.generation += 1;
        self.stack.context = context;
        self.stack.change_sets.clear();
        if let Some(deadline) = operation.deadline {
            self.later(deadline, What::GiveUp);
        }
        self.stack.operation = Some(operation);
        self.enter_phase(phase, Some(reason.to_owned()));
    }

    /// Begins a phase, and ends it at once when there is nothing to do.
    pub(super) fn enter_phase(&mut self, phase: Phase, reason: Option<String>) {
        let steps = match phase.step_kind() {
            StepKind::Apply => match self.stack.context() {
                Ok(context) => waiting(&context.dependencies),
                Err(error) => return self.abandon(&error.to_string()),
            },
            StepKind::Revert => waiting(&needs(&self.operation().before)),
            StepKind::Release => {
                let imports = self.operation().imports.keys().cloned().collect::<BTreeSet<_>>();
                let taken = imports.into_iter().filter(|id| self.stack.resources.contains_key(id));
                let free = |id| (id, Step { waits_for: BTreeSet::new(), state: StepState::Waiting });
                taken.map(free).collect()
            }
            StepKind::Remove => {
                let operation = self.stack.operation.as_ref().expect("a phase is part of an operation");
                let mut steps =
                    waiting(&graph::reversed(&needs(doomed(&self.stack.resources, operation, phase))));
                let free =
                    |logical_id| (logical_id, Step { waits_for: BTreeSet::new(), state: StepState::Waiting });
                steps.extend(self.waiting_children(phase).into_iter().map(free));
                steps
            }
        };
        let operation = self.operation();
        operation.phase = phase;
        operation.steps = steps;
        operation.failures.clear();
        self.stack.enter(phase.status(), reason, self.now);
        self.progress();
    }

    /// Starts everything that can start, and ends the phase when nothing runs any more.
    pub(super) fn progress(&mut self) {
        loop {
            let ready = self.ready();
            if ready.is_empty() {
                break;
            }
            for logical_id in ready {
                // A step that failed at once cancels the ones after it.
                if self.may_start() {
                    self.start(&logical_id);
                }
            }
        }
        let runs = |step: &Step| matches!(step.state, StepState::Running { .. });
        if !self.operation().steps.values().any(runs) {
            self.end_phase();
        }
    }

    /// Deletions go on beside a failure, everything else stops at the first one.
    fn may_start(&mut self) -> bool {
        let operation = self.operation();
        operation.failures.is_empty()
            || matches!(operation.phase.step_kind(), StepKind::Remove | StepKind::Release)
    }

    fn ready(&mut self) -> Vec<String> {
        if !self.may_start() {
            return Vec::new();
        }
        let is_ready = |step: &Step| matches!(step.state, StepState::Waiting) && step.waits_for.is_empty();
        let steps = self.operation().steps.iter();
        steps.filter(|(_, step)| is_ready(step)).map(|(logical_id, _)| logical_id.clone()).collect()
    }

    /// Marks a step done and lets the others no longer wait for it.
    pub(super) fn done(&mut self, logical_id: &str) {
        let operation = self.operation();
        if let Some(step) = operation.steps.get_mut(logical_id) {
            step.state = StepState::Done;
        }
        for step in operation.steps.values_mut() {
            step.waits_for.remove(logical_id);
        }
    }

    /// Ends what is due.
    pub fn fall_due(&mut self, what: &What) {
        match what {
            What::Step(logical_id) => {
                self.finish_step(logical_id);
                self.progress();
            }
            What::ChangeSet(id) => self.compute_change_set(id),
            What::GiveUp => {
                let creating = self.stack.operation.as_ref().is_some_and(|it| it.phase == Phase::Create);
                if creating {
                    self.cancel();
                    self.creation_failed("Stack creation time exceeded the specified timeout.");
                }
            }
        }
    }

    /// Puts something on the schedule.
    pub fn later(&mut self, time: Timestamp, what: What) {
        self.schedule.add(Due { time, stack: self.stack.id.clone(), what });
    }

    /// The time a step that takes `seconds` ends.
    pub(super) fn ends(&self, seconds: f64) -> Timestamp {
        let duration = SignedDuration::from_secs_f64(seconds);
        self.now.checked_add(duration).unwrap_or(Timestamp::MAX)
    }
}

/// The physical resources a removing phase deletes.
pub(super) fn doomed<'a>(
    resources: &'a BTreeMap<String, Resource>,
    operation: &'a Operation,
    phase: Phase,
) -> &'a BTreeMap<String, Resource> {
    match phase {
        Phase::Cleanup | Phase::RollbackCleanup => &operation.leftovers,
        _ => resources,
    }
}

/// Edges among `resources`, from what each of them was made from.
fn needs(resources: &BTreeMap<String, Resource>) -> Dependencies {
    let edges = resources.iter().map(|(logical_id, resource)| {
        let present = resource.depends_on.iter().filter(|other| resources.contains_key(*other));
        (logical_id.clone(), present.cloned().collect::<BTreeSet<_>>())
    });
    edges.collect()
}

fn waiting(dependencies: &Dependencies) -> BTreeMap<String, Step> {
    let step = |needs: &BTreeSet<String>| Step { waits_for: needs.clone(), state: StepState::Waiting };
    dependencies.iter().map(|(logical_id, needs)| (logical_id.clone(), step(needs))).collect()
}
