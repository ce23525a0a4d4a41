//! CloudFormation in one account and region, as the engine uses it.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::model::{
    AccountId, Change, Contents, Guest, Networks, ObservedStack, Outside, Presence, Quota, QuotaKind, Region,
    ResourceDrift, RestorePoint, StackEvent, StackName, StackResource, Storage, TaggedResource,
};
use crate::port::PortError;
use async_trait::async_trait;
use jiff::Timestamp;

/// CloudFormation in one account and region.
///
/// `stack` arguments take a name or, better, an ARN: only the ARN still finds a deleted stack.
/// Every mutating request carries a client token, so that asking again is safe.
#[async_trait]
pub trait CloudFormation: Send + Sync {
    /// Which account and region really answer.
    async fn identity(&self) -> Result<Identity, PortError>;

    /// One page of all stacks that are not deleted; pass the last page's `next` to go on.
    async fn describe_stacks(&self, page: Option<&str>) -> Result<Page<ObservedStack>, PortError>;

    /// One stack; `None` when there is none of that name or ARN.
    async fn describe_stack(&self, stack: &str) -> Result<Option<ObservedStack>, PortError>;

    /// The template as it was sent.
    async fn template(&self, stack: &str) -> Result<String, PortError>;

    /// The stack policy, if one is set.
    async fn stack_policy(&self, stack: &str) -> Result<Option<String>, PortError>;

    /// Starts creating a stack; returns its ARN.
    async fn create_stack(&self, request: &CreateStack) -> Result<String, PortError>;

    /// Starts computing a change set that makes a stack and takes in what exists already under the names that
    /// the template gives; returns its ARN. The stack is there from now on, in `REVIEW_IN_PROGRESS`. Stack
    /// policy, termination protection and time-out are not part of it.
    async fn create_adopting(&self, name: &str, request: &CreateStack) -> Result<String, PortError>;

    /// Starts computing a change set of type UPDATE; returns its ARN.
    async fn create_change_set(&self, name: &str, request: &UpdateStack) -> Result<String, PortError>;

    /// The change set with all its changes (every page), or how far it is.
    async fn describe_change_set(&self, change_set: &str) -> Result<ChangeSet, PortError>;

    /// Starts carrying a change set out.
    async fn execute_change_set(&self, change_set: &str, token: &str) -> Result<(), PortError>;

    /// Removes a change set, by its ARN or by its name on that stack. One that is not there is no error.
    async fn delete_change_set(&self, stack: &str, change_set: &str) -> Result<(), PortError>;

    /// Starts an update without a change set.
    async fn update_stack(&self, request: &UpdateStack) -> Result<UpdateAnswer, PortError>;

    /// Goes on with the rollback of an update that failed. What `skipped` names counts as set back.
    async fn continue_rollback(&self, request: &ContinueRollback) -> Result<(), PortError>;

    /// Starts a deletion.
    async fn delete_stack(&self, request: &DeleteStack) -> Result<(), PortError>;

    /// Sets or lifts termination protection.
    async fn set_termination_protection(&self, stack: &str, enabled: bool) -> Result<(), PortError>;

    /// Sets the stack policy (a JSON text). Once set it can be replaced, never removed.
    async fn set_stack_policy(&self, stack: &str, policy: &str) -> Result<(), PortError>;

    /// One page of a stack's events, newest first.
    async fn events(&self, stack: &str, page: Option<&str>) -> Result<Page<StackEvent>, PortError>;

    /// One page of a stack's resources, also of a stack that is deleted (by ARN).
    async fn resources(&self, stack: &str, page: Option<&str>) -> Result<Page<StackResource>, PortError>;

    /// The names of the stacks that import an export.
    async fn importers(&self, export: &str) -> Result<Vec<String>, PortError>;

    /// What is in a bucket or a repository; `None` when there is none of that name.
    async fn contents(&self, storage: &Storage) -> Result<Option<Contents>, PortError>;

    /// Deletes up to a page of what is in it: of a bucket objects with all their versions, delete markers,
    /// uploads that were never finished; of a repository images with all their tags. Gives how many; 0
    /// when nothing was left.
    async fn empty(&self, storage: &Storage) -> Result<u64, PortError>;

    /// What stands in these networks or refers to them, whoever made it: network interfaces, subnets,
    /// security groups, endpoints. What goes with its VPC by itself is left out.
    async fn guests(&self, networks: &Networks) -> Result<Vec<Guest>, PortError>;

    /// Deletes a network interface that nothing uses. One that is not there is no error; one that is in
    /// use is refused by EC2.
    async fn delete_interface(&self, interface: &str) -> Result<(), PortError>;

    /// One page of the resources that carry these tags, of any service that takes part in the search.
    /// The index lags behind: what was deleted a while ago may still be there.
    async fn tagged(
        &self,
        tags: &BTreeMap<String, String>,
        page: Option<&str>,
    ) -> Result<Page<TaggedResource>, PortError>;

    /// Whether these things are there, in their order. They are of one kind, and no more than one call asks
    /// for. No value is read.
    async fn presence(&self, things: &[Outside]) -> Result<Vec<Presence>, PortError>;

