//! How long carrying a plan out takes, and why: a pure function of the plan and of what is known of
//! durations.
//!
//! | file | holds |
//! |---|---|
//! | `table`, `durations` | how long one operation takes: by the table, corrected by records |
//! | `contents`, `work`, `update` | a plan as steps, each with what must end before it |
//! | `schedule` | who works when: the engine's walk in numbers |
//! | `path` | the critical path, the long pole |
//! | `draws` | what nine of ten runs stay within |
//! | `rebuild` | a whole rebuild, from the source alone |
//!
//! May not read files, ask clouds or clocks, or know who keeps the table and the records. Decides
//! nothing: the engine may start the longest path first by [`weights`], and that is all.

mod contents;
mod draws;
mod durations;
#[cfg(test)]
mod fixture;
mod path;
mod rebuild;
mod schedule;
mod table;
#[cfg(test)]
mod tests;
mod update;
mod work;

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{InstanceName, ResourceOperation};
use crate::plan::{ActionKind, Operation};

pub use durations::{Duration, Durations, Source};
pub use rebuild::{rebuild, standing};
pub use table::{Mean, Table};
pub use work::{Sources, Step, UnitWork, Work};

use path::Place;
use schedule::{Schedule, Walk, medians};

/// How long it takes, and why.
#[derive(Clone, Debug, PartialEq)]
pub struct Estimate {
    /// Seconds, if every step takes its median: the length of the critical path.
    pub p50_seconds: f64,
    /// Seconds that nine of ten runs stay within.
    pub p90_seconds: f64,
    /// The walks, one after the other.
    pub phases: Vec<Phase>,
    /// The chain of steps that decides how long it takes, first to last.
    pub critical_path: Vec<CriticalStep>,
    /// The step whose shortening brings most; `None` where there is nothing to do.
    pub long_pole: Option<LongPole>,
    /// How it is known.
    pub confidence: Confidence,
    /// Types of which nothing is known: their seconds are guesses.
    pub unknown_types: BTreeSet<String>,
    /// Instances whose contents are not known: they count for nothing here, and will take some time.
    pub unknown_units: BTreeSet<InstanceName>,
}

/// One walk through the graph.
#[derive(Clone, Debug, PartialEq)]
pub struct Phase {
    /// Which way it goes.
    pub operation: Operation,
    /// Its begin, in seconds.
    pub start: f64,
    /// Its end.
    pub end: f64,
    /// Who works when, by begin, then by name.
    pub units: Vec<UnitSpan>,
}

/// When one instance is worked on, in seconds since the begin of everything.
#[derive(Clone, Debug, PartialEq)]
pub struct UnitSpan {
    /// The instance.
    pub instance: InstanceName,
    /// What is done to it.
    pub action: ActionKind,
    /// Its begin.
    pub start: f64,
    /// Its end.
    pub end: f64,
    /// Its steps, each after what it needs.
    pub steps: Vec<StepSpan>,
}

/// When one resource is worked on, in seconds since the begin of everything.
#[derive(Clone, Debug, PartialEq)]
pub struct StepSpan {
    /// Logical id.
    pub resource: String,
    /// Its type.
    pub resource_type: String,
    /// What is done to it.
    pub operation: ResourceOperation,
    /// How long that takes.
    pub duration: Duration,
    /// Its begin.
    pub start: f64,
    /// Its end.
    pub end: f64,
    /// Whether it is on the critical path.
    pub is_critical: bool,
}

/// One step of the critical path.
#[derive(Clone, Debug, PartialEq)]
pub struct CriticalStep {
    /// The instance.
    pub instance: InstanceName,
    /// Logical id of the resource.
    pub resource: String,
    /// Its type.
    pub resource_type: String,
    /// What is done to it.
    pub operation: ResourceOperation,
    /// How long that takes.
    pub duration: Duration,
}

/// The step whose shortening brings most.
#[derive(Clone, Debug, PartialEq)]
pub struct LongPole {
    /// The step.
    pub step: CriticalStep,
    /// Seconds that the whole gets shorter at most, however short the step becomes.
    pub saves_seconds: f64,
    /// The longest step of the path that decides from then on.
    pub then: Option<CriticalStep>,
}

/// How many steps each source speaks for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Confidence {
    /// By source.
    pub steps: BTreeMap<Source, usize>,
    /// The number of records behind them, each counted once for every step it speaks for.
    pub samples: usize,
}

/// By type and operation: the number of steps, and how long one takes.
pub type Types = BTreeMap<(String, ResourceOperation), (usize, Duration)>;

/// Expected seconds of each instance on its own: who is at the head of the longest path goes first.
pub fn weights(work: &Work) -> BTreeMap<InstanceName, f64> {
    let units = work.units.iter().zip(medians(work));
    units.map(|(unit, times)| (unit.instance.clone(), schedule::length(unit, &times))).collect()
}

