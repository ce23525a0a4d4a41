//! Carries plans out: walks the graph, drives the ports, tells what happens as events.
//!
//! Never decides *what* to do (the plan did), never prints, knows no SDK, leaves no task
//! un-awaited.

mod event;

pub use event::{Cause, Event, EventSink, Operation, Outcome, PlannedUnit, Skipped, UnitOutcome, UnitReport};
