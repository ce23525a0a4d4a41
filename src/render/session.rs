//! What one render collects and has left. Tera's hooks are plain functions without a place for
//! state, and a render runs on one thread from start to end, so the state is the thread's.

use std::cell::RefCell;
use std::collections::BTreeSet;

use crate::template::{Insertion, Insertions};

/// Bounds of one render. All are counts, not times: the same render always ends the same way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Turns of loops, calls of components, includes and blocks.
    pub steps: u32,
    /// Bytes (and sixteen for each item of a list) that all loops, filters and comparisons together go over.
    pub work: u64,
    /// Bytes of one rendered file.
    pub output_bytes: usize,
    /// Bytes of a text, or items of a list, in one variable.
    pub value_size: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            steps: 100_000,
            work: 50_000_000,
            output_bytes: crate::template::MAXIMUM_BYTES,
            value_size: 1_000_000,
        }
    }
}

/// How printed values get into the output.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Mode {
    /// As tokens, put in after parsing.
    #[default]
    Structured,
    /// As they are; line ends and other control characters are refused.
    Text,
}

/// Why one of our hooks stopped a render.
#[derive(Clone, Debug)]
pub(super) struct Failure {
    pub(super) code: &'static str,
    /// The end of a sentence that starts with the expression, when `about_expression`.
    pub(super) message: String,
    pub(super) about_expression: bool,
    pub(super) hint: String,
}

/// The state of the render that runs on this thread.
#[derive(Debug, Default)]
pub(super) struct Session {
    pub(super) mode: Mode,
    pub(super) insertions: Insertions,
    pub(super) steps_left: u32,
    pub(super) work_left: u64,
    pub(super) limits: Limits,
    pub(super) failure: Option<Failure>,
    /// Paths of the files that `file()` read.
    pub(super) used: BTreeSet<String>,
}

thread_local! {
    static SESSION: RefCell<Session> = RefCell::default();
}

/// Starts a render on this thread.
pub(super) fn begin(mode: Mode, limits: Limits) {
    let (steps_left, work_left) = (limits.steps, limits.work);
    let session = Session { mode, steps_left, work_left, limits, ..Session::default() };
    SESSION.replace(session);
}

/// Ends it and hands over what it collected.
pub(super) fn end() -> Session {
    SESSION.take()
}

/// Looks at or changes the state; not to be nested.
pub(super) fn with<T>(action: impl FnOnce(&mut Session) -> T) -> T {
    SESSION.with_borrow_mut(action)
}

/// How a value is written into the output of this render.
pub(super) fn write(insertion: Insertion) -> String {
    with(|session| match session.mode {
        Mode::Structured => session.insertions.add(insertion),
        Mode::Text => insertion.text(),
    })
}
