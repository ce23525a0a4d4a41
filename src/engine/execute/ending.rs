//! How work on one instance ended, judged from statuses, events and failed calls.

use crate::engine::lane::CallError;
use crate::engine::{Cause, LeftBehind, UnitOutcome};
use crate::model::{InstanceName, ObservedStack, Output, StackStatus};
use crate::port::{PortError, PortErrorKind};

/// The end of one instance's work.
#[derive(Debug)]
pub(super) struct Ending {
    pub(super) outcome: UnitOutcome,
    /// ARN, where one is known.
    pub(super) stack_id: Option<String>,
    /// The stack as it stands, where it does.
    pub(super) stack: Option<ObservedStack>,
    /// What an update could not delete.
    pub(super) left_behind: Vec<LeftBehind>,
}

/// What a step comes to: a value to go on with, or an early end.
pub(super) type Step<T> = Result<T, Box<Ending>>;

impl Ending {
    pub(super) fn new(outcome: UnitOutcome) -> Self {
        Self { outcome, stack_id: None, stack: None, left_behind: Vec::new() }
    }

    /// The same end, of the stack with that ARN.
    pub(super) fn of(mut self, stack_id: &str) -> Self {
        self.stack_id = Some(stack_id.to_owned());
        self
    }

    /// The same end, with the stack as it stands.
    pub(super) fn with(mut self, stack: ObservedStack) -> Self {
        self.stack_id = Some(stack.id.clone());
        self.stack = Some(stack);
        self
    }

    /// The same end, and what it left behind.
    pub(super) fn leaving(mut self, left_behind: Vec<LeftBehind>) -> Self {
        self.left_behind = left_behind;
        self
    }

    /// It failed, and a person must look.
    pub(super) fn hands(reason: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::new(UnitOutcome::NeedsHands { cause: plain(reason), blockers: Vec::new(), hint: hint.into() })
    }

    /// A call failed before anything was begun: the stack, if any, is as it was.
    pub(super) fn before_effect(error: CallError) -> Self {
        match error {
            CallError::Stopped => Self::new(UnitOutcome::LeftRunning),
            CallError::Failed { error, answer_lost: false } if is_refusal(error.kind) => {
                Self::new(UnitOutcome::Refused { cause: plain(told(&error)) })
            }
            failed @ CallError::Failed { .. } => Self::after_effect(failed),
        }
    }

    /// A call failed when something may have been begun.
    pub(super) fn after_effect(error: CallError) -> Self {
        match error {
            CallError::Stopped => Self::new(UnitOutcome::LeftRunning),
            CallError::Failed { error, .. } if error.kind == PortErrorKind::Unjournalled => {
                Self::new(UnitOutcome::Refused { cause: plain(told(&error)) })
            }
            CallError::Failed { error, .. } => {
                let hint = error.hint.clone().unwrap_or_else(|| {
                    "run the same command again: it waits for what is still going on, and continues"
                        .to_owned()
                });
                Self::hands(told(&error), hint)
            }
        }
    }

    /// A parameter refers to an output that does not exist.
    pub(super) fn unresolved(output: &Output) -> Self {
        Self::hands(
            format!("output `{output}` does not exist"),
            format!(
                "deploy `{}` first, or correct the name of the output in `stacks/`; nothing was changed here",
                output.instance
            ),
        )
    }
}

/// Whether the cloud understood and said no, so that nothing was begun.
pub(super) fn is_refusal(kind: PortErrorKind) -> bool {
    matches!(
        kind,
        PortErrorKind::Denied
            | PortErrorKind::NotFound
            | PortErrorKind::AlreadyExists
            | PortErrorKind::WrongState
            | PortErrorKind::Invalid
            | PortErrorKind::LimitExceeded
            | PortErrorKind::Unjournalled
    )
}

/// An error in the cloud's words, its advice included: a cause has no other place for it.
fn told(error: &PortError) -> String {
    match &error.hint {
        Some(hint) if is_refusal(error.kind) => format!("{error} ({hint})"),
        _ => error.to_string(),
    }
}

/// A cause that is no resource's.
pub(in crate::engine) fn plain(reason: impl Into<String>) -> Cause {
    Cause { resource: None, resource_type: None, reason: reason.into(), advice: None }
}

/// Whether CloudFormation took a failed operation back.
pub(in crate::engine) fn is_rolled_back(status: &StackStatus) -> bool {
    matches!(
        status,
        StackStatus::RollbackComplete
            | StackStatus::UpdateRollbackComplete
            | StackStatus::ImportRollbackComplete
    )
}

/// What to do about a stack that stopped in this status. The embedded engine has no commands of its
/// own: there a stuck stack is torn down and made again.
pub(in crate::engine) fn hint(
    status: &StackStatus,
    stack: &str,
    instance: &InstanceName,
    is_embedded: bool,
) -> String {
    match status {
        StackStatus::UpdateFailed if is_embedded => {
            format!("correct the cause, tear down unit `{instance}`, then run the same command again")
        }
        StackStatus::CreateFailed | StackStatus::RollbackFailed => {
            "correct the cause, then run the same command again: it deletes what is left and creates the stack anew".to_owned()
        }
        StackStatus::UpdateFailed => format!(
            "correct the cause, roll back with `aws cloudformation rollback-stack --stack-name {stack}`, then run the same command again"
        ),
        StackStatus::UpdateRollbackFailed => format!(
            "correct the cause, then `deploy` with `--continue-rollback {instance}`; `--skip-failed {instance}` leaves as it is what cannot go back"
        ),
        StackStatus::DeleteFailed => format!(
            "remove what holds the resource, then run the same command again; `teardown` with `--retain-failed {instance}` lets the stack go without what cannot be deleted"
        ),
        StackStatus::Unknown(status) => format!(
            "this version of rekindle has never heard of {status}: nothing more was done to the stack; look at it in the CloudFormation console"
        ),
        _ => format!("look at the events of `{stack}`, then run the same command again"),
    }
}
