//! What is watched, and when a stack counts as settled. Pure but for the wakers.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;

use crate::engine::budget::seconds;
use crate::engine::history::History;
use crate::engine::lane::{CallError, Lane};
use crate::engine::strands::{Waker, park};
use crate::model::{ObservedStack, StackStatus};
use crate::port::{PortError, PortErrorKind};

/// Looks at a real cloud that may still show what was before an operation: reads lag behind writes.
const STALE_LOOKS: u32 = 8;

/// Looks in a row that may fail for good before the watch is given up.
const FAILED_LOOKS: u32 = 5;

/// Hours without any change of status after which waiting makes no sense: longer than the twelve
/// hours that the slowest of CloudFormation's own time-outs (a wait condition's) allows.
const PATIENCE_HOURS: f64 = 24.0;

/// How a watch ended: the stack, `None` when it is gone, or why it cannot be watched.
pub(super) type Settled = Result<Option<ObservedStack>, PortError>;

/// A stack to be watched until no operation runs on it.
pub(super) struct Watch {
    /// ARN.
    pub(super) stack: String,
    /// The stack before the operation, to recognise a read that lags behind; `None` when there was
    /// none, or when it does not matter.
    pub(super) before: Option<ObservedStack>,
    /// Where its events go.
    pub(super) history: Arc<History>,
    /// Until when it is waited for, if not for as long as anything moves.
    pub(super) until: Option<Timestamp>,
}

impl Lane<'_> {
    /// Waits until no operation runs on the stack.
    ///
    /// # Errors
    /// [`CallError::Stopped`], also when it was waited for as long as was asked; or the last error when it
    /// could not be looked at.
    pub(super) async fn settled(&self, watch: Watch) -> Result<Option<ObservedStack>, CallError> {
        let stack = watch.stack.clone();
        let first = self.cloud.pace.first_look().map_or(self.now(), |wait| self.clock.after(wait));
        let parked = park(self.clock.activity(), |waker| {
            self.watches().add(watch, self.now(), first, waker);
            self.clock.hasten(self.poller, first);
        });
        let settled = self.unless_stopped(parked).await;
        self.watches().entries.remove(&stack);
        match settled? {
            Err(error) if error.kind == PortErrorKind::Overdue => Err(CallError::Stopped),
            settled => Ok(settled?),
        }
    }

    /// The cloud says that these stacks have changed.
    pub(super) fn changed(&self, stacks: &[String]) {
        let mut watches = self.watches();
        let known = stacks.iter().filter(|stack| watches.entries.contains_key(*stack)).cloned();
        let known: Vec<String> = known.collect();
        if !known.is_empty() {
            watches.news.extend(known);
            let now = self.now();
            watches.next = watches.next.min(now);
            self.clock.hasten(self.poller, now);
        }
    }
}

/// The stacks of one lane that are waited for.
pub(super) struct Watches {
    pub(super) entries: BTreeMap<String, Entry>,
    /// Stacks that are known to have changed, or have not been looked at yet.
    pub(super) news: BTreeSet<String>,
    /// When to look next.
    pub(super) next: Timestamp,
}

impl Default for Watches {
    fn default() -> Self {
        Self { entries: BTreeMap::new(), news: BTreeSet::new(), next: Timestamp::MAX }
    }
}

impl Watches {
    fn add(&mut self, watch: Watch, now: Timestamp, first: Timestamp, waker: Waker<Settled>) {
        let entry = Entry {
            before: watch.before,
            history: watch.history,
            until: watch.until,
            last: None,
            since: now,
            stale: 0,
            failed: 0,
            waker,
        };
        self.news.insert(watch.stack.clone());
        self.entries.insert(watch.stack, entry);
        self.next = self.next.min(first);
    }

    /// The first moment at which somebody does not wait any longer.
    pub(super) fn first_deadline(&self) -> Option<Timestamp> {
        self.entries.values().filter_map(|entry| entry.until).min()
    }
}

/// One watched stack.
pub(super) struct Entry {
    before: Option<ObservedStack>,
    pub(super) history: Arc<History>,
    until: Option<Timestamp>,
    last: Option<StackStatus>,
    since: Timestamp,
    stale: u32,
    failed: u32,
    pub(super) waker: Waker<Settled>,
}

/// What one look at a stack means.
#[derive(Debug)]
pub(super) enum Verdict {
    /// Its status is another one, and it goes on.
    Moved,
    /// Nothing new.
    Waiting,
    /// No operation runs on it.
    Settled(Box<Settled>),
}

impl Entry {
    /// Judges one look. `is_exact` says that the cloud shows the truth of this moment.
    pub(super) fn judge(&mut self, look: Settled, now: Timestamp, is_exact: bool) -> Verdict {
        let stack = match look {
            Ok(stack) => stack,
            Err(error) => return self.failed_look(error),
        };
        self.failed = 0;
        let status = stack.as_ref().map(|stack| stack.status.clone());
        let moved = status != self.last;
        if moved {
            (self.last, self.since) = (status, now);
        }
        if stack.as_ref().is_some_and(|stack| stack.status.is_busy()) {
            let waiting = self.waiting(now);
            return if moved && matches!(waiting, Verdict::Waiting) { Verdict::Moved } else { waiting };
        }
        if !is_exact && self.stale < STALE_LOOKS && self.may_be_stale(stack.as_ref()) {
            self.stale += 1;
            return Verdict::Waiting;
        }
        Verdict::Settled(Box::new(Ok(stack)))
    }

