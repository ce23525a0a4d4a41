//! What images are made of and lies elsewhere: base images and fetched files, brought into the store.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};
use std::sync::Arc;

use futures_util::{StreamExt as _, TryStreamExt as _, stream};

use crate::cli::exit_code::ExitCode;
use crate::cli::failure::Failure;
use crate::cli::{Session, runtime, wire};
use crate::disk::{self, Incoming, Store};
use crate::image::canonical;
use crate::image::{Base, BaseLayer, Blob, Known, base_image, base_layers};
use crate::model::{BaseImage, Digest, Environment, Fetch, Platform};
use crate::port::{Registry, RegistryError};
use crate::release::DesiredImage;
use crate::ui::text;

/// Blobs of one base image that are on their way at a time.
const AT_ONCE: usize = 3;

/// Bytes after which it is said how far a blob is.
const STEP: u64 = 64 << 20;

/// What the lock says of a base image is not what its own documents say.
#[derive(Debug, thiserror::Error)]
#[error("`rekindle.lock` says of the base image `{0}` what its manifest and its configuration do not say")]
struct OtherBase(String);

/// Somebody stopped it.
#[derive(Debug, thiserror::Error)]
#[error("interrupted: what came whole is kept, and the rest will be asked for again")]
struct Interrupted;

/// A base image by its name, what the lock says of it, and for which platform.
type Named<'i> = (&'i str, &'i BaseImage, &'i Platform);

/// Looks at what images are made of that are not in the store, or that are built again all the same.
pub fn look(
    session: &Session,
    environment: &Environment,
    store: &Store,
    images: &[DesiredImage],
    is_again: bool,
) -> Result<Known, Failure> {
    let mut wanted = Vec::new();
    for image in images {
        let has_some = !image.fetches.is_empty() || !image.recipe.bases.is_empty();
        if has_some && (is_again || store.find(image.recipe.input)?.is_none()) {
            wanted.push(image);
        }
    }
    bring(session, environment, store, &wanted)
}

/// Brings what these images are made of into the store, where it is not there yet, and says what it is.
fn bring(
    session: &Session,
    environment: &Environment,
    store: &Store,
    images: &[&DesiredImage],
) -> Result<Known, Failure> {
    let (mut known, mut missing) = (Known::default(), Missing::default());
    let mut bases: BTreeMap<Digest, Named<'_>> = BTreeMap::new();
    let mut looked_at: BTreeMap<Digest, bool> = BTreeMap::new();
    for image in images {
        for fetch in &image.fetches {
            match store.size(fetch.digest) {
                Some(size) => drop(known.files.insert(fetch.digest, size)),
                None => drop(missing.files.insert(fetch.digest, fetch)),
            }
        }
        for (name, base) in &image.recipe.bases {
            bases.insert(base.manifest, (name, base, &image.recipe.platform));
            if !image.recipe.runs_programs {
                *looked_at.entry(base.manifest).or_default() |= image.recipe.copied.contains(&base.manifest);
            }
        }
    }
    for (manifest, base) in &bases {
        if store.base(*manifest)?.is_none() {
            missing.bases.push(*base);
        }
    }
    if !missing.bases.is_empty() || !missing.files.is_empty() {
        let files = runtime::run(async |stop| {
            let work =
                Bring { session, store, registry: wire::registry(session, environment.targets.values())? };
            tokio::select! {
                done = work.all(&missing) => done,
                () = stop.finishing() => Err(Failure::new(ExitCode::Interrupted, Interrupted)),
            }
        })?;
        known.files.extend(files);
    }
    for (manifest, (name, base, _)) in bases {
        let opened = Opened::new(store, name, base)?;
        // An engine looks at the files itself.
        if let Some(is_copied) = looked_at.get(&manifest) {
            known.bases.insert(manifest, Arc::new(opened.list(store, *is_copied)?));
        }
    }
    Ok(known)
}

/// A base image of the store.
struct Opened {
    image: BaseImage,
    layers: Vec<BaseLayer>,
}

impl Opened {
    /// Compares it with what the lock says.
    fn new(store: &Store, name: &str, locked: &BaseImage) -> Result<Self, Failure> {
        let other = || {
            Failure::new(ExitCode::Different, OtherBase(name.to_owned()))
                .hint("somebody edited the lock: restore it, or run `rekindle lock --update`")
        };
        let (manifest, configuration) = store.base(locked.manifest)?.ok_or_else(other)?;
        let image = base_image(&manifest, &configuration)?;
        if image != *locked {
            return Err(other());
        }
        let layers = base_layers(&manifest, &image.diff_ids)?;
        Ok(Self { image, layers })
    }

