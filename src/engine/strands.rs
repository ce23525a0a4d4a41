//! Concurrent strands of work that know whether any of them can go on.
//!
//! Virtual time may move only while every strand waits for it: a stack that finished must release
//! its dependants first. So each strand counts as active from the moment it is pushed until its
//! parent took its result, except while it is parked. A strand that ends hands its activity to its
//! parent; whoever wakes a parked strand makes it active before it is polled.
//!
//! All strands live in the task that runs them: none is spawned, and dropping the parent drops all.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::StreamExt as _;
use futures_util::future::BoxFuture;
use futures_util::stream::FuturesUnordered;
use tokio::sync::{Notify, oneshot};

/// How many strands can go on without time passing.
#[derive(Debug, Default)]
pub(super) struct Activity {
    active: AtomicUsize,
    quiet: Notify,
}

impl Activity {
    pub(super) fn enter(&self) {
        self.active.fetch_add(1, Ordering::SeqCst);
    }

    fn leave(&self) {
        if self.active.fetch_sub(1, Ordering::SeqCst) == 1 {
            self.quiet.notify_one();
        }
    }

    /// Returns when no strand can go on. For one listener only.
    pub(super) async fn quiet(&self) {
        while self.active.load(Ordering::SeqCst) > 0 {
            self.quiet.notified().await;
        }
    }
}

/// One unit of activity on its way from the waker to the woken.
struct Active(Arc<Activity>);

impl Active {
    fn new(activity: &Arc<Activity>) -> Self {
        activity.enter();
        Self(Arc::clone(activity))
    }
}

impl Drop for Active {
    fn drop(&mut self) {
        self.0.leave();
    }
}

/// A strand's own side of a wait: active again when it is dropped, however the wait ends.
struct Parked<'a>(&'a Activity);

impl Drop for Parked<'_> {
    fn drop(&mut self) {
        self.0.enter();
    }
}

/// Wakes one parked strand with a value.
pub(super) struct Waker<T> {
    activity: Arc<Activity>,
    sender: oneshot::Sender<(Active, T)>,
}

impl<T> Waker<T> {
    /// A waker, and what its strand listens to.
    pub(super) fn new(activity: &Arc<Activity>) -> (Self, Wakening<T>) {
        let (sender, receiver) = oneshot::channel();
        (Self { activity: Arc::clone(activity), sender }, Wakening(receiver))
    }

    /// Makes the strand active and hands it the value. A strand that stopped waiting is left alone.
    pub(super) fn wake(self, value: T) {
        let active = Active::new(&self.activity);
        drop(self.sender.send((active, value)));
    }
}

/// What a parked strand listens to.
pub(super) struct Wakening<T>(oneshot::Receiver<(Active, T)>);

/// Waits, inactive, until the waker given to `register` is used.
pub(super) async fn park<T>(activity: &Arc<Activity>, register: impl FnOnce(Waker<T>)) -> T {
    let (waker, wakening) = Waker::new(activity);
    register(waker);
    activity.leave();
    let parked = Parked(activity);
    match wakening.0.await {
        Ok((active, value)) => {
            drop(parked);
            drop(active);
            value
        }
        // The clock and the watches that hold wakers live as long as the session.
        Err(_) => std::future::pending().await,
    }
}

/// Strands that run concurrently under one parent.
pub(super) struct Strands<'a, T> {
    activity: Arc<Activity>,
    futures: FuturesUnordered<BoxFuture<'a, T>>,
}

impl<'a, T> Strands<'a, T> {
    pub(super) fn new(activity: &Arc<Activity>) -> Self {
        Self { activity: Arc::clone(activity), futures: FuturesUnordered::new() }
    }

    /// Adds a strand; it is active from now on.
    pub(super) fn push(&mut self, strand: impl Future<Output = T> + Send + 'a) {
        self.activity.enter();
        self.futures.push(Box::pin(strand));
    }

    pub(super) fn len(&self) -> usize {
        self.futures.len()
    }

    /// The result of the next strand that ends; `None` when there is none left.
    pub(super) async fn next(&mut self) -> Option<T> {
        if self.futures.is_empty() {
            return None;
        }
        self.activity.leave();
        let parked = Parked(&self.activity);
        let result = self.futures.next().await;
        drop(parked);
        if result.is_some() {
            // The child's activity; the parent has its own back.
            self.activity.leave();
        }
        result
    }

    /// Every result, in the order of the ends.
    pub(super) async fn all(mut self) -> Vec<T> {
        let mut results = Vec::with_capacity(self.len());
        while let Some(result) = self.next().await {
            results.push(result);
        }
        results
    }
}
