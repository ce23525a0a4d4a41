//! Finds out what became of what a dead run had announced, by looking at the stacks.
//!
//! Changes nothing but what that run would have: change sets that it made and left behind are removed.

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
use crate::model::{
    Effect, InstanceName, InterruptedRun, JournalHeader, LastRecord, ObservedStack, StackStatus, TargetName,
    Trace,
};
use crate::port::{PortError, PortErrorKind};

/// Why a dead run's journal could not be settled. It stays, and the next command tries again.
#[derive(Debug, thiserror::Error)]
pub enum RecoverError {
    /// A stop was asked for.
    #[error("stopped while finding out what an interrupted run left")]
    Stopped,
    /// Nobody serves a target of that run.
    #[error("the interrupted run worked on target `{target}`, and its journal does not say where that is")]
    NoPlace {
        /// The target.
        target: TargetName,
    },
    /// A stack could not be looked at.
    #[error("what became of `{instance}` could not be found out")]
    Call {
        /// The instance.
        instance: String,
        /// What the cloud said.
        #[source]
        source: PortError,
    },
    /// Waiting itself failed.
    #[error("the clouds could not be waited for")]
    Wait(#[source] PortError),
}

impl RecoverError {
    /// What to do next.
    pub fn hint(&self) -> String {
        match self {
            Self::Call { source, .. } | Self::Wait(source) => advice(source),
            Self::Stopped => "run the command again: it begins where this one stopped".to_owned(),
            Self::NoPlace { .. } => "move the journal away, then run the command again".to_owned(),
        }
    }
}

/// Waits for what the dead run left going, and says how each instance that it worked on stands.
///
/// # Errors
/// See [`RecoverError`].
pub async fn recover(
    clouds: &Clouds,
    run: &InterruptedRun,
    sink: &dyn EventSink,
    stop: &Stop,
) -> Result<BTreeMap<InstanceName, Option<LastRecord>>, RecoverError> {
    let session = Session::new(clouds, sink, stop, Patience::Long);
    let traces = run.traces();
    if let Some(instance) = traces.keys().find(|name| session.target(&name.target).is_none()) {
        return Err(RecoverError::NoPlace { target: instance.target.clone() });
    }
    let waiting = session.run(look(&session, &run.header, &traces));
    let found = tokio::select! {
        found = waiting => found.map_err(RecoverError::Wait)?,
        () = stop.finishing() => return Err(RecoverError::Stopped),
    };
    let found = found.into_iter().map(|(instance, last)| match last {
        Ok(last) => Ok((instance.clone(), last)),
        Err(CallError::Stopped) => Err(RecoverError::Stopped),
        Err(CallError::Failed { error: source, .. }) => {
            Err(RecoverError::Call { instance: instance.to_string(), source })
        }
    });
    found.collect()
}

type Found<'t> = (&'t InstanceName, Result<Option<LastRecord>, CallError>);

async fn look<'t>(
    session: &Session<'_>,
    header: &'t JournalHeader,
    traces: &'t BTreeMap<InstanceName, Trace>,
) -> Vec<Found<'t>> {
    let mut strands = Strands::new(session.activity());
    for (instance, trace) in traces {
        let Some(lane) = session.target(&instance.target) else { continue };
        strands.push(async move {
            let last = match &trace.finished {
                Some(last) => Ok(last.clone()),
                None => Remnant { lane, header, instance, trace }.settle().await,
            };
            (instance, last)
        });
    }
    strands.all().await
}

/// One instance that the run did not get to the end of.
struct Remnant<'r> {
    lane: &'r Lane<'r>,
    header: &'r JournalHeader,
    instance: &'r InstanceName,
    trace: &'r Trace,
}

impl Remnant<'_> {
    async fn settle(&self) -> Result<Option<LastRecord>, CallError> {
        let Some(stack) = self.trace.stack() else { return Ok(None) };
        let mut found = self.lane.call(|port| port.describe_stack(stack)).await?.filter(|it| self.is_its(it));
        if let Some(busy) = found.as_ref().filter(|stack| stack.status.is_busy()) {
            found = self.wait(busy).await?;
        }
        for (stack, change_set) in self.trace.open_change_sets() {
            match self.lane.call(|port| port.delete_change_set(stack, change_set)).await {
                Err(CallError::Failed { error, .. }) if is_settled(error.kind) => {}
                removed => removed?,
            }
        }
        let standing = found.filter(|stack| !stack.status.is_gone());
        self.tell(standing.as_ref());
        Ok(standing.map(|stack| LastRecord { changed: stack.updated.or(stack.created), stack_id: stack.id }))
    }

    /// Whether a stack found by its name is the instance's own.
    fn is_its(&self, stack: &ObservedStack) -> bool {
        stack.identity().is_some_and(|identity| {
            identity.project == self.header.project
                && identity.environment == self.header.environment
                && identity.instance == *self.instance
        })
    }

    async fn wait(&self, stack: &ObservedStack) -> Result<Option<ObservedStack>, CallError> {
        self.say(format!("stack `{}` is {}: waiting for what goes on", stack.name, stack.status));
        let history = Arc::new(History::new(self.instance, &stack.id, &stack.name, None));
        self.lane.settled(Watch { stack: stack.id.clone(), before: None, history, until: None }).await
    }

    fn tell(&self, standing: Option<&ObservedStack>) {
        let Some(last) = self.trace.effects.iter().rev().find(|it| it.effect.begins_operation()) else {
            return self.say("nothing had begun that changes the stack".to_owned());
        };
        let call = last.effect.as_str();
        self.say(match (standing.map(|stack| &stack.status), last.effect) {
            (None, Effect::DeleteStack) => format!("{call} had been asked for: the stack is gone"),
            (None, _) => format!("{call} had been announced: there is no stack"),
            (Some(StackStatus::DeleteFailed), _) => format!("{call} had been asked for: it failed"),
            (Some(status), _) => format!("{call} had been announced: the stack is {status}"),
        });
    }

    fn say(&self, message: String) {
        let (time, instance) = (self.lane.now(), Some(self.instance.clone()));
        self.lane.send(Event::Notice { time, instance, message });
    }
}

/// Whether a change set that would not go is gone, or is being carried out.
fn is_settled(kind: PortErrorKind) -> bool {
    matches!(kind, PortErrorKind::NotFound | PortErrorKind::WrongState | PortErrorKind::Invalid)
}
