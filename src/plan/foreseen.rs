//! What a deletion does, told from the deployed template before the first one: what dies, what stays,
//! and what will refuse to go.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::catalogue;
use crate::model::unit::{add_facts, strip_additions};
use crate::model::{Contents, Digest, Facts, ObservedStack, Storage, StorageKind, canonical};
use crate::plan::expansion::{decided, expanded, known_facts, readable};
use crate::plan::replacement::{Side, removal};
use crate::plan::{Consequence, Fate, Observation};

/// A resource whose own property makes its service refuse to delete it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Protected {
    /// Logical id.
    pub logical_id: String,
    /// Its type.
    pub resource_type: String,
    /// What protects it, for example `DeletionProtection`.
    pub by: String,
}

/// A bucket or a repository that goes with its stack.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Emptied {
    /// Logical id.
    pub logical_id: String,
    /// What it is.
    #[serde(default)]
    pub kind: StorageKind,
    /// Its name.
    #[serde(alias = "bucket")]
    pub name: String,
}

impl Emptied {
    /// What it is and how it is called, as its service knows it.
    pub fn storage(&self) -> Storage {
        Storage { kind: self.kind, name: self.name.clone() }
    }
}

/// What is foreseen of the deletion of one stack.
#[derive(Debug, Default)]
pub(super) struct Foreseen {
    /// Resources that hold something, and those that stay.
    pub consequences: Vec<Consequence>,
    /// Resources that will refuse to go.
    pub protected: Vec<Protected>,
    /// Logical ids of what goes only when it is empty.
    pub storages: BTreeSet<String>,
    /// Names under which it exports outputs.
    pub exports: BTreeSet<String>,
}

/// What the deletion of `stack` will do by the template it was made from.
pub(super) fn foreseen(template: &Value, stack: &ObservedStack) -> Foreseen {
    let values = readable(stack);
    let template = expanded(template, &values, Some(stack));
    let conditions = decided(&template, &values, stack);
    let facts = known_facts(&template, &values, stack, conditions);
    let side = Side { template: &template, facts, open: BTreeSet::new() };
    let mut foreseen = Foreseen { exports: exports(&side), ..Foreseen::default() };
    for (id, resource) in there(&side, "Resources") {
        let consequence = removal(id, resource);
        let stays = consequence.fate == Fate::Retained;
        let goes = consequence.fate == Fate::Deleted;
        if consequence.holds.is_some() || consequence.fate != Fate::Deleted {
            foreseen.consequences.push(consequence);
        }
        foreseen.protected.extend(protected(&side, id, resource).filter(|_| !stays));
        if goes && must_be_empty(&side, id, resource) {
            foreseen.storages.insert(id.clone());
        }
    }
    foreseen
}

/// What of a stack goes only when it is empty, each with what is in it.
pub(super) fn storages<'o>(
    going: &BTreeSet<String>,
    stack: &ObservedStack,
    observation: &'o Observation,
) -> Vec<(Emptied, &'o Contents)> {
    let listed = observation.resources.get(&stack.id).map(Vec::as_slice).unwrap_or_default();
    let going = listed.iter().filter(|resource| going.contains(&resource.logical_id));
    let storages = going.filter_map(|resource| {
        let kind = StorageKind::of_type(&resource.resource_type)?;
        let (logical_id, name) = (resource.logical_id.clone(), resource.physical_id.clone()?);
        let emptied = Emptied { logical_id, kind, name };
        let held = observation.contents.get(&emptied.storage())?;
        Some((emptied, held))
    });
    storages.collect()
}

/// A repository may say that CloudFormation empties it.
fn must_be_empty(side: &Side<'_>, logical_id: &str, resource: &Value) -> bool {
    let kind = resource.get("Type").and_then(Value::as_str).and_then(StorageKind::of_type);
    let is_emptied = || {
        let value = side.computed(side.property(logical_id, "EmptyOnDelete")).flatten();
        value.is_some_and(|value| value == true || value == "true")
    };
    kind.is_some_and(|kind| kind == StorageKind::Bucket || !is_emptied())
}

/// The entries of a section whose condition holds, or may.
fn there<'s>(side: &'s Side<'_>, section: &str) -> impl Iterator<Item = (&'s String, &'s Value)> {
    let is_there = |entry: &Value| {
        let condition = entry.get("Condition").and_then(Value::as_str);
        condition.is_none_or(|name| side.facts.conditions.get(name) != Some(&Some(false)))
    };
    let entries = side.section(section).into_iter().flat_map(Map::iter);
    entries.filter(move |(_, entry)| is_there(entry))
}

/// A value that is not known protects nothing here: then the deletion itself will tell.
fn protected(side: &Side<'_>, logical_id: &str, resource: &Value) -> Option<Protected> {
    let resource_type = resource.get("Type")?.as_str()?;
    let protection = catalogue::protection(resource_type)?;
    let value = side.computed(side.property(logical_id, protection.property))??;
    protection.is_on(&value).then(|| Protected {
        logical_id: logical_id.to_owned(),
        resource_type: resource_type.to_owned(),
        by: protection.to_string(),
    })
}

fn exports(side: &Side<'_>) -> BTreeSet<String> {
    let names = there(side, "Outputs").filter_map(|(_, output)| {
        let name = output.get("Export")?.get("Name")?;
        side.computed(Some(name))??.as_str().map(str::to_owned)
    });
    names.collect()
}

