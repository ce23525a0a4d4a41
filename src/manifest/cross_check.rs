//! Checks across files that hold for every environment: names that must exist somewhere.

use std::collections::BTreeSet;

use crate::manifest::lock::TEMPLATE;
use crate::manifest::manifest_file::EnvironmentDeclaration;
use crate::manifest::project::Project;
use crate::manifest::source::{Located, Position};
use crate::manifest::suggestion::{suggestion, template_versions};
use crate::manifest::unit_file::UnitDeclaration;
use crate::model::files::LOCK_FILE;
use crate::model::{Diagnostic, Diagnostics, EnvironmentName, Place, TargetName, UnitName};

/// Every problem and warning.
pub fn check(project: &Project) -> Diagnostics {
    let mut problems = Diagnostics::default();
    for (name, environment) in &project.manifest.environments {
        check_environment(project, name, environment, &mut problems);
    }
    for unit in project.units.values() {
        check_unit(project, unit, &mut problems);
    }
    problems.extend(unknown_inputs(project));
    problems.extend(vanished_templates(project));
    problems
}

/// What must be right before an environment's lineage may be followed.
pub fn check_lineages(project: &Project) -> Diagnostics {
    let mut problems = Diagnostics::default();
    for (name, environment) in &project.manifest.environments {
        check_lineage(project, name, environment, &mut problems);
    }
    problems
}

fn check_lineage(
    project: &Project,
    name: &EnvironmentName,
    environment: &EnvironmentDeclaration,
    problems: &mut Diagnostics,
) {
    if let Some(base) = &environment.extends {
        problems.extend(unknown_environment(project, &base.value, &base.position));
        problems.extend(extends_itself(project, name, base));
    }
}

fn check_environment(
    project: &Project,
    name: &EnvironmentName,
    environment: &EnvironmentDeclaration,
    problems: &mut Diagnostics,
) {
    check_lineage(project, name, environment, problems);
    for (unit, entry) in &environment.units {
        problems.extend(unknown_unit(project, unit, &entry.position));
        let is_image = project.units.get(unit).is_some_and(|unit| unit.image.is_some());
        if is_image && (!entry.parameters.is_empty() || entry.termination_protection.is_some()) {
            let problem = Diagnostic::error("misplaced-key", format!("the unit `{unit}` is an image"));
            let hint = "an environment gives an image `inputs` and `targets`; the rest is about stacks";
            problems.push(problem.at(entry.position.place()).hint(hint));
        }
    }
    for (other, uses) in &environment.uses {
        problems.extend(unknown_environment(project, other, &uses.position));
        if other == name {
            let problem = Diagnostic::error("self-reference", format!("`{name}` uses itself"));
            problems
                .push(problem.at(uses.position.place()).hint("units of the same environment need no `uses`"));
        }
        for unit in &uses.units {
            problems.extend(unknown_unit(project, &unit.value, &unit.position));
        }
    }
}

fn check_unit(project: &Project, unit: &UnitDeclaration, problems: &mut Diagnostics) {
    for environment in unit.environments.iter().flatten() {
        problems.extend(unknown_environment(project, &environment.value, &environment.position));
    }
    let template = &unit.template;
    if !project.templates.contains_key(&template.value) {
        let problem =
            template.error("unknown-template", format!("there is no template `{}`", template.value));
        problems.push(problem.hint(template_hint(project, unit)));
    }
    problems.extend(wrong_kind(project, unit));
    let known: BTreeSet<&TargetName> =
        project.manifest.environments.values().flat_map(|environment| environment.targets.keys()).collect();
    for (target, entry) in &unit.overrides {
        if !known.contains(target) {
            let problem =
                Diagnostic::error("unknown-target", format!("no environment has a target `{target}`"));
            let names = known.iter().map(|name| name.as_str());
            problems.push(problem.at(entry.position.place()).hint(suggestion(target.as_str(), names)));
        }
    }
}

