//! Operations that stop half-way, and go on later.
//!
//! Sources: CloudFormation user guide, "Stack failure options", "Continue rolling back an update";
//! API reference, ContinueUpdateRollback, RollbackStack, CancelUpdateStack.

use std::collections::BTreeSet;

use crate::local::operation::{Operation, Phase, Work};
use crate::local::resource::{Resource, Tampering};
use crate::model::StackStatus;

impl Work<'_> {
    /// A creation has failed: it is taken back, or stays as it is where that was asked for.
    pub(super) fn creation_failed(&mut self, reason: &str) {
        if self.operation().is_preserved {
            return self.suspend(StackStatus::CreateFailed, reason.to_owned());
        }
        self.enter_phase(Phase::Rollback, Some(format!("{reason} Rollback requested by user.")));
    }

    /// Likewise an update.
    pub(super) fn update_failed(&mut self, reason: String) {
        if self.operation().is_preserved {
            return self.suspend(StackStatus::UpdateFailed, reason);
        }
        self.enter_phase(Phase::UpdateRollback, Some(reason));
    }

    /// Ends an operation that can be taken up again.
    pub(super) fn suspend(&mut self, status: StackStatus, reason: String) {
        let suspended = self.stack.operation.clone();
        self.end(status, Some(reason));
        self.stack.suspended = suspended;
    }

    /// Takes an operation that stopped half-way back, or goes on taking it back.
    pub fn roll_back(&mut self, token: &str, skipped: BTreeSet<String>) {
        let mut operation =
            self.stack.suspended.take().unwrap_or_else(|| Operation::new(token, Phase::Rollback));
        token.clone_into(&mut operation.token);
        operation.skipped = skipped;
        operation.deadline = None;
        let phase = match self.stack.status {
            StackStatus::CreateFailed => Phase::Rollback,
            StackStatus::ImportRollbackFailed => Phase::ImportRollback,
            _ => Phase::UpdateRollback,
        };
        self.stack.operation = Some(operation);
        self.enter_phase(phase, Some("User Initiated".to_owned()));
    }

    /// Stops an update under way and takes it back.
    pub fn cancel_update(&mut self) {
        self.cancel();
        self.enter_phase(Phase::UpdateRollback, Some("User Initiated".to_owned()));
    }

    /// Takes a resource for set back that is not.
    pub(super) fn skip_revert(&mut self, logical_id: &str, mut before: Resource, current: Option<Resource>) {
        match current {
            Some(current) if current.physical_id != before.physical_id => {
                self.operation().leftovers.insert(logical_id.to_owned(), current);
            }
            Some(current) if current.properties != before.properties => {
                let real = current.real_properties().cloned();
                before.tampered = Some(real.map_or(Tampering::Deleted, Tampering::Changed));
            }
            _ => {}
        }
        self.tell(logical_id, &before, "UPDATE_COMPLETE", Some("Resource skipped".to_owned()));
        self.stack.resources.insert(logical_id.to_owned(), before);
        self.done(logical_id);
    }
}
