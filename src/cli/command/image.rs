//! `rekindle image`: what is in the store of images.

use camino::Utf8Path;
use clap::Subcommand;
use serde_json::{Value, json};

use crate::cli::Session;
use crate::cli::exit_code::ExitCode;
use crate::cli::failure::Failure;
use crate::cli::image_about;
use crate::cli::image_build;
use crate::disk::{Store, StoredImage, Wanted, Workspace, image_files};
use crate::image::about::Attachment;
use crate::image::canonical::{self, Unpacked};
use crate::manifest::lock::{IMAGE, Lock, LockedImage};
use crate::ui::{SCHEMA, build_view, image_diff_view, text};

/// `image`
#[derive(Debug, Subcommand)]
pub enum ImageCommand {
    /// List the images in the store, with the names under which other tools find them
    #[command(after_help = "Examples:\n  rekindle image ls\n  \
        skopeo inspect oci:.rekindle/store:in-0123...   look at one with another tool")]
    Ls,
    /// Compare two images: of the store, of an OCI image layout, of an archive (`docker save`)
    #[command(
        after_help = "Examples:\n  rekindle image diff sha256:0123... sha256:4567...   two of the store\n  \
        rekindle image diff page.tar other/layout:1.4        an archive, and a named image of a layout\n\n\
        Ends with 0 when they are the same, with 3 when they differ, with 1 when they could not be compared."
    )]
    Diff {
        /// `sha256:DIGEST` or `in-INPUT` of the store, or PATH, PATH:NAME or PATH@DIGEST of a layout or an archive
        #[arg(value_name = "A")]
        one: String,
        /// The other image
        #[arg(value_name = "B")]
        other: String,
    },
    /// Show what an image was made from and by whom, and which packages are in it
    #[command(after_help = "Examples:\n  rekindle image show in-0123...\n  \
        rekindle image show sha256:0123... --packages      the list in SPDX\n  \
        rekindle image show sha256:0123... --provenance    the statement in the words of in-toto and SLSA")]
    Show {
        /// `sha256:DIGEST` or `in-INPUT` of the store, as `rekindle image ls` and `rekindle build` show them
        #[arg(value_name = "IMAGE")]
        image: String,
        /// Print the statement of its provenance as it is, in JSON
        #[arg(long, conflicts_with = "packages")]
        provenance: bool,
        /// Print the list of its packages as it is, in JSON
        #[arg(long)]
        packages: bool,
    },
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
        ImageCommand::Show { image, provenance, packages } => {
            let wanted = match (provenance, packages) {
                (true, _) => Some(Attachment::Provenance),
                (_, true) => Some(Attachment::Packages),
                _ => None,
            };
            image_about::show(session, &store, image, wanted)
        }
        ImageCommand::Diff { one, other } => difference(session, &store, one, other),
    }
}

fn difference(session: &Session, store: &Store, one: &str, other: &str) -> Result<ExitCode, Failure> {
    let mut space = store.workspace("diff");
    let (one, other) = (unpacked(&mut space, store, one)?, unpacked(&mut space, store, other)?);
    let document = image_build::compared(&space, &one, &other)?;
    if session.console.is_json() {
        session.console.document(&document)?;
    } else {
        session.console.result(&image_diff_view::differences(&document, session.console.verbose))?;
    }
    Ok(if document["same"] == true { ExitCode::Done } else { ExitCode::Different })
}

/// Finds the image that somebody means.
fn unpacked(space: &mut Workspace, store: &Store, meant: &str) -> Result<Unpacked, Failure> {
    let is_stored = meant.starts_with("sha256:") || meant.starts_with("in-");
    let (path, name) = match meant.split_once('@').or_else(|| meant.rsplit_once(':')) {
        _ if is_stored => (store.path(), Some(meant)),
        Some((path, name)) if !Utf8Path::new(meant).exists() => (Utf8Path::new(path), Some(name)),
        _ => (Utf8Path::new(meant), None),
    };
    let files = image_files(space, path)?;
    Ok(canonical::unpack(space, &files, name)?)
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
    let units = project.units.values().filter_map(|unit| unit.image.as_ref());
    wanted.blobs.extend(units.flat_map(|image| &image.fetches).map(|fetch| fetch.digest));
    let (images, bytes) = store.collect_garbage(&wanted)?;
    if session.console.is_json() {
        session.console.document(&json!({"schema": SCHEMA, "images": images, "bytes": bytes}))?;
    } else {
        session.console.result(&format!("removed {images} images, {} in all\n", text::bytes(bytes)))?;
    }
    Ok(ExitCode::Done)
}
