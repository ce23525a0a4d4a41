//! Why there is no plan: every obstacle at once, each with what to do about it.

use std::fmt;

use crate::model::facts::Identity;
use crate::model::{Class, EnvironmentName, Guest, InstanceName, Output, StackStatus, StorageKind};
use crate::plan::graph::Cycle;
use crate::plan::{
    Consent, Contradiction, Emptied, Holder, Named, Protected, Reason, Refusal, RefusedChange,
};

/// What kind of obstacle it is: decides the exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ObstacleKind {
    /// An error (exit code 1).
    Error,
    /// Refused for want of consent or because of a protection (exit code 4).
    Refused,
    /// A person must look at something in the account (exit code 6).
    NeedsHands,
}

/// Why there is no plan. Nothing was changed.
#[derive(Debug, PartialEq)]
pub struct PlanError {
    /// All that stands in the way, by instance; never empty.
    pub obstacles: Vec<Obstacle>,
}

impl PlanError {
    /// The gravest kind among the obstacles.
    pub fn kind(&self) -> ObstacleKind {
        self.obstacles.iter().map(Obstacle::kind).max().unwrap_or(ObstacleKind::Error)
    }
}

impl fmt::Display for PlanError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.obstacles.as_slice() {
            [one] => one.fmt(formatter),
            many => write!(formatter, "{} things stand in the way of a plan", many.len()),
        }
    }
}

impl std::error::Error for PlanError {}

impl From<Obstacle> for PlanError {
    fn from(obstacle: Obstacle) -> Self {
        Self { obstacles: vec![obstacle] }
    }
}

