//! Stacks as they are observed: statuses, outputs, events, change sets.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::model::facts::{CARRIER, Facts, Identity};

macro_rules! statuses {
    ($($variant:ident = $text:literal),* $(,)?) => {
        /// A stack's status. Closed, with a place for the ones never heard of.
        /// Source: CloudFormation API reference, `Stack.StackStatus`.
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
        #[allow(missing_docs)]
        pub enum StackStatus {
            $($variant,)*
            /// One this version has never heard of: nothing may be changed.
            Unknown(String),
        }

        impl StackStatus {
            /// Every status this version knows.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The API's own word.
            pub fn as_str(&self) -> &str {
                match self { $(Self::$variant => $text,)* Self::Unknown(text) => text }
            }
        }

        impl FromStr for StackStatus {
            type Err = Infallible;
            fn from_str(text: &str) -> Result<Self, Infallible> {
                Ok(match text { $($text => Self::$variant,)* _ => Self::Unknown(text.to_owned()) })
            }
        }
    };
}

statuses! {
    CreateInProgress = "CREATE_IN_PROGRESS",
    CreateFailed = "CREATE_FAILED",
    CreateComplete = "CREATE_COMPLETE",
    RollbackInProgress = "ROLLBACK_IN_PROGRESS",
    RollbackFailed = "ROLLBACK_FAILED",
    RollbackComplete = "ROLLBACK_COMPLETE",
    DeleteInProgress = "DELETE_IN_PROGRESS",
    DeleteFailed = "DELETE_FAILED",
    DeleteComplete = "DELETE_COMPLETE",
    UpdateInProgress = "UPDATE_IN_PROGRESS",
    UpdateCompleteCleanupInProgress = "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS",
    UpdateComplete = "UPDATE_COMPLETE",
    UpdateFailed = "UPDATE_FAILED",
    UpdateRollbackInProgress = "UPDATE_ROLLBACK_IN_PROGRESS",
    UpdateRollbackFailed = "UPDATE_ROLLBACK_FAILED",
    UpdateRollbackCompleteCleanupInProgress = "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS",
    UpdateRollbackComplete = "UPDATE_ROLLBACK_COMPLETE",
    ReviewInProgress = "REVIEW_IN_PROGRESS",
    ImportInProgress = "IMPORT_IN_PROGRESS",
    ImportComplete = "IMPORT_COMPLETE",
    ImportRollbackInProgress = "IMPORT_ROLLBACK_IN_PROGRESS",
    ImportRollbackFailed = "IMPORT_ROLLBACK_FAILED",
    ImportRollbackComplete = "IMPORT_ROLLBACK_COMPLETE",
}

impl StackStatus {
    /// Whether CloudFormation is still working on it. `REVIEW_IN_PROGRESS` is not: it waits for us.
    pub fn is_busy(&self) -> bool {
        !matches!(self, Self::ReviewInProgress | Self::Unknown(_)) && self.as_str().ends_with("_IN_PROGRESS")
    }

    /// Whether the last operation ended as it was asked to, and the stack stands.
    pub fn is_healthy(&self) -> bool {
        matches!(self, Self::CreateComplete | Self::UpdateComplete | Self::ImportComplete)
    }

    /// Whether there is nothing (any more).
    pub fn is_gone(&self) -> bool {
        matches!(self, Self::DeleteComplete)
    }

    /// Whether the stack never reached a complete state and can only be deleted.
    pub fn never_completed(&self) -> bool {
        matches!(
            self,
            Self::CreateFailed | Self::RollbackComplete | Self::RollbackFailed | Self::ReviewInProgress
        )
    }
}

impl fmt::Display for StackStatus {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.as_str())
    }
}

impl Serialize for StackStatus {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for StackStatus {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Ok(text.parse().unwrap_or_else(|never: Infallible| match never {}))
    }
}

/// A stack as DescribeStacks shows it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ObservedStack {
    /// The ARN: the only name that stays valid after deletion.
    pub id: String,
    /// The name.
    pub name: String,
    /// The status.
    pub status: StackStatus,
    /// Why it has that status, where CloudFormation says so.
    pub status_reason: Option<String>,
    /// Parameter values as they read back (`****` for NoEcho).
    pub parameters: BTreeMap<String, String>,
    /// Outputs by logical name; empty until the stack first completed.
    pub outputs: BTreeMap<String, String>,
    /// Tags.
    pub tags: BTreeMap<String, String>,
    /// Capabilities of the last operation.
    pub capabilities: Vec<String>,
    /// Service role.
    pub role: Option<String>,
    /// Whether deletion is refused.
    pub termination_protection: bool,
    /// Parent stack's ARN of a nested stack. Such a stack is never a unit.
    pub parent: Option<String>,
    /// When it was created.
    pub created: Option<Timestamp>,
    /// When it was last updated.
    pub updated: Option<Timestamp>,
}

