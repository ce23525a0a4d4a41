//! The images of an environment: rendered, read, and joined with what the lock knows of them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::Value;

use crate::image::{self, Base, Recipe, Request};
use crate::manifest::resolve::Bound;
use crate::manifest::{Project, ResolvedEnvironment, ResolvedImage, ResolvedUnit};
use crate::model::{
    BaseImage, Binding, BuiltImage, Context as FileContext, Diagnostic, Diagnostics, Digest, EnvironmentName,
    InstanceName, Place, Repository,
};
use crate::render::RenderedFiles;

/// An image as the source wants it.
#[derive(Clone, Debug)]
pub struct DesiredImage {
    /// The unit and the target it is for.
    pub instance: InstanceName,
    /// How it is put together.
    pub recipe: Recipe,
    /// The directory of the project that it copies from.
    pub context: Option<String>,
    /// The manifest that the lock has for its input.
    pub locked: Option<Digest>,
    /// Where it is pulled from, where that is said.
    pub repository: Option<Repository>,
}

/// Base images with their files, by their manifests.
pub type KnownBases = BTreeMap<Digest, Arc<Base>>;

/// The file that a template of kind image must have.
const DOCKERFILE: &str = "Dockerfile";

/// Files of a template that are no part of the context.
const APART: [&str; 3] = [DOCKERFILE, "interface.yaml", ".dockerignore"];

/// What a template of kind image made.
struct Files {
    /// The Dockerfile's name, for problems in it.
    file: String,
    dockerfile: Vec<u8>,
    beside: BTreeMap<String, Vec<u8>>,
}

impl Files {
    fn of(image: &ResolvedImage, rendered: RenderedFiles) -> Result<Self, Diagnostics> {
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
        let is_rendered = rendered.used.iter().any(|path| path.ends_with("/Dockerfile.tera"));
        let file = format!("{folder}/{DOCKERFILE}{}", if is_rendered { " (rendered)" } else { "" });
        Ok(Self { file, dockerfile, beside })
    }

    fn request<'r>(
        &'r self,
        image: &'r ResolvedImage,
        context: &'r FileContext,
        bases: &'r BTreeMap<String, BaseImage>,
        known: &'r KnownBases,
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
            drop: &image.drop,
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
    rendered: RenderedFiles,
    known: &KnownBases,
) -> Result<DesiredImage, Diagnostics> {
    let files = Files::of(image, rendered)?;
    let nothing = FileContext::default();
    let context = context(project, image)?.unwrap_or(&nothing);
    let bases = project.lock.bases(&image.platform);
    let recipe = image::read(&files.request(image, context, &bases, known))?;
    Ok(DesiredImage {
        locked: project.lock.image(environment, &image.instance, recipe.input),
        context: image.context.as_ref().map(|context| context.value.clone()),
        instance: image.instance.clone(),
        repository: image.repository.clone(),
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
        &KnownBases::new(),
    ))?;
    Ok(names)
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
