//! `rekindle attach`: watches what another run has going, or left going, until it rests.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;

use crate::cli::Session;
use crate::cli::args::EnvironmentArguments;
use crate::cli::exit_code::ExitCode;
use crate::cli::failure::Failure;
use crate::cli::runtime;
use crate::cli::site::Site;
use crate::cli::source::Places;
use crate::cli::view::{self, Notices};
use crate::cli::wire::Wiring;
use crate::disk::{EnvironmentLock, StateDirectory, clock};
use crate::engine::{self, LEASE_LASTS, Operation, Outcome, Stop};
use crate::model::Environment;
use crate::port::LeaseVersion;
use crate::ui::outcome_view::Summary;
use crate::ui::run::Expectations;

/// How often is looked again while a run is going that does nothing at the moment.
const LOOK_AGAIN: Duration = Duration::from_secs(3);

/// Watches until nothing goes on and nobody holds the environment. Changes nothing.
pub fn run(session: &Session, arguments: &EnvironmentArguments) -> Result<ExitCode, Failure> {
    let Places { environment, .. } = session.places(&arguments.environment)?;
    let state = session.state()?;
    let outcomes = runtime::run(async |stop| watch(session, &environment, &state, &stop).await)?;
    Ok(ExitCode::from(Summary::of(&outcomes).verdict))
}

async fn watch(
    session: &Session,
    environment: &Environment,
    state: &StateDirectory,
    stop: &Stop,
) -> Result<Vec<Outcome>, Failure> {
    let notices = Notices::new(&session.console);
    let mut wiring = Wiring::new(session, Vec::new());
    let site = Site::open(&mut wiring, environment, state, (&notices, stop)).await?;
    session.console.warnings(&site.warnings())?;
    let mut others = Others::default();
    let mut outcomes: Vec<Outcome> = Vec::new();
    let view = view::of(&session.console, Expectations::default());
    loop {
        let observation = site.look(&[], &notices, stop).await?;
        let work = engine::attach(&site.clouds, &environment.name, &observation, &*view, stop);
        let outcome = view::keep_moving(&*view, work).await?;
        let was_busy = !outcome.reports.is_empty();
        if was_busy {
            outcomes.push(outcome);
        }
        if stop.is_finishing() || (!was_busy && !others.hold(&wiring, environment, state, &notices).await?) {
            break;
        }
        if !was_busy {
            tokio::select! {
                () = tokio::time::sleep(LOOK_AGAIN) => {}
                () = stop.finishing() => break,
            }
        }
    }
    view::close(&*view, &Summary::of(&outcomes))?;
    for outcome in &outcomes {
        session.console.outcome(Operation::Attach, &environment.name, outcome)?;
    }
    if outcomes.is_empty() && !session.console.is_json() {
        session.console.result(&format!("Nothing is under way in {}.\n", environment.name))?;
    }
    Ok(outcomes)
}

/// Whether another run holds the environment: on this machine by its lock, anywhere by a lease that is
/// still renewed.
#[derive(Default)]
struct Others(BTreeMap<String, (LeaseVersion, Timestamp)>);

impl Others {
    async fn hold(
        &mut self,
        wiring: &Wiring<'_>,
        environment: &Environment,
        state: &StateDirectory,
        notices: &Notices<'_>,
    ) -> Result<bool, Failure> {
        if EnvironmentLock::is_held(state, &environment.name)? {
            return Ok(true);
        }
        let mut is_held = false;
        for store in wiring.leases(environment, notices).await? {
            let Some((lease, version)) = store.read().await? else { continue };
            if lease.holder.is_none() {
                continue;
            }
            let now = clock::now();
            let seen = self.0.entry(store.place()).or_insert_with(|| (version.clone(), now));
            if seen.0 != version {
                *seen = (version, now);
            }
            let silent = now.duration_since(seen.1).unsigned_abs();
            is_held |= silent < LEASE_LASTS;
        }
        Ok(is_held)
    }
}
