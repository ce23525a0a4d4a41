//! Registries of images and servers of files, over HTTP: an adapter from [`crate::port::Registry`] to
//! the crates `oci-client` and `reqwest`.
//!
//! May not decide what is pulled or pushed, print, keep files, or let one of their errors through. It
//! waits and tries again where that may help, since only it knows how far a transfer came; it never
//! follows up a wrong digest.

mod credentials;
mod download;
mod failure;
mod fetch;
mod manifest;
mod pull;
mod push;
mod referrers;

use std::collections::BTreeMap;
use std::future::Future;
use std::io::Write;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use oci_client::client::{ClientConfig, ClientProtocol};
use oci_client::secrets::RegistryAuth;
use oci_client::{Client, Reference, RegistryOperation};

use crate::model::image::is_here;
use crate::model::{CloudRegistry, Digest, Platform};
use crate::port::{LoginProvider, Opener, Registry, RegistryError, RemoteImage};
use crate::registry::failure::Asked;

/// How long it is tried again.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// How often something is tried that does not come any further.
    pub tries: u32,
    /// The pause after the first time; each one after it is twice as long.
    pub first_pause: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self { tries: 6, first_pause: Duration::from_millis(200) }
    }
}

/// Connections to registries and servers, made as they are needed.
pub struct Registries {
    /// For registries on this machine.
    plain: Client,
    /// For all others.
    secure: Client,
    files: reqwest::Client,
    access: Access,
    patience: Patience,
    /// Where it is known that the credentials are taken: the repository, and whether it is written to. With
    /// the time until when they are.
    entered: Mutex<BTreeMap<(String, bool), Option<Timestamp>>>,
}

/// How one gets in.
#[derive(Clone, Default)]
pub struct Access {
    /// Docker's `config.json`.
    pub configuration: Option<Vec<u8>>,
    /// Who logs in to the registries of cloud accounts, where that is not `docker login`.
    pub logins: Option<Arc<dyn LoginProvider>>,
    /// The emulator, `HOST:PORT` on this machine, that plays the registries of cloud accounts.
    pub emulator: Option<String>,
}

/// Seconds in which a connection must stand, and in which the next bytes must come.
const CONNECT: Duration = Duration::from_secs(15);
const SILENCE: Duration = Duration::from_secs(60);

const AGENT: &str = concat!("rekindle/", env!("CARGO_PKG_VERSION"));

impl Registries {
    /// # Errors
    /// The system's certificates cannot be read.
    pub fn new(access: Access, patience: Patience) -> Result<Self, RegistryError> {
        let client = |protocol| {
            let config = ClientConfig {
                protocol,
                use_monolithic_push: true,
                platform_resolver: None,
                user_agent: AGENT,
                connect_timeout: Some(CONNECT),
                read_timeout: Some(SILENCE),
                ..ClientConfig::default()
            };
            Client::try_from(config).map_err(|error| unusable(&error))
        };
        let files = reqwest::Client::builder()
            .user_agent(AGENT)
            .connect_timeout(CONNECT)
            .read_timeout(SILENCE)
            .build()
            .map_err(|error| unusable(&error))?;
        let (plain, secure) = (client(ClientProtocol::Http)?, client(ClientProtocol::Https)?);
        Ok(Self { plain, secure, files, access, patience, entered: Mutex::default() })
    }

