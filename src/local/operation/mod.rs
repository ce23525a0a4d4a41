//! What CloudFormation does with a stack over time: phases made of steps, one step per resource.
//!
//! A phase runs the same way whatever it does: steps start as soon as what they wait for is done,
//! all that can run side by side do, and when nothing runs and nothing can start the phase ends and
//! `finish` decides what follows. Everything here is stored, so that another process can go on.

mod child;
mod course;
pub mod decide;
mod end;
mod family;
mod finish;
mod import;
mod resume;
mod run;
mod start;

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::local::context::Body;
use crate::local::resource::Resource;
use crate::local::stack::StackOutput;
use crate::model::StackStatus;

pub use finish::outputs;
pub use run::Work;

/// A part of an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Phase {
    /// Making a new stack.
    Create,
    /// Taking a failed creation back.
    Rollback,
    /// Changing a stack.
    Update,
    /// Deleting what an update left over.
    Cleanup,
    /// Taking a failed update back.
    UpdateRollback,
    /// Deleting what a rolled back update left over.
    RollbackCleanup,
    /// Deleting a stack.
    Delete,
    /// Taking existing resources into a stack.
    Import,
    /// Letting them go again.
    ImportRollback,
}

/// What the steps of a phase do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StepKind {
    /// Make a resource what the template says.
    Apply,
    /// Make a resource what it was before.
    Revert,
    /// Delete a resource.
    Remove,
    /// Let an imported resource go.
    Release,
}

impl Phase {
    /// What its steps do.
    pub fn step_kind(self) -> StepKind {
        match self {
            Self::Create | Self::Update | Self::Import => StepKind::Apply,
            Self::ImportRollback => StepKind::Release,
            Self::UpdateRollback => StepKind::Revert,
            Self::Rollback | Self::Cleanup | Self::RollbackCleanup | Self::Delete => StepKind::Remove,
        }
    }

    /// The stack's status while it runs.
    pub fn status(self) -> StackStatus {
        match self {
            Self::Create => StackStatus::CreateInProgress,
            Self::Rollback => StackStatus::RollbackInProgress,
            Self::Update => StackStatus::UpdateInProgress,
            Self::Cleanup => StackStatus::UpdateCompleteCleanupInProgress,
            Self::UpdateRollback => StackStatus::UpdateRollbackInProgress,
            Self::RollbackCleanup => StackStatus::UpdateRollbackCompleteCleanupInProgress,
            Self::Delete => StackStatus::DeleteInProgress,
            Self::Import => StackStatus::ImportInProgress,
            Self::ImportRollback => StackStatus::ImportRollbackInProgress,
        }
    }
}

/// One resource's part in a phase.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Step {
    /// Steps of the same phase that are not done yet and must be.
    pub waits_for: BTreeSet<String>,
    /// How far it is.
    pub state: StepState,
}

/// How far a step is.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum StepState {
    /// Not begun.
    Waiting,
    /// Under way.
    Running {
        /// When it will end.
        ends: Timestamp,
        /// What it does.
        task: Box<Task>,
        /// Why it will have failed by then, where that is known.
        #[serde(default)]
        failure: Option<String>,
    },
    /// Done.
    Done,
    /// Failed or cancelled.
    Failed,
}

/// What a running step does, with what there will be when it is done.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Task {
    /// A new resource.
    Create(Resource),
    /// A change in place.
    Update(Resource),
    /// A new physical resource in place of the old one.
    Replace(Resource),
    /// Back to what it was.
    Revert(Resource),
    /// A deletion.
    Remove,
    /// The clean-up of a nested stack.
    Proceed,
    /// An existing resource that becomes the stack's.
    Import(Resource),
    /// An imported resource that goes back to where it was.
    Release,
}

/// What a nested stack was before an update that is still open.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Held {
    /// What it was made of.
    pub body: Body,
    /// Its outputs.
    pub outputs: BTreeMap<String, StackOutput>,
    /// Exports they imported.
    pub output_imports: BTreeSet<String>,
}

/// An operation under way.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Operation {
    /// Client token of the request that began it.
    pub token: String,
    /// Where it is.
    pub phase: Phase,
    /// Steps of the phase by logical id.
    pub steps: BTreeMap<String, Step>,
    /// What an update makes of the stack.
    pub goal: Option<Body>,
    /// Resources before an update.
    pub before: BTreeMap<String, Resource>,
    /// Physical resources the stack no longer needs, for the clean-up.
    pub leftovers: BTreeMap<String, Resource>,
    /// Resources an update has begun to change in place.
    pub touched: BTreeSet<String>,
    /// Failures of the phase: what was attempted (`create`, `update`, `delete`), and on what.
    pub failures: Vec<(String, String)>,
    /// When a creation is given up.
    pub deadline: Option<Timestamp>,
    /// Whether a failure is not rolled back.
    #[serde(default)]
    pub is_preserved: bool,
    /// Physical ids of resources that it imports, by logical id.
    #[serde(default)]
    pub imports: BTreeMap<String, String>,
    /// Whether it is part of a parent's update.
    #[serde(default)]
    pub is_part: bool,
    /// Whether it takes in what exists already under the names that the template gives.
    #[serde(default)]
    pub adopts: bool,
    /// Whether it sets back what was changed or deleted by hand.
    #[serde(default)]
    pub reverts_drift: bool,
    /// What a nested stack was, while it waits for its parent's update to end.
    #[serde(default)]
    pub held: Option<Box<Held>>,
    /// Resources a deletion leaves alone, or the rollback of an update skips.
    #[serde(default)]
    pub skipped: BTreeSet<String>,
}

impl Operation {
    /// An operation that has not begun.
    pub fn new(token: &str, phase: Phase) -> Self {
        Self {
            token: token.to_owned(),
            phase,
            steps: BTreeMap::new(),
            goal: None,
            before: BTreeMap::new(),
            leftovers: BTreeMap::new(),
            touched: BTreeSet::new(),
            failures: Vec::new(),
            deadline: None,
            is_preserved: false,
            imports: BTreeMap::new(),
            is_part: false,
            reverts_drift: false,
            adopts: false,
            held: None,
            skipped: BTreeSet::new(),
        }
    }

    /// The failures in CloudFormation's words.
    pub fn failure_reason(&self) -> String {
        let verbs = [
            ("create", "create"),
            ("update", "update"),
            ("delete", "delete"),
            ("import", "import"),
            ("import_rollback", "roll back"),
        ];
        let sentences = verbs.into_iter().filter_map(|(verb, words)| {
            let failed: Vec<_> =
                self.failures.iter().filter(|(what, _)| what == verb).map(|(_, id)| id.as_str()).collect();
            let list = failed.join(", ");
            (!failed.is_empty()).then(|| format!("The following resource(s) failed to {words}: [{list}]."))
        });
        sentences.collect::<Vec<_>>().join(" ")
    }
}
