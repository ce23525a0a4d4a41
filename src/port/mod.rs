//! What is needed of a cloud, of a Docker engine and of a registry: one trait per kind of thing, and the
//! words they speak.
//!
//! A port has no more methods than are used and holds no SDK type. Adapters
//! (`local`, `aws`, `registry`) implement it; they decide nothing and print nothing.

mod builder;
mod cloud;
mod delivery;
mod error;
mod journal;
mod lease;
mod registry;

pub use crate::model::{DriftStatus, PropertyDrift, ResourceDrift};
pub use builder::{
    BuildOrder, BuildSecret, Builder, BuilderError, ContextStream, ImageBuilder, LoadOrder, Output,
};
pub use cloud::{
    ChangeSet, ChangeSetStatus, Changes, CloudFormation, ContinueRollback, CreateStack, DeleteStack,
    DriftDetection, Identity, Page, ResourceDrifts, StackBody, UpdateAnswer, UpdateStack,
};
pub use delivery::{Delivery, NotDelivered};
pub use error::{PortError, PortErrorKind};
pub use journal::Journal;
pub use lease::{LeaseStore, LeaseVersion};
pub use registry::{Login, LoginProvider, Opener, Registry, RegistryError, RemoteImage};