    /// Finds out what `image` means and who is to be asked, and shows the credentials where it was not
    /// done before.
    async fn enter(&self, image: &str, operation: RegistryOperation) -> Result<Place<'_>, RegistryError> {
        let reference: Reference = image.parse().map_err(|error: oci_client::ParseError| {
            RegistryError::Name { kind: "image", text: image.to_owned(), message: error.to_string() }
        })?;
        let host = reference.registry().to_owned();
        let key = (format!("{host}/{}", reference.repository()), writes(operation));
        let entered = self.entered.lock().unwrap_or_else(PoisonError::into_inner).get(&key).copied();
        let now = self.access.logins.as_ref().map_or(Timestamp::MIN, |logins| logins.now());
        let is_entered = entered.is_some_and(|ends| ends.is_none_or(|ends| now < ends));
        let (auth, ends) = self.credentials(&host, is_entered).await?;
        let reference = self.reached(image, reference)?;
        // Only on this machine nobody else reads what is sent.
        let client = if is_here(reference.registry()) { &self.plain } else { &self.secure };
        let place = Place { client, reference, auth, host, operation };
        if !is_entered {
            // The client looks tags up as who pulls, and keeps what it has seen of that.
            self.show(&place, &place.auth, ends.is_some()).await?;
            self.entered.lock().unwrap_or_else(PoisonError::into_inner).insert(key, ends);
        }
        Ok(place)
    }

    /// Shows credentials. What the registry gives for them the client keeps.
    async fn show(
        &self,
        place: &Place<'_>,
        auth: &RegistryAuth,
        pulls_too: bool,
    ) -> Result<(), RegistryError> {
        let asked = place.asked(format!("access to `{}/{}`", place.host, place.reference.repository()));
        let also = (pulls_too && writes(place.operation)).then_some(RegistryOperation::Pull);
        for operation in [place.operation].into_iter().chain(also) {
            self.patiently(async || {
                let entered = place.client.auth(&place.reference, auth, operation).await;
                entered.map(drop).map_err(|error| asked.failure(error))
            })
            .await?;
        }
        Ok(())
    }

    /// Does `work` in a place, patiently. A token may end in the middle, before the time that it told: then a
    /// new one is asked for, once.
    async fn patiently_at<T, F>(&self, place: &Place<'_>, work: impl Fn() -> F) -> Result<T, RegistryError>
    where
        F: Future<Output = Result<T, RegistryError>>,
    {
        match self.patiently(&work).await {
            Err(RegistryError::Denied { is_unknown: true, .. }) => {
                self.renew(place).await?;
                self.patiently(&work).await
            }
            done => done,
        }
    }

    async fn renew(&self, place: &Place<'_>) -> Result<(), RegistryError> {
        let (auth, _) = self.credentials(&place.host, false).await?;
        self.show(place, &auth, true).await
    }

    /// The credentials for a registry, and until when they are taken. Those of a cloud are asked for anew
    /// where they are needed: a client that has entered keeps its own.
    async fn credentials(
        &self,
        host: &str,
        is_entered: bool,
    ) -> Result<(RegistryAuth, Option<Timestamp>), RegistryError> {
        let of_cloud = CloudRegistry::of_host(host).zip(self.access.logins.as_ref());
        if let Some((registry, logins)) = of_cloud {
            if is_entered {
                return Ok((RegistryAuth::Anonymous, None));
            }
            let failed = |source| RegistryError::Login { host: host.to_owned(), source: Box::new(source) };
            if let Some(login) = logins.login(&registry).await.map_err(failed)? {
                // Half of the time is left for the transfer that begins with it.
                let now = logins.now();
                let ends = now + login.ends.duration_since(now) / 2;
                return Ok((RegistryAuth::Basic(login.user, login.password), Some(ends)));
            }
        }
        Ok((credentials::find(self.access.configuration.as_deref(), host)?, None))
    }

    /// Where a registry answers: an emulator plays those of cloud accounts.
    fn reached(&self, image: &str, reference: Reference) -> Result<Reference, RegistryError> {
        let host = reference.registry();
        let Some(emulator) = self.access.emulator.as_ref().filter(|_| CloudRegistry::of_host(host).is_some())
        else {
            return Ok(reference);
        };
        image.replacen(host, emulator, 1).parse().map_err(|error: oci_client::ParseError| {
            RegistryError::Name { kind: "image", text: image.to_owned(), message: error.to_string() }
        })
    }

    /// Tries again what may go better the next time.
    async fn patiently<T, F>(&self, work: impl Fn() -> F) -> Result<T, RegistryError>
    where
        F: Future<Output = Result<T, RegistryError>>,
    {
        let mut tries = Tries::new(self.patience);
        loop {
            match work().await {
                Err(error) => tries.wait(error).await?,
                done => return done,
            }
        }
    }
}

/// How often something was tried without coming any further.
struct Tries {
    patience: Patience,
    failed: u32,
}

impl Tries {
    fn new(patience: Patience) -> Self {
        Self { patience, failed: 0 }
    }

    /// It came further, so the next failure is a first one.
    fn progress(&mut self) {
        self.failed = 0;
    }

    /// Waits before the next time. Gives the error back where there is none.
    async fn wait(&mut self, error: RegistryError) -> Result<(), RegistryError> {
        self.failed += 1;
        let may_help = matches!(error, RegistryError::Throttled { .. } | RegistryError::Dropped { .. });
        if !may_help || self.failed >= self.patience.tries {
            return Err(error);
        }
        tokio::time::sleep(self.patience.first_pause * 2_u32.pow(self.failed - 1)).await;
        Ok(())
    }
}

/// Who is asked for which image.
struct Place<'r> {
    client: &'r Client,
    reference: Reference,
    auth: RegistryAuth,
    host: String,
    operation: RegistryOperation,
}

impl Place<'_> {
    /// For errors about `what`.
    fn asked(&self, what: impl Into<String>) -> Asked {
        let with_credentials = self.auth != RegistryAuth::Anonymous;
        Asked { host: self.host.clone(), what: what.into(), with_credentials }
    }
}

fn writes(operation: RegistryOperation) -> bool {
    matches!(operation, RegistryOperation::Push)
}

fn unusable(error: &dyn std::error::Error) -> RegistryError {
    let message = failure::chain(error);
    RegistryError::Answer { host: "this machine".to_owned(), what: "for certificates".to_owned(), message }
}

#[async_trait]
impl Registry for Registries {
    async fn resolve(&self, image: &str, platform: &Platform) -> Result<RemoteImage, RegistryError> {
        self.resolve_image(image, platform).await
    }

    async fn pull(
        &self,
        image: &str,
        digest: Digest,
        size: u64,
        out: &mut (dyn Write + Send),
    ) -> Result<(), RegistryError> {
        self.pull_blob(image, digest, size, out).await
    }

    async fn push(
        &self,
        repository: &str,
        digest: Digest,
        size: u64,
        open: Opener<'_>,
    ) -> Result<bool, RegistryError> {
        self.push_blob(repository, digest, size, open).await
    }

    async fn tag(&self, repository: &str, tag: &str, manifest: &[u8]) -> Result<(), RegistryError> {
        self.push_manifest(repository, tag, manifest).await
    }

    async fn attach(
        &self,
        repository: &str,
        subject: Digest,
        manifests: &[Vec<u8>],
    ) -> Result<(), RegistryError> {
        self.attach_manifests(repository, subject, manifests).await
    }

    async fn fetch(
        &self,
        url: &str,
        digest: Digest,
        out: &mut (dyn Write + Send),
    ) -> Result<(), RegistryError> {
        self.fetch_file(url, digest, out).await
    }
}
