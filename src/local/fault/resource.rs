//! Resources that fail: doing what, and with which words.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::LazyLock;

use crate::local::resource::{BUCKET, REPOSITORY, SECURITY_GROUP, VPC};
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
    /// Likewise, because there is still something in it.
    NotEmpty,
    /// Likewise, after its service did not answer for an hour.
    Stuck,
    /// Being set back by the rollback of an update.
    Rollback,
}

impl FaultOperation {
    const ALL: [(&'static str, Self); 6] = [
        ("create", Self::Create),
        ("update", Self::Update),
        ("delete", Self::Delete),
        ("not-empty", Self::NotEmpty),
        ("stuck", Self::Stuck),
        ("rollback", Self::Rollback),
    ];

    /// What makes a deletion fail.
    pub const DELETIONS: [Self; 3] = [Self::Delete, Self::NotEmpty, Self::Stuck];

    pub(super) fn words() -> String {
        let words = Self::ALL.map(|(word, _)| word).into_iter();
        words.chain(WORDS.iter().map(|(word, ..)| *word)).collect::<Vec<_>>().join(", ")
    }
}

/// What services say when they refuse: the word for it, of which operation, and their own words.
static WORDS: LazyLock<Vec<(&str, FaultOperation, &str)>> = LazyLock::new(|| {
    let row = |line: &'static str| {
        let (word, rest) = line.split_once('|')?;
        let (operation, reason) = rest.split_once('|')?;
        let (_, operation) = FaultOperation::ALL.into_iter().find(|(name, _)| *name == operation)?;
        Some((word, operation, reason))
    };
    include_str!("words.csv").lines().skip(1).filter_map(row).collect()
});

fn words_of(word: &str) -> Option<(FaultOperation, &'static str)> {
    let (_, operation, words) = WORDS.iter().find(|(known, ..)| *known == word)?;
    Some((*operation, *words))
}

impl fmt::Display for FaultOperation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = Self::ALL.iter().find(|(_, operation)| operation == self).map_or("", |(word, _)| word);
        formatter.pad(word)
    }
}

/// A resource that fails on request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResourceFault {
    /// `UNIT` or `UNIT@TARGET` by the identity tags; for a stack without them its name; `*` for all.
    pub unit: String,
    /// Logical id.
    pub resource: String,
    /// Doing what.
    pub operation: FaultOperation,
    /// The words of a service, where those of one are wanted.
    words: Option<&'static str>,
    /// How many times; `None` for every time.
    pub times: Option<u32>,
    /// As it was written.
    pub(super) text: String,
}

impl ResourceFault {
    /// Reads `UNIT.RESOURCE[:OPERATION]`; `whole` is what the user wrote.
    pub(super) fn read(text: &str, whole: &str, times: Option<u32>) -> Option<Self> {
        let (name, operation) = text.split_once(':').unwrap_or((text, "create"));
        let (unit, resource) = name.split_once('.')?;
        let known = FaultOperation::ALL.into_iter().find(|(word, _)| *word == operation);
        let (operation, words) = match known {
            Some((_, operation)) => (operation, None),
            None => words_of(operation).map(|(operation, words)| (operation, Some(words)))?,
        };
        if unit.is_empty() || resource.is_empty() || name.contains('=') {
            return None;
        }
        let (unit, resource, text) = (unit.to_owned(), resource.to_owned(), whole.to_owned());
        Some(Self { unit, resource, operation, words, times, text })
    }

    /// The reason the resource's event gives.
    pub fn reason(&self, resource_type: &str) -> String {
        let Self { operation, text, .. } = self;
        if let Some(words) = self.words {
            return format!("{words} (fault {text})");
        }
        let words = match (operation, resource_type) {
            (FaultOperation::NotEmpty, kind) => not_empty(kind),
            (FaultOperation::Stuck, _) => "Exceeded attempts to wait",
            _ => return format!("Requested failure of {operation} (fault {text})"),
        };
        format!("{words} (fault {text})")
    }

    /// Whether this fault hits `operation` on `resource` of the stack with this name and these tags.
    pub(super) fn hits(
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
/// Why something that is not empty is not deleted, in words that users report of the services.
pub fn not_empty(resource_type: &str) -> &'static str {
    match resource_type {
        BUCKET => {
            "The bucket you tried to delete is not empty (Service: Amazon S3; Status Code: 409; Error Code: \
             BucketNotEmpty)"
        }
        REPOSITORY => {
            "The repository cannot be deleted because it still contains images (Error Code: \
             RepositoryNotEmptyException)"
        }
        VPC => "The vpc has dependencies and cannot be deleted. (Error Code: DependencyViolation)",
        SECURITY_GROUP => "resource has a dependent object (Error Code: DependencyViolation)",
        _ => "It is not empty",
    }
}
