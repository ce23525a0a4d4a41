//! The answer to every stack status, as a table. See `docs/planning.md`.
//!
//! A teardown has no table of its own: it deletes whatever stands and rests, and is stopped by the
//! same statuses that stop a deploy, the busy ones and the unknown ones.

use crate::model::StackStatus;

/// What a deploy does with a stack of some status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum DeployAnswer {
    /// There is nothing: make it.
    Create,
    /// It stands: compare, and update where it differs.
    Compare,
    /// It stands, after an operation that was taken back: compare, and say so when it differs.
    CompareAfterRollback,
    /// It never was complete: delete it and make it anew.
    Replace,
    /// It was to be deleted and that failed: delete again, then make it anew.
    DeleteAgain,
    /// Only a person can bring it back; the text says how, on AWS.
    NeedsHands(&'static str),
    /// An operation is under way: wait for its end, then look again.
    Busy,
    /// Never heard of: change nothing.
    Unknown,
}

const ROLL_BACK: &str = "look at its events, then `aws cloudformation rollback-stack --stack-name NAME`";
const CONTINUE_ROLLBACK: &str =
    "look at its events, then `aws cloudformation continue-update-rollback --stack-name NAME`";
const IMPORT_ROLLBACK: &str =
    "look at its events; the CloudFormation console offers \"Continue update rollback\" for it";

/// The embedded engine has no commands of its own: there a stuck stack goes and is made anew.
pub(super) const TEAR_DOWN: &str = "look at its events, tear down unit `UNIT`, then deploy again";

/// The table.
pub(super) fn on_deploy(status: &StackStatus) -> DeployAnswer {
    use StackStatus as S;
    match status {
        S::DeleteComplete => DeployAnswer::Create,
        S::CreateComplete | S::UpdateComplete | S::ImportComplete => DeployAnswer::Compare,
        S::UpdateRollbackComplete | S::ImportRollbackComplete => DeployAnswer::CompareAfterRollback,
        S::ReviewInProgress | S::CreateFailed | S::RollbackComplete | S::RollbackFailed => {
            DeployAnswer::Replace
        }
        S::DeleteFailed => DeployAnswer::DeleteAgain,
        S::UpdateFailed => DeployAnswer::NeedsHands(ROLL_BACK),
        S::UpdateRollbackFailed => DeployAnswer::NeedsHands(CONTINUE_ROLLBACK),
        S::ImportRollbackFailed => DeployAnswer::NeedsHands(IMPORT_ROLLBACK),
        S::CreateInProgress
        | S::RollbackInProgress
        | S::DeleteInProgress
        | S::UpdateInProgress
        | S::UpdateCompleteCleanupInProgress
        | S::UpdateRollbackInProgress
        | S::UpdateRollbackCompleteCleanupInProgress
        | S::ImportInProgress
        | S::ImportRollbackInProgress => DeployAnswer::Busy,
        S::Unknown(_) => DeployAnswer::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn busy_and_unknown_agree_with_the_model() {
        for status in StackStatus::ALL {
            assert_eq!(on_deploy(status) == DeployAnswer::Busy, status.is_busy(), "{status}");
        }
        let never_heard = StackStatus::Unknown("FROZEN".to_owned());
        assert_eq!(on_deploy(&never_heard), DeployAnswer::Unknown);
    }

    #[test]
    fn what_never_completed_is_replaced() {
        for status in StackStatus::ALL.iter().filter(|status| status.never_completed()) {
            assert_eq!(on_deploy(status), DeployAnswer::Replace, "{status}");
        }
    }
}
