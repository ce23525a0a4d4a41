//! Ends, fails and cancels the step of one resource.

use crate::local::fault::FaultOperation;
use crate::local::inventory::Origin;
use crate::local::nested::{Content, NESTED};
use crate::local::operation::{Phase, StepKind, StepState, Task, Work};
use crate::local::resource::{Resource, snapshot};
use crate::local::schedule::{Due, What};
use crate::local::stack::{NewEvent, Stack};
use crate::local::template::Policy;

impl Work<'_> {
    pub(super) fn finish_step(&mut self, logical_id: &str) {
        let Some(step) = self.operation().steps.get_mut(logical_id) else { return };
        let StepState::Running { task, failure, .. } = std::mem::replace(&mut step.state, StepState::Done)
        else {
            return;
        };
        let operations: &[FaultOperation] = match *task {
            Task::Create(_) | Task::Replace(_) => &[FaultOperation::Create],
            Task::Update(_) => &[FaultOperation::Update],
            Task::Revert(_) => &[FaultOperation::Rollback],
            // What is gone already is no trouble to delete.
            Task::Remove if self.doomed_resource(logical_id).is_some_and(|it| it.is_lost()) => &[],
            Task::Remove => &FaultOperation::DELETIONS,
            Task::Proceed => &[],
            Task::Import(_) => &[FaultOperation::Create],
            Task::Release => &[FaultOperation::Rollback],
        };
        if let Some(reason) = failure.or_else(|| self.fault(logical_id, operations)) {
            let verb = match *task {
                Task::Create(_) => "create",
                Task::Remove | Task::Proceed => "delete",
                Task::Import(_) => "import",
                Task::Release => "import_rollback",
                Task::Update(_) | Task::Replace(_) | Task::Revert(_) => "update",
            };
            if let Task::Create(resource) | Task::Replace(resource) = &*task {
                let Stack { place, id, .. } = &*self.stack;
                self.inventory.release(place, id, logical_id, resource);
            }
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
            Task::Proceed => {}
            Task::Import(resource) => self.imported(logical_id, resource),
            Task::Release => self.released(logical_id),
            Task::Remove => {
                if let Some(resource) = self.doomed_resource(logical_id) {
                    self.tell(logical_id, &resource, "DELETE_COMPLETE", None);
                    self.removed(logical_id, resource);
                }
                self.forget(logical_id);
            }
        }
    }

    /// A resource is gone; a snapshot of it may stay.
    fn removed(&mut self, logical_id: &str, resource: Resource) {
        let Stack { place, id, .. } = &*self.stack;
        self.inventory.release(place, id, logical_id, &resource);
        let phase = self.operation().phase;
        let is_replaced = phase == Phase::Cleanup && self.stack.resources.contains_key(logical_id);
        let policy = if is_replaced { resource.update_replace_policy } else { resource.deletion_policy };
        let is_taken_back = matches!(phase, Phase::Rollback | Phase::RollbackCleanup);
        if policy == Policy::Snapshot && !is_taken_back && !resource.is_lost() {
            let owner = self.stack.owner(self.stack.generation);
            if let Some(snapshot) = snapshot::of(owner, logical_id, &resource) {
                self.orphan(logical_id, snapshot, Origin::Snapshot);
            }
        }
    }

    fn fault(&mut self, logical_id: &str, operations: &[FaultOperation]) -> Option<String> {
        let resource_type = self.doomed_or_defined(logical_id).0;
        let stack = (self.stack.name.as_str(), &self.stack.body.tags);
        let fault = self.faults.strike(stack, logical_id, operations)?;
        Some(fault.reason(&resource_type))
    }

    /// Records a failure. Creations and updates cancel what still runs; deletions let it go on.
    pub(super) fn fail(&mut self, logical_id: &str, verb: &str, reason: String) {
        let resource = self.doomed_or_defined(logical_id);
        self.tell_of(logical_id, resource, &format!("{}_FAILED", verb.to_uppercase()), Some(reason));
        let operation = self.operation();
        operation.failures.push((verb.to_owned(), logical_id.to_owned()));
        if let Some(step) = operation.steps.get_mut(logical_id) {
            step.state = StepState::Failed;
        }
        match operation.phase.step_kind() {
            StepKind::Apply | StepKind::Revert => self.cancel(),
            StepKind::Remove | StepKind::Release => {}
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
                StepState::Running { ends, task, .. } => Some((logical_id.clone(), *ends, (**task).clone())),
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
                if resource.resource_type == NESTED {
                    self.write(&resource.physical_id, Content::Cancel);
                }
            }
            Task::Import(resource) => self.tell(logical_id, &resource, "IMPORT_FAILED", update),
            Task::Remove | Task::Proceed | Task::Release => {}
        }
    }

    pub(super) fn tell(
        &mut self,
        logical_id: &str,
        resource: &Resource,
        status: &str,
        reason: Option<String>,
    ) {
        let known = (resource.resource_type.clone(), Some(resource.physical_id.clone()));
        self.tell_of(logical_id, known, status, reason);
    }

    pub(super) fn tell_of(
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
