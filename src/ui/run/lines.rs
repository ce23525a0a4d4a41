//! A run as a log: one timestamped line per change, and a sign of life where nothing changes.

use std::io::{self, Write};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;

use crate::engine::{Event, EventSink, Operation, UnitOutcome, UnitReport};
use crate::model::StackEvent;
use crate::plan::ActionKind;
use crate::ui::outcome_view::{Summary, cause_line, nothing};
use crate::ui::plan_view::Detail;
use crate::ui::proof_view;
use crate::ui::run::progress::Progress;
use crate::ui::run::writer::SilentWriter;
use crate::ui::run::{Clock, RunView};
use crate::ui::{Label, Palette, text};

/// A heartbeat is asked for this often, and said after [`SILENCE`]: never is there more than half a
/// minute between two lines.
const INTERVAL: Duration = Duration::from_secs(5);
const SILENCE: f64 = 20.0;

/// A run as a log. Lines go to the writer as they happen.
pub struct LinesView {
    writer: SilentWriter,
    clock: Clock,
    detail: Detail,
    palette: Palette,
    state: Mutex<State>,
}

struct State {
    progress: Progress,
    last_line: Timestamp,
}

impl LinesView {
    /// A log of a run. [`Detail::Verbose`] also tells when a resource begins something.
    pub fn new(writer: Box<dyn Write + Send>, clock: Clock, detail: Detail, palette: Palette) -> Self {
        let state = Mutex::new(State { progress: Progress::default(), last_line: clock() });
        Self { writer: SilentWriter::new(writer), clock, detail, palette, state }
    }

    fn line(&self, event: &Event) -> Option<String> {
        let (time, said) = match event {
            Event::Started { time, operation, environment, units } => {
                let busy = units.iter().filter(|unit| unit.action != ActionKind::Keep).count();
                (time, format!("{} {environment}: {}", doing(*operation), text::count(busy, "stack")))
            }
            Event::UnitStarted { time, instance, action, stack } => {
                (time, format!("{instance}: {} {stack}", present(*action)))
            }
            Event::Resource { instance, stack_event } => {
                let told = self.detail == Detail::Verbose || !stack_event.status.ends_with("_IN_PROGRESS");
                let line = format!("{instance}: {}", self.resource(stack_event));
                return told.then(|| stamped(stack_event.time, &line));
            }
            Event::Notice { time, instance, message } => {
                let lead = instance.as_ref().map(|name| format!("{name}: ")).unwrap_or_default();
                (time, lead + &text::clean(message))
            }
            Event::UnitFinished { time, report } => {
                (time, format!("{}: {}", report.instance, finished(report, &self.palette)))
            }
            Event::UnitSkipped { time, skipped } => {
                let because = match &skipped.because_of {
                    Some(cause) => format!("because {cause} failed"),
                    None => "because the run was stopped".to_owned(),
                };
                (time, format!("{}: skipped {because}", skipped.instance))
            }
            Event::Proved { proof } => (&proof.time, proof_view::line(proof)),
            Event::Stopping { time, now } => (time, stopping(*now).to_owned()),
        };
        Some(stamped(*time, &said))
    }

    fn resource(&self, event: &StackEvent) -> String {
        let failed = event.status.ends_with("_FAILED");
        let label = if failed { Label::Error } else { Label::Faint };
        let status = self.palette.paint(label, text::clean(&event.status));
        let reason =
            event.reason.as_deref().filter(|_| failed).map(|reason| format!(": {}", text::clean(reason)));
        format!("{} {} {status}{}", event.logical_id, event.resource_type, reason.unwrap_or_default())
    }
}

/// What a request to stop means, in both views.
pub(super) fn stopping(now: bool) -> &'static str {
    match now {
        false => "stopping: what runs is finished, nothing new starts (Ctrl-C again to stop now)",
        true => "stopping now: CloudFormation goes on with what was started; run again to continue",
    }
}

pub(super) fn doing(operation: Operation) -> &'static str {
    match operation {
        Operation::Deploy => "deploying",
        Operation::Teardown => "tearing down",
        Operation::Rebuild => "rebuilding",
        Operation::Attach => "watching",
    }
}

