//! An environment, resolved: inheritance applied, defaults filled in.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::model::{
    AccountId, EnvironmentName, ProjectName, Protection, ProviderKind, Region, TargetName, UnitName,
};

/// A named place of an environment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Target {
    /// Which engine serves it.
    pub provider: ProviderKind,
    /// The account; checked before anything is done.
    pub account: AccountId,
    /// The region.
    pub region: Region,
    /// ARN of the role rekindle assumes for its own calls.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    /// ARN of the role CloudFormation assumes for the stacks' resources.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service_role: Option<String>,
    /// `s3://BUCKET[/PREFIX]` for templates over 51,200 bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub artifacts: Option<String>,
    /// SNS topic ARNs that receive the stacks' events.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notifications: Vec<String>,
}

impl Target {
    /// Whether the two are the same place, reached with whatever role.
    pub fn is_at(&self, other: &Self) -> bool {
        self.provider == other.provider && self.account == other.account && self.region == other.region
    }

    /// The place as people write it.
    pub fn described(&self) -> String {
        format!("{}, account {}, {}", self.provider, self.account, self.region)
    }
}

/// An environment, resolved.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Environment {
    /// The project it belongs to.
    pub project: ProjectName,
    /// Its name.
    pub name: EnvironmentName,
    /// What it takes to tear it down.
    pub protection: Protection,
    /// Its places; `primary` always is one of them.
    pub targets: BTreeMap<TargetName, Target>,
    /// Other environments whose units may be referred to, read-only, with their targets.
    pub uses: BTreeMap<EnvironmentName, Used>,
}

/// Another environment whose stacks are read and never changed from here.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Used {
    /// The units that may be referred to.
    pub units: Vec<UnitName>,
    /// The places of that environment.
    pub targets: BTreeMap<TargetName, Target>,
}
