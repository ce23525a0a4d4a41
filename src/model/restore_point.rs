//! Copies of what a resource holds that do not go with the resource.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::model::InstanceName;

/// One copy of what a resource holds. It stays when the resource goes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RestorePoint {
    /// When it was begun: what was written later is not in it.
    pub created: Timestamp,
    /// Its ARN.
    pub id: String,
    /// Whether it is whole.
    pub is_complete: bool,
}

/// The copy from which what a resource holds can come back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SavedIn {
    /// Its ARN.
    pub id: String,
    /// When it was begun.
    pub created: Timestamp,
    /// How old it was when the plan was made.
    pub age_seconds: u64,
}

/// The ARNs of the copies that a run relied on, by unit and logical id of the resource.
pub type RestorePoints = BTreeMap<InstanceName, BTreeMap<String, String>>;

/// A span of time in words: `1d 2h`. Parts that are nothing are left out.
pub fn span(seconds: u64) -> String {
    let units = [(86_400, "d"), (3_600, "h"), (60, "m"), (1, "s")];
    let mut rest = seconds;
    let mut parts = Vec::new();
    for (size, unit) in units {
        if rest >= size {
            parts.push(format!("{}{unit}", rest / size));
            rest %= size;
        }
    }
    if parts.is_empty() { "0s".to_owned() } else { parts.join(" ") }
}

#[cfg(test)]
mod tests {
    use super::span;

    #[test]
    fn spans_read_like_speech() {
        for (seconds, text) in [(0, "0s"), (86_400, "1d"), (93_600, "1d 2h"), (61, "1m 1s")] {
            assert_eq!(span(seconds), text);
        }
    }
}
