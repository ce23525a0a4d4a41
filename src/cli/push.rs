//! Images from the store to the repositories that their units name.

use std::io::{self, Read};
use std::sync::Arc;

use futures_util::{StreamExt as _, TryStreamExt as _, stream};

use crate::cli::exit_code::ExitCode;
use crate::cli::failure::Failure;
use crate::cli::site::Site;
use crate::cli::view::Notices;
use crate::cli::wire::{self, Wiring};
use crate::cli::{Session, runtime};
use crate::disk::Store;
use crate::engine::Stop;
use crate::image::Blob;
use crate::model::{
    AccountId, CloudRegistry, Digest, Environment, InstanceName, Output, Platform, ProviderKind, Region,
    Repository, Target,
};
use crate::plan::Observation;
use crate::port::{Registry, RegistryError};
use crate::release::DesiredImage;
use crate::ui::text;

/// Blobs of one image that are on their way at a time.
const AT_ONCE: usize = 3;

/// The stack that is to say where an image goes says nothing.
#[derive(Debug, thiserror::Error)]
#[error("where the image `{image}` is pushed to is not known: {why}")]
struct NoRepository {
    image: InstanceName,
    why: String,
}

/// Somebody stopped it.
#[derive(Debug, thiserror::Error)]
#[error("interrupted: what was pushed so far stays there, and no tag names half an image")]
struct Interrupted;

/// Pushes images that are in the store, each with its manifest. Gives for each the reference by which it is
/// pulled; `None` where its unit names no repository, or one that only the embedded engine knows.
pub fn push(
    session: &Session,
    environment: &Environment,
    store: &Store,
    images: &[(&DesiredImage, Digest)],
) -> Result<Vec<Option<String>>, Failure> {
    runtime::run(async |stop| {
        let registry = wire::registry(session, environment.targets.values())?;
        let tell = |image: &InstanceName, what: &str| {
            // A line that cannot be written is no reason to stop.
            let _ = session.console.progress(&format!("{image}: {what}\n"));
        };
        let work = Push { store, registry, tell: &tell };
        let observation = observe(session, environment, images, &stop).await?;
        let mut pushed = Vec::new();
        for (image, manifest) in images {
            let repository = repository(environment, observation.as_ref(), image)?;
            let Some(repository) = repository else {
                tell(&image.instance, "is not pushed: no registry takes it");
                pushed.push(None);
                continue;
            };
            if !is_taken(session, &repository) {
                tell(
                    &image.instance,
                    "is not pushed: the emulator's registry is not named by AWS_ENDPOINT_URL_ECR",
                );
                pushed.push(None);
                continue;
            }
            check_place(environment, image, &repository)?;
            tokio::select! {
                done = work.image(image, *manifest, &repository) => done?,
                () = stop.finishing() => return Err(Failure::new(ExitCode::Interrupted, Interrupted)),
            }
            pushed.push(Some(format!("{repository}@{manifest}")));
        }
        Ok(pushed)
    })
}

/// What stands, where a stack is to say where an image goes.
async fn observe(
    session: &Session,
    environment: &Environment,
    images: &[(&DesiredImage, Digest)],
    stop: &Stop,
) -> Result<Option<Observation>, Failure> {
    let is_asked = images.iter().any(|(image, _)| output(environment, image).is_some());
    if !is_asked {
        return Ok(None);
    }
    let (state, notices) = (session.state()?, Notices::new(&session.console));
    let mut wiring = Wiring::new(session, Vec::new());
    let site = Site::open_here(&mut wiring, environment, &state, (&notices, stop)).await?;
    Ok(Some(site.look(&[], &notices, stop).await?))
}

/// The output that says where an image goes. What the embedded engine says names no place that there is.
fn output<'i>(environment: &Environment, image: &'i DesiredImage) -> Option<&'i Output> {
    let Some(Repository::Output(output)) = &image.repository else { return None };
    let target = environment.targets.get(&output.instance.target)?;
    (target.provider != ProviderKind::Local).then_some(output)
}

fn repository(
    environment: &Environment,
    observation: Option<&Observation>,
    image: &DesiredImage,
) -> Result<Option<String>, Failure> {
    if let Some(Repository::Literal(name)) = &image.repository {
        return Ok(Some(name.clone()));
    }
    let Some(output) = output(environment, image) else { return Ok(None) };
    let failed = |why: String| {
        let error = NoRepository { image: image.instance.clone(), why };
        Failure::new(ExitCode::Error, error).hint(format!(
            "`rekindle deploy {} {}` makes it; then push again",
            environment.name, output.instance
        ))
    };
    let mut stacks = observation.into_iter().flat_map(|seen| seen.stacks.values().flatten());
    let stack = stacks
        .find(|stack| stack.identity().is_some_and(|identity| identity.instance == output.instance))
        .ok_or_else(|| failed(format!("the stack `{}` does not stand", output.instance)))?;
    let value = stack.outputs.get(&output.name);
    value
        .map(|value| Some(value.clone()))
        .ok_or_else(|| failed(format!("the stack `{}` has no output `{}`", output.instance, output.name)))
}

