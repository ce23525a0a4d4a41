//! Things that no stack owns: retained, left behind, or made by somebody else.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::local::place::Place;
use crate::local::resource::Resource;
use crate::model::facts::Identity;
use crate::model::{EnvironmentName, ProjectName};

/// Where an orphan comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Origin {
    /// A policy or a request kept it.
    Retained,
    /// Its stack could not delete it and went on.
    LeftBehind,
    /// It is a snapshot that was taken before a deletion.
    Snapshot,
    /// It is a copy that somebody had AWS Backup make.
    RestorePoint,
}

impl Origin {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Retained => "retained",
            Self::LeftBehind => "left behind",
            Self::Snapshot => "snapshot",
            Self::RestorePoint => "restore point",
        }
    }
}

/// What identifies an orphan: place, type and physical id.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct OrphanKey {
    /// Where it is.
    pub place: Place,
    /// Its type.
    pub resource_type: String,
    /// Its physical id.
    pub physical_id: String,
}

impl OrphanKey {
    /// The key as one text, to store it under.
    pub fn text(&self) -> String {
        let Self { place, resource_type, physical_id } = self;
        format!("{}/{}/{resource_type}/{physical_id}", place.account, place.region)
    }
}

/// A thing that no stack owns any more.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Orphan {
    /// Where it is.
    pub place: Place,
    /// What it is.
    pub resource: Resource,
    /// Why it is there.
    pub origin: Origin,
    /// ARN of the stack that owned it last.
    pub stack: String,
    /// The project and the environment of that stack, by its tags.
    #[serde(default)]
    pub environment: Option<(ProjectName, EnvironmentName)>,
    /// Its logical id there.
    pub logical_id: String,
    /// Since when nobody owns it.
    pub since: Timestamp,
}

impl Orphan {
    /// The project and the environment of a stack with these tags.
    pub fn environment_of(tags: &BTreeMap<String, String>) -> Option<(ProjectName, EnvironmentName)> {
        Identity::from_tags(tags).map(|identity| (identity.project, identity.environment))
    }

    /// What identifies it.
    pub fn key(&self) -> OrphanKey {
        OrphanKey {
            place: self.place.clone(),
            resource_type: self.resource.resource_type.clone(),
            physical_id: self.resource.physical_id.clone(),
        }
    }
}
