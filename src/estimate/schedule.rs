//! Who works when, if every step takes as long as it is told to: the engine's walk, without the engine.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap};

use crate::estimate::work::{UnitWork, Work};

/// Seconds of each step, by unit.
pub(super) type Times = Vec<Vec<f64>>;

/// When one unit is worked on.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Placed {
    /// Its begin.
    pub start: f64,
    /// Its end.
    pub end: f64,
    /// The unit whose end let it begin; `None` for one that began at once.
    pub after: Option<usize>,
    /// Ends of its steps, since its begin.
    pub ends: Vec<f64>,
}

/// When every unit is worked on, and how long that takes.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Schedule {
    /// By unit.
    pub units: Vec<Placed>,
    /// The last end.
    pub seconds: f64,
}

/// What of the work does not depend on how long it takes: followers, and who goes first.
#[derive(Clone, Debug)]
pub(super) struct Walk<'w> {
    work: &'w Work,
    followers: Vec<Vec<usize>>,
    /// Longest path first, then by name: as the engine does.
    priorities: Vec<(Reverse<u64>, usize)>,
    jobs: usize,
}

/// The median seconds of every step.
pub(super) fn medians(work: &Work) -> Times {
    work.units.iter().map(|unit| unit.steps.iter().map(|step| step.duration.p50).collect()).collect()
}

/// Ends of a unit's steps since its begin.
fn ends(unit: &UnitWork, times: &[f64]) -> Vec<f64> {
    let mut ends: Vec<f64> = Vec::with_capacity(unit.steps.len());
    for (step, seconds) in unit.steps.iter().zip(times) {
        let begin = step.needs.iter().map(|need| ends[*need]).fold(0.0, f64::max);
        ends.push(begin + seconds);
    }
    ends
}

/// Seconds of a unit on its own.
pub(super) fn length(unit: &UnitWork, times: &[f64]) -> f64 {
    ends(unit, times).into_iter().fold(0.0, f64::max)
}

impl<'w> Walk<'w> {
    /// A walk that works on at most `jobs` units at once; 0 for any number.
    pub(super) fn new(work: &'w Work, jobs: usize) -> Self {
        let mut followers = vec![Vec::new(); work.units.len()];
        for (place, unit) in work.units.iter().enumerate() {
            unit.waits_for.iter().for_each(|need| followers[*need].push(place));
        }
        let lengths = paths(work, &followers);
        let by_name: BTreeMap<_, usize> =
            work.units.iter().enumerate().map(|(place, unit)| (&unit.instance, place)).collect();
        let mut priorities = vec![(Reverse(0), 0); work.units.len()];
        for (rank, place) in by_name.into_values().enumerate() {
            priorities[place] = (Reverse((lengths[place] * 1000.0) as u64), rank);
        }
        Self { work, followers, priorities, jobs }
    }

    /// The same walk in the order of names.
    #[cfg(test)]
    pub(super) fn by_name(mut self) -> Self {
        self.priorities.iter_mut().for_each(|(length, _)| *length = Reverse(0));
        self
    }

    /// Who works when, with these seconds for each step.
    pub(super) fn schedule(&self, times: &Times) -> Schedule {
        Progress::new(self, times).finish()
    }
}

/// Seconds from each unit's begin to the end of the longest path that begins with it.
fn paths(work: &Work, followers: &[Vec<usize>]) -> Vec<f64> {
    let mut lengths = vec![0.0; work.units.len()];
    for (place, times) in medians(work).iter().enumerate().rev() {
        let rest = followers[place].iter().map(|follower| lengths[*follower]).fold(0.0, f64::max);
        lengths[place] = length(&work.units[place], times) + rest;
    }
    lengths
}

/// A walk under way.
struct Progress<'w> {
    walk: &'w Walk<'w>,
    placed: Vec<Placed>,
    lengths: Vec<f64>,
    open: Vec<usize>,
    ready: BTreeSet<((Reverse<u64>, usize), usize)>,
    /// Ends, as bits: those of positive numbers have their order.
    running: BinaryHeap<Reverse<(u64, usize)>>,
}

impl<'w> Progress<'w> {
    fn new(walk: &'w Walk<'w>, times: &Times) -> Self {
        let units = walk.work.units.iter().zip(times);
        let placed: Vec<Placed> =
            units.map(|(unit, times)| Placed { ends: ends(unit, times), ..Placed::default() }).collect();
        let lengths = placed.iter().map(|unit| unit.ends.iter().copied().fold(0.0, f64::max)).collect();
        let open: Vec<usize> = walk.work.units.iter().map(|unit| unit.waits_for.len()).collect();
        let free = open.iter().enumerate().filter(|(_, open)| **open == 0);
        let ready = free.map(|(place, _)| (walk.priorities[place], place)).collect();
        Self { walk, placed, lengths, open, ready, running: BinaryHeap::new() }
    }

    fn finish(mut self) -> Schedule {
        let mut latest = None;
        let mut now = 0.0;
        loop {
            self.start(now, latest);
            let Some(Reverse((_, ended))) = self.running.pop() else { break };
            now = self.placed[ended].end;
            latest = Some(ended);
            self.release(ended);
        }
        let seconds = self.placed.iter().map(|unit| unit.end).fold(0.0, f64::max);
        Schedule { units: self.placed, seconds }
    }

    fn start(&mut self, now: f64, latest: Option<usize>) {
        while self.walk.jobs == 0 || self.running.len() < self.walk.jobs {
            let Some((_, place)) = self.ready.pop_first() else { break };
            let unit = &mut self.placed[place];
            unit.start = now;
            unit.end = now + self.lengths[place];
            // One that was ready before waited for whoever made room just now.
            let is_released = unit.after.is_some();
            if !is_released || self.placed_end(place) < now {
                self.placed[place].after = latest;
            }
            self.running.push(Reverse((self.placed[place].end.to_bits(), place)));
        }
    }

    /// The end of what `place` waited for last.
    fn placed_end(&self, place: usize) -> f64 {
        self.placed[place].after.map_or(0.0, |after| self.placed[after].end)
    }

    fn release(&mut self, ended: usize) {
        for follower in &self.walk.followers[ended] {
            self.open[*follower] -= 1;
            if self.open[*follower] == 0 {
                self.placed[*follower].after = Some(ended);
                self.ready.insert((self.walk.priorities[*follower], *follower));
            }
        }
    }
}
