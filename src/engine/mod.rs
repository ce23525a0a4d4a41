//! Carries plans out: walks the graph, drives the ports, tells what happens as events.
//!
//! Never decides *what* to do (the plan did), never prints, knows no SDK, leaves no task
//! un-awaited: all work lives in the future that the caller awaits.
//!
//! | part | files |
//! |---|---|
//! | who is called, and how often | `clouds`, `budget`, `retry`, `lane` |
//! | how time passes | `strands`, `clock`, `poller`, `watch`, `session` |
//! | what is seen | `observe`, `ask`, `complete`, `resources`, `importers`, `buckets`, `guests`, `restore_points`, `identity`, `settle`, `attach`, `recover`, `history` |
//! | what is done | `execute` |
//! | what is proved, and what is told afterwards | `verify`, `proof`, `timeline`, `critical_path`, `stopwatch` |

mod ask;
mod attach;
mod budget;
mod clock;
mod clouds;
mod complete;
mod contents;
mod critical_path;
mod drifts;
mod event;
mod execute;
mod guests;
mod history;
mod identity;
mod importers;
mod lane;
mod lease;
mod leftover;
mod observe;
mod poller;
mod proof;
mod recover;
mod resources;
mod restore_points;
mod retry;
mod session;
mod settle;
mod stop;
mod stopwatch;
mod strands;
#[cfg(test)]
mod tests;
mod timeline;
mod verify;
mod watch;

pub use ask::ask;
pub use attach::attach;
pub use budget::Pace;
pub use clouds::{Cloud, Clouds};
pub use complete::complete_templates;
pub use contents::complete_contents;
pub use critical_path::{CriticalStep, critical_path};
pub use drifts::complete_drifts;
pub use event::{
    Cause, Event, EventSink, LeftBehind, Operation, Outcome, PlannedUnit, Skipped, UnitOutcome, UnitReport,
};
pub use execute::{ExecuteError, ExecuteOptions, Others, execute, waits_for};
pub use guests::complete_guests;
pub use identity::{IdentityError, check_identity};
pub use importers::complete_importers;
pub use lease::{HeldLease, LEASE_LASTS, LeaseError, LeaseTerms, take_lease};
pub use observe::{ObserveError, Scope, observe};
pub use proof::{Left, Note, Proof, Tagged, Unanswered, Why, prove};
pub use recover::{RecoverError, recover};
pub use resources::complete_resources;
pub use restore_points::complete_restore_points;
pub use settle::{SettleError, Settled, settle};
pub use stop::{Stop, Stopper};
pub use stopwatch::{Stopwatch, sample};
pub use timeline::{Recorder, ResourceSpan, Timeline, UnitSpan};
pub use verify::{Difference, Unchecked, VerifiedUnit, VerifyError, VerifyOptions, VerifyReport, verify};
