//! Templates as CloudFormation sees them: with the loops of `AWS::LanguageExtensions` written out, as
//! far as values are known while planning.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use crate::language::decide;
use crate::language::expand::{Unknown, expand};
use crate::language::parameters::Parameter;
use crate::language::{Facts, transforms};
use crate::model::{DesiredUnit, ObservedStack, StackName, Target};
use crate::plan::PlannedValue;
use crate::plan::replacement::Side;
use crate::plan::values::MASKED;

/// The template with its loops written out over these parameter values (those not in it are not
/// known) at the place of `stack`. A loop over something that is not known stays as it is, and a
/// template that cannot be expanded does: CloudFormation will say why.
pub(super) fn expanded<'t>(
    template: &'t Value,
    values: &BTreeMap<String, String>,
    stack: Option<&ObservedStack>,
) -> Cow<'t, Value> {
    expanded_at(template, values, stack.map(place).unwrap_or_default())
}

/// The same, with what is known of the place where the stack stands or will stand.
pub(super) fn expanded_at<'t>(
    template: &'t Value,
    values: &BTreeMap<String, String>,
    place: BTreeMap<&'static str, Value>,
) -> Cow<'t, Value> {
    let Some(root) = template.as_object().filter(|root| transforms::is_extended(root)) else {
        return Cow::Borrowed(template);
    };
    match expand(root, &facts(root, values, place), Unknown::Keep) {
        Ok(expansion) => Cow::Owned(Value::Object(expansion.template)),
        Err(_) => Cow::Borrowed(template),
    }
}

/// Which conditions of a template hold with these parameter values at the place of `stack`; `None`
/// for those that hang on a value that is not known. Empty where they cannot be decided at all.
pub(super) fn decided(
    template: &Value,
    values: &BTreeMap<String, String>,
    stack: &ObservedStack,
) -> BTreeMap<String, Option<bool>> {
    let Some(root) = template.as_object() else { return BTreeMap::new() };
    let conditions = root.get("Conditions").and_then(Value::as_object);
    let decided = conditions.map(|conditions| decide(conditions, &facts(root, values, place(stack))));
    decided.and_then(Result::ok).unwrap_or_default()
}

/// What is known of the values of a stack that is made of this template, written out, with these parameter
/// values at this place. Conditions that cannot be decided are not known.
pub(super) fn facts_at(
    template: &Value,
    values: &BTreeMap<String, String>,
    place: BTreeMap<&'static str, Value>,
) -> Facts {
    let empty = Map::new();
    let root = template.as_object().unwrap_or(&empty);
    let facts = facts(root, values, place);
    let conditions = root.get("Conditions").and_then(Value::as_object);
    let decided = conditions.map(|conditions| decide(conditions, &facts)).and_then(Result::ok);
    Facts { conditions: decided.unwrap_or_default(), ..facts }
}

/// A template with its loops written out, and what is known of its values.
pub(super) struct Written<'t> {
    pub template: Cow<'t, Value>,
    pub facts: Facts,
}

impl Written<'_> {
    pub(super) fn side(&self) -> Side<'_> {
        Side { template: &self.template, facts: self.facts.clone(), open: BTreeSet::new() }
    }
}

/// A template over these parameter values, where the pseudo parameters have those.
pub(super) fn written<'t>(
    template: &'t Value,
    values: &BTreeMap<String, String>,
    place: BTreeMap<&'static str, Value>,
) -> Written<'t> {
    let template = expanded_at(template, values, place.clone());
    let facts = facts_at(&template, values, place);
    Written { template, facts }
}

/// What is known of a template's values: parameters, pseudo parameters, mappings and conditions.
pub(super) fn known_facts(
    template: &Value,
    values: &BTreeMap<String, String>,
    stack: &ObservedStack,
    conditions: BTreeMap<String, Option<bool>>,
) -> Facts {
    let empty = Map::new();
    let root = template.as_object().unwrap_or(&empty);
    Facts { conditions, ..facts(root, values, place(stack)) }
}

fn facts(
    root: &Map<String, Value>,
    values: &BTreeMap<String, String>,
    place: BTreeMap<&'static str, Value>,
) -> Facts {
    let section = |name: &str| root.get(name).and_then(Value::as_object);
    let parameters = section("Parameters").into_iter().flatten().map(|(name, declared)| {
        let parameter: Option<Parameter> = serde_json::from_value(declared.clone()).ok();
        let value = values.get(name).and_then(|text| parameter?.read(text));
        (name.clone(), value)
    });
    Facts {
        parameters: parameters.collect(),
        pseudo: place,
        mappings: section("Mappings").cloned().unwrap_or_default(),
        conditions: BTreeMap::new(),
    }
}

/// The logical ids of a unit's resources with the values that the source gives; `None` where some
/// hang on values that are known later.
pub fn logical_ids(unit: &DesiredUnit) -> Option<BTreeSet<String>> {
    let literals =
        unit.parameters.iter().filter_map(|(name, binding)| Some((name.clone(), binding.given()?)));
    let template = unit.template.tree();
    let template = expanded(&template, &literals.collect(), None);
    let resources = template.get("Resources").and_then(Value::as_object)?;
    let is_open = resources.keys().any(|key| transforms::is_loop(key));
    (!is_open).then(|| resources.keys().cloned().collect())
}

/// The pseudo parameters of a stack that is to be made there.
pub(super) fn place_of(target: &Target, stack: &StackName) -> BTreeMap<&'static str, Value> {
    BTreeMap::from([
        ("AWS::AccountId", json!(target.account)),
        ("AWS::Partition", json!(target.region.partition())),
        ("AWS::Region", json!(target.region)),
        ("AWS::StackName", json!(stack)),
    ])
}

/// The pseudo parameters that a stack's ARN (`arn:PARTITION:cloudformation:REGION:ACCOUNT:...`) tells.
pub(super) fn place(stack: &ObservedStack) -> BTreeMap<&'static str, Value> {
    let mut parts = stack.id.split(':').skip(1);
    let mut place = BTreeMap::from([("AWS::StackName", json!(stack.name))]);
    if let (Some(partition), Some(_), Some(region), Some(account)) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    {
        place.insert("AWS::Partition", json!(partition));
        place.insert("AWS::Region", json!(region));
        place.insert("AWS::AccountId", json!(account));
    }
    place
}

/// The values a stack has, as far as they can be read.
pub(super) fn readable(stack: &ObservedStack) -> BTreeMap<String, String> {
    let readable = stack.parameters.iter().filter(|(_, value)| *value != MASKED);
    readable.map(|(name, value)| (name.clone(), value.clone())).collect()
}

/// The values a stack will have, as far as they are known.
pub(super) fn known(values: &BTreeMap<String, PlannedValue>) -> BTreeMap<String, String> {
    let known = values.iter().filter_map(|(name, value)| match value {
        PlannedValue::Known(text) => Some((name.clone(), text.clone())),
        PlannedValue::Secret | PlannedValue::Unknown(_) | PlannedValue::Removed => None,
    });
    known.collect()
}
