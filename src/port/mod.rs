//! What the engine needs of a cloud, and building of registries: one trait per kind of thing, and the words they speak.
//!
//! A port has no more methods than are used and holds no SDK type. Adapters
//! (`local`, `aws`, `registry`) implement it; they decide nothing and print nothing.

mod cloud;
mod error;
mod registry;

pub use cloud::{
    ChangeSet, ChangeSetStatus, Changes, CloudFormation, CreateStack, DeleteStack, DriftDetection,
    DriftStatus, Identity, Page, ResourceDrift, StackBody, UpdateAnswer, UpdateStack,
};
pub use error::{PortError, PortErrorKind};
pub use registry::{Opener, Registry, RegistryError, RemoteImage};
