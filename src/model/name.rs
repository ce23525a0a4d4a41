//! Names that are valid by construction, and the published rule that derives stack names.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::model::Digest;

/// Why a text is not a name of that kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a valid {kind}: {rule}")]
pub struct NameError {
    /// What the text should have been, for example `unit name`.
    pub kind: &'static str,
    /// The rejected text.
    pub text: String,
    /// The rule it breaks, as a sentence fragment.
    pub rule: &'static str,
}

const SLUG_RULE: &str =
    "use lower-case letters, digits and single hyphens, start with a letter, at most 40 characters";

/// Whether `text` keeps the rule of names: lower-case letters, digits and single hyphens.
pub fn is_slug(text: &str) -> bool {
    let bytes = text.as_bytes();
    (1..=40).contains(&bytes.len())
        && bytes[0].is_ascii_lowercase()
        && bytes.iter().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || *byte == b'-')
        && !text.ends_with('-')
        && !text.contains("--")
}

fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_region(text: &str) -> bool {
    is_slug(text) && text.matches('-').count() >= 2 && text.ends_with(|last: char| last.is_ascii_digit())
}

macro_rules! names {
    ($($(#[$doc:meta])* $type:ident, $kind:literal, $valid:path, $rule:expr;)*) => {$(
        $(#[$doc])*
        // Shared text: names are the keys of everything, and are copied from map to map.
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $type(Arc<str>);

        impl $type {
            /// Checks the rule and wraps the text.
            pub fn new(text: impl Into<String>) -> Result<Self, NameError> {
                let text = text.into();
                if $valid(&text) {
                    Ok(Self(text.into()))
                } else {
                    Err(NameError { kind: $kind, text, rule: $rule })
                }
            }

            /// The name as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $type {
            type Err = NameError;
            fn from_str(text: &str) -> Result<Self, NameError> {
                Self::new(text)
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.pad(&self.0)
            }
        }

        impl fmt::Debug for $type {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(&self.0, formatter)
            }
        }

        impl Serialize for $type {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.0)
            }
        }

        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                Self::new(String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
            }
        }
    )*};
}

names! {
    /// The project's name, first part of every stack name.
    ProjectName, "project name", is_slug, SLUG_RULE;
    /// An environment: `production`, `demo`.
    EnvironmentName, "environment name", is_slug, SLUG_RULE;
    /// A unit: the smallest thing declared, one file in `stacks/`.
    UnitName, "unit name", is_slug, SLUG_RULE;
    /// A named place of an environment: `primary`, `recovery`.
    TargetName, "target name", is_slug, SLUG_RULE;
    /// A folder in `templates/`.
    TemplateName, "template name", is_slug, SLUG_RULE;
    /// A twelve-digit AWS account id. In YAML it must be quoted.
    AccountId, "account id", is_account, "twelve digits, quoted";
    /// An AWS region, for example `eu-central-1`.
    Region, "region", is_region, "for example `eu-central-1`";
    /// A CloudFormation stack name, see [`StackName::derive`].
    StackName, "stack name", is_stack_name,
        "a letter, then letters, digits and hyphens, at most 128 characters";
}

fn is_stack_name(text: &str) -> bool {
    (1..=128).contains(&text.len())
        && text.starts_with(|first: char| first.is_ascii_alphabetic())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

impl TargetName {
    /// The target every environment has.
    pub fn primary() -> Self {
        Self("primary".into())
    }

    /// Whether this is the target every environment has.
    pub fn is_primary(&self) -> bool {
        &*self.0 == "primary"
    }
}

impl StackName {
    /// Longest stack name CloudFormation accepts.
    pub const LIMIT: usize = 128;

    /// `PROJECT-ENVIRONMENT-UNIT`, plus `-TARGET` when it is not primary.
    ///
    /// The plain form is used only where it reads back as one identity: environment and unit may
    /// contain hyphens, so `demo-eu` + `network` and `demo` + `eu-network` would share it, and so
    /// would unit `data-recovery` and unit `data` at target `recovery`. With a hyphen in the
    /// environment's name, at another target, and beyond [`Self::LIMIT`], the name ends in ten hex
    /// digits of the identity's digest. (Two *projects* may still meet in one account, `a-b` and
    /// `a`; the identity tags tell them apart, and a foreign stack is never touched.)
    pub fn derive(project: &ProjectName, environment: &EnvironmentName, instance: &InstanceName) -> Self {
        let mut parts = vec![project.as_str(), environment.as_str(), instance.unit.as_str()];
        if !instance.target.is_primary() {
            parts.push(instance.target.as_str());
        }
        let plain = parts.join("-");
        let ambiguous = environment.as_str().contains('-') || !instance.target.is_primary();
        if !ambiguous && plain.len() <= Self::LIMIT {
            return Self(plain.into());
        }
        let identity = Digest::of(parts.join("/"));
        let kept: String = plain.chars().take(Self::LIMIT - 11).collect();
        Self(format!("{}-{}", kept.trim_end_matches('-'), identity.short(10)).into())
    }
}

/// A unit at a target, written `UNIT@TARGET`; plain `UNIT` means `@primary`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct InstanceName {
    /// The unit.
    pub unit: UnitName,
    /// Where it stands.
    pub target: TargetName,
}

