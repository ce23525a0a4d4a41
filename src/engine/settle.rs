//! Attaches to what is already going on: a busy stack is not broken, it is waited for.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::engine::clouds::Clouds;
use crate::engine::history::History;
use crate::engine::lane::{CallError, Lane, advice};
use crate::engine::retry::Patience;
use crate::engine::session::Session;
use crate::engine::strands::Strands;
use crate::engine::watch::Watch;
use crate::engine::{Event, EventSink, Stop};
use crate::model::{InstanceName, ObservedStack, TargetName};
use crate::plan::Observation;
use crate::port::PortError;

/// Whether an environment came to rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Settled {
    /// No operation runs on any of its stacks.
    Quiet,
    /// A stop was asked for while one still ran.
    Stopped,
}

/// Why an environment could not be waited for.
#[derive(Debug, thiserror::Error)]
pub enum SettleError {
    /// A stack could not be watched.
    #[error("stack `{stack}` could not be watched until its operation ended")]
    Call {
        /// Its name.
        stack: String,
        /// What the cloud said.
        #[source]
        source: PortError,
    },
    /// Waiting itself failed.
    #[error("the clouds could not be waited for")]
    Wait(#[source] PortError),
}

impl SettleError {
    /// What to do next.
    pub fn hint(&self) -> String {
        match self {
            Self::Call { source, .. } | Self::Wait(source) => advice(source),
        }
    }
}

/// Waits until no operation runs on any stack of the environment, and brings the observation up to
/// date. Makes no call when nothing is going on. Any stop ends the waiting: nothing was begun here.
///
/// # Errors
/// See [`SettleError`].
pub async fn settle(
    clouds: &Clouds,
    observation: &mut Observation,
    sink: &dyn EventSink,
    stop: &Stop,
) -> Result<Settled, SettleError> {
    let busy = busy(observation);
    if busy.is_empty() {
        return Ok(Settled::Quiet);
    }
    let session = Session::new(clouds, sink, stop, Patience::Long);
    let waiting = session.run(wait(&session, &busy));
    let results = tokio::select! {
        results = waiting => results.map_err(SettleError::Wait)?,
        () = stop.finishing() => return Ok(Settled::Stopped),
    };
    for (place, result) in results {
        match result {
            Ok(after) => replace(observation, &place.stack.id, after),
            Err(CallError::Stopped) => return Ok(Settled::Stopped),
            Err(CallError::Failed { error: source, .. }) => {
                return Err(SettleError::Call { stack: place.stack.name.clone(), source });
            }
        }
    }
    Ok(Settled::Quiet)
}

/// A busy stack of the environment.
pub(super) struct Busy {
    pub(super) target: TargetName,
    pub(super) instance: InstanceName,
    pub(super) stack: Arc<ObservedStack>,
}

/// Each busy stack once: targets may share a cloud. A foreign stack is nobody's to wait for.
pub(super) fn busy(observation: &Observation) -> Vec<Busy> {
    let mut busy = BTreeMap::new();
    for (target, stacks) in &observation.stacks {
        for stack in stacks.iter().filter(|stack| stack.status.is_busy()) {
            let Some(identity) = stack.identity() else { continue };
            let (target, instance, stack) = (target.clone(), identity.instance, stack.clone());
            busy.entry(stack.id.clone()).or_insert(Busy { target, instance, stack });
        }
    }
    busy.into_values().collect()
}

fn replace(observation: &mut Observation, id: &str, after: Option<ObservedStack>) {
    let after = after.filter(|stack| !stack.status.is_gone()).map(Arc::new);
    for stacks in observation.stacks.values_mut() {
        let Some(position) = stacks.iter().position(|stack| stack.id == id) else { continue };
        match &after {
            Some(after) => stacks[position] = Arc::clone(after),
            None => drop(stacks.remove(position)),
        }
    }
}

async fn wait<'w>(
    session: &Session<'_>,
    busy: &'w [Busy],
) -> Vec<(&'w Busy, Result<Option<ObservedStack>, CallError>)> {
    let mut strands = Strands::new(session.activity());
    for place in busy {
        if let Some(lane) = session.target(&place.target) {
            strands.push(async move { (place, attach(lane, place).await) });
        }
    }
    strands.all().await
}

async fn attach(lane: &Lane<'_>, busy: &Busy) -> Result<Option<ObservedStack>, CallError> {
    let (stack, instance) = (&busy.stack, &busy.instance);
    let message =
        format!("stack `{}` is {}: waiting for the operation that runs on it", stack.name, stack.status);
    lane.send(Event::Notice { time: lane.now(), instance: Some(instance.clone()), message });
    let history = Arc::new(History::new(instance, &stack.id, &stack.name, None));
    lane.settled(Watch { stack: stack.id.clone(), before: None, history, until: None }).await
}
