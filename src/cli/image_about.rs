//! `rekindle image show`: what is said about an image of the store.

use std::io::Read as _;

use serde_json::{Value, json};

use crate::cli::Session;
use crate::cli::exit_code::ExitCode;
use crate::cli::failure::Failure;
use crate::disk::{Store, StoreError, StoredImage};
use crate::image::about::Attachment;
use crate::model::Digest;
use crate::ui::{SCHEMA, image_about_view};

/// The store has no such image.
#[derive(Debug, thiserror::Error)]
#[error("the store has no image `{0}`")]
struct NoImage(String);

/// Nothing is said about an image.
#[derive(Debug, thiserror::Error)]
#[error("the store does not say how `{0}` was made")]
struct Nothing(Digest);

/// Shows it: in short, or one document as it is.
pub fn show(
    session: &Session,
    store: &Store,
    meant: &str,
    wanted: Option<Attachment>,
) -> Result<ExitCode, Failure> {
    let image = find(store, meant)?;
    let mut document = json!({"schema": SCHEMA, "input": image.input, "manifest": image.manifest.digest});
    let attached = store.attached(image.input, image.manifest.digest)?;
    for (kind, manifest) in &attached {
        let bytes = content(store, manifest.digest)?;
        if wanted == Some(*kind) {
            session.console.verbatim(&format!("{}\n", String::from_utf8_lossy(&bytes)))?;
            return Ok(ExitCode::Done);
        }
        document[kind.word()] = serde_json::from_slice(&bytes).unwrap_or_default();
    }
    if attached.is_empty() || wanted.is_some() {
        let hint = "an earlier rekindle made it: `rekindle image gc` after taking it out of the lock, then `rekindle \
                    build`, makes it again";
        return Err(Failure::new(ExitCode::Error, Nothing(image.manifest.digest)).hint(hint));
    }
    if session.console.is_json() {
        session.console.document(&document)?;
    } else {
        session.console.result(&image_about_view::about(&document, session.console.verbose))?;
    }
    Ok(ExitCode::Done)
}

fn find(store: &Store, meant: &str) -> Result<StoredImage, Failure> {
    let is_meant = |image: &StoredImage| {
        let input = format!("in-{}", image.input.hex());
        meant == input
            || [image.input, image.manifest.digest].iter().any(|digest| digest.to_string() == meant)
    };
    let found = store.images()?.into_iter().find(is_meant);
    found.ok_or_else(|| {
        let failure = Failure::new(ExitCode::Error, NoImage(meant.to_owned()));
        failure.hint("`rekindle image ls` lists them; `rekindle build ENV` makes those of an environment")
    })
}

/// The document that an artifact has.
fn content(store: &Store, manifest: Digest) -> Result<Vec<u8>, Failure> {
    let (bytes, _) = store.contents(manifest)?;
    let artifact: Value = serde_json::from_slice(&bytes).unwrap_or_default();
    let digest = artifact["layers"][0]["digest"].as_str().and_then(|digest| digest.parse().ok());
    let damaged = || StoreError::Manifest { path: store.path().to_owned() };
    let mut document = Vec::new();
    let opened = store.open_blob(digest.ok_or_else(damaged)?);
    opened.and_then(|mut file| file.read_to_end(&mut document))?;
    Ok(document)
}
