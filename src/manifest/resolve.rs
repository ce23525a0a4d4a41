//! One environment with inheritance applied, inputs checked and references resolved.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use crate::manifest::decode::Decoder;
use crate::manifest::draft::drafts;
use crate::manifest::graph::{self, Needs};
use crate::manifest::lineage::Lineage;
use crate::manifest::manifest_file::Inputs;
use crate::manifest::project::Project;
use crate::manifest::reference::{Declared, Parameter};
use crate::manifest::resolve_image::{ImageUse, ResolvedImage, image, image_use};
use crate::manifest::resolve_reference::Resolver;
use crate::manifest::source::{Located, Position};
use crate::manifest::suggestion::suggestion;
use crate::manifest::unit_file::{Settings, UnitDeclaration};
use crate::model::environment::{Environment, Used};
use crate::model::{
    Binding, Class, Diagnostic, Diagnostics, EnvironmentName, InstanceName, Output, ProviderKind, Repository,
    TargetName, TemplateRef,
};

/// One environment, resolved.
#[derive(Clone, Debug)]
pub struct ResolvedEnvironment {
    /// Its name, places and protection.
    pub environment: Environment,
    /// The instances of its stacks, sorted.
    pub units: Vec<ResolvedUnit>,
    /// The instances of its images, sorted.
    pub images: Vec<ResolvedImage>,
    /// What is worth knowing although nothing is wrong.
    pub warnings: Diagnostics,
}

/// One instance, resolved: all that is known of it before its template is rendered.
#[derive(Clone, Debug)]
pub struct ResolvedUnit {
    /// The unit and where it stands.
    pub instance: InstanceName,
    /// Its template, and where that is said.
    pub template: Located<TemplateRef>,
    /// How precious it is.
    pub class: Class,
    /// Every input its interface declares, with its value.
    pub inputs: Map<String, Value>,
    /// The parameters bound in the source.
    pub parameters: BTreeMap<String, Bound>,
    /// The parameters bound to images, whose digests are not known yet.
    pub images: BTreeMap<String, ImageUse>,
    /// How its stack is made; tags, role and notifications of environment and target are merged in.
    pub settings: Settings,
    /// Instances of this environment that come first, and where that is said.
    pub needs: BTreeMap<InstanceName, Position>,
}

/// An instance, and where its template is said.
pub(super) type Made<'a> = (&'a InstanceName, &'a Located<TemplateRef>);

/// A bound parameter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bound {
    /// Where the parameter's name was written.
    pub key: Position,
    /// Where the value was written.
    pub position: Position,
    /// What it is bound to.
    pub binding: Binding,
}

impl Project {
    /// Resolves one environment's places and protection, and nothing of its units: enough to look at
    /// what stands, however broken the source of a unit is.
    ///
    /// # Errors
    /// There is no such environment.
    pub fn environment(&self, name: &EnvironmentName) -> Result<Environment, Diagnostics> {
        Ok(environment(self, &self.lineage(name)?))
    }

    pub(super) fn lineage(&self, name: &EnvironmentName) -> Result<Lineage<'_>, Diagnostics> {
        Lineage::of(self, name).ok_or_else(|| {
            let names = self.manifest.environments.keys().map(EnvironmentName::as_str);
            let problem =
                Diagnostic::error("unknown-environment", format!("there is no environment `{name}`"));
            problem.hint(suggestion(name.as_str(), names)).into()
        })
    }

    /// Resolves one environment.
    ///
    /// # Errors
    /// There is no such environment, or everything that is wrong in it.
    pub fn resolve(&self, name: &EnvironmentName) -> Result<ResolvedEnvironment, Diagnostics> {
        let lineage = self.lineage(name)?;
        let mut decoder = Decoder::default();
        let environment = environment(self, &lineage);
        check_uses(self, &lineage, &mut decoder);
        let resolver = Resolver { project: self, lineage: &lineage };
        let (mut units, mut images) = (Vec::new(), Vec::new());
        for unit in lineage.members() {
            for Located { value: target, position } in lineage.targets_of(unit) {
                match &unit.image {
                    _ if !lineage.declaration.targets.contains_key(target) => {
                        decoder.problems.push(unknown_target(&lineage, target, position));
                    }
                    Some(declaration) => {
                        images.extend(image(&resolver, unit, declaration, target, &mut decoder));
                    }
                    None => units.extend(instance(&resolver, unit, target, &mut decoder)),
                }
            }
        }
        units.sort_by(|left, right| left.instance.cmp(&right.instance));
        images.sort_by(|left, right| left.instance.cmp(&right.instance));
        let stacks = units.iter().map(|unit| (&unit.instance, &unit.template));
        let made: Vec<_> =
            stacks.chain(images.iter().map(|image| (&image.instance, &image.template))).collect();
        check_targets_repeat(&made, &mut decoder.problems);
        let needs: Needs = units.iter().map(|unit| (unit.instance.clone(), unit.needs.clone())).collect();
        decoder.problems.extend(overrides_of_absent_units(&lineage));
        decoder.problems.extend(drafts(self, &environment, &made));
        if !decoder.problems.has_errors() {
            decoder.problems.extend(graph::cycle(&needs));
        }
        // One problem may show in every instance.
        let problems = decoder.problems.without_repetition();
        if problems.has_errors() {
            return Err(problems);
        }
        Ok(ResolvedEnvironment { environment, units, images, warnings: problems })
    }
}

