//! `rekindle.lock`: outside facts, resolved once and reviewed in a diff.
//!
//! May not look anything up by itself: a [`FactProvider`] answers, this module compares and keeps.
//! The first facts are the digests of published template versions.

mod base;
mod file;
mod image;
mod provider;
mod scope;
mod template;
mod update;

use std::collections::BTreeMap;

use serde_json::{Map, Value};

pub use base::BASE;
pub use file::FORMAT;
pub use image::{IMAGE, LockedImage};
pub use provider::{FactError, FactProvider, TemplateDigests};
pub use scope::Scope;

pub use template::{TEMPLATE, TemplateDigest};
pub use update::{LockChange, LockUpdate, update};

use crate::model::environment::Target;
use crate::model::{Digest, TemplateRef};

/// The provider of entries of Parameter Store: their values, by name. People state them.
pub const PARAMETER_STORE: &str = "ssm";

/// Which fact it is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct FactName {
    /// Who answers, see [`FactProvider::name`].
    pub provider: String,
    /// The question, in the provider's own words: `data@1.2.0`.
    pub name: String,
    /// Where the answer holds.
    pub scope: Scope,
}

impl std::fmt::Display for FactName {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{} {}", self.provider, self.name)?;
        if self.scope == Scope::Global { Ok(()) } else { write!(formatter, " in {}", self.scope) }
    }
}

/// The facts of a project.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lock {
    /// Every fact.
    pub facts: BTreeMap<FactName, Value>,
}

impl Lock {
    /// The digest of a published template version; `None` for a draft.
    pub fn template(&self, template: &TemplateRef) -> Option<TemplateDigest> {
        let name =
            FactName { provider: TEMPLATE.to_owned(), name: template.to_string(), scope: Scope::Global };
        TemplateDigest::from_value(self.facts.get(&name)?)
    }

    /// The outside facts that hold at `target`, by provider and name: what templates see as `lock`.
    /// Where several scopes answer, the narrowest does.
    pub fn at(&self, target: &Target) -> Map<String, Value> {
        let mut providers: BTreeMap<&str, Map<String, Value>> = BTreeMap::new();
        for (fact, value) in self.outside().filter(|(fact, _)| fact.scope.holds_at(target)) {
            providers.entry(&fact.provider).or_default().insert(fact.name.clone(), value.clone());
        }
        providers.into_iter().map(|(name, facts)| (name.to_owned(), Value::Object(facts))).collect()
    }

    /// Digest of the outside facts in scopes that `chosen` picks.
    pub fn digest(&self, chosen: impl Fn(&Scope) -> bool) -> Digest {
        let facts: Map<String, Value> = self
            .outside()
            .filter(|(fact, _)| chosen(&fact.scope))
            .map(|(fact, value)| (format!("{}/{}/{}", fact.provider, fact.name, fact.scope), value.clone()))
            .collect();
        Digest::of_value("rekindle/facts/1", &Value::Object(facts))
    }

    /// Facts about the world. Template digests and built images are facts about the project itself,
    /// whose files are counted on their own.
    fn outside(&self) -> impl Iterator<Item = (&FactName, &Value)> {
        self.facts.iter().filter(|(fact, _)| fact.provider != TEMPLATE && fact.provider != IMAGE)
    }
}
