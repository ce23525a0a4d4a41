//! What must hold after any command on any case, read from the stacks' own histories and not from what
//! the engine says.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use rekindle::engine::{UnitOutcome, UnitReport};
use rekindle::model::{Class, InstanceName, ObservedStack, Protection, StackEvent, StackStatus};
use rekindle::plan::{ActionKind, Obstacle};
use rekindle::port::CloudFormation;
use rekindle::ui::outcome_view::Verdict;

use super::shape::{Asked, Case};
use super::stage::{Ended, Stage, instance};

/// The account at one moment.
pub struct Look {
    pub stacks: BTreeMap<String, ObservedStack>,
    /// How many events each stack had.
    events: BTreeMap<String, usize>,
}

impl Look {
    pub async fn at(stage: &Stage) -> Self {
        let stacks: BTreeMap<String, ObservedStack> =
            stage.stacks().await.into_iter().map(|stack| (stack.id.clone(), stack)).collect();
        let mut events = BTreeMap::new();
        for id in stacks.keys() {
            events.insert(id.clone(), history(stage, id).await.len());
        }
        Self { stacks, events }
    }

    fn of(&self, instance: &InstanceName) -> Option<&ObservedStack> {
        self.stacks.values().find(|stack| stack.identity().is_some_and(|it| it.instance == *instance))
    }
}

/// All events of a stack itself, oldest first.
async fn history(stage: &Stage, id: &str) -> Vec<StackEvent> {
    let (mut found, mut page) = (Vec::new(), None);
    loop {
        let read = stage.client.events(id, page.as_deref()).await.unwrap();
        found.extend(read.items);
        page = read.next;
        if page.is_none() {
            break;
        }
    }
    found.reverse();
    found.retain(|event| {
        event.resource_type == "AWS::CloudFormation::Stack" && event.physical_id.as_deref() == Some(id)
    });
    found
}

/// What happened to the stacks between two looks, by ARN.
pub struct Happened {
    before: Look,
    after: Look,
    new: BTreeMap<String, Vec<StackEvent>>,
}

impl Happened {
    /// Looks again, and reads what happened since.
    pub async fn since(before: Look, stage: &Stage, ended: &Ended) -> Self {
        let after = Look::at(stage).await;
        let mut ids: BTreeSet<String> = before.stacks.keys().chain(after.stacks.keys()).cloned().collect();
        if let Ended::CarriedOut(phases) = ended {
            let reports = phases.iter().flat_map(|(_, outcome)| &outcome.reports);
            ids.extend(reports.filter_map(|report| report.stack_id.clone()));
        }
        let mut new = BTreeMap::new();
        for id in ids {
            let all = history(stage, &id).await;
            let known = before.events.get(&id).copied().unwrap_or_default();
            new.insert(id, all[known..].to_vec());
        }
        Self { before, after, new }
    }

    fn began<'h>(&'h self, id: &str, word: &str) -> Vec<&'h StackEvent> {
        let status = format!("{word}_IN_PROGRESS");
        self.new.get(id).into_iter().flatten().filter(|event| event.status == status).collect()
    }

    /// Whoever's stack of ours it is or was, by its name.
    fn instance_of(&self, id: &str) -> Option<InstanceName> {
        let name = id.split('/').nth(1)?;
        name.strip_prefix("fieldbook-demo-").and_then(|name| name.parse().ok())
    }

    /// The statuses that the instance's stacks had at a moment: events of one moment have no order.
    fn statuses_at(&self, instance: &InstanceName, time: Timestamp) -> Vec<StackStatus> {
        let mut found = Vec::new();
        let mut last = self.before.of(instance).map(|stack| stack.status.clone());
        let ids = self.new.keys().filter(|id| self.instance_of(id).as_ref() == Some(instance));
        let mut events: Vec<&StackEvent> = ids.flat_map(|id| &self.new[id]).collect();
        events.sort_by_key(|event| event.time);
        for event in events {
            if event.time < time {
                last = Some(event.status.parse().unwrap());
            } else if event.time == time {
                found.push(event.status.parse().unwrap());
            }
        }
        found.extend(last);
        found
    }
}

fn is_failure(report: &UnitReport) -> bool {
    !matches!(report.outcome, UnitOutcome::Done | UnitOutcome::Unchanged)
}

