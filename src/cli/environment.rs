//! The only place that reads environment variables and the terminal. What is found here steers how
//! things are shown and where the project is looked for, never what is rendered or planned.
#![allow(clippy::disallowed_methods, reason = "this module is the home of these calls")]

use std::collections::BTreeMap;
use std::io::IsTerminal;
use std::os::unix::ffi::OsStringExt as _;

use camino::Utf8PathBuf;

/// What the surroundings say.
#[derive(Clone, Debug)]
pub struct Surroundings {
    /// Where the command was started; `None` when that is not UTF-8 or gone.
    pub directory: Option<Utf8PathBuf>,
    /// Whether a person can be asked: standard input and standard error are terminals.
    pub interactive: bool,
    /// Whether standard output is a terminal.
    pub stdout_is_terminal: bool,
    /// Whether standard error is a terminal.
    pub stderr_is_terminal: bool,
    /// Columns of the terminal that standard error is; 80 where that is not known.
    pub columns: usize,
    /// `NO_COLOR` is set and not empty (no-color.org).
    pub no_color: bool,
    /// `REKINDLE_SECRET_NAME`: what steps of image builds may see.
    pub secrets: Secrets,
    /// `DOCKER_HOST`: where the Docker engine listens.
    #[cfg(feature = "docker")]
    pub docker_host: Option<String>,
    /// `DOCKER_TLS_VERIFY`: the certificates for it, in the directory `DOCKER_CERT_PATH`, else in `~/.docker`.
    #[cfg(feature = "docker")]
    pub docker_certificates: Option<Utf8PathBuf>,
    /// Where `docker login` leaves credentials: `config.json` of `DOCKER_CONFIG`, else of `~/.docker`.
    #[cfg(feature = "docker")]
    pub docker_configuration: Option<Utf8PathBuf>,
    /// The emulator on this machine that `AWS_ENDPOINT_URL` names, as `HOST:PORT`. It needs no sparing.
    #[cfg(feature = "aws")]
    pub emulator: Option<String>,
    /// The same of `AWS_ENDPOINT_URL_ECR`: it plays the registries of accounts.
    #[cfg(feature = "aws")]
    pub registry_emulator: Option<String>,
}

/// Secrets by the names of their variables. Nothing shows what they are.
#[derive(Clone, Default)]
pub struct Secrets(BTreeMap<String, Vec<u8>>);

/// What the names of their variables begin with.
const SECRET: &str = "REKINDLE_SECRET_";

impl Secrets {
    fn look() -> Self {
        let variables = std::env::vars_os().filter_map(|(name, value)| {
            Some((name.into_string().ok().filter(|name| name.starts_with(SECRET))?, value.into_vec()))
        });
        Self(variables.collect())
    }

    /// The variable of the secret `name`.
    pub fn variable(name: &str) -> String {
        format!("{SECRET}{}", name.to_uppercase().replace('-', "_"))
    }

    /// What the secret `name` is; `None` where it is not given, or empty.
    pub fn get(&self, name: &str) -> Option<&[u8]> {
        self.0.get(&Self::variable(name)).map(Vec::as_slice).filter(|value| !value.is_empty())
    }
}

impl std::fmt::Debug for Secrets {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{} secrets", self.0.len())
    }
}

impl Surroundings {
    /// Whether the registries of accounts are there. Where an emulator plays the clouds, only if it is said to play
    /// them too.
    pub fn has_cloud_registries(&self) -> bool {
        #[cfg(feature = "aws")]
        return self.emulator.is_none() || self.registry_emulator.is_some();
        #[cfg(not(feature = "aws"))]
        true
    }

    /// Looks around.
    pub fn look() -> Self {
        let stderr_is_terminal = std::io::stderr().is_terminal();
        Self {
            directory: std::env::current_dir().ok().and_then(|path| Utf8PathBuf::from_path_buf(path).ok()),
            interactive: std::io::stdin().is_terminal() && stderr_is_terminal,
            stdout_is_terminal: std::io::stdout().is_terminal(),
            stderr_is_terminal,
            columns: terminal_size::terminal_size_of(std::io::stderr())
                .map_or(80, |(width, _)| usize::from(width.0)),
            no_color: std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty()),
            secrets: Secrets::look(),
            #[cfg(feature = "docker")]
            docker_host: std::env::var("DOCKER_HOST").ok(),
            #[cfg(feature = "docker")]
            docker_certificates: docker_certificates(),
            #[cfg(feature = "docker")]
            docker_configuration: docker_configuration(),
            #[cfg(feature = "aws")]
            emulator: std::env::var("AWS_ENDPOINT_URL").ok().and_then(|url| here(&url)),
            #[cfg(feature = "aws")]
            registry_emulator: std::env::var("AWS_ENDPOINT_URL_ECR").ok().and_then(|url| here(&url)),
        }
    }
}

/// A path that a variable names.
#[cfg(feature = "docker")]
fn variable(name: &str) -> Option<Utf8PathBuf> {
    std::env::var(name).ok().filter(|value| !value.is_empty()).map(Utf8PathBuf::from)
}

#[cfg(feature = "docker")]
fn docker_configuration() -> Option<Utf8PathBuf> {
    let directory = variable("DOCKER_CONFIG").or_else(|| Some(variable("HOME")?.join(".docker")))?;
    Some(directory.join("config.json"))
}

#[cfg(feature = "docker")]
fn docker_certificates() -> Option<Utf8PathBuf> {
    variable("DOCKER_TLS_VERIFY")?;
    variable("DOCKER_CERT_PATH").or_else(|| docker_configuration()?.parent().map(Into::into))
}

#[cfg(feature = "aws")]
/// A URL's host and port, where it is this machine's loopback.
fn here(url: &str) -> Option<String> {
    let authority = url.split("://").nth(1).unwrap_or(url).split('/').next().unwrap_or_default();
    let host = match authority.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => authority.split(':').next().unwrap_or_default(),
    };
    let is_here = host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|it| it.is_loopback());
    is_here.then(|| authority.to_owned())
}

#[cfg(all(test, feature = "aws"))]
mod tests {
    use super::here;

    #[test]
    fn an_emulator_on_this_machine_is_recognised() {
        for url in ["http://127.0.0.1:4566", "http://localhost:4566/", "http://[::1]:4566"] {
            assert!(here(url).is_some_and(|host| host.ends_with(":4566")), "{url}");
        }
        for url in ["https://cloudformation.eu-central-1.amazonaws.com", "http://10.0.0.1:4566", ""] {
            assert!(here(url).is_none(), "{url}");
        }
    }
}
