//! One environment assembled: every instance rendered, bound, checked and digested.

use std::collections::{BTreeMap, BTreeSet};

use rayon::prelude::*;
use serde_json::{Map, Value, json};

use crate::image::Known;
use crate::language;
use crate::manifest::source::Located;
use crate::manifest::{Project, ResolvedEnvironment, ResolvedImage, ResolvedUnit, draft};
use crate::model::facts::Identity;
use crate::model::{
    DesiredUnit, Diagnostic, Diagnostics, Digest, Environment, EnvironmentName, InstanceName, Output,
    ProviderKind, SealedUnit, StackTemplate, TargetName, TemplateRef,
};
use crate::release::decided::Find;
use crate::release::digests::{deployment, deployment_parts, release, release_parts};
use crate::release::images::{self, DesiredImage};
use crate::release::input_manifest::{InputManifest, UnitInputs};
use crate::release::language_checks::Whose;
use crate::release::outputs::{self, UsedOutputs};
use crate::release::template_checks::Depth;
use crate::release::{language_checks, parameters, stored, template_checks};
use crate::render::{Context, Limits, RenderedFiles, RenderedStack, Renderer, Sources, Visible};
use crate::template::analysis;

/// Longest text of the `Rekindle` output, in bytes (a value that is read in every page).
const LONGEST_FACTS: usize = 1_024;

/// An environment as the source wants it.
#[derive(Clone, Debug)]
pub struct Assembly {
    /// Its name, places and protection.
    pub environment: Environment,
    /// The release id: the source, the same for every environment.
    pub release: Digest,
    /// The deployment id: the release in this environment.
    pub deployment: Digest,
    /// What each instance should be, sorted by instance.
    pub units: Vec<SealedUnit>,
    /// Its images, sorted by instance.
    pub images: Vec<DesiredImage>,
    /// Everything that had influence.
    pub manifest: InputManifest,
    /// What is worth knowing although nothing is wrong.
    pub warnings: Diagnostics,
}

/// Assembles environments of one project; compiles each template once.
pub struct Assembler<'p> {
    pub(super) project: &'p Project,
    pub(super) renderer: Renderer,
    depth: Depth,
    known: Known,
    find: Option<Find<'p>>,
}

/// Assembles one environment.
///
/// # Errors
/// Everything that is wrong, in the order of the instances' names.
pub fn assemble(project: &Project, environment: &EnvironmentName) -> Result<Assembly, Diagnostics> {
    Assembler::new(project).assemble(environment)
}

impl<'p> Assembler<'p> {
    /// Takes the project's templates. Nothing is compiled yet.
    pub fn new(project: &'p Project) -> Self {
        let sources = project.files.below("templates");
        let sources = Sources(sources.map(|(path, bytes)| (path.to_owned(), bytes.to_vec())).collect());
        Self {
            project,
            renderer: Renderer::new(sources, Limits::default()),
            depth: Depth::Certain,
            known: Known::default(),
            find: None,
        }
    }

    /// Looks for the templates of nested stacks on the embedded engine; `find` says why one is not there.
    #[must_use]
    pub fn finding(self, find: &'p (dyn Fn(&str) -> Result<(), String> + Sync)) -> Self {
        Self { find: Some(find), ..self }
    }

    /// Tells everything that may be wrong with templates, and not only what certainly is.
    #[must_use]
    pub fn thorough(self) -> Self {
        Self { depth: Depth::Everything, ..self }
    }

    /// Knows what is in base images and fetched files, so that images can be put together of them.
    #[must_use]
    pub fn knowing(self, known: Known) -> Self {
        Self { known, ..self }
    }

    /// Assembles one environment.
    ///
    /// # Errors
    /// Everything that is wrong, in the order of the instances' names.
    pub fn assemble(&self, environment: &EnvironmentName) -> Result<Assembly, Diagnostics> {
        let mut resolved = self.project.resolve(environment)?;
        let contexts = contexts(self.project, &resolved.environment)?;
        let mut problems = resolved.warnings.clone();
        let (images, found) = self.read_images(&resolved, &contexts);
        problems.extend(found);
        images::bind(&mut resolved, &images, &mut problems);
        if problems.has_errors() {
            return Err(problems);
        }
        let joined: Vec<Result<Joined, Diagnostics>> =
            resolved.units.par_iter().map(|unit| self.join(&resolved, &contexts, unit)).collect();
        let (mut units, mut inputs) = (Vec::new(), BTreeMap::new());
        for result in joined {
            match result {
                Ok(joined) => {
                    problems.extend(joined.warnings);
                    inputs.insert(joined.desired.instance().clone(), joined.inputs);
                    units.push(joined.desired);
                }
                Err(found) => problems.extend(found),
            }
        }
        if !problems.has_errors() {
            let used = self.used_outputs(&resolved);
            problems.extend(outputs::check(&resolved.units, &units, &used));
        }
        if problems.has_errors() {
            return Err(problems);
        }
        problems.extend(outputs::weaker_classes(&resolved.units));
        Ok(self.complete(resolved, (units, images), inputs, problems))
    }