/// Everything that must hold.
pub fn judge(case: &Case, ended: &Ended, happened: &Happened) {
    nothing_foreign_is_touched(happened);
    nothing_is_made_twice(happened);
    nothing_kept_goes(case, happened);
    no_dependant_before_its_dependency(case, ended, happened);
    match ended {
        Ended::NoPlan(error) => {
            for obstacle in &error.obstacles {
                assert!(is_justified(case, obstacle, happened), "there is no reason for: {obstacle}");
            }
        }
        Ended::NoConsent => {}
        Ended::NoAnswer(error) => assert!(case.is_hard_of_hearing(), "{error}"),
        Ended::CarriedOut(_) => reports_are_true(ended, happened),
    }
}

fn nothing_foreign_is_touched(happened: &Happened) {
    for (id, stack) in &happened.before.stacks {
        if stack.identity().is_none() {
            assert_eq!(happened.new[id], [], "a foreign stack was touched");
            assert_eq!(happened.after.stacks.get(id), Some(stack));
        }
    }
}

fn nothing_is_made_twice(happened: &Happened) {
    let mut made: BTreeMap<InstanceName, usize> = BTreeMap::new();
    for id in happened.new.keys() {
        if let Some(instance) = happened.instance_of(id) {
            *made.entry(instance).or_default() += happened.began(id, "CREATE").len();
        }
    }
    for (instance, times) in made {
        assert!(times <= 1, "{instance} was made {times} times");
    }
}

/// What is kept by class is not deleted, whatever was asked for.
fn nothing_kept_goes(case: &Case, happened: &Happened) {
    for (number, shape) in case.units.iter().enumerate() {
        let is_kept = case.protection != Protection::Disposable
            && match shape.class {
                Class::Permanent => true,
                Class::Data => !case.consents,
                Class::Stateless => false,
            };
        let Some(stack) = happened.before.of(&instance(number)) else { continue };
        let stood = stack.status.is_healthy();
        let goes = !happened.began(&stack.id, "DELETE").is_empty();
        assert!(!(is_kept && stood && goes), "u{number} is kept, and it was deleted");
    }
}

fn no_dependant_before_its_dependency(case: &Case, ended: &Ended, happened: &Happened) {
    let Ended::CarriedOut(phases) = ended else { return };
    for (number, shape) in case.units.iter().enumerate() {
        let name = instance(number);
        let ids: Vec<&String> =
            happened.new.keys().filter(|id| happened.instance_of(id).as_ref() == Some(&name)).collect();
        let is_sent =
            phases.iter().any(|(plan, _)| plan.action(&name).is_some_and(|action| action.action.sends()));
        let begun = ids
            .iter()
            .flat_map(|id| happened.began(id, "CREATE").into_iter().chain(happened.began(id, "UPDATE")));
        for event in begun.filter(|_| is_sent) {
            for need in shape.needs.iter().map(|need| instance(*need)) {
                let statuses = happened.statuses_at(&need, event.time);
                // What was left as it is stands, if its last update was taken back, too.
                let is_kept = phases.iter().any(|(plan, outcome)| {
                    let action = plan.action(&need).map(|action| action.action);
                    let report = outcome.reports.iter().find(|report| report.instance == need);
                    action == Some(ActionKind::Keep)
                        || report.is_some_and(|report| report.outcome == UnitOutcome::Unchanged)
                });
                let stands = |status: &StackStatus| {
                    let is_back = [StackStatus::UpdateRollbackComplete, StackStatus::ImportRollbackComplete];
                    status.is_healthy() || (is_kept && is_back.contains(status))
                };
                assert!(
                    statuses.iter().any(stands),
                    "{name} was begun when {need}, which it needs, was {statuses:?}"
                );
            }
        }
        let Some(stack) = happened.before.of(&name) else { continue };
        let is_torn_down = phases
            .iter()
            .any(|(plan, _)| plan.action(&name).is_some_and(|action| action.action == ActionKind::Delete));
        for event in happened.began(&stack.id, "DELETE").into_iter().filter(|_| is_torn_down) {
            dependants_are_gone(case, happened, (number, event.time));
        }
    }
}

fn dependants_are_gone(case: &Case, happened: &Happened, (number, time): (usize, Timestamp)) {
    for (other, shape) in case.units.iter().enumerate().filter(|(_, shape)| shape.needs.contains(&number)) {
        let Some(stack) = happened.before.of(&instance(other)) else { continue };
        // What was imported or only reviewed needs nothing.
        if stack.facts().is_none_or(|facts| !facts.needs.contains(&instance(number))) {
            continue;
        }
        let gone = happened.new[&stack.id].iter().find(|event| event.status == "DELETE_COMPLETE");
        let updated = shape.is_gone || case.asked == Asked::Deploy;
        assert!(
            updated || gone.is_some_and(|event| event.time <= time),
            "u{number} was deleted before u{other}, which needs it"
        );
    }
}

