//! Finds an engine and agrees with it on a version.

use std::path::Path;

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

/// The engine at `host`, in the form of `DOCKER_HOST`; the one of this machine when `None`. With
/// `certificates`, the directory of `ca.pem`, `cert.pem` and `key.pem`, it is reached over TLS where `host` is no
/// socket.
///
/// # Errors
/// Nobody answers there, or somebody who is too old.
pub async fn connect(
    host: Option<&str>,
    certificates: Option<&Path>,
) -> Result<Box<dyn ImageBuilder>, BuilderError> {
    let address = host.filter(|host| !host.is_empty()).unwrap_or(SOCKET).to_owned();
    let no_engine =
        |source: Error| BuilderError::NoEngine { address: address.clone(), source: Box::new(source) };
    let client = match address.split_once("://") {
        Some(("unix", path)) => Docker::connect_with_unix(path, PATIENCE, API_DEFAULT_VERSION),
        Some(("tcp" | "https", _)) if let Some(directory) = certificates => Docker::connect_with_ssl(
            &address,
            &directory.join("key.pem"),
            &directory.join("cert.pem"),
            &directory.join("ca.pem"),
            PATIENCE,
            API_DEFAULT_VERSION,
        ),
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
    // What goes over a session is for nobody else's eyes, and it speaks no TLS.
    let session = Some(address)
        .filter(|address| is_private(address) && certificates.is_none_or(|_| is_socket(address)));
    Ok(Box::new(Engine::new(client, name, session)))
}

fn is_socket(address: &str) -> bool {
    address.starts_with("unix://")
}

/// Whether nobody else can read what is sent there.
fn is_private(address: &str) -> bool {
    let host = address.split("://").nth(1).unwrap_or_default().trim_end_matches('/');
    let host = host.rsplit_once(':').map_or(host, |(host, _)| host).trim_matches(['[', ']']);
    is_socket(address)
        || host == "localhost"
        || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

fn number(text: &str) -> Option<(usize, usize)> {
    let (major, minor) = text.split_once('.')?;
    Some((major.parse().ok()?, minor.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_go_where_nobody_listens() {
        for address in ["unix:///a/b", "tcp://127.0.0.1:2375", "tcp://localhost:2375/", "tcp://[::1]:2375"] {
            assert!(is_private(address), "{address}");
        }
        for address in ["tcp://engine.example:2375", "tcp://10.0.0.1:2375", "tcp://127.0.0.1.example:2375"] {
            assert!(!is_private(address), "{address}");
        }
    }
}
