//! Which images a plan's stacks refer to, and what has to be done for that.

use serde_json::{Value, json};

use crate::cli::Session;
use crate::cli::failure::Failure;
use crate::disk::Store;
use crate::model::image::is_here;
use crate::model::{Binding, BuiltImage, CloudRegistry, ProviderKind, Repository};
use crate::plan::{ActionKind, Observation, Plan};
use crate::release::{Assembly, DesiredImage};

/// An image that a stack refers to which the plan creates or changes.
#[derive(Clone, Debug)]
pub(super) struct Wanted {
    /// The unit that it is of.
    pub(super) image: DesiredImage,
    /// As the stack refers to it.
    pub(super) built: BuiltImage,
    /// Its repository, where that is known before the plan is carried out.
    pub(super) repository: Option<String>,
    /// Whether the cloud is real, so that somebody pulls the image.
    is_real: bool,
    /// Whether accounts have registries there: an emulator may have none.
    has_cloud_registries: bool,
}

impl Wanted {
    /// Whether it is pushed to a repository. The embedded engine's own do not exist; one on this machine
    /// does, whoever names it.
    pub(super) fn goes_to(&self, repository: &str) -> bool {
        let is_of_cloud = || CloudRegistry::of_repository(repository).is_some();
        let host = repository.split('/').next().unwrap_or_default();
        is_here(host) || self.is_real && (self.has_cloud_registries || !is_of_cloud())
    }

    /// Whether it is pushed; `None` where that depends on what the repository will be.
    pub(super) fn goes(&self) -> Option<bool> {
        match &self.repository {
            Some(repository) => Some(self.goes_to(repository)),
            None => (self.is_real && self.has_cloud_registries).then_some(true),
        }
    }
}

/// The images of a plan, each once.
pub(super) fn wanted(session: &Session, assembly: &Assembly, plan: &Plan, seen: &Observation) -> Vec<Wanted> {
    let has_cloud_registries = session.surroundings.has_cloud_registries();
    let mut found: Vec<Wanted> = Vec::new();
    let sent = plan.actions.iter().filter(|action| action.action.sends());
    let bindings = sent.flat_map(|action| &action.desired).flat_map(|unit| unit.parameters.values());
    for binding in bindings {
        let Binding::Image(built) = binding else { continue };
        if found.iter().any(|known| known.built == *built) {
            continue;
        }
        let is_it = |image: &&DesiredImage| {
            image.locked == Some(built.manifest) && image.repository.as_ref() == Some(&built.repository)
        };
        let Some(image) = assembly.images.iter().find(is_it) else { continue };
        let place = match &built.repository {
            Repository::Literal(_) => &image.instance.target,
            Repository::Output(output) => &output.instance.target,
        };
        let target = assembly.environment.targets.get(place);
        let is_real = target.is_some_and(|target| target.provider == ProviderKind::Aws);
        let repository = known(built, plan, seen);
        let (image, built) = (image.clone(), built.clone());
        found.push(Wanted { image, built, repository, is_real, has_cloud_registries });
    }
    found
}

/// The repository, where the source says it or a stack that stays as it is.
fn known(built: &BuiltImage, plan: &Plan, seen: &Observation) -> Option<String> {
    let output = match &built.repository {
        Repository::Literal(name) => return Some(name.clone()),
        Repository::Output(output) => output,
    };
    if let Some(environment) = &output.environment {
        let mut stacks = seen.others.get(environment)?.values().flatten();
        let stack = stacks.find(|stack| stack.identity().is_some_and(|it| it.instance == output.instance))?;
        return stack.outputs.get(&output.name).cloned();
    }
    let kept = plan.action(&output.instance).filter(|action| action.action == ActionKind::Keep)?;
    kept.observed.as_ref()?.outputs.get(&output.name).cloned()
}

/// What a plan does with images, for its document. `how` is in the words of the `build` document, as far as
/// that is known before: `build`, `reuse`, or `lock` where the digest in the lock is all it takes.
pub fn foreseen(
    session: &Session,
    assembly: &Assembly,
    plan: &Plan,
    seen: &Observation,
) -> Result<Vec<Value>, Failure> {
    let wanted = wanted(session, assembly, plan, seen);
    let inputs = match wanted.iter().any(|one| one.goes() != Some(false)) {
        true => Store::inputs(&session.state()?)?,
        false => Default::default(),
    };
    let described = wanted.iter().map(|one| {
        let how = match one.goes() {
            Some(true) if inputs.contains(&one.image.recipe.input) => "reuse",
            Some(true) => "build",
            Some(false) | None => "lock",
        };
        let repository = match (&one.repository, &one.built.repository) {
            (Some(repository), _) => repository.clone(),
            (None, Repository::Output(output)) => format!("!output {output}"),
            (None, Repository::Literal(name)) => name.clone(),
        };
        json!({
            "unit": one.image.instance,
            "manifest": one.built.manifest,
            "how": how,
            "push": one.goes() == Some(true),
            "repository": repository,
        })
    });
    Ok(described.collect())
}
