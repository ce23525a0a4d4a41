//! Changes that AWS refuses, known before it is asked.

use std::collections::BTreeSet;
use std::fmt;

use serde_json::Value;

use super::{Side, own};
use crate::catalogue;
use crate::language::stack_policy::{PolicyAction, StackPolicy};
use crate::model::{Change, ChangeAction, Replacement};

/// A change of a resource that AWS refuses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefusedChange {
    /// Logical id.
    pub logical_id: String,
    /// Its type.
    pub resource_type: String,
    /// Why.
    pub why: Refusal,
}

/// Why AWS refuses a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The resource is replaced, and the new one would need the name that the old one still has.
    ///
    /// Source: CloudFormation user guide, "Name type".
    NameKept {
        /// The property that gives it.
        property: String,
        /// The name.
        name: String,
    },
    /// The service changes this property in no way.
    Fixed {
        /// The property.
        property: String,
    },
    /// The stack's own policy denies it, in CloudFormation's words.
    Denied(String),
}

impl fmt::Display for RefusedChange {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { logical_id, resource_type, why } = self;
        write!(formatter, "`{logical_id}` ({resource_type}) ")?;
        match why {
            Refusal::NameKept { property, name } => write!(
                formatter,
                "would be replaced and keep its {property} `{name}`, which the old one has until the new one is made"
            ),
            Refusal::Fixed { property } => {
                write!(formatter, "would get another {property}, which AWS never changes")
            }
            Refusal::Denied(reason) => write!(formatter, "may not be changed like this: {reason}"),
        }
    }
}

/// What AWS refuses of a change to a stack with this policy. What is not known is no reason: then the
/// update itself tells.
pub(super) fn of(
    change: &Change,
    before: &Side<'_>,
    after: &Side<'_>,
    policy: Option<&StackPolicy>,
) -> Vec<RefusedChange> {
    let refused = |why| RefusedChange {
        logical_id: change.logical_id.clone(),
        resource_type: change.resource_type.clone(),
        why,
    };
    let denied = policy.and_then(|policy| denied(policy, change)).map(Refusal::Denied);
    if change.action != ChangeAction::Modify {
        return denied.map(refused).into_iter().collect();
    }
    let own: Vec<Refusal> = match change.replacement {
        Some(Replacement::Always) => kept_name(change, before, after).into_iter().collect(),
        _ => fixed(change, before, after),
    };
    own.into_iter().chain(denied).map(refused).collect()
}

/// What a policy says against everything that this change can come to.
fn denied(policy: &StackPolicy, change: &Change) -> Option<String> {
    // Policies, conditions and orders are CloudFormation's own: the resource is not touched for them.
    let touches =
        |path: &String| ["Properties", "Metadata", "Tags"].iter().any(|part| path.starts_with(part));
    if change.action == ChangeAction::Modify && !change.paths.iter().any(touches) {
        return None;
    }
    let actions: &[PolicyAction] = match (change.action, change.replacement) {
        (ChangeAction::Remove, _) => &[PolicyAction::Delete],
        (ChangeAction::Modify, Some(Replacement::Always)) => &[PolicyAction::Replace],
        (ChangeAction::Modify, Some(Replacement::Never)) => &[PolicyAction::Modify],
        (ChangeAction::Modify, _) => &[PolicyAction::Modify, PolicyAction::Replace],
        _ => return None,
    };
    let refusal = |action| policy.refusal(action, &change.logical_id, &change.resource_type);
    let refusals: Option<Vec<String>> = actions.iter().map(|action| refusal(*action)).collect();
    refusals?.into_iter().next()
}

/// Properties that surely come out otherwise, and that their service never changes.
fn fixed(change: &Change, before: &Side<'_>, after: &Side<'_>) -> Vec<Refusal> {
    let value = |side: &Side<'_>, property: &str| side.computed(side.property(&change.logical_id, property));
    let is_refused = |property: &&str| {
        let (Some(now), Some(then)) = (value(before, property), value(after, property)) else { return false };
        catalogue::is_refused_change(&change.resource_type, property, now.as_ref(), then.as_ref())
    };
    let properties: BTreeSet<&str> = change.paths.iter().filter_map(|path| own::property(path)).collect();
    let fixed = properties.into_iter().filter(is_refused);
    fixed.map(|property| Refusal::Fixed { property: property.to_owned() }).collect()
}

/// The name that a replaced resource keeps.
fn kept_name(change: &Change, before: &Side<'_>, after: &Side<'_>) -> Option<Refusal> {
    let unique = catalogue::unique_name(&change.resource_type)?;
    let value = |side: &Side<'_>, property| side.computed(side.property(&change.logical_id, property));
    let is_same = |property| value(before, property).is_some_and(|now| Some(now) == value(after, property));
    if !is_same(unique.property) || !unique.within.is_none_or(is_same) {
        return None;
    }
    let Some(Some(Value::String(name))) = value(after, unique.property) else { return None };
    Some(Refusal::NameKept { property: unique.property.to_owned(), name })
}
