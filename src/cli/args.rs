//! The command line as it is typed. Only what clap can check is checked here.

use camino::Utf8PathBuf;
use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::cli::command::build::BuildArguments;
use crate::cli::command::check::CheckArguments;
use crate::cli::command::image::ImageCommand;
use crate::cli::command::lock::LockArguments;
use crate::cli::estimate_arguments::{EstimateArguments, GraphArguments};
use crate::cli::local_arguments::LocalCommand;
pub use crate::cli::look_arguments::{
    EnvironmentArguments, OutputsArguments, StatusArguments, VerifyArguments,
};
pub use crate::cli::run_arguments::{ChangeArguments, RunArguments, Selection};
use crate::manifest::duration;
use crate::model::{AccountId, EnvironmentName, InstanceName, ProjectName, ProviderKind, Region, TargetName};
use crate::plan::Consent;

/// Regenerate a whole AWS environment from source, and prove that what runs is what the source says.
#[derive(Debug, Parser)]
#[command(
    name = "rekindle",
    version,
    propagate_version = true,
    arg_required_else_help = true,
    after_help = "Examples:\n  \
        rekindle init fieldbook && cd fieldbook    a project that works at once, no account needed\n  \
        rekindle deploy demo --yes                 make the environment `demo`\n  \
        rekindle plan production                   what would change, and why\n  \
        rekindle rebuild demo --yes                tear down, make again, verify\n  \
        rekindle rebuild production --rehearse     the same, in virtual time, touching nothing\n\n\
        Exit codes are in docs/exit-codes.md."
)]
pub struct Arguments {
    /// What applies to every command.
    #[command(flatten)]
    pub global: Global,
    /// The command.
    #[command(subcommand)]
    pub command: Command,
}

/// What applies to every command.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Global options")]
pub struct Global {
    /// Look for the project in DIR or a directory above it
    #[arg(short = 'C', long = "directory", value_name = "DIR", global = true)]
    pub directory: Option<Utf8PathBuf>,
    /// Keep local state, locks and the ledger in DIR instead of `.rekindle`
    #[arg(long, value_name = "DIR", global = true)]
    pub state_dir: Option<Utf8PathBuf>,
    /// For people, or for programs: one JSON document, or one JSON object per line for events
    #[arg(long, value_name = "FORMAT", default_value = "human", global = true)]
    pub output: OutputFormat,
    /// Colour the output (`auto`: on a terminal, unless NO_COLOR is set)
    #[arg(long, value_name = "WHEN", default_value = "auto", global = true)]
    pub color: ColorChoice,
    /// Show more: unchanged units, every resource
    #[arg(short, long, global = true, conflicts_with = "quiet")]
    pub verbose: bool,
    /// Show results, errors and warnings about the run only, no progress
    #[arg(short, long, global = true)]
    pub quiet: bool,
}

/// Who reads the output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum OutputFormat {
    /// People.
    Human,
    /// Programs.
    Json,
}

/// When output is coloured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ColorChoice {
    /// On a terminal, unless `NO_COLOR` is set.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Make a new project that works at once
    Init(InitArguments),
    /// Find what can be found without a cloud: references, cycles, parameters, quotas, names
    Check(CheckArguments),
    /// Publish template versions and resolve outside facts into `rekindle.lock`
    Lock(LockArguments),
    /// Render an environment's artifacts and their digests
    Render(RenderArguments),
    /// Build an environment's images and write their digests into `rekindle.lock`
    Build(BuildArguments),
    /// Show what is in the store of images, and clear it up
    #[command(subcommand)]
    Image(ImageCommand),
    /// Show what `deploy` would do, and why
    Plan(PlanArguments),
    /// Predict how long a deploy or a whole rebuild takes, and why
    Estimate(EstimateArguments),
    /// Draw an environment's units and what they need
    Graph(GraphArguments),
    /// Make the environment what the source says
    #[command(visible_alias = "up")]
    Deploy(DeployArguments),
    /// Show an environment's stacks
    Status(StatusArguments),
    /// Show the outputs of an environment's stacks
    Outputs(OutputsArguments),
    /// Watch what another run has going, or left going, until it rests; changes nothing
    Attach(EnvironmentArguments),
    /// Compare what stands with what the source says
    Verify(VerifyArguments),
    /// Delete an environment's stacks, dependants first
    #[command(visible_aliases = ["down", "destroy"])]
    Teardown(TeardownArguments),
    /// Tear down what may be torn down, make it again, verify
    Rebuild(RebuildArguments),
    /// Act in the embedded cloud as somebody else would, to practise on
    #[command(subcommand)]
    Local(LocalCommand),
    /// Print a completion script for your shell
    Completions(CompletionsArguments),
}

