//! What updates leave behind: physical resources that CloudFormation let go of without deleting them.
//!
//! May not judge an operation: an update that left something has ended well.

use crate::engine::history::History;
use crate::engine::lane::Lane;
use crate::engine::{LeftBehind, Pace};
use crate::plan;

/// What the operation whose events these are could not delete. `stack` is the stack's ARN.
pub(super) fn left_behind(lane: &Lane<'_>, history: &History, stack: &str) -> Vec<LeftBehind> {
    let undeleted = history.undeleted().into_iter().map(|event| LeftBehind {
        remedy: remedy(lane, stack, &event.resource_type, event.physical_id.as_deref()),
        reason: event.reason.unwrap_or_else(|| format!("{} without a reason", event.status)),
        resource: event.logical_id,
        resource_type: event.resource_type,
        physical_id: event.physical_id,
    });
    undeleted.collect()
}

/// What a person can do about a resource of `stack` (ARN) that no stack has any more.
pub(super) fn remedy(lane: &Lane<'_>, stack: &str, resource_type: &str, physical_id: Option<&str>) -> String {
    match lane.cloud.pace {
        Pace::Virtual => "`rekindle local orphans ENV` lists what the embedded engine still has".to_owned(),
        Pace::Wall { .. } => {
            plan::deletion(resource_type, physical_id, stack.split(':').nth(3).unwrap_or_default())
        }
    }
}
