//! What will happen when, in the order it will.

use std::collections::BTreeSet;

use jiff::Timestamp;

/// Something that will happen. Ordered by time, then by stack and step, so that the order does not
/// depend on when it was planned or by which process.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Due {
    /// When.
    pub time: Timestamp,
    /// The stack's ARN.
    pub stack: String,
    /// What.
    pub what: What,
}

/// What will happen to a stack.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum What {
    /// The step of this resource ends.
    Step(String),
    /// The change set of this ARN is computed.
    ChangeSet(String),
    /// A creation has taken too long.
    GiveUp,
}

/// What will happen when.
#[derive(Debug, Default)]
pub struct Schedule {
    due: BTreeSet<Due>,
}

impl Schedule {
    /// Adds something.
    pub fn add(&mut self, due: Due) {
        self.due.insert(due);
    }

    /// When the next thing happens.
    pub fn next_time(&self) -> Option<Timestamp> {
        self.due.first().map(|due| due.time)
    }

    /// Takes the next thing out.
    pub fn pop(&mut self) -> Option<Due> {
        self.due.pop_first()
    }

    /// Takes one thing out before its time.
    pub fn remove(&mut self, due: &Due) {
        self.due.remove(due);
    }
}
