//! The whole state of the embedded cloud: every stack of every account and region, the virtual
//! clock, and what will happen when.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::local::answers::Answers;
use crate::local::exports::Exports;
use crate::local::fault::{Fault, Faults, Trouble};
use crate::local::inventory::{Inventory, Orphan};
use crate::local::nested::Letter;
use crate::local::operation::{StepState, Work};
use crate::local::place::Place;
use crate::local::schedule::{Due, Schedule, What};
use crate::local::stack::{ChangeSetState, Stack};
use crate::local::store::{Batch, StoredStack};
use crate::model::ObservedStack;

/// The whole state of the embedded cloud.
#[derive(Debug)]
pub struct World {
    /// The virtual time.
    pub clock: Timestamp,
    faults: Faults,
    /// What a stale read shows of each stack; kept only while calls may be answered badly.
    stale: BTreeMap<String, Option<ObservedStack>>,
    stacks: BTreeMap<String, Stack>,
    /// ARNs of the stacks that are not deleted.
    names: BTreeMap<(Place, String), String>,
    incarnations: BTreeMap<(Place, String), u32>,
    /// The stack of each change set. An entry may outlive its change set; the stack decides.
    change_sets: BTreeMap<String, String>,
    exports: BTreeMap<Place, Exports>,
    /// What the world outside answers.
    pub answers: Answers,
    /// What stacks of one tree have to tell each other. Empty between calls.
    pub(super) letters: VecDeque<Letter>,
    /// Whether what begins now is not rolled back when it fails.
    is_preserved: bool,
    /// Resources of the nested stacks of each tree, by the root's ARN.
    pub(super) trees: BTreeMap<String, usize>,
    /// Names that are taken, and what no stack owns.
    pub inventory: Inventory,
    schedule: Schedule,
    /// Stacks that changed and of which nobody in their place has heard yet.
    unread: BTreeMap<Place, BTreeSet<String>>,
    /// Stacks whose records are newer than what is stored.
    dirty: BTreeSet<String>,
    stored_clock: Option<Timestamp>,
}

impl World {
    /// The faults that have not struck yet.
    pub fn idle_faults(&self) -> Vec<Fault> {
        self.faults.idle()
    }

    /// Takes these faults in place of the ones before.
    pub fn set_faults(&mut self, faults: Vec<Fault>) {
        self.faults = Faults::new(faults);
    }

    /// Whether calls may go wrong.
    pub fn answers_badly(&self) -> bool {
        self.faults.has_calls()
    }

    /// Acts; what begins meanwhile is not rolled back when it fails, if `is_preserved`.
    pub fn preserving<R>(&mut self, is_preserved: bool, act: impl FnOnce(&mut Self) -> R) -> R {
        self.is_preserved = is_preserved;
        let result = act(self);
        self.is_preserved = false;
        result
    }

    /// What happens to a call of this name now, if anything does.
    pub fn trouble(&mut self, call: &str) -> Option<Trouble> {
        self.faults.trouble(call)
    }

    /// A world of these stacks at this time; what they are in the middle of goes on.
    pub fn new(clock: Timestamp, faults: Vec<Fault>, stacks: Vec<Stack>, orphans: Vec<Orphan>) -> Self {
        let mut world = Self {
            clock,
            faults: Faults::new(faults),
            stale: BTreeMap::new(),
            stacks: BTreeMap::new(),
            names: BTreeMap::new(),
            incarnations: BTreeMap::new(),
            change_sets: BTreeMap::new(),
            exports: BTreeMap::new(),
            answers: Answers::default(),
            letters: VecDeque::new(),
            trees: BTreeMap::new(),
            is_preserved: false,
            inventory: Inventory::new(stacks.iter(), orphans),
            schedule: Schedule::default(),
            unread: BTreeMap::new(),
            dirty: BTreeSet::new(),
            stored_clock: None,
        };
        for stack in stacks {
            if stack.parent.is_some() && !stack.status.is_gone() {
                *world.trees.entry(stack.root().to_owned()).or_default() += stack.size;
            }
            world.plan(&stack);
            world.index(&stack);
            world.stacks.insert(stack.id.clone(), stack);
        }
        world
    }

    /// Puts what a stored stack is in the middle of back on the schedule.
    fn plan(&mut self, stack: &Stack) {
        let due = |time, what| Due { time, stack: stack.id.clone(), what };
        if let Some(operation) = &stack.operation {
            for (logical_id, step) in &operation.steps {
                // What waits for a nested stack has no time of its own.
                if let StepState::Running { ends, .. } = &step.state
                    && *ends != Timestamp::MAX
                {
                    self.schedule.add(due(*ends, What::Step(logical_id.clone())));
                }
            }
            if let Some(deadline) = operation.deadline {
                self.schedule.add(due(deadline, What::GiveUp));
            }
        }
        for (id, change_set) in &stack.change_sets {
            if matches!(change_set.state, ChangeSetState::Pending) {
                self.schedule.add(due(self.clock, What::ChangeSet(id.clone())));
            }
        }
    }

