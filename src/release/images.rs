//! The images of an environment: rendered, read, and joined with what the lock knows of them.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::image::{self, Known, Recipe, Request};
use crate::lint::DockerfileJudge;
use crate::manifest::resolve::Bound;
use crate::manifest::{Project, ResolvedEnvironment, ResolvedImage, ResolvedUnit};
use crate::model::{
    BaseImage, Binding, BuiltImage, Context as FileContext, Diagnostic, Diagnostics, Digest, EnvironmentName,
    Fetch, InstanceName, Place, Repository, TemplateRef,
};
use crate::render::RenderedFiles;
use crate::template::Origin;

/// An image as the source wants it.
#[derive(Clone, Debug)]
pub struct DesiredImage {
    /// The unit and the target it is for.
    pub instance: InstanceName,
    /// Its template.
    pub template: TemplateRef,
    /// How it is put together.
    pub recipe: Recipe,
    /// The directory of the project that it copies from.
    pub context: Option<String>,
    /// The manifest that the lock has for its input.
    pub locked: Option<Digest>,
    /// Files that are fetched into the context.
    pub fetches: Vec<Fetch>,
    /// Where it is pulled from, where that is said.
    pub repository: Option<Repository>,
}

/// The file that a template of kind image must have.
const DOCKERFILE: &str = "Dockerfile";

/// Files of a template that are no part of the context.
const APART: [&str; 3] = [DOCKERFILE, "interface.yaml", ".dockerignore"];

/// What a template of kind image made.
pub(super) struct Files {
    /// The Dockerfile's name, for problems in it.
    file: String,
    dockerfile: Vec<u8>,
    /// Where a rendered Dockerfile comes from.
    origin: Option<Origin>,
    beside: BTreeMap<String, Vec<u8>>,
}

impl Files {
    pub(super) fn of(image: &ResolvedImage, rendered: RenderedFiles) -> Result<Self, Diagnostics> {
        let folder = format!("templates/{}", Project::folder(&image.template.value));
        let mut beside = rendered.files;
        let Some(dockerfile) = beside.remove(DOCKERFILE) else {
            let problem = Diagnostic::error("no-template", format!("`{folder}` has no Dockerfile"));
            return Err(problem
                .at(Place::file(folder))
                .hint("it needs `Dockerfile` or `Dockerfile.tera`")
                .into());
        };
        for name in APART {
            beside.remove(name);
        }
        let mut origins = rendered.origins;
        let origin = origins.remove(DOCKERFILE);
        let file = format!("{folder}/{DOCKERFILE}{}", if origin.is_some() { ".tera" } else { "" });
        Ok(Self { file, dockerfile, origin, beside })
    }

    /// What the linter says of the Dockerfile.
    pub(super) fn lint(&self, project: &Project, image: &ResolvedImage) -> Diagnostics {
        let Ok(text) = std::str::from_utf8(&self.dockerfile) else { return Diagnostics::default() };
        let context = image.context.as_ref().and_then(|context| project.contexts.get(&context.value));
        let paths = context.iter().flat_map(|context| context.0.keys()).map(ToString::to_string);
        let fetched = image.fetches.iter().map(|fetch| fetch.path.clone());
        let names = paths.chain(fetched).chain(self.beside.keys().cloned()).collect();
        let judge = DockerfileJudge {
            file: &self.file,
            text,
            is_unit: true,
            texts: &self.beside,
            names: Some(&names),
            arguments: &image.arguments,
        };
        self.in_source(judge.lint())
    }

    /// The same with places in the source instead of the render. A render that cannot be traced says so.
    fn in_source(&self, mut found: Diagnostics) -> Diagnostics {
        let Some(origin) = &self.origin else { return found };
        let text = String::from_utf8_lossy(&self.dockerfile);
        for place in found.0.iter_mut().filter_map(|found| found.place.as_mut()) {
            if place.file == self.file && place.line > 0 {
                let rendered = self.file.trim_end_matches(".tera");
                let untraced =
                    |place: &Place| Place { file: format!("{rendered} (rendered)"), ..place.clone() };
                *place = origin.trace(&text, place).unwrap_or_else(|| untraced(place));
            }
        }
        found.without_repetition()
    }

