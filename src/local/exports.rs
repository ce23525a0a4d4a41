//! The exports of one account and region, who owns them and who imports them.

use std::collections::{BTreeMap, BTreeSet};

use crate::local::stack::Stack;

/// The exports of one account and region.
#[derive(Debug, Default)]
pub struct Exports {
    values: BTreeMap<String, String>,
    owners: BTreeMap<String, String>,
    importers: BTreeMap<String, BTreeSet<String>>,
    known: BTreeMap<String, StackExports>,
}

impl Exports {
    /// Values by export name.
    pub fn values(&self) -> &BTreeMap<String, String> {
        &self.values
    }

    /// The ARN of the stack that owns an export.
    pub fn owner(&self, name: &str) -> Option<&str> {
        self.owners.get(name).map(String::as_str)
    }

    /// The name of a stack that imports an export.
    pub fn importer(&self, name: &str) -> Option<&str> {
        self.importers(name).next()
    }

    /// The names of all stacks that import an export.
    pub fn importers(&self, name: &str) -> impl Iterator<Item = &str> {
        self.importers.get(name).into_iter().flatten().filter_map(|id| id.split('/').nth(1))
    }

    /// Takes a stack's exports and imports in, in place of what was known of it.
    pub fn update(&mut self, stack: &Stack) {
        let before = self.known.remove(&stack.id).unwrap_or_default();
        for name in before.exported.keys() {
            self.owners.remove(name);
            self.values.remove(name);
        }
        for name in &before.imported {
            if let Some(importers) = self.importers.get_mut(name) {
                importers.remove(&stack.id);
            }
            if self.importers.get(name).is_some_and(BTreeSet::is_empty) {
                self.importers.remove(name);
            }
        }
        let now = StackExports::of(stack);
        for (name, value) in &now.exported {
            self.owners.insert(name.clone(), stack.id.clone());
            self.values.insert(name.clone(), value.clone());
        }
        for name in &now.imported {
            self.importers.entry(name.clone()).or_default().insert(stack.id.clone());
        }
        if !(now.exported.is_empty() && now.imported.is_empty()) {
            self.known.insert(stack.id.clone(), now);
        }
    }
}

/// What one stack exports and imports.
#[derive(Debug, Default)]
pub struct StackExports {
    /// Values by export name.
    pub exported: BTreeMap<String, String>,
    /// Names of exports.
    pub imported: BTreeSet<String>,
}

impl StackExports {
    /// What `stack` exports and imports now.
    pub fn of(stack: &Stack) -> Self {
        let exported = stack
            .outputs
            .values()
            .filter_map(|output| output.export.as_ref().map(|name| (name.clone(), output.value.clone())));
        let mut imported: BTreeSet<String> =
            stack.resources.values().flat_map(|resource| resource.imports.iter().cloned()).collect();
        imported.extend(stack.output_imports.iter().cloned());
        Self { exported: exported.collect(), imported }
    }
}
