//! What building needs of registries of images and of servers that files are fetched from.

use std::error::Error;
use std::fmt;
use std::io::{self, Read, Write};

use async_trait::async_trait;
use jiff::Timestamp;

use crate::model::{CloudRegistry, Digest, Platform};
use crate::port::PortError;

/// An image as a registry has it, for one platform.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemoteImage {
    /// Digest of the manifest.
    pub digest: Digest,
    /// The manifest's bytes.
    pub manifest: Vec<u8>,
    /// The configuration's bytes; the manifest names their digest, and they have it.
    pub configuration: Vec<u8>,
}

/// Opens bytes that are to be sent, each time from their beginning.
pub type Opener<'o> = &'o (dyn Fn() -> io::Result<Box<dyn Read + Send>> + Sync);

/// What a registry lets somebody in with, for a while.
#[derive(Clone)]
pub struct Login {
    /// The name.
    pub user: String,
    /// The password; it is shown nowhere.
    pub password: String,
    /// When it will not do any more.
    pub ends: Timestamp,
}

impl fmt::Debug for Login {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Login").field("ends", &self.ends).finish_non_exhaustive()
    }
}

/// Logs in to the registries of cloud accounts.
#[async_trait]
pub trait LoginProvider: Send + Sync {
    /// A new login; `None` for a registry that this one has nothing to do with.
    ///
    /// # Errors
    /// The cloud's answer.
    async fn login(&self, registry: &CloudRegistry) -> Result<Option<Login>, PortError>;

    /// The time, for knowing when a login ends.
    fn now(&self) -> Timestamp;
}

/// Gives and takes images. `image` is written as after `FROM`: `[HOST/]PATH[:TAG][@DIGEST]`.
#[async_trait]
pub trait Registry: Send + Sync {
    /// What an image is at this moment. Where a registry has it for several platforms, the one for
    /// `platform`.
    async fn resolve(&self, image: &str, platform: &Platform) -> Result<RemoteImage, RegistryError>;

    /// Writes the bytes of a blob of `image` to `out`. Goes on where a connection broke; when it
    /// returns, the bytes have the digest that was asked for.
    async fn pull(
        &self,
        image: &str,
        digest: Digest,
        size: u64,
        out: &mut (dyn Write + Send),
    ) -> Result<(), RegistryError>;

    /// Sends a blob to a repository, where it is not there yet. Says whether it was sent.
    async fn push(
        &self,
        repository: &str,
        digest: Digest,
        size: u64,
        open: Opener<'_>,
    ) -> Result<bool, RegistryError>;

    /// Gives the image whose manifest this is a tag, and reads back what the tag names. A tag that
    /// already names it stays as it is; one that names another image is refused.
    async fn tag(&self, repository: &str, tag: &str, manifest: &[u8]) -> Result<(), RegistryError>;

    /// Attaches artifacts to the image whose manifest is `subject`: `manifests` are theirs, and name it. Their
    /// blobs are there. When it returns, whoever asks for what is attached to the image finds them.
    async fn attach(
        &self,
        repository: &str,
        subject: Digest,
        manifests: &[Vec<u8>],
    ) -> Result<(), RegistryError>;

    /// Writes the bytes of a file to `out`. When it returns they have the digest that was asked for.
    async fn fetch(
        &self,
        url: &str,
        digest: Digest,
        out: &mut (dyn Write + Send),
    ) -> Result<(), RegistryError>;
}