impl ObservedStack {
    /// The facts in its output; `None` when it has none we can read.
    pub fn facts(&self) -> Option<Facts> {
        Facts::decode(self.outputs.get(CARRIER)?)
    }

    /// Who it is by its tags; `None` for a foreign or a nested stack.
    pub fn identity(&self) -> Option<Identity> {
        if self.parent.is_some() { None } else { Identity::from_tags(&self.tags) }
    }
}

/// One entry of a stack's history.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StackEvent {
    /// Unique per event.
    pub id: String,
    /// When.
    pub time: Timestamp,
    /// Logical id; equal to the stack's name in events of the stack itself.
    pub logical_id: String,
    /// Physical id, where one is known.
    pub physical_id: Option<String>,
    /// Resource type; `AWS::CloudFormation::Stack` in events of the stack itself.
    pub resource_type: String,
    /// `CREATE_IN_PROGRESS`, `CREATE_COMPLETE`, `UPDATE_FAILED` ...: the API's own word.
    pub status: String,
    /// Why.
    pub reason: Option<String>,
    /// The client token of the operation that caused it.
    pub token: Option<String>,
}

impl StackEvent {
    /// Whether this is a failure that is not merely the echo of another one.
    pub fn is_root_failure(&self) -> bool {
        let echo = self.reason.as_deref().is_some_and(|reason| reason.to_lowercase().contains("cancelled"));
        self.status.ends_with("_FAILED") && !echo
    }
}

/// A resource as its stack lists it, also after the stack's deletion.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StackResource {
    /// Logical id.
    pub logical_id: String,
    /// Physical id; `None` where it never came to be.
    pub physical_id: Option<String>,
    /// Its type.
    pub resource_type: String,
    /// `CREATE_COMPLETE`, `DELETE_SKIPPED` ...: the API's own word.
    pub status: String,
    /// Why, where the API says so.
    pub reason: Option<String>,
}

impl StackResource {
    /// Whether the stack surely has it no more, or never had it: it was deleted, or never came to be, or
    /// its import was taken back and left it where it was.
    pub fn is_gone(&self) -> bool {
        match self.status.as_str() {
            "DELETE_COMPLETE" | "IMPORT_FAILED" | "IMPORT_ROLLBACK_COMPLETE" => true,
            "CREATE_FAILED" => self.physical_id.is_none(),
            _ => false,
        }
    }

    /// Whether a deletion left it alone, by a policy or because it was asked to.
    pub fn is_skipped(&self) -> bool {
        self.status == "DELETE_SKIPPED"
    }
}

/// A resource found by its tags, whether a stack has it or not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TaggedResource {
    /// ARN; on the embedded engine the physical id.
    pub arn: String,
    /// All its tags.
    pub tags: BTreeMap<String, String>,
}

/// What a change set does to one resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ChangeAction {
    /// It is new.
    Add,
    /// Properties change.
    Modify,
    /// It goes.
    Remove,
    /// It is taken into the stack.
    Import,
    /// Something else: decided at execution.
    Dynamic,
}

/// Whether a modification makes a new physical resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Replacement {
    /// It keeps its physical id.
    Never,
    /// Depends on values known only at execution.
    Conditional,
    /// A new one takes its place.
    Always,
}

/// One line of a change set or of a planned difference.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Change {
    /// What happens.
    pub action: ChangeAction,
    /// Logical id of the resource.
    pub logical_id: String,
    /// Its type.
    pub resource_type: String,
    /// Whether it is replaced; `None` where nobody knows yet.
    pub replacement: Option<Replacement>,
    /// Paths of the properties that differ, for example `Properties.CidrBlock`.
    pub paths: Vec<String>,
    /// Of a change set that says it may be replaced: because of these paths. A plan names those for
    /// which a change set will say so although AWS documents that they are changed in place.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub replacing: Vec<String>,
}