    /// Nothing where something was just made, the state of before, or a change set that was only
    /// just executed.
    fn may_be_stale(&self, stack: Option<&ObservedStack>) -> bool {
        match (stack, &self.before) {
            (None, before) => before.is_none(),
            (Some(stack), _) if stack.status == StackStatus::ReviewInProgress => true,
            (Some(stack), Some(before)) => stack.status == before.status && stack.updated == before.updated,
            (Some(_), None) => false,
        }
    }

    fn failed_look(&mut self, error: PortError) -> Verdict {
        self.failed += 1;
        if self.failed < FAILED_LOOKS { Verdict::Waiting } else { Verdict::Settled(Box::new(Err(error))) }
    }

    fn waiting(&self, now: Timestamp) -> Verdict {
        if self.until.is_some_and(|until| now >= until) {
            let error = PortError::new(PortErrorKind::Overdue, "waiting for the stack", "it takes too long");
            return Verdict::Settled(Box::new(Err(error)));
        }
        let hours = seconds(self.since, now) / 3600.0;
        if hours < PATIENCE_HOURS {
            return Verdict::Waiting;
        }
        let status = self.last.as_ref().map_or("absent", StackStatus::as_str);
        let error = PortError::new(
            PortErrorKind::Other,
            "waiting for the stack",
            format!("it has been {status} for {hours:.0} hours"),
        );
        Verdict::Settled(Box::new(Err(error.with_hint(
            "look at its events in the CloudFormation console, cancel the operation there, then run the same command again",
        ))))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::engine::strands::Activity;
    use crate::plan::fixture::{instance, stack, unit};

    fn seen(status: StackStatus) -> Settled {
        Ok(Some(ObservedStack { status, ..stack(&unit("data")) }))
    }

    fn entry(before: Option<StackStatus>) -> Entry {
        let (waker, _nobody_listens) = Waker::new(&Arc::new(Activity::default()));
        Entry {
            before: before.map(|status| seen(status).unwrap().unwrap()),
            history: Arc::new(History::new(&instance("data"), "arn", "demo", None)),
            until: None,
            last: None,
            since: Timestamp::UNIX_EPOCH,
            stale: 0,
            failed: 0,
            waker,
        }
    }

    /// How many looks it takes to settle on what stays the same.
    fn looks(before: Option<StackStatus>, look: fn() -> Settled, is_exact: bool) -> u32 {
        let mut entry = entry(before);
        (1..100)
            .find(|_| matches!(entry.judge(look(), Timestamp::UNIX_EPOCH, is_exact), Verdict::Settled(_)))
            .unwrap_or(100)
    }

    #[test]
    fn a_read_that_may_lag_behind_is_doubted_for_a_while() {
        use StackStatus::{CreateComplete, ReviewInProgress, UpdateComplete};
        let created = || seen(CreateComplete);
        assert_eq!(looks(None, created, false), 1);
        assert_eq!(looks(Some(UpdateComplete), created, false), 1);
        assert_eq!(looks(Some(CreateComplete), created, false), STALE_LOOKS + 1);
        assert_eq!(looks(Some(CreateComplete), created, true), 1);
        assert_eq!(looks(None, || Ok(None), false), STALE_LOOKS + 1);
        assert_eq!(looks(Some(CreateComplete), || Ok(None), false), 1, "a deleted stack is gone");
        assert_eq!(looks(Some(CreateComplete), || seen(ReviewInProgress), false), STALE_LOOKS + 1);
    }

    #[test]
    fn every_status_that_is_not_busy_settles() {
        for status in StackStatus::ALL.iter().cloned().chain([StackStatus::Unknown("NEW".to_owned())]) {
            let settles = !status.is_busy();
            let verdict = entry(None).judge(seen(status.clone()), Timestamp::UNIX_EPOCH, true);
            assert_eq!(matches!(verdict, Verdict::Settled(_)), settles, "{status}");
        }
    }

    #[test]
    fn looks_that_fail_for_good_and_endless_operations_end_the_watch() {
        let denied = || Err(PortError::new(PortErrorKind::Denied, "DescribeStacks", "AccessDenied"));
        assert_eq!(looks(None, denied, false), FAILED_LOOKS);
        let mut entry = entry(None);
        let busy = || seen(StackStatus::UpdateInProgress);
        let later = Timestamp::UNIX_EPOCH + Duration::from_secs(25 * 3600);
        assert!(matches!(entry.judge(busy(), Timestamp::UNIX_EPOCH, true), Verdict::Moved));
        assert!(matches!(entry.judge(busy(), Timestamp::UNIX_EPOCH, true), Verdict::Waiting));
        let Verdict::Settled(settled) = entry.judge(busy(), later, true) else { panic!() };
        assert_eq!(
            settled.unwrap_err().to_string(),
            "waiting for the stack: it has been UPDATE_IN_PROGRESS for 25 hours"
        );
    }
}
