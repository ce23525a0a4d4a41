//! Which of what a deletion takes along can be restored afterwards, and whether that is enough.
//!
//! A copy counts when AWS Backup has it whole, it is no older than was asked for, and no older than the stack:
//! it could be of an earlier resource of that name. Backups that a database makes itself go with it, and are not
//! asked for. A snapshot that CloudFormation takes needs no copy: where it cannot be taken, the deletion fails.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::Value;

use crate::catalogue;
use crate::model::{Class, EnvironmentName, ObservedStack, ProjectName, RestorePoint, SavedIn};
use crate::plan::foreseen::foreseen;
use crate::plan::inventory::Inventory;
use crate::plan::{Consequence, Observation};

/// How old a copy may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RestoreTerms {
    /// In seconds.
    pub within_seconds: u64,
    /// The time by the cloud's clock.
    pub now: Timestamp,
}

/// The property by which a database belongs to a cluster, which holds its data.
const CLUSTER: &str = "DBClusterIdentifier";

/// For which resources copies are looked for: by the id (ARN) of the stack and the logical id, their ARNs.
pub fn restorable(
    project: &ProjectName,
    environment: &EnvironmentName,
    observation: &Observation,
) -> BTreeMap<String, BTreeMap<String, String>> {
    let inventory = Inventory::of(project, environment, observation);
    let is_data = |class: Option<Class>| class == Some(Class::Data);
    let data = inventory.standing.values().filter(|it| is_data(it.facts.as_ref().map(|facts| facts.class)));
    let asked = data.filter_map(|standing| {
        let (stack, template) = (standing.stack, observation.templates.get(&standing.stack.id)?);
        let listed = observation.resources.get(&stack.id)?;
        let arn = |lost: &Consequence| {
            let found = listed.iter().find(|one| one.logical_id == lost.logical_id)?;
            catalogue::backed_up_arn(&lost.resource_type, found.physical_id.as_ref()?, &stack.id)
        };
        let lost = own(foreseen(template, stack).consequences, template);
        let lost = lost.into_iter().filter(Consequence::loses_data);
        let arns = lost.filter_map(|lost| Some((lost.logical_id.clone(), arn(&lost)?)));
        Some((stack.id.clone(), arns.collect()))
    });
    asked.collect()
}

/// What a deletion does, with the copies that count.
pub(super) fn with_points(
    consequences: Vec<Consequence>,
    stack: &ObservedStack,
    terms: RestoreTerms,
    observation: &Observation,
) -> Vec<Consequence> {
    let Some(template) = observation.templates.get(&stack.id) else { return consequences };
    let mut consequences = own(consequences, template);
    for lost in consequences.iter_mut().filter(|one| one.loses_data()) {
        let key = (stack.id.clone(), lost.logical_id.clone());
        let points = observation.restore_points.get(&key).into_iter().flatten();
        lost.restore_point =
            points.filter_map(|point| saved_in(point, stack, terms)).max_by_key(|it| it.created);
    }
    consequences
}

/// The resources that hold data, go with the stack, and are in no copy that counts; `None` where nobody knows
/// what the stack holds.
pub(super) fn unsaved(
    stack: &ObservedStack,
    terms: RestoreTerms,
    observation: &Observation,
) -> Option<Vec<String>> {
    let template = observation.templates.get(&stack.id)?;
    let consequences = with_points(foreseen(template, stack).consequences, stack, terms, observation);
    let lost = consequences.into_iter().filter(|one| one.loses_data() && one.restore_point.is_none());
    Some(lost.map(|one| one.logical_id).collect())
}

/// The same, where members of a cluster hold nothing of their own.
fn own(mut consequences: Vec<Consequence>, template: &Value) -> Vec<Consequence> {
    for one in &mut consequences {
        let resource = template.get("Resources").and_then(|section| section.get(&one.logical_id));
        let properties = resource.and_then(|resource| resource.get("Properties"));
        if properties.is_some_and(|properties| properties.get(CLUSTER).is_some())
            && one.resource_type.ends_with("::DBInstance")
        {
            one.holds = None;
        }
    }
    consequences
}

fn saved_in(point: &RestorePoint, stack: &ObservedStack, terms: RestoreTerms) -> Option<SavedIn> {
    let age = terms.now.as_second().saturating_sub(point.created.as_second());
    let age_seconds = u64::try_from(age).unwrap_or_default();
    let is_of_it = stack.created.is_some_and(|made| point.created >= made);
    let counts = point.is_complete && is_of_it && age_seconds <= terms.within_seconds;
    counts.then(|| SavedIn { id: point.id.clone(), created: point.created, age_seconds })
}
