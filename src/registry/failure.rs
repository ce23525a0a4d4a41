//! From the errors of the HTTP crates to those of the port.

use std::error::Error;

use oci_client::errors::{DigestError, OciDistributionError, OciEnvelope, OciErrorCode};

use crate::port::RegistryError;

/// What was asked of whom: it tells errors apart and names their object.
pub(super) struct Asked {
    pub(super) host: String,
    pub(super) what: String,
    pub(super) with_credentials: bool,
}

impl Asked {
    /// What an error of the registry's client means.
    pub(super) fn failure(&self, error: OciDistributionError) -> RegistryError {
        use OciDistributionError as Oci;
        match error {
            Oci::AuthenticationFailure(message) => self.denied(message, false),
            Oci::UnauthorizedError { .. } => self.denied("it wants credentials".to_owned(), true),
            Oci::RegistryError { envelope, .. } => self.listed(&envelope),
            Oci::ServerError { code, message, .. } => match serde_json::from_str(&message) {
                Ok(envelope) if code < 500 => self.status(code, self.listed_text(&envelope)),
                _ => self.status(code, message),
            },
            Oci::RequestError(error) => self.request(error),
            Oci::DigestError(DigestError::VerificationError { expected, actual }) => {
                self.wrong_digest(expected, actual)
            }
            Oci::IoError(error) => self.dropped(error),
            error => self.answer(error.to_string()),
        }
    }

    /// What an error of the HTTP client means. The address is left out: it may hold a signature.
    pub(super) fn request(&self, error: reqwest::Error) -> RegistryError {
        let error = error.without_url();
        match error.status() {
            Some(status) => self.status(status.as_u16(), status.to_string()),
            None if error.is_connect() => {
                RegistryError::Unreachable { host: self.host.clone(), source: Box::new(error) }
            }
            None if error.is_builder() => self.answer(chain(&error)),
            None => self.dropped(error),
        }
    }

    /// What a status means.
    pub(super) fn status(&self, status: u16, message: String) -> RegistryError {
        match status {
            401 | 403 => self.denied(message, status == 401),
            404 => RegistryError::NotFound { host: self.host.clone(), what: self.what.clone() },
            408 | 500..=599 => self.dropped(Status { status, message }),
            429 => RegistryError::Throttled { host: self.host.clone() },
            _ => self.answer(format!("status {status}: {}", shortened(&message))),
        }
    }

    pub(super) fn dropped(&self, source: impl Into<Box<dyn Error + Send + Sync>>) -> RegistryError {
        RegistryError::Dropped { host: self.host.clone(), what: self.what.clone(), source: source.into() }
    }

    pub(super) fn wrong_digest(&self, expected: String, found: String) -> RegistryError {
        RegistryError::WrongDigest { host: self.host.clone(), what: self.what.clone(), expected, found }
    }

    pub(super) fn answer(&self, message: String) -> RegistryError {
        RegistryError::Answer { host: self.host.clone(), what: self.what.clone(), message }
    }

    fn denied(&self, message: String, is_unknown: bool) -> RegistryError {
        RegistryError::Denied {
            host: self.host.clone(),
            what: self.what.clone(),
            with_credentials: self.with_credentials,
            is_unknown,
            message: shortened(&message),
        }
    }

    /// What the errors in a registry's answer mean; the first one counts.
    fn listed(&self, envelope: &OciEnvelope) -> RegistryError {
        let message = self.listed_text(envelope);
        match envelope.errors.first().map(|error| &error.code) {
            Some(
                OciErrorCode::ManifestUnknown
                | OciErrorCode::NameUnknown
                | OciErrorCode::BlobUnknown
                | OciErrorCode::NotFound,
            ) => self.status(404, message),
            Some(OciErrorCode::Unauthorized) => self.denied(message, true),
            Some(OciErrorCode::Denied) => self.denied(message, false),
            Some(OciErrorCode::Toomanyrequests) => self.status(429, message),
            _ => self.answer(message),
        }
    }

    fn listed_text(&self, envelope: &OciEnvelope) -> String {
        let texts: Vec<&str> = envelope.errors.iter().map(|error| error.message.as_str()).collect();
        shortened(&texts.join("; "))
    }
}

/// A status that says that the server failed.
#[derive(Debug, thiserror::Error)]
#[error("status {status}: {}", shortened(message))]
struct Status {
    status: u16,
    message: String,
}

/// Letters of a server's answer that are shown.
const SHOWN: usize = 200;

/// The beginning of a server's answer, on one line.
fn shortened(text: &str) -> String {
    let line: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() <= SHOWN {
        return line;
    }
    format!("{} ...", line.chars().take(SHOWN).collect::<String>())
}

/// An error with its causes, in one line.
pub(super) fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        text = format!("{text}: {inner}");
        cause = inner.source();
    }
    text
}
