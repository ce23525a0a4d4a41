//! What is said about an image that was made: the documents are kept beside it, as artifacts that name it.

use crate::cli::failure::Failure;
use crate::cli::image_build::Made;
use crate::disk::Store;
use crate::image::about::{self, Attachment, EMPTY, Software, artifact, provenance, spdx};
use crate::image::{AssembleError, Blob, Blobs as _};
use crate::release::DesiredImage;

/// Keeps the documents, and gives the manifests that attach them.
pub(super) fn keep(
    store: &Store,
    image: &DesiredImage,
    made: &Made,
) -> Result<Vec<(Attachment, Blob)>, Failure> {
    let unit = image.instance.unit.as_str();
    let engine = made.engine.as_ref().map(|(name, builder)| (name.as_str(), builder.word()));
    let statement = provenance(&about::Made {
        unit,
        template: &image.template,
        recipe: &image.recipe,
        fetches: &image.fetches,
        engine,
        manifest: made.manifest.digest,
    });
    let packages = spdx(unit, made.manifest.digest, &Software::read(&made.texts));
    keep_bytes(store, EMPTY)?;
    let mut kept = Vec::new();
    for (attachment, document) in [(Attachment::Provenance, statement), (Attachment::Packages, packages)] {
        let document = keep_bytes(store, &document)?;
        let manifest = artifact(attachment, document, made.manifest);
        kept.push((attachment, keep_bytes(store, &manifest)?));
    }
    Ok(kept)
}

fn keep_bytes(mut store: &Store, bytes: &[u8]) -> Result<Blob, Failure> {
    Ok(store.keep(&mut |out| out.write_all(bytes).map_err(AssembleError::Write))?)
}
