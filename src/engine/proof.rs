//! What is left after deletions: every resource that was listed before is accounted for by
//! CloudFormation's own events.
//!
//! May not delete anything, and may not take a question that was not answered for a yes.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::engine::clouds::{Cloud, Clouds};
use crate::engine::lane::{CallError, Lane};
use crate::engine::resources::NESTED;
use crate::engine::retry::Patience;
use crate::engine::session::Session;
use crate::engine::strands::Strands;
use crate::engine::{EventSink, Outcome, Pace, Stop, UnitOutcome};
use crate::model::{InstanceName, StackEvent, StackResource};
use crate::plan::{self, ActionKind, Fate, Observation, Plan, PlannedAction};

/// What is known to be left of the stacks that a run deleted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Proof {
    /// When it was looked, by the cloud's clock.
    pub time: Timestamp,
    /// Stacks that were deleted, nested ones included.
    pub stacks: usize,
    /// Resources of theirs that were listed before, and are accounted for.
    pub resources: usize,
    /// What is left, by instance.
    pub left: Vec<Left>,
    /// Stacks of which nobody could say what is left, and why.
    pub unanswered: Vec<Unanswered>,
}

/// Something that is left.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Left {
    /// Whose it was.
    pub instance: InstanceName,
    /// Logical id there.
    pub resource: String,
    /// Its type.
    pub resource_type: String,
    /// Physical id; of a snapshot that of what it was taken of.
    pub physical_id: Option<String>,
    /// Why it is there.
    pub why: Why,
    /// What to do about it; empty where that is the user's own affair.
    pub remedy: String,
}

/// Why something is left.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Why {
    /// Its template said that it stays, or somebody asked for that.
    Retained,
    /// Its template said that a snapshot of it stays.
    Snapshot,
    /// Its stack is gone, and nothing says that it is.
    Unaccounted,
}

/// A stack of which nobody could say what is left.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unanswered {
    /// The instance.
    pub instance: InstanceName,
    /// What came back.
    pub reason: String,
}

impl Proof {
    /// Whether everything that was to go is gone, and everybody asked could say so.
    pub fn holds(&self) -> bool {
        self.unanswered.is_empty() && self.left.iter().all(|left| left.why != Why::Unaccounted)
    }
}

/// Accounts for the resources of every stack that was deleted; `None` where none was. `before` is what
/// the plan was made from, resources included.
pub async fn prove(
    clouds: &Clouds,
    plan: &Plan,
    before: &Observation,
    outcome: &Outcome,
    sink: &dyn EventSink,
    stop: &Stop,
) -> Option<Proof> {
    let gone = gone(clouds, plan, outcome);
    let (_, first) = gone.first()?;
    let time = first.port.now();
    let session = Session::new(clouds, sink, stop, Patience::Short);
    let told = session.run(async {
        let mut strands = Strands::new(session.activity());
        for (action, cloud) in &gone {
            let lane = session.lane(cloud);
            strands.push(async move { (*action, account(lane, action, before).await) });
        }
        strands.all().await
    });
    let mut proof = Proof { time, stacks: 0, resources: 0, left: Vec::new(), unanswered: Vec::new() };
    match told.await {
        Ok(told) => told.into_iter().for_each(|(action, told)| proof.add(action, told)),
        Err(error) => gone.iter().for_each(|(action, _)| proof.doubt(action, error.to_string())),
    }
    proof.left.sort();
    Some(proof)
}

/// The actions that deleted their stack, and where.
fn gone<'p>(clouds: &Clouds, plan: &'p Plan, outcome: &Outcome) -> Vec<(&'p PlannedAction, Arc<Cloud>)> {
    let deleted = outcome
        .reports
        .iter()
        .filter(|report| report.action == ActionKind::Delete && report.outcome == UnitOutcome::Done);
    let actions = deleted.filter_map(|report| plan.action(&report.instance));
    let placed =
        actions.filter_map(|action| Some((action, Arc::clone(clouds.targets.get(&action.instance.target)?))));
    placed.collect()
}

/// What became of the resources of one instance's stacks.
struct Account {
    stacks: usize,
    accounted: usize,
    left: Vec<Left>,
}