    /// How many the account takes here; `None` where it takes any number.
    async fn quota(&self, kind: QuotaKind) -> Result<Option<Quota>, PortError>;

    /// One page of the copies of what a resource (by its ARN) holds that outlast the resource.
    async fn restore_points(
        &self,
        resource: &str,
        page: Option<&str>,
    ) -> Result<Page<RestorePoint>, PortError>;

    /// Starts drift detection; returns its id.
    async fn detect_drift(&self, stack: &str) -> Result<String, PortError>;

    /// How far a drift detection is.
    async fn drift_detection(&self, detection: &str) -> Result<DriftDetection, PortError>;

    /// What a finished detection found of a stack's resources.
    async fn resource_drifts(&self, stack: &str) -> Result<ResourceDrifts, PortError>;

    /// Returns when a stack may have changed, at the latest after `deadline`. Real clouds sleep;
    /// the embedded engine lets its virtual time jump to the next change.
    async fn wait_for_change(&self, deadline: Duration) -> Result<Changes, PortError>;

    /// The time by this cloud's clock.
    fn now(&self) -> Timestamp;
}

/// Who answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The account of the credentials in use.
    pub account: AccountId,
    /// The region calls go to.
    pub region: Region,
    /// ARN of the caller, for records.
    pub caller: String,
}

/// One page of a list.
#[derive(Clone, Debug, PartialEq)]
pub struct Page<T> {
    /// The entries.
    pub items: Vec<T>,
    /// Token of the next page, if there is one.
    pub next: Option<String>,
}

/// What is known to have changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Changes {
    /// Anything may have.
    Unknown,
    /// Exactly these stacks (ARNs) have; empty when nothing is going on.
    Stacks(Vec<String>),
}

/// The parts that creations and updates share.
#[derive(Clone, Debug, PartialEq)]
pub struct StackBody {
    /// Template text. The adapter uploads it when it is too long to send inline.
    pub template: String,
    /// Every parameter's value, save those that are kept.
    pub parameters: BTreeMap<String, String>,
    /// Of an update: parameters that keep the values they have, because those cannot be read.
    pub kept_parameters: BTreeSet<String>,
    /// All tags, identity included.
    pub tags: BTreeMap<String, String>,
    /// Capabilities acknowledged.
    pub capabilities: Vec<String>,
    /// Service role's ARN.
    pub service_role: Option<String>,
    /// SNS topic ARNs.
    pub notifications: Vec<String>,
}

/// A request for a new stack.
#[derive(Clone, Debug, PartialEq)]
pub struct CreateStack {
    /// Its name.
    pub stack: StackName,
    /// What it is made of.
    pub body: StackBody,
    /// Stack policy as a JSON text.
    pub stack_policy: Option<String>,
    /// Whether deletion is refused.
    pub termination_protection: bool,
    /// Minutes after which CloudFormation gives up.
    pub timeout_minutes: Option<u32>,
    /// Client request token.
    pub token: String,
}

/// A request for an update, directly or as a change set.
#[derive(Clone, Debug, PartialEq)]
pub struct UpdateStack {
    /// ARN.
    pub stack: String,
    /// What it is made of.
    pub body: StackBody,
    /// Of a change set: whether resources that were changed or deleted outside are set to what the body says,
    /// too.
    pub reverts_drift: bool,
    /// Client request token.
    pub token: String,
}

/// What came of an UpdateStack call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UpdateAnswer {
    /// The update is under way.
    Started,
    /// "No updates are to be performed".
    NothingToDo,
}

/// A request to go on with a rollback.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContinueRollback {
    /// ARN.
    pub stack: String,
    /// Logical ids of resources that failed to go back and are left as they are.
    pub skipped: BTreeSet<String>,
    /// Client request token.
    pub token: String,
}

/// A request for a deletion.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeleteStack {
    /// ARN.
    pub stack: String,
    /// Service role's ARN, where not the stack's own.
    pub service_role: Option<String>,
    /// Logical ids of resources that are left alone; only of a stack whose deletion failed.
    pub retain: BTreeSet<String>,
    /// Client request token.
    pub token: String,
}

/// A change set.
#[derive(Clone, Debug, PartialEq)]
pub struct ChangeSet {
    /// How far it is.
    pub status: ChangeSetStatus,
    /// What it would do. May be empty although something changes (an output).
    pub changes: Vec<Change>,
}

/// How far a change set is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ChangeSetStatus {
    /// Still being computed.
    Pending,
    /// Can be executed.
    Ready,
    /// It reports that nothing would change.
    Empty,
    /// It could not be computed, and why.
    Failed(String),
}

/// How far a drift detection is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DriftDetection {
    /// Still running.
    Pending,
    /// Done: whether anything drifted, and how many resources.
    Done {
        /// Number of drifted resources.
        drifted: u32,
    },
    /// It could not tell, and why.
    Failed(String),
}

/// What a drift detection found of a stack's resources. Those that are in neither were not compared.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ResourceDrifts {
    /// Those that are not as their template says.
    pub drifted: Vec<ResourceDrift>,
    /// Logical ids of those that are.
    pub in_sync: BTreeSet<String>,
}
