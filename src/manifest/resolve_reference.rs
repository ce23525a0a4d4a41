//! From a reference in the source to the instance it means.

use crate::manifest::cross_check::unknown_unit;
use crate::manifest::lineage::Lineage;
use crate::manifest::project::Project;
use crate::manifest::reference::UnitReference;
use crate::manifest::resolve_image::{check_kind, not_from_elsewhere};
use crate::manifest::source::{Located, Position};
use crate::manifest::suggestion::suggestion;
use crate::model::{Diagnostic, EnvironmentName, InstanceName, Output, TargetName, UnitKind, UnitName};

/// Resolves the references of one environment.
#[derive(Clone, Copy, Debug)]
pub struct Resolver<'p> {
    /// The project.
    pub project: &'p Project,
    /// The environment.
    pub lineage: &'p Lineage<'p>,
}

type Problem = Box<Diagnostic>;

impl Resolver<'_> {
    /// The output that `from` means by `of` and `name`, in this environment or a used one.
    pub fn output(
        &self,
        from: &InstanceName,
        of: &UnitReference,
        name: &str,
        position: &Position,
    ) -> Result<Output, Problem> {
        let target = of.target.clone().unwrap_or_else(|| from.target.clone());
        check_kind(self, &of.unit, UnitKind::Stack, position)?;
        let used = self.users_of(&of.unit);
        if self.lineage.has(&of.unit) {
            if let Some(other) = used.first() {
                return Err(ambiguous(&of.unit, self.lineage.name, other, position));
            }
            let instance = self.here(from, &of.unit, target, position)?;
            return Ok(Output { environment: None, instance, name: name.to_owned() });
        }
        match used[..] {
            [] => Err(self.absent(&of.unit, position)),
            [other] => self.elsewhere(other, &of.unit, target, position).map(|instance| Output {
                environment: Some(other.clone()),
                instance,
                name: name.to_owned(),
            }),
            [one, other, ..] => Err(ambiguous(&of.unit, one, other, position)),
        }
    }

    /// The image that `from` means by `of`.
    pub fn image(
        &self,
        from: &InstanceName,
        of: &UnitReference,
        position: &Position,
    ) -> Result<InstanceName, Problem> {
        check_kind(self, &of.unit, UnitKind::Image, position)?;
        if !self.lineage.has(&of.unit) {
            let is_elsewhere = !self.users_of(&of.unit).is_empty();
            return Err(if is_elsewhere {
                not_from_elsewhere(position)
            } else {
                self.absent(&of.unit, position)
            });
        }
        let target = of.target.clone().unwrap_or_else(|| from.target.clone());
        self.here(from, &of.unit, target, position)
    }

    /// The instance that `from` waits for.
    pub fn after(
        &self,
        from: &InstanceName,
        after: &Located<UnitReference>,
    ) -> Result<InstanceName, Problem> {
        let UnitReference { unit, target } = &after.value;
        if !self.lineage.has(unit) {
            return Err(self.absent(unit, &after.position));
        }
        check_kind(self, unit, UnitKind::Stack, &after.position)?;
        let target = target.clone().unwrap_or_else(|| from.target.clone());
        self.here(from, unit, target, &after.position)
    }

    fn here(
        &self,
        from: &InstanceName,
        unit: &UnitName,
        target: TargetName,
        position: &Position,
    ) -> Result<InstanceName, Problem> {
        let instance = InstanceName::new(unit.clone(), target);
        if instance == *from {
            let problem = Diagnostic::error("self-reference", format!("the unit `{from}` refers to itself"));
            return Err(Box::new(
                problem.at(position.place()).hint("inside one template use `!Ref` or `!GetAtt`"),
            ));
        }
        if !self.lineage.has_at(unit, &instance.target) {
            return Err(not_there(self.lineage.name, &instance, position));
        }
        Ok(instance)
    }

    fn elsewhere(
        &self,
        other: &EnvironmentName,
        unit: &UnitName,
        target: TargetName,
        position: &Position,
    ) -> Result<InstanceName, Problem> {
        let instance = InstanceName::new(unit.clone(), target);
        let stands = Lineage::of(self.project, other).is_some_and(|lineage| {
            lineage.has_at(unit, &instance.target)
                && lineage.declaration.targets.contains_key(&instance.target)
        });
        if stands { Ok(instance) } else { Err(not_there(other, &instance, position)) }
    }

    /// Used environments that offer `unit`.
    fn users_of(&self, unit: &UnitName) -> Vec<&EnvironmentName> {
        let offers =
            |entry: &crate::manifest::manifest_file::Uses| entry.units.iter().any(|name| name.value == *unit);
        self.lineage.uses().into_iter().filter(|(_, entry)| offers(entry)).map(|(name, _)| name).collect()
    }

    fn absent(&self, unit: &UnitName, position: &Position) -> Problem {
        if let Some(problem) = unknown_unit(self.project, unit, position) {
            return Box::new(problem);
        }
        let members: Vec<&str> = self.lineage.members().map(|unit| unit.name.as_str()).collect();
        let message = format!("the unit `{unit}` is not part of environment `{}`", self.lineage.name);
        Box::new(Diagnostic::error("unknown-unit", message).at(position.place()).hint(format!(
            "add the environment to `environments` in `stacks/{unit}.yaml`, or name the environment \
             that has it below `uses`; in this one {}",
            suggestion(unit.as_str(), members.into_iter())
        )))
    }
}

fn ambiguous(
    unit: &UnitName,
    one: &EnvironmentName,
    other: &EnvironmentName,
    position: &Position,
) -> Problem {
    let message = format!("`{unit}` may mean the unit of environment `{one}` or that of `{other}`");
    Box::new(
        Diagnostic::error("ambiguous-reference", message)
            .at(position.place())
            .hint(format!("take `{unit}` out of the list below `uses`, or rename one of the units")),
    )
}

fn not_there(environment: &EnvironmentName, instance: &InstanceName, position: &Position) -> Problem {
    let InstanceName { unit, target } = instance;
    let message =
        format!("in environment `{environment}` the unit `{unit}` does not stand at target `{target}`");
    Box::new(Diagnostic::error("unknown-target", message).at(position.place()).hint(format!(
        "write `{unit}@TARGET` to mean another target, or add `{target}` to the unit's `targets`"
    )))
}