/// One thing that stands in the way of a plan.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[allow(missing_docs)]
pub enum Obstacle {
    /// An operation is under way; wait for its end and observe again.
    #[error("stack `{stack}` of `{instance}` is {status}: an operation is under way")]
    Busy { instance: InstanceName, stack: String, status: StackStatus },
    /// A status this version has never heard of.
    #[error("stack `{stack}` of `{instance}` is {status}, a status this version does not know")]
    UnknownStatus { instance: InstanceName, stack: String, status: StackStatus },
    /// The facts were written by a later version.
    #[error("stack `{stack}` of `{instance}` was written by a later version of rekindle")]
    LaterFacts { instance: InstanceName, stack: String },
    /// The wanted name belongs to somebody else.
    #[error("stack `{stack}`, the name that `{instance}` wants, is not ours: {}", owner_text(.owner.as_ref()))]
    Foreign { instance: InstanceName, stack: String, owner: Option<Identity> },
    /// Two stacks carry the same identity tags.
    #[error("two stacks claim to be `{instance}`: `{first}` and `{second}`")]
    TwoStacks { instance: InstanceName, first: String, second: String },
    /// The stack's state allows neither update nor deletion.
    #[error("stack `{stack}` of `{instance}` is {status} and cannot be updated")]
    Stuck { instance: InstanceName, stack: String, status: StackStatus, remedy: String },
    /// A stack would be made anew, and its failed creation may have left resources behind.
    #[error("stack `{stack}` of `{instance}` is {status} and may have left behind {}", list(.resources))]
    Retained { instance: InstanceName, stack: String, status: StackStatus, resources: Vec<String> },
    /// The deletion of something precious failed half-way.
    #[error("stack `{stack}` of `{instance}` is DELETE_FAILED, and it is not known to be stateless")]
    HalfDeleted { instance: InstanceName, stack: String },
    /// The class in the source differs from the stack's.
    #[error("the class of `{instance}` would change from `{from}` to `{to}`")]
    ClassChange { instance: InstanceName, from: Class, to: Class },
    /// A resource would have another type under its old logical id.
    #[error(
        "`{logical_id}` of `{instance}` would change from {from} to {to}, which CloudFormation does not do"
    )]
    TypeChange { instance: InstanceName, logical_id: String, from: String, to: String },
    /// AWS would refuse a change, so that the update fails and is taken back.
    #[error("{instance}: {change}")]
    RefusedChange { instance: InstanceName, change: RefusedChange },
    /// Something new would get a name that somebody has.
    #[error("{claim} could not be made: its {} `{}` {holder}", .claim.property, .claim.name)]
    NameTaken { claim: Box<Named>, holder: Box<Holder> },
    /// Something stands in the way of deleting what is gone from the source.
    #[error("{obstacle}")]
    Pruned { environment: EnvironmentName, obstacle: Box<Obstacle> },
    /// It is to take in what exists, and nothing of it can be.
    #[error("`{instance}` has nothing that can be taken in")]
    NothingToAdopt { instance: InstanceName },
    /// Termination protection is on.
    #[error("stack `{stack}` of `{instance}` is protected against termination")]
    TerminationProtected { instance: InstanceName, stack: String },
    /// Resources of it refuse to be deleted, by a property of theirs.
    #[error("`{instance}` holds what refuses to be deleted: {}", protected_list(.resources))]
    DeletionProtected { instance: InstanceName, resources: Vec<Protected> },
    /// Buckets or repositories of it hold something, and their service deletes none that does.
    #[error("`{instance}` has {} that are not empty: {}", .kind.several(), storage_list(.storages))]
    NotEmpty { instance: InstanceName, kind: StorageKind, storages: Vec<Emptied> },
    /// A bucket of it holds something that Object Lock may keep.
    #[error("bucket `{}` (`{}`) of `{instance}` is not empty, and Object Lock is on", .bucket.name, .bucket.logical_id)]
    BucketLocked { instance: InstanceName, bucket: Emptied },
    /// Somebody else stands in a network of it, or refers to it.
    #[error("`{network}` (`{logical_id}`) of `{instance}` is used by {}", guest_list(.guests))]
    NetworkInUse { instance: InstanceName, logical_id: String, network: String, guests: Vec<Guest> },
    /// Somebody else imports what it exports.
    #[error("stack `{importer}` imports `{export}`, which stack `{stack}` of `{instance}` exports")]
    ExportInUse { instance: InstanceName, stack: String, export: String, importer: String },
    /// Another environment uses it.
    #[error("`{instance}` is used by `{user}` of environment `{environment}`")]
    UsedBy { instance: InstanceName, environment: EnvironmentName, user: InstanceName },
    /// It was named, and cannot go.
    #[error("`{instance}` cannot be torn down: {reason}")]
    NamedButKept { instance: InstanceName, reason: Reason },
    /// It was named, and the source has no such unit.
    #[error("`{instance}` is not in the source of this environment")]
    NotInSource { instance: InstanceName, suggestion: Option<InstanceName> },
    /// Something it needs neither stands nor is selected.
    #[error("`{instance}` needs `{need}`, which does not stand and is not selected")]
    NeedMissing { instance: InstanceName, need: InstanceName },
    /// A stack that stands has no output of that name.
    #[error("parameter `{parameter}` of `{instance}` wants output `{output}`, which does not exist")]
    OutputMissing { instance: InstanceName, parameter: String, output: Output },
    /// Instances need each other in a circle.
    #[error("instances need each other in a circle: {cycle}")]
    Circle { cycle: Cycle },
    /// The plan contradicts itself: a fault of rekindle.
    #[error("the plan contradicts itself: {contradiction}")]
    Contradictory { contradiction: Contradiction },
}

impl Obstacle {
    /// Decides the exit code.
    pub fn kind(&self) -> ObstacleKind {
        match self {
            Self::Foreign { .. }
            | Self::TwoStacks { .. }
            | Self::Stuck { .. }
            | Self::Retained { .. }
            | Self::HalfDeleted { .. } => ObstacleKind::NeedsHands,
            Self::Pruned { obstacle, .. } => obstacle.kind(),
            Self::NameTaken { holder, .. } => holder.kind(),
            Self::ClassChange { .. }
            | Self::TerminationProtected { .. }
            | Self::DeletionProtected { .. }
            | Self::ExportInUse { .. }
            | Self::NotEmpty { .. }
            | Self::BucketLocked { .. }
            | Self::NetworkInUse { .. }
            | Self::UsedBy { .. }
            | Self::NothingToAdopt { .. }
            | Self::NamedButKept { .. } => ObstacleKind::Refused,
            _ => ObstacleKind::Error,
        }
    }

