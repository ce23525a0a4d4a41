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
mod journal;
mod known_digests;
mod ledger;
mod lock;
mod machine;
mod project;
mod run_journal;
mod scratch;
mod state;
mod store;
mod store_blobs;
mod store_error;
mod store_index;
mod templates;
mod workspace;
mod write;

pub use context::{ContextError, ContextFiles, read_context};
pub use error::{Access, FileError};
pub use incoming::Incoming;
pub use journal::{JournalError, Journals, LeftJournal};
pub use known_digests::KnownDigests;
pub use ledger::{Ledger, LedgerError};
pub use lock::{EnvironmentLock, LockError};
pub use machine::Machine;
pub use project::{
    FindError, ReadError, find_project, read_lock, read_manifest, read_project, read_rehearsal,
};
pub use run_journal::RunJournal;
pub use scratch::{ScratchDirectory, copy_directory, entries, read_files, write_files};
pub use state::StateDirectory;
pub use store::{Store, StoreError, StoredImage};
pub use store_index::Wanted;
pub use templates::{find_templates, is_dockerfile, read_at_most, read_if_there};
pub use workspace::{ImageFilesError, Workspace, image_files};
pub use write::{write_atomically, write_new};