/// Why a registry or a server did not give or take something.
#[derive(Debug, thiserror::Error)]
pub enum RegistryError {
    /// It is not there.
    #[error("`{host}` has no {what}")]
    NotFound {
        /// Who was asked.
        host: String,
        /// What for.
        what: String,
    },
    /// There is an image, but none for this platform.
    #[error("`{image}` is not made for {wanted}; it is for {found}")]
    NoPlatform {
        /// Which image.
        image: String,
        /// The platform that was asked for.
        wanted: Platform,
        /// The ones that there are.
        found: String,
    },
    /// The registry wants other credentials, or any.
    #[error("`{host}` refuses {what}: {message}")]
    Denied {
        /// Who refused.
        host: String,
        /// What was asked for.
        what: String,
        /// Whether credentials were sent.
        with_credentials: bool,
        /// Whether it does not know who asks, as when a token is no longer good.
        is_unknown: bool,
        /// The answer.
        message: String,
    },
    /// The credentials for a registry could not be found out.
    #[error("could not find the credentials for `{host}`: {message}")]
    Credentials {
        /// For whom.
        host: String,
        /// Why not.
        message: String,
    },
    /// The cloud does not let in.
    #[error("could not log in to `{host}`")]
    Login {
        /// Where.
        host: String,
        /// The cloud's answer.
        #[source]
        source: Box<PortError>,
    },
    /// Too many requests, after some patience.
    #[error("`{host}` takes no more requests for now")]
    Throttled {
        /// Who.
        host: String,
    },
    /// Other bytes came than were asked for.
    #[error("`{host}` gave other bytes for {what} than were asked for: wanted {expected}, got {found}")]
    WrongDigest {
        /// Who gave them.
        host: String,
        /// What was asked for.
        what: String,
        /// What was asked for, by its digest.
        expected: String,
        /// What came.
        found: String,
    },
    /// The connection broke, or the server failed, again and again.
    #[error("`{host}` broke off {what}")]
    Dropped {
        /// Who.
        host: String,
        /// What was on its way, and how much of it had come.
        what: String,
        /// The last answer.
        #[source]
        source: Box<dyn Error + Send + Sync>,
    },
    /// No connection could be made.
    #[error("could not reach `{host}`")]
    Unreachable {
        /// Who.
        host: String,
        /// The system's answer.
        #[source]
        source: Box<dyn Error + Send + Sync>,
    },
    /// What was received cannot be kept, or what is to be sent cannot be read.
    #[error("could not read or write {what} here")]
    Here {
        /// What it is about.
        what: String,
        /// The system's answer.
        #[source]
        source: io::Error,
    },
    /// A tag names another image already.
    #[error("the tag `{tag}` of `{repository}` is taken: it names {found}, and this image is {wanted}")]
    Taken {
        /// Where.
        repository: String,
        /// Which tag.
        tag: String,
        /// The image that it names.
        found: Digest,
        /// The image that was to get it.
        wanted: Digest,
    },
    /// The answer was none that a registry gives.
    #[error("`{host}` answered {what} with something that is not understood: {message}")]
    Answer {
        /// Who.
        host: String,
        /// What was asked for.
        what: String,
        /// What is wrong with the answer.
        message: String,
    },
    /// The name of an image or a file is none.
    #[error("`{text}` is no {kind}: {message}")]
    Name {
        /// What it should be.
        kind: &'static str,
        /// What was written.
        text: String,
        /// What is wrong.
        message: String,
    },
    /// This program was built without what it takes.
    #[error("this rekindle was built without the feature `docker`, which reaches registries")]
    Without,
}

impl RegistryError {
    /// What to do next.
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            Self::NotFound { .. } => {
                "look at the name and the tag; where it was there before, somebody removed it".to_owned()
            }
            Self::NoPlatform { .. } => "take another image, or say `platform` in the unit".to_owned(),
            Self::Denied { host, with_credentials: false, .. } => {
                format!("no credentials are known: `docker login {host}`; the name may be wrong as well")
            }
            Self::Denied { host, .. } => {
                format!("the credentials that are known do not allow it: `docker login {host}` with others")
            }
            Self::Credentials { .. } => {
                "credentials are looked for in `config.json` of `$DOCKER_CONFIG`, else of `~/.docker`".to_owned()
            }
            Self::Login { source, .. } => source.hint.clone().unwrap_or_else(|| {
                "it takes the credentials of the target's account, with ecr:GetAuthorizationToken".to_owned()
            }),
            Self::Throttled { .. } => {
                "wait a while and run the command again; what came already is kept. Credentials often raise the limit".to_owned()
            }
            Self::WrongDigest { .. } => {
                "nothing was kept. The registry or something on the way to it is broken, or lies: ask its owner"
                    .to_owned()
            }
            Self::Dropped { .. } => "run the command again: what came whole is kept".to_owned(),
            Self::Unreachable { .. } => "look at the network, at proxies, and at the name".to_owned(),
            Self::Here { source, .. } if is_full(source) => {
                "the disk is full: free some space and run the command again; the store is as it was".to_owned()
            }
            Self::Taken { .. } => {
                "a tag never moves: find out who pushed the other one, and remove the tag there if it is wrong"
                    .to_owned()
            }
            Self::Without => "build rekindle with its default features".to_owned(),
            Self::Here { .. } | Self::Answer { .. } | Self::Name { .. } => return None,
        })
    }
}

fn is_full(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
}
