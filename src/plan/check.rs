//! A linter over plans: refuses the ones that contradict themselves, whoever made them.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{Class, InstanceName, Protection, StackStatus};
use crate::plan::graph::{self, Cycle, Graph};
use crate::plan::{ActionKind, Consent, Operation, Plan, PlannedAction, PlannedValue};

/// One way in which a plan contradicts itself.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs)]
pub enum Contradiction {
    /// Actions are not sorted by instance, or there are two for one.
    #[error("actions are not sorted by instance without repetition, at `{instance}`")]
    Unsorted { instance: InstanceName },
    /// Nobody would know why.
    #[error("`{instance}` has an action without a reason")]
    NoReason { instance: InstanceName },
    /// A stack would be sent without being known, or known without being sent.
    #[error("`{instance}`: what it should be is given exactly when something is sent, not for {}", .action.as_str())]
    Desired { instance: InstanceName, action: ActionKind },
    /// An action on something that is not there, or a creation of something that is.
    #[error("`{instance}`: {} does not fit what was observed", .action.as_str())]
    Observed { instance: InstanceName, action: ActionKind },
    /// A need that nothing in the plan answers.
    #[error("`{instance}` needs `{need}`, which is not in the plan")]
    MissingNeed { instance: InstanceName, need: InstanceName },
    /// Something stays or is made, and what it needs goes.
    #[error("`{instance}` needs `{provider}`, which the plan deletes")]
    ProviderGoes { instance: InstanceName, provider: InstanceName },
    /// Instances wait for each other.
    #[error("actions wait for each other in a circle: {cycle}")]
    Circle { cycle: Cycle },
    /// Something precious goes without consent.
    #[error("`{instance}` would be deleted, and its class is kept here")]
    DeletesKept { instance: InstanceName },
    /// Something protected goes without consent.
    #[error("`{instance}` would be deleted, and is protected against termination")]
    DeletesProtected { instance: InstanceName },
    /// A teardown that makes something.
    #[error("`{instance}`: a teardown does not {}", .action.as_str())]
    WrongDirection { instance: InstanceName, action: ActionKind },
    /// Two instances of one target share a stack.
    #[error("`{instance}` and `{other}` would share a stack")]
    SharedStack { instance: InstanceName, other: InstanceName },
    /// A secret parameter's value stands in the plan.
    #[error("`{instance}` shows the value of the secret parameter `{parameter}`")]
    SecretShown { instance: InstanceName, parameter: String },
}

/// Checks a plan, wherever it comes from.
///
/// # Errors
/// Everything that contradicts something else.
pub fn check(plan: &Plan) -> Result<(), Vec<Contradiction>> {
    let mut found = unsorted(plan);
    let by_instance: BTreeMap<&InstanceName, &PlannedAction> =
        plan.actions.iter().map(|action| (&action.instance, action)).collect();
    for action in &plan.actions {
        found.extend(shape(action));
        found.extend(deletion(plan, action));
        found.extend(needs(action, &by_instance));
        found.extend(secrets(action));
    }
    found.extend(shared_stacks(plan));
    let waits: Graph =
        plan.actions.iter().map(|action| (action.instance.clone(), action.needs.clone())).collect();
    found.extend(graph::order(&waits).err().map(|cycle| Contradiction::Circle { cycle }));
    if found.is_empty() { Ok(()) } else { Err(found) }
}

fn unsorted(plan: &Plan) -> Vec<Contradiction> {
    plan.actions
        .windows(2)
        .filter(|pair| pair[0].instance >= pair[1].instance)
        .map(|pair| Contradiction::Unsorted { instance: pair[1].instance.clone() })
        .collect()
}

fn shape(action: &PlannedAction) -> Vec<Contradiction> {
    let (instance, kind) = (&action.instance, action.action);
    let mut found = Vec::new();
    if action.reasons.is_empty() {
        found.push(Contradiction::NoReason { instance: instance.clone() });
    }
    if action.desired.is_some() != kind.sends() {
        found.push(Contradiction::Desired { instance: instance.clone(), action: kind });
    }
    if action.observed.is_none() != (kind == ActionKind::Create) {
        found.push(Contradiction::Observed { instance: instance.clone(), action: kind });
    }
    found
}

fn deletion(plan: &Plan, action: &PlannedAction) -> Vec<Contradiction> {
    let instance = || action.instance.clone();
    let mut found = Vec::new();
    if plan.operation == Operation::Teardown && action.action.sends() {
        found.push(Contradiction::WrongDirection { instance: instance(), action: action.action });
    }
    if action.action == ActionKind::Delete && !may_delete(plan, action) {
        found.push(Contradiction::DeletesKept { instance: instance() });
    }
    let protected = action.observed.as_ref().is_some_and(|stack| stack.termination_protection);
    if action.action.deletes() && protected && !action.has_consent(Consent::LiftTerminationProtection) {
        found.push(Contradiction::DeletesProtected { instance: instance() });
    }
    found
}

fn may_delete(plan: &Plan, action: &PlannedAction) -> bool {
    let observed = action.observed.as_ref();
    if observed.is_some_and(|stack| stack.status == StackStatus::ReviewInProgress) {
        return true;
    }
    match (plan.operation, plan.protection, action.class) {
        (_, _, Some(Class::Stateless)) | (Operation::Teardown, Protection::Disposable, _) => true,
        (Operation::Deploy, _, _) | (_, _, Some(Class::Permanent)) => false,
        (Operation::Teardown, _, Some(Class::Data)) => {
            action.has_consent(Consent::DeleteData) || action.is_restorable()
        }
        (Operation::Teardown, _, None) => action.has_consent(Consent::DeleteUnknown),
    }
}

/// Whatever is made or stays needs what must stand.
fn needs(
    action: &PlannedAction,
    by_instance: &BTreeMap<&InstanceName, &PlannedAction>,
) -> Vec<Contradiction> {
    let instance = || action.instance.clone();
    let goes = action.action == ActionKind::Delete;
    let mut found = Vec::new();
    let wanted = action.desired.iter().flat_map(|unit| &unit.needs);
    let all: BTreeSet<&InstanceName> = action.needs.iter().chain(wanted).collect();
    for need in all {
        match by_instance.get(need) {
            None => found.push(Contradiction::MissingNeed { instance: instance(), need: need.clone() }),
            Some(provider) if provider.action == ActionKind::Delete && !goes => {
                found.push(Contradiction::ProviderGoes { instance: instance(), provider: need.clone() });
            }
            Some(_) => {}
        }
    }
    found
}

fn secrets(action: &PlannedAction) -> Vec<Contradiction> {
    let Some(unit) = &action.desired else { return Vec::new() };
    let shown = action.parameters.iter().filter(|change| {
        let shows = change.from.is_some() || matches!(change.to, PlannedValue::Known(_));
        shows && unit.secret_parameters.contains(&change.name)
    });
    shown
        .map(|change| Contradiction::SecretShown {
            instance: action.instance.clone(),
            parameter: change.name.clone(),
        })
        .collect()
}

fn shared_stacks(plan: &Plan) -> Vec<Contradiction> {
    let mut owners: BTreeMap<_, &InstanceName> = BTreeMap::new();
    let mut found = Vec::new();
    for action in &plan.actions {
        if let Some(other) = owners.insert((&action.instance.target, &action.stack), &action.instance) {
            let (instance, other) = (action.instance.clone(), other.clone());
            found.push(Contradiction::SharedStack { instance, other });
        }
    }
    found
}
