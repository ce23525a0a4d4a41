//! What a template consists of: its resources, what each of them needs, and which are there at all.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use crate::language::expand::{Unknown, expand};
use crate::language::parameters::Parameter;
use crate::language::rolling_update::rolling_seconds;
use crate::language::{Facts, Reference, decide, transforms, walk};
use crate::model::Target;

/// One resource of a template.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Resource {
    /// Its type.
    pub resource_type: String,
    /// Resources of the same template that come before it.
    pub needs: BTreeSet<String>,
    /// Resources whose version it reads: a number that every change of theirs raises.
    pub follows: BTreeSet<String>,
    /// Whether it stays when its stack goes.
    pub is_retained: bool,
    /// Seconds that it pauses when its instances are replaced batch by batch.
    pub rolling_seconds: f64,
}

/// The resources that there are with these parameter values, as far as they are known. One whose
/// condition hangs on a value that is not known yet counts as there. `None` where the template cannot be
/// written out: CloudFormation will say why, and how long it takes nobody knows.
pub(super) fn contents(
    template: &Value,
    values: &BTreeMap<String, String>,
    target: Option<&Target>,
) -> Option<BTreeMap<String, Resource>> {
    let root = template.as_object()?;
    let facts = facts(root, values, target);
    if !transforms::is_extended(root) {
        return Some(resources(root, &facts));
    }
    let expansion = expand(root, &facts, Unknown::Keep).ok()?;
    Some(resources(&expansion.template, &facts))
}

fn facts(root: &Map<String, Value>, values: &BTreeMap<String, String>, target: Option<&Target>) -> Facts {
    let section = |name: &str| root.get(name).and_then(Value::as_object);
    let parameters = section("Parameters").into_iter().flatten().map(|(name, declared)| {
        let parameter: Option<Parameter> = serde_json::from_value(declared.clone()).ok();
        (name.clone(), values.get(name).and_then(|text| parameter?.read(text)))
    });
    let place = |target: &Target| {
        BTreeMap::from([("AWS::Region", json!(target.region)), ("AWS::AccountId", json!(target.account))])
    };
    Facts {
        parameters: parameters.collect(),
        pseudo: target.map(place).unwrap_or_default(),
        mappings: section("Mappings").cloned().unwrap_or_default(),
        conditions: BTreeMap::new(),
    }
}

fn resources(root: &Map<String, Value>, facts: &Facts) -> BTreeMap<String, Resource> {
    let section = |name: &str| root.get(name).and_then(Value::as_object);
    let decided = section("Conditions").map(|conditions| decide(conditions, facts));
    let decided = decided.and_then(Result::ok).unwrap_or_default();
    let known: BTreeMap<String, bool> =
        decided.into_iter().filter_map(|(name, holds)| Some((name, holds?))).collect();
    let is_there = |definition: &Value| {
        let condition = definition.get("Condition").and_then(Value::as_str);
        condition.is_none_or(|name| known.get(name).copied().unwrap_or(true))
    };
    let there: BTreeMap<&String, &Value> = section("Resources")
        .into_iter()
        .flatten()
        .filter(|(_, definition)| definition.get("Type").is_some() && is_there(definition))
        .collect();
    there.iter().map(|(id, definition)| ((*id).clone(), resource(definition, &there, &known))).collect()
}

