//! An environment and those it extends: who belongs to it, and which values it inherits.

use std::collections::BTreeMap;

use crate::manifest::manifest_file::{EnvironmentDeclaration, Inputs, UnitOverride, Uses};
use crate::manifest::project::Project;
use crate::manifest::source::Located;
use crate::manifest::unit_file::UnitDeclaration;
use crate::model::{EnvironmentName, TargetName, UnitName};

/// An environment and those it extends.
#[derive(Clone, Debug)]
pub struct Lineage<'p> {
    project: &'p Project,
    /// Its name.
    pub name: &'p EnvironmentName,
    /// Its own declaration.
    pub declaration: &'p EnvironmentDeclaration,
    /// The farthest base first, the environment itself last.
    chain: Vec<(&'p EnvironmentName, &'p EnvironmentDeclaration)>,
}

impl<'p> Lineage<'p> {
    /// The lineage of `name`; `None` when there is no such environment.
    pub fn of(project: &'p Project, name: &EnvironmentName) -> Option<Self> {
        let environments = &project.manifest.environments;
        let (name, declaration) = environments.get_key_value(name)?;
        let mut chain = vec![(name, declaration)];
        let mut base = declaration.extends.as_ref();
        while let Some(next) = base.and_then(|base| environments.get_key_value(&base.value)) {
            base = next.1.extends.as_ref();
            chain.push(next);
        }
        chain.reverse();
        Some(Self { project, name, declaration, chain })
    }

    /// The units of the environment. One that names a base belongs to those that extend it too.
    pub fn members(&self) -> impl Iterator<Item = &'p UnitDeclaration> {
        self.project.units.values().filter(|unit| self.includes(unit))
    }

    /// Whether the unit exists and belongs to the environment.
    pub fn has(&self, unit: &UnitName) -> bool {
        self.project.units.get(unit).is_some_and(|unit| self.includes(unit))
    }

    /// Whether the unit exists, belongs to the environment and stands at `target`.
    pub fn has_at(&self, unit: &UnitName, target: &TargetName) -> bool {
        self.project.units.get(unit).is_some_and(|unit| {
            self.includes(unit) && self.targets_of(unit).iter().any(|at| at.value == *target)
        })
    }

    fn includes(&self, unit: &UnitDeclaration) -> bool {
        unit.environments.as_ref().is_none_or(|names| {
            names.iter().any(|name| self.chain.iter().any(|(link, _)| **link == name.value))
        })
    }

    /// Where the unit stands in this environment. Targets are not inherited, so neither is a
    /// base's word on where a unit stands.
    pub fn targets_of(&self, unit: &'p UnitDeclaration) -> &'p [Located<TargetName>] {
        let own = self.declaration.units.get(&unit.name).and_then(|entry| entry.targets.as_ref());
        own.unwrap_or(&unit.targets)
    }

    /// What the environment and its bases change of a unit, weakest first.
    pub fn overrides_of(&self, unit: &UnitName) -> impl Iterator<Item = &'p UnitOverride> {
        self.chain.iter().filter_map(move |(_, declaration)| declaration.units.get(unit))
    }

    /// Inputs of the defaults, the bases and the environment, weakest first.
    pub fn inputs(&self) -> Vec<&'p Inputs> {
        let declared = self.chain.iter().map(|(_, declaration)| &declaration.inputs);
        std::iter::once(&self.project.manifest.inputs).chain(declared).collect()
    }

    /// Tags of the defaults, the bases and the environment, the strongest of each.
    pub fn tags(&self) -> BTreeMap<String, String> {
        let mut tags = self.project.manifest.tags.clone();
        for (_, declaration) in &self.chain {
            tags.extend(declaration.tags.clone());
        }
        tags
    }

    /// Units of other environments that may be referred to.
    pub fn uses(&self) -> BTreeMap<&'p EnvironmentName, &'p Uses> {
        self.chain.iter().flat_map(|(_, declaration)| &declaration.uses).collect()
    }
}
