//! `rekindle build`: an environment's images, from source to digest.

use std::cell::Cell;

use clap::Args;
use serde_json::{Value, json};

use crate::cli::Session;
use crate::cli::exit_code::ExitCode;
use crate::cli::failure::Failure;
use crate::cli::push;
use crate::disk::{self, ContextFiles, Store};
use crate::image::{Progress, assemble};
use crate::manifest::lock::{Lock, LockedImage};
use crate::model::files::LOCK_FILE;
use crate::model::{Digest, EnvironmentName, InstanceName};
use crate::release::{Assembler, DesiredImage};
use crate::ui::{SCHEMA, build_view, text};

/// `build`
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  rekindle build demo\n  rekindle build production --push\n  rekindle build production --output json\n\n\
    Images whose Dockerfile only copies and configures are put together without a Docker engine; \
    see docs/images.md. Run it before `deploy`, and commit `rekindle.lock`."
)]
pub struct BuildArguments {
    /// Environment
    #[arg(value_name = "ENV")]
    pub environment: EnvironmentName,
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
    let mut built = Vec::new();
    let mut listed = Vec::new();
    // It is held until the lock is written: two builds at once would take each other's digests out.
    let mut store = if images.is_empty() { None } else { Some(Store::open(&session.state()?)?) };
    if let Some(store) = &mut store {
        for image in &images {
            let (manifest, how) = build(session, store, image)?;
            check(image, manifest)?;
            let input = image.recipe.input;
            built.push((image.instance.clone(), LockedImage { input, manifest }));
            listed.push(json!({"unit": image.instance, "input": input, "manifest": manifest, "how": how}));
        }
    }
    write_lock(session, &environment.name, &built)?;
    if let (true, Some(store)) = (arguments.push, &store) {
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
        session.console.result(&build_view::build(&document))?;
    }
    Ok(ExitCode::Done)
}

/// The image's manifest, and whether it had to be made.
fn build(
    session: &Session,
    store: &mut Store,
    image: &DesiredImage,
) -> Result<(Digest, &'static str), Failure> {
    let input = image.recipe.input;
    if let Some(manifest) = store.find(input)? {
        return Ok((manifest.digest, "reused"));
    }
    let contents = ContextFiles::new(&session.root()?, image.context.as_deref().unwrap_or("."));
    let progress = Steps {
        session,
        instance: &image.instance,
        all: image.recipe.bytes(),
        copied: Cell::new(0),
        told: Cell::new(0),
    };
    let manifest = assemble(&image.recipe, &contents, &progress, store)?;
    store.enter(input, manifest)?;
    Ok((manifest.digest, "assembled"))
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
    built: &[(InstanceName, LockedImage)],
) -> Result<(), Failure> {
    let root = session.root()?;
    let before = match disk::read_lock(&root)?.0.get(LOCK_FILE) {
        Some(bytes) => Lock::read(bytes)?,
        None => Lock::default(),
    };
    let mut lock = before.clone();
    lock.set_images(environment, built);
    if lock != before {
        disk::write_atomically(&root.join(LOCK_FILE), lock.write().as_bytes())?;
        session.console.progress(&format!("{LOCK_FILE} is updated: commit it\n"))?;
    }
    Ok(())
}

/// Tells of large images how far they are, every tenth part.
struct Steps<'s> {
    session: &'s Session,
    instance: &'s InstanceName,
    /// Bytes of the whole image.
    all: u64,
    copied: Cell<u64>,
    told: Cell<u64>,
}

/// Bytes from which on an image is large: one takes about a second.
const LARGE: u64 = 256 << 20;

impl Progress for Steps<'_> {
    fn copied(&self, bytes: u64) {
        self.copied.set(self.copied.get() + bytes);
        if self.all < LARGE {
            return;
        }
        let tenth = self.copied.get() * 10 / self.all;
        if tenth > self.told.get() {
            self.told.set(tenth);
            let (copied, all) = (text::bytes(self.copied.get()), text::bytes(self.all));
            // A line that cannot be written is no reason to stop.
            let _ = self.session.console.progress(&format!("{}: {copied} of {all}\n", self.instance));
        }
    }
}
