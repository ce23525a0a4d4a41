//! Holding an environment's lease: taking it, renewing it, noticing its loss, giving it back.
//!
//! Whether a holder lives is told by its renewals and not by clocks: a lease that did not change for
//! as long as it lasts is nobody's any more, whatever time the machines believe it is.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::Mutex;

use crate::engine::budget::seconds;
use crate::engine::{Event, EventSink, Stop};
use crate::model::{Lease, LeaseHolder};
use crate::port::{LeaseStore, LeaseVersion, PortError};

/// How long a lease lasts that is not renewed.
pub const LEASE_LASTS: Duration = Duration::from_secs(60);
/// How often it is renewed.
const RENEWED_EVERY: Duration = Duration::from_secs(15);
/// How often a lease that somebody else holds is looked at.
const LOOKED_AT_EVERY: Duration = Duration::from_secs(5);

/// How a lease is asked for.
#[derive(Clone, Debug, Default)]
pub struct LeaseTerms {
    /// How long a holder that lives is waited for.
    pub patience: Duration,
    /// The run whose lease is taken although it may live.
    pub broken: Option<String>,
}

/// Why a lease was not taken.
#[derive(Debug, thiserror::Error)]
pub enum LeaseError {
    /// A run that lives holds it.
    #[error("another run holds the environment: {holder}")]
    Held {
        /// Who.
        holder: Box<LeaseHolder>,
    },
    /// The object is another environment's.
    #[error("the lease `{place}` belongs to {owner}")]
    Foreign {
        /// Where it is.
        place: String,
        /// Whose it is.
        owner: String,
    },
    /// It could not be read or written.
    #[error("the lease on the environment could not be taken")]
    Call(#[source] PortError),
    /// A stop was asked for.
    #[error("stopped while waiting for another run; nothing was changed")]
    Stopped,
}

/// A lease that is held.
pub struct HeldLease {
    store: Arc<dyn LeaseStore>,
    state: Mutex<State>,
    lost: AtomicBool,
    /// Whose lease was broken to get it.
    pub broken: Option<LeaseHolder>,
}

struct State {
    lease: Lease,
    version: LeaseVersion,
    renewed: Timestamp,
}

/// Takes the lease. `wanted` is the lease as it shall be; `is_dead` knows whether a holder is a process of
/// this machine that has ended.
///
/// # Errors
/// See [`LeaseError`].
pub async fn take_lease(
    store: Arc<dyn LeaseStore>,
    wanted: Lease,
    terms: &LeaseTerms,
    is_dead: impl Fn(&LeaseHolder) -> bool,
    (sink, stop): (&dyn EventSink, &Stop),
) -> Result<HeldLease, LeaseError> {
    let mut watch = Watching { store: &*store, began: store.now(), seen: None, said: false, is_alive: false };
    loop {
        let found = store.read().await.map_err(LeaseError::Call)?;
        let (over, broken) = match &found {
            None => (None, None),
            Some((lease, version)) => {
                check(lease, &wanted, &*store)?;
                match &lease.holder {
                    None => (Some(version), None),
                    Some(holder) if terms.broken.as_ref() == Some(&holder.run) => {
                        (Some(version), Some(holder.clone()))
                    }
                    Some(holder) => {
                        if !watch.is_over((holder, version), is_dead(holder), terms, sink)? {
                            tokio::select! {
                                () = store.sleep(LOOKED_AT_EVERY) => continue,
                                () = stop.finishing() => return Err(LeaseError::Stopped),
                            }
                        }
                        (Some(version), None)
                    }
                }
            }
        };
        // Somebody who was quicker is looked at again.
        if let Some(version) = store.write(&wanted, over).await.map_err(LeaseError::Call)? {
            let state = Mutex::new(State { lease: wanted, version, renewed: store.now() });
            return Ok(HeldLease { store, state, lost: AtomicBool::new(false), broken });
        }
    }
}

fn check(found: &Lease, wanted: &Lease, store: &dyn LeaseStore) -> Result<(), LeaseError> {
    if (&found.project, &found.environment) == (&wanted.project, &wanted.environment) {
        return Ok(());
    }
    let owner = format!("`{}` of project `{}`", found.environment, found.project);
    Err(LeaseError::Foreign { place: store.place(), owner })
}

/// What was seen of another holder so far.
struct Watching<'w> {
    store: &'w dyn LeaseStore,
    began: Timestamp,
    seen: Option<(LeaseVersion, Timestamp)>,
    said: bool,
    is_alive: bool,
}

