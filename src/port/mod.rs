//! What the engine needs of a cloud: one trait per kind of thing, and the words they speak.
//!
//! A port has no more methods than the engine uses and holds no SDK type. Adapters
//! (`local`, `aws`) implement it; they decide nothing and print nothing.

mod cloud;
mod error;
mod journal;
mod lease;

pub use cloud::{
    ChangeSet, ChangeSetStatus, Changes, CloudFormation, CreateStack, DeleteStack, DriftDetection,
    DriftStatus, Identity, Page, ResourceDrift, StackBody, UpdateAnswer, UpdateStack,
};
pub use error::{PortError, PortErrorKind};
pub use journal::Journal;
pub use lease::{LeaseStore, LeaseVersion};