fn reports_are_true(ended: &Ended, happened: &Happened) {
    let Ended::CarriedOut(phases) = ended else { return };
    let last = phases.len() - 1;
    let mut is_clean = true;
    for (number, (plan, outcome)) in phases.iter().enumerate() {
        let told: Vec<&InstanceName> = outcome
            .reports
            .iter()
            .map(|report| &report.instance)
            .chain(outcome.skipped.iter().map(|skipped| &skipped.instance))
            .collect();
        let distinct: BTreeSet<_> = told.iter().copied().collect();
        assert_eq!(distinct.len(), told.len(), "an instance is told of twice");
        let acted = plan.actions.iter().filter(|action| action.action != ActionKind::Keep);
        assert_eq!(distinct, acted.map(|action| &action.instance).collect());
        for skipped in &outcome.skipped {
            let because = skipped.because_of.as_ref().expect("nobody stopped the run");
            let report = outcome.reports.iter().find(|report| report.instance == *because);
            assert!(report.is_some_and(is_failure), "{} was skipped without reason", skipped.instance);
        }
        for report in outcome.reports.iter().filter(|_| number == last) {
            is_true(report, happened);
        }
        is_clean &= outcome.skipped.is_empty() && !outcome.reports.iter().any(is_failure);
        is_clean &= outcome.proof.as_ref().is_none_or(|proof| {
            proof.unanswered.is_empty()
                && proof.left.iter().all(|left| left.why != rekindle::engine::Why::Unaccounted)
        });
    }
    assert_eq!(ended.verdict() == Some(Verdict::Succeeded), is_clean);
}

/// Whether a stack stands as its report says.
fn is_true(report: &UnitReport, happened: &Happened) {
    let name = &report.instance;
    let stands = happened.after.of(name);
    match (&report.outcome, report.action) {
        (UnitOutcome::Done, ActionKind::Delete) => assert!(stands.is_none(), "{name} is said to be gone"),
        (UnitOutcome::Unchanged, _) => assert!(stands.is_some_and(|stack| !stack.status.is_busy())),
        (UnitOutcome::Done, _) => {
            assert!(
                stands.is_some_and(|stack| stack.status.is_healthy()),
                "{name} is said to stand: {stands:?}"
            );
        }
        (UnitOutcome::RolledBack { .. }, _) => {
            let status = &stands.unwrap().status;
            assert!(
                status.as_str().ends_with("ROLLBACK_COMPLETE"),
                "{name} is said to be rolled back: {status}"
            );
        }
        (UnitOutcome::NeedsHands { .. }, _) => {
            assert!(stands.is_none_or(|stack| !stack.status.is_busy()), "{name} still moves");
        }
        (UnitOutcome::Refused { .. } | UnitOutcome::Unannounced { .. }, _) => {
            let id = report.stack_id.as_deref().unwrap_or_default();
            let began =
                ["CREATE", "UPDATE", "DELETE"].iter().any(|word| !happened.began(id, word).is_empty());
            assert!(!began || report.action == ActionKind::Replace, "{name} is said to be as it was");
        }
        (UnitOutcome::WithoutImage { .. }, _) => panic!("nothing waits for an image, and {name} did"),
        (UnitOutcome::LeftRunning, _) => panic!("nobody stopped the run, and {name} was left"),
    }
}

/// Whether there is what an obstacle says.
fn is_justified(case: &Case, obstacle: &Obstacle, happened: &Happened) -> bool {
    use StackStatus as S;
    let precious = case.protection != Protection::Disposable;
    let status = |instance: &InstanceName| happened.after.of(instance).map(|stack| stack.status.clone());
    match obstacle {
        Obstacle::Stuck { instance, .. } => matches!(
            status(instance),
            Some(S::UpdateFailed | S::UpdateRollbackFailed | S::ImportRollbackFailed)
        ),
        Obstacle::HalfDeleted { instance, .. } => precious && status(instance) == Some(S::DeleteFailed),
        Obstacle::Retained { instance, .. } => {
            precious
                && status(instance)
                    .is_some_and(|status| status.never_completed() || status == S::DeleteFailed)
        }
        Obstacle::Foreign { stack, .. } => {
            happened.after.stacks.values().any(|it| it.name == *stack && it.identity().is_none())
        }
        Obstacle::NotEmpty { .. } => {
            !case.consents && case.units.iter().any(|unit| unit.bucket == Some(true))
        }
        _ => false,
    }
}
