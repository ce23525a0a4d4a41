//! `--to`: an environment at another of its targets. Of what was lost nothing is called.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::cli::Session;
use crate::cli::exit_code::ExitCode;
use crate::cli::failure::Failure;
use crate::manifest::Project;
use crate::model::{EnvironmentName, Target, TargetName};
use crate::release::{self, Assembly};

impl Session {
    /// The project; with `to` the one in which the environment is there and nowhere else.
    pub(super) fn project_at(
        &self,
        environment: &EnvironmentName,
        to: Option<&TargetName>,
    ) -> Result<Project, Failure> {
        let project = self.project()?;
        match to {
            None => Ok(project),
            Some(to) => Ok(project.elsewhere(environment, to)?),
        }
    }
}

/// The environment at `to`, if nothing is missing there as far as the source tells.
///
/// # Errors
/// `Refused`, with everything that is missing.
pub fn preflight(
    session: &Session,
    environment: &EnvironmentName,
    to: &TargetName,
) -> Result<(Project, Assembly), Failure> {
    let project = session.project()?;
    let moved = project.elsewhere(environment, to)?;
    let places = project.environment(environment)?.targets;
    let (lost, place) = (&places[&TargetName::primary()], &places[to]);
    let there = session.assemble(&moved, environment).map_err(|failure| {
        Failure { code: ExitCode::Refused, ..failure }.hint(lacking(&project, lost, place))
    })?;
    match release::assemble(&project, environment) {
        Ok(before) => {
            let found = release::preflight(&there, &before, (lost, place));
            if !found.0.is_empty() {
                let failure = Failure { code: ExitCode::Refused, ..Failure::from(found) };
                return Err(
                    failure.hint(format!("nothing was made at `{to}`; put this right, then run it again"))
                );
            }
        }
        Err(broken) => session.console.warn(
            &broken.into(),
            &format!("names and ids at `{to}` are not compared with those of the lost place"),
        )?,
    }
    Ok((moved, there))
}

/// What to do where the source makes nothing of the environment there.
fn lacking(project: &Project, lost: &Target, place: &Target) -> String {
    let facts = |target: &Target| -> BTreeSet<String> {
        let of = |(provider, facts): (String, Value)| {
            let names: Vec<String> =
                facts.as_object().into_iter().flatten().map(|(name, _)| name.clone()).collect();
            names.into_iter().map(move |name| format!("{provider} `{name}`"))
        };
        project.lock.at(target).into_iter().flat_map(of).collect()
    };
    let missing: Vec<String> = facts(lost).difference(&facts(place)).cloned().collect();
    if missing.is_empty() {
        return "nothing was made. A unit may need nothing that stays at the lost place: refer to `UNIT`, which means \
                the one beside it, and not to `UNIT@primary`"
            .to_owned();
    }
    format!(
        "nothing was made. For {} `rekindle.lock` has none of: {}; `rekindle lock` writes such facts, each for its place",
        place.described(),
        missing.join(", ")
    )
}
