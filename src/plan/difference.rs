//! What differs between two templates, by resource.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use crate::model::{Change, ChangeAction};
use crate::plan::influence::{Influences, is_intrinsic};

/// The resources that differ between `deployed` and `desired` (templates without rekindle's own
/// additions), sorted by logical id.
///
/// A resource also counts as modified when it refers to a parameter in `changed_parameters`, or to
/// a mapping or condition that differs; where its own condition may come out otherwise the action
/// is [`ChangeAction::Dynamic`]. Whether a modification replaces is not known here.
pub fn difference(deployed: &Value, desired: &Value, changed_parameters: &BTreeSet<String>) -> Vec<Change> {
    let open = Decided::new();
    difference_with(deployed, desired, changed_parameters, (&open, &open))
}

/// The conditions that hold and that do not; `None`, and those that are missing, are open.
pub(super) type Decided = BTreeMap<String, Option<bool>>;

/// As [`difference`], with what is known of the conditions before and after.
pub(super) fn difference_with(
    deployed: &Value,
    desired: &Value,
    changed_parameters: &BTreeSet<String>,
    conditions: (&Decided, &Decided),
) -> Vec<Change> {
    let (before, after) = (section(deployed, "Resources"), section(desired, "Resources"));
    let influences = Influences::between(deployed, desired, changed_parameters);
    let ids: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    ids.into_iter()
        .filter_map(|id| change(id, before.get(id), after.get(id), &influences, conditions))
        .collect()
}

/// Paths outside `Resources` that differ, for example `Outputs.VpcId` or `Description`. Rules and
/// conditions show up here by their own names, and as resources where they have an effect.
pub fn other_sections(deployed: &Value, desired: &Value) -> Vec<String> {
    let empty = Map::new();
    let before = deployed.as_object().unwrap_or(&empty);
    let after = desired.as_object().unwrap_or(&empty);
    let names: BTreeSet<&String> =
        before.keys().chain(after.keys()).filter(|name| *name != "Resources").collect();
    let mut paths = Vec::new();
    for name in names {
        match (before.get(name), after.get(name)) {
            (Some(Value::Object(before)), Some(Value::Object(after))) => {
                let keys: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
                let differing = keys.into_iter().filter(|key| before.get(*key) != after.get(*key));
                paths.extend(differing.map(|key| format!("{name}.{key}")));
            }
            (before, after) if before != after => paths.push(name.clone()),
            _ => {}
        }
    }
    paths
}

fn section<'a>(template: &'a Value, name: &str) -> &'a Map<String, Value> {
    static EMPTY: std::sync::LazyLock<Map<String, Value>> = std::sync::LazyLock::new(Map::new);
    template.get(name).and_then(Value::as_object).unwrap_or(&EMPTY)
}

fn change(
    id: &str,
    before: Option<&Value>,
    after: Option<&Value>,
    influences: &Influences,
    conditions: (&Decided, &Decided),
) -> Option<Change> {
    let resource = after.or(before)?;
    let (action, paths) = match (before, after) {
        (None, _) => (ChangeAction::Add, Vec::new()),
        (_, None) => (ChangeAction::Remove, Vec::new()),
        (Some(before), Some(after)) => {
            let mut paths = Vec::new();
            differing_paths(String::new(), Some(before), Some(after), influences, &mut paths);
            let may_switch =
                influences.may_switch(after) || before.get("Condition") != after.get("Condition");
            let stays = (Some(true), Some(true));
            let there = if may_switch {
                (is_there(before, conditions.0), is_there(after, conditions.1))
            } else {
                stays
            };
            match there {
                (Some(false), Some(false)) => return None,
                (Some(true), Some(false)) => (ChangeAction::Remove, Vec::new()),
                (Some(false), Some(true)) => (ChangeAction::Add, Vec::new()),
                (Some(true), Some(true)) if paths.is_empty() => return None,
                (Some(true), Some(true)) => (ChangeAction::Modify, paths),
                (None, _) | (_, None) => (ChangeAction::Dynamic, paths),
            }
        }
    };
    let resource_type = resource.get("Type").and_then(Value::as_str).unwrap_or_default().to_owned();
    let replacing = Vec::new();
    Some(Change { action, logical_id: id.to_owned(), resource_type, replacement: None, paths, replacing })
}

/// Whether a resource is there: one without a condition is.
fn is_there(resource: &Value, conditions: &Decided) -> Option<bool> {
    match resource.get("Condition") {
        None => Some(true),
        Some(name) => *conditions.get(name.as_str()?)?,
    }
}