/// How long these walks take one after the other, with at most `jobs` instances at once (0 for any
/// number), and why.
pub fn estimate(phases: &[Work], jobs: usize) -> Estimate {
    let walks: Vec<Walk<'_>> = phases.iter().map(|work| Walk::new(work, jobs)).collect();
    let mut estimate = Estimate::default();
    for (work, walk) in phases.iter().zip(&walks) {
        let times = medians(work);
        let schedule = walk.schedule(&times);
        let path = path::critical(work, &schedule, &times);
        estimate.add(work, &schedule, &path);
        if let Some(pole) = path::long_pole(work, walk, &path) {
            estimate.offer(LongPole {
                step: critical_step(work, pole.step),
                saves_seconds: pole.saves,
                then: pole.then.map(|place| critical_step(work, place)),
            });
        }
    }
    let drawn = draws::ninth_decile(phases, &walks);
    estimate.p90_seconds = drawn.max(estimate.p50_seconds);
    estimate
}

impl Default for Estimate {
    /// Of nothing at all.
    fn default() -> Self {
        Self {
            p50_seconds: 0.0,
            p90_seconds: 0.0,
            phases: Vec::new(),
            critical_path: Vec::new(),
            long_pole: None,
            confidence: Confidence::default(),
            unknown_types: BTreeSet::new(),
            unknown_units: BTreeSet::new(),
        }
    }
}

impl Estimate {
    /// Whether there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self.phases.iter().all(|phase| phase.units.is_empty())
    }

    /// What is known of each type and operation in it, and how many steps it is of.
    pub fn types(&self, durations: &Durations) -> Types {
        let mut types = Types::new();
        let units = self.phases.iter().flat_map(|phase| &phase.units);
        for step in units.flat_map(|unit| &unit.steps) {
            let key = (step.resource_type.clone(), step.operation);
            let of_type = || (0, durations.of_type(&step.resource_type, step.operation));
            types.entry(key).or_insert_with(of_type).0 += 1;
        }
        types
    }

    fn add(&mut self, work: &Work, schedule: &Schedule, path: &[Place]) {
        let start = self.p50_seconds;
        let on_path: BTreeSet<Place> = path.iter().copied().collect();
        let mut units: Vec<UnitSpan> =
            (0..work.units.len()).map(|place| unit_span(work, schedule, (place, start), &on_path)).collect();
        units.sort_by(|one, other| one.start.total_cmp(&other.start).then(one.instance.cmp(&other.instance)));
        self.critical_path.extend(path.iter().map(|place| critical_step(work, *place)));
        self.p50_seconds = start + schedule.seconds;
        self.phases.push(Phase { operation: work.operation, start, end: self.p50_seconds, units });
        for unit in &work.units {
            if !unit.is_known {
                self.unknown_units.insert(unit.instance.clone());
            }
            unit.steps.iter().for_each(|step| self.count(step));
        }
    }

    fn count(&mut self, step: &Step) {
        let Duration { source, samples, .. } = step.duration;
        *self.confidence.steps.entry(source).or_default() += 1;
        self.confidence.samples += samples;
        if source == Source::Guess {
            self.unknown_types.insert(step.resource_type.clone());
        }
    }

    /// Of the phases' long poles the one that brings most.
    fn offer(&mut self, pole: LongPole) {
        if self.long_pole.as_ref().is_none_or(|best| pole.saves_seconds > best.saves_seconds) {
            self.long_pole = Some(pole);
        }
    }
}

fn unit_span(
    work: &Work,
    schedule: &Schedule,
    (place, start): (usize, f64),
    on_path: &BTreeSet<Place>,
) -> UnitSpan {
    let (unit, placed) = (&work.units[place], &schedule.units[place]);
    let begin = start + placed.start;
    let steps = unit.steps.iter().zip(&placed.ends).enumerate();
    let steps = steps.map(|(number, (step, end))| StepSpan {
        resource: step.resource.clone(),
        resource_type: step.resource_type.clone(),
        operation: step.operation,
        duration: step.duration,
        start: begin + end - step.duration.p50,
        end: begin + end,
        is_critical: on_path.contains(&(place, number)),
    });
    UnitSpan {
        instance: unit.instance.clone(),
        action: unit.action,
        start: begin,
        end: start + placed.end,
        steps: steps.collect(),
    }
}

fn critical_step(work: &Work, (unit, step): Place) -> CriticalStep {
    let (unit, step) = (&work.units[unit], &work.units[unit].steps[step]);
    CriticalStep {
        instance: unit.instance.clone(),
        resource: step.resource.clone(),
        resource_type: step.resource_type.clone(),
        operation: step.operation,
        duration: step.duration,
    }
}
