//! Work on one instance, from its start to its report.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::engine::budget::{Pace, seconds};
use crate::engine::execute::ending::{Ending, Step, hint, is_rolled_back, plain};
use crate::engine::execute::token::token;
use crate::engine::execute::walk::Run;
use crate::engine::execute::{create, delete, update};
use crate::engine::history::History;
use crate::engine::lane::{CallError, Lane};
use crate::engine::leftover::left_behind;
use crate::engine::watch::Watch;
use crate::engine::{Cause, Event, UnitOutcome, UnitReport};
use crate::model::{Facts, InstanceName, JournalEntry, ObservedStack, SealedUnit};
use crate::plan::{ActionKind, PlannedAction};
use crate::port::StackBody;

/// Does what the plan says about one instance.
pub(super) async fn work_on(run: &Run<'_>, action: &PlannedAction) -> UnitReport {
    let lane =
        run.session.target(&action.instance.target).expect("the plan was validated against the clouds");
    let work = Work { run, lane, action };
    let began = lane.now();
    lane.send(Event::UnitStarted {
        time: began,
        instance: action.instance.clone(),
        action: action.action,
        stack: action.stack.clone(),
    });
    let ending = carry_out(&work).await.unwrap_or_else(|early| *early);
    let report = UnitReport {
        instance: action.instance.clone(),
        action: action.action,
        outcome: ending.outcome,
        stack_id: ending.stack_id.or_else(|| action.observed.as_ref().map(|stack| stack.id.clone())),
        changed: ending.stack.and_then(|stack| stack.updated.or(stack.created)),
        seconds: seconds(began, lane.now()),
        left_behind: ending.left_behind,
    };
    // What was left running ends without us: whoever finds the journal has to look.
    if report.outcome != UnitOutcome::LeftRunning {
        let (time, instance, last) = (lane.now(), report.instance.clone(), report.last());
        work.note(JournalEntry::Finished { time, instance, last }).await;
    }
    report
}

async fn carry_out(work: &Work<'_>) -> Step<Ending> {
    match work.action.action {
        ActionKind::Delete => return delete::delete(work).await,
        ActionKind::Keep => return Ok(Ending::new(UnitOutcome::Unchanged)),
        ActionKind::Create | ActionKind::Update | ActionKind::Replace => work.images().await?,
    }
    match work.action.action {
        ActionKind::Update => update::update(work).await,
        ActionKind::Replace => replace(work).await,
        _ => create::create(work).await,
    }
}

/// Deletes the stack, and makes it again once it is gone.
async fn replace(work: &Work<'_>) -> Step<Ending> {
    delete::delete(work).await?;
    create::create(work).await
}

/// One instance with all it takes to work on it.
pub(super) struct Work<'w> {
    pub(super) run: &'w Run<'w>,
    pub(super) lane: &'w Lane<'w>,
    pub(super) action: &'w PlannedAction,
}

/// What is to be sent.
pub(super) struct Wanted<'w> {
    pub(super) desired: &'w SealedUnit,
    pub(super) facts: Facts,
    pub(super) body: StackBody,
}

