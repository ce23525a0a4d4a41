//! What a plan is asked for, besides the source and the observation.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{
    Digest, EnvironmentName, InstanceName, ProjectName, Protection, ProviderKind, Target, TargetName,
};
use crate::plan::{Consent, RestoreTerms};

/// What a deploy is asked for.
#[derive(Clone, Debug)]
pub struct DeployContext {
    /// The project.
    pub project: ProjectName,
    /// The environment.
    pub environment: EnvironmentName,
    /// What the environment's teardown takes.
    pub protection: Protection,
    /// Its places.
    pub targets: BTreeMap<TargetName, Target>,
    /// The release the source makes.
    pub release: Digest,
    /// The deployment the source makes.
    pub deployment: Digest,
    /// Whether stateless instances that are gone from the source are deleted.
    pub prune: bool,
    /// The instances to act on; all when `None`.
    pub selected: Option<BTreeSet<InstanceName>>,
    /// Whether resources that were changed outside CloudFormation are looked for.
    pub looks_for_drift: bool,
    /// What was asked for by name.
    pub consents: Consents,
}

impl DeployContext {
    /// Whether the embedded engine serves a target: what a person can do about a stuck stack is another
    /// thing there.
    pub(super) fn is_embedded(&self, target: &TargetName) -> bool {
        self.targets.get(target).is_some_and(|target| target.provider == ProviderKind::Local)
    }
}

/// What a teardown is asked for. It needs no source.
#[derive(Clone, Debug)]
pub struct TeardownContext {
    /// The project.
    pub project: ProjectName,
    /// The environment.
    pub environment: EnvironmentName,
    /// Whether classes are kept.
    pub protection: Protection,
    /// The instances to tear down; all when `None`.
    pub selected: Option<BTreeSet<InstanceName>>,
    /// Which copies let a `data` unit go without consent; none when `None`.
    pub restore: Option<RestoreTerms>,
    /// What was asked for by name.
    pub consents: Consents,
}

/// The consents that were given, each for one instance.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Consents(BTreeSet<(Consent, InstanceName)>);

impl Consents {
    /// None at all.
    pub fn none() -> Self {
        Self::default()
    }

    /// Adds one.
    pub fn give(&mut self, consent: Consent, instance: InstanceName) {
        self.0.insert((consent, instance));
    }

    /// Whether it was given for that instance.
    pub fn given(&self, consent: Consent, instance: &InstanceName) -> bool {
        self.0.contains(&(consent, instance.clone()))
    }
}

impl FromIterator<(Consent, InstanceName)> for Consents {
    fn from_iter<I: IntoIterator<Item = (Consent, InstanceName)>>(iterator: I) -> Self {
        Self(iterator.into_iter().collect())
    }
}

pub(super) fn is_selected(selected: Option<&BTreeSet<InstanceName>>, instance: &InstanceName) -> bool {
    selected.is_none_or(|selected| selected.contains(instance))
}
