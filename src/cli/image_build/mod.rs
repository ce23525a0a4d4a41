//! One image from source to manifest: found in the store, put together, or built by a Docker engine and
//! made canonical.

mod about;
mod base;
mod engine;
mod parallel;
mod progress;
mod secrets;
mod verify;

use clap::ValueEnum;
use serde_json::{Value, json};

use crate::cli::Session;
use crate::cli::exit_code::ExitCode;
use crate::cli::failure::Failure;
use crate::cli::image_build::progress::Steps;
use crate::disk::{ContextFiles, KnownDigests, Store, Workspace};
use crate::image::about::Texts;
use crate::image::canonical::{self, Canonical, Dropped, Unpacked};
use crate::image::{AssembleError, Blob, assemble, texts};
use crate::model::InstanceName;
use crate::port::Builder;
use crate::release::DesiredImage;
use crate::ui::SCHEMA;

pub use parallel::{AT_ONCE, all};
pub use verify::verify;

/// Who is to build.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ChosenBuilder {
    /// The engine's first builder: every instruction is a container
    Classic,
    /// The engine's second builder
    Buildkit,
    /// No engine: images that run programs are refused
    None,
}

/// An image whose bytes are in the store.
#[derive(Clone, Debug)]
pub struct Made {
    /// Its manifest.
    pub manifest: Blob,
    /// In the words of the `build` document.
    pub how: &'static str,
    /// Who made it, for people.
    pub by: String,
    /// What drop rules did, where an engine built it.
    pub dropped: Vec<Dropped>,
    /// The engine that built it, with its version, and the builder; `None` where none did.
    engine: Option<(String, Builder)>,
    /// The files that say which packages it has; none where it was not made now.
    texts: Texts,
}

/// An image that needs an engine, and none is wanted.
#[derive(Debug, thiserror::Error)]
#[error("the Dockerfile of `{0}` runs programs, and `--builder none` allows no engine")]
struct NeedsEngine(InstanceName);

/// An image that takes from another what only an engine copies.
#[derive(Debug, thiserror::Error)]
#[error(
    "the Dockerfile of `{0}` copies devices or several names of one file out of an image, and `--builder none` \
     allows no engine"
)]
struct CopiesLinks(InstanceName);

/// An image that `BuildKit` alone understands, and the other builder was named.
#[derive(Debug, thiserror::Error)]
#[error(
    "the Dockerfile of `{0}` needs BuildKit: it has an option of RUN, COPY or ADD, or a here-document, that the \
     classic builder does not know"
)]
struct NeedsBuildKit(InstanceName);

/// Takes an image from the store, or makes it.
pub fn find_or_make(
    session: &Session,
    store: &Store,
    image: &DesiredImage,
    chosen: Option<ChosenBuilder>,
) -> Result<Made, Failure> {
    let _claim = store.claim(image.recipe.input);
    if let Some(manifest) = store.find(image.recipe.input)? {
        let (dropped, texts) = (Vec::new(), Texts::new());
        return Ok(Made { manifest, how: "reused", by: String::new(), dropped, engine: None, texts });
    }
    let builder = builder(image, chosen)?;
    let made = make(session, store, image, builder)?;
    enter(session, store, image, &made)?;
    Ok(made)
}

/// Puts what was made into the store's index, with what is said about it, and says what drop rules took out.
fn enter(session: &Session, store: &Store, image: &DesiredImage, made: &Made) -> Result<(), Failure> {
    let attached = about::keep(store, image, made)?;
    store.enter(image.recipe.input, made.manifest, &attached)?;
    tell_dropped(session, image, &made.dropped)
}

