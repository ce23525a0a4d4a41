//! Nested stacks as seen from themselves: what their parent tells them to do.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::local::context::{Body, Context};
use crate::local::exports::StackExports;
use crate::local::nested::{Content, Letter, Report};
use crate::local::operation::finish::Outputs;
use crate::local::operation::{Held, Phase, Work};
use crate::local::request::How;
use crate::model::StackStatus;

impl Work<'_> {
    /// Does what the parent says.
    pub fn follow(&mut self, content: Content) {
        match content {
            Content::Update(body, context, token) => self.follow_update(*body, context, &token),
            Content::Cancel => self.follow_cancel(),
            Content::Proceed => self.follow_proceed(),
            Content::TakeBack => self.follow_take_back(),
            Content::Delete(token) => self.follow_delete(&token),
            Content::Create(_) | Content::Report(_) => {}
        }
    }

    fn follow_update(&mut self, body: Body, context: Arc<Context>, token: &str) {
        let is_empty = self.preview(&body, false).is_ok_and(|preview| preview.is_empty());
        let can = matches!(
            self.stack.status,
            StackStatus::CreateComplete
                | StackStatus::UpdateComplete
                | StackStatus::UpdateRollbackComplete
                | StackStatus::ImportComplete
        );
        if is_empty || !can {
            return self.report(is_empty);
        }
        self.update(token, body, Some(context), How::AsPart);
    }

    fn follow_cancel(&mut self) {
        let is_updating =
            self.stack.operation.as_ref().is_some_and(|it| it.phase == Phase::Update && it.held.is_none());
        if is_updating {
            self.cancel();
            self.enter_phase(
                Phase::UpdateRollback,
                Some("The update of the parent stack was cancelled".to_owned()),
            );
        }
    }

    fn follow_proceed(&mut self) {
        match self.stack.operation.as_mut().and_then(|operation| operation.held.take()) {
            Some(_) => self.clean_up(Phase::Cleanup, None),
            None => self.report(true),
        }
    }

    fn follow_take_back(&mut self) {
        match self.stack.operation.as_mut().map(|operation| operation.held.take()) {
            Some(Some(held)) => {
                self.stack.body = held.body;
                self.settle((held.outputs, held.output_imports));
                self.enter_phase(
                    Phase::UpdateRollback,
                    Some("The update of the parent stack failed".to_owned()),
                );
            }
            // It is on its way back already.
            Some(None) => {}
            None => self.report(true),
        }
    }

    fn follow_delete(&mut self, token: &str) {
        let status = &self.stack.status;
        if *status == StackStatus::DeleteComplete {
            return self.report(true);
        }
        if status.is_busy() && *status != StackStatus::CreateInProgress {
            return;
        }
        let exported = StackExports::of(self.stack).exported;
        let used = exported.keys().find_map(|name| Some((name, self.exports.importer(name)?)));
        if let Some((name, importer)) = used {
            let reason = format!("Export {name} cannot be deleted as it is in use by {importer}");
            return self.report_as(StackStatus::DeleteFailed, Some(reason), true);
        }
        if self.stack.operation.is_some() {
            self.cancel();
        }
        self.delete(token, BTreeSet::new());
    }

    /// Keeps a child's update open until its parent's has ended.
    pub(super) fn hold(&mut self, outputs: Outputs) {
        let goal = self.operation().goal.take();
        let goal = goal.unwrap_or_else(|| self.stack.body.clone());
        let body = std::mem::replace(&mut self.stack.body, goal);
        let (outputs_before, imports_before) =
            (self.stack.outputs.clone(), self.stack.output_imports.clone());
        self.operation().held =
            Some(Box::new(Held { body, outputs: outputs_before, output_imports: imports_before }));
        self.settle(outputs);
        self.stack.enter(StackStatus::UpdateCompleteCleanupInProgress, None, self.now);
    }

    /// Tells the parent how this stack is.
    pub fn report(&mut self, untouched: bool) {
        let (status, reason) = (self.stack.status.clone(), self.stack.status_reason.clone());
        self.report_as(status, reason, untouched);
    }

    fn report_as(&mut self, status: StackStatus, reason: Option<String>, untouched: bool) {
        let Some(parent) = &self.stack.parent else { return };
        let outputs =
            self.stack.outputs.iter().map(|(name, output)| (name.clone(), output.value.clone())).collect();
        let report = Report {
            logical_id: parent.logical_id.clone(),
            status,
            reason,
            outputs,
            untouched,
            unborn: false,
        };
        self.letters.push_back(Letter { to: parent.id.clone(), content: Content::Report(report) });
    }
}
