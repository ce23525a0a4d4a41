//! How long something done to a resource took.

use serde::{Deserialize, Serialize};

use crate::model::InstanceName;

/// What is done to a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ResourceOperation {
    /// It is made.
    Create,
    /// It is changed in place.
    Update,
    /// It is deleted.
    Delete,
}

impl ResourceOperation {
    /// The word used in files and output.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Update => "update",
            Self::Delete => "delete",
        }
    }

    /// The operation that a resource's status belongs to (`CREATE_COMPLETE`, `UPDATE_FAILED`).
    pub fn of_status(status: &str) -> Option<Self> {
        match status.split_once('_')?.0 {
            "CREATE" => Some(Self::Create),
            "UPDATE" => Some(Self::Update),
            "DELETE" => Some(Self::Delete),
            _ => None,
        }
    }
}

/// How long one operation on one resource took. It succeeded: a failure says nothing of that.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ResourceSeconds {
    /// The instance.
    pub instance: InstanceName,
    /// Logical id of the resource.
    pub resource: String,
    /// Its type.
    #[serde(rename = "type")]
    pub resource_type: String,
    /// What was done.
    pub operation: ResourceOperation,
    /// How long it took, by the cloud's own events.
    pub seconds: f64,
}
