//! Starts, ends and cancels the step of one resource.

use crate::local::durations;
use crate::local::fault::FaultOperation;
use crate::local::operation::decide::{Basis, Decision, decide};
use crate::local::operation::run::doomed;
use crate::local::operation::{Phase, StepKind, StepState, Task, Work};
use crate::local::resource::Resource;
use crate::local::schedule::{Due, What};
use crate::local::stack::NewEvent;
use crate::local::template::Policy;

const REPLACES: &str =
    "Requested update requires the creation of a new physical resource; hence creating one.";

impl Work<'_> {
    pub(super) fn start(&mut self, logical_id: &str) {
        match self.operation().phase.step_kind() {
            StepKind::Apply => self.start_apply(logical_id),
            StepKind::Revert => self.start_revert(logical_id),
            StepKind::Remove => self.start_remove(logical_id),
        }
    }

    fn start_apply(&mut self, logical_id: &str) {
        let verb = if self.stack.resources.contains_key(logical_id) { "update" } else { "create" };
        let decision = match self.decide(logical_id) {
            Ok(decision) => decision,
            Err(reason) => return self.fail(logical_id, verb, reason),
        };
        match decision {
            Decision::Keep(resource) => {
                self.stack.resources.insert(logical_id.to_owned(), resource);
                self.done(logical_id);
            }
            Decision::Create(resource) => {
                self.tell(logical_id, &resource, "CREATE_IN_PROGRESS", None);
                let seconds = durations::seconds(&resource.resource_type, durations::Operation::Create);
                self.run(logical_id, Task::Create(resource), seconds.value());
            }
            Decision::Update(resource, paths) => {
                self.operation().touched.insert(logical_id.to_owned());
                self.tell(logical_id, &resource, "UPDATE_IN_PROGRESS", None);
                let seconds = durations::seconds(&resource.resource_type, durations::Operation::Update);
                // Metadata is CloudFormation's own; no service is asked.
                let is_metadata = paths == ["Metadata"];
                self.run(logical_id, Task::Update(resource), if is_metadata { 0.0 } else { seconds.value() });
            }
            Decision::Replace(resource, _) => {
                let old = self.stack.resources.get(logical_id).cloned();
                let shown = old.as_ref().unwrap_or(&resource);
                self.tell(logical_id, shown, "UPDATE_IN_PROGRESS", Some(REPLACES.to_owned()));
                let seconds = durations::seconds(&resource.resource_type, durations::Operation::Create);
                self.run(logical_id, Task::Replace(resource), seconds.value());
            }
        }
    }

    fn decide(&mut self, logical_id: &str) -> Result<Decision, String> {
        let context = self.stack.context().map_err(|error| error.to_string())?;
        let goal = self.stack.operation.as_ref().and_then(|operation| operation.goal.as_ref());
        let basis = Basis {
            context: &context,
            tags: &goal.unwrap_or(&self.stack.body).tags,
            exports: self.exports,
            owner: self.stack.owner(self.stack.generation),
        };
        decide(basis, &self.stack.resources, logical_id).map_err(|error| error.to_string())
    }

    fn start_revert(&mut self, logical_id: &str) {
        let operation = self.operation();
        let touched = operation.touched.contains(logical_id);
        let Some(before) = operation.before.get(logical_id).cloned() else {
            return self.done(logical_id);
        };
        let current = self.stack.resources.get(logical_id).cloned();
        match current {
            Some(current) if current.physical_id != before.physical_id => {
                self.tell(logical_id, &before, "UPDATE_COMPLETE", None);
                self.operation().leftovers.insert(logical_id.to_owned(), current);
                self.stack.resources.insert(logical_id.to_owned(), before);
                self.done(logical_id);
            }
            Some(_) if touched => {
                self.tell(logical_id, &before, "UPDATE_IN_PROGRESS", None);
                let seconds = durations::seconds(&before.resource_type, durations::Operation::Update);
                self.run(logical_id, Task::Revert(before), seconds.value());
            }
            _ => {
                self.stack.resources.insert(logical_id.to_owned(), before);
                self.done(logical_id);
            }
        }
    }

    fn start_remove(&mut self, logical_id: &str) {
        let phase = self.operation().phase;
        let Some(resource) = self.doomed_resource(logical_id) else {
            return self.done(logical_id);
        };
        if self.is_retained(logical_id, &resource, phase) {
            self.tell(logical_id, &resource, "DELETE_SKIPPED", None);
            self.forget(logical_id);
            self.done(logical_id);
            return;
        }
        self.tell(logical_id, &resource, "DELETE_IN_PROGRESS", None);
        let seconds = durations::seconds(&resource.resource_type, durations::Operation::Delete);
        self.run(logical_id, Task::Remove, seconds.value());
    }

    /// Whether a policy keeps a resource that the stack no longer needs. A physical resource whose
    /// place another one took follows `UpdateReplacePolicy`; one that a rolled back update made as a
    /// replacement is always deleted.
    fn is_retained(&mut self, logical_id: &str, resource: &Resource, phase: Phase) -> bool {
        let replaced = self.stack.resources.contains_key(logical_id);
        match phase {
            Phase::Cleanup if replaced => resource.update_replace_policy == Policy::Retain,
            Phase::RollbackCleanup if replaced => false,
            Phase::Rollback | Phase::RollbackCleanup => resource.deletion_policy == Policy::Retain,
            _ => matches!(resource.deletion_policy, Policy::Retain | Policy::RetainExceptOnCreate),
        }
    }

    fn doomed_resource(&mut self, logical_id: &str) -> Option<Resource> {
        let operation = self.stack.operation.as_ref()?;
        doomed(&self.stack.resources, operation, operation.phase).get(logical_id).cloned()
    }

    /// Takes a resource out of what its phase deletes.
    fn forget(&mut self, logical_id: &str) {
        if matches!(self.operation().phase, Phase::Cleanup | Phase::RollbackCleanup) {
            self.operation().leftovers.remove(logical_id);
        } else {
            self.stack.resources.remove(logical_id);
        }
    }

    fn run(&mut self, logical_id: &str, task: Task, seconds: f64) {
        let ends = self.ends(seconds);
        if let Some(step) = self.operation().steps.get_mut(logical_id) {
            step.state = StepState::Running { ends, task: Box::new(task) };
        }
        self.later(ends, What::Step(logical_id.to_owned()));
    }

    pub(super) fn finish_step(&mut self, logical_id: &str) {
        let Some(step) = self.operation().steps.get_mut(logical_id) else { return };
        let StepState::Running { task, .. } = std::mem::replace(&mut step.state, StepState::Done) else {
            return;
        };
        let operation = match *task {
            Task::Create(_) | Task::Replace(_) => FaultOperation::Create,
            Task::Update(_) => FaultOperation::Update,
            Task::Revert(_) => FaultOperation::Rollback,
            Task::Remove => FaultOperation::Delete,
        };
        if let Some(reason) = self.fault(logical_id, operation) {
            let verb = match *task {
                Task::Create(_) => "create",
                Task::Remove => "delete",
                Task::Update(_) | Task::Replace(_) | Task::Revert(_) => "update",
            };
            return self.fail(logical_id, verb, reason);
        }
        self.take_effect(logical_id, *task);
        self.done(logical_id);
    }

    fn take_effect(&mut self, logical_id: &str, task: Task) {
        match task {
            Task::Create(resource) => {
                self.tell(logical_id, &resource, "CREATE_COMPLETE", None);
                self.stack.resources.insert(logical_id.to_owned(), resource);
            }
            Task::Update(resource) | Task::Revert(resource) => {
                self.tell(logical_id, &resource, "UPDATE_COMPLETE", None);
                self.stack.resources.insert(logical_id.to_owned(), resource);
            }
            Task::Replace(resource) => {
                self.tell(logical_id, &resource, "UPDATE_COMPLETE", None);
                if let Some(old) = self.stack.resources.insert(logical_id.to_owned(), resource) {
                    self.operation().leftovers.insert(logical_id.to_owned(), old);
                }
            }
            Task::Remove => {
                if let Some(resource) = self.doomed_resource(logical_id) {
                    self.tell(logical_id, &resource, "DELETE_COMPLETE", None);
                }
                self.forget(logical_id);
            }
        }
    }

    fn fault(&self, logical_id: &str, operation: FaultOperation) -> Option<String> {
        let (name, tags) = (&self.stack.name, &self.stack.body.tags);
        let hit = self.faults.iter().find(|fault| fault.hits(name, tags, logical_id, operation));
        hit.map(|fault| fault.reason.clone())
    }

    /// Records a failure. Creations and updates cancel what still runs; deletions let it go on.
    fn fail(&mut self, logical_id: &str, verb: &str, reason: String) {
        let resource = self.doomed_or_defined(logical_id);
        self.tell_of(logical_id, resource, &format!("{}_FAILED", verb.to_uppercase()), Some(reason));
        let operation = self.operation();
        operation.failures.push((verb.to_owned(), logical_id.to_owned()));
        if let Some(step) = operation.steps.get_mut(logical_id) {
            step.state = StepState::Failed;
        }
        match operation.phase.step_kind() {
            StepKind::Apply | StepKind::Revert => self.cancel(),
            StepKind::Remove => {}
        }
    }

    /// Cancels every running step. A creation under way leaves its resource behind, for the
    /// rollback to delete.
    pub fn cancel(&mut self) {
        let running: Vec<_> = self
            .operation()
            .steps
            .iter()
            .filter_map(|(logical_id, step)| match &step.state {
                StepState::Running { ends, task } => Some((logical_id.clone(), *ends, (**task).clone())),
                _ => None,
            })
            .collect();
        for (logical_id, time, task) in running {
            let what = What::Step(logical_id.clone());
            self.schedule.remove(&Due { time, stack: self.stack.id.clone(), what });
            if let Some(step) = self.operation().steps.get_mut(&logical_id) {
                step.state = StepState::Failed;
            }
            self.cancelled(&logical_id, task);
        }
    }

    fn cancelled(&mut self, logical_id: &str, task: Task) {
        let creation = Some("Resource creation cancelled".to_owned());
        let update = Some("Resource update cancelled".to_owned());
        match task {
            Task::Create(resource) => {
                self.tell(logical_id, &resource, "CREATE_FAILED", creation);
                self.stack.resources.insert(logical_id.to_owned(), resource);
            }
            Task::Replace(resource) => {
                self.tell(logical_id, &resource, "UPDATE_FAILED", update);
                self.stack.resources.insert(logical_id.to_owned(), resource);
            }
            Task::Update(resource) | Task::Revert(resource) => {
                self.tell(logical_id, &resource, "UPDATE_FAILED", update);
            }
            Task::Remove => {}
        }
    }

    fn tell(&mut self, logical_id: &str, resource: &Resource, status: &str, reason: Option<String>) {
        let known = (resource.resource_type.clone(), Some(resource.physical_id.clone()));
        self.tell_of(logical_id, known, status, reason);
    }

    fn tell_of(
        &mut self,
        logical_id: &str,
        (resource_type, physical_id): (String, Option<String>),
        status: &str,
        reason: Option<String>,
    ) {
        let event = NewEvent {
            logical_id,
            physical_id: physical_id.as_deref(),
            resource_type: &resource_type,
            status,
            reason,
        };
        self.stack.record(event, self.now);
    }

    /// Type and physical id of a resource that may not exist yet.
    fn doomed_or_defined(&mut self, logical_id: &str) -> (String, Option<String>) {
        let existing = self.doomed_resource(logical_id);
        if let Some(resource) = existing.or_else(|| self.stack.resources.get(logical_id).cloned()) {
            return (resource.resource_type, Some(resource.physical_id));
        }
        let context = self.stack.context().ok();
        let definition = context.and_then(|context| context.template.resources.get(logical_id).cloned());
        (definition.map(|definition| definition.r#type).unwrap_or_default(), None)
    }
}
