//! One engine, over its socket.

use std::io::{self, Write};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use bollard::Docker;
use bollard::errors::Error;
use bollard::query_parameters::{
    BuildImageOptions, BuildImageOptionsBuilder, BuilderVersion, ImportImageOptionsBuilder,
    RemoveImageOptions,
};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};

use crate::docker::output::Log;
use crate::docker::session::Session;
use crate::port::{BuildOrder, Builder, BuilderError, ContextStream, ImageBuilder, LoadOrder, Output};

/// How often it is tried to remove an image that something uses.
const ATTEMPTS: usize = 50;
/// Between two such attempts.
const PAUSE: Duration = Duration::from_millis(200);

/// An engine that answers.
pub(super) struct Engine {
    client: Docker,
    name: String,
    /// Where a session is opened, in the form of `DOCKER_HOST`; `None` where that is not possible.
    session: Option<String>,
    /// Images that builds made and that are still there.
    made: Mutex<Vec<String>>,
    sessions: AtomicU64,
}

impl Engine {
    pub(super) fn new(client: Docker, name: String, session: Option<String>) -> Self {
        Self { client, name, session, made: Mutex::default(), sessions: AtomicU64::new(0) }
    }

    /// A name that no other build of this machine has.
    fn session_name(&self) -> String {
        let number = self.sessions.fetch_add(1, Ordering::Relaxed);
        format!("rekindle-{}-{number}", std::process::id())
    }

    fn options(&self, order: &BuildOrder, session: &str) -> BuildImageOptions {
        let options = BuildImageOptionsBuilder::default()
            .dockerfile(&order.dockerfile)
            .nocache(true)
            .rm(true)
            .forcerm(true)
            .networkmode("none")
            .target(&order.stage)
            .buildargs(&order.arguments.iter().cloned().collect())
            .labels(&order.labels.iter().cloned().collect());
        let options = match order.builder {
            // The classic builder of an engine without experiments refuses to hear of platforms.
            Builder::Classic => options.version(BuilderVersion::BuilderV1),
            Builder::BuildKit => {
                options.version(BuilderVersion::BuilderBuildKit).platform(&order.platform).session(session)
            }
        };
        options.build()
    }

    /// Removes an image, unless it is gone, or somebody else has a name for it or uses it: an image is
    /// its content, so theirs may be the same one. `false` where something uses it.
    async fn remove(&self, image: &str) -> Result<bool, Error> {
        let removed = match self.client.inspect_image(image).await {
            Ok(found) if found.repo_tags.as_ref().is_some_and(|names| !names.is_empty()) => return Ok(true),
            Ok(_) => self.client.remove_image(image, None::<RemoveImageOptions>, None).await.map(drop),
            Err(error) => Err(error),
        };
        match removed {
            Err(Error::DockerResponseServerError { status_code: 404, .. }) => Ok(true),
            Err(Error::DockerResponseServerError { status_code: 409, .. }) => Ok(false),
            removed => removed.map(|()| true),
        }
    }

    /// The id of the image that has a name.
    async fn id(&self, name: &str) -> Result<Option<String>, BuilderError> {
        match self.client.inspect_image(name).await {
            Ok(found) => Ok(found.id),
            Err(Error::DockerResponseServerError { status_code: 404, .. }) => Ok(None),
            Err(error) => Err(failure("a base image", error)),
        }
    }

    /// Notes what has to be removed, as soon as it is known: the build may be dropped at any time.
    fn note(&self, log: &mut Log) {
        self.made.lock().unwrap_or_else(PoisonError::into_inner).append(&mut log.made);
    }
}

#[async_trait]
impl ImageBuilder for Engine {
    fn name(&self) -> String {
        self.name.clone()
    }