/// Descends as long as both sides are plain objects or lists of equal length; an intrinsic function
/// is a value, so its property's path is the last.
fn differing_paths(
    path: String,
    before: Option<&Value>,
    after: Option<&Value>,
    influences: &Influences,
    paths: &mut Vec<String>,
) {
    match (before, after) {
        (Some(Value::Object(before)), Some(Value::Object(after)))
            if !is_intrinsic(before) && !is_intrinsic(after) =>
        {
            let keys: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
            for key in keys {
                let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                differing_paths(path, before.get(key), after.get(key), influences, paths);
            }
        }
        (Some(Value::Array(before)), Some(Value::Array(after))) if before.len() == after.len() => {
            for (index, (before, after)) in before.iter().zip(after).enumerate() {
                differing_paths(format!("{path}[{index}]"), Some(before), Some(after), influences, paths);
            }
        }
        (before, after) => {
            if before != after || after.is_some_and(|after| influences.reach(after)) {
                paths.push(path);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn lines(deployed: &Value, desired: &Value, changed: &[&str]) -> Vec<String> {
        let changed = changed.iter().map(|name| (*name).to_owned()).collect();
        difference(deployed, desired, &changed)
            .into_iter()
            .map(|change| format!("{:?} {} {}", change.action, change.logical_id, change.paths.join(" ")))
            .map(|line| line.trim_end().to_owned())
            .collect()
    }

    #[test]
    fn added_removed_and_modified_resources_are_told_with_their_paths() {
        let deployed = json!({"Resources": {
            "Gone": {"Type": "AWS::SNS::Topic"},
            "Same": {"Type": "AWS::SNS::Topic", "Properties": {"A": 1}},
            "Vpc": {"Type": "AWS::EC2::VPC", "Properties": {
                "CidrBlock": "10.0.0.0/16", "Tags": [{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}]}},
        }});
        let desired = json!({"Resources": {
            "New": {"Type": "AWS::SNS::Topic"},
            "Same": {"Type": "AWS::SNS::Topic", "Properties": {"A": 1}},
            "Vpc": {"Type": "AWS::EC2::VPC", "DeletionPolicy": "Retain", "Properties": {
                "CidrBlock": {"Ref": "Cidr"}, "Tags": [{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "3"}]}},
        }});
        assert_eq!(
            lines(&deployed, &desired, &[]),
            [
                "Remove Gone",
                "Add New",
                "Modify Vpc DeletionPolicy Properties.CidrBlock Properties.Tags[1].Value"
            ]
        );
    }

    #[test]
    fn a_changed_parameter_reaches_the_resources_that_read_it() {
        let template = json!({"Resources": {
            "ByRef": {"Type": "T", "Properties": {"Name": {"Ref": "Size"}, "Other": 1}},
            "BySub": {"Type": "T", "Properties": {"Names": ["x", {"Fn::Sub": "a-${Size}-b"}]}},
            "ByJoin": {"Type": "T", "Properties": {"Name": {"Fn::Join": ["-", ["a", {"Ref": "Size"}]]}}},
            "Literal": {"Type": "T", "Properties": {"Name": {"Fn::Sub": "a-${!Size}"}}},
            "Apart": {"Type": "T", "Properties": {"Name": {"Ref": "Other"}}},
        }});
        assert_eq!(
            lines(&template, &template, &["Size"]),
            [
                "Modify ByJoin Properties.Name",
                "Modify ByRef Properties.Name",
                "Modify BySub Properties.Names[1]"
            ]
        );
        assert!(lines(&template, &template, &[]).is_empty());
    }

    #[test]
    fn conditions_and_mappings_carry_influence_on() {
        let template = |size: &str| {
            json!({
                "Mappings": {"Sizes": {"large": {"Cpu": size}}},
                "Conditions": {
                    "IsLarge": {"Fn::Equals": [{"Ref": "Size"}, "large"]},
                    "IsSmall": {"Fn::Not": [{"Condition": "IsLarge"}]},
                },
                "Resources": {
                    "Chosen": {"Type": "T", "Properties": {"P": {"Fn::If": ["IsSmall", 1, 2]}}},
                    "Mapped": {"Type": "T", "Properties": {"P": {"Fn::FindInMap": ["Sizes", "large", "Cpu"]}}},
                    "Switched": {"Type": "T", "Condition": "IsSmall"},
                },
            })
        };
        assert_eq!(
            lines(&template("2"), &template("2"), &["Size"]),
            ["Modify Chosen Properties.P", "Dynamic Switched"]
        );
        assert_eq!(lines(&template("2"), &template("4"), &[]), ["Modify Mapped Properties.P"]);
    }

    #[test]
    fn a_condition_that_known_values_decide_is_announced_as_what_it_comes_to() {
        let template = json!({
            "Conditions": {"IsLarge": {"Fn::Equals": [{"Ref": "Size"}, "large"]}},
            "Resources": {"Extra": {"Type": "T", "Condition": "IsLarge"}},
        });
        let decided = |holds| Decided::from([("IsLarge".to_owned(), holds)]);
        let (yes, no, open) = (decided(Some(true)), decided(Some(false)), decided(None));
        let table = [
            (&yes, &no, Some(ChangeAction::Remove)),
            (&no, &yes, Some(ChangeAction::Add)),
            (&no, &no, None),
            (&yes, &yes, None),
            (&yes, &open, Some(ChangeAction::Dynamic)),
            (&open, &no, Some(ChangeAction::Dynamic)),
        ];
        for (before, after, expected) in table {
            let changes = difference_with(&template, &template, &["Size".to_owned()].into(), (before, after));
            assert_eq!(changes.first().map(|change| change.action), expected);
        }
    }

    #[test]
    fn other_sections_are_told_by_path() {
        let deployed = json!({"Description": "a", "Outputs": {"A": {"Value": 1}, "B": {"Value": 2}}});
        let desired = json!({"Description": "b", "Outputs": {"A": {"Value": 1}, "C": {"Value": 2}}});
        assert_eq!(other_sections(&deployed, &desired), ["Description", "Outputs.B", "Outputs.C"]);
    }
}
