//! From a project to one environment's desired units.

use crate::cli::Session;
use crate::cli::failure::Failure;
use crate::manifest::Project;
use crate::model::EnvironmentName;
use crate::release::{self, Assembly};

impl Session {
    /// What the source makes of an environment. Warnings are shown.
    pub(super) fn assemble(
        &self,
        project: &Project,
        environment: &EnvironmentName,
    ) -> Result<Assembly, Failure> {
        let assembly = release::assemble(project, environment)?;
        self.console.diagnostics(&assembly.warnings)?;
        Ok(assembly)
    }
}