    /// The images of one environment alone: what `build` needs, before any stack can be bound to them.
    ///
    /// # Errors
    /// Everything that is wrong with the project or with them.
    pub fn images(
        &self,
        environment: &EnvironmentName,
    ) -> Result<(Environment, Vec<DesiredImage>), Diagnostics> {
        let resolved = self.project.resolve(environment)?;
        let contexts = contexts(self.project, &resolved.environment)?;
        let (images, problems) = self.read_images(&resolved, &contexts);
        if problems.has_errors() { Err(problems) } else { Ok((resolved.environment, images)) }
    }

    fn read_images(
        &self,
        resolved: &ResolvedEnvironment,
        contexts: &BTreeMap<TargetName, TargetContext>,
    ) -> (Vec<DesiredImage>, Diagnostics) {
        let read = |image: &ResolvedImage| {
            let context = contexts[&image.instance.target].of(&image.inputs);
            let folder = Project::folder(&image.template.value);
            let rendered = match context.and_then(|context| self.renderer.files(&folder, &context)) {
                Ok(rendered) => rendered,
                Err(problems) => return (None, problems),
            };
            self.read_image(&resolved.environment, image, rendered)
        };
        let read: Vec<(Option<DesiredImage>, Diagnostics)> = resolved.images.par_iter().map(read).collect();
        let (mut images, mut problems) = (Vec::new(), Diagnostics::default());
        for (image, found) in read {
            images.extend(image);
            problems.extend(found);
        }
        (images, problems)
    }

    /// An image, if it can be read, and what is wrong with it.
    fn read_image(
        &self,
        environment: &Environment,
        image: &ResolvedImage,
        rendered: RenderedFiles,
    ) -> (Option<DesiredImage>, Diagnostics) {
        let mut problems = Diagnostics::default();
        problems.extend(self.borrowed_drafts(environment, &image.instance, &image.template, &rendered.used));
        let files = match images::Files::of(image, rendered) {
            Ok(files) => files,
            Err(found) => return (None, found),
        };
        if self.depth == Depth::Everything {
            problems.extend(files.lint(self.project, image));
        }
        match images::desired(self.project, &environment.name, image, &files, &self.known) {
            Ok(image) => (Some(image), problems),
            Err(found) => {
                problems.extend(found);
                (None, problems)
            }
        }
    }

    fn complete(
        &self,
        resolved: ResolvedEnvironment,
        (units, images): (Vec<SealedUnit>, Vec<DesiredImage>),
        inputs: BTreeMap<InstanceName, UnitInputs>,
        warnings: Diagnostics,
    ) -> Assembly {
        let release_parts = release_parts(self.project);
        let release = release(&release_parts);
        let deployment_parts = deployment_parts(self.project, &resolved, &images, release);
        let deployment = deployment(&deployment_parts);
        let manifest = InputManifest::new(&self.project.files, release_parts, deployment_parts, inputs);
        let environment = resolved.environment;
        Assembly { environment, release, deployment, units, images, manifest, warnings }
    }

    fn join(
        &self,
        resolved: &ResolvedEnvironment,
        contexts: &BTreeMap<TargetName, TargetContext>,
        unit: &ResolvedUnit,
    ) -> Result<Joined, Diagnostics> {
        let rendered = self.render(contexts, unit)?;
        let mut problems = Diagnostics::default();
        let target = &resolved.environment.targets[&unit.instance.target];
        template_checks::check(&rendered.template, target, self.depth, &mut problems);
        language_checks::macros(&rendered.template, &unit.settings.transforms, target, &mut problems);
        let facts = self.project.lock.at(target);
        let pinned = stored::pin(&rendered.template, unit, &facts, target, &mut problems);
        let parameters = parameters::bind(unit, &rendered.template, &pinned, &mut problems);
        let (environment, instance) = (&resolved.environment, &unit.instance);
        let whose = Whose { environment, instance, find: self.find };
        language_checks::values(&rendered.template, &parameters.bindings, whose, &mut problems);
        problems.extend(self.borrowed_drafts(
            &resolved.environment,
            &unit.instance,
            &unit.template,
            &rendered.used,
        ));
        let unit_inputs = UnitInputs::new(unit, &rendered.used, &self.project.files);
        let template = pinned.template.unwrap_or_else(|| rendered.template.value.clone());
        let desired = desired(&resolved.environment, unit, template, parameters);
        problems.extend(facts_problem(unit, &desired));
        if problems.has_errors() {
            return Err(problems);
        }
        Ok(Joined { desired, inputs: unit_inputs, warnings: problems })
    }

