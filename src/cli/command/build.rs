//! `rekindle build`: an environment's images, from source to digest.

use clap::Args;
use serde_json::{Value, json};

use crate::cli::Session;
use crate::cli::exit_code::ExitCode;
use crate::cli::failure::Failure;
use crate::cli::image_build::{self, ChosenBuilder};
use crate::cli::{names, push, supplies};
use crate::disk::{self, Store};
use crate::manifest::lock::{Lock, LockedImage};
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
    let (environment, images) = Assembler::new(&project).images(&arguments.environment)?;
    let all: Vec<InstanceName> = images.iter().map(|image| image.instance.clone()).collect();
    names::units(&environment, arguments.units.iter(), &all.iter().cloned().collect())?;
    let mut images = selected(images, &arguments.units);
    let mut built = Vec::new();
    let mut listed = Vec::new();
    let mut code = ExitCode::Done;
    // It is held until the lock is written: two builds at once would take each other's digests out.
    let mut store = if images.is_empty() { None } else { Some(Store::open(&session.state()?)?) };
    if let Some(store) = &store {
        let known = supplies::look(session, &environment, store, &images, arguments.verify)?;
        if !known.is_empty() {
            (_, images) = Assembler::new(&project).knowing(known).images(&arguments.environment)?;
            images = selected(images, &arguments.units);
        }
    }
    if let Some(store) = &mut store {
        for image in &images {
            let (made, verified) = if arguments.verify {
                let verified = image_build::verify(session, store, image, arguments.builder)?;
                (verified.made, Some(verified.document))
            } else {
                (image_build::find_or_make(session, store, image, arguments.builder)?, None)
            };
            let (input, manifest) = (image.recipe.input, made.manifest.digest);
            let mut described =
                json!({"unit": image.instance, "input": input, "manifest": manifest, "how": made.how});
            if made.how == "built" {
                described["dropped"] = image_build::described(&made.dropped);
            }
            let differs = verified.as_ref().is_some_and(|document| document["same"] == false);
            if let Some(document) = verified {
                described["verified"] = document;
            }
            listed.push(described);
            if differs {
                code = ExitCode::Different;
                continue;
            }
            check(image, manifest)?;
            built.push((image.instance.clone(), LockedImage { input, manifest }));
        }
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
