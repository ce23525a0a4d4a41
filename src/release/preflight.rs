//! What an environment would lack at another of its places, as far as that can be known from the source:
//! no cloud is asked.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::model::{Diagnostic, Diagnostics, InstanceName, SealedUnit, Target};
use crate::release::Assembly;

/// Names that no two resources can have, wherever they are: in the world, or in one account.
const GLOBAL_NAMES: [(&str, &str, bool); 6] = [
    ("AWS::S3::Bucket", "BucketName", true),
    ("AWS::IAM::Role", "RoleName", false),
    ("AWS::IAM::User", "UserName", false),
    ("AWS::IAM::Group", "GroupName", false),
    ("AWS::IAM::ManagedPolicy", "ManagedPolicyName", false),
    ("AWS::IAM::InstanceProfile", "InstanceProfileName", false),
];

/// Ids of things that are in one region and in no other.
const REGIONAL_IDS: [&str; 7] = ["ami-", "snap-", "vpc-", "subnet-", "sg-", "rtb-", "igw-"];

/// What stands in the way of `there`, which is the environment of `before` at another place. `lost` is
/// where `before` is.
///
/// - an address in the lost region: of a certificate, a key, an image, a queue;
/// - an id that is of the lost region: of a machine image, a network;
/// - a name that the lost place still has, and that there can be only once.
pub fn preflight(there: &Assembly, before: &Assembly, (lost, place): (&Target, &Target)) -> Diagnostics {
    let mut found = Vec::new();
    for unit in &there.units {
        let former = before.units.iter().find(|former| former.instance().unit == unit.instance().unit);
        if lost.region != place.region {
            let is_lost = |text: &str| is_in(text, lost.region.as_str());
            let former = former.map(|former| regional_ids(&texts(former))).unwrap_or_default();
            for (path, text) in texts(unit) {
                if is_lost(&text) || former.iter().any(|id| text.contains(id.as_str())) {
                    found.push(in_lost_region(unit.instance(), &path, &text, lost));
                }
            }
        }
        if let Some(former) = former.filter(|_| lost.provider == place.provider) {
            found.extend(taken_names(unit, former, lost.account == place.account));
        }
    }
    Diagnostics(found)
}

/// Every text that CloudFormation would get of a unit's resources and parameters, with its path.
/// (Mappings often have a row for each region, and only one of them is used.)
fn texts(unit: &SealedUnit) -> Vec<(String, String)> {
    let mut texts = Vec::new();
    collect(&unit.template.tree()["Resources"], "Resources", &mut texts);
    let known = unit.parameters.iter().filter_map(|(name, binding)| Some((name, binding.known()?)));
    texts.extend(known.map(|(name, value)| (format!("Parameters.{name}"), value)));
    texts
}

fn collect(value: &Value, path: &str, texts: &mut Vec<(String, String)>) {
    match value {
        Value::String(text) => texts.push((path.to_owned(), text.clone())),
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                collect(item, &format!("{path}.{index}"), texts);
            }
        }
        Value::Object(fields) => {
            fields.iter().for_each(|(key, value)| collect(value, &format!("{path}.{key}"), texts))
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// Whether a text is, or holds, an address in a region.
fn is_in(text: &str, region: &str) -> bool {
    let in_arn = text.split("arn:").skip(1).any(|arn| arn.split(':').nth(2) == Some(region));
    in_arn || [".", "-"].iter().any(|before| text.contains(&format!("{before}{region}.amazonaws.com")))
}

/// The ids in these texts that are of one region only.
fn regional_ids(texts: &[(String, String)]) -> BTreeSet<String> {
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '-';
    let words = texts.iter().flat_map(|(_, text)| text.split(move |c: char| !is_word(c)));
    let is_id = |word: &&str| {
        REGIONAL_IDS
            .iter()
            .filter_map(|prefix| word.strip_prefix(prefix))
            .any(|rest| rest.len() >= 8 && rest.chars().all(|c| c.is_ascii_hexdigit()))
    };
    words.filter(is_id).map(str::to_owned).collect()
}

fn in_lost_region(instance: &InstanceName, path: &str, text: &str, lost: &Target) -> Diagnostic {
    let message = format!("`{instance}` names what is in {}, at `{path}`: `{text}`", lost.region);
    Diagnostic::error("in-lost-region", message).hint(format!(
        "give it a value for `{}` below `overrides` in `stacks/{}.yaml`, or take it from `lock` or from another unit",
        instance.target, instance.unit
    ))
}

/// Names that are written out, are the same as before, and can be given only once.
fn taken_names(unit: &SealedUnit, former: &SealedUnit, same_account: bool) -> Vec<Diagnostic> {
    let (template, before) = (unit.template.tree(), former.template.tree());
    let resources = template["Resources"].as_object().into_iter().flatten();
    let taken = resources.filter_map(|(logical_id, resource)| {
        let kind = resource["Type"].as_str()?;
        let (_, property, _) =
            GLOBAL_NAMES.iter().find(|(of, _, everywhere)| *of == kind && (*everywhere || same_account))?;
        let name = resource["Properties"][property].as_str()?;
        (before["Resources"][logical_id]["Properties"][property] == name)
            .then(|| taken_name(unit.instance(), (logical_id, kind), (property, name)))
    });
    taken.collect()
}

fn taken_name(
    instance: &InstanceName,
    (id, kind): (&str, &str),
    (property, name): (&str, &str),
) -> Diagnostic {
    let message = format!(
        "`{instance}` wants the name `{name}` for `{id}` ({kind}), which the lost place has: there can be one such name only"
    );
    Diagnostic::error("name-is-taken", message).hint(format!(
        "put the target into `{property}`, for example with `${{AWS::Region}}`, or leave the property out"
    ))
}