    fn request<'r>(
        &'r self,
        image: &'r ResolvedImage,
        context: &'r FileContext,
        bases: &'r BTreeMap<String, BaseImage>,
        known: &'r Known,
    ) -> Request<'r> {
        Request {
            file: &self.file,
            dockerfile: &self.dockerfile,
            beside: &self.beside,
            context,
            arguments: &image.arguments,
            stage: image.stage.as_ref().map(|stage| (stage.value.as_str(), stage.position.place())),
            platform: &image.platform,
            labels: &image.labels,
            fetches: &image.fetches,
            drop: &image.drop,
            said: &image.said,
            secrets: &image.secrets,
            bases,
            known,
        }
    }
}

/// Reads one image, whose template made these files.
pub(super) fn desired(
    project: &Project,
    environment: &EnvironmentName,
    image: &ResolvedImage,
    files: &Files,
    known: &Known,
) -> Result<DesiredImage, Diagnostics> {
    let nothing = FileContext::default();
    let context = context(project, image)?.unwrap_or(&nothing);
    let bases = project.lock.bases(&image.platform);
    let recipe = image::read(&files.request(image, context, &bases, known))
        .map_err(|problem| files.in_source(problem.into()))?;
    Ok(DesiredImage {
        locked: project.lock.image(environment, &image.instance, recipe.input),
        context: image.context.as_ref().map(|context| context.value.clone()),
        instance: image.instance.clone(),
        template: image.template.value.clone(),
        repository: image.repository.clone(),
        fetches: image.fetches.clone(),
        recipe,
    })
}

/// The names of the base images that one image is made from.
pub(super) fn base_names(
    image: &ResolvedImage,
    rendered: RenderedFiles,
) -> Result<BTreeSet<String>, Diagnostics> {
    let files = Files::of(image, rendered)?;
    let names = image::base_names(&files.request(
        image,
        &FileContext::default(),
        &BTreeMap::new(),
        &Known::default(),
    ));
    names.map_err(|problem| files.in_source(problem.into()))
}

fn context<'p>(project: &'p Project, image: &ResolvedImage) -> Result<Option<&'p FileContext>, Diagnostics> {
    let Some(directory) = &image.context else { return Ok(None) };
    match project.contexts.get(&directory.value) {
        Some(context) => Ok(Some(context)),
        None => Err(directory
            .error("no-context", format!("there is no directory `{}` in the project", directory.value))
            .hint("make it, or correct the path: it is relative to `rekindle.yaml`")
            .into()),
    }
}

/// Binds the parameters that `!image` gives a value to the manifests that the lock has.
pub(super) fn bind(resolved: &mut ResolvedEnvironment, images: &[DesiredImage], problems: &mut Diagnostics) {
    let locked: BTreeMap<&InstanceName, Option<Digest>> =
        images.iter().map(|image| (&image.instance, image.locked)).collect();
    let environment = resolved.environment.name.clone();
    for unit in &mut resolved.units {
        let ResolvedUnit { images, parameters, .. } = unit;
        for (name, wanted) in images {
            match locked.get(&wanted.instance) {
                Some(Some(manifest)) => {
                    let built = BuiltImage { repository: wanted.repository.clone(), manifest: *manifest };
                    let (key, position) = (wanted.key.clone(), wanted.position.clone());
                    parameters.insert(name.clone(), Bound { key, position, binding: Binding::Image(built) });
                }
                Some(None) => {
                    let message =
                        format!("the image `{}` was not built from its present source", wanted.instance);
                    problems.push(
                        Diagnostic::error("unbuilt-image", message).at(wanted.position.place()).hint(format!(
                            "`rekindle build {environment}` builds it and writes its digest into `rekindle.lock`"
                        )),
                    );
                }
                // What is wrong with the image itself is told already.
                None => {}
            }
        }
    }
}

/// Names of the context directories with their digests, for the release: the rest of what an image comes
/// from is in it anyhow.
pub(super) fn contexts(project: &Project) -> BTreeMap<String, Digest> {
    let digests = project.contexts.iter().map(|(directory, context)| (directory.clone(), context.digest()));
    digests.collect()
}

/// What the deployment depends on: the input hash of each image, and what the lock has for it.
pub(super) fn parts(images: &[DesiredImage]) -> impl Iterator<Item = (String, Digest)> {
    images.iter().map(|image| {
        let value: Value = serde_json::json!({"input": image.recipe.input, "manifest": image.locked});
        (format!("images/{}", image.instance), Digest::of_value("rekindle/image/1", &value))
    })
}
