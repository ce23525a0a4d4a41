//! What was seen of an environment: the only thing besides the source that a plan depends on.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::Value;

use crate::model::{
    Contents, EnvironmentName, Facts, Guest, InstanceName, LastRecord, ObservedStack, ResourceDrift,
    RestorePoint, StackResource, Storage, TargetName,
};
use crate::plan::{ActionKind, Named, Plan, PlannedAction, naming};

/// One look at everything that matters to a plan.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Observation {
    /// Per target of the environment, every stack that is not deleted and whose identity tags or
    /// name say that it belongs to the environment, plus stacks of wanted names that are foreign.
    pub stacks: BTreeMap<TargetName, Vec<Arc<ObservedStack>>>,
    /// Stacks of used environments, and of environments that use this one.
    pub others: BTreeMap<EnvironmentName, BTreeMap<TargetName, Vec<Arc<ObservedStack>>>>,
    /// Deployed templates by stack id, without rekindle's additions, where they were fetched.
    pub templates: BTreeMap<String, Value>,
    /// What [`crate::model::unit::strip_additions`] took out of those templates, by stack id: the
    /// facts of stacks whose outputs hold none, because they never completed.
    pub template_facts: BTreeMap<String, Facts>,
    /// Resources by stack id (ARN), nested stacks included, of stacks that were asked for theirs.
    pub resources: BTreeMap<String, Vec<StackResource>>,
    /// The stacks that import, by the id (ARN) of the stack that exports and by export name, of stacks
    /// for which it was asked.
    pub importers: BTreeMap<String, BTreeMap<String, Vec<String>>>,
    /// What is in buckets and repositories, of those that were looked into.
    pub contents: BTreeMap<Storage, Contents>,
    /// Resources that are not as their template says, by the id (ARN) of their stack, of stacks that were
    /// looked at for that. One that was and has none is here, too.
    pub drifts: BTreeMap<String, Vec<ResourceDrift>>,
    /// Who stands in the networks of those stacks, or refers to them, whoever made it.
    pub guests: Vec<Guest>,
    /// Names that stay with what deletions leave behind, of deletions that were thought through.
    pub left_behind: Vec<Named>,
    /// Copies of what resources hold, by the id (ARN) of the stack and the logical id, of resources that were
    /// asked for.
    pub restore_points: BTreeMap<(String, String), Vec<RestorePoint>>,
    /// What the ledger says of the last change of each instance.
    pub records: BTreeMap<InstanceName, LastRecord>,
}

impl Observation {
    /// What will be there once a plan's deletions are done and nothing else.
    pub fn after_deletions(mut self, plan: &Plan) -> Self {
        let left = self.left_behind_by(plan);
        self.left_behind.extend(left);
        let ids: BTreeSet<&str> = deleted(plan).map(|(_, stack)| stack.id.as_str()).collect();
        for stacks in self.stacks.values_mut() {
            stacks.retain(|stack| !ids.contains(stack.id.as_str()));
        }
        self
    }

    /// The names that stay with what a plan's deletions leave behind.
    pub fn left_behind_by(&self, plan: &Plan) -> Vec<Named> {
        let left = deleted(plan).filter_map(|(action, stack)| {
            let template = self.templates.get(&stack.id)?;
            Some(naming::left_behind(&action.instance, stack, template))
        });
        left.flatten().collect()
    }
}

fn deleted(plan: &Plan) -> impl Iterator<Item = (&PlannedAction, &Arc<ObservedStack>)> {
    let deleted = plan.actions.iter().filter(|action| action.action == ActionKind::Delete);
    deleted.filter_map(|action| Some((action, action.observed.as_ref()?)))
}
