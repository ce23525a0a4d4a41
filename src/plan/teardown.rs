//! Plans a teardown from what the stacks say about themselves: no source is needed.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{Class, Contents, InstanceName, ObservedStack, Protection, StackStatus, StorageKind};
use crate::plan::context::is_selected;
use crate::plan::foreseen::{self, Foreseen, foreseen};
use crate::plan::graph::{self, Graph};
use crate::plan::guests::{self, Strangers};
use crate::plan::imports::{self, add_imports};
use crate::plan::inventory::{Inventory, Standing, users};
use crate::plan::{
    ActionKind, Consent, Emptied, Fate, Observation, Obstacle, Operation, Plan, PlanError, PlannedAction,
    Protected, Reason, RestoreTerms, TeardownContext, finish, restore,
};

/// What it takes to tear the environment down, as far as its protection and the classes allow.
///
/// Without a selection, what may not go is kept, and so is what it needs; the plan says so. An
/// instance that was selected by name goes or is an obstacle. A selected instance that does not
/// stand is passed over: it is torn down already.
///
/// # Errors
/// Every obstacle at once; see [`Obstacle`].
pub fn teardown(context: &TeardownContext, observation: &Observation) -> Result<Plan, PlanError> {
    let mut inventory = Inventory::of(&context.project, &context.environment, observation);
    let mut obstacles = std::mem::take(&mut inventory.obstacles);
    let mut needs = inventory.needs();
    let foreign = add_imports(&mut needs, &inventory, observation);
    guests::add_references(&mut needs, &inventory, observation);
    graph::order(&needs).map_err(|cycle| Obstacle::Circle { cycle })?;
    let kept = kept(&inventory, &needs, context, observation);
    obstacles.extend(named_but_kept(&kept, context));

    let going = inventory.standing.iter().filter(|(instance, _)| !kept.contains_key(*instance));
    let going = going.map(|(_, standing)| standing.stack.id.as_str()).collect();
    let strangers = Strangers::new(observation, &going);

    let users = users(&context.environment, observation);
    let mut actions = Vec::new();
    for (instance, standing) in &inventory.standing {
        let (action, reasons) = match kept.get(instance) {
            Some(reason) => (ActionKind::Keep, vec![reason.clone()]),
            None => {
                if let Some((environment, user)) = users.get(instance) {
                    let (environment, user) = (environment.clone(), user.clone());
                    obstacles.push(Obstacle::UsedBy { instance: instance.clone(), environment, user });
                }
                obstacles.extend(termination_protection(instance, standing, context));
                (ActionKind::Delete, delete_reasons(instance, standing, context))
            }
        };
        let mut planned = standing.planned((instance, &inventory), action, reasons, needs[instance].clone());
        if action == ActionKind::Delete {
            obstacles.extend(imports::obstacles(&foreign, instance, &planned.stack));
            obstacles.extend(foresee(&mut planned, context, observation));
            obstacles.extend(in_networks(&planned, &strangers, observation));
        }
        actions.push(planned);
    }
    finish(plan(context, actions), obstacles)
}

/// Writes into the action what the deletion of its stack will do. Gives what stands in its way.
pub(super) fn foresee(
    action: &mut PlannedAction,
    context: &TeardownContext,
    observation: &Observation,
) -> Vec<Obstacle> {
    let Some(stack) = action.observed.clone() else { return Vec::new() };
    let Some(template) = observation.templates.get(&stack.id) else { return Vec::new() };
    let Foreseen { consequences, protected, storages, .. } = foreseen(template, &stack);
    let mut obstacles = match takes_updates(&stack.status) {
        true => lift(action, context, protected),
        // Nothing can be lifted by an update, and its template no longer says what is protected: somebody may
        // have lifted it by hand. The deletion itself tells.
        false => Vec::new(),
    };
    obstacles.extend(empty(action, context, foreseen::storages(&storages, &stack, observation)));
    action.consequences = match (context.restore, action.class) {
        (Some(terms), Some(Class::Data)) => restore::with_points(consequences, &stack, terms, observation),
        _ => consequences,
    };
    obstacles
}

