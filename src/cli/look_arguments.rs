//! The arguments of commands that only look at an environment.

use clap::Args;

use crate::model::{EnvironmentName, InstanceName, TargetName};

/// `status`
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  rekindle status demo\n  rekindle status production --to recovery")]
pub struct StatusArguments {
    /// Environment
    #[arg(value_name = "ENV")]
    pub environment: EnvironmentName,
    /// Work on the environment at this target: what stands at `primary` by the source stands there.
    /// Nothing of the other targets is called
    #[arg(long, value_name = "TARGET")]
    pub to: Option<TargetName>,
}

/// An environment, nothing else.
#[derive(Debug, Args)]
pub struct EnvironmentArguments {
    /// Environment
    #[arg(value_name = "ENV")]
    pub environment: EnvironmentName,
}

/// `outputs`
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  rekindle outputs demo\n  rekindle outputs demo network --output json")]
pub struct OutputsArguments {
    /// Environment
    #[arg(value_name = "ENV")]
    pub environment: EnvironmentName,
    /// Only this unit (`UNIT` or `UNIT@TARGET`)
    #[arg(value_name = "UNIT")]
    pub unit: Option<InstanceName>,
}

/// `verify`
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  rekindle verify production\n  rekindle verify production --drift")]
pub struct VerifyArguments {
    /// Environment
    #[arg(value_name = "ENV")]
    pub environment: EnvironmentName,
    /// Work on the environment at this target: what stands at `primary` by the source stands there.
    /// Nothing of the other targets is called
    #[arg(long, value_name = "TARGET")]
    pub to: Option<TargetName>,
    /// Also ask CloudFormation whether resources were changed behind its back
    #[arg(long)]
    pub drift: bool,
}