    async fn load(&self, order: &LoadOrder, archive: ContextStream) -> Result<(), BuilderError> {
        if self.id(&order.name).await?.is_some_and(|id| order.ids.contains(&id)) {
            return Ok(());
        }
        let body = bollard::body_try_stream(stream::iter(Parts(archive)).map_ok(Into::into));
        let options = ImportImageOptionsBuilder::default().quiet(true).build();
        let mut messages = std::pin::pin!(self.client.import_image(options, body, None));
        while let Some(message) = messages.next().await {
            message.map_err(|error| failure("a base image", error))?;
        }
        let found = self.id(&order.name).await?.unwrap_or_else(|| "nothing".to_owned());
        // It stays under its name: the next build on it needs it again.
        if order.ids.contains(&found) {
            return Ok(());
        }
        Err(BuilderError::OtherImage { found, wanted: order.ids.join(" or ") })
    }

    async fn build(
        &self,
        order: &BuildOrder,
        context: ContextStream,
        output: Output<'_>,
    ) -> Result<String, BuilderError> {
        let body = bollard::body_try_stream(stream::iter(Parts(context)).map_ok(Into::into));
        let name = self.session_name();
        let session = match (&self.session, order.secrets.first()) {
            (_, None) => None,
            (Some(address), Some(_)) => Some(Session::open(address, &name, &order.secrets).await?),
            (None, Some(secret)) => return Err(BuilderError::NotPrivate { name: secret.name.clone() }),
        };
        let mut messages = self.client.build_image(self.options(order, &name), None, Some(body));
        let mut log = Log::hiding(&order.secrets);
        while let Some(message) = messages.next().await {
            match message {
                Ok(message) => log.take(message).iter().for_each(|line| output(line)),
                Err(Error::DockerStreamError { error }) => return Err(log.failure(error)),
                Err(error) => return Err(failure("the build", error)),
            }
            self.note(&mut log);
        }
        if let Some(name) = session.and_then(|session| session.not_taken()) {
            return Err(BuilderError::SecretNotTaken { name });
        }
        log.image.ok_or_else(|| BuilderError::Gone {
            during: "the build",
            source: Box::new(io::Error::from(io::ErrorKind::UnexpectedEof)),
        })
    }

    async fn export(&self, image: &str, out: &mut (dyn Write + Send)) -> Result<(), BuilderError> {
        let mut parts = std::pin::pin!(self.client.export_image(image));
        while let Some(part) = parts.next().await {
            out.write_all(&part.map_err(|error| failure("the export", error))?)
                .map_err(BuilderError::Write)?;
        }
        out.flush().map_err(BuilderError::Write)
    }

    async fn clean_up(&self) -> Result<(), BuilderError> {
        let made = std::mem::take(&mut *self.made.lock().unwrap_or_else(PoisonError::into_inner));
        // The newest first: with it go those that it is made of.
        for image in made.iter().rev() {
            for attempt in 1.. {
                match self.remove(image).await {
                    Ok(true) => break,
                    // The container of a step that was stopped goes a moment later than the build.
                    Ok(false) if attempt < ATTEMPTS => tokio::time::sleep(PAUSE).await,
                    // Somebody else uses it.
                    Ok(false) => break,
                    Err(error) => return Err(failure("the cleaning up", error)),
                }
            }
        }
        Ok(())
    }
}

/// A file part by part.
struct Parts(ContextStream);

/// Bytes of one part.
const PART: usize = 256 << 10;

impl Iterator for Parts {
    type Item = io::Result<Vec<u8>>;

    fn next(&mut self) -> Option<Self::Item> {
        let mut part = vec![0; PART];
        match self.0.read(&mut part) {
            Ok(0) => None,
            Ok(count) => {
                part.truncate(count);
                Some(Ok(part))
            }
            Err(error) => Some(Err(error)),
        }
    }
}

fn failure(during: &'static str, error: Error) -> BuilderError {
    match error {
        Error::DockerStreamError { error } => BuilderError::Refused { during, message: error },
        Error::DockerResponseServerError { message, .. } => BuilderError::Refused { during, message },
        Error::JsonDataError { message, .. } => BuilderError::Refused { during, message },
        error => BuilderError::Gone { during, source: Box::new(error) },
    }
}