/// Whether there is a registry that takes an image to this repository.
pub(super) fn is_taken(session: &Session, repository: &str) -> bool {
    session.surroundings.has_cloud_registries() || CloudRegistry::of_repository(repository).is_none()
}

/// An image is to go to a registry of another account or region than its target's.
#[derive(Debug, thiserror::Error)]
#[error(
    "the image `{image}` is for account {account} in {region}, and `{repository}` is in account {} in {}",
    .registry.account, .registry.region
)]
struct OtherPlace {
    image: InstanceName,
    repository: String,
    account: AccountId,
    region: Region,
    registry: CloudRegistry,
}

/// A region that is lost takes its registry along, and another account's is not ours to write to.
pub(super) fn check_place(
    environment: &Environment,
    image: &DesiredImage,
    repository: &str,
) -> Result<(), Failure> {
    let target = environment.targets.get(&image.instance.target);
    let Some((target, registry)) = target.zip(CloudRegistry::of_repository(repository)) else {
        return Ok(());
    };
    let Target { account, region, .. } = target.clone();
    if target.provider != ProviderKind::Aws || (registry.account == account && registry.region == region) {
        return Ok(());
    }
    let (image, repository) = (image.instance.clone(), repository.to_owned());
    let other = OtherPlace { image, repository, account, region, registry };
    Err(Failure::new(ExitCode::Refused, other)
        .hint("name a repository of the target itself, by `!output` or under `overrides` in the unit"))
}

/// Sends images from the store.
pub(super) struct Push<'p> {
    /// Where they are.
    pub store: &'p Store,
    /// Where they go.
    pub registry: Arc<dyn Registry>,
    /// Is told how it goes.
    pub tell: &'p (dyn Fn(&InstanceName, &str) + Sync),
}

impl Push<'_> {
    /// The blobs first, so that no tag names what is not there.
    pub async fn image(
        &self,
        image: &DesiredImage,
        manifest: Digest,
        repository: &str,
    ) -> Result<(), Failure> {
        (self.tell)(&image.instance, &format!("pushes to {repository}"));
        let (document, blobs) = self.store.contents(manifest)?;
        let sent: Vec<u64> = stream::iter(blobs)
            .map(|blob| self.blob(repository, blob))
            .buffer_unordered(AT_ONCE)
            .try_collect()
            .await?;
        let first_tag = format!("in-{}", image.recipe.input.hex());
        self.registry.tag(repository, &first_tag, &document).await?;
        self.attach(image, manifest, repository).await?;
        self.registry.tag(repository, &last_tag(manifest), &document).await?;
        let bytes = text::bytes(sent.iter().sum());
        (self.tell)(&image.instance, &format!("is at {repository}@{manifest} ({bytes} sent)"));
        Ok(())
    }

    /// What is said about the image goes with it, where this store has it.
    async fn attach(&self, image: &DesiredImage, manifest: Digest, repository: &str) -> Result<(), Failure> {
        let mut manifests = Vec::new();
        for (_, attached) in self.store.attached(image.recipe.input, manifest)? {
            let (document, blobs) = self.store.contents(attached.digest)?;
            for blob in blobs {
                self.blob(repository, blob).await?;
            }
            manifests.push(document);
        }
        if manifests.is_empty() {
            (self.tell)(&image.instance, "was not made here: nothing is attached that says how it was");
            return Ok(());
        }
        Ok(self.registry.attach(repository, manifest, &manifests).await?)
    }

    async fn blob(&self, repository: &str, blob: Blob) -> Result<u64, Failure> {
        let open =
            || -> io::Result<Box<dyn Read + Send>> { Ok(Box::new(self.store.open_blob(blob.digest)?)) };
        let is_sent = self.registry.push(repository, blob.digest, blob.size, &open).await?;
        Ok(if is_sent { blob.size } else { 0 })
    }
}

/// The tag that an image gets last: where it is, everything is.
fn last_tag(manifest: Digest) -> String {
    format!("img-{}", manifest.hex())
}

/// Whether a repository has all of an image.
pub(super) async fn is_there(
    registry: &dyn Registry,
    repository: &str,
    manifest: Digest,
    platform: &Platform,
) -> Result<bool, RegistryError> {
    match registry.resolve(&format!("{repository}:{}", last_tag(manifest)), platform).await {
        Ok(found) => Ok(found.digest == manifest),
        Err(RegistryError::NotFound { .. }) => Ok(false),
        Err(error) => Err(error),
    }
}
