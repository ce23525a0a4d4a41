//! Credentials as `docker login` leaves them: in `config.json`, or with the helper that it names.

use docker_credential::{CredentialRetrievalError as Missing, DockerCredential, get_credential_from_reader};
use oci_client::secrets::RegistryAuth;

use crate::port::RegistryError;

/// The name under which Docker keeps the credentials for its own registry.
const DOCKER_HUB: &str = "https://index.docker.io/v1/";

/// The credentials for a registry; none where nobody logged in.
pub(super) fn find(configuration: Option<&[u8]>, host: &str) -> Result<RegistryAuth, RegistryError> {
    let Some(configuration) = configuration else { return Ok(RegistryAuth::Anonymous) };
    let server = if host == "docker.io" { DOCKER_HUB } else { host };
    let unknown = |message: String| Err(RegistryError::Credentials { host: host.to_owned(), message });
    match get_credential_from_reader(configuration, server) {
        Ok(DockerCredential::UsernamePassword(user, password)) => Ok(RegistryAuth::Basic(user, password)),
        Ok(DockerCredential::IdentityToken(_)) => {
            unknown("an identity token is not supported; log in with a name and a password".to_owned())
        }
        Err(Missing::NoCredentialConfigured) => Ok(RegistryAuth::Anonymous),
        // What a helper printed is not shown whole: its standard output is for secrets.
        Err(Missing::HelperFailure { stdout, .. }) if stdout.contains("credentials not found") => {
            Ok(RegistryAuth::Anonymous)
        }
        Err(Missing::HelperFailure { helper, stderr, .. }) => {
            unknown(format!("`{helper}` failed: {}", stderr.trim()))
        }
        Err(Missing::ConfigReadError) => unknown("`config.json` is not what Docker writes".to_owned()),
        Err(error) => unknown(error.to_string()),
    }
}