    fn index(&mut self, stack: &Stack) {
        let key = (stack.place.clone(), stack.name.clone());
        let incarnation = self.incarnations.entry(key.clone()).or_default();
        *incarnation = stack.incarnation.max(*incarnation);
        if !stack.status.is_gone() {
            self.names.insert(key, stack.id.clone());
        } else if self.names.get(&key) == Some(&stack.id) {
            self.names.remove(&key);
        }
        self.exports.entry(stack.place.clone()).or_default().update(stack);
        for id in stack.change_sets.keys().chain(&stack.executed) {
            self.change_sets.insert(id.clone(), stack.id.clone());
        }
    }

    /// The stack of this name or ARN; a deleted one only by its ARN.
    pub fn find(&self, place: &Place, stack: &str) -> Option<&Stack> {
        let id = if stack.starts_with("arn:") {
            stack
        } else {
            self.names.get(&(place.clone(), stack.to_owned()))?
        };
        self.stacks.get(id).filter(|found| found.place == *place)
    }

    /// The stack that holds a change set.
    pub fn find_change_set(&self, place: &Place, id: &str) -> Option<&Stack> {
        let stack = self.find(place, self.change_sets.get(id)?)?;
        stack.change_sets.contains_key(id).then_some(stack)
    }

    /// The stack that executed a change set as its last one.
    pub fn find_executed(&self, place: &Place, id: &str) -> Option<&Stack> {
        let stack = self.find(place, self.change_sets.get(id)?)?;
        (stack.executed.as_deref() == Some(id)).then_some(stack)
    }

    /// Looks at one stack together with the exports of its place.
    pub fn look<R>(&self, id: &str, look: impl FnOnce(&Stack, &Exports) -> R) -> Option<R> {
        let stack = self.stacks.get(id)?;
        Some(look(stack, self.exports.get(&stack.place)?))
    }

    /// Why the account may not have another stack here, if it may not.
    pub fn refusal_of_another(&mut self, place: &Place) -> Option<String> {
        let start = (place.clone(), String::new());
        let here = self.names.range(start..).take_while(|((other, _), _)| other == place).count();
        let most = self.faults.limit_reached(here)?;
        Some(format!("LimitExceededException: Limit for stack has been exceeded ({most})"))
    }

    /// How many stacks the account may have here.
    pub fn most_stacks(&self) -> usize {
        self.faults.stacks()
    }

    /// Up to `count` stacks that are not deleted, by name, after the one called `after`.
    pub fn page(&self, place: &Place, after: Option<&str>, count: usize) -> Vec<&Stack> {
        let start = (place.clone(), after.unwrap_or_default().to_owned());
        let bound =
            if after.is_some() { std::ops::Bound::Excluded(start) } else { std::ops::Bound::Included(start) };
        let names = self.names.range((bound, std::ops::Bound::Unbounded));
        let here = names.take_while(|((other, _), _)| other == place).take(count);
        here.filter_map(|(_, id)| self.stacks.get(id)).collect()
    }

    /// The exports of a place.
    pub fn exports(&self, place: &Place) -> Option<&Exports> {
        self.exports.get(place)
    }

    /// How many stacks of this name there were.
    pub fn incarnation(&self, place: &Place, name: &str) -> u32 {
        self.incarnations.get(&(place.clone(), name.to_owned())).copied().unwrap_or_default()
    }

    /// Takes a new stack in.
    pub fn add(&mut self, stack: Stack) {
        self.index(&stack);
        self.dirty.insert(stack.id.clone());
        if self.faults.has_calls() {
            self.stale.insert(stack.id.clone(), None);
        }
        self.stacks.insert(stack.id.clone(), stack);
    }

    /// A stack as a read that lags behind shows it: before the last change of its status.
    pub fn stale(&self, stack: &Stack) -> Option<ObservedStack> {
        self.stale.get(&stack.id).cloned().unwrap_or_else(|| Some(stack.observed()))
    }

    /// The stack of this ARN.
    pub(super) fn stack(&self, id: &str) -> Option<&Stack> {
        self.stacks.get(id)
    }