/// Who builds an image; `None` where it is put together without an engine.
fn builder(image: &DesiredImage, chosen: Option<ChosenBuilder>) -> Result<Option<Builder>, Failure> {
    match chosen {
        Some(ChosenBuilder::Classic) if image.recipe.execution.needs_buildkit => {
            let failure = Failure::new(ExitCode::Error, NeedsBuildKit(image.instance.clone()));
            Err(failure.hint("leave `--builder` away, or write `--builder buildkit`"))
        }
        Some(ChosenBuilder::Classic) => Ok(Some(Builder::Classic)),
        Some(ChosenBuilder::Buildkit) => Ok(Some(Builder::BuildKit)),
        None if image.recipe.needs_engine => Ok(Some(Builder::BuildKit)),
        Some(ChosenBuilder::None) if image.recipe.runs_programs => {
            let failure = Failure::new(ExitCode::Error, NeedsEngine(image.instance.clone()));
            Err(failure.hint("leave `--builder` away, or take `RUN` out of the Dockerfile"))
        }
        Some(ChosenBuilder::None) if image.recipe.needs_engine => {
            let failure = Failure::new(ExitCode::Error, CopiesLinks(image.instance.clone()));
            Err(failure.hint("leave `--builder` away, or copy one of the names and link the others by hand"))
        }
        None | Some(ChosenBuilder::None) => Ok(None),
    }
}

/// Makes an image, whatever the store has.
fn make(
    session: &Session,
    store: &Store,
    image: &DesiredImage,
    builder: Option<Builder>,
) -> Result<Made, Failure> {
    if let Some(builder) = builder {
        let (Canonical { manifest, dropped, texts }, name) = engine::build(session, store, image, builder)?;
        let by = format!("{name} ({})", builder.word());
        return Ok(Made { manifest, how: "built", by, dropped, engine: Some((name, builder)), texts });
    }
    let progress = Steps::new(session, &image.instance, image.recipe.bytes());
    let contents = contents(session, image)?;
    let made = assemble(&image.recipe, &contents, &progress, &mut { store });
    let manifest = made.inspect_err(|error| doubt(session, error))?;
    let texts = texts(&image.recipe, &contents)?;
    let (by, dropped) = ("rekindle itself".to_owned(), Vec::new());
    Ok(Made { manifest, how: "assembled", by, dropped, engine: None, texts })
}

fn contents<'s>(session: &'s Session, image: &DesiredImage) -> Result<ContextFiles<'s>, Failure> {
    let (root, store) = (session.root()?, session.state()?.store());
    let directory = image.context.as_deref().unwrap_or(".");
    Ok(ContextFiles::new(&root, directory, &store, session.known_digests()?))
}

/// A file that is not what was listed may be one that changed without any sign of it, as a program changes
/// those that it has mapped: no digest that was kept is believed again.
fn doubt(session: &Session, error: &AssembleError) {
    if let (AssembleError::Changed { .. }, Ok(state)) = (error, session.state()) {
        KnownDigests::forget(&state.context_digests());
    }
}

/// What drop rules did, for the `build` document.
pub fn described(dropped: &[Dropped]) -> Value {
    dropped.iter().map(|rule| json!({"rule": rule.rule, "paths": rule.paths})).collect()
}

/// What a rule took out is said each time: it is no longer what the Dockerfile made.
fn tell_dropped(session: &Session, image: &DesiredImage, dropped: &[Dropped]) -> Result<(), Failure> {
    for rule in dropped {
        let text = match rule.paths.is_empty() {
            true => format!("{}: `drop: {}` found nothing\n", image.instance, rule.rule),
            false => format!("{}: reset to base: {}\n", image.instance, rule.paths.join(", ")),
        };
        session.console.aside(&text)?;
    }
    Ok(())
}

/// The document that says what two images differ in.
pub fn compared(space: &Workspace, one: &Unpacked, other: &Unpacked) -> Result<Value, Failure> {
    let (differences, count) = canonical::compare(space, one, other)?;
    // Without manifests, as in an engine's archive, only what is in them can be compared.
    let is_same = match one.manifest.zip(other.manifest) {
        Some((one, other)) => one == other,
        None => count == 0,
    };
    Ok(json!({
        "schema": SCHEMA,
        "same": is_same,
        "manifests": [one.manifest, other.manifest],
        "count": count,
        "differences": differences,
    }))
}
