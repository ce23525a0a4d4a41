//! `rekindle image`: what is in the store of images.

use clap::Subcommand;
use serde_json::{Value, json};

use crate::cli::Session;
use crate::cli::exit_code::ExitCode;
use crate::cli::failure::Failure;
use crate::disk::{Store, StoredImage, Wanted};
use crate::manifest::lock::{IMAGE, Lock, LockedImage};
use crate::ui::{SCHEMA, build_view, text};

/// `image`
#[derive(Debug, Subcommand)]
pub enum ImageCommand {
    /// List the images in the store, with the names under which other tools find them
    #[command(after_help = "Examples:\n  rekindle image ls\n  \
        skopeo inspect oci:.rekindle/store:in-0123...   look at one with another tool")]
    Ls,
    /// Remove the images that `rekindle.lock` does not name, and what was left over
    #[command(after_help = "Examples:\n  rekindle image gc")]
    Gc,
}

/// Carries it out.
pub fn run(session: &Session, command: &ImageCommand) -> Result<ExitCode, Failure> {
    let store = Store::open(&session.state()?)?;
    match command {
        ImageCommand::Ls => list(session, &store),
        ImageCommand::Gc => collect_garbage(session, &store),
    }
}

fn list(session: &Session, store: &Store) -> Result<ExitCode, Failure> {
    let described = |image: &StoredImage| json!({"input": image.input, "manifest": image.manifest.digest});
    let images: Vec<Value> = store.images()?.iter().map(described).collect();
    let document = json!({"schema": SCHEMA, "store": store.path(), "images": images});
    if session.console.is_json() {
        session.console.document(&document)?;
    } else {
        session.console.result(&build_view::list(&document))?;
    }
    Ok(ExitCode::Done)
}

fn collect_garbage(session: &Session, store: &Store) -> Result<ExitCode, Failure> {
    let project = session.project()?;
    let mut wanted = Wanted::default();
    for (fact, value) in &project.lock.facts {
        if fact.provider == IMAGE {
            wanted.inputs.extend(LockedImage::from_value(value).map(|locked| locked.input));
        }
        if let Some((_, platform)) = Lock::base_of(fact) {
            wanted.bases.extend(project.lock.bases(&platform).values().map(|base| base.manifest));
        }
    }
    let (images, bytes) = store.collect_garbage(&wanted)?;
    if session.console.is_json() {
        session.console.document(&json!({"schema": SCHEMA, "images": images, "bytes": bytes}))?;
    } else {
        session.console.result(&format!("removed {images} images, {} in all\n", text::bytes(bytes)))?;
    }
    Ok(ExitCode::Done)
}