fn present(action: ActionKind) -> &'static str {
    match action {
        ActionKind::Create => "creating",
        ActionKind::Update => "updating",
        ActionKind::Replace => "replacing",
        ActionKind::Delete => "deleting",
        ActionKind::Keep => "keeping",
    }
}

fn past(action: ActionKind) -> &'static str {
    match action {
        ActionKind::Create => "created",
        ActionKind::Update => "updated",
        ActionKind::Replace => "replaced",
        ActionKind::Delete => "deleted",
        ActionKind::Keep => "kept",
    }
}

/// How work on an instance ended, in one line.
pub(super) fn finished(report: &UnitReport, palette: &Palette) -> String {
    let after = text::duration(report.seconds);
    let failed = |what: &str| palette.paint(Label::Error, what.to_owned());
    match &report.outcome {
        UnitOutcome::Done => {
            format!("{} in {after}", palette.paint(Label::Success, past(report.action)))
        }
        UnitOutcome::Unchanged => format!("unchanged after {after}"),
        UnitOutcome::Refused { cause } => {
            let refused = failed("refused");
            format!("{refused}, {}: {}", nothing(report.action), cause_line(cause))
        }
        UnitOutcome::WithoutImage { cause } => {
            let missing = failed("not begun without its image");
            format!("{missing}, {}: {}", nothing(report.action), cause_line(cause))
        }
        UnitOutcome::RolledBack { cause } => {
            format!("{} after {after}: {}", failed("failed and rolled back"), cause_line(cause))
        }
        UnitOutcome::NeedsHands { cause, blockers, .. } => {
            let blocked = blockers.iter().map(|cause| format!("; then {}", cause_line(cause)));
            let (what, blocked) = (failed("failed and needs hands"), blocked.collect::<String>());
            format!("{what} after {after}: {}{blocked}", cause_line(cause))
        }
        UnitOutcome::Unannounced { differences } => {
            format!(
                "{}: {}",
                failed("not done, the plan did not announce it"),
                text::clean(&differences.join("; "))
            )
        }
        UnitOutcome::LeftRunning => format!("left running after {after}"),
    }
}

fn stamped(time: Timestamp, line: &str) -> String {
    format!("{} {line}", text::clock_time(time))
}

/// What is going on, for a sign of life.
fn alive(progress: &Progress, now: Timestamp) -> Option<String> {
    let running: Vec<String> = progress
        .running()
        .map(|(instance, unit, since)| {
            let resource = unit.current.as_ref().map(|name| format!(": {name}")).unwrap_or_default();
            let after = text::duration(text::seconds_between(since, now));
            let waiting: Vec<String> = progress.waiting_for(instance).map(ToString::to_string).collect();
            let waiting = match &waiting[..] {
                [] => String::new(),
                [one] => format!("; {one} waits for it"),
                [one, others @ ..] => format!("; {one} and {} more wait for it", others.len()),
            };
            format!("{instance} ({after}{resource}{waiting})")
        })
        .collect();
    let done = format!("{} of {} done", progress.ended(), progress.units.len());
    match running.is_empty() {
        true if progress.phase.is_none() => None,
        true => Some(format!("still at work, {done}")),
        false => Some(format!("still at work on {}, {done}", running.join(", "))),
    }
}

impl EventSink for LinesView {
    fn send(&self, event: Event) {
        let line = self.line(&event);
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.progress.apply(&event);
        if let Some(line) = line {
            state.last_line = (self.clock)();
            self.writer.line(&line);
        }
    }
}

impl RunView for LinesView {
    fn interval(&self) -> Option<Duration> {
        Some(INTERVAL)
    }

    fn heartbeat(&self) {
        let now = (self.clock)();
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if text::seconds_between(state.last_line, now) < SILENCE {
            return;
        }
        if let Some(line) = alive(&state.progress, now) {
            state.last_line = now;
            self.writer.line(&stamped(now, &line));
        }
    }

    fn finish(&self, _: &Summary) -> io::Result<()> {
        Ok(())
    }
}