fn resource(
    definition: &Value,
    there: &BTreeMap<&String, &Value>,
    conditions: &BTreeMap<String, bool>,
) -> Resource {
    let (mut needs, mut follows) = (BTreeSet::new(), BTreeSet::new());
    let mut add = |name: &str| {
        if there.contains_key(&name.to_owned()) {
            needs.insert(name.to_owned());
        }
    };
    for part in ["Properties", "Metadata"].into_iter().filter_map(|part| definition.get(part)) {
        walk(part, Some(conditions), &mut |reference| match reference {
            Reference::Attribute(name, attribute) => {
                add(name);
                if attribute.ends_with("VersionNumber") || attribute == "Version" {
                    follows.insert(name.to_owned());
                }
            }
            Reference::Name(name) => add(name),
            Reference::Condition(_) => {}
        });
    }
    match definition.get("DependsOn") {
        Some(Value::String(name)) => add(name),
        Some(Value::Array(names)) => names.iter().filter_map(Value::as_str).for_each(add),
        _ => {}
    }
    let policy = definition.get("DeletionPolicy").and_then(Value::as_str);
    Resource {
        resource_type: definition["Type"].as_str().unwrap_or_default().to_owned(),
        needs,
        follows,
        rolling_seconds: rolling_seconds(&definition["Properties"], &definition["UpdatePolicy"]),
        is_retained: matches!(policy, Some("Retain" | "RetainExceptOnCreate")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::estimate::fixture::at_aws;

    fn told(template: &Value, values: &[(&str, &str)]) -> Vec<String> {
        let values = values.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let target = at_aws("111122223333").into_values().next();
        contents(template, &values.collect(), target.as_ref())
            .unwrap()
            .into_iter()
            .map(|(id, resource)| {
                let needs: Vec<String> = resource.needs.into_iter().collect();
                format!("{id} <- {}", needs.join(" ")).trim_end().to_owned()
            })
            .collect()
    }

    #[test]
    fn references_and_depends_on_are_needs() {
        let template = json!({
            "Parameters": {"Name": {"Type": "String"}},
            "Resources": {
                "A": {"Type": "T", "Properties": {"Name": {"Ref": "Name"}}},
                "B": {"Type": "T", "Properties": {"X": {"Fn::Sub": "${A.Arn}/${AWS::Region}"}}},
                "C": {"Type": "T", "DependsOn": ["B", "Nothing"], "Metadata": {"Of": {"Fn::GetAtt": ["A", "Arn"]}}},
            },
        });
        assert_eq!(told(&template, &[]), ["A <-", "B <- A", "C <- A B"]);
    }

    #[test]
    fn a_condition_that_is_known_decides_and_one_that_is_not_counts_as_true() {
        let template = json!({
            "Parameters": {"Size": {"Type": "String"}},
            "Conditions": {
                "Large": {"Fn::Equals": [{"Ref": "Size"}, "large"]},
                "Here": {"Fn::Equals": [{"Ref": "AWS::Region"}, "eu-central-1"]},
                "There": {"Fn::Not": [{"Condition": "Here"}]},
            },
            "Resources": {
                "Always": {"Type": "T", "Properties": {"X": {"Fn::If": ["Large", {"Ref": "OnlyLarge"}, 1]}}},
                "OnlyLarge": {"Type": "T", "Condition": "Large"},
                "OnlyThere": {"Type": "T", "Condition": "There"},
            },
        });
        assert_eq!(told(&template, &[("Size", "small")]), ["Always <-"]);
        assert_eq!(told(&template, &[]), ["Always <- OnlyLarge", "OnlyLarge <-"]);
    }

    #[test]
    fn loops_are_written_out() {
        let template = json!({
            "Transform": "AWS::LanguageExtensions",
            "Parameters": {"Zones": {"Type": "CommaDelimitedList"}},
            "Resources": {"Fn::ForEach::Each": ["Zone", {"Ref": "Zones"}, {"Subnet${Zone}": {"Type": "T"}}]},
        });
        assert_eq!(told(&template, &[("Zones", "a,b")]), ["Subneta <-", "Subnetb <-"]);
    }

    #[test]
    fn what_cannot_be_written_out_is_not_known() {
        let template = json!({
            "Transform": "AWS::LanguageExtensions",
            "Resources": {"Fn::ForEach::Each": ["Zone"]},
        });
        assert_eq!(contents(&template, &BTreeMap::new(), None), None);
        assert_eq!(contents(&json!([]), &BTreeMap::new(), None), None);
    }
}
