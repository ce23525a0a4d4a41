//! A plan as data. Immutable, and specific enough that carrying it out needs no choices.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::model::{
    Change, Class, DesiredUnit, Digest, EnvironmentName, InstanceName, ObservedStack, Output, ProjectName,
    Protection, StackName, StackStatus,
};

/// Which way a plan goes through the graph.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Operation {
    /// Providers before their dependants.
    Deploy,
    /// Dependants before their providers.
    Teardown,
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
    /// Differences by parameter.
    pub parameters: Vec<ParameterChange>,
    /// Instances of this plan that come first in a deploy and last in a teardown.
    pub needs: BTreeSet<InstanceName>,
    /// What it should be; `None` when it goes, or is kept though gone from the source.
    pub desired: Option<DesiredUnit>,
    /// What the decision was based on; `None` when nothing was there.
    pub observed: Option<ObservedStack>,
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

/// Why an action is what it is. Data, so that people and programs read the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "because", rename_all = "kebab-case")]
pub enum Reason {
    /// There is no stack.
    Absent,
    /// The unit digest differs.
    DigestChanged {
        /// What the stack carries.
        from: Digest,
        /// What the source makes.
        to: Digest,
    },
    /// A parameter's value differs.
    ParameterChanged {
        /// The parameter.
        name: String,
        /// The value now; `None` when unknown or secret.
        from: Option<String>,
        /// The value then; `None` when secret.
        to: Option<String>,
    },
    /// A parameter's value is known only after another instance was changed.
    ParameterUnknown {
        /// The parameter.
        name: String,
        /// Where its value comes from.
        output: Output,
    },
    /// Class, needs or expiry in the stack's facts differ.
    FactsChanged {
        /// Which: `class`, `needs`, `expires`.
        what: String,
        /// The value now.
        from: String,
        /// The value then.
        to: String,
    },
    /// The stack is in a state that asks for this action.
    Status {
        /// The state.
        status: StackStatus,
    },
    /// The stack does not match what rekindle last did.
    ChangedOutside {
        /// What differs, as a sentence fragment.
        what: String,
    },
    /// In the environment by its tags, and no longer in the source.
    GoneFromSource,
    /// Everything is as it should be.
    Unchanged,
    /// The class is kept in this environment.
    KeptClass {
        /// The class.
        class: Class,
    },
    /// A kept instance needs it.
    KeptForDependant {
        /// The dependant.
        instance: InstanceName,
    },
    /// Another environment uses it.
    KeptForUser {
        /// That environment.
        environment: EnvironmentName,
    },
    /// Termination protection is on, and lifting it was not asked for.
    TerminationProtected,
    /// The environment is being torn down.
    TornDown,
    /// The unit was not selected.
    NotSelected,
}
