//! Parameter values as far as they are known while planning.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::model::{Binding, BuiltImage, DesiredUnit, InstanceName, ObservedStack, Output, Repository};
use crate::plan::inventory::Inventory;
use crate::plan::{ActionKind, Observation, Obstacle, ParameterChange, PlannedAction, PlannedValue};

/// Where values come from: what stands, and what was already decided about it.
pub(super) struct Values<'a> {
    pub inventory: &'a Inventory<'a>,
    pub observation: &'a Observation,
    /// Decisions so far; providers were decided before their dependants.
    pub decided: &'a BTreeMap<InstanceName, PlannedAction>,
}

impl Values<'_> {
    /// The value of every parameter of `unit`. An output that cannot come to exist is an obstacle.
    pub(super) fn of(
        &self,
        unit: &DesiredUnit,
        obstacles: &mut Vec<Obstacle>,
    ) -> BTreeMap<String, PlannedValue> {
        let mut values = BTreeMap::new();
        for (name, binding) in &unit.parameters {
            let value = match binding {
                _ if unit.secret_parameters.contains(name) => PlannedValue::Secret,
                Binding::Secret(_) => PlannedValue::Secret,
                Binding::Literal(text) => PlannedValue::Known(text.clone()),
                Binding::Output(output)
                | Binding::Image(BuiltImage { repository: Repository::Output(output), .. }) => {
                    match self.output(output) {
                        Some(PlannedValue::Known(value)) => PlannedValue::Known(binding.with_output(value)),
                        Some(value) => value,
                        None => {
                            let (instance, parameter) = (unit.instance().clone(), name.clone());
                            let output = output.clone();
                            obstacles.push(Obstacle::OutputMissing { instance, parameter, output });
                            continue;
                        }
                    }
                }
                Binding::Image(BuiltImage { repository: Repository::Literal(name), manifest }) => {
                    PlannedValue::Known(format!("{name}@{manifest}"))
                }
            };
            values.insert(name.clone(), value);
        }
        values
    }

    /// The output's value; unknown when its stack is going to change; `None` when its stack stays
    /// as it is and has no such output.
    fn output(&self, output: &Output) -> Option<PlannedValue> {
        let known =
            |stack: &Arc<ObservedStack>| stack.outputs.get(&output.name).cloned().map(PlannedValue::Known);
        if let Some(environment) = &output.environment {
            let stacks = self.observation.others.get(environment)?.get(&output.instance.target)?;
            let owner = |stack: &&Arc<ObservedStack>| {
                stack.identity().is_some_and(|identity| {
                    identity.project == *self.inventory.project
                        && identity.environment == *environment
                        && identity.instance == output.instance
                })
            };
            return stacks.iter().find(owner).and_then(known);
        }
        let decided = self.decided.get(&output.instance);
        if decided.is_some_and(|action| may_change(action, &output.name)) {
            return Some(PlannedValue::Unknown(output.clone()));
        }
        match self.inventory.standing.get(&output.instance) {
            Some(standing) if decided.is_some() => known(standing.stack),
            // An obstacle of its own already tells why there is no decision about the provider.
            _ => Some(PlannedValue::Unknown(output.clone())),
        }
    }
}

/// Whether an output may come out otherwise than it stands.
fn may_change(action: &PlannedAction, output: &str) -> bool {
    match action.action {
        ActionKind::Keep => false,
        ActionKind::Update => action.changing_outputs.contains(output),
        ActionKind::Create | ActionKind::Replace | ActionKind::Delete => true,
    }
}

/// The parameters whose values differ from what reads back, or may come to differ. Secret ones are
/// left out: their bindings are part of the unit digest, and their values are nobody's business.
pub(super) fn changes(
    stack: Option<&ObservedStack>,
    values: &BTreeMap<String, PlannedValue>,
) -> Vec<ParameterChange> {
    let empty = BTreeMap::new();
    let now = stack.map_or(&empty, |stack| &stack.parameters);
    let mut changes = Vec::new();
    for (name, to) in values {
        let from = now.get(name);
        let differs = match to {
            PlannedValue::Known(value) => from != Some(value),
            PlannedValue::Secret => from.is_none(),
            PlannedValue::Unknown(_) | PlannedValue::Removed => true,
        };
        if differs {
            let secret = *to == PlannedValue::Secret || from.is_some_and(|value| value == MASKED);
            let from = from.filter(|_| !secret).cloned();
            changes.push(ParameterChange { name: name.clone(), from, to: to.clone() });
        }
    }
    for name in now.keys().filter(|name| !values.contains_key(*name)) {
        changes.push(ParameterChange { name: name.clone(), from: None, to: PlannedValue::Removed });
    }
    changes
}

/// What a `NoEcho` parameter reads back as (CloudFormation API reference, `Parameter`).
pub const MASKED: &str = "****";