/// Units that are used must be part of the environments they are said to be of.
fn check_uses(project: &Project, lineage: &Lineage<'_>, decoder: &mut Decoder) {
    for (other, entry) in lineage.uses() {
        let Some(other_lineage) = Lineage::of(project, other) else { continue };
        for unit in &entry.units {
            if !other_lineage.has(&unit.value) {
                let message = format!("the unit `{}` is not part of environment `{other}`", unit.value);
                decoder.problems.push(unit.error("unknown-unit", message));
            }
        }
    }
}

fn environment(project: &Project, lineage: &Lineage<'_>) -> Environment {
    let mut uses = BTreeMap::new();
    for (other, entry) in lineage.uses() {
        let Some(other_lineage) = Lineage::of(project, other) else { continue };
        let units: BTreeSet<_> = entry.units.iter().map(|unit| unit.value.clone()).collect();
        let targets = other_lineage.declaration.targets.clone();
        uses.insert(other.clone(), Used { units: units.into_iter().collect(), targets });
    }
    let targets = lineage.declaration.targets.clone();
    // The most careful of the targets' defaults: one real account makes the environment real.
    let default = targets
        .values()
        .map(|target| target.provider.default_protection())
        .max()
        .unwrap_or_else(|| ProviderKind::Aws.default_protection());
    Environment {
        project: project.manifest.project.clone(),
        name: lineage.name.clone(),
        protection: lineage.declaration.protection.unwrap_or(default),
        targets,
        uses,
    }
}

fn instance(
    resolver: &Resolver<'_>,
    unit: &UnitDeclaration,
    target: &TargetName,
    decoder: &mut Decoder,
) -> Option<ResolvedUnit> {
    let instance = InstanceName::new(unit.name.clone(), target.clone());
    let inputs = inputs(resolver, unit, target, decoder);
    let mut needs = BTreeMap::new();
    let (mut parameters, mut images) = (BTreeMap::new(), BTreeMap::new());
    for (name, parameter) in declared_parameters(resolver.lineage, unit, target) {
        if let Declared::Image(of) = &parameter.declared {
            match image_use(resolver, &instance, of, parameter) {
                Ok(image) => {
                    if let Repository::Output(Output { environment: None, instance, .. }) = &image.repository
                    {
                        needs.entry(instance.clone()).or_insert_with(|| parameter.position.clone());
                    }
                    images.insert(name.clone(), image);
                }
                Err(problem) => decoder.problems.push(*problem),
            }
            continue;
        }
        let Some(binding) = bind(resolver, &instance, parameter, &mut needs, decoder) else { continue };
        let (key, position) = (parameter.key.clone(), parameter.position.clone());
        parameters.insert(name.clone(), Bound { key, position, binding });
    }
    for after in &unit.after {
        match resolver.after(&instance, after) {
            Ok(need) => drop(needs.entry(need).or_insert_with(|| after.position.clone())),
            Err(problem) => decoder.problems.push(*problem),
        }
    }
    Some(ResolvedUnit {
        instance,
        template: unit.template.clone(),
        class: unit.class,
        inputs: inputs?,
        parameters,
        images,
        settings: settings(resolver.lineage, unit, target),
        needs,
    })
}

fn bind(
    resolver: &Resolver<'_>,
    instance: &InstanceName,
    parameter: &Parameter,
    needs: &mut BTreeMap<InstanceName, Position>,
    decoder: &mut Decoder,
) -> Option<Binding> {
    match &parameter.declared {
        Declared::Literal(text) => Some(Binding::Literal(text.clone())),
        Declared::Secret(secret) => Some(Binding::Secret(secret.clone())),
        // Bound once its digest is known.
        Declared::Image(_) => None,
        Declared::Output { of, name } => match resolver.output(instance, of, name, &parameter.position) {
            Ok(output) => {
                if output.environment.is_none() {
                    needs.entry(output.instance.clone()).or_insert_with(|| parameter.position.clone());
                }
                Some(Binding::Output(output))
            }
            Err(problem) => decoder.refuse(*problem),
        },
    }
}