impl<'w> Work<'w> {
    pub(super) fn instance(&self) -> &'w InstanceName {
        &self.action.instance
    }

    /// The client token of one step.
    pub(super) fn token(&self, step: &str, attempt: u32) -> String {
        token(&self.run.options.run, self.instance(), step, attempt)
    }

    /// The stack that the plan was based on.
    pub(super) fn observed(&self) -> &'w ObservedStack {
        self.action.observed.as_ref().expect("the plan was validated: this action has an observed stack")
    }

    /// Resolves what the plan wants.
    pub(super) fn wanted(&self) -> Step<Wanted<'w>> {
        let desired =
            self.action.desired.as_ref().expect("the plan was validated: this action has a desired unit");
        let release = self.run.plan.release.expect("the plan was validated: it has a release");
        let parameters: BTreeMap<String, String> =
            self.run.outputs.resolve(desired).map_err(|output| Box::new(Ending::unresolved(&output)))?;
        let facts = desired.facts(&parameters, release);
        let body = StackBody {
            template: desired.sent_template(&facts),
            parameters,
            kept_parameters: BTreeSet::new(),
            tags: desired.all_tags(),
            capabilities: desired.capabilities.iter().cloned().collect(),
            service_role: desired.service_role.clone(),
            notifications: desired.notifications.clone(),
        };
        Ok(Wanted { desired, facts, body })
    }

    pub(super) fn history(&self, stack_id: &str, token: &str) -> Arc<History> {
        Arc::new(History::new(self.instance(), stack_id, self.action.stack.as_str(), Some(token)))
    }

    /// Waits until the operation on the stack has ended.
    pub(super) async fn settled(
        &self,
        stack_id: &str,
        before: Option<&ObservedStack>,
        history: &Arc<History>,
    ) -> Step<Option<ObservedStack>> {
        let (stack, history) = (stack_id.to_owned(), Arc::clone(history));
        let until = self.run.until(self.lane.now());
        let watch = Watch { stack, before: before.cloned(), history, until };
        let settled = self.lane.settled(watch).await;
        if matches!(settled, Err(CallError::Stopped)) && until.is_some_and(|until| self.lane.now() >= until) {
            self.overdue();
        }
        settled.map_err(|error| Box::new(Ending::after_effect(error).of(stack_id)))
    }

    fn overdue(&self) {
        let (time, instance) = (self.lane.now(), Some(self.instance().clone()));
        let environment = &self.run.plan.environment;
        let message = format!(
            "it takes longer than it is to be waited for, and goes on without us; `rekindle attach {environment}` \
             watches it"
        );
        self.lane.send(Event::Notice { time, instance, message });
    }

    /// Judges a stack that should stand now and carry these facts.
    pub(super) async fn stands(
        &self,
        stack: Option<ObservedStack>,
        stack_id: &str,
        history: &History,
        facts: &Facts,
    ) -> Step<Ending> {
        let Some(stack) = stack.filter(|stack| !stack.status.is_gone()) else {
            let ending = Ending::hands(
                "the stack was deleted while it was worked on",
                "find out who deleted it, then run the same command again",
            );
            return Err(Box::new(ending.of(stack_id)));
        };
        if !stack.status.is_healthy() {
            let cause = self.cause(&stack, history).await;
            if is_rolled_back(&stack.status) {
                let left = left_behind(self.lane, history, stack_id);
                let ending = Ending::new(UnitOutcome::RolledBack { cause });
                return Err(Box::new(ending.leaving(left).with(stack)));
            }
            let (blockers, hint) = (history.blockers(), self.hint(&stack));
            let outcome = UnitOutcome::NeedsHands { cause, blockers, hint };
            return Err(Box::new(Ending::new(outcome).with(stack)));
        }
        self.tell_events(history).await;
        if stack.facts().as_ref() != Some(facts) {
            let ending = Ending::hands(
                format!("the stack is {}, but it does not carry what was sent", stack.status),
                "somebody else may have changed it at the same time: run the same command again",
            );
            return Err(Box::new(ending.with(stack)));
        }
        self.publish(&stack);
        let left = left_behind(self.lane, history, stack_id);
        Ok(Ending::new(UnitOutcome::Done).leaving(left).with(stack))
    }

    /// What a person can do about a stack that is stuck.
    pub(super) fn hint(&self, stack: &ObservedStack) -> String {
        let is_embedded = self.lane.cloud.pace == Pace::Virtual;
        hint(&stack.status, &stack.name, self.instance(), is_embedded)
    }

    /// The last events of a success, as far as that delays nobody. A stack that stood when it was
    /// first looked at has no progress to tell, and an emulator makes all stacks like that: one call
    /// for each of them would take longer than making them. Where something leaves the stack they are
    /// read in any case: only they say whether it went.
    pub(super) async fn tell_events(&self, history: &History) {
        let has_progress = history.was_under_way() || self.lane.clock.is_virtual();
        let has_leavers = !self.action.consequences.is_empty();
        let is_worth_a_call = has_leavers || (has_progress && self.lane.has_room());
        if !is_worth_a_call {
            return;
        }
        // The stack stands; how it came about is worth no failure.
        if let Err(CallError::Failed { error, .. }) = history.fetch(self.lane).await
            && has_leavers
        {
            let (time, instance) = (self.lane.now(), Some(self.instance().clone()));
            let message = format!("whether all was deleted that leaves the stack is not known: {error}");
            self.lane.send(Event::Notice { time, instance, message });
        }
    }

    /// Why the stack is not as it should be: its events say, or else its status.
    pub(super) async fn cause(&self, stack: &ObservedStack, history: &History) -> Cause {
        // Without events the status reason has to do.
        drop(history.fetch(self.lane).await);
        history.root_cause().unwrap_or_else(|| {
            let reason = stack.status_reason.clone();
            plain(reason.unwrap_or_else(|| format!("the stack is {} without a reason", stack.status)))
        })
    }
}
