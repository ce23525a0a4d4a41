//! Views of a run while it goes on: [`live`] for terminals, [`lines`] for logs, [`json`] for programs.
//!
//! All take engine events as they happen, never block on anything but their writer, and are silent
//! once nobody reads any more. Time comes with the events, or from the clock that the caller passes.

pub mod json;
pub mod lines;
pub mod live;
mod progress;
mod writer;

use std::collections::BTreeMap;
use std::io;
use std::time::Duration;

use jiff::Timestamp;

use crate::engine::EventSink;
use crate::model::InstanceName;
use crate::plan::Plan;
use crate::ui::outcome_view::Summary;

pub use json::JsonView;
pub use lines::LinesView;
pub use live::LiveView;
pub use progress::{Progress, UnitProgress, UnitState};

/// A view of a run.
pub trait RunView: EventSink {
    /// How often [`RunView::heartbeat`] wants to be called; `None` when never.
    fn interval(&self) -> Option<Duration>;

    /// Time has passed: redraws, or says that work goes on.
    fn heartbeat(&self);

    /// The run is over: clears what was drawn, or closes the stream.
    ///
    /// # Errors
    /// A stream of results could not be written whole, and not because its reader had seen enough.
    fn finish(&self, summary: &Summary) -> io::Result<()>;
}

/// Where a view takes the time from.
pub type Clock = Box<dyn Fn() -> Timestamp + Send + Sync>;

/// What is known of a run before it begins.
#[derive(Clone, Debug, Default)]
pub struct Expectations {
    /// How many resources each instance will have, where known.
    pub resources: BTreeMap<InstanceName, usize>,
    /// How many seconds the run will take, where predicted.
    pub seconds: Option<f64>,
}

impl Expectations {
    /// The number of resources of every stack that `plan` makes, no duration.
    pub fn of(plan: &Plan) -> Self {
        let made = plan.actions.iter().filter(|action| action.desired.is_some() && action.observed.is_none());
        let resources = made.map(|action| (action.instance.clone(), action.changes.len()));
        Self { resources: resources.collect(), seconds: None }
    }
}
