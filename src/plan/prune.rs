//! What a deploy does with instances that are gone from the source.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{Class, EnvironmentName, InstanceName, SealedUnit};
use crate::plan::context::is_selected;
use crate::plan::graph::{self, Graph};
use crate::plan::inventory::{Inventory, Standing, users};
use crate::plan::{
    ActionKind, Consent, DeployContext, Observation, Obstacle, PlannedAction, Reason, TeardownContext,
    teardown,
};

type Decided = BTreeMap<InstanceName, PlannedAction>;

/// Delete, if pruning was asked for, the class is stateless and nobody needs it any more; else keep
/// and say why.
pub(super) fn gone(
    inventory: &Inventory<'_>,
    desired: &BTreeMap<InstanceName, &SealedUnit>,
    decided: &Decided,
    context: &DeployContext,
    observation: &Observation,
) -> Decided {
    let users = users(&context.environment, observation);
    let gone: BTreeMap<_, _> =
        inventory.standing.iter().filter(|(instance, _)| !desired.contains_key(*instance)).collect();
    let mut verdicts: BTreeMap<InstanceName, Result<Vec<Reason>, Reason>> = gone
        .iter()
        .map(|(instance, standing)| {
            let user = users.get(*instance).map(|(environment, _)| environment);
            ((*instance).clone(), verdict(instance, standing, user, context))
        })
        .collect();
    let needs = needs_afterwards(inventory, decided);
    let stays = |instance: &&InstanceName| !verdicts.get(*instance).is_some_and(Result::is_ok);
    let staying: BTreeSet<InstanceName> = needs.keys().filter(stays).cloned().collect();
    for (need, dependant) in graph::needed_by(&needs, &staying) {
        verdicts.insert(need, Err(Reason::KeptForDependant { instance: dependant }));
    }
    verdicts
        .into_iter()
        .filter_map(|(instance, verdict)| {
            let standing = gone.get(&instance)?;
            let needs = needs.get(&instance).cloned().unwrap_or_default();
            let (action, further) = match verdict {
                Ok(reasons) => (ActionKind::Delete, reasons),
                Err(Reason::GoneFromSource) => (ActionKind::Keep, Vec::new()),
                Err(reason) => (ActionKind::Keep, vec![reason]),
            };
            let reasons = std::iter::once(Reason::GoneFromSource).chain(further).collect();
            let action = standing.planned((&instance, inventory), action, reasons, needs);
            Some((instance, action))
        })
        .collect()
}

/// What stands in the way of the deletions. Their options are those of a teardown.
pub(super) fn foresee(
    gone: &mut Decided,
    context: &DeployContext,
    observation: &Observation,
) -> Vec<Obstacle> {
    let asked = TeardownContext {
        restore: None,
        project: context.project.clone(),
        environment: context.environment.clone(),
        protection: context.protection,
        selected: None,
        consents: context.consents.clone(),
    };
    let deleted = gone.values_mut().filter(|action| action.action == ActionKind::Delete);
    let found = deleted.flat_map(|action| teardown::foresee(action, &asked, observation));
    let environment = &context.environment;
    found
        .map(|obstacle| Obstacle::Pruned { environment: environment.clone(), obstacle: Box::new(obstacle) })
        .collect()
}

/// Further reasons for deleting it, or the one for keeping it.
fn verdict(
    instance: &InstanceName,
    standing: &Standing<'_>,
    user: Option<&EnvironmentName>,
    context: &DeployContext,
) -> Result<Vec<Reason>, Reason> {
    if !context.prune {
        return Err(Reason::GoneFromSource);
    }
    if !is_selected(context.selected.as_ref(), instance) {
        return Err(Reason::NotSelected);
    }
    match standing.facts.as_ref().map(|facts| facts.class) {
        None => return Err(Reason::UnknownClass),
        Some(Class::Stateless) => {}
        Some(class) => return Err(Reason::KeptClass { class }),
    }
    if let Some(environment) = user {
        return Err(Reason::KeptForUser { environment: environment.clone() });
    }
    let consent = Consent::LiftTerminationProtection;
    match standing.stack.termination_protection {
        false => Ok(Vec::new()),
        true if context.consents.given(consent, instance) => Ok(vec![Reason::Consented { consent }]),
        true => Err(Reason::TerminationProtected),
    }
}

/// What everything will need once the deploy is done: by the source where a stack is sent anew, by
/// its facts where it stays as it is.
fn needs_afterwards(inventory: &Inventory<'_>, decided: &Decided) -> Graph {
    let mut needs = inventory.needs();
    for (instance, action) in decided.iter().filter(|(_, action)| action.action.sends()) {
        needs.insert(instance.clone(), action.needs.clone());
    }
    needs
}