impl InstanceName {
    /// `unit` at `target`.
    pub fn new(unit: UnitName, target: TargetName) -> Self {
        Self { unit, target }
    }
}

impl fmt::Display for InstanceName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.target.is_primary() {
            formatter.pad(self.unit.as_str())
        } else {
            formatter.pad(&format!("{}@{}", self.unit, self.target))
        }
    }
}

impl fmt::Debug for InstanceName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

impl FromStr for InstanceName {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        match text.split_once('@') {
            None => Ok(Self::new(UnitName::new(text)?, TargetName::primary())),
            Some((unit, target)) => Ok(Self::new(UnitName::new(unit)?, TargetName::new(target)?)),
        }
    }
}

impl Serialize for InstanceName {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for InstanceName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// An exact version of a template, written `NAME@VERSION`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct TemplateRef {
    /// Folder in `templates/`.
    pub name: TemplateName,
    /// Folder in `templates/NAME/`.
    pub version: semver::Version,
}

impl fmt::Display for TemplateRef {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(&format!("{}@{}", self.name, self.version))
    }
}

impl FromStr for TemplateRef {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        let error = |rule| NameError { kind: "template reference", text: text.to_owned(), rule };
        let (name, version) =
            text.split_once('@').ok_or_else(|| error("write NAME@VERSION, for example `data@1.2.0`"))?;
        let version = semver::Version::parse(version)
            .map_err(|_| error("the version has three numbers, for example `data@1.2.0`"))?;
        Ok(Self { name: TemplateName::new(name)?, version })
    }
}

impl Serialize for TemplateRef {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for TemplateRef {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

impl Region {
    /// The partition it is in. Source: AWS General Reference, "Amazon Resource Names".
    pub fn partition(&self) -> &'static str {
        match self.as_str() {
            region if region.starts_with("cn-") => "aws-cn",
            region if region.starts_with("us-gov-") => "aws-us-gov",
            _ => "aws",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stack(project: &str, environment: &str, instance: &str) -> String {
        StackName::derive(
            &project.parse().unwrap(),
            &environment.parse().unwrap(),
            &instance.parse().unwrap(),
        )
        .to_string()
    }

    #[test]
    fn the_plain_name_is_kept_where_it_is_unambiguous() {
        assert_eq!(stack("fieldbook", "demo", "network"), "fieldbook-demo-network");
        assert_eq!(stack("fieldbook", "demo", "web-api"), "fieldbook-demo-web-api");
        assert_eq!(stack("field-book", "demo", "network"), "field-book-demo-network");
    }

    #[test]
    fn two_identities_never_share_a_name() {
        assert!(stack("a", "b", "data@recovery").starts_with("a-b-data-recovery-"));
        assert_ne!(stack("a", "b", "c-d"), stack("a", "b-c", "d"));
        assert_ne!(stack("a", "b", "c-recovery"), stack("a", "b", "c@recovery"));
    }

    #[test]
    fn long_names_are_shortened_and_valid() {
        let long = "u".repeat(40);
        let name = stack(&long, &long, &format!("{long}@{long}"));
        assert_eq!(name.len(), StackName::LIMIT);
        assert!(StackName::new(name).is_ok());
    }

    #[test]
    fn bad_names_are_refused() {
        for text in ["", "A", "1a", "a_b", "a--b", "a-", "ä"] {
            assert!(UnitName::new(text).is_err(), "{text}");
        }
        assert!(AccountId::new("12345678901").is_err());
        assert!("data@1.2".parse::<TemplateRef>().is_err());
    }
}
