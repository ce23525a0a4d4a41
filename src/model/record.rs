//! One entry of an environment's ledger: what was done, from which source, with which result.
//!
//! Records are history and evidence; they never decide what exists.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::model::{
    Digest, EnvironmentName, InstanceName, LeaseHolder, ProjectName, ResourceSeconds, RestorePoints, Target,
    TargetName,
};

/// The number of this format, raised when a field changes its meaning.
pub const SCHEMA: u32 = 1;

/// What was true of an instance when rekindle last finished with it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastRecord {
    /// The stack's ARN.
    pub stack_id: String,
    /// Its last update, or its creation when it never was updated.
    pub changed: Option<Timestamp>,
}

/// One run of a command that changed something, or tried to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// See [`SCHEMA`].
    pub schema: u32,
    /// The project.
    pub project: ProjectName,
    /// The environment.
    pub environment: EnvironmentName,
    /// The run; the journal of a run that was recorded is settled. Absent from records of before there
    /// were journals.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<String>,
    /// The command in the user's words: `deploy`, `teardown`, `rebuild`.
    pub operation: String,
    /// How it ended in one word, as in the summary: `succeeded`, `failed`, `interrupted`.
    pub outcome: String,
    /// The release, where the source was known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub release: Option<Digest>,
    /// The deployment, where the source was known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deployment: Option<Digest>,
    /// When it began, by the cloud's clock.
    pub started: Timestamp,
    /// When it ended, by the cloud's clock.
    pub finished: Timestamp,
    /// Where the targets of those instances were.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub places: BTreeMap<TargetName, Target>,
    /// The instances worked on: how each stood afterwards; `None` when it was gone.
    pub instances: BTreeMap<InstanceName, Option<LastRecord>>,
    /// The copies of data that its deletions relied on.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub restore_points: RestorePoints,
    /// How long operations on resources took, for predictions: a sample that stays small. Only of
    /// real clouds: virtual time is a prediction itself.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub resources: Vec<ResourceSeconds>,
    /// The run whose lease was taken by consent although it may have lived.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lease_broken: Option<LeaseHolder>,
}

/// Records for tests.
#[cfg(test)]
pub mod fixture {
    use super::*;

    /// A deploy of `demo` that succeeded.
    pub fn record(
        places: BTreeMap<TargetName, Target>,
        instances: BTreeMap<InstanceName, Option<LastRecord>>,
    ) -> Record {
        Record {
            schema: SCHEMA,
            project: "fieldbook".parse().unwrap(),
            environment: "demo".parse().unwrap(),
            run: None,
            operation: "deploy".to_owned(),
            outcome: "succeeded".to_owned(),
            release: None,
            deployment: None,
            started: "2026-11-23T10:00:00Z".parse().unwrap(),
            finished: "2026-11-23T10:01:00Z".parse().unwrap(),
            places,
            instances,
            restore_points: BTreeMap::new(),
            resources: Vec::new(),
            lease_broken: None,
        }
    }
}
