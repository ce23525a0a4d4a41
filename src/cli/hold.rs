//! What keeps other runs away from an environment: the lock of this machine, and at real targets the lease
//! that all machines see.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;

use crate::cli::args::RunArguments;
use crate::cli::failure::Failure;
use crate::cli::wire::Wiring;
use crate::disk::{EnvironmentLock, Machine, StateDirectory, clock};
use crate::engine::{Event, EventSink, HeldLease, LeaseTerms, Stop, Stopper, take_lease};
use crate::model::{Environment, JournalEntry, Lease, LeaseHolder, lease};
use crate::port::{Journal, PortError, PortErrorKind};

/// An environment that is held.
pub struct Hold {
    _lock: EnvironmentLock,
    leases: Vec<HeldLease>,
}

impl Hold {
    /// Takes the lock, then the lease of each place that has one, always in the same order.
    pub async fn take(
        wiring: &Wiring<'_>,
        (environment, command): (&Environment, &str),
        state: &StateDirectory,
        arguments: &RunArguments,
        (sink, stop): (&dyn EventSink, &Stop),
    ) -> Result<Arc<Self>, Failure> {
        let now = clock::now();
        let lock = EnvironmentLock::take(state, &environment.name, command, now)?;
        let machine = Machine::this();
        let process = std::process::id();
        let holder = LeaseHolder {
            run: format!("{}-{process}", now.as_nanosecond()),
            command: command.to_owned(),
            host: machine.host.clone(),
            machine: machine.id.clone(),
            process,
            since: now,
        };
        let terms = LeaseTerms {
            patience: Duration::from_secs(arguments.wait_for_lease),
            broken: arguments.break_lease.clone(),
        };
        let mut hold = Self { _lock: lock, leases: Vec::new() };
        for store in wiring.leases(environment, sink).await? {
            let wanted = Lease {
                schema: lease::SCHEMA,
                project: environment.project.clone(),
                environment: environment.name.clone(),
                holder: Some(holder.clone()),
                renewals: 0,
            };
            let is_dead = |holder: &LeaseHolder| machine.has_ended(&holder.machine, holder.process);
            match take_lease(store, wanted, &terms, is_dead, (sink, stop)).await {
                Ok(taken) => hold.leases.push(taken),
                Err(error) => {
                    hold.release(sink).await;
                    return Err(error.into());
                }
            }
        }
        Ok(Arc::new(hold))
    }

    /// Does `work` while the leases are renewed, and gives them back. When one is lost, the work is
    /// asked to stop: what runs is finished, nothing new is begun.
    pub async fn during<T>(
        &self,
        (sink, stop): (&dyn EventSink, &Stop),
        work: impl AsyncFnOnce(&Stop) -> T,
    ) -> T {
        let (stopper, inner) = Stop::new();
        let keeping = async {
            let mut kept: FuturesUnordered<_> = self.leases.iter().map(HeldLease::keep).collect();
            let mut is_first = true;
            while let Some(why) = kept.next().await {
                let message = format!(
                    "the lease on the environment was lost: {why}; what runs is finished, nothing new is begun"
                );
                sink.send(Event::Notice { time: clock::now(), instance: None, message });
                if std::mem::take(&mut is_first) {
                    stopper.stop();
                }
            }
            std::future::pending::<()>().await;
        };
        let result = tokio::select! {
            result = work(&inner) => result,
            () = keeping => unreachable!("it never ends"),
            () = pass_on(stop, &stopper) => unreachable!("it never ends"),
        };
        self.release(sink).await;
        result
    }

    async fn release(&self, sink: &dyn EventSink) {
        for lease in &self.leases {
            if let Err(error) = lease.release().await {
                let message = format!("the lease could not be given back, and expires by itself: {error}");
                sink.send(Event::Notice { time: clock::now(), instance: None, message });
            }
        }
    }

    /// Whose lease was broken.
    pub fn broken(&self) -> Option<LeaseHolder> {
        self.leases.iter().find_map(|lease| lease.broken.clone())
    }

    /// The journal, through which nothing more is announced once a lease was lost.
    pub fn guarding(self: &Arc<Self>, journal: Arc<dyn Journal>) -> Arc<dyn Journal> {
        Arc::new(Guarded { journal, hold: Arc::clone(self) })
    }
}

/// Hands stops on, for ever.
async fn pass_on(outer: &Stop, inner: &Stopper) {
    outer.finishing().await;
    inner.stop();
    outer.now().await;
    inner.stop();
    std::future::pending::<()>().await;
}

struct Guarded {
    journal: Arc<dyn Journal>,
    hold: Arc<Hold>,
}

impl std::fmt::Debug for Guarded {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.journal.fmt(formatter)
    }
}

#[async_trait]
impl Journal for Guarded {
    async fn announce(&self, entry: &JournalEntry) -> Result<(), PortError> {
        if self.hold.leases.iter().any(HeldLease::is_lost) {
            let message = "the lease on the environment was lost; nothing was begun here";
            let error = PortError::new(PortErrorKind::Unjournalled, "announce what comes next", message);
            return Err(
                error.with_hint("find out who holds the environment, then run the same command again")
            );
        }
        self.journal.announce(entry).await
    }

    async fn note(&self, entry: &JournalEntry) -> Result<(), PortError> {
        self.journal.note(entry).await
    }
}
