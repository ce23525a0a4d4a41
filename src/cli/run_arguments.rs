//! The arguments that several commands share: which part of an environment, what may be done, and how.

use clap::Args;

use crate::model::{InstanceName, TargetName};
use crate::plan::Consent;

/// Which part of an environment.
#[derive(Clone, Debug, Default, Args)]
pub struct Selection {
    /// Only these units (`UNIT` or `UNIT@TARGET`) [default: all]
    #[arg(value_name = "UNIT")]
    pub units: Vec<InstanceName>,
    /// Only this target [default: all]
    #[arg(long = "target", value_name = "TARGET")]
    pub target: Option<TargetName>,
}

/// What a deploy may do beyond creating and updating.
#[derive(Clone, Debug, Default, Args)]
pub struct ChangeArguments {
    /// Delete stateless units that are gone from the source
    #[arg(long)]
    pub prune: bool,
    /// Consent to a change of this unit's class (repeatable)
    #[arg(long = "change-class", value_name = "UNIT")]
    pub change_class: Vec<InstanceName>,
    /// Consent to replacements in this unit that lose data or that no plan could foresee (repeatable)
    #[arg(long = "allow-replacement", value_name = "UNIT")]
    pub allow_replacement: Vec<InstanceName>,
    /// Consent to removals in this unit that lose data (repeatable)
    #[arg(long = "delete-data", value_name = "UNIT")]
    pub delete_data: Vec<InstanceName>,
    /// Of a unit whose update could not be taken back: let the rollback go on first (repeatable)
    #[arg(long = "continue-rollback", value_name = "UNIT")]
    pub continue_rollback: Vec<InstanceName>,
    /// Likewise, and leave as it is what still cannot go back (repeatable)
    #[arg(long = "skip-failed", value_name = "UNIT")]
    pub skip_failed: Vec<InstanceName>,
    /// When this unit's stack is made, take in what exists already and no stack has (repeatable)
    #[arg(long = "adopt", value_name = "UNIT")]
    pub adopt: Vec<InstanceName>,
    /// Look for resources that were changed or deleted outside CloudFormation, and set them back
    #[arg(long)]
    pub revert_drift: bool,
}

impl ChangeArguments {
    /// Each consent with the units that it was given for.
    pub fn given(&self) -> [(Consent, &Vec<InstanceName>); 6] {
        [
            (Consent::ChangeClass, &self.change_class),
            (Consent::AllowReplacement, &self.allow_replacement),
            (Consent::DeleteData, &self.delete_data),
            (Consent::ContinueRollback, &self.continue_rollback),
            (Consent::SkipFailed, &self.skip_failed),
            (Consent::Adopt, &self.adopt),
        ]
    }
}

/// How a changing command runs.
#[derive(Clone, Debug, Default, Args)]
pub struct RunArguments {
    /// Work on at most N stacks at a time [default: as many as the graph allows]
    #[arg(short, long, value_name = "N")]
    pub jobs: Option<std::num::NonZeroUsize>,
    /// Consent to the plan shown
    #[arg(short, long)]
    pub yes: bool,
    /// Do it on an embedded engine in memory and in virtual time; nothing real is touched
    #[arg(long)]
    pub rehearse: bool,
    /// Wait at most MINUTES for each stack [default: as long as anything moves within a day]
    #[arg(long, value_name = "MINUTES")]
    pub unit_deadline: Option<u32>,
    /// Wait at most MINUTES for the whole; nothing is begun after that
    #[arg(long, value_name = "MINUTES")]
    pub deadline: Option<u32>,
    /// Wait up to SECONDS for a run on another machine that holds the environment's lease
    #[arg(long, value_name = "SECONDS", default_value_t = 0)]
    pub wait_for_lease: u64,
    /// Take the lease of run RUN although that run may still live; this is recorded
    #[arg(long, value_name = "RUN")]
    pub break_lease: Option<String>,
    /// Let something go wrong, on the embedded engine and in rehearsals (repeatable): a resource
    /// (`UNIT.RESOURCE` when it is made, or with `:update`, `:delete`, `:not-empty`, `:stuck`,
    /// `:rollback`), a call (`CALL=throttled`, `=unwell`, `=lost`, `=stale`, `=no-rollback`; `*` for
    /// every call) or the account (`stacks=NUMBER`); `*TIMES` at the end says how often
    #[arg(long = "fail", value_name = "FAULT")]
    pub fail: Vec<String>,
}