/// Resources that stay behind when a stack goes. (`RetainExceptOnCreate` ones go with a stack that
/// never was complete: CloudFormation user guide, "DeletionPolicy attribute".)
pub(super) fn retained_resources(template: &Value) -> Vec<String> {
    let resources = template.get("Resources").and_then(Value::as_object);
    resources
        .into_iter()
        .flatten()
        .filter(|(_, resource)| resource.get("DeletionPolicy").and_then(Value::as_str) == Some("Retain"))
        .map(|(id, _)| id.clone())
        .collect()
}

/// The text of a template as it was sent, with these protections lifted; `None` where one is computed
/// by a function that cannot be taken apart, or stands in a loop. The digest in the facts changes with
/// it: should the deletion never come, the next deploy brings the protection back.
pub fn unprotected(text: &str, protected: &[Protected]) -> Option<String> {
    let mut template: Value = serde_json::from_str(text).ok()?;
    for one in protected {
        let resource = template.get_mut("Resources")?.get_mut(&one.logical_id)?;
        let protection = catalogue::protection(&one.resource_type)?;
        let value = resource.get_mut("Properties")?.get_mut(protection.property)?;
        *value = protection.lifted(value)?;
    }
    if let Some(facts) = strip_additions(&mut template) {
        let unit = Digest::of_value("rekindle/unprotected/1", &template);
        add_facts(&mut template, &Facts { unit, ..facts });
    }
    Some(canonical::ascii(&template))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::model::{Class, SealedUnit};
    use crate::plan::fixture::{Vary as _, stack, unit};

    fn of(template: Value) -> Foreseen {
        let mut made = unit("data");
        made.template = template.clone().into();
        foreseen(&template, &stack(&made))
    }

    #[test]
    fn what_stays_and_what_dies_is_told_and_nothing_else() {
        let foreseen = of(json!({
            "Conditions": {"Never": {"Fn::Equals": [1, 2]}},
            "Resources": {
                "Bucket": {"Type": "AWS::S3::Bucket"},
                "Kept": {"Type": "AWS::SNS::Topic", "DeletionPolicy": "Retain"},
                "Database": {"Type": "AWS::RDS::DBInstance"},
                "Topic": {"Type": "AWS::SNS::Topic"},
                "Absent": {"Type": "AWS::S3::Bucket", "Condition": "Never"},
            },
        }));
        let told: Vec<_> =
            foreseen.consequences.iter().map(|one| (one.logical_id.as_str(), one.fate)).collect();
        assert_eq!(told, [("Bucket", Fate::Deleted), ("Database", Fate::Snapshot), ("Kept", Fate::Retained)]);
    }

    #[test]
    fn protections_are_computed_and_what_stays_needs_none_lifted() {
        let table = |extra: Value| {
            let mut table =
                json!({"Type": "AWS::DynamoDB::Table", "Properties": {"DeletionProtectionEnabled": true}});
            table.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
            table
        };
        let chosen = json!({"Properties": {"DeletionProtectionEnabled": {"Fn::If": ["Here", true, false]}}});
        let foreseen = of(json!({
            "Conditions": {"Here": {"Fn::Equals": [{"Ref": "AWS::Region"}, "eu-central-1"]}},
            "Resources": {
                "Plain": table(json!({})),
                "Chosen": table(chosen),
                "Open": table(json!({"Properties": {"DeletionProtectionEnabled": {"Ref": "Nobody"}}})),
                "Kept": table(json!({"DeletionPolicy": "Retain"})),
            },
        }));
        let told: Vec<_> = foreseen.protected.iter().map(|one| one.logical_id.as_str()).collect();
        assert_eq!(told, ["Chosen", "Plain"]);
    }

    #[test]
    fn export_names_are_computed() {
        let export = |name: Value| json!({"Value": "x", "Export": {"Name": name}});
        let foreseen = of(json!({
            "Resources": {},
            "Outputs": {"A": export(json!({"Fn::Sub": "${AWS::StackName}-a"})), "B": export(json!("b")), "C": {"Value": "c"}},
        }));
        assert_eq!(foreseen.exports, ["b", "fieldbook-demo-data-a"].map(str::to_owned).into());
    }

    #[test]
    fn a_template_without_its_protection_is_another_unit() {
        let mut made = unit("data").class(Class::Data);
        made.template = json!({"Resources": {
            "Database": {"Type": "AWS::RDS::DBInstance", "Properties": {"DeletionProtection": true}},
        }})
        .into();
        let sealed = SealedUnit::from(made);
        let facts = sealed.facts(&std::collections::BTreeMap::new(), Digest::of("release"));
        let protected = Protected {
            logical_id: "Database".to_owned(),
            resource_type: "AWS::RDS::DBInstance".to_owned(),
            by: "DeletionProtection".to_owned(),
        };
        let text = unprotected(&sealed.sent_template(&facts), std::slice::from_ref(&protected)).unwrap();
        let mut template: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(template["Resources"]["Database"]["Properties"]["DeletionProtection"], json!(false));
        let carried = strip_additions(&mut template).unwrap();
        assert_ne!(carried.unit, facts.unit);
        assert_eq!(Facts { unit: facts.unit, ..carried }, facts);
        assert_eq!(unprotected("{}", std::slice::from_ref(&protected)), None);
        assert_eq!(unprotected("Resources: {}", &[protected]), None);
    }
}
