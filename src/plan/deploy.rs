//! Plans a deploy: providers are decided before their dependants.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::{Value, json};

use crate::model::diagnostic::did_you_mean;
use crate::model::{Change, ChangeAction, Class, InstanceName, Protection, SealedUnit, StackStatus};
use crate::plan::adoption::adoptable;
use crate::plan::compare::compare;
use crate::plan::context::is_selected;
use crate::plan::difference::difference;
use crate::plan::drift;
use crate::plan::expansion::{expanded, known, readable};
use crate::plan::foreseen::retained_resources;
use crate::plan::graph::{self, Graph};
use crate::plan::inventory::{Inventory, Standing};
use crate::plan::status::{DeployAnswer, TEAR_DOWN, on_deploy};
use crate::plan::values::{self, Values};
use crate::plan::{
    ActionKind, Consent, DeployContext, Observation, Obstacle, Operation, Plan, PlanError, PlannedAction,
    Reason, RefusedChange, collision, finish, prune,
};

/// What it takes to make the environment what the source says.
///
/// # Errors
/// Every obstacle at once; see [`Obstacle`]. Nothing is left half-decided: there is a plan for the
/// whole selection or none.
pub fn deploy(
    desired: &[SealedUnit],
    context: &DeployContext,
    observation: &Observation,
) -> Result<Plan, PlanError> {
    let desired: BTreeMap<InstanceName, &SealedUnit> =
        desired.iter().map(|unit| (unit.instance().clone(), unit)).collect();
    let needs: Graph = desired.iter().map(|(name, unit)| (name.clone(), unit.needs.clone())).collect();
    let order = graph::order(&needs).map_err(|cycle| Obstacle::Circle { cycle })?;

    let mut inventory = Inventory::of(&context.project, &context.environment, observation);
    let mut obstacles = std::mem::take(&mut inventory.obstacles);
    let standing_needs = inventory.needs();
    let decided = BTreeMap::new();
    let mut planner = Planner { context, observation, inventory, standing_needs, desired, decided };
    obstacles.extend(planner.unknown_selections());
    for instance in &order {
        planner.decide(instance, &mut obstacles);
    }
    let mut gone = prune::gone(&planner.inventory, &planner.desired, &planner.decided, context, observation);
    obstacles.extend(prune::foresee(&mut gone, context, observation));
    planner.decided.extend(gone);
    obstacles.extend(collision::obstacles(&planner.values(), &planner.desired, context));
    finish(planner.plan(), obstacles)
}

struct Planner<'a> {
    context: &'a DeployContext,
    observation: &'a Observation,
    inventory: Inventory<'a>,
    standing_needs: Graph,
    desired: BTreeMap<InstanceName, &'a SealedUnit>,
    decided: BTreeMap<InstanceName, PlannedAction>,
}

