//! The answer to every stack status, as a table, for deploy, teardown and rebuild. `docs/recovery.md`
//! shows it to people, and a test compares the two.

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
const CONTINUE_ROLLBACK: &str = "correct what its events name, then add `--continue-rollback UNIT`; \
     `--skip-failed UNIT` leaves as it is what still cannot go back";
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

/// What a teardown does with a stack of some status, as far as its class and its environment let it go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TeardownAnswer {
    /// There is nothing.
    NothingToDo,
    /// It rests: delete it.
    Delete,
    /// An operation is under way: wait for its end, then look again.
    Busy,
    /// Never heard of: change nothing.
    Unknown,
}

/// The table, for teardowns: whatever rests can be deleted.
pub(super) fn on_teardown(status: &StackStatus) -> TeardownAnswer {
    match on_deploy(status) {
        DeployAnswer::Create => TeardownAnswer::NothingToDo,
        DeployAnswer::Busy => TeardownAnswer::Busy,
        DeployAnswer::Unknown => TeardownAnswer::Unknown,
        DeployAnswer::Compare
        | DeployAnswer::CompareAfterRollback
        | DeployAnswer::Replace
        | DeployAnswer::DeleteAgain
        | DeployAnswer::NeedsHands(_) => TeardownAnswer::Delete,
    }
}

/// One row of the table, in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatusRow {
    /// The status as the API writes it; `absent`, and `any other` for what this version never heard of.
    pub status: String,
    /// What `deploy` does.
    pub deploy: &'static str,
    /// What `teardown` does.
    pub teardown: &'static str,
    /// What `rebuild` does with what it may tear down. What it keeps it treats as `deploy` does.
    pub rebuild: &'static str,
}

/// The whole table, in words: absent, every status that is known, and any other.
pub fn status_table() -> Vec<StatusRow> {
    let absent = row("absent".to_owned(), DeployAnswer::Create, TeardownAnswer::NothingToDo);
    let other = row("any other".to_owned(), DeployAnswer::Unknown, TeardownAnswer::Unknown);
    let known = StackStatus::ALL.iter().map(|it| row(it.to_string(), on_deploy(it), on_teardown(it)));
    std::iter::once(absent).chain(known).chain([other]).collect()
}

fn row(status: String, deploy: DeployAnswer, teardown: TeardownAnswer) -> StatusRow {
    let deploy = match deploy {
        DeployAnswer::Create => "create",
        DeployAnswer::Compare => "compare, update where it differs",
        DeployAnswer::CompareAfterRollback => "compare, update again where it differs",
        DeployAnswer::Replace => "delete, create",
        DeployAnswer::DeleteAgain => {
            "delete again, create; a unit with data outside disposable environments: stop"
        }
        DeployAnswer::NeedsHands(_) => "stop: it needs hands",
        DeployAnswer::Busy => "wait, then look again",
        DeployAnswer::Unknown => "stop: change nothing",
    };
    let (teardown, rebuild) = match teardown {
        TeardownAnswer::NothingToDo => ("nothing to do", "create"),
        TeardownAnswer::Delete => ("delete", "delete, create"),
        TeardownAnswer::Busy => ("wait, then look again", "wait, then look again"),
        TeardownAnswer::Unknown => ("stop: change nothing", "stop: change nothing"),
    };
    StatusRow { status, deploy, teardown, rebuild }
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
        assert_eq!(on_teardown(&never_heard), TeardownAnswer::Unknown);
        assert_eq!(status_table().len(), StackStatus::ALL.len() + 2);
    }

    #[test]
    fn what_never_completed_is_replaced() {
        for status in StackStatus::ALL.iter().filter(|status| status.never_completed()) {
            assert_eq!(on_deploy(status), DeployAnswer::Replace, "{status}");
        }
    }
}
