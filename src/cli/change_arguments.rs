//! Options that let a deploy do more than create and update.

use clap::Args;

use crate::model::InstanceName;

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
}
