//! What `check` would refuse of some units, asked before something is done that cannot be undone:
//! stacks are changed, or a template version is published.

use rayon::prelude::*;

use crate::manifest::{Project, ResolvedImage, ResolvedUnit};
use crate::model::{Diagnostic, Diagnostics, EnvironmentName, Severity, TemplateRef};
use crate::release::assemble::{Assembler, contexts};
use crate::release::images::Files;
use crate::release::template_checks::{self, Depth};

impl Assembler<'_> {
    /// The errors in the templates of the units of an environment that are `wanted`, by everything
    /// the linter knows. Renders and judges no others.
    ///
    /// # Errors
    /// Why nothing can be said: the environment cannot be resolved.
    pub fn judge(
        &self,
        environment: &EnvironmentName,
        wanted: impl Fn(&ResolvedUnit) -> bool + Sync,
    ) -> Result<Diagnostics, Diagnostics> {
        let resolved = self.project().resolve(environment)?;
        let contexts = contexts(self.project(), &resolved.environment)?;
        let judge = |unit: &ResolvedUnit| {
            let rendered = match self.render(&contexts, unit) {
                Ok(rendered) => rendered,
                Err(problems) => return problems,
            };
            let mut problems = Diagnostics::default();
            let target = &resolved.environment.targets[&unit.instance.target];
            template_checks::check(&rendered.template, target, Depth::Everything, &mut problems);
            problems
        };
        let judged: Vec<Diagnostics> =
            resolved.units.par_iter().filter(|unit| wanted(unit)).map(judge).collect();
        Ok(errors(judged))
    }

    /// The errors that the linter finds in the Dockerfiles of the images of an environment that are
    /// `wanted`. What else is wrong with them is told where they are read.
    fn judge_images(
        &self,
        environment: &EnvironmentName,
        wanted: impl Fn(&ResolvedImage) -> bool + Sync,
    ) -> Result<Diagnostics, Diagnostics> {
        let resolved = self.project().resolve(environment)?;
        let contexts = contexts(self.project(), &resolved.environment)?;
        let judge = |image: &ResolvedImage| -> Result<Diagnostics, Diagnostics> {
            let context = contexts[&image.instance.target].of(&image.inputs)?;
            let rendered = self.renderer.files(&Project::folder(&image.template.value), &context)?;
            Ok(Files::of(image, rendered)?.lint(self.project(), image))
        };
        let judged = resolved.images.par_iter().filter(|image| wanted(image)).map(judge);
        Ok(errors(judged.map(Result::unwrap_or_default).collect::<Vec<_>>()))
    }
}

fn errors(judged: impl IntoIterator<Item = Diagnostics>) -> Diagnostics {
    let is_error = |found: &Diagnostic| found.severity == Severity::Error;
    Diagnostics(judged.into_iter().flatten().filter(is_error).collect()).without_repetition()
}

/// The errors in template versions that are not published yet, in whatever environment uses them.
///
/// # Errors
/// Why nothing can be said.
pub fn judge_drafts(project: &Project) -> Result<Diagnostics, Diagnostics> {
    // They are judged as what they become, for a real target resolves no draft.
    let mut published = project.clone();
    published.templates.values_mut().for_each(|template| template.published = true);
    let assembler = Assembler::new(&published);
    let is_open =
        |version: &TemplateRef| project.templates.get(version).is_some_and(|template| !template.published);
    let is_draft = |unit: &ResolvedUnit| is_open(&unit.template.value);
    let is_draft_image = |image: &ResolvedImage| is_open(&image.template.value);
    if project.templates.values().all(|template| template.published) {
        return Ok(Diagnostics::default());
    }
    let mut errors = Diagnostics::default();
    for environment in project.manifest.environments.keys() {
        errors.extend(assembler.judge(environment, is_draft)?);
        errors.extend(assembler.judge_images(environment, is_draft_image)?);
    }
    Ok(errors.without_repetition())
}
