//! Where the lease on an environment is kept: one small object that all machines see.

use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;

use crate::model::Lease;
use crate::port::PortError;

/// What a lease's object is at one moment; it changes with every write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeaseVersion(pub String);

/// The object that holds the lease on one environment.
#[async_trait]
pub trait LeaseStore: Send + Sync {
    /// The lease as it is, if there ever was one. One that cannot be read as a lease is an error.
    async fn read(&self) -> Result<Option<(Lease, LeaseVersion)>, PortError>;

    /// Writes the lease if it still is what was seen (`None`: not there). `None` when it is not: somebody
    /// else wrote.
    async fn write(
        &self,
        lease: &Lease,
        over: Option<&LeaseVersion>,
    ) -> Result<Option<LeaseVersion>, PortError>;

    /// Lets time pass.
    async fn sleep(&self, duration: Duration);

    /// The time.
    fn now(&self) -> Timestamp;

    /// Where the object is, for messages.
    fn place(&self) -> String;
}