impl Watching<'_> {
    /// Whether the holder's time is over.
    fn is_over(
        &mut self,
        (holder, version): (&LeaseHolder, &LeaseVersion),
        is_dead: bool,
        terms: &LeaseTerms,
        sink: &dyn EventSink,
    ) -> Result<bool, LeaseError> {
        let now = self.store.now();
        if is_dead {
            self.say(sink, format!("{holder} is dead: taking its lease over"));
            return Ok(true);
        }
        let since = match &self.seen {
            Some((seen, since)) if seen == version => *since,
            earlier => {
                self.is_alive |= earlier.is_some();
                self.seen = Some((version.clone(), now));
                now
            }
        };
        if seconds(since, now) >= LEASE_LASTS.as_secs_f64() {
            self.say(sink, format!("{holder} has not renewed its lease: taking it over"));
            return Ok(true);
        }
        if self.is_alive && seconds(self.began, now) >= terms.patience.as_secs_f64() {
            return Err(LeaseError::Held { holder: Box::new(holder.clone()) });
        }
        if !std::mem::replace(&mut self.said, true) {
            let what =
                if self.is_alive { "waiting for it to end" } else { "waiting to see whether it lives" };
            self.say(sink, format!("{holder} holds the environment: {what}"));
        }
        Ok(false)
    }

    fn say(&self, sink: &dyn EventSink, message: String) {
        sink.send(Event::Notice { time: self.store.now(), instance: None, message });
    }
}

impl HeldLease {
    /// Whether it was lost. From then on nothing new may be begun.
    pub fn is_lost(&self) -> bool {
        self.lost.load(Ordering::SeqCst)
    }

    /// Renews it until it is lost, and says why it was.
    pub async fn keep(&self) -> String {
        loop {
            self.store.sleep(RENEWED_EVERY).await;
            if let Some(why) = self.renew().await {
                self.lost.store(true, Ordering::SeqCst);
                return why;
            }
        }
    }

    /// Renews it once; why it is lost, if it is.
    async fn renew(&self) -> Option<String> {
        let mut state = self.state.lock().await;
        let mut lease = state.lease.clone();
        lease.renewals += 1;
        match self.store.write(&lease, Some(&state.version)).await {
            Ok(Some(version)) => {
                (state.lease, state.version, state.renewed) = (lease, version, self.store.now());
                None
            }
            Ok(None) => self.taken(&mut state, &lease).await,
            // One that cannot be renewed any more may be somebody else's by now.
            Err(error) => {
                let silent = seconds(state.renewed, self.store.now()) + RENEWED_EVERY.as_secs_f64();
                (silent >= LEASE_LASTS.as_secs_f64()).then(|| format!("it could not be renewed: {error}"))
            }
        }
    }

    /// It is not what we wrote last: a renewal whose answer was lost, or somebody else's.
    async fn taken(&self, state: &mut State, renewed: &Lease) -> Option<String> {
        match self.store.read().await {
            Ok(Some((found, version))) if found.holder == renewed.holder => {
                (state.lease, state.version, state.renewed) = (found, version, self.store.now());
                None
            }
            Ok(Some((Lease { holder: Some(holder), .. }, _))) => Some(format!("{holder} took it")),
            Ok(_) => Some("it was removed".to_owned()),
            Err(error) => Some(format!("it could not be read: {error}")),
        }
    }

    /// Gives it back. One that is not ours any more is left alone.
    ///
    /// # Errors
    /// It could not be written: it expires by itself.
    pub async fn release(&self) -> Result<(), PortError> {
        let state = self.state.lock().await;
        let given_back = Lease { holder: None, renewals: state.lease.renewals + 1, ..state.lease.clone() };
        if self.store.write(&given_back, Some(&state.version)).await?.is_some() {
            return Ok(());
        }
        // A renewal that was under way when the work ended may have been written all the same.
        match self.store.read().await? {
            Some((found, version)) if found.holder == state.lease.holder => {
                self.store.write(&given_back, Some(&version)).await.map(drop)
            }
            _ => Ok(()),
        }
    }
}