/// Whether CloudFormation takes an update of a stack in this status.
///
/// Source: CloudFormation user guide, "Stack status codes".
fn takes_updates(status: &StackStatus) -> bool {
    !matches!(
        status,
        StackStatus::CreateFailed
            | StackStatus::RollbackFailed
            | StackStatus::RollbackComplete
            | StackStatus::DeleteFailed
            | StackStatus::UpdateRollbackFailed
            | StackStatus::ReviewInProgress
    )
}

/// Those who would keep its networks from going.
fn in_networks(
    action: &PlannedAction,
    strangers: &Strangers<'_>,
    observation: &Observation,
) -> Vec<Obstacle> {
    let Some(stack) = &action.observed else { return Vec::new() };
    let Some(resources) = observation.resources.get(&stack.id) else { return Vec::new() };
    let stays =
        |id: &str| action.consequences.iter().any(|one| one.logical_id == id && one.fate == Fate::Retained);
    strangers.obstacles(&action.instance, resources, stays)
}

/// Protections are lifted where that was asked for.
fn lift(action: &mut PlannedAction, context: &TeardownContext, protected: Vec<Protected>) -> Vec<Obstacle> {
    let consent = Consent::LiftDeletionProtection;
    let instance = action.instance.clone();
    if protected.is_empty() {
        return Vec::new();
    }
    if !context.consents.given(consent, &instance) {
        return vec![Obstacle::DeletionProtected { instance, resources: protected }];
    }
    action.reasons.push(Reason::Consented { consent });
    action.protected = protected;
    Vec::new()
}

/// Buckets and repositories are emptied where that was asked for, those that are empty now included:
/// something may still be written to them.
fn empty(
    action: &mut PlannedAction,
    context: &TeardownContext,
    storages: Vec<(Emptied, &Contents)>,
) -> Vec<Obstacle> {
    let instance = action.instance.clone();
    let is_locked = |held: &Contents| held.has_object_lock;
    let (locked, free): (Vec<_>, Vec<_>) = storages.into_iter().partition(|(_, held)| is_locked(held));
    let locked = locked.into_iter().filter(|(_, held)| !held.is_empty);
    let mut obstacles: Vec<Obstacle> =
        locked.map(|(bucket, _)| Obstacle::BucketLocked { instance: instance.clone(), bucket }).collect();
    for kind in StorageKind::ALL {
        let consent = Consent::to_empty(kind);
        let of_kind = free.iter().filter(|(storage, _)| storage.kind == kind);
        if context.consents.given(consent, &instance) {
            let before = action.emptied.len();
            action.emptied.extend(of_kind.map(|(storage, _)| storage.clone()));
            if action.emptied.len() > before {
                action.reasons.push(Reason::Consented { consent });
            }
            continue;
        }
        let full = of_kind.filter(|(_, held)| !held.is_empty);
        let storages: Vec<Emptied> = full.map(|(storage, _)| storage.clone()).collect();
        if !storages.is_empty() {
            obstacles.push(Obstacle::NotEmpty { instance: instance.clone(), kind, storages });
        }
    }
    obstacles
}

fn plan(context: &TeardownContext, actions: Vec<PlannedAction>) -> Plan {
    Plan {
        schema: Plan::SCHEMA,
        project: context.project.clone(),
        environment: context.environment.clone(),
        operation: Operation::Teardown,
        protection: context.protection,
        release: None,
        deployment: None,
        actions,
    }
}

