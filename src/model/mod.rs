//! The words of the domain as types: names, digests, environments, desired units, observed stacks.
//!
//! May not do I/O, be async, read a clock, or hold SDK, clap or Tera types. Maps are `BTreeMap`
//! throughout: a hash map's order would leak into digests.

pub mod binding;
pub mod canonical;
pub mod class;
pub mod cloud_registry;
pub mod context;
pub mod diagnostic;
pub mod digest;
pub mod drift;
pub mod environment;
pub mod facts;
pub mod files;
pub mod guest;
pub mod image;
pub mod journal;
pub mod lease;
pub mod name;
pub mod outside;
pub mod record;
pub mod restore_point;
pub mod sealed;
pub mod stack;
pub mod stack_template;
pub mod storage;
pub mod timing;
pub mod unit;

pub use binding::{Binding, Output, Secret};
pub use class::{Class, Protection, ProviderKind, UnitKind};
pub use cloud_registry::CloudRegistry;
pub use context::{Context, ContextEntry, FilePath};
pub use diagnostic::{Diagnostic, Diagnostics, Place, Severity};
pub use digest::Digest;
pub use drift::{DriftStatus, PropertyDrift, ResourceDrift};
pub use environment::{Environment, Target};
pub use facts::{Facts, UsedInstance};
pub use files::ProjectFiles;
pub use guest::{Guest, GuestKind, Networks};
pub use image::{BaseImage, BuiltImage, Fetch, Platform, Repository, RepositoryName, Said};
pub use journal::{Answer, Effect, InterruptedRun, JournalEntry, JournalHeader, Trace, TracedEffect};
pub use lease::{Lease, LeaseHolder};
pub use name::{
    AccountId, EnvironmentName, InstanceName, NameError, ProjectName, Region, StackName, TargetName,
    TemplateName, TemplateRef, UnitName,
};
pub use outside::{Outside, OutsideKind, Presence, Quota, QuotaKind};
pub use record::{LastRecord, Record};
pub use restore_point::{RestorePoint, RestorePoints, SavedIn};
pub use sealed::SealedUnit;
pub use stack::{
    Change, ChangeAction, ObservedStack, Replacement, StackEvent, StackResource, StackStatus, TaggedResource,
};
pub use stack_template::StackTemplate;
pub use storage::{Contents, Storage, StorageKind};
pub use timing::{ResourceOperation, ResourceSeconds};
pub use unit::DesiredUnit;
