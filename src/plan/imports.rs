//! Exports in use: who imports must go before who exports, and a stack of somebody else's that imports
//! keeps ours from going.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{InstanceName, StackName};
use crate::plan::foreseen::foreseen;
use crate::plan::graph::Graph;
use crate::plan::inventory::Inventory;
use crate::plan::{Observation, Obstacle};

/// The names under which stacks export outputs, by stack id (ARN), of those whose template was fetched.
pub fn exported(observation: &Observation) -> BTreeMap<String, BTreeSet<String>> {
    let stacks = observation.stacks.values().flatten();
    let exports = stacks.filter_map(|stack| {
        let template = observation.templates.get(&stack.id)?;
        Some((stack.id.clone(), foreseen(template, stack).exports))
    });
    exports.filter(|(_, names)| !names.is_empty()).collect()
}

/// Stacks that import from ours and are none of ours, by the instance that exports.
pub(super) type Foreign = BTreeMap<InstanceName, Vec<(String, String)>>;

/// Adds to `needs` that whoever imports needs whoever exports. Gives the importers that are not of this
/// environment.
pub(super) fn add_imports(
    needs: &mut Graph,
    inventory: &Inventory<'_>,
    observation: &Observation,
) -> Foreign {
    let mut foreign = Foreign::new();
    for (exporter, standing) in &inventory.standing {
        for (export, importers) in observation.importers.get(&standing.stack.id).into_iter().flatten() {
            for importer in importers {
                let ours = inventory.standing.iter().find(|(other, candidate)| {
                    other.target == exporter.target && candidate.stack.name == *importer
                });
                match ours {
                    Some((ours, _)) => {
                        needs.entry(ours.clone()).or_default().insert(exporter.clone());
                    }
                    None => {
                        let found = foreign.entry(exporter.clone()).or_default();
                        found.push((export.clone(), importer.clone()));
                    }
                }
            }
        }
    }
    foreign
}

/// What stands in the way of deleting `instance`.
pub(super) fn obstacles<'f>(
    foreign: &'f Foreign,
    instance: &'f InstanceName,
    stack: &'f StackName,
) -> impl Iterator<Item = Obstacle> + 'f {
    foreign.get(instance).into_iter().flatten().map(|(export, importer)| Obstacle::ExportInUse {
        instance: instance.clone(),
        stack: stack.to_string(),
        export: export.clone(),
        importer: importer.clone(),
    })
}
