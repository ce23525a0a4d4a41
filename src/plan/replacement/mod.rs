//! Which resources an update replaces, told from the catalogue without asking AWS.
//!
//! | file | holds |
//! |---|---|
//! | `side` | a template with what is known of its values |
//! | `own` | what a resource's own differences lead to |
//! | `dependants` | what follows for resources of the same stack that refer to it |
//! | `consequence` | what becomes of the old physical resource and what it holds |
//! | `refused` | which AWS refuses |
//! | `output` | which outputs may come out otherwise |
//!
//! May not decide whether an update is carried out.

mod consequence;
mod dependants;
mod output;
mod own;
mod refused;
mod side;

use std::collections::{BTreeMap, BTreeSet};

use crate::catalogue::{self, published_name};
use crate::language::stack_policy::StackPolicy;
use crate::model::{Change, ChangeAction, Replacement};

pub(super) use consequence::removal;
pub use consequence::{Cause, Consequence, Fate};
pub use refused::{Refusal, RefusedChange};
pub(super) use side::Side;

/// What an update does beyond its differences.
#[derive(Debug, Default)]
pub(super) struct Effects {
    /// What becomes of resources that go or are replaced.
    pub consequences: Vec<Consequence>,
    /// Changes that AWS refuses.
    pub refused: Vec<RefusedChange>,
    /// Outputs that come out, or may come out, otherwise.
    pub outputs: BTreeSet<String>,
}

/// Completes the differences between two templates: whether each replaces, and which other resources
/// of the stack change because they refer to one that does. `policy` is the stack's.
pub(super) fn effects(
    before: &Side<'_>,
    after: &Side<'_>,
    policy: Option<&StackPolicy>,
    changes: &mut Vec<Change>,
) -> Effects {
    for change in changes.iter_mut() {
        own::judge(change, before, after);
    }
    let nominal = dependants::follow(after, changes);
    let outputs = output::changing(before, after, changes);
    let is_real = |change: &&Change| !nominal.contains(&change.logical_id);
    let refused = changes.iter().filter(is_real);
    let refused = refused.flat_map(|change| refused::of(change, before, after, policy)).collect();
    let consequences = changes.iter().filter(is_real);
    let consequences = consequences.filter_map(|change| consequence::of(change, before, after)).collect();
    Effects { consequences, refused, outputs }
}

/// The resources that a change of the stack touches, by what it does to their identity.
struct Touched<'c> {
    by_id: BTreeMap<&'c str, Touch>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Touch {
    /// What `Ref` gives will be another value, or come to exist or cease to.
    Identity,
    /// It may.
    Perhaps,
    /// Changed in place: attributes may differ, its identity does not.
    InPlace,
}

impl<'c> Touched<'c> {
    fn by(changes: &'c [Change]) -> Self {
        let touch = |change: &'c Change| {
            let touch = match (change.action, change.replacement) {
                (ChangeAction::Modify, Some(Replacement::Never)) => Touch::InPlace,
                (ChangeAction::Modify, Some(Replacement::Conditional) | None) => Touch::Perhaps,
                (ChangeAction::Dynamic, _) => Touch::Perhaps,
                _ => Touch::Identity,
            };
            (change.logical_id.as_str(), touch)
        };
        Self { by_id: changes.iter().map(touch).collect() }
    }

    /// Whether what `Ref` of a resource gives may change.
    fn identity(&self, logical_id: &str) -> bool {
        self.identity_if(logical_id).is_some()
    }

    /// Likewise, and whether it surely does.
    fn identity_if(&self, logical_id: &str) -> Option<bool> {
        match self.by_id.get(logical_id)? {
            Touch::Identity => Some(true),
            Touch::Perhaps => Some(false),
            Touch::InPlace => None,
        }
    }

    /// Whether an attribute may change. `None` says that it does not although CloudFormation will
    /// announce it: an identifier of a resource that is changed in place.
    fn attribute(&self, logical_id: &str, resource_type: &str, attribute: &str) -> Option<bool> {
        match self.by_id.get(logical_id) {
            None => Some(false),
            Some(Touch::Identity | Touch::Perhaps) => Some(true),
            Some(Touch::InPlace) if is_identifier(resource_type, attribute) => None,
            Some(Touch::InPlace) => Some(true),
        }
    }
}

/// Whether an attribute is part of what makes a physical resource that one: it cannot change while
/// the resource stays.
fn is_identifier(resource_type: &str, attribute: &str) -> bool {
    let known = catalogue::resource_type(published_name(resource_type));
    known.is_some_and(|known| known.primary_identifier.iter().any(|path| path.to_string() == attribute))
        || ["Arn", "ARN", "Id"].iter().any(|ending| attribute.ends_with(ending))
}
