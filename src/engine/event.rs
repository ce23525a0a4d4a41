//! The whole contract between the engine and whoever watches it: views, JSON, records, timelines.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::engine::Proof;
use crate::model::{Digest, EnvironmentName, InstanceName, LastRecord, StackEvent, StackName};
use crate::plan::ActionKind;

/// What a run is, in the user's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Operation {
    /// `deploy`
    Deploy,
    /// `teardown`
    Teardown,
    /// `rebuild`: a teardown, a deploy, a verification.
    Rebuild,
    /// `attach`: what others began is watched.
    Attach,
}

impl Operation {
    /// The command's name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Deploy => "deploy",
            Self::Teardown => "teardown",
            Self::Rebuild => "rebuild",
            Self::Attach => "attach",
        }
    }
}

/// Something that happened. Times are the cloud's own clock.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum Event {
    /// A phase begins: a rebuild has two, everything else one.
    Started {
        /// When.
        time: Timestamp,
        /// What the phase does.
        operation: Operation,
        /// The environment.
        environment: EnvironmentName,
        /// Every instance of the plan with what happens to it and what it needs.
        units: Vec<PlannedUnit>,
    },
    /// Work on an instance begins.
    UnitStarted {
        /// When.
        time: Timestamp,
        /// The instance.
        instance: InstanceName,
        /// What is done to it.
        action: ActionKind,
        /// Its stack.
        stack: StackName,
    },
    /// A stack or one of its resources changed its status.
    Resource {
        /// The instance.
        instance: InstanceName,
        /// What happened.
        #[serde(flatten)]
        stack_event: StackEvent,
    },
    /// Something worth a line: a throttle, a wait for another operation, a skipped execution.
    Notice {
        /// When.
        time: Timestamp,
        /// The instance, where it is about one.
        instance: Option<InstanceName>,
        /// A sentence.
        message: String,
    },
    /// Work on an instance ended.
    UnitFinished {
        /// When.
        time: Timestamp,
        /// How.
        #[serde(flatten)]
        report: UnitReport,
    },
    /// Work on an instance never began.
    UnitSkipped {
        /// When.
        time: Timestamp,
        /// Which and why.
        #[serde(flatten)]
        skipped: Skipped,
    },
    /// It was looked what is left of the stacks that were deleted.
    Proved {
        /// What is.
        #[serde(flatten)]
        proof: Proof,
    },
    /// A stop was asked for.
    Stopping {
        /// When.
        time: Timestamp,
        /// `false`: what runs is finished, nothing starts. `true`: stop now.
        now: bool,
    },
}

/// One line of a run's programme.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PlannedUnit {
    /// The instance.
    pub instance: InstanceName,
    /// What happens to it.
    pub action: ActionKind,
    /// What must be finished before.
    pub waits_for: BTreeSet<InstanceName>,
}

/// How work on one instance ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct UnitReport {
    /// The instance.
    pub instance: InstanceName,
    /// What was done to it.
    pub action: ActionKind,
    /// How it ended.
    #[serde(flatten)]
    pub outcome: UnitOutcome,
    /// The stack's ARN, where one is known.
    pub stack_id: Option<String>,
    /// The stack's last change by the cloud's clock, for the records.
    pub changed: Option<Timestamp>,
    /// Seconds by the cloud's clock.
    pub seconds: f64,
    /// What an update could not delete and CloudFormation let go of.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub left_behind: Vec<LeftBehind>,
}

/// A physical resource that an update replaced or removed and that could not be deleted. CloudFormation
/// ends such an update well, and the resource stays, outside its stack.
///
/// Source: CloudFormation user guide, "Understand update behaviors of stack resources" and "Stack status
/// codes", `UPDATE_COMPLETE_CLEANUP_IN_PROGRESS`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LeftBehind {
    /// Its logical id in the stack that had it.
    pub resource: String,
    /// Its type.
    pub resource_type: String,
    /// Its physical id.
    pub physical_id: Option<String>,
    /// Why it was not deleted, in the service's words.
    pub reason: String,
    /// What a person can do about it.
    pub remedy: String,
}

impl UnitReport {
    /// How the instance stands, for the records; `None` when it is gone.
    pub fn last(&self) -> Option<LastRecord> {
        let is_gone = self.action == ActionKind::Delete && self.outcome == UnitOutcome::Done;
        let stack_id = self.stack_id.clone().filter(|_| !is_gone)?;
        Some(LastRecord { stack_id, changed: self.changed })
    }
}

/// How work on one instance ended. Not everything that is no success is an error.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "kebab-case")]
pub enum UnitOutcome {
    /// Done as planned.
    Done,
    /// Every value that was open came out equal: nothing was to do.
    Unchanged,
    /// CloudFormation refused the request: nothing was begun.
    Refused {
        /// What it said.
        cause: Cause,
    },
    /// An image that the stack refers to cannot be pulled: nothing was begun.
    WithoutImage {
        /// Why not.
        cause: Cause,
    },
    /// It failed, and CloudFormation took it back.
    RolledBack {
        /// The first root cause.
        cause: Cause,
    },
    /// It failed, and a person must look.
    NeedsHands {
        /// The first root cause.
        cause: Cause,
        /// What then kept the stack from going back, or going at all.
        blockers: Vec<Cause>,
        /// What to do next.
        hint: String,
    },
    /// The change set shows what the plan did not announce; nothing was done.
    Unannounced {
        /// What, one sentence each.
        differences: Vec<String>,
    },
    /// It was stopped while waiting; the cloud goes on.
    LeftRunning,
}

/// Why something failed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Cause {
    /// Logical id of the resource, where it was one.
    pub resource: Option<String>,
    /// Its type.
    pub resource_type: Option<String>,
    /// The service's own words.
    pub reason: String,
    /// What helps, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub advice: Option<String>,
}

/// An instance on which no work began.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Skipped {
    /// The instance.
    pub instance: InstanceName,
    /// The one that failed, or `None` when the run was stopped.
    pub because_of: Option<InstanceName>,
}

/// What came of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    /// Reports of the instances worked on, in the order of their ends.
    pub reports: Vec<UnitReport>,
    /// Instances on which no work began.
    pub skipped: Vec<Skipped>,
    /// Whether a stop was asked for.
    pub interrupted: bool,
    /// Seconds by the cloud's clock.
    pub seconds: f64,
    /// The release, where the source was known.
    pub release: Option<Digest>,
    /// The deployment, where the source was known.
    pub deployment: Option<Digest>,
    /// What is left of the stacks that were deleted; `None` where none was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proof: Option<Proof>,
}

/// Takes events as they happen. Must not block.
pub trait EventSink: Send + Sync {
    /// One event.
    fn send(&self, event: Event);
}
