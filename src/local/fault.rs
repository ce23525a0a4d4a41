//! Failures on request: which resource fails, doing what, and with which words.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use crate::model::facts::Identity;

/// Doing what a resource fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FaultOperation {
    /// Being made, also as a replacement.
    Create,
    /// Being changed in place.
    Update,
    /// Being deleted: in a deletion, a rollback or a clean-up.
    Delete,
    /// Being set back by the rollback of an update.
    Rollback,
}

impl FaultOperation {
    const ALL: [(&'static str, Self); 4] = [
        ("create", Self::Create),
        ("update", Self::Update),
        ("delete", Self::Delete),
        ("rollback", Self::Rollback),
    ];
}

impl fmt::Display for FaultOperation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = Self::ALL.iter().find(|(_, operation)| operation == self).map_or("", |(word, _)| word);
        formatter.pad(word)
    }
}

/// A resource that fails on request, every time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// `UNIT` or `UNIT@TARGET` by the identity tags; for a stack without them its name; `*` for all.
    pub unit: String,
    /// Logical id.
    pub resource: String,
    /// Doing what.
    pub operation: FaultOperation,
    /// The reason its event gives.
    pub reason: String,
}

/// Why a text is not a fault.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is not a fault: write UNIT.RESOURCE or UNIT.RESOURCE:OPERATION, for example \
     `data.Database:update`; operations are create (the default), update, delete, rollback"
)]
pub struct FaultError(String);

impl FromStr for Fault {
    type Err = FaultError;

    /// Reads `UNIT.RESOURCE[:OPERATION]`.
    fn from_str(text: &str) -> Result<Self, FaultError> {
        let error = || FaultError(text.to_owned());
        let (name, operation) = text.split_once(':').unwrap_or((text, "create"));
        let (unit, resource) = name.split_once('.').ok_or_else(error)?;
        let operation = FaultOperation::ALL.iter().find(|(word, _)| *word == operation).ok_or_else(error)?.1;
        if unit.is_empty() || resource.is_empty() {
            return Err(error());
        }
        let reason = format!("Requested failure of {operation} (fault {text})");
        Ok(Self { unit: unit.to_owned(), resource: resource.to_owned(), operation, reason })
    }
}

impl Fault {
    /// Whether this fault hits `operation` on `resource` of the stack with this name and these tags.
    pub fn hits(
        &self,
        stack_name: &str,
        tags: &BTreeMap<String, String>,
        resource: &str,
        operation: FaultOperation,
    ) -> bool {
        self.operation == operation && self.resource == resource && self.names(stack_name, tags)
    }

    fn names(&self, stack_name: &str, tags: &BTreeMap<String, String>) -> bool {
        let Some(identity) = Identity::from_tags(tags) else {
            return self.unit == "*" || self.unit == stack_name;
        };
        let instance = identity.instance;
        let full = format!("{}@{}", instance.unit, instance.target);
        self.unit == "*" || self.unit == instance.unit.as_str() || self.unit == full
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_are_read_and_matched() {
        let fault: Fault = "data@recovery.Database:update".parse().unwrap();
        let tags = |target: &str| -> BTreeMap<String, String> {
            [("project", "p"), ("environment", "e"), ("unit", "data"), ("target", target)]
                .map(|(key, value)| (format!("rekindle:{key}"), value.to_owned()))
                .into()
        };
        assert!(fault.hits("any", &tags("recovery"), "Database", FaultOperation::Update));
        assert!(!fault.hits("any", &tags("primary"), "Database", FaultOperation::Update));
        assert!(!fault.hits("any", &tags("recovery"), "Database", FaultOperation::Create));
        let plain: Fault = "my-stack.Topic".parse().unwrap();
        assert!(plain.hits("my-stack", &BTreeMap::new(), "Topic", FaultOperation::Create));
    }

    #[test]
    fn anything_else_is_refused() {
        for text in ["", "data", ".Database", "data.", "data.Database:explode"] {
            assert!(text.parse::<Fault>().is_err(), "{text}");
        }
    }
}
