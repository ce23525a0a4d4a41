//! Which names a template uses, and who needs whom.

use std::collections::{BTreeMap, BTreeSet};

/// What the walk over all functions remembers.
#[derive(Debug, Default)]
pub(in crate::lint) struct Uses<'a> {
    pub(in crate::lint) parameters: BTreeSet<&'a str>,
    pub(in crate::lint) conditions: BTreeSet<&'a str>,
    pub(in crate::lint) mappings: BTreeSet<&'a str>,
    /// Whether a mapping was named by a function: any of them may be meant.
    pub(in crate::lint) any_mapping: bool,
    /// Of each resource, the resources that must exist before it.
    pub(in crate::lint) resource_needs: Needs<'a>,
    /// Of each condition, the conditions it is made of.
    pub(in crate::lint) condition_needs: Needs<'a>,
}

/// Of each name, the names it needs.
pub(in crate::lint) type Needs<'a> = BTreeMap<&'a str, BTreeSet<&'a str>>;
