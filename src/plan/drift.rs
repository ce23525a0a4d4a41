//! What a plan says of resources that were changed outside CloudFormation, and what setting them back does.

use crate::catalogue;
use crate::model::{Change, ChangeAction, DriftStatus, Replacement, ResourceDrift};
use crate::plan::Reason;

/// One reason for each resource that is not as its template says. Values are not told: they may be secret.
pub(super) fn reasons(drifts: &[ResourceDrift]) -> Vec<Reason> {
    let told = drifts.iter().map(|drift| Reason::Drifted {
        resource: drift.logical_id.clone(),
        status: drift.status,
        paths: drift.paths.clone(),
    });
    told.collect()
}

/// Adds what it takes to set them back: a resource that is gone is made again, a property that replaces
/// replaces.
pub(super) fn add_changes(changes: &mut Vec<Change>, drifts: &[ResourceDrift]) {
    for drift in drifts {
        let found = changes.iter_mut().find(|change| change.logical_id == drift.logical_id);
        let change = change(drift);
        match found {
            None => changes.push(change),
            // What the source changes anyway comes with its own replacement.
            Some(known) => {
                known.replacement = known.replacement.max(change.replacement);
                let fresh = change.paths.into_iter().filter(|path| !known.paths.contains(path));
                known.paths.extend(fresh.collect::<Vec<_>>());
            }
        }
    }
    changes.sort_by(|one, other| one.logical_id.cmp(&other.logical_id));
}

fn change(drift: &ResourceDrift) -> Change {
    let (logical_id, resource_type) = (drift.logical_id.clone(), drift.resource_type.clone());
    let is_gone = drift.status == DriftStatus::Deleted;
    Change {
        action: if is_gone { ChangeAction::Add } else { ChangeAction::Modify },
        logical_id,
        resource_type,
        replacement: (!is_gone).then(|| replacement(drift)),
        paths: drift.paths.iter().map(|path| format!("Properties{}", path.replace('/', "."))).collect(),
        replacing: Vec::new(),
    }
}

fn replacement(drift: &ResourceDrift) -> Replacement {
    let Some(known) = catalogue::resource_type(&drift.resource_type) else { return Replacement::Never };
    let of = |path: &String| known.replacement(path.split('/').skip(1));
    match drift.paths.iter().map(of).max() {
        Some(catalogue::Replacement::Always) => Replacement::Always,
        Some(catalogue::Replacement::Conditional) => Replacement::Conditional,
        _ => Replacement::Never,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::PropertyDrift;

    fn drift(path: &str) -> ResourceDrift {
        let property = PropertyDrift { path: path.to_owned(), expected: None, actual: None };
        ResourceDrift::modified("Network".to_owned(), "AWS::EC2::VPC".to_owned(), vec![property])
    }

    #[test]
    fn setting_back_replaces_where_the_property_does() {
        let mut changes = Vec::new();
        add_changes(&mut changes, &[drift("/EnableDnsSupport")]);
        assert_eq!((changes[0].replacement, changes[0].paths.len()), (Some(Replacement::Never), 1));
        add_changes(&mut changes, &[drift("/CidrBlock")]);
        assert_eq!((changes[0].replacement, changes.len()), (Some(Replacement::Always), 1));
        assert_eq!(changes[0].paths, ["Properties.EnableDnsSupport", "Properties.CidrBlock"]);
        let gone = ResourceDrift::deleted("Queue".to_owned(), "AWS::SQS::Queue".to_owned());
        add_changes(&mut changes, &[gone]);
        assert_eq!((changes[1].action, changes[1].replacement), (ChangeAction::Add, None));
    }
}