impl Planner<'_> {
    fn plan(self) -> Plan {
        Plan {
            schema: Plan::SCHEMA,
            project: self.context.project.clone(),
            environment: self.context.environment.clone(),
            operation: Operation::Deploy,
            protection: self.context.protection,
            release: Some(self.context.release),
            deployment: Some(self.context.deployment),
            actions: self.decided.into_values().collect(),
        }
    }

    /// Names that were selected and mean nothing here. What is gone from the source may be selected
    /// for pruning.
    fn unknown_selections(&self) -> Vec<Obstacle> {
        let is_known = |instance: &&InstanceName| {
            let gone = self.context.prune && self.inventory.standing.contains_key(*instance);
            self.desired.contains_key(*instance) || gone
        };
        let selected = self.context.selected.iter().flatten().filter(|instance| !is_known(instance));
        let names: Vec<String> = self.desired.keys().map(ToString::to_string).collect();
        let suggestion = |instance: &InstanceName| {
            did_you_mean(&instance.to_string(), names.iter().map(String::as_str))
                .and_then(|name| name.parse().ok())
        };
        selected
            .map(|instance| Obstacle::NotInSource {
                instance: instance.clone(),
                suggestion: suggestion(instance),
            })
            .collect()
    }

    fn decide(&mut self, instance: &InstanceName, obstacles: &mut Vec<Obstacle>) {
        let unit = self.desired[instance];
        let standing = self.inventory.standing.get(instance);
        if !is_selected(self.context.selected.as_ref(), instance) {
            if let Some(standing) = standing {
                let kept = self.action(unit, ActionKind::Keep, Some(standing), vec![Reason::NotSelected]);
                self.decided.insert(instance.clone(), kept);
            }
            return;
        }
        obstacles.extend(self.missing_needs(unit));
        obstacles.extend(self.class_change(unit, standing));
        let action = match standing {
            None => self.create(unit, obstacles),
            Some(standing) => self.decide_standing(unit, standing, obstacles),
        };
        if let Some(action) = action {
            self.decided.insert(instance.clone(), action);
        }
    }

    fn decide_standing(
        &self,
        unit: &SealedUnit,
        standing: &Standing<'_>,
        obstacles: &mut Vec<Obstacle>,
    ) -> Option<PlannedAction> {
        let (instance, stack) = (unit.instance().clone(), standing.stack.name.clone());
        let status = standing.stack.status.clone();
        match on_deploy(&status) {
            DeployAnswer::Compare => Some(self.compare(unit, standing, None, obstacles)),
            DeployAnswer::CompareAfterRollback => {
                Some(self.compare(unit, standing, Some(Reason::Status { status }), obstacles))
            }
            DeployAnswer::Replace => self.replace(unit, standing, obstacles),
            DeployAnswer::DeleteAgain if self.may_delete_again(standing) => {
                self.replace(unit, standing, obstacles)
            }
            DeployAnswer::DeleteAgain => {
                obstacles.push(Obstacle::HalfDeleted { instance, stack });
                None
            }
            DeployAnswer::NeedsHands(_) if self.continues(unit, &status) => {
                Some(self.go_on(unit, standing, obstacles))
            }
            DeployAnswer::NeedsHands(remedy) => {
                // Only what has no option needs other commands, which the embedded engine has not.
                let is_embedded =
                    status != StackStatus::UpdateRollbackFailed && self.context.is_embedded(&instance.target);
                let remedy = if is_embedded { TEAR_DOWN } else { remedy };
                let remedy = remedy.replace("UNIT", &instance.to_string());
                obstacles.push(Obstacle::Stuck { instance, stack, status, remedy });
                None
            }
            // The inventory already raised the obstacle; what is gone it does not hold.
            DeployAnswer::Busy | DeployAnswer::Unknown | DeployAnswer::Create => None,
        }
    }

    /// Whether the rollback that this stack is stuck in is to go on.
    fn continues(&self, unit: &SealedUnit, status: &StackStatus) -> bool {
        let given = |consent| self.context.consents.given(consent, unit.instance());
        *status == StackStatus::UpdateRollbackFailed
            && (given(Consent::ContinueRollback) || given(Consent::SkipFailed))
    }

    /// An update that first lets the rollback go on, whether anything differs from the source or not.
    fn go_on(
        &self,
        unit: &SealedUnit,
        standing: &Standing<'_>,
        obstacles: &mut Vec<Obstacle>,
    ) -> PlannedAction {
        let status = Reason::Status { status: standing.stack.status.clone() };
        let mut action = self.compare(unit, standing, Some(status.clone()), obstacles);
        if action.action == ActionKind::Keep {
            action = self.action(unit, ActionKind::Update, Some(standing), vec![status]);
        }
        for consent in [Consent::ContinueRollback, Consent::SkipFailed] {
            if self.context.consents.given(consent, unit.instance()) {
                action.reasons.push(Reason::Consented { consent });
            }
        }
        action
    }

    /// What a unit needs must stand, or be made by this plan.
    fn missing_needs(&self, unit: &SealedUnit) -> Vec<Obstacle> {
        let stands = |need: &InstanceName| {
            self.inventory.standing.get(need).is_some_and(|standing| {
                let answer = on_deploy(&standing.stack.status);
                matches!(answer, DeployAnswer::Compare | DeployAnswer::CompareAfterRollback)
            })
        };
        let is_made = |need: &InstanceName| {
            self.desired.contains_key(need) && is_selected(self.context.selected.as_ref(), need)
        };
        let missing = unit.needs.iter().filter(|need| !is_made(need) && !stands(need));
        missing
            .map(|need| Obstacle::NeedMissing { instance: unit.instance().clone(), need: need.clone() })
            .collect()
    }

    fn class_change(&self, unit: &SealedUnit, standing: Option<&Standing<'_>>) -> Option<Obstacle> {
        let from = standing?.facts.as_ref()?.class;
        let consented = self.context.consents.given(Consent::ChangeClass, unit.instance());
        (from != unit.class && !consented).then(|| Obstacle::ClassChange {
            instance: unit.instance().clone(),
            from,
            to: unit.class,
        })
    }

    fn may_delete_again(&self, standing: &Standing<'_>) -> bool {
        self.context.protection == Protection::Disposable
            || standing.facts.as_ref().is_some_and(|facts| facts.class == Class::Stateless)
    }

    /// Create, if there is no stack and nobody else's stack has its name.
    fn create(&self, unit: &SealedUnit, obstacles: &mut Vec<Obstacle>) -> Option<PlannedAction> {
        let stacks = self.observation.stacks.get(&unit.instance().target).into_iter().flatten();
        let mut stacks = stacks.filter(|stack| !stack.status.is_gone());
        if let Some(stack) = stacks.find(|stack| stack.name == unit.stack.as_str()) {
            obstacles.push(Obstacle::Foreign {
                instance: unit.instance().clone(),
                stack: stack.name.clone(),
                owner: stack.identity(),
            });
            return None;
        }
        Some(self.made_anew(unit, ActionKind::Create, None, vec![Reason::Absent], obstacles))
    }

    /// Replace, if the stack can only be deleted, holds nothing retained, and may be deleted.
    fn replace(
        &self,
        unit: &SealedUnit,
        standing: &Standing<'_>,
        obstacles: &mut Vec<Obstacle>,
    ) -> Option<PlannedAction> {
        let stack = standing.stack;
        let (instance, name) = (unit.instance().clone(), stack.name.clone());
        let mut reasons = vec![Reason::Status { status: stack.status.clone() }];
        if stack.termination_protection {
            let consent = Consent::LiftTerminationProtection;
            if !self.context.consents.given(consent, &instance) {
                obstacles.push(Obstacle::TerminationProtected { instance, stack: name });
                return None;
            }
            reasons.push(Reason::Consented { consent });
        }
        let deployed = self.observation.templates.get(&stack.id).map(Cow::Borrowed);
        let template = deployed.unwrap_or_else(|| unit.template.tree());
        let resources = retained_resources(&expanded(&template, &readable(stack), Some(stack)));
        let holds_something = stack.status != StackStatus::ReviewInProgress && !resources.is_empty();
        if holds_something && self.context.protection != Protection::Disposable {
            let status = stack.status.clone();
            obstacles.push(Obstacle::Retained { instance, stack: name, status, resources });
            return None;
        }
        Some(self.made_anew(unit, ActionKind::Replace, Some(standing), reasons, obstacles))
    }

    fn made_anew(
        &self,
        unit: &SealedUnit,
        kind: ActionKind,
        standing: Option<&Standing<'_>>,
        reasons: Vec<Reason>,
        obstacles: &mut Vec<Obstacle>,
    ) -> PlannedAction {
        let values = self.values().of(unit, obstacles);
        let mut action = self.action(unit, kind, standing, reasons);
        let stack = standing.map(|standing| standing.stack);
        let template = unit.template.tree();
        let template = expanded(&template, &known(&values), stack.map(|stack| &**stack));
        action.changes = difference(&json!({}), &template, &BTreeSet::new());
        action.changing_outputs = unit.outputs().clone();
        action.parameters = values::changes(None, &values);
        if self.context.consents.given(Consent::Adopt, unit.instance()) {
            let adoptable = adoptable(&template);
            if adoptable.is_empty() {
                obstacles.push(Obstacle::NothingToAdopt { instance: unit.instance().clone() });
            }
            action.reasons.push(Reason::Consented { consent: Consent::Adopt });
            action.reasons.extend(adoptable);
        }
        action
    }

    /// Update, if anything differs or may come to differ; else keep.
    fn compare(
        &self,
        unit: &SealedUnit,
        standing: &Standing<'_>,
        status: Option<Reason>,
        obstacles: &mut Vec<Obstacle>,
    ) -> PlannedAction {
        let values = self.values().of(unit, obstacles);
        let mut comparison = compare(unit, standing, &values, self.observation);
        let drifts = self.observation.drifts.get(&standing.stack.id).map(Vec::as_slice).unwrap_or_default();
        let told = drift::reasons(drifts);
        let reverts = !told.is_empty() && self.context.consents.given(Consent::RevertDrift, unit.instance());
        if comparison.reasons.is_empty() && !reverts {
            let reasons = std::iter::once(Reason::Unchanged).chain(told).collect();
            return self.action(unit, ActionKind::Keep, Some(standing), reasons);
        }
        comparison.reasons.extend(told);
        if reverts {
            comparison.reasons.push(Reason::Consented { consent: Consent::RevertDrift });
            drift::add_changes(&mut comparison.changes, drifts);
        }
        obstacles.extend(self.retyped(unit, standing, &comparison.changes));
        obstacles.extend(refused(unit, comparison.effects.refused));
        let reasons = status.into_iter().chain(comparison.reasons).collect();
        let mut action = self.action(unit, ActionKind::Update, Some(standing), reasons);
        action.changes = comparison.changes;
        action.consequences = comparison.effects.consequences;
        action.changing_outputs = match action.has_consent(Consent::AllowReplacement) {
            // Even what no plan could foresee may be replaced then.
            true => unit.outputs().clone(),
            false => comparison.effects.outputs,
        };
        action.parameters = comparison.parameters;
        action
    }

    /// CloudFormation refuses an update in which a resource has another type under its old logical id.
    fn retyped(&self, unit: &SealedUnit, standing: &Standing<'_>, changes: &[Change]) -> Option<Obstacle> {
        let before = self.observation.templates.get(&standing.stack.id)?;
        let after = unit.template.tree();
        let retyped =
            changes.iter().filter(|change| change.action == ChangeAction::Modify).find_map(|change| {
                let id = &change.logical_id;
                let kind = |template: &Value| template["Resources"][id]["Type"].as_str().map(str::to_owned);
                let (from, to) = (kind(before)?, kind(&after)?);
                (from != to).then(|| (id.clone(), from, to))
            });
        let (logical_id, from, to) = retyped?;
        Some(Obstacle::TypeChange { instance: unit.instance().clone(), logical_id, from, to })
    }

    fn values(&self) -> Values<'_> {
        Values { inventory: &self.inventory, observation: self.observation, decided: &self.decided }
    }

    fn action(
        &self,
        unit: &SealedUnit,
        kind: ActionKind,
        standing: Option<&Standing<'_>>,
        mut reasons: Vec<Reason>,
    ) -> PlannedAction {
        let instance = unit.instance().clone();
        let class_differs = standing
            .and_then(|standing| standing.facts.as_ref())
            .is_some_and(|facts| facts.class != unit.class);
        if kind.sends() && class_differs && self.context.consents.given(Consent::ChangeClass, &instance) {
            reasons.push(Reason::Consented { consent: Consent::ChangeClass });
        }
        for consent in [Consent::AllowReplacement, Consent::DeleteData] {
            if kind == ActionKind::Update && self.context.consents.given(consent, &instance) {
                reasons.push(Reason::Consented { consent });
            }
        }
        PlannedAction {
            action: kind,
            stack: standing
                .map_or_else(|| unit.stack.clone(), |standing| standing.name(&instance, &self.inventory)),
            class: Some(unit.class),
            reasons,
            changes: Vec::new(),
            consequences: Vec::new(),
            changing_outputs: BTreeSet::new(),
            protected: Vec::new(),
            emptied: Vec::new(),
            parameters: Vec::new(),
            needs: match kind.sends() {
                true => unit.needs.clone(),
                false => self.standing_needs.get(&instance).cloned().unwrap_or_default(),
            },
            desired: kind.sends().then(|| unit.clone()),
            observed: standing.map(|standing| Arc::clone(standing.stack)),
            instance,
        }
    }
}

fn refused(unit: &SealedUnit, changes: Vec<RefusedChange>) -> impl Iterator<Item = Obstacle> {
    changes.into_iter().map(|change| Obstacle::RefusedChange { instance: unit.instance().clone(), change })
}