async fn account(
    lane: &Lane<'_>,
    action: &PlannedAction,
    before: &Observation,
) -> Result<Account, CallError> {
    let mut account = Account { stacks: 0, accounted: 0, left: Vec::new() };
    let mut open: Vec<&str> = action.observed.iter().map(|stack| stack.id.as_str()).collect();
    while let Some(id) = open.pop() {
        let listed = before.resources.get(id).map(Vec::as_slice).unwrap_or_default();
        let ends = if listed.is_empty() { BTreeMap::new() } else { ends(lane, id).await? };
        account.stacks += 1;
        for resource in listed.iter().filter(|resource| !resource.is_gone()) {
            match ends.get(&key(&resource.logical_id, resource.physical_id.as_deref())).map(String::as_str) {
                Some("DELETE_COMPLETE") => account.accounted += 1,
                Some("DELETE_SKIPPED") => {
                    account.accounted += 1;
                    account.left.push(left(lane, action, (id, resource), Why::Retained));
                    continue;
                }
                _ => account.left.push(left(lane, action, (id, resource), Why::Unaccounted)),
            }
            if resource.resource_type == NESTED {
                open.extend(resource.physical_id.as_deref());
            }
        }
    }
    Ok(account)
}

type Key = (String, Option<String>);

fn key(logical_id: &str, physical_id: Option<&str>) -> Key {
    (logical_id.to_owned(), physical_id.map(str::to_owned))
}

/// The last that is told of each resource, by the events of the stack's deletion.
async fn ends(lane: &Lane<'_>, id: &str) -> Result<BTreeMap<Key, String>, CallError> {
    let (mut ends, mut next) = (BTreeMap::new(), None::<String>);
    loop {
        let from = next.clone();
        let page = lane.call(|port| port.events(id, from.as_deref())).await?;
        for event in page.items {
            if is_begin(&event, id) {
                return Ok(ends);
            }
            // Newest first: what is known already is later.
            let key = key(&event.logical_id, event.physical_id.as_deref());
            ends.entry(key).or_insert(event.status);
        }
        next = page.next;
        if next.is_none() {
            return Ok(ends);
        }
    }
}

/// A deletion that was repeated has several beginnings; what earlier ones deleted is listed no more.
fn is_begin(event: &StackEvent, id: &str) -> bool {
    event.status == "DELETE_IN_PROGRESS" && event.physical_id.as_deref() == Some(id)
}

impl Proof {
    fn add(&mut self, action: &PlannedAction, told: Result<Account, CallError>) {
        match told {
            Ok(account) => {
                self.stacks += account.stacks;
                self.resources += account.accounted;
                self.left.extend(account.left);
                self.left.extend(snapshots(action));
            }
            Err(CallError::Stopped) => self.doubt(action, "stopped before it was asked".to_owned()),
            Err(CallError::Failed { error, .. }) => self.doubt(action, error.to_string()),
        }
    }

    fn doubt(&mut self, action: &PlannedAction, reason: String) {
        self.unanswered.push(Unanswered { instance: action.instance.clone(), reason });
    }
}

fn left(
    lane: &Lane<'_>,
    action: &PlannedAction,
    (stack, resource): (&str, &StackResource),
    why: Why,
) -> Left {
    let (kind, id) = (&resource.resource_type, resource.physical_id.as_deref());
    let remedy = match lane.cloud.pace {
        Pace::Virtual => "`rekindle local orphans` lists what the embedded engine still has".to_owned(),
        Pace::Wall { .. } => plan::deletion(kind, id, stack.split(':').nth(3).unwrap_or_default()),
    };
    Left {
        instance: action.instance.clone(),
        resource: resource.logical_id.clone(),
        resource_type: kind.clone(),
        physical_id: resource.physical_id.clone(),
        why,
        remedy,
    }
}

/// CloudFormation tells no snapshot's id: that there is one is what the template says.
fn snapshots(action: &PlannedAction) -> impl Iterator<Item = Left> {
    let snapshots = action.consequences.iter().filter(|one| one.fate == Fate::Snapshot);
    snapshots.map(|one| Left {
        instance: action.instance.clone(),
        resource: one.logical_id.clone(),
        resource_type: one.resource_type.clone(),
        physical_id: None,
        why: Why::Snapshot,
        remedy: String::new(),
    })
}
