//! Brings the lock up to date: adds what is missing; refreshes and forgets only when asked to.

use std::collections::BTreeSet;
use std::fmt;

use serde_json::Value;

use crate::manifest::lock::{FactError, FactName, FactProvider, Lock};
use crate::manifest::project::Project;

/// One difference between the old lock and the new one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LockChange {
    /// It was not locked before.
    Added(FactName),
    /// It was looked up again and the answer is another.
    Changed(FactName),
    /// Nothing needs it any more.
    Removed(FactName),
    /// Nothing needs it any more; it stays until an update is asked for.
    Unused(FactName),
}

impl fmt::Display for LockChange {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Added(fact) => write!(formatter, "added {fact}"),
            Self::Changed(fact) => write!(formatter, "changed {fact}"),
            Self::Removed(fact) => write!(formatter, "removed {fact}"),
            Self::Unused(fact) => write!(formatter, "unused {fact} (forgotten by `rekindle lock --update`)"),
        }
    }
}

/// A lock brought up to date.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LockUpdate {
    /// The new lock.
    pub lock: Lock,
    /// How it differs from the old one; only [`LockChange::Unused`] when the text stays the same.
    pub changes: Vec<LockChange>,
}

impl LockUpdate {
    /// Puts in a fact that a person has looked up.
    pub fn state(&mut self, fact: FactName, value: Value) {
        match self.lock.facts.insert(fact.clone(), value.clone()) {
            None => self.changes.push(LockChange::Added(fact)),
            Some(old) if old != value => self.changes.push(LockChange::Changed(fact)),
            Some(_) => {}
        }
    }
}

/// Brings the lock of `project` up to date. Without `refresh` a fact that is locked stays as it
/// is; with it, facts are looked up again (published templates never change) and those that
/// nothing needs are forgotten.
///
/// # Errors
/// A provider could not answer; the lock stays as it was.
pub async fn update(
    project: &Project,
    providers: &[&dyn FactProvider],
    refresh: bool,
) -> Result<LockUpdate, FactError> {
    let mut lock = project.lock.clone();
    let mut changes = Vec::new();
    for provider in providers {
        let wanted: BTreeSet<FactName> = provider.wanted(project).into_iter().collect();
        for fact in &wanted {
            let locked = lock.facts.contains_key(fact);
            if locked && (!refresh || provider.is_fixed()) {
                continue;
            }
            let value = provider.look_up(project, fact).await?;
            match lock.facts.insert(fact.clone(), value.clone()) {
                None => changes.push(LockChange::Added(fact.clone())),
                Some(old) if old != value => changes.push(LockChange::Changed(fact.clone())),
                Some(_) => {}
            }
        }
        forget(&mut lock, provider.name(), &wanted, refresh, &mut changes);
    }
    changes.sort();
    Ok(LockUpdate { lock, changes })
}

fn forget(
    lock: &mut Lock,
    provider: &str,
    wanted: &BTreeSet<FactName>,
    refresh: bool,
    changes: &mut Vec<LockChange>,
) {
    let is_unused = |fact: &FactName| fact.provider == provider && !wanted.contains(fact);
    let unused: Vec<FactName> = lock.facts.keys().filter(|fact| is_unused(fact)).cloned().collect();
    for fact in unused {
        if refresh {
            lock.facts.remove(&fact);
            changes.push(LockChange::Removed(fact));
        } else {
            changes.push(LockChange::Unused(fact));
        }
    }
}
