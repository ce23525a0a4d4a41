//! Why an action is what it is, as data and in words.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::model::restore_point::span;
use crate::model::{
    Class, Digest, DriftStatus, EnvironmentName, InstanceName, Output, StackStatus, StorageKind,
};

/// Why an action is what it is. Data, so that people and programs read the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "because", rename_all = "kebab-case")]
pub enum Reason {
    /// There is no stack.
    Absent,
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
    /// The unit digest differs.
    DigestChanged {
        /// What the stack carries.
        from: Digest,
        /// What the source makes.
        to: Digest,
    },
    /// A part of the template that is no resource differs.
    TemplateChanged {
        /// Which, for example `Outputs.VpcId`.
        path: String,
    },
    /// A tag of the user's differs.
    TagChanged {
        /// The tag's key.
        key: String,
        /// The value now; `None` when it has none.
        from: Option<String>,
        /// The value then; `None` when it goes.
        to: Option<String>,
    },
    /// A parameter's value differs.
    ParameterChanged {
        /// The parameter.
        name: String,
        /// The value now; `None` when there is none or it is secret.
        from: Option<String>,
        /// The value then; `None` when the parameter goes or is secret.
        to: Option<String>,
    },
    /// A parameter's value is known only after another instance was changed.
    ParameterUnknown {
        /// The parameter.
        name: String,
        /// Where its value comes from.
        output: Output,
    },
    /// Class or needs in the stack's facts differ.
    FactsChanged {
        /// Which: `class`, `needs`.
        what: String,
        /// The value now.
        from: String,
        /// The value then.
        to: String,
    },
    /// In the environment by its tags, and no longer in the source.
    GoneFromSource,
    /// A resource that exists already under the name that the template gives it is taken in.
    Adopts {
        /// Its logical id.
        resource: String,
        /// The name.
        name: String,
    },
    /// Everything is as it should be.
    Unchanged,
    /// A resource was changed outside CloudFormation.
    Drifted {
        /// Its logical id.
        resource: String,
        /// In which way.
        status: DriftStatus,
        /// JSON pointers of the properties that differ.
        paths: Vec<String>,
    },
    /// The class is kept in this environment.
    KeptClass {
        /// The class.
        class: Class,
    },
    /// What it holds is in copies that outlast it.
    RestorePoints {
        /// How old they may be.
        within_seconds: u64,
    },
    /// The class is kept: something it holds is in no copy that counts.
    NoRestorePoint {
        /// How old one may be.
        within_seconds: u64,
        /// Logical ids of what is in none; empty where nobody knows what it holds.
        resources: Vec<String>,
    },
    /// The stack carries no readable facts, so that nobody knows how precious it is.
    UnknownClass,
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
    /// Somebody asked for this by name.
    Consented {
        /// What was consented to.
        consent: Consent,
    },
}

/// Something that is done only when asked for by a named option.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Consent {
    /// The class in the source differs from the one the stack carries.
    ChangeClass,
    /// A `data` unit is torn down where classes are kept, or a resource in it goes with what it holds.
    DeleteData,
    /// A stack of unknown class is torn down where classes are kept.
    DeleteUnknown,
    /// Termination protection is lifted in order to delete.
    LiftTerminationProtection,
    /// What protects resources of this unit from being deleted is lifted in order to delete them.
    LiftDeletionProtection,
    /// Buckets of this unit are emptied in order to delete them.
    EmptyBuckets,
    /// Repositories of this unit are emptied in order to delete them.
    EmptyRepositories,
    /// What cannot be deleted is left behind, so that its stack goes.
    RetainFailed,
    /// The rollback of an update that failed goes on before anything else.
    ContinueRollback,
    /// Likewise, and what still cannot go back is left as it is.
    SkipFailed,
    /// What exists already, and no stack has, is taken in when the unit's stack is made.
    Adopt,
    /// Resources that were changed or deleted outside are set to what the source says.
    RevertDrift,
    /// Resources of this unit are replaced that hold something, or that no plan could foresee.
    AllowReplacement,
}

