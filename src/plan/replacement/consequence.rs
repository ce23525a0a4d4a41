//! What becomes of physical resources that leave a stack, and of what they hold.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Side, own};
use crate::catalogue::{self, ReplacementOrder, published_name};
use crate::model::{Change, ChangeAction, Replacement, SavedIn};

/// A physical resource that leaves its stack, or may.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Consequence {
    /// Logical id of the resource.
    pub logical_id: String,
    /// Its type.
    pub resource_type: String,
    /// Why it leaves.
    pub cause: Cause,
    /// The properties whose differences replace it, or may; empty when it is removed.
    pub because: Vec<String>,
    /// Whether it surely does, or only may.
    pub certain: bool,
    /// What becomes of it.
    pub fate: Fate,
    /// What it holds that no template makes again, for example `objects`; `None` where nothing is
    /// known to be.
    pub holds: Option<String>,
    /// Of a deletion that restore points were asked for: the copy that outlasts it, where one counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restore_point: Option<SavedIn>,
    /// Whether it is deleted before the new one is made, so that there is none for a while.
    pub deleted_first: bool,
}

/// Why a physical resource leaves its stack.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Cause {
    /// The template no longer has it, or its condition no longer holds.
    Removed,
    /// Another one takes its place.
    Replaced,
}

/// What becomes of a physical resource that leaves its stack.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Fate {
    /// It is deleted with what it holds.
    Deleted,
    /// It is deleted after a snapshot was taken.
    Snapshot,
    /// It stays, and belongs to no stack.
    Retained,
    /// A property protects it: the deletion fails, CloudFormation goes on, and it stays without a stack.
    Protected,
}

impl Consequence {
    /// Whether something is gone that no template makes again.
    pub fn loses_data(&self) -> bool {
        self.holds.is_some() && self.fate == Fate::Deleted
    }

    /// The property that keeps it from being deleted, where that is its fate.
    pub fn protected_by(&self) -> Option<String> {
        let protection = catalogue::protection(&self.resource_type).filter(|_| self.fate == Fate::Protected);
        protection.map(|protection| protection.to_string())
    }

    /// Whether what takes its place begins without what it holds.
    pub fn starts_empty(&self) -> bool {
        self.holds.is_some() && self.cause == Cause::Replaced
    }
}

/// What a change does to the physical resource that is there; `None` if it stays.
pub(super) fn of(change: &Change, before: &Side<'_>, after: &Side<'_>) -> Option<Consequence> {
    let id = change.logical_id.as_str();
    let kind = change.resource_type.as_str();
    let (cause, certain) = match (change.action, change.replacement) {
        (ChangeAction::Remove, _) => (Cause::Removed, true),
        (ChangeAction::Modify, Some(Replacement::Always)) => (Cause::Replaced, true),
        (ChangeAction::Modify, Some(Replacement::Conditional)) => (Cause::Replaced, false),
        (ChangeAction::Dynamic, _) => (Cause::Removed, false),
        (ChangeAction::Modify, _) if kind == NESTED && !inner(change).is_empty() => (Cause::Replaced, false),
        _ => return None,
    };
    let fate = match cause {
        Cause::Removed => when_removed(before.resource(id), kind),
        // Which template's policy counts is not documented: the one that keeps less is assumed.
        Cause::Replaced => when_replaced(before.resource(id)).min(when_replaced(after.resource(id))),
    };
    let fate = if fate != Fate::Retained && is_protected(before, id, kind) { Fate::Protected } else { fate };
    let known = catalogue::resource_type(published_name(kind));
    let order = known.map(catalogue::ResourceType::replacement_order);
    Some(Consequence {
        logical_id: change.logical_id.clone(),
        resource_type: change.resource_type.clone(),
        cause,
        because: match cause {
            Cause::Replaced if kind == NESTED => inner(change),
            Cause::Replaced => own::causes(change, known),
            Cause::Removed => Vec::new(),
        },
        certain,
        fate,
        holds: catalogue::holds(kind).map(str::to_owned),
        restore_point: None,
        deleted_first: cause == Cause::Replaced && order == Some(ReplacementOrder::DeleteFirst),
    })
}

/// A nested stack: what is in it is not looked into.
const NESTED: &str = "AWS::CloudFormation::Stack";

/// The properties among the differences of a nested stack that may take anything out of it.
fn inner(change: &Change) -> Vec<String> {
    let decides = |name: &&str| ["TemplateURL", "TemplateBody", "Parameters"].contains(name);
    let names = change.paths.iter().filter_map(|path| own::property(path)).filter(decides);
    names.map(str::to_owned).collect::<BTreeSet<_>>().into_iter().collect()
}

/// Whether the physical resource that is there refuses to be deleted. An update that replaces or removes
/// it does not touch its properties any more. A value that is not known protects nothing here.
fn is_protected(before: &Side<'_>, logical_id: &str, kind: &str) -> bool {
    let Some(protection) = catalogue::protection(kind) else { return false };
    let value = before.computed(before.property(logical_id, protection.property)).flatten();
    value.is_some_and(|value| protection.is_on(&value))
}

/// What becomes of a resource when its whole stack is deleted.
pub(in crate::plan) fn removal(logical_id: &str, resource: &Value) -> Consequence {
    let kind = resource.get("Type").and_then(Value::as_str).unwrap_or_default();
    Consequence {
        logical_id: logical_id.to_owned(),
        resource_type: kind.to_owned(),
        cause: Cause::Removed,
        because: Vec::new(),
        certain: true,
        fate: when_removed(Some(resource), kind),
        holds: catalogue::holds(kind).map(str::to_owned),
        restore_point: None,
        deleted_first: false,
    }
}

/// Source: CloudFormation template reference, "DeletionPolicy attribute": without one, databases
/// leave a snapshot, except instances of a cluster.
fn when_removed(resource: Option<&Value>, kind: &str) -> Fate {
    let has_cluster =
        resource.and_then(|resource| resource.get("Properties")?.get("DBClusterIdentifier")).is_some();
    let usual = match kind {
        "AWS::RDS::DBCluster" => Fate::Snapshot,
        "AWS::RDS::DBInstance" if !has_cluster => Fate::Snapshot,
        _ => Fate::Deleted,
    };
    policy(resource, "DeletionPolicy").unwrap_or(usual)
}

/// Source: CloudFormation template reference, "UpdateReplacePolicy attribute".
fn when_replaced(resource: Option<&Value>) -> Fate {
    policy(resource, "UpdateReplacePolicy").unwrap_or(Fate::Deleted)
}

/// A policy that is given; one that is computed may come out as anything.
fn policy(resource: Option<&Value>, attribute: &str) -> Option<Fate> {
    let value = resource?.get(attribute)?;
    Some(match value.as_str() {
        Some("Retain" | "RetainExceptOnCreate") => Fate::Retained,
        Some("Snapshot") => Fate::Snapshot,
        _ => Fate::Deleted,
    })
}
