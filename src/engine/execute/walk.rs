//! The walk: starts what may start, hears what ended, skips what never will.

use jiff::Timestamp;

use crate::engine::budget::seconds;
use crate::engine::execute::outputs::Outputs;
use crate::engine::execute::schedule::Schedule;
use crate::engine::execute::{ExecuteOptions, started, unit, waits_for};
use crate::engine::session::Session;
use crate::engine::strands::Strands;
use crate::engine::{Event, EventSink, Outcome, Skipped, Stop, UnitOutcome, UnitReport};
use crate::plan::Plan;

/// One plan on its way.
pub(super) struct Run<'r> {
    pub(super) plan: &'r Plan,
    pub(super) session: &'r Session<'r>,
    pub(super) sink: &'r dyn EventSink,
    pub(super) stop: &'r Stop,
    pub(super) options: &'r ExecuteOptions,
    pub(super) outputs: Outputs,
    /// When nothing is waited for or started any more.
    pub(super) ends: Option<Timestamp>,
}

impl Run<'_> {
    /// The time by the first cloud's clock.
    pub(super) fn now(&self) -> Timestamp {
        self.session.lanes().first().map_or(Timestamp::UNIX_EPOCH, |lane| lane.now())
    }
}

impl Run<'_> {
    /// Until when a stack is waited for of which the work begins now.
    pub(super) fn until(&self, now: Timestamp) -> Option<Timestamp> {
        let own = self.options.unit_deadline.map(|after| now + after);
        own.into_iter().chain(self.ends).min()
    }

    fn is_overdue(&self) -> bool {
        self.ends.is_some_and(|ends| self.now() >= ends)
    }
}

/// Walks the whole plan.
pub(super) async fn walk(run: &Run<'_>) -> Outcome {
    run.sink.send(started(run));
    let began = run.now();
    let mut walk = Walk {
        run,
        schedule: Schedule::new(waits_for(run.plan), &run.options.weights),
        strands: Strands::new(run.session.activity()),
        reports: Vec::new(),
        skipped: Vec::new(),
    };
    walk.go().await;
    let is_cut_short = run.is_overdue() && !walk.skipped.is_empty();
    Outcome {
        reports: walk.reports,
        skipped: walk.skipped,
        interrupted: run.stop.is_finishing() || is_cut_short,
        seconds: seconds(began, run.now()),
        release: run.plan.release,
        deployment: run.plan.deployment,
        proof: None,
    }
}

struct Walk<'r> {
    run: &'r Run<'r>,
    schedule: Schedule,
    strands: Strands<'r, UnitReport>,
    reports: Vec<UnitReport>,
    skipped: Vec<Skipped>,
}

impl Walk<'_> {
    async fn go(&mut self) {
        while !self.run.stop.is_finishing() {
            self.start();
            tokio::select! {
                biased;
                ended = self.strands.next() => match ended {
                    Some(report) => self.ended(report),
                    None if !self.schedule.is_empty() => break,
                    None => return,
                },
                () = self.run.stop.finishing() => {}
            }
        }
        self.announce_stop(false);
        let skipped = self.schedule.stopped();
        self.skip(skipped);
        self.finish().await;
    }

    fn start(&mut self) {
        let run = self.run;
        let jobs = if run.options.jobs == 0 { usize::MAX } else { run.options.jobs };
        while self.strands.len() < jobs && !run.is_overdue() {
            let Some(instance) = self.schedule.next() else { return };
            if let Some(action) = run.plan.action(&instance) {
                self.strands.push(unit::work_on(run, action));
            }
        }
    }

    /// Waits for what still runs; a second stop makes the strands let go by themselves.
    async fn finish(&mut self) {
        let mut announced = false;
        loop {
            tokio::select! {
                biased;
                ended = self.strands.next() => match ended {
                    Some(report) => self.ended(report),
                    None => return,
                },
                () = self.run.stop.now(), if !announced => {
                    announced = true;
                    self.announce_stop(true);
                }
            }
        }
    }

    fn announce_stop(&self, now: bool) {
        self.run.sink.send(Event::Stopping { time: self.run.now(), now });
    }

    fn ended(&mut self, report: UnitReport) {
        self.run.sink.send(Event::UnitFinished { time: self.run.now(), report: report.clone() });
        match report.outcome {
            UnitOutcome::Done | UnitOutcome::Unchanged => self.schedule.done(&report.instance),
            // A stop skips all the rest anyway.
            UnitOutcome::LeftRunning if self.run.stop.is_finishing() => {}
            UnitOutcome::LeftRunning
            | UnitOutcome::RolledBack { .. }
            | UnitOutcome::Refused { .. }
            | UnitOutcome::WithoutImage { .. }
            | UnitOutcome::NeedsHands { .. }
            | UnitOutcome::Unannounced { .. } => {
                let skipped = self.schedule.failed(&report.instance);
                self.skip(skipped);
            }
        }
        self.reports.push(report);
    }

    fn skip(&mut self, skipped: Vec<Skipped>) {
        for skipped in skipped {
            self.run.sink.send(Event::UnitSkipped { time: self.run.now(), skipped: skipped.clone() });
            self.skipped.push(skipped);
        }
    }
}
