//! One image from its source to its repository.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{OnceCell, Semaphore, mpsc, watch};

use crate::cli::delivery::wanted::Wanted;
use crate::cli::exit_code::ExitCode;
use crate::cli::failure::Failure;
use crate::cli::push::{self, Push};
use crate::cli::{Session, image_build, supplies, wire};
use crate::disk::Store;
use crate::engine::Stop;
use crate::model::{Digest, Environment, InstanceName};
use crate::port::Registry;
use crate::release::{Assembler, DesiredImage};

/// Somebody stopped it.
#[derive(Debug, thiserror::Error)]
#[error("interrupted: what was pushed so far stays there, and no tag names half an image")]
struct Interrupted;

/// The build came to an end that is none.
#[derive(Debug, thiserror::Error)]
#[error("the build broke off")]
struct BrokeOff;

/// The source is not what the plan was made from.
#[derive(Debug, thiserror::Error)]
#[error("the source of the image `{0}` was changed since the plan was made")]
struct Changed(InstanceName);

/// Another image came out than the lock says.
#[derive(Debug, thiserror::Error)]
#[error("the image came out otherwise than `rekindle.lock` says: {made} now, {locked} there")]
struct Different {
    made: Digest,
    locked: Digest,
}

/// What all deliveries of a run share.
pub(super) struct Work {
    session: Session,
    environment: Environment,
    notices: mpsc::UnboundedSender<(InstanceName, String)>,
    /// Opened by the first who needs it: most runs need none.
    store: OnceCell<Arc<Store>>,
    /// So many images are made at a time.
    making: Semaphore,
    /// Held while something is brought into the store: what two images are made of comes once.
    bringing: Mutex<()>,
    registry: OnceCell<Arc<dyn Registry>>,
}

impl Work {
    pub(super) fn new(
        session: &Session,
        environment: &Environment,
        notices: mpsc::UnboundedSender<(InstanceName, String)>,
    ) -> Self {
        let mut session = session.clone();
        // The run has the screen.
        session.console.quiet = true;
        let (store, registry) = (OnceCell::new(), OnceCell::new());
        let (making, bringing) = (Semaphore::new(image_build::AT_ONCE), Mutex::new(()));
        Self { session, environment: environment.clone(), notices, store, making, bringing, registry }
    }

    /// Returns when the image is in its repository, where it is pushed at all.
    pub(super) async fn deliver(
        self: &Arc<Self>,
        wanted: &Wanted,
        repository: watch::Receiver<Option<String>>,
        stop: &Stop,
    ) -> Result<(), Failure> {
        tokio::select! {
            done = self.bring(wanted, repository) => done,
            () = stop.finishing() => Err(Failure::new(ExitCode::Interrupted, Interrupted)),
        }
    }

    async fn bring(
        self: &Arc<Self>,
        wanted: &Wanted,
        mut repository: watch::Receiver<Option<String>>,
    ) -> Result<(), Failure> {
        if wanted.repository.is_none() && wanted.goes() == Some(true) {
            // Nothing can be in a repository that is not there yet: the bytes are needed.
            self.make(wanted).await?;
        }
        let known = repository.wait_for(Option::is_some).await;
        let repository = known.ok().and_then(|known| known.clone()).unwrap_or_default();
        if repository.is_empty() || !wanted.goes_to(&repository) {
            return Ok(());
        }
        let (image, manifest) = (&wanted.image, wanted.built.manifest);
        push::check_place(&self.environment, image, &repository)?;
        let registry = self.registry().await?;
        if push::is_there(&*registry, &repository, manifest, &image.recipe.platform).await? {
            self.tell(&image.instance, &format!("is at {repository}@{manifest} already"));
            return Ok(());
        }
        self.make(wanted).await?;
        let store = self.store().await?;
        let tell = |instance: &InstanceName, what: &str| self.tell(instance, what);
        let push = Push { store: &store, registry, tell: &tell };
        push.image(image, manifest, &repository).await
    }

    /// Has the image in the store.
    async fn make(self: &Arc<Self>, wanted: &Wanted) -> Result<(), Failure> {
        let (work, wanted, store) = (Arc::clone(self), wanted.clone(), self.store().await?);
        // Nobody closes it.
        let _permit = self.making.acquire().await;
        let made = tokio::task::spawn_blocking(move || work.make_here(&store, &wanted));
        made.await.map_err(|_| Failure::new(ExitCode::Error, BrokeOff))?
    }

    /// Blocks, for as long as a build takes. Ctrl-C ends it.
    fn make_here(&self, store: &Store, wanted: &Wanted) -> Result<(), Failure> {
        let (image, locked) = (&wanted.image, wanted.built.manifest);
        if store.find(image.recipe.input)?.is_some_and(|found| found.digest == locked) {
            return Ok(());
        }
        self.tell(&image.instance, "is built");
        let image = self.supplied(store, image)?;
        let made = image_build::find_or_make(&self.session, store, &image, None)?.manifest.digest;
        if made != locked {
            let hint = "nothing is pushed; `rekindle build` says more";
            return Err(Failure::new(ExitCode::Different, Different { made, locked }).hint(hint));
        }
        self.tell(&image.instance, &format!("is built: {made}"));
        Ok(())
    }

    /// The image, with what it is made of in the store.
    fn supplied(&self, store: &Store, image: &DesiredImage) -> Result<DesiredImage, Failure> {
        let _held = self.bringing.lock().unwrap_or_else(PoisonError::into_inner);
        let one = std::slice::from_ref(image);
        let known = supplies::look(&self.session, &self.environment, store, one, false)?;
        if known.is_empty() {
            return Ok(image.clone());
        }
        let project = self.session.project()?;
        let (_, images) = Assembler::new(&project).knowing(known).images(&self.environment.name)?;
        let is_it = |found: &DesiredImage| {
            found.instance == image.instance && found.recipe.input == image.recipe.input
        };
        images.into_iter().find(is_it).ok_or_else(|| {
            Failure::new(ExitCode::Error, Changed(image.instance.clone())).hint("run the command again")
        })
    }

    async fn store(&self) -> Result<Arc<Store>, Failure> {
        let open = async || Ok(Arc::new(Store::open(&self.session.state()?)?));
        self.store.get_or_try_init(open).await.map(Arc::clone)
    }

    async fn registry(&self) -> Result<Arc<dyn Registry>, Failure> {
        let connect = async || wire::registry(&self.session, self.environment.targets.values());
        self.registry.get_or_try_init(connect).await.map(Arc::clone)
    }

    fn tell(&self, instance: &InstanceName, what: &str) {
        // Nobody listens any more when the run is over.
        let _ = self.notices.send((instance.clone(), what.to_owned()));
    }
}