impl Consent {
    /// What it takes to empty storage of that kind.
    pub fn to_empty(kind: StorageKind) -> Self {
        match kind {
            StorageKind::Bucket => Self::EmptyBuckets,
            StorageKind::Repository => Self::EmptyRepositories,
        }
    }

    /// The option that gives it; it takes the unit's name.
    pub fn option(self) -> &'static str {
        match self {
            Self::ChangeClass => "--change-class",
            Self::DeleteData => "--delete-data",
            Self::DeleteUnknown => "--delete-unknown",
            Self::LiftTerminationProtection => "--lift-termination-protection",
            Self::LiftDeletionProtection => "--lift-deletion-protection",
            Self::EmptyBuckets => "--empty-buckets",
            Self::EmptyRepositories => "--empty-repositories",
            Self::RetainFailed => "--retain-failed",
            Self::ContinueRollback => "--continue-rollback",
            Self::SkipFailed => "--skip-failed",
            Self::AllowReplacement => "--allow-replacement",
            Self::Adopt => "--adopt",
            Self::RevertDrift => "--revert-drift",
        }
    }
}

fn shown(value: Option<&String>) -> String {
    value.map_or_else(|| "(nothing shown)".to_owned(), |text| format!("`{text}`"))
}

impl fmt::Display for Reason {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Absent => formatter.write_str("there is no stack yet"),
            Self::Status { status } => write!(formatter, "stack is {status}"),
            Self::ChangedOutside { what } => write!(formatter, "changed outside rekindle: {what}"),
            Self::DigestChanged { from, to } => {
                write!(formatter, "digest changed from {} to {}", from.short(12), to.short(12))
            }
            Self::TemplateChanged { path } => write!(formatter, "template changed at `{path}`"),
            Self::TagChanged { key, from, to } => write!(
                formatter,
                "tag `{key}` changed from {} to {}",
                shown(from.as_ref()),
                shown(to.as_ref())
            ),
            Self::ParameterChanged { name, from, to } => write!(
                formatter,
                "parameter `{name}` changed from {} to {}",
                shown(from.as_ref()),
                shown(to.as_ref())
            ),
            Self::ParameterUnknown { name, output } => {
                write!(formatter, "parameter `{name}` is known after `{}` is done", output.instance)
            }
            Self::FactsChanged { what, from, to } => {
                write!(formatter, "{what} changed from {from} to {to}")
            }
            _ => self.fmt_standing(formatter),
        }
    }
}

impl Reason {
    fn fmt_standing(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::GoneFromSource => formatter.write_str("gone from the source"),
            Self::KeptClass { class } => write!(formatter, "class `{class}` is kept"),
            Self::RestorePoints { within_seconds } => {
                write!(formatter, "what it holds is in restore points of the last {}", span(*within_seconds))
            }
            Self::NoRestorePoint { resources, .. } if resources.is_empty() => {
                formatter.write_str("class `data` is kept: nobody knows what it holds")
            }
            Self::NoRestorePoint { within_seconds, resources } => write!(
                formatter,
                "class `data` is kept: no whole restore point of the last {} of `{}`",
                span(*within_seconds),
                resources.join("`, `")
            ),
            Self::UnknownClass => formatter.write_str("carries no readable facts: class unknown"),
            Self::KeptForDependant { instance } => write!(formatter, "`{instance}` needs it"),
            Self::Adopts { resource, name } => {
                write!(formatter, "takes in `{resource}` if `{name}` exists already")
            }
            Self::Drifted { resource, status: DriftStatus::Deleted, .. } => {
                write!(formatter, "`{resource}` was deleted outside CloudFormation")
            }
            Self::Drifted { resource, paths, .. } => {
                write!(formatter, "`{resource}` was changed outside CloudFormation: {}", paths.join(", "))
            }
            Self::KeptForUser { environment } => write!(formatter, "environment `{environment}` uses it"),
            Self::TerminationProtected => formatter.write_str("termination protection is on"),
            Self::TornDown => formatter.write_str("torn down"),
            Self::NotSelected => formatter.write_str("not selected"),
            Self::Consented { consent } => write!(formatter, "asked for by `{}`", consent.option()),
            _ => formatter.write_str("unchanged"),
        }
    }
}
