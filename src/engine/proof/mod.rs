//! What is left after deletions: every resource that was listed before is accounted for by
//! CloudFormation's own events.
//!
//! May not delete anything, and may not take a question that was not answered for a yes.

mod account;
mod search;

use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use account::{Account, account};

use crate::engine::clouds::{Cloud, Clouds};
use crate::engine::lane::CallError;
use crate::engine::retry::Patience;
use crate::engine::session::Session;
use crate::engine::strands::Strands;
use crate::engine::{EventSink, Outcome, Stop, UnitOutcome};
use crate::model::InstanceName;
use crate::plan::{ActionKind, Fate, Observation, Plan, PlannedAction};

/// What is known to be left of the stacks that a run deleted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Proof {
    /// When it was looked, by the cloud's clock.
    pub time: Timestamp,
    /// Stacks that were deleted, nested ones included.
    pub stacks: usize,
    /// Stacks that were to go and did not.
    #[serde(default)]
    pub standing: usize,
    /// Resources of the deleted ones that were listed before, and are accounted for.
    pub resources: usize,
    /// What is left, by instance.
    pub left: Vec<Left>,
    /// What is to be known of resources that were deleted: what may come back, or stays for a while.
    #[serde(default)]
    pub notes: Vec<Note>,
    /// Stacks of which nobody could say what is left, and why.
    pub unanswered: Vec<Unanswered>,
    /// What a search by the environment's tags found beside what is left.
    pub tagged: Vec<Tagged>,
    /// Why that search said nothing, where it did not.
    pub unsearched: Option<String>,
}

/// Something that still carries the tags of an instance whose stack is gone. The index of tags lags
/// behind: it may be gone all the same, so that it is no failure.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Tagged {
    /// The instance.
    pub instance: InstanceName,
    /// What carries them.
    pub arn: String,
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

/// Something to be known of a resource that was deleted.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Note {
    /// Whose it was.
    pub instance: InstanceName,
    /// Logical id there.
    pub resource: String,
    /// A sentence.
    pub note: String,
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
    let mut proof = Proof::of(time);
    let planned = plan.actions.iter().filter(|action| action.action == ActionKind::Delete).count();
    proof.standing = planned.saturating_sub(gone.len());
    match told.await {
        Ok(told) => told.into_iter().for_each(|(action, told)| proof.add(action, told)),
        Err(error) => gone.iter().for_each(|(action, _)| proof.doubt(action, error.to_string())),
    }
    proof.left.sort();
    proof.notes.sort();
    proof.search(clouds, plan, &gone, sink, stop).await;
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

impl Proof {
    fn of(time: Timestamp) -> Self {
        let (left, notes, unanswered, tagged) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        Self { time, stacks: 0, standing: 0, resources: 0, left, notes, unanswered, tagged, unsearched: None }
    }

    fn add(&mut self, action: &PlannedAction, told: Result<Account, CallError>) {
        match told {
            Ok(account) => {
                self.stacks += account.stacks;
                self.resources += account.accounted;
                self.left.extend(account.left);
                self.notes.extend(account.notes);
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
