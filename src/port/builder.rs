//! What a build needs of a Docker engine: it executes a Dockerfile and hands over what came out. What an
//! image is worth is decided elsewhere.

use std::fmt;
use std::io::{self, Read, Write};

use async_trait::async_trait;

/// Which of an engine's two builders works.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Builder {
    /// The first one: every instruction is a container.
    Classic,
    /// `BuildKit`.
    BuildKit,
}

impl Builder {
    /// The other one.
    #[must_use]
    pub fn other(self) -> Self {
        match self {
            Self::Classic => Self::BuildKit,
            Self::BuildKit => Self::Classic,
        }
    }

    /// As people write it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Classic => "classic",
            Self::BuildKit => "buildkit",
        }
    }
}

/// One build.
#[derive(Clone, Debug)]
pub struct BuildOrder {
    /// Who works.
    pub builder: Builder,
    /// The Dockerfile's name in the context.
    pub dockerfile: String,
    /// Build arguments.
    pub arguments: Vec<(String, String)>,
    /// The stage that is wanted; the last one when empty.
    pub stage: String,
    /// Labels.
    pub labels: Vec<(String, String)>,
    /// `OS/ARCHITECTURE[/VARIANT]`.
    pub platform: String,
    /// What steps may see and nothing else may.
    pub secrets: Vec<BuildSecret>,
}

/// A secret of a build.
#[derive(Clone)]
pub struct BuildSecret {
    /// Its name in the Dockerfile.
    pub name: String,
    /// What it is.
    pub value: Vec<u8>,
}

impl fmt::Debug for BuildSecret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "the secret {}", self.name)
    }
}

/// A base image for an engine.
#[derive(Clone, Debug)]
pub struct LoadOrder {
    /// The name that it gets there.
    pub name: String,
    /// What its id may be: an engine says the digest of the configuration or that of the manifest, by how
    /// it keeps images.
    pub ids: Vec<String>,
}

/// A tar archive: a context, or an image.
pub type ContextStream = Box<dyn Read + Send>;

/// Is told what a build prints, line by line.
pub type Output<'o> = &'o (dyn Fn(&str) + Sync);

/// An engine that builds images.
#[async_trait]
pub trait ImageBuilder: Send + Sync {
    /// Name and version of the engine, for people.
    fn name(&self) -> String;

    /// Takes in a base image, unless it has it.
    async fn load(&self, order: &LoadOrder, archive: ContextStream) -> Result<(), BuilderError>;

    /// Builds without network and without the engine's cache, and gives the image's id. When it fails or
    /// is dropped, [`ImageBuilder::clean_up`] removes what it left.
    async fn build(
        &self,
        order: &BuildOrder,
        context: ContextStream,
        output: Output<'_>,
    ) -> Result<String, BuilderError>;

    /// Writes an image's archive.
    async fn export(&self, image: &str, out: &mut (dyn Write + Send)) -> Result<(), BuilderError>;

    /// Removes every image that builds through this value left in the engine.
    async fn clean_up(&self) -> Result<(), BuilderError>;
}

/// Why an engine could not build.
#[derive(Debug, thiserror::Error)]
pub enum BuilderError {
    /// Nobody answers.
    #[error("no Docker engine answers at {address}")]
    NoEngine {
        /// Where it was looked for.
        address: String,
        /// Why not.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// It is too old.
    #[error("the Docker engine at {address} speaks version {found} of its interface; {needed} is needed")]
    TooOld {
        /// Where it is.
        address: String,
        /// What it speaks.
        found: String,
        /// What is needed.
        needed: &'static str,
    },
    /// It went away.
    #[error("the Docker engine went away in the middle of {during}")]
    Gone {
        /// What was going on.
        during: &'static str,
        /// How it was noticed.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A step of the Dockerfile failed.
    #[error("{message}{}", step_shown(.step.as_deref(), .output))]
    Step {
        /// The step, as the builder names it.
        step: Option<String>,
        /// The last lines that it printed.
        output: Vec<String>,
        /// What the builder says.
        message: String,
    },
    /// It has another image than it was given.
    #[error("the Docker engine calls the base image {found} that was given to it as {wanted}")]
    OtherImage {
        /// What it says.
        found: String,
        /// What it should say.
        wanted: String,
    },
    /// It refused.
    #[error("the Docker engine refused {during}: {message}")]
    Refused {
        /// What was going on.
        during: &'static str,
        /// What it said.
        message: String,
    },
    /// It did not take what the steps are to see.
    #[error("the Docker engine did not ask for the secret `{name}`")]
    SecretNotTaken {
        /// The secret's name.
        name: String,
    },
    /// Others might read it on the way.
    #[error("the secret `{name}` is sent only to a Docker engine on this machine, and without TLS")]
    NotPrivate {
        /// The secret's name.
        name: String,
    },
    /// The archive could not be kept.
    #[error("could not keep what the Docker engine exports")]
    Write(#[source] io::Error),
}

/// The step and what it printed, as further lines of a message.
fn step_shown(step: Option<&str>, output: &[String]) -> String {
    let mut text = step.map(|step| format!("\n  in {step}")).unwrap_or_default();
    for line in output {
        text.push_str("\n    ");
        text.push_str(line);
    }
    text
}

impl BuilderError {
    /// What to do next.
    pub fn hint(&self) -> Option<&'static str> {
        Some(match self {
            Self::NoEngine { .. } => {
                "start Docker, or say where it is with `DOCKER_HOST=unix:///PATH/docker.sock`; images that only \
                 copy and configure need none"
            }
            Self::TooOld { .. } => "Docker 20.10 is the oldest that is supported: update it",
            Self::Gone { .. } => "look into the engine's log, start it, and run the command again",
            Self::Step { .. } => {
                "builds have no network: what a step needs must be in the context (see docs/images.md)"
            }
            Self::Write(error) if error.kind() == io::ErrorKind::StorageFull => {
                "the disk is full: free some space and run the command again; the store is as it was"
            }
            Self::OtherImage { .. } => {
                "remove the image `rekindle-base` from the engine, and run the command again"
            }
            Self::NotPrivate { .. } => {
                "reach the engine through a socket on this machine, for example by \
                 `ssh -NL /tmp/docker.sock:/var/run/docker.sock HOST`, and name it in DOCKER_HOST"
            }
            Self::SecretNotTaken { .. } => "run the command again; builds by BuildKit alone take secrets",
            Self::Refused { .. } | Self::Write(_) => return None,
        })
    }
}
