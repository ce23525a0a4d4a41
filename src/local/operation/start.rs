//! Starts the step of one resource.

use crate::catalogue::{self, durations};
use crate::language::stack_policy::{PolicyAction, StackPolicy};
use crate::local::fault::{self, FaultOperation};
use crate::local::inventory::{Origin, Orphan};
use crate::local::nested::{Content, NESTED};
use crate::local::operation::course::Course;
use crate::local::operation::decide::{Basis, Decision, decide, rolls};
use crate::local::operation::run::doomed;
use crate::local::operation::{Phase, StepKind, StepState, Task, Work};
use crate::local::resource::Resource;
use crate::local::schedule::What;
use crate::local::template::Policy;

const REPLACES: &str =
    "Requested update requires the creation of a new physical resource; hence creating one.";

pub(super) const INITIATED: &str = "Resource creation Initiated";

/// How long a service that does not answer is waited for. Source: CloudFormation user guide, "Custom
/// resources": the default time-out is an hour.
const STUCK_SECONDS: f64 = 3600.0;

fn not_found(resource: &Resource) -> String {
    let Resource { resource_type, physical_id, .. } = resource;
    format!(
        "Resource of type '{resource_type}' with identifier '{physical_id}' was not found. (HandlerErrorCode: NotFound)"
    )
}