    /// What to do next.
    pub fn hint(&self) -> String {
        match self {
            Self::Busy { .. } => "wait until it rests, then plan again".to_owned(),
            Self::UnknownStatus { .. } => {
                "nothing was changed; upgrade rekindle, or wait until the stack rests".to_owned()
            }
            Self::LaterFacts { .. } => "upgrade rekindle to the version that your team uses".to_owned(),
            Self::Foreign { .. } => {
                "rename or delete that stack, or choose another project or unit name".to_owned()
            }
            Self::TwoStacks { instance, .. } => {
                format!(
                    "find out which one is in use, and delete the other one's `rekindle:*` tags or the stack; both carry the tags of `{instance}`"
                )
            }
            Self::Stuck { stack, remedy, .. } => remedy.replace("NAME", stack),
            Self::Retained { instance, .. } => format!(
                "check whether they exist and delete or rename them, then `teardown` unit `{instance}` and deploy again"
            ),
            Self::HalfDeleted { .. } => {
                "look at its events, finish the deletion by hand or with `teardown`, then deploy again"
                    .to_owned()
            }
            Self::ClassChange { instance, .. } => consent_hint(Consent::ChangeClass, instance),
            Self::TypeChange { .. } => {
                "give the new resource another logical id: then the old one is removed and the new one made".to_owned()
            }
            Self::RefusedChange { change, .. } => refused_hint(change),
            Self::NameTaken { claim, holder } => holder.hint(claim),
            Self::Pruned { environment, obstacle } => format!(
                "`rekindle teardown {environment} UNIT` deletes what is gone from the source, and takes the options: {}",
                obstacle.hint()
            ),
            Self::NothingToAdopt { .. } => {
                "CloudFormation takes in by itself what the template gives a literal name and `DeletionPolicy: Retain`; \
                 else delete or rename what is in the way (`aws cloudcontrol delete-resource`), or give the \
                 resource another name"
                    .to_owned()
            }
            Self::TerminationProtected { instance, .. } => format!(
                "if that is what you want, `teardown` takes `{} {instance}`",
                Consent::LiftTerminationProtection.option()
            ),
            Self::DeletionProtected { instance, .. } => format!(
                "if that is what you want, add `{} {instance}`: the protection is lifted by an update of the stack \
                 before it is deleted",
                Consent::LiftDeletionProtection.option()
            ),
            Self::NotEmpty { instance, kind, .. } => not_empty_hint(instance, *kind),
            Self::BucketLocked { .. } => {
                "rekindle empties no bucket with Object Lock: what is in it may have to be kept by law. Give it \
                 `DeletionPolicy: Retain` and deploy, then it stays"
                    .to_owned()
            }
            Self::NetworkInUse { .. } => {
                "no stack that goes made it, so it is not touched: find out whose it is, and remove it, then run \
                 the same command again. AWS would keep trying for a long time, and then give up"
                    .to_owned()
            }
            Self::ExportInUse { importer, .. } => format!(
                "delete `{importer}`, or take the `Fn::ImportValue` out of its template, then run the same command \
                 again; it is no stack of this environment, so it is not touched"
            ),
            Self::UsedBy { environment, .. } => {
                format!("tear down `{environment}` first, or take the reference out of its source")
            }
            Self::NamedButKept { instance, reason } => kept_hint(instance, reason),
            _ => self.source_hint(),
        }
    }

