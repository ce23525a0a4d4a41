//! From what the SDK says went wrong to what the engine can act on.

use std::error::Error;
use std::io;

use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_cloudformation::error::{DisplayErrorContext, ProvideErrorMetadata, SdkError};

use crate::aws::code::kind_of;
use crate::aws::whole::is_cut;
use crate::port::{PortError, PortErrorKind};

/// Where CloudFormation and STS, and where S3, name a request.
const REQUEST_ID_HEADERS: [&str; 2] = ["x-amzn-requestid", "x-amz-request-id"];

/// Where calls go, for messages.
#[derive(Clone, Debug)]
pub struct Endpoint {
    name: String,
    overridden: bool,
}

impl Endpoint {
    /// `url` is the override, if there is one.
    pub fn new(url: Option<&str>, region: &str) -> Self {
        let name = url.map_or_else(|| format!("AWS in {region}"), |url| format!("`{url}`"));
        Self { name, overridden: url.is_some() }
    }

    /// What the failure of a call about `object` means.
    pub fn failure<E>(&self, call: &str, object: &str, error: SdkError<E>) -> PortError
    where
        E: ProvideErrorMetadata + Error + Send + Sync + 'static,
    {
        let operation = if object.is_empty() { call.to_owned() } else { format!("{call} `{object}`") };
        // A body that could not be read to its end is not there at all.
        if error.raw_response().is_some_and(|response| response.body().bytes().is_some()) {
            return self.answered(operation, &error);
        }
        let kind = match &error {
            SdkError::ConstructionFailure(_) => unsent(&error, PortErrorKind::Invalid),
            SdkError::DispatchFailure(failure) if failure.is_user() || is_about_endpoint(&error) => {
                PortErrorKind::Invalid
            }
            _ => unsent(&error, PortErrorKind::Unavailable),
        };
        let what = match kind {
            PortErrorKind::Invalid => "the request could not be made".to_owned(),
            PortErrorKind::Credentials => "no usable credentials".to_owned(),
            PortErrorKind::Unreachable => format!("no connection to {}", self.name),
            PortErrorKind::Throttled => "too many calls while getting credentials".to_owned(),
            _ => format!("no answer from {}", self.name),
        };
        let failure = PortError::new(kind, operation, format!("{what}: {}", causes(&error)));
        with_hint(failure, self.overridden)
    }

    fn answered<E: ProvideErrorMetadata>(&self, operation: String, error: &SdkError<E>) -> PortError {
        let response = error.raw_response().expect("only called where there is a response");
        let service = error.as_service_error();
        let answer = Answer {
            status: response.status().as_u16(),
            code: service.and_then(ProvideErrorMetadata::code),
            message: service.and_then(ProvideErrorMetadata::message).unwrap_or_default(),
            request: REQUEST_ID_HEADERS.iter().find_map(|name| response.headers().get(*name)),
            body: response.body().bytes().map(String::from_utf8_lossy).unwrap_or_default().into_owned(),
        };
        let kind = answer.kind();
        let from = if kind == PortErrorKind::Malformed { format!("{} ", self.name) } else { String::new() };
        let message = format!("{from}{}", answer.text());
        with_hint(PortError::new(kind, operation, message), self.overridden)
    }
}

struct Answer<'a> {
    status: u16,
    code: Option<&'a str>,
    message: &'a str,
    request: Option<&'a str>,
    body: String,
}

impl Answer<'_> {
    fn kind(&self) -> PortErrorKind {
        match self.code {
            Some(code) => kind_of(self.status, code, self.message),
            None if self.status == 429 => PortErrorKind::Throttled,
            None if self.status >= 500 => PortErrorKind::Unavailable,
            None if self.body.trim().is_empty() && self.status >= 400 => kind_of(self.status, "", ""),
            None => PortErrorKind::Malformed,
        }
    }

    fn text(&self) -> String {
        let request = self.request.map(|id| format!(" (request {id})")).unwrap_or_default();
        match self.code {
            Some(code) if self.message.is_empty() => format!("{code}, HTTP {}{request}", self.status),
            Some(code) => format!("{code}: {}{request}", self.message),
            None if self.body.trim().is_empty() => {
                format!("answered HTTP {} with an empty body{request}", self.status)
            }
            None => {
                let what = match &self.body {
                    body if is_html(body) => "HTML",
                    body if is_cut(body) => "only the beginning of its XML",
                    _ => "something other than the API's XML",
                };
                format!("answered HTTP {} with {what}: `{}`{request}", self.status, excerpt(&self.body))
            }
        }
    }
}

fn is_html(body: &str) -> bool {
    let start: String = body.trim_start().chars().take(14).collect::<String>().to_lowercase();
    start.starts_with("<!doctype html") || start.starts_with("<html")
}

