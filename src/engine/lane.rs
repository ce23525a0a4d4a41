//! The way to one cloud: every call goes through here, within its budget, asked again where that
//! helps.

use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use jiff::Timestamp;

use crate::engine::clock::{Clock, SleeperId};
use crate::engine::clouds::Cloud;
use crate::engine::retry::{Failures, Patience, backoff, is_answer_lost};
use crate::engine::watch::Watches;
use crate::engine::{Event, EventSink, Stop};
use crate::port::{CloudFormation, PortError, PortErrorKind};

/// The answer of a port's method.
pub(super) type Answer<'a, T> = Pin<Box<dyn Future<Output = Result<T, PortError>> + Send + 'a>>;

/// Why a call came to nothing.
#[derive(Debug)]
pub(super) enum CallError {
    /// The run was stopped while waiting.
    Stopped,
    /// The cloud said no, or too often nothing.
    Failed {
        error: PortError,
        /// An earlier attempt may have taken effect although its answer was lost.
        answer_lost: bool,
    },
}

impl From<PortError> for CallError {
    fn from(error: PortError) -> Self {
        Self::Failed { error, answer_lost: false }
    }
}

/// The way to one cloud during one operation.
pub(super) struct Lane<'s> {
    pub(super) cloud: Arc<Cloud>,
    pub(super) clock: Arc<Clock>,
    pub(super) poller: SleeperId,
    pub(super) stop: Stop,
    sink: &'s dyn EventSink,
    patience: Patience,
    watches: Mutex<Watches>,
    calls: AtomicU64,
}

impl<'s> Lane<'s> {
    pub(super) fn new(
        number: u64,
        cloud: Arc<Cloud>,
        clock: Arc<Clock>,
        sink: &'s dyn EventSink,
        stop: Stop,
        patience: Patience,
    ) -> Self {
        let (watches, calls) = (Mutex::default(), AtomicU64::new(0));
        Self { cloud, clock, poller: number, stop, sink, patience, watches, calls }
    }

    pub(super) fn now(&self) -> Timestamp {
        self.cloud.port.now()
    }

    pub(super) fn send(&self, event: Event) {
        self.sink.send(event);
    }

    pub(super) fn watches(&self) -> MutexGuard<'_, Watches> {
        self.watches.lock().expect("no one panics while holding the watches")
    }

    /// Whether a call that is merely nice to have would delay nobody.
    pub(super) fn has_room(&self) -> bool {
        self.cloud.budget.lock().expect(BUDGET).has_room(self.now())
    }

    /// Sleeps unless the run is stopped.
    pub(super) async fn sleep(&self, wait: Duration) -> Result<(), CallError> {
        self.unless_stopped(self.clock.sleep(wait)).await
    }

    /// Waits for something unless the run is stopped.
    pub(super) async fn unless_stopped<T>(&self, wait: impl Future<Output = T>) -> Result<T, CallError> {
        tokio::select! {
            biased;
            () = self.stop.now() => Err(CallError::Stopped),
            result = wait => Ok(result),
        }
    }

    /// Makes a call, and makes it again while that may help. A call that is under way is always
    /// waited for, even when the run is stopped: its answer says what was begun.
    ///
    /// # Errors
    /// See [`CallError`].
    pub(super) async fn call<'a, T>(
        &'a self,
        request: impl Fn(&'a dyn CloudFormation) -> Answer<'a, T>,
    ) -> Result<T, CallError> {
        let salt = format!("{}/{}", self.poller, self.calls.fetch_add(1, Ordering::Relaxed));
        let (mut attempt, mut answer_lost, mut failures) = (0, false, Failures::default());
        loop {
            self.turn().await?;
            let error = match request(&*self.cloud.port).await {
                Ok(answer) => {
                    self.cloud.budget.lock().expect(BUDGET).succeeded();
                    return Ok(answer);
                }
                Err(error) => error,
            };
            if !failures.again(error.kind, self.patience) {
                return Err(CallError::Failed { error, answer_lost });
            }
            answer_lost |= is_answer_lost(error.kind);
            self.slow_down(error.kind);
            self.sleep(backoff(&salt, attempt)).await?;
            attempt += 1;
        }
    }

    async fn turn(&self) -> Result<(), CallError> {
        let wait = self.cloud.budget.lock().expect(BUDGET).take(self.now());
        if wait.is_zero() { Ok(()) } else { self.sleep(wait).await }
    }

    fn slow_down(&self, kind: PortErrorKind) {
        if kind != PortErrorKind::Throttled {
            return;
        }
        let now = self.now();
        let lowered = self.cloud.budget.lock().expect(BUDGET).throttled(now);
        if let Some(rate) = lowered {
            let message = format!("CloudFormation is throttling: slowing down to {rate:.1} calls a second");
            self.send(Event::Notice { time: now, instance: None, message });
        }
    }
}

/// What to do about a failed call: what the adapter knows, or else to try again.
pub(super) fn advice(error: &PortError) -> String {
    error.hint.clone().unwrap_or_else(|| {
        if error.is_transient() {
            "the service is unwell or busy: wait a little, then run the same command again".to_owned()
        } else {
            "correct the cause, then run the same command again".to_owned()
        }
    })
}

const BUDGET: &str = "no one panics while holding the budget";