fn wrong_kind(project: &Project, unit: &UnitDeclaration) -> Option<Diagnostic> {
    let template = &unit.template;
    let kind = project.templates.get(&template.value)?.interface.kind;
    (kind != unit.kind()).then(|| {
        let message = format!(
            "the template `{}` is of kind `{kind}`, the unit of kind `{}`",
            template.value,
            unit.kind()
        );
        template.error("wrong-kind", message).hint(format!(
            "write `kind: {kind}` here, or `kind: {}` in `templates/{}/interface.yaml`",
            unit.kind(),
            Project::folder(&template.value)
        ))
    })
}

fn template_hint(project: &Project, unit: &UnitDeclaration) -> String {
    let wanted = &unit.template.value;
    if project.lock.template(wanted).is_some() {
        return format!(
            "it was published once: restore `templates/{}` from version control",
            Project::folder(wanted)
        );
    }
    template_versions(wanted.name.as_str(), project.templates.keys())
}

fn extends_itself(
    project: &Project,
    name: &EnvironmentName,
    base: &Located<EnvironmentName>,
) -> Option<Diagnostic> {
    let mut path = vec![name];
    let mut next = Some(&base.value);
    while let Some(current) = next {
        path.push(current);
        if current == name {
            let names: Vec<&str> = path.iter().map(|name| name.as_str()).collect();
            let message = format!("environments extend each other in a circle: `{}`", names.join(" -> "));
            return Some(base.error("cycle", message).hint("remove one `extends`"));
        }
        // A circle that does not hold `name` is reported at its own members.
        if path[..path.len() - 1].contains(&current) {
            return None;
        }
        next = project.manifest.environments.get(current)?.extends.as_ref().map(|base| &base.value);
    }
    None
}

/// The problem of an environment that does not exist.
fn unknown_environment(project: &Project, name: &EnvironmentName, position: &Position) -> Option<Diagnostic> {
    let environments = &project.manifest.environments;
    (!environments.contains_key(name)).then(|| {
        Diagnostic::error("unknown-environment", format!("there is no environment `{name}`"))
            .at(position.place())
            .hint(suggestion(name.as_str(), environments.keys().map(EnvironmentName::as_str)))
    })
}

/// The problem of a unit that does not exist.
pub fn unknown_unit(project: &Project, name: &UnitName, position: &Position) -> Option<Diagnostic> {
    (!project.units.contains_key(name)).then(|| {
        Diagnostic::error("unknown-unit", format!("there is no unit `{name}`"))
            .at(position.place())
            .hint(suggestion(name.as_str(), project.units.keys().map(UnitName::as_str)))
    })
}

/// Inputs of defaults and environments that no template of any unit declares.
fn unknown_inputs(project: &Project) -> Vec<Diagnostic> {
    // A unit whose template is missing might declare them; that is told elsewhere.
    if project.units.values().any(|unit| !project.templates.contains_key(&unit.template.value)) {
        return Vec::new();
    }
    let declared: BTreeSet<&str> = project
        .units
        .values()
        .filter_map(|unit| project.templates.get(&unit.template.value))
        .flat_map(|template| template.interface.inputs.keys().map(String::as_str))
        .collect();
    let environments = project.manifest.environments.values().map(|environment| &environment.inputs);
    std::iter::once(&project.manifest.inputs)
        .chain(environments)
        .flatten()
        .filter(|(name, _)| !declared.contains(name.as_str()))
        .map(|(name, input)| {
            Diagnostic::error("unknown-input", format!("no template declares an input `{name}`"))
                .at(input.key.place())
                .hint(suggestion(name, declared.iter().copied()))
        })
        .collect()
}

/// Published versions whose folder is gone. Where a unit wants one, that is an error of its own.
fn vanished_templates(project: &Project) -> Vec<Diagnostic> {
    project
        .lock
        .facts
        .keys()
        .filter(|fact| fact.provider == TEMPLATE)
        .filter(|fact| !fact.name.parse().is_ok_and(|template| project.templates.contains_key(&template)))
        .map(|fact| {
            Diagnostic::warning(
                "vanished-template",
                format!("the published template `{}` is gone", fact.name),
            )
            .at(Place::file(LOCK_FILE))
            .hint("restore it from version control, or let `rekindle lock --update` forget it")
        })
        .collect()
}
