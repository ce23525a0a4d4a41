//! In which ways a running stack can differ from what the source says.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::model::{Digest, Output, StackStatus};
use crate::plan::MASKED;
use crate::port::{DriftStatus, PropertyDrift, ResourceDrift};

/// One difference between the source and what runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "difference", rename_all = "kebab-case")]
pub enum Difference {
    /// There is no stack.
    Missing,
    /// The stack's name is held by one that is not this instance's.
    Foreign,
    /// A stack of the environment that no unit of the source accounts for.
    Extra,
    /// More than one stack claims to be this instance.
    Doubled {
        /// ARN of the other one.
        other: String,
    },
    /// The stack does not stand.
    Status {
        /// Its status.
        status: StackStatus,
    },
    /// The stack carries no facts that this version can read.
    NoFacts,
    /// The stack was made from another unit.
    Unit {
        /// The digest that the source makes.
        expected: Digest,
        /// The digest that the stack carries.
        actual: Digest,
    },
    /// The deployed template is another one than the source makes.
    Template {
        /// Digest of the template of the source.
        expected: Digest,
        /// Digest of the deployed one; `None` when that is not JSON.
        actual: Option<Digest>,
    },
    /// A parameter's value is another one.
    Parameter {
        /// Its name.
        name: String,
        /// The value of the source.
        expected: Option<String>,
        /// The deployed value.
        actual: Option<String>,
    },
    /// A parameter refers to an output that does not exist, so that its value is not known.
    Unresolved {
        /// The parameter.
        name: String,
        /// The output.
        output: Output,
    },
    /// A tag is another one.
    Tag {
        /// Its key.
        key: String,
        /// The value of the source.
        expected: Option<String>,
        /// The deployed value.
        actual: Option<String>,
    },
    /// Termination protection is the other way round.
    TerminationProtection {
        /// Whether the source wants it.
        expected: bool,
    },
    /// The stack policy is another one.
    StackPolicy,
    /// A resource was changed or deleted outside CloudFormation.
    Drift {
        /// Which, and how.
        #[serde(flatten)]
        resource: ResourceDrift,
    },
    /// CloudFormation could not tell whether anything drifted.
    DriftUnknown {
        /// Why.
        reason: String,
    },
}

impl fmt::Display for Difference {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing => formatter.write_str("there is no stack"),
            Self::Foreign => formatter.write_str("a foreign stack has its name"),
            Self::Extra => formatter.write_str("no unit of the source accounts for this stack"),
            Self::Doubled { other } => write!(formatter, "another stack claims to be it: {other}"),
            Self::Status { status } => write!(formatter, "stack is {status}"),
            Self::NoFacts => formatter.write_str("carries no readable facts"),
            Self::Unit { expected, actual } => {
                write!(formatter, "digest is {}, the source makes {}", actual.short(12), expected.short(12))
            }
            Self::Template { expected, actual: Some(actual) } => {
                write!(formatter, "template is {}, the source makes {}", actual.short(12), expected.short(12))
            }
            Self::Template { actual: None, .. } => formatter.write_str("template is not JSON"),
            Self::Parameter { name, expected, actual } => {
                write_values(formatter, "parameter", name, actual.as_ref(), expected.as_ref())
            }
            Self::Unresolved { name, output } => {
                write!(formatter, "parameter `{name}` needs output `{output}`, which does not exist")
            }
            Self::Tag { key, expected, actual } => {
                write_values(formatter, "tag", key, actual.as_ref(), expected.as_ref())
            }
            Self::TerminationProtection { expected } => {
                let (is, wanted) = if *expected { ("off", "on") } else { ("on", "off") };
                write!(formatter, "termination protection is {is}, the source says {wanted}")
            }
            Self::StackPolicy => formatter.write_str("stack policy is not the one of the source"),
            Self::Drift { resource } => write_drift(formatter, resource),
            Self::DriftUnknown { reason } => write!(formatter, "drift is not known: {reason}"),
        }
    }
}

fn write_values(
    formatter: &mut fmt::Formatter<'_>,
    what: &str,
    name: &str,
    actual: Option<&String>,
    expected: Option<&String>,
) -> fmt::Result {
    let (actual, expected) = (actual.map(String::as_str), expected.map(String::as_str));
    write!(formatter, "{what} `{name}` is {}, the source says {}", shown(actual), shown(expected))
}

fn write_drift(formatter: &mut fmt::Formatter<'_>, resource: &ResourceDrift) -> fmt::Result {
    let (id, kind) = (&resource.logical_id, &resource.resource_type);
    match resource.status {
        DriftStatus::Deleted => write!(formatter, "`{id}` ({kind}) was deleted outside CloudFormation"),
        DriftStatus::Modified => {
            let properties: Vec<String> = resource.properties.iter().map(property).collect();
            write!(formatter, "`{id}` ({kind}) was changed outside CloudFormation: {}", properties.join("; "))
        }
    }
}

fn property(property: &PropertyDrift) -> String {
    let PropertyDrift { path, expected, actual } = property;
    if [expected, actual].into_iter().flatten().any(|value| value == MASKED) {
        return format!("{path}, a secret, is another one");
    }
    format!("{path} is {}, the template says {}", shown(actual.as_deref()), shown(expected.as_deref()))
}

/// A value as a sentence can hold it: the whole is in the document for programs.
fn shown(value: Option<&str>) -> String {
    const LONGEST: usize = 60;
    match value {
        None => "absent".to_owned(),
        Some(text) if text.chars().count() > LONGEST => {
            format!("`{}...`", text.chars().take(LONGEST).collect::<String>())
        }
        Some(text) => format!("`{text}`"),
    }
}
