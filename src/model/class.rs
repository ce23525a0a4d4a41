//! How precious things are: classes of units, protection of environments; and closed sets of kinds.

use serde::{Deserialize, Serialize};

/// How precious a unit is, weakest first (so `max` is the stronger of two).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Class {
    /// Free to regenerate.
    Stateless,
    /// Torn down only with a restore point or explicit consent.
    Data,
    /// Never torn down: keys, registries, audit logs, backups.
    Permanent,
}

/// What it takes to tear an environment down.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Protection {
    /// Every class tears down as stateless; `--yes` is enough.
    Disposable,
    /// Classes are kept.
    Standard,
    /// Classes are kept, and the environment's name must be typed.
    Production,
}

/// Which engine serves a target.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ProviderKind {
    /// Real CloudFormation over HTTP.
    Aws,
    /// The embedded engine.
    Local,
}

impl ProviderKind {
    /// The protection an environment has when it names none.
    pub fn default_protection(self) -> Protection {
        match self {
            Self::Local => Protection::Disposable,
            Self::Aws => Protection::Standard,
        }
    }
}

/// What a unit makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum UnitKind {
    /// A CloudFormation stack.
    Stack,
    /// A Docker/OCI image (not yet).
    Image,
    /// An AMI (not yet).
    Machine,
    /// Something that runs once per digest and target (not yet).
    Task,
}

macro_rules! display_lowercase {
    ($($type:ty => { $($variant:ident: $text:literal),* $(,)? })*) => {$(
        impl $type {
            /// The word used in files and output.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }
        }
        impl std::fmt::Display for $type {
            fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.pad(self.as_str())
            }
        }
    )*};
}

display_lowercase! {
    Class => { Stateless: "stateless", Data: "data", Permanent: "permanent" }
    Protection => { Disposable: "disposable", Standard: "standard", Production: "production" }
    ProviderKind => { Aws: "aws", Local: "local" }
    UnitKind => { Stack: "stack", Image: "image", Machine: "machine", Task: "task" }
}