    fn source_hint(&self) -> String {
        match self {
            Self::NotInSource { suggestion: Some(name), .. } => format!("did you mean `{name}`?"),
            Self::NotInSource { .. } => {
                "see `stacks/` for the units, and their `environments` and `targets`".to_owned()
            }
            Self::NeedMissing { need, .. } => format!("select `{need}` too, or deploy it first"),
            Self::OutputMissing { output, .. } => match &output.environment {
                Some(environment) => {
                    format!("deploy `{}` in environment `{environment}` first", output.instance)
                }
                None => format!("deploy `{}` together with it", output.instance),
            },
            Self::Circle { .. } => "take one of these references out of the source".to_owned(),
            _ => "nothing was changed; this is a fault of rekindle, please report it".to_owned(),
        }
    }
}

fn not_empty_hint(instance: &InstanceName, kind: StorageKind) -> String {
    let (all, other) = match kind {
        StorageKind::Bucket => {
            ("all objects, versions and unfinished uploads in them are deleted", "`DeletionPolicy: Retain`")
        }
        StorageKind::Repository => {
            ("all images in them are deleted", "`EmptyOnDelete: true` or `DeletionPolicy: Retain`")
        }
    };
    format!(
        "keep what is worth it, then add `{} {instance}`: {all}; or give them {other} and deploy",
        Consent::to_empty(kind).option()
    )
}

fn refused_hint(change: &RefusedChange) -> String {
    match &change.why {
        Refusal::NameKept { property, .. } => {
            format!("give it another {property}, or none, so that CloudFormation makes one up")
        }
        Refusal::Fixed { .. } => {
            "give the resource another logical id: then a new one is made, and the old one goes by its \
             `DeletionPolicy`"
                .to_owned()
        }
        Refusal::Denied(_) => {
            "if it is meant, allow it in the unit's `stack_policy`; the policy is set before the update"
                .to_owned()
        }
    }
}

fn consent_hint(consent: Consent, instance: &InstanceName) -> String {
    format!("if that is what you want, add `{} {instance}`", consent.option())
}

fn kept_hint(instance: &InstanceName, reason: &Reason) -> String {
    match reason {
        Reason::KeptClass { class: Class::Data } => consent_hint(Consent::DeleteData, instance),
        Reason::NoRestorePoint { .. } => format!(
            "have AWS Backup make one and wait until it is whole (`aws backup start-backup-job`), or, if the data may \
             go without, add `{} {instance}`",
            Consent::DeleteData.option()
        ),
        Reason::UnknownClass => consent_hint(Consent::DeleteUnknown, instance),
        Reason::KeptForDependant { instance: dependant } => format!("tear down `{dependant}` as well"),
        _ => "a `permanent` unit goes only after its class was changed and deployed".to_owned(),
    }
}

fn owner_text(owner: Option<&Identity>) -> String {
    match owner {
        None => "it does not carry our tags".to_owned(),
        Some(owner) => format!(
            "it is `{}` of environment `{}`, project `{}`",
            owner.instance, owner.environment, owner.project
        ),
    }
}

fn list(names: &[String]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

fn protected_list(resources: &[Protected]) -> String {
    let one = |resource: &Protected| {
        format!("`{}` ({}) by `{}`", resource.logical_id, resource.resource_type, resource.by)
    };
    resources.iter().map(one).collect::<Vec<_>>().join(", ")
}

/// So many guests of a network are told; AWS makes many of a kind.
const MOST_GUESTS: usize = 5;

fn guest_list(guests: &[Guest]) -> String {
    let one = |guest: &Guest| match guest.about.as_str() {
        "" => format!("{} `{}`", guest.kind, guest.id),
        about => format!("{} `{}` ({about})", guest.kind, guest.id),
    };
    let told: Vec<String> = guests.iter().take(MOST_GUESTS).map(one).collect();
    let more = match guests.len().saturating_sub(MOST_GUESTS) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    format!("{}{more}", told.join(", "))
}

fn storage_list(storages: &[Emptied]) -> String {
    let one = |storage: &Emptied| format!("`{}` (`{}`)", storage.name, storage.logical_id);
    storages.iter().map(one).collect::<Vec<_>>().join(", ")
}
