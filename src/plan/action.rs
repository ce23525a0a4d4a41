//! A plan as data. Immutable, and specific enough that carrying it out needs no choices.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::model::{
    Change, Class, Digest, EnvironmentName, InstanceName, ObservedStack, Output, ProjectName, Protection,
    SealedUnit, StackName,
};
use crate::plan::{Consent, Consequence, Emptied, Protected, Reason};

/// Which way a plan goes through the graph.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Operation {
    /// Providers before their dependants.
    Deploy,
    /// Dependants before their providers.
    Teardown,
}

impl ActionKind {
    /// The word used in files and output.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Update => "update",
            Self::Replace => "replace",
            Self::Delete => "delete",
            Self::Keep => "keep",
        }
    }

    /// Whether a stack is made from a desired unit.
    pub fn sends(self) -> bool {
        matches!(self, Self::Create | Self::Update | Self::Replace)
    }

    /// Whether a stack that is there goes.
    pub fn deletes(self) -> bool {
        matches!(self, Self::Delete | Self::Replace)
    }
}

/// What is done to one instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ActionKind {
    /// A stack is made.
    Create,
    /// A change set is computed, compared with this plan, and carried out. Where every difference
    /// is a value known only at deploy time and it comes out equal, nothing is done.
    Update,
    /// The stack is deleted and made again: it is in a state that allows nothing else.
    Replace,
    /// The stack is deleted.
    Delete,
    /// Nothing.
    Keep,
}

/// What would be done to an environment, and why.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// Number of this format.
    pub schema: u32,
    /// The project.
    pub project: ProjectName,
    /// The environment.
    pub environment: EnvironmentName,
    /// Which way it goes.
    pub operation: Operation,
    /// What the environment's teardown takes.
    pub protection: Protection,
    /// The release the source makes; `None` for a teardown without source.
    pub release: Option<Digest>,
    /// The deployment the source makes; `None` for a teardown without source.
    pub deployment: Option<Digest>,
    /// One per instance, sorted by instance.
    pub actions: Vec<PlannedAction>,
}

/// What would be done to one instance.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PlannedAction {
    /// The instance.
    pub instance: InstanceName,
    /// What is done.
    pub action: ActionKind,
    /// Name of the stack.
    pub stack: StackName,
    /// How precious it is, by the source or, where it is gone from there, by its facts.
    pub class: Option<Class>,
    /// Why, most important first. Never empty.
    pub reasons: Vec<Reason>,
    /// Differences by resource, where both templates are known.
    pub changes: Vec<Change>,
    /// What becomes of resources that are there and go or are replaced, where both templates are
    /// known.
    #[serde(default)]
    pub consequences: Vec<Consequence>,
    /// Outputs that come out, or may come out, otherwise than they are.
    #[serde(default)]
    pub changing_outputs: BTreeSet<String>,
    /// Of a deletion: resources whose protection is lifted first, because that was asked for.
    #[serde(default)]
    pub protected: Vec<Protected>,
    /// Of a deletion: buckets that are emptied first, because that was asked for.
    #[serde(default)]
    pub emptied: Vec<Emptied>,
    /// Differences by parameter.
    pub parameters: Vec<ParameterChange>,
    /// Instances of this plan that it needs: by the source where something is sent, else by what
    /// the stack says. They are made before it, and where both go, they go after it.
    pub needs: BTreeSet<InstanceName>,
    /// What it should be: present exactly when something is sent (create, update, replace).
    pub desired: Option<SealedUnit>,
    /// What the decision was based on; `None` when nothing was there.
    pub observed: Option<Arc<ObservedStack>>,
}

impl PlannedAction {
    /// Whether the only differences are values known at deploy time: if those come out equal, an
    /// update has nothing to do and is left out. That an earlier update was taken back is no difference.
    pub fn may_come_out_equal(&self) -> bool {
        self.action == ActionKind::Update
            && self.reasons.iter().all(|reason| {
                matches!(
                    reason,
                    Reason::ParameterUnknown { .. } | Reason::Consented { .. } | Reason::Status { .. }
                )
            })
    }

    /// Whether all that goes with its stack is in copies that count, and that was asked for.
    pub fn is_restorable(&self) -> bool {
        let was_asked = self.reasons.iter().any(|reason| matches!(reason, Reason::RestorePoints { .. }));
        was_asked && self.consequences.iter().all(|one| !one.loses_data() || one.restore_point.is_some())
    }

    /// Whether the plan holds this consent for the instance.
    pub fn has_consent(&self, consent: Consent) -> bool {
        self.reasons.contains(&Reason::Consented { consent })
    }
}

impl Plan {
    /// Number of this format.
    pub const SCHEMA: u32 = 1;

    /// The action planned for `instance`.
    pub fn action(&self, instance: &InstanceName) -> Option<&PlannedAction> {
        let found = self.actions.binary_search_by(|action| action.instance.cmp(instance)).ok()?;
        self.actions.get(found)
    }

    /// How many actions there are of one kind.
    pub fn count(&self, kind: ActionKind) -> usize {
        self.actions.iter().filter(|action| action.action == kind).count()
    }

    /// Whether nothing would be done.
    pub fn is_empty(&self) -> bool {
        self.count(ActionKind::Keep) == self.actions.len()
    }
}

/// A parameter whose value would change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ParameterChange {
    /// Its name.
    pub name: String,
    /// The value now; `None` when there is none yet or it is secret.
    pub from: Option<String>,
    /// The value then.
    pub to: PlannedValue,
}

/// A value as far as it is known while planning.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PlannedValue {
    /// Known.
    Known(String),
    /// Known once that output exists.
    Unknown(Output),
    /// Never shown.
    Secret,
    /// The parameter goes.
    Removed,
}
