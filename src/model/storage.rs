//! What its service deletes only when it is empty: buckets and repositories of images.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What kind of storage it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum StorageKind {
    /// A bucket of Amazon S3.
    #[default]
    Bucket,
    /// A repository of Amazon ECR.
    Repository,
}

impl StorageKind {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Bucket, Self::Repository];

    /// The kind of a resource type whose physical id is the storage's name.
    pub fn of_type(resource_type: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.resource_type() == resource_type)
    }

    /// Its resource type.
    pub fn resource_type(self) -> &'static str {
        match self {
            Self::Bucket => "AWS::S3::Bucket",
            Self::Repository => "AWS::ECR::Repository",
        }
    }

    /// One of it.
    pub fn one(self) -> &'static str {
        match self {
            Self::Bucket => "bucket",
            Self::Repository => "repository",
        }
    }

    /// Several of it.
    pub fn several(self) -> &'static str {
        match self {
            Self::Bucket => "buckets",
            Self::Repository => "repositories",
        }
    }

    /// What is in it.
    pub fn items(self) -> &'static str {
        match self {
            Self::Bucket => "objects",
            Self::Repository => "images",
        }
    }
}

impl fmt::Display for StorageKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.one())
    }
}

/// One bucket or repository.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Storage {
    /// What it is.
    pub kind: StorageKind,
    /// Its name.
    pub name: String,
}

/// What is in it, as far as its deletion must know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Contents {
    /// Of a bucket: there is no object, no old version, no delete marker and no unfinished upload. Of a
    /// repository: no image, with a tag or without.
    pub is_empty: bool,
    /// Whether Object Lock is on: versions may refuse to go before their time.
    pub has_object_lock: bool,
}
