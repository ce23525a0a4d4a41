//! What is needed of a cloud and of a Docker engine: one trait per kind of thing, and the words they speak.
//!
//! A port has no more methods than the engine uses and holds no SDK type. Adapters
//! (`local`, `aws`) implement it; they decide nothing and print nothing.

mod builder;
mod cloud;
mod error;

pub use builder::{BuildOrder, Builder, BuilderError, ContextStream, ImageBuilder, Output};
pub use cloud::{
    ChangeSet, ChangeSetStatus, Changes, CloudFormation, CreateStack, DeleteStack, DriftDetection,
    DriftStatus, Identity, Page, ResourceDrift, StackBody, UpdateAnswer, UpdateStack,
};
pub use error::{PortError, PortErrorKind};
