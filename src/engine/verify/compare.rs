//! Compares one desired unit with its stack, as far as that takes no call. Pure.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::engine::verify::Difference;
use crate::model::unit::strip_additions;
use crate::model::{Binding, Digest, EnvironmentName, InstanceName, ObservedStack, Output, SealedUnit};

/// Outputs of every stack that references may mean.
pub(super) struct References {
    pub(super) own: BTreeMap<InstanceName, BTreeMap<String, String>>,
    pub(super) used: BTreeMap<(EnvironmentName, InstanceName), BTreeMap<String, String>>,
}

impl References {
    fn value(&self, output: &Output) -> Option<String> {
        let outputs = match &output.environment {
            None => self.own.get(&output.instance),
            Some(environment) => self.used.get(&(environment.clone(), output.instance.clone())),
        };
        outputs?.get(&output.name).cloned()
    }
}

/// What DescribeStacks alone shows to differ.
pub(super) fn compare(
    desired: &SealedUnit,
    stack: &ObservedStack,
    references: &References,
) -> Vec<Difference> {
    let mut differences = Vec::new();
    if !stack.status.is_healthy() && !is_restored(stack) {
        differences.push(Difference::Status { status: stack.status.clone() });
    }
    let expected = desired.digest();
    match stack.facts() {
        None => differences.push(Difference::NoFacts),
        Some(facts) if facts.unit != expected => {
            differences.push(Difference::Unit { expected, actual: facts.unit });
        }
        Some(_) => {}
    }
    differences.extend(parameters(desired, stack, references));
    differences.extend(tags(desired, stack));
    if stack.termination_protection != desired.termination_protection {
        differences.push(Difference::TerminationProtection { expected: desired.termination_protection });
    }
    differences
}

/// A stack that was rolled back stands as it did before; whether that is what the source says, its
/// digest tells.
fn is_restored(stack: &ObservedStack) -> bool {
    matches!(
        stack.status,
        crate::model::StackStatus::UpdateRollbackComplete | crate::model::StackStatus::ImportRollbackComplete
    )
}

fn parameters(desired: &SealedUnit, stack: &ObservedStack, references: &References) -> Vec<Difference> {
    let mut differences = Vec::new();
    let names: BTreeSet<&String> = desired.parameters.keys().chain(stack.parameters.keys()).collect();
    for name in names.into_iter().filter(|name| !desired.secret_parameters.contains(*name)) {
        let binding = desired.parameters.get(name);
        let expected = match binding.and_then(|binding| Some((binding, binding.output()?))) {
            Some((binding, output)) => match references.value(output) {
                None => {
                    let (name, output) = (name.clone(), output.clone());
                    differences.push(Difference::Unresolved { name, output });
                    continue;
                }
                Some(value) => Some(binding.with_output(value)),
            },
            None => binding.and_then(Binding::known),
        };
        let actual = stack.parameters.get(name).cloned();
        if expected != actual {
            differences.push(Difference::Parameter { name: name.clone(), expected, actual });
        }
    }
    differences
}

/// Tags that AWS itself puts on stacks (`aws:...`) are nobody's difference.
fn tags(desired: &SealedUnit, stack: &ObservedStack) -> Vec<Difference> {
    let expected = desired.all_tags();
    let keys: BTreeSet<&String> = expected.keys().chain(stack.tags.keys()).collect();
    keys.into_iter()
        .filter(|key| !key.starts_with("aws:") && expected.get(*key) != stack.tags.get(*key))
        .map(|key| Difference::Tag {
            key: key.clone(),
            expected: expected.get(key).cloned(),
            actual: stack.tags.get(key).cloned(),
        })
        .collect()
}

/// Compares the deployed template, as it came back, with the source's.
pub(super) fn template(desired: &SealedUnit, text: &str) -> Option<Difference> {
    let expected = Digest::of_canonical(TEMPLATE, desired.template.text().as_bytes());
    let actual = serde_json::from_str::<Value>(text).ok().map(|mut template| {
        strip_additions(&mut template);
        Digest::of_value(TEMPLATE, &template)
    });
    (actual != Some(expected)).then_some(Difference::Template { expected, actual })
}

/// What a digest over a template alone is marked with.
const TEMPLATE: &str = "rekindle/template/1";
