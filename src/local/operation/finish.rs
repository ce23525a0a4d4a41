//! What follows a phase: another one, or the end of the operation.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use crate::language::stack_policy::PolicyAction;
use crate::language::{evaluate, text_of};
use crate::local::context::Context;
use crate::local::evaluate::EvaluateError;
use crate::local::exports::{Exports, StackExports};
use crate::local::inventory::Origin;
use crate::local::operation::{Phase, Work};
use crate::local::resource::Resource;
use crate::local::stack::StackOutput;
use crate::model::StackStatus;

/// Outputs with the names of the exports they import.
pub type Outputs = (BTreeMap<String, StackOutput>, BTreeSet<String>);

/// The outputs of a template over these resources.
///
/// # Errors
/// [`EvaluateError`] when one cannot be computed or is no string.
pub fn outputs(
    context: &Context,
    resources: &BTreeMap<String, Resource>,
    exports: &Exports,
) -> Result<Outputs, EvaluateError> {
    let imported = RefCell::new(BTreeSet::new());
    let scope = context.scope(resources, exports, &imported);
    let text = |name: &str, value| {
        let value = scope.value_or_null(value)?;
        text_of(&value).ok_or_else(|| {
            EvaluateError::template(format!(
                "The Value field of output {name} must evaluate to a string, not {}",
                evaluate::kind(&value)
            ))
        })
    };
    let mut outputs = BTreeMap::new();
    for (name, definition) in &context.template.outputs {
        if !context.holds(definition.condition.as_ref()) {
            continue;
        }
        let value = text(name, &definition.value)?;
        let export = definition.export.as_ref().map(|export| text(name, &export.name)).transpose()?;
        outputs.insert(name.clone(), StackOutput { value, export });
    }
    Ok((outputs, imported.into_inner()))
}

