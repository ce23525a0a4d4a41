//! What parameters are bound to, once the stacks they refer to stand.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard};

use crate::engine::execute::Others;
use crate::model::{Binding, DesiredUnit, EnvironmentName, InstanceName, ObservedStack, Output};
use crate::plan::{ActionKind, Plan};

type Values = BTreeMap<String, String>;

/// The outputs of kept, finished and used instances.
pub(super) struct Outputs {
    own: Mutex<BTreeMap<InstanceName, Values>>,
    used: BTreeMap<(EnvironmentName, InstanceName), Values>,
}

impl Outputs {
    pub(super) fn new(plan: &Plan, others: &Others) -> Self {
        let kept = plan.actions.iter().filter(|action| action.action == ActionKind::Keep);
        let own = kept.filter_map(|action| {
            let outputs = action.observed.as_ref()?.outputs.clone();
            Some((action.instance.clone(), outputs))
        });
        Self { own: Mutex::new(own.collect()), used: used_outputs(others) }
    }

    /// An instance stands: others may refer to its outputs.
    pub(super) fn publish(&self, instance: &InstanceName, stack: &ObservedStack) {
        self.own().insert(instance.clone(), stack.outputs.clone());
    }

    /// Every parameter's value.
    ///
    /// # Errors
    /// The first reference whose stack has no such output.
    pub(super) fn resolve(&self, desired: &DesiredUnit) -> Result<Values, Output> {
        let resolve = |(name, binding): (&String, &Binding)| {
            let value = match binding.output() {
                Some(output) => binding.with_output(self.value(output).ok_or_else(|| output.clone())?),
                None => binding.known().unwrap_or_default(),
            };
            Ok((name.clone(), value))
        };
        desired.parameters.iter().map(resolve).collect()
    }

    fn value(&self, output: &Output) -> Option<String> {
        match &output.environment {
            None => self.own().get(&output.instance)?.get(&output.name).cloned(),
            Some(environment) => {
                let values = self.used.get(&(environment.clone(), output.instance.clone()))?;
                values.get(&output.name).cloned()
            }
        }
    }

    fn own(&self) -> MutexGuard<'_, BTreeMap<InstanceName, Values>> {
        self.own.lock().expect("no one panics while holding the outputs")
    }
}

/// The outputs of other environments' instances that stand.
pub(in crate::engine) fn used_outputs(others: &Others) -> BTreeMap<(EnvironmentName, InstanceName), Values> {
    let mut used = BTreeMap::new();
    for (environment, targets) in others {
        for stack in targets.values().flatten() {
            if let Some(identity) = stack.identity() {
                used.insert((environment.clone(), identity.instance), stack.outputs.clone());
            }
        }
    }
    used
}
