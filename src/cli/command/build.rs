//! `rekindle build`: an environment's images, from source to digest.

use std::collections::BTreeSet;

use clap::Args;
use serde_json::{Value, json};

use crate::cli::Session;
use crate::cli::exit_code::ExitCode;
use crate::cli::failure::Failure;
use crate::cli::image_build::{self, ChosenBuilder, Made};
use crate::cli::{names, push, supplies};
use crate::disk::{self, Store};
use crate::image::Known;
use crate::manifest::Project;
use crate::manifest::lock::{IMAGE, Lock, LockedImage};
use crate::model::files::LOCK_FILE;
use crate::model::{Digest, EnvironmentName, InstanceName};
use crate::release::{Assembler, DesiredImage};
use crate::ui::{SCHEMA, build_view};

/// `build`
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  rekindle build demo\n  rekindle build demo maintenance-page\n  rekindle build production --push\n  rekindle build production --output json\n  \
    rekindle build demo --verify        is everything in it reproducible? if not, what is not, and why\n\n\
    Images whose Dockerfile only copies and configures are put together without a Docker engine; \
    see docs/images.md. Run it before `deploy`, and commit `rekindle.lock`."
)]
pub struct BuildArguments {
    /// Environment
    #[arg(value_name = "ENV")]
    pub environment: EnvironmentName,
    /// Images; all of the environment when left away
    #[arg(value_name = "UNIT[@TARGET]")]
    pub units: Vec<InstanceName>,
    /// Who builds: a builder of the Docker engine, or none at all. Without it, images that only copy and
    /// configure are put together without an engine, and BuildKit builds the others
    #[arg(long, value_name = "BUILDER")]
    pub builder: Option<ChosenBuilder>,
    /// Build every image twice, by different builders and at different times, and compare; an image that
    /// differs is explained and not taken
    #[arg(long)]
    pub verify: bool,
    /// Push each image to the repository that its unit names, tagged `in-INPUT` and `img-MANIFEST`
    #[arg(long)]
    pub push: bool,
}

/// The same input gave another image than before.
#[derive(Debug, thiserror::Error)]
#[error("the image `{instance}` came out otherwise than `{LOCK_FILE}` says: {made} now, {locked} there")]
struct Different {
    instance: InstanceName,
    made: Digest,
    locked: Digest,
}

/// Builds what the store does not have, and writes what came out into the lock.
pub fn run(session: &Session, arguments: &BuildArguments) -> Result<ExitCode, Failure> {
    let project = session.project()?;
    let (mut store, made) = made(session, &project, arguments.verify)?;
    let known = Known { made: made.clone(), ..Known::default() };
    let (environment, images) = Assembler::new(&project).knowing(known).images(&arguments.environment)?;
    let all: Vec<InstanceName> = images.iter().map(|image| image.instance.clone()).collect();
    names::units(&environment, arguments.units.iter(), &all.iter().cloned().collect())?;
    let mut images = selected(images, &arguments.units);
    let (mut built, mut listed, mut code) = (Vec::new(), Vec::new(), ExitCode::Done);
    // It is held until the lock is written: two builds at once would take each other's digests out.
    if images.is_empty() {
        store = None;
    } else if store.is_none() {
        store = Some(Store::open(&session.state()?)?);
    }
    if let Some(store) = &store {
        let known = supplies::look(session, &environment, store, &images, arguments.verify)?;
        if !known.is_empty() {
            let known = Known { made, ..known };
            (_, images) = Assembler::new(&project).knowing(known).images(&arguments.environment)?;
            images = selected(images, &arguments.units);
        }
    }
    if let Some(store) = &store {
        let make = |image: &DesiredImage| {
            if arguments.verify {
                let verified = image_build::verify(session, store, image, arguments.builder)?;
                return Ok((verified.made, Some(verified.document)));
            }
            Ok((image_build::find_or_make(session, store, image, arguments.builder)?, None))
        };
        for (image, made) in images.iter().zip(image_build::all(&images, make)) {
            let (made, verified) = made?;
            let (input, manifest) = (image.recipe.input, made.manifest.digest);
            let differs = verified.as_ref().is_some_and(|document| document["same"] == false);
            listed.push(described(image, &made, verified));
            if differs {
                code = ExitCode::Different;
                continue;
            }
            check(image, manifest)?;
            built.push((image.instance.clone(), LockedImage { input, manifest }));
        }
    }
    if let Some(store) = &store {
        session.known_digests()?.write(&session.state()?.context_digests(), false)?;
        store.write_digests()?;
    }
    // What differs is not taken: the lock keeps what it says of it, and nothing is pushed.
    if code == ExitCode::Done {
        write_lock(session, &environment.name, &all, &built)?;
    }
    if let (ExitCode::Done, true, Some(store)) = (code, arguments.push, &store) {
        let made: Vec<(&DesiredImage, Digest)> =
            images.iter().zip(&built).map(|(image, (_, built))| (image, built.manifest)).collect();
        let pushed = push::push(session, &environment, store, &made)?;
        for (entry, reference) in listed.iter_mut().zip(pushed) {
            entry["pushed"] = json!(reference);
        }
    }
    let document: Value = json!({"schema": SCHEMA, "environment": environment.name, "images": listed});
    if session.console.is_json() {
        session.console.document(&document)?;
    } else {
        session.console.result(&build_view::build(&document, session.console.verbose))?;
    }
    Ok(code)
}

