//! What the accounts hold beyond what one stack knows: names that are taken, and things that no
//! stack owns any more.
//!
//! May not decide what a name in use leads to: operations do.

mod name;
mod orphan;

use std::collections::{BTreeMap, BTreeSet};

use crate::local::operation::{StepState, Task};
use crate::local::place::Place;
use crate::local::resource::Resource;
use crate::local::stack::Stack;

use name::Name;
pub use orphan::{Origin, Orphan, OrphanKey};

/// Who has a name.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Holder {
    /// A resource of a stack.
    Stack { id: String, logical_id: String },
    /// A thing without a stack.
    Orphan(OrphanKey),
}

/// Names and orphans of every account.
#[derive(Debug, Default)]
pub struct Inventory {
    names: BTreeMap<Name, Holder>,
    orphans: BTreeMap<OrphanKey, Orphan>,
    /// Orphans that came, changed or went since they were stored.
    dirty: BTreeSet<OrphanKey>,
}

impl Inventory {
    /// What these stacks and orphans hold.
    pub fn new<'a>(stacks: impl Iterator<Item = &'a Stack>, orphans: Vec<Orphan>) -> Self {
        let mut inventory = Self::default();
        for stack in stacks {
            for (logical_id, resource) in held(stack) {
                inventory.claim(&stack.place, &stack.id, logical_id, resource);
            }
        }
        for orphan in orphans {
            inventory.take_in(orphan);
        }
        inventory.dirty.clear();
        inventory
    }

    /// Who has the name that this resource wants, in the words of a refusal.
    pub fn conflict(
        &self,
        place: &Place,
        stack: &str,
        logical_id: &str,
        wanted: &Resource,
    ) -> Option<String> {
        let name = Name::of(place, wanted)?;
        match self.names.get(&name)? {
            Holder::Stack { id, logical_id: other } if id == stack && other == logical_id => None,
            Holder::Stack { id, .. } if place.owns(id) => {
                Some(format!("{} already exists in stack {id}", name.text))
            }
            _ => Some(format!(
                "Resource of type '{}' with identifier '{}' already exists. (HandlerErrorCode: AlreadyExists)",
                wanted.resource_type, name.text
            )),
        }
    }

    /// Gives a resource the name it wants. A name that somebody has stays theirs.
    pub fn claim(&mut self, place: &Place, stack: &str, logical_id: &str, resource: &Resource) {
        if let Some(name) = Name::of(place, resource) {
            let holder = Holder::Stack { id: stack.to_owned(), logical_id: logical_id.to_owned() };
            self.names.entry(name).or_insert(holder);
        }
    }

    /// Frees the name of a resource that is gone.
    pub fn release(&mut self, place: &Place, stack: &str, logical_id: &str, resource: &Resource) {
        let holder = Holder::Stack { id: stack.to_owned(), logical_id: logical_id.to_owned() };
        if let Some(name) = Name::of(place, resource)
            && self.names.get(&name) == Some(&holder)
        {
            self.names.remove(&name);
        }
    }

    /// Keeps something that its stack no longer owns. It keeps its name.
    pub fn take_in(&mut self, orphan: Orphan) {
        let key = orphan.key();
        if let Some(name) = Name::of(&orphan.place, &orphan.resource) {
            self.names.insert(name, Holder::Orphan(key.clone()));
        }
        self.dirty.insert(key.clone());
        self.orphans.insert(key, orphan);
    }

    /// Takes an orphan out: a stack imports it, or somebody deletes it.
    pub fn take_out(&mut self, key: &OrphanKey) -> Option<Orphan> {
        let orphan = self.orphans.remove(key)?;
        if let Some(name) = Name::of(&orphan.place, &orphan.resource)
            && self.names.get(&name) == Some(&Holder::Orphan(key.clone()))
        {
            self.names.remove(&name);
        }
        self.dirty.insert(key.clone());
        Some(orphan)
    }

    /// The orphan of this key.
    pub fn orphan(&self, key: &OrphanKey) -> Option<&Orphan> {
        self.orphans.get(key)
    }

    /// The orphans of a place.
    pub fn orphans<'a>(&'a self, place: &'a Place) -> impl Iterator<Item = &'a Orphan> {
        self.orphans.values().filter(move |orphan| orphan.place == *place)
    }

    /// Orphans that are not stored as they are; `None` for those that are gone. They count as
    /// stored from now on.
    pub fn take_dirty(&mut self) -> Vec<(OrphanKey, Option<Orphan>)> {
        let dirty = std::mem::take(&mut self.dirty);
        dirty.into_iter().map(|key| (key.clone(), self.orphans.get(&key).cloned())).collect()
    }

    /// Whether anything is not stored.
    pub fn is_dirty(&self) -> bool {
        !self.dirty.is_empty()
    }

    /// Takes back what could not be stored.
    pub fn give_back<'a>(&mut self, keys: impl Iterator<Item = &'a OrphanKey>) {
        self.dirty.extend(keys.cloned());
    }
}

/// Every physical resource of a stack, those under way and those about to go included.
fn held(stack: &Stack) -> impl Iterator<Item = (&String, &Resource)> {
    let operation = stack.operation.iter().chain(&stack.suspended);
    let leftovers = operation.clone().flat_map(|operation| &operation.leftovers);
    let under_way = operation.flat_map(|operation| &operation.steps).filter_map(|(logical_id, step)| {
        let StepState::Running { task, .. } = &step.state else { return None };
        match &**task {
            Task::Create(resource) | Task::Replace(resource) => Some((logical_id, resource)),
            _ => None,
        }
    });
    stack.resources.iter().chain(leftovers).chain(under_way)
}