    /// Works on one stack, then on those of its tree that this concerns. What a request brings to
    /// its end at once is told to whoever waits.
    pub fn work<R>(&mut self, id: &str, act: impl FnOnce(&mut Work<'_>) -> R) -> Option<R> {
        let result = self.work_alone(id, act);
        self.deliver();
        result
    }

    /// Works on one stack. A nested one tells its parent what became of it.
    pub(super) fn work_alone<R>(&mut self, id: &str, act: impl FnOnce(&mut Work<'_>) -> R) -> Option<R> {
        let mut stack = self.stacks.remove(id)?;
        let before = stack.status.clone();
        let shown = self.faults.has_calls().then(|| stack.observed());
        let history = stack.events.len();
        let mut work = Work {
            now: self.clock,
            faults: &mut self.faults,
            schedule: &mut self.schedule,
            exports: self.exports.entry(stack.place.clone()).or_default(),
            is_preserved: self.is_preserved,
            answers: &self.answers,
            letters: &mut self.letters,
            inventory: &mut self.inventory,
            stack: &mut stack,
        };
        let result = act(&mut work);
        let moved = work.stack.status != before || (work.stack.events.len() > history && !before.is_busy());
        if moved && work.stack.parent.is_some() {
            work.report(false);
        }
        if stack.status != before {
            if let Some(shown) = shown {
                self.stale.insert(stack.id.clone(), Some(shown));
            }
            if !stack.status.is_busy() {
                self.unread.entry(stack.place.clone()).or_default().insert(stack.id.clone());
            }
            if stack.parent.is_some() && stack.status.is_gone() {
                let root = stack.root().to_owned();
                self.trees.entry(root).and_modify(|count| *count = count.saturating_sub(stack.size));
            }
            self.index(&stack);
        } else {
            let ids = stack.change_sets.keys().map(|id| (id.clone(), stack.id.clone()));
            self.change_sets.extend(ids);
        }
        self.dirty.insert(stack.id.clone());
        self.stacks.insert(stack.id.clone(), stack);
        Some(result)
    }

    /// Lets time pass until a stack changes its status or a change set is computed, at most
    /// `deadline`; returns the ARNs. Where nothing is going on no time passes, unless calls may be
    /// answered badly: then whoever calls pauses by this clock.
    ///
    /// All places share the clock. Time stops at a change anywhere; a change elsewhere is kept for
    /// whoever waits there.
    pub fn wait(&mut self, place: &Place, deadline: Duration) -> Vec<String> {
        if let Some(unread) = self.unread.remove(place) {
            return unread.into_iter().collect();
        }
        let limit = SignedDuration::try_from(deadline)
            .ok()
            .and_then(|deadline| self.clock.checked_add(deadline).ok())
            .unwrap_or(Timestamp::MAX);
        let mut changed = BTreeSet::new();
        while let Some(time) = self.schedule.next_time() {
            let is_later = time > self.clock;
            if time > limit || (is_later && !changed.is_empty()) {
                break;
            }
            self.clock = self.clock.max(time);
            let Some(due) = self.schedule.pop() else { break };
            if self.happen(&due) {
                changed.insert(due.stack);
            }
        }
        if changed.is_empty() && (self.schedule.next_time().is_some() || self.faults.has_calls()) {
            self.clock = limit;
        }
        match self.unread.remove(place) {
            Some(own) => own.into_iter().collect(),
            None => changed.into_iter().collect(),
        }
    }

    /// Lets one thing happen; whether its stack is one to tell of.
    fn happen(&mut self, due: &Due) -> bool {
        let Some(stack) = self.stacks.get(&due.stack) else { return false };
        let (place, before) = (stack.place.clone(), stack.status.clone());
        self.work(&due.stack, |work| work.fall_due(&due.what));
        let after = self.stacks.get(&due.stack).map(|stack| &stack.status);
        let tell = matches!(due.what, What::ChangeSet(_)) || after != Some(&before);
        if tell {
            self.unread.entry(place).or_default().insert(due.stack.clone());
        }
        tell
    }

    /// What is newer than what is stored, if anything is. It counts as stored from now on.
    pub fn take_batch(&mut self) -> Option<Batch> {
        if self.dirty.is_empty() && !self.inventory.is_dirty() && self.stored_clock == Some(self.clock) {
            return None;
        }
        self.stored_clock = Some(self.clock);
        let mut batch = Batch { clock: self.clock, stacks: Vec::new(), orphans: self.inventory.take_dirty() };
        for id in std::mem::take(&mut self.dirty) {
            if let Some(stack) = self.stacks.get_mut(&id) {
                batch.stacks.push(StoredStack::of(stack));
                stack.stored_events = stack.events.len();
            }
        }
        Some(batch)
    }

    /// Takes back what could not be stored.
    pub fn give_back(&mut self, batch: &Batch) {
        self.stored_clock = None;
        self.inventory.give_back(batch.orphans.iter().map(|(key, _)| key));
        for stored in &batch.stacks {
            if let Some(stack) = self.stacks.get_mut(&stored.id) {
                stack.stored_events = stack.stored_events.min(stored.first_event);
                self.dirty.insert(stored.id.clone());
            }
        }
    }
}
