//! Builds an image twice, as differently as this machine allows, and says what came out otherwise.

use std::time::Duration;

use serde_json::{Value, json};

use crate::cli::exit_code::ExitCode;
use crate::cli::failure::{Failure, Problem};
use crate::cli::image_build::{ChosenBuilder, Made, builder, compared, enter, make};
use crate::cli::{Session, runtime};
use crate::disk::{Store, Workspace, image_files};
use crate::image::canonical::{self, Unpacked};
use crate::model::Digest;
use crate::port::{Builder, BuilderError};
use crate::release::DesiredImage;

/// Between two builds: a time in whole seconds is another one then.
const APART: Duration = Duration::from_millis(1100);

/// Two builds of one image.
#[derive(Clone, Debug)]
pub struct Verified {
    /// The first one.
    pub made: Made,
    /// Who built, and what differs.
    pub document: Value,
}

/// A verification that somebody stopped.
#[derive(Debug, thiserror::Error)]
#[error("interrupted between two builds")]
struct Interrupted;

/// Builds twice, and takes the image when both are the same.
pub fn verify(
    session: &Session,
    store: &Store,
    image: &DesiredImage,
    chosen: Option<ChosenBuilder>,
) -> Result<Verified, Failure> {
    let first = builder(image, chosen)?;
    let made = make(session, store, image, first)?;
    if first.is_some() {
        wait()?;
    }
    let second = again(session, store, image, first, chosen)?;
    let builds = [&made.by, &second.by];
    if made.manifest == second.manifest {
        enter(session, store, image, &made)?;
        return Ok(Verified { document: json!({"same": true, "builds": builds}), made });
    }
    let mut space = store.workspace("compare");
    let one = unpacked(&mut space, store, made.manifest.digest)?;
    let other = unpacked(&mut space, store, second.manifest.digest)?;
    let mut document = compared(&space, &one, &other)?;
    document["builds"] = json!(builds);
    Ok(Verified { made, document })
}

/// The second build: by the other builder where it understands the Dockerfile, and by an engine after none
/// where one answers.
fn again(
    session: &Session,
    store: &Store,
    image: &DesiredImage,
    first: Option<Builder>,
    chosen: Option<ChosenBuilder>,
) -> Result<Made, Failure> {
    match first {
        Some(builder) if image.recipe.execution.needs_buildkit => make(session, store, image, Some(builder)),
        Some(builder) => make(session, store, image, Some(builder.other())),
        None if chosen.is_some() || !cfg!(feature = "docker") => make(session, store, image, None),
        None => match make(session, store, image, Some(Builder::BuildKit)) {
            Err(failure) if is_no_engine(&failure) => {
                let text = format!("{}: no Docker engine answers: put together twice\n", image.instance);
                session.console.aside(&text)?;
                make(session, store, image, None)
            }
            made => made,
        },
    }
}

fn is_no_engine(failure: &Failure) -> bool {
    let Problem::Chain(error) = &failure.problem else { return false };
    matches!(error.downcast_ref::<BuilderError>(), Some(BuilderError::NoEngine { .. }))
}

fn wait() -> Result<(), Failure> {
    runtime::run(async |stop| {
        tokio::select! {
            () = tokio::time::sleep(APART) => Ok(()),
            () = stop.finishing() => Err(Failure::new(ExitCode::Interrupted, Interrupted)),
        }
    })
}

fn unpacked(space: &mut Workspace, store: &Store, manifest: Digest) -> Result<Unpacked, Failure> {
    let files = image_files(space, store.path())?;
    Ok(canonical::unpack(space, &files, Some(&manifest.to_string()))?)
}
