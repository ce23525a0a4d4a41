//! Waiting by a cloud's own clock, real or virtual, through `wait_for_change` alone.
//!
//! Strands sleep here; [`Clock::keep`] is the one place that lets time pass. With virtual time it
//! does so only when every strand is parked, up to the next change or the next sleeper, whichever
//! comes first. All clouds with virtual time share one clock, because their time is the same: one is
//! waited on, and the others are asked what changed meanwhile.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::sync::Notify;

use crate::engine::strands::{Activity, Waker, park};
use crate::port::{Changes, CloudFormation, PortError};

/// How often in a row `wait_for_change` may fail before the run gives up.
const FAILURES: u32 = 5;

/// A sleeper that others may wake early, such as a poller.
pub(super) type SleeperId = u64;

/// Sleepers with an id below this are named, the others are numbered from here.
const NUMBERED: SleeperId = 1 << 32;

#[derive(Default)]
struct Sleepers {
    queue: BTreeMap<(Timestamp, SleeperId), Waker<()>>,
    due: BTreeMap<SleeperId, Timestamp>,
    numbered: u64,
}

impl Sleepers {
    fn add(&mut self, id: SleeperId, due: Timestamp, waker: Waker<()>) {
        self.queue.insert((due, id), waker);
        self.due.insert(id, due);
    }

    fn take_due(&mut self, now: Timestamp) -> Vec<Waker<()>> {
        let later = self.queue.split_off(&(now, SleeperId::MAX));
        let due = std::mem::replace(&mut self.queue, later);
        due.into_iter()
            .map(|((_, id), waker)| {
                self.due.remove(&id);
                waker
            })
            .collect()
    }

    fn hasten(&mut self, id: SleeperId, due: Timestamp) {
        let Some(before) = self.due.get(&id).copied().filter(|before| due < *before) else { return };
        if let Some(waker) = self.queue.remove(&(before, id)) {
            self.add(id, due, waker);
        }
    }

    fn first(&self) -> Option<Timestamp> {
        self.queue.keys().next().map(|(due, _)| *due).filter(|due| *due < Timestamp::MAX)
    }
}

/// The clock of one real cloud, or of all virtual ones.
pub(super) struct Clock {
    /// Of one real cloud, or of all virtual ones; never empty.
    ports: Vec<Arc<dyn CloudFormation>>,
    is_virtual: bool,
    activity: Arc<Activity>,
    sleepers: Mutex<Sleepers>,
    changed: Notify,
}

impl Clock {
    pub(super) fn new(
        ports: Vec<Arc<dyn CloudFormation>>,
        is_virtual: bool,
        activity: Arc<Activity>,
    ) -> Self {
        Self { ports, is_virtual, activity, sleepers: Mutex::default(), changed: Notify::new() }
    }

    pub(super) fn is_virtual(&self) -> bool {
        self.is_virtual
    }

    pub(super) fn activity(&self) -> &Arc<Activity> {
        &self.activity
    }

    pub(super) fn now(&self) -> Timestamp {
        self.ports[0].now()
    }

    /// The time `wait` from now; the end of time when it lies beyond that.
    pub(super) fn after(&self, wait: Duration) -> Timestamp {
        SignedDuration::try_from(wait)
            .ok()
            .and_then(|wait| self.now().checked_add(wait).ok())
            .unwrap_or(Timestamp::MAX)
    }

    /// Sleeps, parked, for `wait`.
    pub(super) async fn sleep(&self, wait: Duration) {
        let id = {
            let mut sleepers = self.sleepers();
            sleepers.numbered += 1;
            NUMBERED + sleepers.numbered
        };
        self.sleep_as(id, self.after(wait)).await;
    }

    /// Sleeps, parked, until `due` or an earlier time that [`Self::hasten`] sets.
    pub(super) async fn sleep_as(&self, id: SleeperId, due: Timestamp) {
        park(&self.activity, |waker| {
            self.sleepers().add(id, due, waker);
            self.changed.notify_one();
        })
        .await;
    }

    /// Wakes that sleeper at `due` if it would sleep longer.
    pub(super) fn hasten(&self, id: SleeperId, due: Timestamp) {
        self.sleepers().hasten(id, due);
        self.changed.notify_one();
    }

    /// Lets time pass for ever; `report` hears what the cloud says has changed.
    ///
    /// # Errors
    /// The port's, when waiting itself keeps failing: then nothing can be waited for.
    pub(super) async fn keep(&self, report: impl Fn(Vec<String>) + Send) -> PortError {
        let mut failures = 0;
        loop {
            match self.pass().await {
                Ok(changed) => {
                    failures = 0;
                    report(changed);
                }
                Err(error) if failures >= FAILURES => return error,
                Err(_) => failures += 1,
            }
            // A virtual hour takes no time at all: let the rest of the program have its turn.
            tokio::task::yield_now().await;
        }
    }

    /// Lets time pass once and wakes who is due.
    async fn pass(&self) -> Result<Vec<String>, PortError> {
        if self.is_virtual {
            self.activity.quiet().await;
        }
        let first = self.sleepers().first();
        let Some(due) = first else {
            self.changed.notified().await;
            return Ok(Vec::new());
        };
        let wait = Duration::try_from(due.duration_since(self.now())).unwrap_or_default();
        let changed = match (wait.is_zero(), self.is_virtual) {
            (true, _) => Vec::new(),
            (false, true) => self.wait_virtually(wait).await?,
            (false, false) => self.wait_really(wait).await?,
        };
        // Virtual time stands still where nothing goes on; then whoever is next is due.
        let reached = if self.is_virtual && changed.is_empty() { self.now().max(due) } else { self.now() };
        let woken = self.sleepers().take_due(reached);
        for waker in woken {
            waker.wake(());
        }
        Ok(changed)
    }

    /// Ends early when somebody wants to be woken earlier.
    async fn wait_really(&self, longest: Duration) -> Result<Vec<String>, PortError> {
        tokio::select! {
            changes = self.ports[0].wait_for_change(longest) => Ok(stacks(changes?)),
            () = self.changed.notified() => Ok(Vec::new()),
        }
    }

    /// Need not end early: it takes no time, and meanwhile nobody can ask.
    async fn wait_virtually(&self, longest: Duration) -> Result<Vec<String>, PortError> {
        let mut changed = stacks(self.ports[0].wait_for_change(longest).await?);
        for port in &self.ports[1..] {
            changed.extend(stacks(port.wait_for_change(Duration::ZERO).await?));
        }
        Ok(changed)
    }

    fn sleepers(&self) -> MutexGuard<'_, Sleepers> {
        self.sleepers.lock().expect("no one panics while holding the sleepers")
    }
}

fn stacks(changes: Changes) -> Vec<String> {
    match changes {
        Changes::Unknown => Vec::new(),
        Changes::Stacks(stacks) => stacks,
    }
}