/// Weakest first: the unit's, the environment's for that unit, the target's.
fn declared_parameters<'p>(
    lineage: &Lineage<'p>,
    unit: &'p UnitDeclaration,
    target: &TargetName,
) -> BTreeMap<&'p String, &'p Parameter> {
    let mut parameters: BTreeMap<_, _> = unit.parameters.iter().collect();
    for entry in lineage.overrides_of(&unit.name) {
        parameters.extend(&entry.parameters);
    }
    if let Some(entry) = unit.overrides.get(target) {
        parameters.extend(&entry.parameters);
    }
    parameters
}

/// The value of every input of the unit's interface; `None` where the template does not exist.
pub(super) fn inputs(
    resolver: &Resolver<'_>,
    unit: &UnitDeclaration,
    target: &TargetName,
    decoder: &mut Decoder,
) -> Option<Map<String, Value>> {
    let template = resolver.project.templates.get(&unit.template.value)?;
    let mut own: Vec<&Inputs> = vec![&unit.inputs];
    own.extend(resolver.lineage.overrides_of(&unit.name).map(|entry| &entry.inputs));
    own.extend(unit.overrides.get(target).map(|entry| &entry.inputs));
    let known = &template.interface.inputs;
    for (name, input) in own.iter().copied().flatten().filter(|(name, _)| !known.contains_key(*name)) {
        let message = format!("the template `{}` declares no input `{name}`", unit.template.value);
        let hint = suggestion(name, known.keys().map(String::as_str));
        decoder.problems.push(Diagnostic::error("unknown-input", message).at(input.key.place()).hint(hint));
    }
    let mut layers = resolver.lineage.inputs();
    layers.extend(own);
    let mut values = Map::new();
    for (name, declaration) in known {
        let given = layers.iter().rev().find_map(|layer| layer.get(name));
        let value = match (given, &declaration.default) {
            (Some(input), _) => declaration.kind.value(decoder, &input.node),
            (None, Some(default)) => Some(default.clone()),
            (None, None) => decoder.refuse(missing_input(unit, name, declaration.kind.word())),
        };
        values.extend(value.map(|value| (name.clone(), value)));
    }
    Some(values)
}

fn missing_input(unit: &UnitDeclaration, name: &str, word: &str) -> Diagnostic {
    let message = format!("the unit `{}` gets no value for the input `{name}` ({word})", unit.name);
    unit.template.error("missing-input", message).hint(format!(
        "give it below `inputs` in this file or in the environment, or give it a default in `templates/{}/interface.yaml`",
        Project::folder(&unit.template.value)
    ))
}

fn settings(lineage: &Lineage<'_>, unit: &UnitDeclaration, target: &TargetName) -> Settings {
    let mut settings = unit.settings.clone();
    let mut tags = lineage.tags();
    tags.append(&mut settings.tags);
    settings.tags = tags;
    for entry in lineage.overrides_of(&unit.name) {
        settings.termination_protection = entry.termination_protection.or(settings.termination_protection);
    }
    if let Some(target) = lineage.declaration.targets.get(target) {
        settings.service_role = settings.service_role.or_else(|| target.service_role.clone());
        settings.notifications.extend(target.notifications.iter().cloned());
        settings.notifications.sort();
        settings.notifications.dedup();
    }
    settings
}

fn unknown_target(lineage: &Lineage<'_>, target: &TargetName, position: &Position) -> Diagnostic {
    let names = lineage.declaration.targets.keys().map(TargetName::as_str);
    let message = format!("the environment `{}` has no target `{target}`", lineage.name);
    Diagnostic::error("unknown-target", message).at(position.place()).hint(format!(
        "{}; an environment can say otherwise with `units: {{UNIT: {{targets: [...]}}}}`",
        suggestion(target.as_str(), names)
    ))
}

fn check_targets_repeat(made: &[Made<'_>], problems: &mut Diagnostics) {
    for pair in made.windows(2).filter(|pair| pair[0].0 == pair[1].0) {
        let (instance, template) = pair[1];
        let message = format!("the unit stands twice at `{}`", instance.target);
        problems.push(template.error("duplicate-target", message).hint("name each target once"));
    }
}

fn overrides_of_absent_units(lineage: &Lineage<'_>) -> Vec<Diagnostic> {
    let own = &lineage.declaration.units;
    own.iter()
        .filter(|(unit, _)| !lineage.has(unit))
        .map(|(unit, entry)| {
            let message = format!("the unit `{unit}` is not part of environment `{}`", lineage.name);
            Diagnostic::error("unknown-unit", message)
                .at(entry.position.place())
                .hint(format!("add the environment to `environments` in `stacks/{unit}.yaml`"))
        })
        .collect()
}
