//! Which view a run gets, and what keeps it moving.

use std::io;
use std::time::Duration;

use crate::cli::console::Console;
use crate::cli::exit_code::ExitCode;
use crate::cli::failure::Failure;
use crate::disk::clock;
use crate::engine::{Event, EventSink};
use crate::ui::outcome_view::Summary;
use crate::ui::run::{Expectations, JsonView, LinesView, LiveView, RunView};

/// The view that fits the console.
pub fn of(console: &Console, expectations: Expectations) -> Box<dyn RunView> {
    let now = || Box::new(clock::now);
    if console.is_json() {
        Box::new(JsonView::new(Box::new(io::stdout())))
    } else if console.quiet {
        Box::new(Silent)
    } else if console.live {
        let target = indicatif::ProgressDrawTarget::stderr();
        let columns = console.columns;
        Box::new(LiveView::new(target, columns, now(), console.palette_err(), expectations))
    } else {
        Box::new(LinesView::new(Box::new(io::stderr()), now(), console.detail(), console.palette_err()))
    }
}

/// Closes the view of a run. What was done is done and recorded; a stream of events that could not be
/// written is told all the same, with the run's own exit code where that says more.
pub fn close(view: &dyn RunView, summary: &Summary) -> Result<(), Failure> {
    view.finish(summary).map_err(|error| {
        let code = match ExitCode::from(summary.verdict) {
            ExitCode::Done => ExitCode::Error,
            graver => graver,
        };
        let outcome = summary.verdict.as_str();
        Failure::new(code, error)
            .hint(format!("the run itself {outcome}, and is recorded; `rekindle status` shows it"))
    })
}

/// Does `work` while the view is kept moving.
pub async fn keep_moving<T>(view: &dyn RunView, work: impl Future<Output = T>) -> T {
    let Some(interval) = view.interval() else { return work.await };
    let mut ticks = tokio::time::interval(interval);
    let mut work = std::pin::pin!(work);
    loop {
        tokio::select! {
            result = &mut work => return result,
            _ = ticks.tick() => view.heartbeat(),
        }
    }
}

/// Says what is worth a line before a run begins: a throttle, a wait for what is under way.
#[derive(Debug)]
pub struct Notices<'a>(&'a Console);

impl<'a> Notices<'a> {
    /// To the console's standard error, unless it is to be quiet.
    pub fn new(console: &'a Console) -> Self {
        Self(console)
    }
}

impl EventSink for Notices<'_> {
    fn send(&self, event: Event) {
        if let Event::Notice { instance, message, .. } = event {
            let subject = instance.map(|instance| format!("{instance}: ")).unwrap_or_default();
            // A notice that cannot be written is no reason to stop.
            let _ = self.0.progress(&format!("{subject}{message}\n"));
        }
    }
}

/// `--quiet`: what counts comes at the end.
#[derive(Debug)]
pub struct Silent;

impl EventSink for Silent {
    fn send(&self, _: Event) {}
}

impl RunView for Silent {
    fn interval(&self) -> Option<Duration> {
        None
    }

    fn heartbeat(&self) {}

    fn finish(&self, _: &Summary) -> io::Result<()> {
        Ok(())
    }
}
