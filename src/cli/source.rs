//! From a project to one environment's desired units.

use crate::cli::Session;
use crate::cli::failure::Failure;
use crate::disk;
use crate::manifest::Project;
use crate::model::{Environment, EnvironmentName};
use crate::release::{self, Assembly};

/// An environment of which at least the places are known.
pub(super) struct Places {
    /// Where it is.
    pub(super) environment: Environment,
    /// The whole project, or why there is only `rekindle.yaml`.
    pub(super) project: Result<Project, Failure>,
}

impl Session {
    /// An environment's places, for commands that work from what stands: they do not need its units.
    pub(super) fn places(&self, name: &EnvironmentName) -> Result<Places, Failure> {
        let project = match self.project() {
            Ok(project) => project,
            Err(broken) => {
                let places = disk::read_manifest(&self.root()?)
                    .map_err(Failure::from)
                    .and_then(|files| Ok(Project::read_manifest(files)?.environment(name)?));
                let environment = places?;
                return Ok(Places { environment, project: Err(broken) });
            }
        };
        let environment = project.environment(name);
        Ok(Places { environment: environment?, project: Ok(project) })
    }

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