    /// Looks at its files.
    fn list(self, store: &Store, is_copied: bool) -> Result<Base, Failure> {
        let Self { image, layers } = self;
        let mut space = store.workspace("base");
        let files = disk::image_files(&mut space, store.path())?;
        let unpacked = canonical::unpack(&mut space, &files, Some(&image.manifest.to_string()))?;
        Ok(canonical::list(image, layers, &unpacked, Arc::new(space), is_copied)?)
    }
}

/// What is not in the store.
#[derive(Default)]
struct Missing<'i> {
    bases: Vec<Named<'i>>,
    files: BTreeMap<Digest, &'i Fetch>,
}

struct Bring<'b> {
    session: &'b Session,
    store: &'b Store,
    registry: Arc<dyn Registry>,
}

impl Bring<'_> {
    /// Gives the sizes of the files.
    async fn all(&self, missing: &Missing<'_>) -> Result<Vec<(Digest, u64)>, Failure> {
        for base in &missing.bases {
            self.base(*base).await?;
        }
        let files = stream::iter(missing.files.values()).map(|fetch| self.file(fetch));
        files.buffer_unordered(AT_ONCE).try_collect().await
    }

    async fn file(&self, fetch: &Fetch) -> Result<(Digest, u64), Failure> {
        self.tell(&format!("fetches {}", fetch.url))?;
        let mut steps = self.begin(&fetch.path)?;
        self.registry.fetch(&fetch.url, fetch.digest, &mut steps).await?;
        let blob = self.keep(steps)?;
        Ok((blob.digest, blob.size))
    }

    /// The blobs first: what the index names is there.
    async fn base(&self, (name, base, platform): Named<'_>) -> Result<(), Failure> {
        // The digest is what the lock has for this platform; the one that was written may be an index's.
        let pinned = format!("{}@{}", name.split('@').next().unwrap_or(name), base.manifest);
        let remote = self.registry.resolve(&pinned, platform).await?;
        let layers = base_layers(&remote.manifest, &base.diff_ids)?;
        let once: BTreeSet<(Digest, u64)> =
            layers.iter().map(|BaseLayer { layer, .. }| (layer.blob.digest, layer.blob.size)).collect();
        let absent: Vec<(Digest, u64)> =
            once.into_iter().filter(|(digest, _)| !self.store.has(*digest)).collect();
        let bytes = text::bytes(absent.iter().map(|(_, size)| size).sum());
        self.tell(&format!("pulls the base image {name} ({} layers, {bytes})", absent.len()))?;
        let pull = |(digest, size): (Digest, u64)| {
            let pinned = &pinned;
            async move {
                let mut steps = self.begin(name)?;
                self.registry.pull(pinned, digest, size, &mut steps).await?;
                self.keep(steps)
            }
        };
        let pulled = stream::iter(absent).map(pull).buffer_unordered(AT_ONCE);
        let _: Vec<Blob> = pulled.try_collect().await?;
        self.document(&remote.configuration, name)?;
        let manifest = self.document(&remote.manifest, name)?;
        let kind: serde_json::Value = serde_json::from_slice(&remote.manifest).unwrap_or_default();
        let kind = kind["mediaType"].as_str().unwrap_or(crate::image::MANIFEST);
        Ok(self.store.enter_base(manifest, kind)?)
    }

    fn document(&self, bytes: &[u8], of: &str) -> Result<Blob, Failure> {
        let mut steps = self.begin(of)?;
        steps.write_all(bytes).map_err(|error| here(of, error))?;
        self.keep(steps)
    }

    fn begin<'s>(&'s self, of: &'s str) -> Result<Steps<'s>, Failure> {
        let incoming = self.store.incoming().map_err(|error| here(of, error))?;
        Ok(Steps { session: self.session, of, incoming, told: 0 })
    }

    fn keep(&self, steps: Steps<'_>) -> Result<Blob, Failure> {
        let of = steps.of;
        Ok(self.store.keep_incoming(steps.incoming).map_err(|error| here(of, error))?)
    }

    fn tell(&self, what: &str) -> Result<(), Failure> {
        Ok(self.session.console.progress(&format!("{what}\n"))?)
    }
}

fn here(what: &str, source: io::Error) -> RegistryError {
    RegistryError::Here { what: what.to_owned(), source }
}

/// Says of a large blob how far it is.
struct Steps<'s> {
    session: &'s Session,
    of: &'s str,
    incoming: Incoming,
    told: u64,
}

impl Write for Steps<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.incoming.write(bytes)?;
        let size = self.incoming.size();
        if size / STEP > self.told {
            self.told = size / STEP;
            // A line that cannot be written is no reason to stop.
            let _ = self.session.console.progress(&format!("{}: {} came\n", self.of, text::bytes(size)));
        }
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.incoming.flush()
    }
}
