//! Finds an engine and agrees with it on a version.

use bollard::{API_DEFAULT_VERSION, Docker, errors::Error};

use crate::docker::engine::Engine;
use crate::port::{BuilderError, ImageBuilder};

/// Seconds until the answer to a request must begin. A build's begins when its first step does, an
/// export's when the engine has packed the image.
const PATIENCE: u64 = 3600;
/// The socket of an engine that nobody set up otherwise.
const SOCKET: &str = "unix:///var/run/docker.sock";
/// The interface of Docker 20.10.
const NEEDED: (usize, usize) = (1, 41);

/// The engine at `host`, in the form of `DOCKER_HOST`; the one of this machine when `None`.
///
/// # Errors
/// Nobody answers there, or somebody who is too old.
pub async fn connect(host: Option<&str>) -> Result<Box<dyn ImageBuilder>, BuilderError> {
    let address = host.filter(|host| !host.is_empty()).unwrap_or(SOCKET).to_owned();
    let no_engine =
        |source: Error| BuilderError::NoEngine { address: address.clone(), source: Box::new(source) };
    let client = match address.split_once("://") {
        Some(("unix", path)) => Docker::connect_with_unix(path, PATIENCE, API_DEFAULT_VERSION),
        Some(("tcp" | "http", _)) => Docker::connect_with_http(&address, PATIENCE, API_DEFAULT_VERSION),
        _ => Err(Error::UnsupportedURISchemeError { uri: address.clone() }),
    };
    let client = client.map_err(no_engine)?.negotiate_version().await.map_err(no_engine)?;
    let version = client.version().await.map_err(no_engine)?;
    let spoken = version.api_version.unwrap_or_default();
    if number(&spoken).is_none_or(|spoken| spoken < NEEDED) {
        return Err(BuilderError::TooOld { address, found: spoken, needed: "1.41" });
    }
    let name = format!("Docker {}", version.version.unwrap_or_default());
    Ok(Box::new(Engine::new(client, name, address)))
}

fn number(text: &str) -> Option<(usize, usize)> {
    let (major, minor) = text.split_once('.')?;
    Some((major.parse().ok()?, minor.parse().ok()?))
}