/// An image in the document.
fn described(image: &DesiredImage, made: &Made, verified: Option<Value>) -> Value {
    let (input, manifest) = (image.recipe.input, made.manifest.digest);
    let mut described =
        json!({"unit": image.instance, "input": input, "manifest": manifest, "how": made.how});
    if made.how == "built" {
        described["dropped"] = image_build::described(&made.dropped);
    }
    if let Some(document) = verified {
        described["verified"] = document;
    }
    described
}

/// The store where there is one, and the inputs that the lock names whose images it has, whole. What is built
/// again all the same is none of them.
fn made(
    session: &Session,
    project: &Project,
    is_again: bool,
) -> Result<(Option<Store>, BTreeSet<Digest>), Failure> {
    let store = Store::open_if_there(&session.state()?)?;
    let mut made = BTreeSet::new();
    let images = project.lock.facts.iter().filter(|(fact, _)| fact.provider == IMAGE && !is_again);
    for locked in images.filter_map(|(_, value)| LockedImage::from_value(value)) {
        if let Some(store) = &store
            && store.find(locked.input)?.is_some()
        {
            made.insert(locked.input);
        }
    }
    Ok((store, made))
}

/// The images that are named; all when none is.
fn selected(mut images: Vec<DesiredImage>, named: &[InstanceName]) -> Vec<DesiredImage> {
    images.retain(|image| named.is_empty() || named.contains(&image.instance));
    images
}

/// What the lock says of an input holds: nothing may come out otherwise.
fn check(image: &DesiredImage, made: Digest) -> Result<(), Failure> {
    match image.locked.filter(|locked| *locked != made) {
        None => Ok(()),
        Some(locked) => {
            let different = Different { instance: image.instance.clone(), made, locked };
            Err(Failure::new(ExitCode::Different, different).hint(
                "somebody edited the lock, or the two versions of rekindle differ; take the entry out of the \
                 lock to accept what came out now",
            ))
        }
    }
}

/// The lock is read again: somebody may have changed it while the images were made.
fn write_lock(
    session: &Session,
    environment: &EnvironmentName,
    all: &[InstanceName],
    built: &[(InstanceName, LockedImage)],
) -> Result<(), Failure> {
    let root = session.root()?;
    let before = match disk::read_lock(&root)?.0.get(LOCK_FILE) {
        Some(bytes) => Lock::read(bytes)?,
        None => Lock::default(),
    };
    let mut lock = before.clone();
    lock.set_images(environment, all, built);
    if lock != before {
        disk::write_atomically(&root.join(LOCK_FILE), lock.write().as_bytes())?;
        session.console.progress(&format!("{LOCK_FILE} is updated: commit it\n"))?;
    }
    Ok(())
}