/// What stays, and why: by selection, by class, and because something that stays needs it.
fn kept(
    inventory: &Inventory<'_>,
    needs: &Graph,
    context: &TeardownContext,
    observation: &Observation,
) -> BTreeMap<InstanceName, Reason> {
    let mut kept: BTreeMap<InstanceName, Reason> = inventory
        .standing
        .iter()
        .filter_map(|(instance, standing)| {
            own_reason(instance, standing, context, observation).map(|reason| (instance.clone(), reason))
        })
        .collect();
    let starts: BTreeSet<InstanceName> = kept.keys().cloned().collect();
    for (need, dependant) in graph::needed_by(needs, &starts) {
        kept.insert(need, Reason::KeptForDependant { instance: dependant });
    }
    kept
}

fn own_reason(
    instance: &InstanceName,
    standing: &Standing<'_>,
    context: &TeardownContext,
    observation: &Observation,
) -> Option<Reason> {
    if !is_selected(context.selected.as_ref(), instance) {
        return Some(Reason::NotSelected);
    }
    // A stack that was only ever reviewed holds nothing.
    let holds_nothing = standing.stack.status == StackStatus::ReviewInProgress;
    if context.protection == Protection::Disposable || holds_nothing {
        return None;
    }
    let given = |consent| context.consents.given(consent, instance);
    match standing.facts.as_ref().map(|facts| facts.class) {
        None if !given(Consent::DeleteUnknown) => Some(Reason::UnknownClass),
        Some(Class::Data) if !given(Consent::DeleteData) => match context.restore {
            None => Some(Reason::KeptClass { class: Class::Data }),
            Some(terms) => unrestorable(standing.stack, terms, observation),
        },
        Some(Class::Permanent) => Some(Reason::KeptClass { class: Class::Permanent }),
        _ => None,
    }
}

/// Why a unit with data stays although copies of it were asked for.
fn unrestorable(stack: &ObservedStack, terms: RestoreTerms, observation: &Observation) -> Option<Reason> {
    let within_seconds = terms.within_seconds;
    match restore::unsaved(stack, terms, observation) {
        Some(unsaved) if unsaved.is_empty() => None,
        unsaved => Some(Reason::NoRestorePoint { within_seconds, resources: unsaved.unwrap_or_default() }),
    }
}

fn named_but_kept(kept: &BTreeMap<InstanceName, Reason>, context: &TeardownContext) -> Vec<Obstacle> {
    let named = context.selected.iter().flatten();
    named
        .filter_map(|instance| {
            let reason = kept.get(instance)?.clone();
            Some(Obstacle::NamedButKept { instance: instance.clone(), reason })
        })
        .collect()
}

fn termination_protection(
    instance: &InstanceName,
    standing: &Standing<'_>,
    context: &TeardownContext,
) -> Option<Obstacle> {
    let consented = context.consents.given(Consent::LiftTerminationProtection, instance);
    (standing.stack.termination_protection && !consented).then(|| Obstacle::TerminationProtected {
        instance: instance.clone(),
        stack: standing.stack.name.clone(),
    })
}

fn delete_reasons(
    instance: &InstanceName,
    standing: &Standing<'_>,
    context: &TeardownContext,
) -> Vec<Reason> {
    let class = standing.facts.as_ref().map(|facts| facts.class);
    let keeps_classes = context.protection != Protection::Disposable;
    let used = [
        (Consent::DeleteData, keeps_classes && class == Some(Class::Data)),
        (Consent::DeleteUnknown, keeps_classes && class.is_none()),
        (Consent::LiftTerminationProtection, standing.stack.termination_protection),
        (Consent::RetainFailed, true),
    ];
    let consents = used
        .into_iter()
        .filter(|(consent, used)| *used && context.consents.given(*consent, instance))
        .map(|(consent, _)| Reason::Consented { consent });
    let mut reasons: Vec<Reason> = std::iter::once(Reason::TornDown).chain(consents).collect();
    let is_consented = context.consents.given(Consent::DeleteData, instance);
    if let (Some(terms), true, false) =
        (context.restore, keeps_classes && class == Some(Class::Data), is_consented)
    {
        reasons.push(Reason::RestorePoints { within_seconds: terms.within_seconds });
    }
    reasons
}