impl Command {
    /// Whether the result is a stream of events; a rehearsal's is one document.
    pub fn is_stream(&self) -> bool {
        match self {
            Self::Deploy(DeployArguments { run, .. })
            | Self::Teardown(TeardownArguments { run, .. })
            | Self::Rebuild(RebuildArguments { run, .. }) => !run.rehearse,
            Self::Attach(_) => true,
            _ => false,
        }
    }
}

/// `init`
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  rekindle init fieldbook\n  rekindle init . --name fieldbook")]
pub struct InitArguments {
    /// Directory to make (or an empty one)
    #[arg(value_name = "DIR")]
    pub directory: Utf8PathBuf,
    /// The project's name [default: the directory's]
    #[arg(long)]
    pub name: Option<ProjectName>,
}

/// `render`
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  rekindle render demo\n  rekindle render demo --out build\n  \
    rekindle render demo --check-determinism")]
pub struct RenderArguments {
    /// Environment
    #[arg(value_name = "ENV")]
    pub environment: EnvironmentName,
    /// Write the artifacts into DIR
    #[arg(long, value_name = "DIR")]
    pub out: Option<Utf8PathBuf>,
    /// Render in two other processes under different conditions and compare every byte
    #[arg(long)]
    pub check_determinism: bool,
}

/// `plan`
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  rekindle plan production\n  rekindle plan production web --output json\n  \
    rekindle plan production --detailed-exitcode   exit 2 when there are changes"
)]
pub struct PlanArguments {
    /// Environment
    #[arg(value_name = "ENV")]
    pub environment: EnvironmentName,
    /// Work on the environment at this target: what stands at `primary` by the source stands there.
    /// Nothing of the other targets is called
    #[arg(long, value_name = "TARGET")]
    pub to: Option<TargetName>,
    /// Which part.
    #[command(flatten)]
    pub selection: Selection,
    /// What may be done.
    #[command(flatten)]
    pub changes: ChangeArguments,
    /// Name resources that were changed or deleted outside CloudFormation, too: this takes it a while
    #[arg(long)]
    pub drift: bool,
    /// Exit with 2 when there are changes
    #[arg(long)]
    pub detailed_exitcode: bool,
}

/// `deploy`
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  rekindle deploy demo\n  rekindle deploy production --yes -j 10\n  \
    rekindle deploy production --rehearse          how long would it take?\n  \
    rekindle deploy demo --rehearse --fail data.Database")]
pub struct DeployArguments {
    /// Environment
    #[arg(value_name = "ENV")]
    pub environment: EnvironmentName,
    /// Work on the environment at this target: what stands at `primary` by the source stands there.
    /// Nothing of the other targets is called
    #[arg(long, value_name = "TARGET")]
    pub to: Option<TargetName>,
    /// Which part.
    #[command(flatten)]
    pub selection: Selection,
    /// What may be done.
    #[command(flatten)]
    pub changes: ChangeArguments,
    /// How it runs.
    #[command(flatten)]
    pub run: RunArguments,
}

/// What a teardown needs consent for, beyond `--yes`.
#[derive(Clone, Debug, Default, Args)]
pub struct TeardownConsents {
    /// The environment's name, where it would have to be typed
    #[arg(long, value_name = "NAME")]
    pub confirm: Option<EnvironmentName>,
    /// Consent to the loss of this unit's data (repeatable)
    #[arg(long = "delete-data", value_name = "UNIT")]
    pub delete_data: Vec<InstanceName>,
    /// Let units with data go without consent where AWS Backup has, of every resource whose data would be lost, a
    /// whole restore point that is no older than SPAN (for example `24h`)
    #[arg(long, value_name = "SPAN", value_parser = parse_span, conflicts_with = "rehearse")]
    pub restore_points_within: Option<u64>,
    /// Consent to deleting this stack although its class is not known (repeatable)
    #[arg(long = "delete-unknown", value_name = "UNIT")]
    pub delete_unknown: Vec<InstanceName>,
    /// Lift the termination protection of this unit's stack (repeatable)
    #[arg(long = "lift-termination-protection", value_name = "UNIT")]
    pub lift_termination_protection: Vec<InstanceName>,
    /// Lift what protects resources of this unit from being deleted (repeatable)
    #[arg(long = "lift-deletion-protection", value_name = "UNIT")]
    pub lift_deletion_protection: Vec<InstanceName>,
    /// Delete everything in the buckets of this unit, so that they can go (repeatable)
    #[arg(long = "empty-buckets", value_name = "UNIT")]
    pub empty_buckets: Vec<InstanceName>,
    /// Delete all images in the repositories of this unit, so that they can go (repeatable)
    #[arg(long = "empty-repositories", value_name = "UNIT")]
    pub empty_repositories: Vec<InstanceName>,
    /// Leave behind what of this unit cannot be deleted, so that its stack goes (repeatable)
    #[arg(long = "retain-failed", value_name = "UNIT")]
    pub retain_failed: Vec<InstanceName>,
}