/// The first words of a body on one line.
fn excerpt(body: &str) -> String {
    const LENGTH: usize = 120;
    let line = body.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() <= LENGTH {
        return line;
    }
    format!("{}...", line.chars().take(LENGTH).collect::<String>())
}

fn is_about_endpoint(error: &(dyn Error + 'static)) -> bool {
    last_cause(error).contains("endpoint")
}

/// Why nothing was answered, in one line. Of an SDK error only the last cause is told: those above
/// say little, and some print the whole request, with parameters that are secret. Trouble with
/// credentials is told from there on.
fn causes(error: &(dyn Error + 'static)) -> String {
    let told: Vec<_> =
        chain(error).skip_while(|cause| !cause.is::<CredentialsError>()).map(ToString::to_string).collect();
    if told.is_empty() { last_cause(error) } else { told.join(": ") }
}

fn last_cause(error: &(dyn Error + 'static)) -> String {
    chain(error).last().map(ToString::to_string).unwrap_or_default()
}

/// The first error of type `T` in the chain of causes.
fn cause<'a, T: Error + 'static>(error: &'a (dyn Error + 'static)) -> Option<&'a T> {
    chain(error).find_map(|cause| cause.downcast_ref())
}

/// The kind of a failure before any answer: credentials, connection, or `otherwise`.
fn unsent(error: &(dyn Error + 'static), otherwise: PortErrorKind) -> PortErrorKind {
    let connection = || cause::<io::Error>(error).map(io_kind);
    let credentials = cause::<CredentialsError>(error);
    let text = DisplayErrorContext(error).to_string().to_lowercase();
    match credentials {
        Some(CredentialsError::ProviderTimedOut(_)) => PortErrorKind::Unavailable,
        Some(CredentialsError::CredentialsNotLoaded(_) | CredentialsError::InvalidConfiguration(_)) => {
            PortErrorKind::Credentials
        }
        // Assuming a role or refreshing a session is a call too: it may be throttled or get lost.
        Some(_) if text.contains("throttl") || text.contains("rate exceeded") => PortErrorKind::Throttled,
        Some(_) => connection().unwrap_or(PortErrorKind::Credentials),
        None if text.contains("dns error") || text.contains("invalid peer certificate") => {
            PortErrorKind::Unreachable
        }
        None => connection().unwrap_or(otherwise),
    }
}

fn io_kind(error: &io::Error) -> PortErrorKind {
    use io::ErrorKind::{AddrNotAvailable, ConnectionRefused, HostUnreachable, NetworkUnreachable};
    match error.kind() {
        ConnectionRefused | HostUnreachable | NetworkUnreachable | AddrNotAvailable => {
            PortErrorKind::Unreachable
        }
        _ => PortErrorKind::Unavailable,
    }
}

fn chain<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |&error| error.source())
}

fn with_hint(error: PortError, overridden: bool) -> PortError {
    let hint = match error.kind {
        PortErrorKind::Credentials if error.message.contains("xpired") => {
            "get new credentials, for example with `aws sso login`, and run the command again"
        }
        PortErrorKind::Credentials => {
            "set `AWS_PROFILE`, run `aws sso login`, or give `AWS_ACCESS_KEY_ID` and `AWS_SECRET_ACCESS_KEY`; \
             a target's `role` must allow the caller to assume it"
        }
        PortErrorKind::Invalid if error.message.contains("endpoint must") => {
            "`AWS_ENDPOINT_URL` must be a whole URL, for example `http://127.0.0.1:4566`"
        }
        PortErrorKind::Unreachable | PortErrorKind::Malformed if overridden => {
            "calls go where `AWS_ENDPOINT_URL` says: is that service running, and is the port right?"
        }
        PortErrorKind::Unreachable => "check the network, the proxy and the target's `region`",
        PortErrorKind::Malformed => "a proxy or a portal seems to answer for AWS: check the network",
        PortErrorKind::Denied => "the caller's policies lack this permission in this account",
        PortErrorKind::LimitExceeded => "ask AWS for a higher quota, or remove what is no longer needed",
        _ => return error,
    };
    error.with_hint(hint)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_without_a_code_is_shown_in_its_first_words() {
        let html = Answer {
            status: 200,
            code: None,
            message: "",
            request: None,
            body: format!("<!DOCTYPE html>\n<title>Sign  in</title>{}", "x".repeat(500)),
        };
        assert_eq!(html.kind(), PortErrorKind::Malformed);
        assert!(
            html.text()
                .starts_with("answered HTTP 200 with HTML: `<!DOCTYPE html> <title>Sign in</title>xxx")
        );
        assert!(html.text().ends_with("xxx...`"));
        assert_eq!(Answer { status: 502, ..html }.kind(), PortErrorKind::Unavailable);
    }
}
