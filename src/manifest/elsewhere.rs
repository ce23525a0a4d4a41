//! An environment at one of its other targets alone: what stands at `primary` stands there.
//!
//! Of the targets that are left nothing is in what this gives, so that nobody who works from it can call
//! them by mistake.

use crate::manifest::manifest_file::{Inputs, UnitOverride};
use crate::manifest::project::Project;
use crate::manifest::source::{Located, Position};
use crate::manifest::suggestion::suggestion;
use crate::model::{Diagnostic, Diagnostics, EnvironmentName, Target, TargetName, UnitName};

impl Project {
    /// The same project with `name` at `to` and nowhere else: its one target. A unit that is declared at
    /// `primary` or at `to` stands there, any other nowhere. Environments that it uses lose their
    /// targets at the place that was `primary`. What it takes to tear the environment down stays.
    ///
    /// # Errors
    /// There is no such environment, or it has no such target, or that is `primary`.
    pub fn elsewhere(&self, name: &EnvironmentName, to: &TargetName) -> Result<Self, Diagnostics> {
        let environment = self.environment(name)?;
        let places = &environment.targets;
        let there = places.get(to).filter(|_| !to.is_primary());
        let (there, lost) = match (there, places.get(&TargetName::primary())) {
            (Some(there), Some(lost)) => (there.clone(), lost.clone()),
            _ => return Err(no_other_target(name, to, places.keys()).into()),
        };
        let lineage = self.lineage(name)?;
        let members: Vec<(UnitName, Vec<Located<TargetName>>)> =
            lineage.members().map(|unit| (unit.name.clone(), moved(lineage.targets_of(unit), to))).collect();
        let mut project = self.clone();
        for used in environment.uses.keys() {
            if let Some(used) = project.manifest.environments.get_mut(used) {
                used.targets.retain(|_, place: &mut Target| !place.is_at(&lost));
            }
        }
        if let Some(declaration) = project.manifest.environments.get_mut(name) {
            declaration.targets = [(to.clone(), there)].into();
            declaration.protection = Some(environment.protection);
            for (unit, targets) in members {
                let position = declaration.position.clone();
                let own = declaration.units.entry(unit).or_insert_with(|| nothing(position));
                own.targets = Some(targets);
            }
        }
        Ok(project)
    }
}

/// Where a unit stands then: there, once, or nowhere.
fn moved(targets: &[Located<TargetName>], to: &TargetName) -> Vec<Located<TargetName>> {
    let counts = |target: &&Located<TargetName>| target.value.is_primary() || target.value == *to;
    let there =
        |target: &Located<TargetName>| Located { value: to.clone(), position: target.position.clone() };
    targets.iter().find(counts).map(there).into_iter().collect()
}

/// An override that changes nothing.
fn nothing(position: Position) -> UnitOverride {
    UnitOverride {
        position,
        inputs: Inputs::new(),
        parameters: std::collections::BTreeMap::new(),
        targets: None,
        termination_protection: None,
    }
}

fn no_other_target<'t>(
    name: &EnvironmentName,
    to: &TargetName,
    targets: impl Iterator<Item = &'t TargetName>,
) -> Diagnostic {
    let others: Vec<&str> = targets.filter(|target| !target.is_primary()).map(TargetName::as_str).collect();
    let message = if to.is_primary() {
        format!("`primary` is where the environment `{name}` stands: there is nothing to move")
    } else {
        format!("the environment `{name}` has no target `{to}`")
    };
    let hint = if others.is_empty() {
        format!("name another place below `targets` of `{name}` in `rekindle.yaml`")
    } else {
        suggestion(to.as_str(), others.into_iter())
    };
    Diagnostic::error("unknown-target", message).hint(hint)
}