impl Work<'_> {
    pub(super) fn end_phase(&mut self) {
        let phase = self.operation().phase;
        if !self.operation().failures.is_empty() {
            return self.end_failed(phase);
        }
        match phase {
            Phase::Create | Phase::Update => self.end_applied(phase),
            Phase::UpdateRollback => self.clean_up(Phase::RollbackCleanup, None),
            Phase::Rollback => self.end(StackStatus::RollbackComplete, None),
            Phase::Cleanup => self.end(StackStatus::UpdateComplete, None),
            Phase::RollbackCleanup => self.end(StackStatus::UpdateRollbackComplete, None),
            Phase::Delete => self.end_deleted(),
            Phase::Import => self.end_imported(),
            Phase::ImportRollback => self.end(StackStatus::ImportRollbackComplete, None),
        }
    }

    fn end_failed(&mut self, phase: Phase) {
        let reason = self.operation().failure_reason();
        match phase {
            Phase::Create => self.creation_failed(&reason),
            Phase::Update => self.update_failed(reason),
            Phase::UpdateRollback => self.suspend(StackStatus::UpdateRollbackFailed, reason),
            Phase::Import => self.enter_phase(Phase::ImportRollback, Some(reason)),
            Phase::ImportRollback => self.suspend(StackStatus::ImportRollbackFailed, reason),
            Phase::Rollback => self.end(StackStatus::RollbackFailed, Some(reason)),
            Phase::Delete => self.end(StackStatus::DeleteFailed, Some(reason)),
            // What cannot be cleaned up is left behind; the update itself succeeded.
            Phase::Cleanup | Phase::RollbackCleanup => {
                self.leave_behind();
                let rolled_back = phase == Phase::RollbackCleanup;
                let (done, back) = (StackStatus::UpdateComplete, StackStatus::UpdateRollbackComplete);
                self.end(if rolled_back { back } else { done }, None);
            }
        }
    }

    /// What a clean-up could not delete is nobody's any more.
    pub(super) fn leave_behind(&mut self) {
        for (logical_id, resource) in std::mem::take(&mut self.operation().leftovers) {
            self.orphan(&logical_id, resource, Origin::LeftBehind);
        }
    }

    fn end_applied(&mut self, phase: Phase) {
        let computed = self.applied_outputs();
        let computed = computed.and_then(|outputs| self.removals_denied(phase).map_or(Ok(outputs), Err));
        match (computed, phase) {
            (Err(reason), Phase::Create) => self.creation_failed(&reason),
            (Err(reason), _) => self.update_failed(reason),
            (Ok(outputs), Phase::Create) => {
                self.settle(outputs);
                self.end(StackStatus::CreateComplete, None);
            }
            (Ok(outputs), _) if self.operation().is_part => self.hold(outputs),
            (Ok(outputs), _) => {
                if let Some(goal) = self.operation().goal.take() {
                    self.stack.body = goal;
                }
                self.settle(outputs);
                self.clean_up(Phase::Cleanup, None);
            }
        }
    }

    /// Why the stack policy denies that resources leave the stack, if it does. Their events say so.
    fn removals_denied(&mut self, phase: Phase) -> Option<String> {
        if phase == Phase::Create {
            return None;
        }
        let kept = &self.operation().steps;
        let kept: BTreeSet<String> = kept.keys().cloned().collect();
        let leaving = self.stack.resources.iter().filter(|(logical_id, _)| !kept.contains(*logical_id));
        let denied: Vec<_> = leaving
            .filter_map(|(logical_id, resource)| {
                let reason = self.denied(PolicyAction::Delete, logical_id, &resource.resource_type)?;
                Some((logical_id.clone(), resource.clone(), reason))
            })
            .collect();
        for (logical_id, resource, reason) in &denied {
            self.tell(logical_id, resource, "UPDATE_FAILED", Some(reason.clone()));
        }
        let names: Vec<_> = denied.into_iter().map(|(logical_id, _, _)| logical_id).collect();
        (!names.is_empty())
            .then(|| format!("The following resource(s) failed to update: [{}].", names.join(", ")))
    }

    /// The new outputs, unless one of their exports is in the way of another stack.
    pub(super) fn applied_outputs(&mut self) -> Result<Outputs, String> {
        let context = self.stack.context().map_err(|error| error.to_string())?;
        let computed = outputs(&context, &self.stack.resources, self.exports).map_err(|it| it.to_string())?;
        let exported: BTreeMap<_, _> = computed
            .0
            .values()
            .filter_map(|output| Some((output.export.clone()?, output.value.as_str())))
            .collect();
        for name in exported.keys() {
            if let Some(owner) = self.exports.owner(name).filter(|owner| *owner != self.stack.id) {
                let owner = owner.split('/').nth(1).unwrap_or(owner);
                return Err(format!("Export with name {name} is already exported by stack {owner}."));
            }
        }
        for (name, value) in StackExports::of(self.stack).exported {
            if exported.get(&name) != Some(&value.as_str())
                && let Some(importer) = self.exports.importer(&name)
            {
                let verb = if exported.contains_key(&name) { "updated" } else { "deleted" };
                return Err(format!("Export {name} cannot be {verb} as it is in use by {importer}"));
            }
        }
        Ok(computed)
    }

    pub(super) fn settle(&mut self, (outputs, imports): Outputs) {
        self.stack.outputs = outputs;
        self.stack.output_imports = imports;
        self.exports.update(self.stack);
    }

    /// Moves what the stack no longer has into the clean-up and begins it.
    pub(super) fn clean_up(&mut self, phase: Phase, reason: Option<String>) {
        let kept: BTreeSet<String> = match phase {
            Phase::Cleanup => self.operation().steps.keys().cloned().collect(),
            _ => self.operation().before.keys().cloned().collect(),
        };
        let gone: Vec<_> = self.stack.resources.keys().filter(|id| !kept.contains(*id)).cloned().collect();
        for logical_id in gone {
            if let Some(resource) = self.stack.resources.remove(&logical_id) {
                self.operation().leftovers.insert(logical_id, resource);
            }
        }
        self.enter_phase(phase, reason);
    }

    fn end_deleted(&mut self) {
        self.stack.outputs.clear();
        self.stack.output_imports.clear();
        self.stack.deleted = Some(self.now);
        self.end(StackStatus::DeleteComplete, None);
    }

    pub(super) fn end(&mut self, status: StackStatus, reason: Option<String>) {
        self.stack.enter(status, reason, self.now);
        self.stack.operation = None;
        self.stack.context = None;
        self.exports.update(self.stack);
    }

    /// Ends an operation whose stored template this version cannot read.
    pub(super) fn abandon(&mut self, reason: &str) {
        let status = match self.operation().phase {
            Phase::Create | Phase::Rollback => StackStatus::RollbackFailed,
            Phase::Delete => StackStatus::DeleteFailed,
            Phase::Import | Phase::ImportRollback => StackStatus::ImportRollbackFailed,
            _ => StackStatus::UpdateRollbackFailed,
        };
        self.end(status, Some(reason.to_owned()));
    }
}
