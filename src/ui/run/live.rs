//! A run on a terminal: a block that is drawn again and again, failures pinned at its top.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use jiff::Timestamp;

use crate::engine::{Event, EventSink};
use crate::model::InstanceName;
use crate::ui::outcome_view::Summary;
use crate::ui::run::lines::{doing, finished, stopping};
use crate::ui::run::progress::{Progress, UnitProgress, UnitState};
use crate::ui::run::{Clock, Expectations, RunView};
use crate::ui::{Label, Palette, text};

const INTERVAL: Duration = Duration::from_millis(150);
/// Instances at work that are drawn with a line each; more are counted.
const ROWS: usize = 12;
/// Failures that are pinned; the summary at the end tells them all.
const FAILURES: usize = 5;
const SPINNER: [&str; 8] = ["⠋", "⠙", "⠸", "⠴", "⠦", "⠧", "⠇", "⠏"];

/// A live view. What was done stays above as lines; what is going on is drawn in place.
pub struct LiveView {
    bar: ProgressBar,
    clock: Clock,
    columns: usize,
    palette: Palette,
    expectations: Expectations,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    progress: Progress,
    beats: usize,
    /// Begin of the phase by our own clock, which need not be the cloud's.
    began: Option<Timestamp>,
}

impl LiveView {
    /// A live view of `columns` on a draw target, usually standard error.
    pub fn new(
        target: ProgressDrawTarget,
        columns: usize,
        clock: Clock,
        palette: Palette,
        expectations: Expectations,
    ) -> Self {
        let bar = ProgressBar::with_draw_target(None, target);
        let style = ProgressStyle::with_template("{msg}").expect("`{msg}` is a valid template");
        bar.set_style(style);
        Self { bar, clock, columns, palette, expectations, state: Mutex::new(State::default()) }
    }

    fn draw(&self, state: &State) {
        let spinner = SPINNER[state.beats % SPINNER.len()];
        let elapsed = state.began.map_or(0.0, |began| text::seconds_between(began, (self.clock)()));
        let frame = Frame {
            spinner,
            elapsed,
            columns: self.columns,
            palette: &self.palette,
            expectations: &self.expectations,
        };
        self.bar.set_message(frame.draw(&state.progress).join("\n"));
    }
}

impl EventSink for LiveView {
    fn send(&self, event: Event) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.progress.apply(&event);
        if let Event::Started { .. } = &event {
            state.began = Some((self.clock)());
        }
        // Before the line above the block, which draws the block again: both must say the same.
        self.draw(&state);
        match &event {
            Event::UnitFinished { report, .. } if !state.progress.units[&report.instance].failed() => {
                let mark = self.palette.paint(Label::Success, "✓");
                let line = finished(report, &self.palette);
                self.bar.println(format!("{mark} {}: {line}", report.instance));
            }
            _ => {}
        }
    }
}

impl RunView for LiveView {
    fn interval(&self) -> Option<Duration> {
        Some(INTERVAL)
    }

    fn heartbeat(&self) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.beats += 1;
        self.draw(&state);
    }

    fn finish(&self, _: &Summary) -> std::io::Result<()> {
        self.bar.finish_and_clear();
        Ok(())
    }
}

/// One drawing of the block: a pure function of how far things are.
pub(in crate::ui) struct Frame<'a> {
    pub spinner: &'a str,
    /// Seconds since the phase began.
    pub elapsed: f64,
    pub columns: usize,
    pub palette: &'a Palette,
    pub expectations: &'a Expectations,
}

impl Frame<'_> {
    /// The lines, none wider than the terminal.
    pub(in crate::ui) fn draw(&self, progress: &Progress) -> Vec<String> {
        let mut lines = Vec::new();
        for (instance, unit) in progress.units.iter().filter(|(_, unit)| unit.failed()).take(FAILURES) {
            if let UnitState::Finished(report) = &unit.state {
                let plain = format!("✗ {instance}: {}", finished(report, &Palette::plain()));
                lines.push(self.palette.paint(Label::Error, text::truncate(&plain, self.columns)));
            }
        }
        lines.push(self.palette.paint(Label::Heading, self.header(progress)));
        let running: Vec<_> = progress.running().collect();
        let names =
            running.iter().map(|(instance, ..)| text::width(&instance.to_string())).max().unwrap_or(0);
        let started = progress.started;
        for (instance, unit, since) in running.iter().take(ROWS) {
            let before = started.map_or(0.0, |started| text::seconds_between(started, *since));
            lines.push(self.row(instance, unit, names, self.elapsed - before));
        }
        if running.len() > ROWS {
            lines.push(format!("  and {} more", running.len() - ROWS));
        }
        lines.extend(self.footer(progress));
        lines.into_iter().filter(|line| !line.is_empty()).collect()
    }

    fn header(&self, progress: &Progress) -> String {
        let Some((operation, environment)) = &progress.phase else { return String::new() };
        let (ended, all) = (progress.ended(), progress.units.len());
        let elapsed = text::duration(self.elapsed);
        let left = match self.expectations.seconds {
            // What was asked to stop does not do the rest.
            Some(seconds) if seconds > self.elapsed && progress.stopping.is_none() => {
                format!(", about {} left", text::duration(seconds - self.elapsed))
            }
            _ => String::new(),
        };
        let line = format!("{} {environment}: {ended} of {all} done, {elapsed}{left}", doing(*operation));
        text::truncate(&line, self.columns)
    }

    fn row(&self, instance: &InstanceName, unit: &UnitProgress, names: usize, seconds: f64) -> String {
        let known = self.expectations.resources.get(instance).copied().unwrap_or(0).max(unit.seen.len());
        let resources = if known == 0 { String::new() } else { format!("{}/{known}", unit.complete.len()) };
        let status = unit.status.as_deref().unwrap_or(unit.action.as_str());
        let name = text::pad(&instance.to_string(), names);
        let current = unit.current.as_deref().unwrap_or_default();
        let line = format!(
            "{} {name}  {status:<18} {resources:>7} {:>8}  {current}",
            self.spinner,
            text::duration(seconds)
        );
        text::truncate(line.trim_end(), self.columns)
    }

    fn footer(&self, progress: &Progress) -> Vec<String> {
        let waiting: Vec<String> = progress
            .units
            .iter()
            .filter(|(_, unit)| unit.state == UnitState::Waiting)
            .map(|(instance, _)| instance.to_string())
            .collect();
        let mut lines = Vec::new();
        if !waiting.is_empty() {
            let line = text::truncate(&format!("  waiting: {}", waiting.join(", ")), self.columns);
            lines.push(self.palette.paint(Label::Faint, line));
        }
        if let Some(notice) = &progress.notice {
            lines.push(text::truncate(&format!("  {}", text::clean(notice)), self.columns));
        }
        if let Some(now) = progress.stopping {
            let line = text::truncate(&format!("  {}", stopping(now)), self.columns);
            lines.push(self.palette.paint(Label::Warning, line));
        }
        lines
    }
}
