//! Files, locks, the ledger and the system's clock: the only place that touches any of them.
//!
//! Gives every error its path and what to do next. Decides nothing about their content.
// The one home of `std::fs` and of the system's clock, see `clippy.toml`.
#![allow(clippy::disallowed_methods)]

pub mod clock;
mod context;
mod digest;
mod error;
mod incoming;
mod ledger;
mod lock;
mod project;
mod scratch;
mod state;
mod store;
mod store_index;
mod templates;
mod write;

pub use context::{ContextError, ContextFiles, read_context};
pub use error::{Access, FileError};
pub use incoming::Incoming;
pub use ledger::{Ledger, LedgerError};
pub use lock::{EnvironmentLock, LockError};
pub use project::{
    FindError, ReadError, find_project, read_lock, read_manifest, read_project, read_rehearsal,
};
pub use scratch::{ScratchDirectory, copy_directory, entries, read_files, write_files};
pub use state::StateDirectory;
pub use store::{Store, StoreError, StoredImage};
pub use store_index::Wanted;
pub use templates::{find_templates, read_at_most, read_if_there};
pub use write::{write_atomically, write_new};