impl TeardownConsents {
    /// Each consent with the units that it was given for.
    pub fn given(&self) -> [(Consent, &Vec<InstanceName>); 7] {
        [
            (Consent::DeleteData, &self.delete_data),
            (Consent::DeleteUnknown, &self.delete_unknown),
            (Consent::LiftTerminationProtection, &self.lift_termination_protection),
            (Consent::LiftDeletionProtection, &self.lift_deletion_protection),
            (Consent::EmptyBuckets, &self.empty_buckets),
            (Consent::EmptyRepositories, &self.empty_repositories),
            (Consent::RetainFailed, &self.retain_failed),
        ]
    }
}

/// `teardown`
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  rekindle teardown demo --yes\n  rekindle teardown staging --confirm staging --yes\n  \
    rekindle teardown --project fieldbook --environment pr-17 --provider aws --region eu-central-1 --yes"
)]
pub struct TeardownArguments {
    /// Environment of the project here
    #[arg(
        value_name = "ENV",
        required_unless_present = "environment_by_tag",
        conflicts_with = "environment_by_tag"
    )]
    pub environment: Option<EnvironmentName>,
    /// Which part.
    #[command(flatten)]
    pub selection: Selection,
    /// Consents.
    #[command(flatten)]
    pub consents: TeardownConsents,
    /// How it runs.
    #[command(flatten)]
    pub run: RunArguments,
    // A rehearsal deploys the source first; without one there is nothing to rehearse on.
    /// Without source: the project in the stacks' tags
    #[arg(
        long,
        value_name = "PROJECT",
        requires = "environment_by_tag",
        conflicts_with_all = ["environment", "rehearse"],
        help_heading = "Without source"
    )]
    pub project: Option<ProjectName>,
    /// Without source: the environment in the stacks' tags
    #[arg(
        long = "environment",
        id = "environment_by_tag",
        value_name = "ENV",
        requires = "project",
        help_heading = "Without source"
    )]
    pub environment_by_tag: Option<EnvironmentName>,
    /// Without source: which engine
    #[arg(long, value_name = "PROVIDER", default_value = "local", requires = "project",
        value_parser = parse_provider, help_heading = "Without source")]
    pub provider: ProviderKind,
    /// Without source: the region
    #[arg(
        long,
        value_name = "REGION",
        default_value = "eu-central-1",
        requires = "project",
        help_heading = "Without source"
    )]
    pub region: Region,
    /// Without source: the account; for `aws` it must be the one of your credentials
    #[arg(
        long,
        value_name = "ACCOUNT",
        default_value = "000000000000",
        requires = "project",
        help_heading = "Without source"
    )]
    pub account: AccountId,
}

/// `rebuild`
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  rekindle rebuild demo --yes\n  rekindle rebuild production --rehearse")]
pub struct RebuildArguments {
    /// Environment
    #[arg(value_name = "ENV")]
    pub environment: EnvironmentName,
    /// Make it anew at this target, because the place of `primary` is lost: nothing there is called, and
    /// nothing is torn down
    #[arg(long, value_name = "TARGET")]
    pub to: Option<TargetName>,
    /// With `--to`: go on although nobody could say whether something that is needed there is there
    #[arg(long, requires = "to")]
    pub allow_unanswered: bool,
    /// When this unit's stack is made again, take in what the teardown retained (repeatable)
    #[arg(long = "adopt", value_name = "UNIT")]
    pub adopt: Vec<InstanceName>,
    /// Consents.
    #[command(flatten)]
    pub consents: TeardownConsents,
    /// How it runs.
    #[command(flatten)]
    pub run: RunArguments,
}

/// `completions`
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  rekindle completions bash > /etc/bash_completion.d/rekindle\n  \
    rekindle completions fish > ~/.config/fish/completions/rekindle.fish")]
pub struct CompletionsArguments {
    /// Your shell
    #[arg(value_name = "SHELL")]
    pub shell: clap_complete::Shell,
}

fn parse_span(text: &str) -> Result<u64, String> {
    duration::seconds(text)
        .ok_or_else(|| "expected a span of time, for example `90m`, `24h` or `1d12h`".to_owned())
}

fn parse_provider(text: &str) -> Result<ProviderKind, String> {
    match text {
        "aws" => Ok(ProviderKind::Aws),
        "local" => Ok(ProviderKind::Local),
        _ => Err("expected `aws` or `local`".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn the_command_tree_is_consistent() {
        super::Arguments::command().debug_assert();
    }
}
