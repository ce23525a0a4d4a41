//! Which instance starts next, and which never will. Pure.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use crate::engine::Skipped;
use crate::engine::execute::order::path_lengths;
use crate::model::InstanceName;
use crate::plan::graph::{self, Graph};

/// The ready queue's order: longest path first, then by name.
type Priority = (Reverse<u64>, InstanceName);

/// What has not been started yet.
pub(super) struct Schedule {
    /// What each instance that is not ready still waits for.
    waiting: Graph,
    followers: Graph,
    ready: BTreeSet<Priority>,
    lengths: BTreeMap<InstanceName, f64>,
}

impl Schedule {
    pub(super) fn new(waits_for: Graph, weights: &BTreeMap<InstanceName, f64>) -> Self {
        let lengths = path_lengths(&waits_for, weights);
        let followers = graph::reversed(&waits_for);
        let mut schedule = Self { waiting: waits_for, followers, ready: BTreeSet::new(), lengths };
        let free = schedule.waiting.iter().filter(|(_, waits)| waits.is_empty());
        for instance in free.map(|(instance, _)| instance.clone()).collect::<Vec<_>>() {
            schedule.make_ready(instance);
        }
        schedule
    }

    /// The next instance that may start.
    pub(super) fn next(&mut self) -> Option<InstanceName> {
        self.ready.pop_first().map(|(_, instance)| instance)
    }

    /// Whether everything was started, or never will be.
    pub(super) fn is_empty(&self) -> bool {
        self.ready.is_empty() && self.waiting.is_empty()
    }

    /// An instance is done: whatever waited for it alone may start.
    pub(super) fn done(&mut self, instance: &InstanceName) {
        for follower in self.followers.get(instance).cloned().unwrap_or_default() {
            let Some(waits) = self.waiting.get_mut(&follower) else { continue };
            waits.remove(instance);
            if waits.is_empty() {
                self.make_ready(follower);
            }
        }
    }

    /// An instance failed: whatever waits for it, directly or through others, never starts.
    pub(super) fn failed(&mut self, instance: &InstanceName) -> Vec<Skipped> {
        let mut skipped = Vec::new();
        let mut open = vec![instance.clone()];
        while let Some(next) = open.pop() {
            for follower in self.followers.get(&next).cloned().unwrap_or_default() {
                if self.waiting.remove(&follower).is_some() {
                    skipped.push(Skipped { instance: follower.clone(), because_of: Some(instance.clone()) });
                    open.push(follower);
                }
            }
        }
        skipped.sort_by(|one, other| one.instance.cmp(&other.instance));
        skipped
    }

    /// Everything that has not started, when nothing may start any more.
    pub(super) fn stopped(&mut self) -> Vec<Skipped> {
        let ready = std::mem::take(&mut self.ready).into_iter().map(|(_, instance)| instance);
        let waiting = std::mem::take(&mut self.waiting).into_keys();
        let all: BTreeSet<InstanceName> = ready.chain(waiting).collect();
        all.into_iter().map(|instance| Skipped { instance, because_of: None }).collect()
    }

    fn make_ready(&mut self, instance: InstanceName) {
        self.waiting.remove(&instance);
        // Milliseconds, because floating point numbers have no total order.
        let length = self.lengths.get(&instance).copied().unwrap_or_default();
        self.ready.insert((Reverse((length * 1000.0) as u64), instance));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> InstanceName {
        text.parse().unwrap()
    }

    fn graph(edges: &[(&str, &[&str])]) -> Graph {
        edges
            .iter()
            .map(|(instance, waits)| (name(instance), waits.iter().map(|wait| name(wait)).collect()))
            .collect()
    }

    fn names(instances: impl IntoIterator<Item = InstanceName>) -> Vec<String> {
        instances.into_iter().map(|instance| instance.to_string()).collect()
    }

    #[test]
    fn the_longest_path_starts_first() {
        let waits_for = graph(&[("a", &[]), ("b", &[]), ("c", &["b"]), ("d", &[])]);
        let weights = [(name("d"), 1.5)].into();
        let mut schedule = Schedule::new(waits_for, &weights);
        assert_eq!(names(std::iter::from_fn(|| schedule.next())), ["b", "d", "a"]);
        schedule.done(&name("b"));
        assert_eq!(schedule.next(), Some(name("c")));
    }

    #[test]
    fn dependants_of_a_failure_are_skipped_and_name_it() {
        let waits_for = graph(&[("a", &[]), ("b", &["a"]), ("c", &["b"]), ("d", &[]), ("e", &["c", "d"])]);
        let mut schedule = Schedule::new(waits_for, &BTreeMap::new());
        schedule.next();
        let skipped = schedule.failed(&name("a"));
        assert!(skipped.iter().all(|skipped| skipped.because_of == Some(name("a"))));
        assert_eq!(names(skipped.into_iter().map(|skipped| skipped.instance)), ["b", "c", "e"]);
        assert_eq!(schedule.next(), Some(name("d")));
        schedule.done(&name("d"));
        assert_eq!(schedule.next(), None);
        assert!(schedule.stopped().is_empty());
    }

    #[test]
    fn a_stop_skips_all_that_has_not_started() {
        let mut schedule = Schedule::new(graph(&[("a", &[]), ("b", &["a"]), ("c", &[])]), &BTreeMap::new());
        assert_eq!(schedule.next(), Some(name("a")));
        let skipped = schedule.stopped();
        assert!(skipped.iter().all(|skipped| skipped.because_of.is_none()));
        assert_eq!(names(skipped.into_iter().map(|skipped| skipped.instance)), ["b", "c"]);
    }
}