impl Work<'_> {
    pub(super) fn start(&mut self, logical_id: &str) {
        match self.operation().phase.step_kind() {
            StepKind::Apply => self.start_apply(logical_id),
            StepKind::Revert => self.start_revert(logical_id),
            StepKind::Remove => self.start_remove(logical_id),
            StepKind::Release => self.start_release(logical_id),
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
            Decision::Create(resource) if self.operation().phase == Phase::Import => {
                self.start_import(logical_id, resource);
            }
            Decision::Create(resource) if self.adopts(logical_id, &resource) => {
                let physical_id = resource.physical_id.clone();
                self.operation().imports.insert(logical_id.to_owned(), physical_id);
                self.start_import(logical_id, resource);
            }
            Decision::Create(resource) => {
                self.tell_of(logical_id, (resource.resource_type.clone(), None), "CREATE_IN_PROGRESS", None);
                if resource.resource_type == NESTED {
                    return self.start_child(logical_id, resource);
                }
                if let Some(reason) = self.taken(logical_id, &resource) {
                    return self.fail(logical_id, "create", reason);
                }
                self.tell(logical_id, &resource, "CREATE_IN_PROGRESS", Some(INITIATED.to_owned()));
                let seconds = durations::seconds(&resource.resource_type, durations::Operation::Create);
                let course = self.creation_course(logical_id, &resource, seconds.value());
                self.run_course(logical_id, Task::Create(resource), course);
            }
            Decision::Update(resource, paths) => {
                if let Some(reason) = self.denied(PolicyAction::Modify, logical_id, &resource.resource_type) {
                    return self.fail(logical_id, verb, reason);
                }
                self.operation().touched.insert(logical_id.to_owned());
                self.tell(logical_id, &resource, "UPDATE_IN_PROGRESS", None);
                if self.stack.resources.get(logical_id).is_some_and(Resource::is_lost) {
                    return self.fail(logical_id, "update", not_found(&resource));
                }
                if resource.resource_type == NESTED {
                    return self.start_child_update(logical_id, resource);
                }
                let seconds = durations::seconds(&resource.resource_type, durations::Operation::Update);
                // Metadata is CloudFormation's own; no service is asked.
                let is_metadata = paths == ["Metadata"];
                let rolling = if rolls(&resource, &paths) { resource.behaviour.rolling_seconds } else { 0.0 };
                let seconds = if is_metadata { 0.0 } else { seconds.value() + rolling };
                let course = self.update_course(logical_id, &resource, seconds);
                self.run_course(logical_id, Task::Update(resource), course);
            }
            Decision::Replace(resource, _) => {
                if let Some(reason) = self.denied(PolicyAction::Replace, logical_id, &resource.resource_type)
                {
                    return self.fail(logical_id, verb, reason);
                }
                let old = self.stack.resources.get(logical_id).cloned();
                let shown = old.as_ref().unwrap_or(&resource);
                self.tell(logical_id, shown, "UPDATE_IN_PROGRESS", Some(REPLACES.to_owned()));
                if let Some(reason) = self.taken(logical_id, &resource) {
                    return self.fail(logical_id, "update", reason);
                }
                self.tell(logical_id, &resource, "UPDATE_IN_PROGRESS", Some(INITIATED.to_owned()));
                let seconds = durations::seconds(&resource.resource_type, durations::Operation::Create);
                let course = self.creation_course(logical_id, &resource, seconds.value());
                self.run_course(logical_id, Task::Replace(resource), course);
            }
        }
    }

    /// Why the stack policy denies an action on a resource, if it does.
    pub(super) fn denied(
        &self,
        action: PolicyAction,
        logical_id: &str,
        resource_type: &str,
    ) -> Option<String> {
        let policy = StackPolicy::parse(self.stack.policy.as_deref()?).ok()?;
        policy.refusal(action, logical_id, resource_type)
    }

    /// Why the name of a new resource cannot be had; takes it otherwise.
    fn taken(&mut self, logical_id: &str, resource: &Resource) -> Option<String> {
        let (place, stack) = (&self.stack.place, &self.stack.id);
        let conflict = self.inventory.conflict(place, stack, logical_id, resource);
        if conflict.is_none() {
            self.inventory.claim(place, stack, logical_id, resource);
        }
        conflict
    }

    fn decide(&mut self, logical_id: &str) -> Result<Decision, String> {
        let context = self.stack.context().map_err(|error| error.to_string())?;
        let goal = self.stack.operation.as_ref().and_then(|operation| operation.goal.as_ref());
        let basis = Basis {
            context: &context,
            tags: &goal.unwrap_or(&self.stack.body).tags,
            exports: self.exports,
            answers: self.answers,
            owner: self.stack.owner(self.stack.generation),
            reverts_drift: self.stack.operation.as_ref().is_some_and(|operation| operation.reverts_drift),
        };
        decide(basis, &self.stack.resources, logical_id).map_err(|error| error.to_string())
    }

    fn start_revert(&mut self, logical_id: &str) {
        let operation = self.operation();
        let touched = operation.touched.contains(logical_id);
        let is_skipped = operation.skipped.contains(logical_id);
        let Some(before) = operation.before.get(logical_id).cloned() else {
            return self.done(logical_id);
        };
        let current = self.stack.resources.get(logical_id).cloned();
        if is_skipped {
            return self.skip_revert(logical_id, before, current);
        }
        match current {
            Some(current) if current.physical_id != before.physical_id => {
                self.tell(logical_id, &before, "UPDATE_COMPLETE", None);
                self.operation().leftovers.insert(logical_id.to_owned(), current);
                self.stack.resources.insert(logical_id.to_owned(), before);
                self.done(logical_id);
            }
            Some(current) if touched => {
                self.tell(logical_id, &before, "UPDATE_IN_PROGRESS", None);
                if current.is_lost() {
                    return self.fail(logical_id, "update", not_found(&current));
                }
                if current.resource_type == NESTED {
                    self.write(&current.physical_id, Content::TakeBack);
                    return self.wait_for_child(logical_id, Task::Revert(before));
                }
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
            return match self.stack.resources.get(logical_id).map(|child| child.physical_id.clone()) {
                Some(child) if phase == Phase::Cleanup => {
                    self.write(&child, Content::Proceed);
                    self.wait_for_child(logical_id, Task::Proceed);
                }
                _ => self.done(logical_id),
            };
        };
        if self.is_retained(logical_id, &resource, phase) {
            self.tell(logical_id, &resource, "DELETE_SKIPPED", None);
            // A nested stack that is retained is a stack like any other from now on.
            if resource.resource_type != NESTED {
                self.orphan(logical_id, resource, Origin::Retained);
            }
            self.forget(logical_id);
            self.done(logical_id);
            return;
        }
        self.tell(logical_id, &resource, "DELETE_IN_PROGRESS", None);
        if resource.resource_type == NESTED {
            let token = self.operation().token.clone();
            self.write(&resource.physical_id, Content::Delete(token));
            return self.wait_for_child(logical_id, Task::Remove);
        }
        if let Some(reason) = refuses_deletion(&resource) {
            return self.fail(logical_id, "delete", reason);
        }
        let seconds = durations::seconds(&resource.resource_type, durations::Operation::Delete);
        let stack = (self.stack.name.as_str(), &self.stack.body.tags);
        let is_stuck =
            !resource.is_lost() && self.faults.will_strike(stack, logical_id, FaultOperation::Stuck);
        self.run(logical_id, Task::Remove, if is_stuck { STUCK_SECONDS } else { seconds.value() });
    }

    /// Whether a policy keeps a resource that the stack no longer needs. A physical resource whose
    /// place another one took follows `UpdateReplacePolicy`; one that a rolled back update made as a
    /// replacement is always deleted.
    fn is_retained(&mut self, logical_id: &str, resource: &Resource, phase: Phase) -> bool {
        let replaced = self.stack.resources.contains_key(logical_id);
        match phase {
            _ if resource.is_lost() => false,
            Phase::Delete if self.operation().skipped.contains(logical_id) => true,
            Phase::Cleanup if replaced => resource.update_replace_policy == Policy::Retain,
            Phase::RollbackCleanup if replaced => false,
            // What was taken in was there before: it is let go again.
            Phase::Rollback if self.operation().imports.contains_key(logical_id) => true,
            Phase::Rollback | Phase::RollbackCleanup => resource.deletion_policy == Policy::Retain,
            _ => matches!(resource.deletion_policy, Policy::Retain | Policy::RetainExceptOnCreate),
        }
    }

    /// Keeps a resource in the account that the stack no longer owns.
    pub fn orphan(&mut self, logical_id: &str, resource: Resource, origin: Origin) {
        let (place, stack) = (self.stack.place.clone(), self.stack.id.clone());
        self.inventory.release(&place, &stack, logical_id, &resource);
        let environment = Orphan::environment_of(&self.stack.body.tags);
        let (logical_id, since) = (logical_id.to_owned(), self.now);
        self.inventory.take_in(Orphan { place, resource, origin, stack, environment, logical_id, since });
    }

    pub(super) fn doomed_resource(&mut self, logical_id: &str) -> Option<Resource> {
        let operation = self.stack.operation.as_ref()?;
        doomed(&self.stack.resources, operation, operation.phase).get(logical_id).cloned()
    }

    /// Takes a resource out of what its phase deletes.
    pub(super) fn forget(&mut self, logical_id: &str) {
        if matches!(self.operation().phase, Phase::Cleanup | Phase::RollbackCleanup) {
            self.operation().leftovers.remove(logical_id);
        } else {
            self.stack.resources.remove(logical_id);
        }
    }

    pub(super) fn run(&mut self, logical_id: &str, task: Task, seconds: f64) {
        self.run_course(logical_id, task, Course { seconds, failure: None });
    }

    fn run_course(&mut self, logical_id: &str, task: Task, Course { seconds, failure }: Course) {
        let ends = self.ends(seconds);
        if let Some(step) = self.operation().steps.get_mut(logical_id) {
            step.state = StepState::Running { ends, task: Box::new(task), failure };
        }
        self.later(ends, What::Step(logical_id.to_owned()));
    }
}

/// Why the service behind a resource does not delete it: it holds something, or a property says so.
fn refuses_deletion(resource: &Resource) -> Option<String> {
    let properties = resource.real_properties()?;
    let is_emptied = properties.get("EmptyOnDelete").is_some_and(|flag| *flag == true || flag == "true");
    let is_full = resource.holds > 0 || !resource.left_over.is_empty();
    if is_full && !is_emptied {
        return Some(fault::not_empty(&resource.resource_type).to_owned());
    }
    let protection = catalogue::protection(&resource.resource_type)?;
    let value = properties.get(protection.property)?;
    protection.is_on(value).then(|| {
        format!(
            "Resource handler returned message: \"Cannot delete protected {} {}, please disable {protection} and \
             try again\"",
            resource.resource_type, resource.physical_id
        )
    })
}
