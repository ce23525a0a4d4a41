//! The lease on an environment: what keeps runs on different machines apart.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::model::{EnvironmentName, ProjectName};

/// The number of this format, raised when a field changes its meaning.
pub const SCHEMA: u32 = 1;

/// The lease on an environment at one place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lease {
    /// See [`SCHEMA`].
    pub schema: u32,
    /// The project.
    pub project: ProjectName,
    /// The environment.
    pub environment: EnvironmentName,
    /// Who holds it; `None` once it was given back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub holder: Option<LeaseHolder>,
    /// How often it was renewed, so that a renewal differs from what was there.
    pub renewals: u64,
}

/// Who holds a lease.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeaseHolder {
    /// The run.
    pub run: String,
    /// The command, for example `deploy`.
    pub command: String,
    /// The machine's name, for people.
    pub host: String,
    /// The machine as it runs now: its boot and its space of process ids. Process ids can be compared
    /// only where this is equal. Empty where the system does not tell it.
    pub machine: String,
    /// Process id there.
    pub process: u32,
    /// Since when, by that machine's clock.
    pub since: Timestamp,
}

impl fmt::Display for LeaseHolder {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { run, command, host, process, since, .. } = self;
        let since = since.round(jiff::Unit::Second).unwrap_or(*since);
        write!(formatter, "`rekindle {command}` (process {process} on {host}, run {run}), since {since}")
    }
}