    /// The outputs of the units of other environments that this one refers to. Where the other
    /// environment is not right itself they are left out: its own check tells, and so does a plan.
    fn used_outputs(&self, resolved: &ResolvedEnvironment) -> UsedOutputs {
        let bindings = resolved.units.iter().flat_map(|unit| unit.parameters.values());
        let mut wanted: BTreeMap<EnvironmentName, BTreeSet<InstanceName>> = BTreeMap::new();
        for bound in bindings {
            if let Some(Output { environment: Some(environment), instance, .. }) = bound.binding.output() {
                wanted.entry(environment.clone()).or_default().insert(instance.clone());
            }
        }
        let mut outputs = UsedOutputs::new();
        for (name, instances) in wanted {
            let Ok(other) = self.project.resolve(&name) else { continue };
            let Ok(contexts) = contexts(self.project, &other.environment) else { continue };
            for unit in other.units.iter().filter(|unit| instances.contains(&unit.instance)) {
                if let Ok(rendered) = self.render(&contexts, unit) {
                    let declared = analysis::outputs(&rendered.template.value);
                    outputs.insert((name.clone(), unit.instance.clone()), declared);
                }
            }
        }
        outputs
    }

    /// The project whose environments these are.
    pub(super) fn project(&self) -> &'p Project {
        self.project
    }

    pub(super) fn render(
        &self,
        contexts: &BTreeMap<TargetName, TargetContext>,
        unit: &ResolvedUnit,
    ) -> Result<RenderedStack, Diagnostics> {
        let context = contexts[&unit.instance.target].of(&unit.inputs)?;
        self.renderer.stack(&Project::folder(&unit.template.value), &context)
    }

    /// Drafts from which the unit's template includes files: they can change under it.
    fn borrowed_drafts(
        &self,
        environment: &Environment,
        instance: &InstanceName,
        template: &Located<TemplateRef>,
        used: &BTreeSet<String>,
    ) -> Option<Diagnostic> {
        let real = environment.targets[&instance.target].provider == ProviderKind::Aws;
        let is_draft = |version: &TemplateRef| {
            *version != template.value
                && self.project.templates.get(version).is_some_and(|found| !found.published)
        };
        let versions: BTreeSet<TemplateRef> =
            used.iter().filter_map(|path| version_of(path)).filter(is_draft).collect();
        draft(&versions.iter().map(|version| (version, &template.position)).collect(), real)
    }
}

struct Joined {
    desired: SealedUnit,
    inputs: UnitInputs,
    warnings: Diagnostics,
}

/// What templates see of a target, made once for all its instances.
pub(super) struct TargetContext {
    env: Visible,
    lock: Visible,
}

impl TargetContext {
    /// What a template sees that is given these inputs.
    pub(super) fn of(&self, inputs: &Map<String, Value>) -> Result<Context, Diagnostics> {
        let inputs = Visible::new(&Value::Object(inputs.clone()))?;
        Ok(Context { inputs, env: self.env.clone(), lock: self.lock.clone() })
    }
}

pub(super) fn contexts(
    project: &Project,
    environment: &Environment,
) -> Result<BTreeMap<TargetName, TargetContext>, Diagnostics> {
    let mut contexts = BTreeMap::new();
    for (name, target) in &environment.targets {
        let env = json!({
            "project": environment.project,
            "name": environment.name,
            "target": name,
            "region": target.region,
            "account": target.account,
            "protection": environment.protection,
        });
        let lock = Value::Object(project.lock.at(target));
        contexts.insert(name.clone(), TargetContext { env: Visible::new(&env)?, lock: Visible::new(&lock)? });
    }
    Ok(contexts)
}

/// The template version that a path below `templates/` belongs to.
fn version_of(path: &str) -> Option<TemplateRef> {
    let mut parts = path.splitn(3, '/');
    format!("{}@{}", parts.next()?, parts.next()?).parse().ok()
}

fn desired(
    environment: &Environment,
    unit: &ResolvedUnit,
    template: StackTemplate,
    parameters: parameters::Parameters,
) -> SealedUnit {
    let settings = &unit.settings;
    let mut capabilities = settings.capabilities.clone();
    capabilities.extend(language::capabilities(&template));
    let identity = Identity {
        project: environment.project.clone(),
        environment: environment.name.clone(),
        instance: unit.instance.clone(),
    };
    SealedUnit::from(DesiredUnit {
        parameters: parameters.bindings,
        secret_parameters: parameters.secret,
        tags: settings.tags.clone(),
        stack_policy: settings.stack_policy.clone(),
        termination_protection: settings.termination_protection.unwrap_or(false),
        capabilities,
        service_role: settings.service_role.clone(),
        notifications: settings.notifications.clone(),
        timeout_minutes: settings.timeout_minutes,
        needs: unit.needs.keys().cloned().collect(),
        ..DesiredUnit::new(identity, unit.class, template)
    })
}

/// The facts travel in a stack output, which must stay small; only the list of needs can grow.
fn facts_problem(unit: &ResolvedUnit, desired: &SealedUnit) -> Option<Diagnostic> {
    let facts = desired.facts(&BTreeMap::new(), Digest::of(""));
    let length = facts.encode().len();
    (length > LONGEST_FACTS).then(|| {
        let message = format!(
            "the unit `{}` needs {} others: the facts in its stack would take {length} bytes of {LONGEST_FACTS}",
            unit.instance,
            desired.needs.len()
        );
        unit.template.error("too-many-needs", message).hint("split the unit, or let it need fewer others")
    })
}
