//! Where a run writes down what it is about to do, before it does it.

use std::fmt;

use async_trait::async_trait;

use crate::model::JournalEntry;
use crate::port::PortError;

/// The journal of one run.
#[async_trait]
pub trait Journal: Send + Sync + fmt::Debug {
    /// Appends a line. When this returns it outlasts a power cut, and so do all lines before it. Lines
    /// that are written side by side may share the cost.
    ///
    /// # Errors
    /// Nothing of the line is in the journal, and the effect it announces must not be begun.
    async fn announce(&self, entry: &JournalEntry) -> Result<(), PortError>;

    /// Appends a line that tells what happened. When this returns it outlasts the process; it outlasts a
    /// power cut with the next announcement. (Without it the stacks tell the same.)
    ///
    /// # Errors
    /// Nothing of the line is in the journal.
    async fn note(&self, entry: &JournalEntry) -> Result<(), PortError>;
}
