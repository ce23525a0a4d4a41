//! Drift: resources that are not as their template says.

use serde::{Deserialize, Serialize};

/// A resource that is not as its template says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResourceDrift {
    /// Logical id.
    pub logical_id: String,
    /// Resource type.
    pub resource_type: String,
    /// Whether it was changed or is gone.
    pub status: DriftStatus,
    /// JSON pointers of the properties that differ.
    pub paths: Vec<String>,
    /// The same with their values, in the same order.
    pub properties: Vec<PropertyDrift>,
}

/// A property that is not as its template says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PropertyDrift {
    /// Its JSON pointer.
    pub path: String,
    /// What the template says, as text or as JSON; `None` where it says nothing.
    pub expected: Option<String>,
    /// What it is; `None` where it is not there.
    pub actual: Option<String>,
}

impl ResourceDrift {
    /// One that was changed in these properties.
    pub fn modified(logical_id: String, resource_type: String, properties: Vec<PropertyDrift>) -> Self {
        let paths = properties.iter().map(|property| property.path.clone()).collect();
        Self { logical_id, resource_type, status: DriftStatus::Modified, paths, properties }
    }

    /// One that is gone.
    pub fn deleted(logical_id: String, resource_type: String) -> Self {
        let (paths, properties) = (Vec::new(), Vec::new());
        Self { logical_id, resource_type, status: DriftStatus::Deleted, paths, properties }
    }
}

/// In which way a resource drifted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DriftStatus {
    /// Properties differ.
    Modified,
    /// It no longer exists.
    Deleted,
}
