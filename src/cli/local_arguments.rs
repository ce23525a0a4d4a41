//! The arguments of `rekindle local`.

use clap::{Args, Subcommand};

use crate::model::{EnvironmentName, InstanceName};

/// What somebody else does in the embedded cloud.
#[derive(Debug, Subcommand)]
#[command(after_help = "Examples:\n  rekindle local orphans demo\n  \
    rekindle local change demo messaging.MailersQueue MessageRetentionPeriod=61\n  \
    rekindle verify demo --drift\n  \
    rekindle local continue demo data --skip Database")]
pub enum LocalCommand {
    /// List what an environment left and no stack owns any more: retained, left behind, snapshots
    Orphans(OrphansArguments),
    /// Change properties of a resource by hand
    Change(HandArguments),
    /// Put things into a bucket or a repository by hand, or network interfaces into a VPC
    Fill(FillArguments),
    /// Take out of a resource by hand all that was put there
    Empty(ResourceArguments),
    /// Have what a resource holds copied, as AWS Backup does
    BackUp(BackUpArguments),
    /// Delete a resource by hand
    Remove(ResourceArguments),
    /// Delete something that no stack owns
    Forget(ForgetArguments),
    /// Go on with a rollback that failed, or take back what failed and stayed as it was
    Continue(ContinueArguments),
    /// Delete a stack, keeping what cannot be deleted
    Delete(DeleteArguments),
}

/// `local orphans`
#[derive(Debug, Args)]
pub struct OrphansArguments {
    /// Environment
    #[arg(value_name = "ENV")]
    pub environment: EnvironmentName,
    /// Also what others left in the same accounts and regions
    #[arg(long)]
    pub all: bool,
}

/// Which resource.
#[derive(Debug, Args)]
pub struct ResourceArguments {
    /// Environment
    #[arg(value_name = "ENV")]
    pub environment: EnvironmentName,
    /// The resource: `UNIT.RESOURCE` or `UNIT@TARGET.RESOURCE`
    #[arg(value_name = "UNIT.RESOURCE")]
    pub resource: String,
}

/// `local change`
#[derive(Debug, Args)]
pub struct HandArguments {
    /// Which resource.
    #[command(flatten)]
    pub resource: ResourceArguments,
    /// Properties and their new values, as JSON or plain text; `null` takes one away
    #[arg(value_name = "PROPERTY=VALUE", required = true)]
    pub properties: Vec<String>,
}

/// `local back-up`
#[derive(Debug, Args)]
pub struct BackUpArguments {
    /// Which resource.
    #[command(flatten)]
    pub resource: ResourceArguments,
    /// Break it off: what there is of it cannot be restored
    #[arg(long)]
    pub incomplete: bool,
}

/// `local fill`
#[derive(Debug, Args)]
pub struct FillArguments {
    /// Which resource.
    #[command(flatten)]
    pub resource: ResourceArguments,
    /// How many objects, images or network interfaces
    #[arg(value_name = "NUMBER", default_value_t = 1)]
    pub number: u64,
    /// Network interfaces that functions left which are gone
    #[arg(long)]
    pub left_over: bool,
}

/// `local forget`
#[derive(Debug, Args)]
pub struct ForgetArguments {
    /// Environment
    #[arg(value_name = "ENV")]
    pub environment: EnvironmentName,
    /// Its type, for example `AWS::S3::Bucket`
    #[arg(value_name = "TYPE")]
    pub resource_type: String,
    /// Its physical id
    #[arg(value_name = "ID")]
    pub physical_id: String,
}

/// `local continue`
#[derive(Debug, Args)]
pub struct ContinueArguments {
    /// Environment
    #[arg(value_name = "ENV")]
    pub environment: EnvironmentName,
    /// Unit (`UNIT` or `UNIT@TARGET`)
    #[arg(value_name = "UNIT")]
    pub unit: InstanceName,
    /// Take this resource for set back (repeatable)
    #[arg(long, value_name = "RESOURCE")]
    pub skip: Vec<String>,
}

/// `local delete`
#[derive(Debug, Args)]
pub struct DeleteArguments {
    /// Environment
    #[arg(value_name = "ENV")]
    pub environment: EnvironmentName,
    /// Unit (`UNIT` or `UNIT@TARGET`)
    #[arg(value_name = "UNIT")]
    pub unit: InstanceName,
    /// Keep this resource, once the stack is in DELETE_FAILED (repeatable)
    #[arg(long, value_name = "RESOURCE")]
    pub retain: Vec<String>,
}
