//! What a stack carries about itself: identity in tags that never change, facts in one output.
//!
//! See section 5 of `docs/formats.md`. The stack output is called `Rekindle` and never exported;
//! the same facts stand in the template's metadata, because a stack that never completed has no
//! outputs.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::model::{
    Class, Digest, EnvironmentName, InstanceName, NameError, ProjectName, TargetName, UnitName,
};

/// Logical name of the output and of the metadata key that hold the facts.
pub const CARRIER: &str = "Rekindle";

/// The number of this format, raised when a field changes its meaning.
pub const SCHEMA: u32 = 1;

/// The facts that may change during a stack's life. Serialised as compact JSON under 1 KB.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Facts {
    /// See [`SCHEMA`]. A higher number is one this version cannot judge.
    pub schema: u32,
    /// The unit digest this stack was made from.
    pub unit: Digest,
    /// Digest of the resolved non-secret parameter values.
    pub parameters: Digest,
    /// The unit's class when this stack last changed.
    pub class: Class,
    /// The instances this one needs, so that a teardown needs no source.
    pub needs: Vec<InstanceName>,
    /// Instances of other environments whose outputs this one takes, so that tearing those down
    /// can be refused without anybody's source.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub uses: Vec<UsedInstance>,
    /// The release that last changed this stack.
    pub release: Digest,
    /// When an ephemeral stack may be swept away.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<jiff::Timestamp>,
}

impl Facts {
    /// The compact text that goes into the output.
    pub fn encode(&self) -> String {
        serde_json::to_string(self).expect("facts have string keys and plain values")
    }

    /// Reads the text of the output; `None` when it is not ours or of a later schema.
    pub fn decode(text: &str) -> Option<Self> {
        serde_json::from_str::<Self>(text).ok().filter(|facts| facts.schema <= SCHEMA)
    }
}

/// An instance of another environment, written `ENVIRONMENT/UNIT[@TARGET]`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct UsedInstance {
    /// The environment that owns it.
    pub environment: EnvironmentName,
    /// The instance there.
    pub instance: InstanceName,
}

impl fmt::Display for UsedInstance {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/{}", self.environment, self.instance)
    }
}

impl FromStr for UsedInstance {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        let (environment, instance) = text.split_once('/').ok_or_else(|| NameError {
            kind: "used instance",
            text: text.to_owned(),
            rule: "write ENVIRONMENT/UNIT, for example `account/audit`",
        })?;
        Ok(Self { environment: environment.parse()?, instance: instance.parse()? })
    }
}

impl Serialize for UsedInstance {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for UsedInstance {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// Who a stack is, from its tags.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Identity {
    /// Tag `rekindle:project`.
    pub project: ProjectName,
    /// Tag `rekindle:environment`.
    pub environment: EnvironmentName,
    /// Tags `rekindle:unit` and `rekindle:target`.
    pub instance: InstanceName,
}

/// Prefix of the identity tags; users may not use it for their own.
pub const TAG_PREFIX: &str = "rekindle:";

/// The tags that everything of an environment carries.
pub fn environment_tags(project: &ProjectName, environment: &EnvironmentName) -> BTreeMap<String, String> {
    [("project", project.as_str()), ("environment", environment.as_str())]
        .into_iter()
        .map(|(key, value)| (format!("{TAG_PREFIX}{key}"), value.to_owned()))
        .collect()
}

impl Identity {
    /// The identity tags.
    pub fn tags(&self) -> BTreeMap<String, String> {
        [
            ("project", self.project.as_str()),
            ("environment", self.environment.as_str()),
            ("unit", self.instance.unit.as_str()),
            ("target", self.instance.target.as_str()),
        ]
        .map(|(key, value)| (format!("{TAG_PREFIX}{key}"), value.to_owned()))
        .into()
    }

    /// Reads the identity tags; `None` when one is missing or malformed.
    pub fn from_tags(tags: &BTreeMap<String, String>) -> Option<Self> {
        let tag = |key: &str| tags.get(&format!("{TAG_PREFIX}{key}"));
        Some(Self {
            project: ProjectName::new(tag("project")?).ok()?,
            environment: EnvironmentName::new(tag("environment")?).ok()?,
            instance: InstanceName::new(
                UnitName::new(tag("unit")?).ok()?,
                TargetName::new(tag("target")?).ok()?,
            ),
        })
    }
}
