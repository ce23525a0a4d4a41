//! What a CloudFormation parameter is bound to: a literal, or a typed reference resolved at deploy.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::model::{BuiltImage, EnvironmentName, InstanceName, Repository};

/// An output of a stack: `!output UNIT.NAME` or `!output UNIT@TARGET.NAME`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Output {
    /// The environment that owns the stack when it is not this one (`uses`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environment: Option<EnvironmentName>,
    /// The stack.
    pub instance: InstanceName,
    /// The logical name of the output.
    pub name: String,
}

impl fmt::Display for Output {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.environment {
            Some(environment) => write!(formatter, "{environment}/{}.{}", self.instance, self.name),
            None => write!(formatter, "{}.{}", self.instance, self.name),
        }
    }
}

/// A secret that AWS resolves in the target's region: `!secret NAME[#key][@version]`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Secret {
    /// Name or ARN in Secrets Manager.
    pub name: String,
    /// The key inside a JSON secret.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// The version id; without it AWS takes the current one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
}

impl Secret {
    /// The dynamic reference that CloudFormation resolves; the value never comes to us.
    /// Form: AWS CloudFormation user guide, "Dynamic references, Secrets Manager secrets".
    pub fn dynamic_reference(&self) -> String {
        let key = self.key.as_deref().unwrap_or_default();
        match &self.version {
            Some(version) => {
                format!("{{{{resolve:secretsmanager:{}:SecretString:{key}::{version}}}}}", self.name)
            }
            None => format!("{{{{resolve:secretsmanager:{}:SecretString:{key}}}}}", self.name),
        }
    }
}

/// What a parameter is bound to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Binding {
    /// A value known from the source. Lists are joined with commas, as CloudFormation wants them.
    Literal(String),
    /// An output of another stack, known once that stack stands.
    Output(Output),
    /// A secret; what is sent is a dynamic reference.
    Secret(Secret),
    /// A built image; known as far as its repository is.
    Image(BuiltImage),
}

impl Binding {
    /// The value where it needs no other stack.
    pub fn known(&self) -> Option<String> {
        match self {
            Self::Literal(text) => Some(text.clone()),
            Self::Secret(secret) => Some(secret.dynamic_reference()),
            Self::Image(image) => match &image.repository {
                Repository::Literal(name) => Some(image.reference(name)),
                Repository::Output(_) => None,
            },
            Self::Output(_) => None,
        }
    }

    /// The value where the source alone gives it; of a secret there is only a reference.
    pub fn given(&self) -> Option<String> {
        if matches!(self, Self::Secret(_)) { None } else { self.known() }
    }

    /// The output of another stack that the value hangs on.
    pub fn output(&self) -> Option<&Output> {
        match self {
            Self::Output(output) | Self::Image(BuiltImage { repository: Repository::Output(output), .. }) => {
                Some(output)
            }
            Self::Literal(_) | Self::Secret(_) | Self::Image(_) => None,
        }
    }

    /// The value, now that the output it hangs on is known.
    pub fn with_output(&self, value: String) -> String {
        match self {
            Self::Image(image) => image.reference(&value),
            _ => value,
        }
    }
}

impl fmt::Display for Binding {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Literal(text) => formatter.write_str(text),
            Self::Output(output) => write!(formatter, "!output {output}"),
            Self::Secret(secret) => write!(formatter, "!secret {}", secret.name),
            Self::Image(BuiltImage { repository, manifest }) => match repository {
                Repository::Literal(name) => write!(formatter, "{name}@{manifest}"),
                Repository::Output(output) => write!(formatter, "!output {output} @{manifest}"),
            },
        }
    }
}
