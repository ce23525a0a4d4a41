//! Carries a plan out: a walk over the graph without level barriers, one strand per instance.
//!
//! May fail, never decides *what*: each action's file does what the plan's word for it means.

mod adopt;
mod announced;
mod change_set;
mod create;
mod delete;
mod delivery;
mod effect;
mod ending;
mod lift;
mod order;
mod outputs;
mod policy;
mod remedy;
mod rollback;
mod schedule;
mod token;
mod unit;
mod update;
mod walk;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use crate::engine::clouds::Clouds;
use crate::engine::lane::advice;
use crate::engine::retry::Patience;
use crate::engine::session::Session;
use crate::engine::{Event, EventSink, Operation, Outcome, PlannedUnit, Stop};
use crate::model::{EnvironmentName, InstanceName, ObservedStack, TargetName};
use crate::plan::graph::Cycle;
use crate::plan::{self, Plan};
use crate::port::{Delivery, Journal, PortError};

pub(super) use ending::{hint, is_rolled_back, plain};
pub use order::waits_for;
pub(super) use outputs::used_outputs;
pub(super) use policy::is_allow_all;

use outputs::Outputs;

/// Stacks of other environments, as in [`crate::plan::Observation::others`].
pub type Others = BTreeMap<EnvironmentName, BTreeMap<TargetName, Vec<Arc<ObservedStack>>>>;

/// How a plan is carried out.
#[derive(Clone, Debug, Default)]
pub struct ExecuteOptions {
    /// Names this run: client tokens are derived from it. Unique per run.
    pub run: String,
    /// Where every effect is announced; `None` where nothing outlasts the process.
    pub journal: Option<Arc<dyn Journal>>,
    /// Who brings the images that stacks refer to; `None` where nobody pulls them.
    pub delivery: Option<Arc<dyn Delivery>>,
    /// How many instances are worked on at once; 0 for any number.
    pub jobs: usize,
    /// How long one stack is waited for at most.
    pub unit_deadline: Option<Duration>,
    /// How long the whole is waited for at most; nothing is started after that.
    pub deadline: Option<Duration>,
    /// Expected seconds per instance. Of the instances that could start, the one at the head of the
    /// longest path does; an instance without a number counts as one second.
    pub weights: BTreeMap<InstanceName, f64>,
}

/// Why a plan cannot be carried out, or was left half-way.
#[derive(Debug, thiserror::Error)]
pub enum ExecuteError {
    /// Nobody serves a target of the plan.
    #[error("the plan acts on target `{target}`, which has no cloud")]
    NoCloud {
        /// The target.
        target: TargetName,
    },
    /// Something is to be made, and the plan does not say from which release.
    #[error("the plan makes `{instance}` but names no release")]
    NoRelease {
        /// The instance.
        instance: InstanceName,
    },
    /// An action lacks what it acts on.
    #[error("the plan's action on `{instance}` lacks {what}")]
    Incomplete {
        /// The instance.
        instance: InstanceName,
        /// `the desired unit` or `the observed stack`.
        what: &'static str,
    },
    /// Instances wait for each other.
    #[error("the plan goes in a circle: {0}")]
    Circle(Cycle),
    /// Waiting itself failed. What CloudFormation was doing goes on; a rerun attaches to it.
    #[error("the clouds could not be waited for any more, and what was begun goes on without us")]
    Wait(#[source] PortError),
}

impl ExecuteError {
    /// What to do next.
    pub fn hint(&self) -> String {
        match self {
            Self::NoCloud { target } => {
                format!("name target `{target}` in `rekindle.yaml`, or make a new plan")
            }
            Self::NoRelease { .. } | Self::Incomplete { .. } | Self::Circle(_) => {
                "make a new plan; this one was not made by `rekindle plan`".to_owned()
            }
            Self::Wait(source) => advice(source),
        }
    }
}

/// Carries out `plan`. `others` are the stacks of the environments it uses.
///
/// Dependants of a failure are skipped, running work is finished, and the outcome names each. All
/// work is over when this returns.
///
/// # Errors
/// See [`ExecuteError`]. Failed instances are no error: they are in the [`Outcome`].
pub async fn execute(
    plan: &Plan,
    clouds: &Clouds,
    others: &Others,
    options: &ExecuteOptions,
    sink: &dyn EventSink,
    stop: &Stop,
) -> Result<Outcome, ExecuteError> {
    order::validate(plan, clouds)?;
    let session = Session::new(clouds, sink, stop, Patience::Long);
    let outputs = Outputs::new(plan, others);
    let ends = session.lanes().first().zip(options.deadline).map(|(lane, after)| lane.now() + after);
    let run = walk::Run { plan, session: &session, sink, stop, options, outputs, ends };
    session.run(walk::walk(&run)).await.map_err(ExecuteError::Wait)
}

fn started(run: &walk::Run<'_>) -> Event {
    let operation = match run.plan.operation {
        plan::Operation::Deploy => Operation::Deploy,
        plan::Operation::Teardown => Operation::Teardown,
    };
    let mut waits_for = waits_for(run.plan);
    let units = run.plan.actions.iter().map(|action| PlannedUnit {
        instance: action.instance.clone(),
        action: action.action,
        waits_for: waits_for.remove(&action.instance).unwrap_or_default(),
    });
    Event::Started {
        time: run.now(),
        operation,
        environment: run.plan.environment.clone(),
        units: units.collect(),
    }
}
