//! Watches what others have going until it rests, and tells it like work of one's own. Changes nothing.

use std::sync::Arc;

use crate::engine::budget::{Pace, seconds};
use crate::engine::clouds::Clouds;
use crate::engine::execute::{hint, is_rolled_back, plain};
use crate::engine::history::History;
use crate::engine::lane::{CallError, Lane};
use crate::engine::leftover::left_behind;
use crate::engine::retry::Patience;
use crate::engine::session::Session;
use crate::engine::settle::{Busy, busy};
use crate::engine::strands::Strands;
use crate::engine::watch::Watch;
use crate::engine::{
    Event, EventSink, Operation, Outcome, PlannedUnit, SettleError, Stop, UnitOutcome, UnitReport,
};
use crate::model::{EnvironmentName, ObservedStack, StackName, StackStatus};
use crate::plan::{ActionKind, Observation};

/// Watches every busy stack of the environment until no operation runs on it. Without one no call is
/// made and no event sent. A stop lets go of them.
///
/// # Errors
/// See [`SettleError`].
pub async fn attach(
    clouds: &Clouds,
    environment: &EnvironmentName,
    observation: &Observation,
    sink: &dyn EventSink,
    stop: &Stop,
) -> Result<Outcome, SettleError> {
    let busy = busy(observation);
    let session = Session::new(clouds, sink, stop, Patience::Long);
    let now = || session.lanes().first().map(|lane| lane.now()).unwrap_or_default();
    let began = now();
    if !busy.is_empty() {
        let (operation, environment) = (Operation::Attach, environment.clone());
        let units = busy.iter().map(|place| PlannedUnit {
            instance: place.instance.clone(),
            action: action(&place.stack.status),
            waits_for: Default::default(),
        });
        sink.send(Event::Started { time: began, operation, environment, units: units.collect() });
    }
    let reports = session.run(watch_all(&session, &busy)).await.map_err(SettleError::Wait)?;
    let reports = reports.into_iter().map(|(place, report)| match report {
        Ok(report) => Ok(report),
        Err(source) => Err(SettleError::Call { stack: place.stack.name.clone(), source }),
    });
    Ok(Outcome {
        reports: reports.collect::<Result<_, _>>()?,
        skipped: Vec::new(),
        interrupted: stop.is_finishing(),
        seconds: seconds(began, now()),
        release: None,
        deployment: None,
        proof: None,
    })
}

type Watched<'w> = (&'w Busy, Result<UnitReport, crate::port::PortError>);

async fn watch_all<'w>(session: &Session<'_>, busy: &'w [Busy]) -> Vec<Watched<'w>> {
    let mut strands = Strands::new(session.activity());
    for place in busy {
        if let Some(lane) = session.target(&place.target) {
            strands.push(async move { (place, watch(lane, place).await) });
        }
    }
    strands.all().await
}

async fn watch(lane: &Lane<'_>, place: &Busy) -> Result<UnitReport, crate::port::PortError> {
    let Busy { instance, stack, .. } = place;
    let (began, action) = (lane.now(), action(&stack.status));
    if let Ok(name) = StackName::new(&stack.name) {
        lane.send(Event::UnitStarted { time: began, instance: instance.clone(), action, stack: name });
    }
    let history = Arc::new(History::new(instance, &stack.id, &stack.name, None));
    let watch = Watch { stack: stack.id.clone(), before: None, history: Arc::clone(&history), until: None };
    // Nothing here was begun by us: the first stop lets go.
    let settled = tokio::select! {
        settled = lane.settled(watch) => settled,
        () = lane.stop.finishing() => Err(CallError::Stopped),
    };
    let (outcome, after) = match settled {
        Err(CallError::Stopped) => (UnitOutcome::LeftRunning, None),
        Err(CallError::Failed { error, .. }) => return Err(error),
        Ok(after) => (judged(lane, place, after.as_ref(), &history).await, after),
    };
    let is_lasting = after.as_ref().is_some_and(|stack| !stack.status.is_gone());
    let left_behind = match outcome {
        UnitOutcome::Done | UnitOutcome::RolledBack { .. } if is_lasting => {
            left_behind(lane, &history, &stack.id)
        }
        _ => Vec::new(),
    };
    let report = UnitReport {
        instance: instance.clone(),
        action,
        outcome,
        stack_id: Some(stack.id.clone()),
        changed: after.and_then(|stack| stack.updated.or(stack.created)),
        seconds: seconds(began, lane.now()),
        left_behind,
    };
    lane.send(Event::UnitFinished { time: lane.now(), report: report.clone() });
    Ok(report)
}

async fn judged(
    lane: &Lane<'_>,
    place: &Busy,
    after: Option<&ObservedStack>,
    history: &History,
) -> UnitOutcome {
    // The last events; without them the stack's own status and its reason have to do.
    drop(history.fetch(lane).await);
    let Some(stack) = after.filter(|stack| !stack.status.is_gone() && !stack.status.is_healthy()) else {
        return UnitOutcome::Done;
    };
    let cause = history.root_cause().unwrap_or_else(|| {
        let reason = stack.status_reason.clone();
        plain(reason.unwrap_or_else(|| format!("the stack is {} without a reason", stack.status)))
    });
    if is_rolled_back(&stack.status) {
        return UnitOutcome::RolledBack { cause };
    }
    let is_embedded = lane.cloud.pace == Pace::Virtual;
    let hint = hint(&stack.status, &stack.name, &place.instance, is_embedded);
    UnitOutcome::NeedsHands { cause, blockers: history.blockers(), hint }
}

/// What is being done to a stack that is busy like this.
fn action(status: &StackStatus) -> ActionKind {
    match status {
        StackStatus::CreateInProgress | StackStatus::RollbackInProgress => ActionKind::Create,
        StackStatus::DeleteInProgress => ActionKind::Delete,
        _ => ActionKind::Update,
    }
}
