//! Why a call to a cloud failed, as far as the engine must tell cases apart.

use std::error::Error;

/// What kind of failure it was: decides whether to wait, stop, or ask for hands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum PortErrorKind {
    /// Too many calls. Wait and ask again; never a reason to fail a deployment.
    Throttled,
    /// The answer was lost or the service is briefly unwell (5xx, reset, time-out). Asking again
    /// with the same client token is safe.
    Unavailable,
    /// No connection could be made at all.
    Unreachable,
    /// No credentials were found, or they have expired.
    Credentials,
    /// The caller may not do this.
    Denied,
    /// What was asked for does not exist.
    NotFound,
    /// The name is taken.
    AlreadyExists,
    /// The stack is in a state that does not allow this.
    WrongState,
    /// The request is wrong (validation).
    Invalid,
    /// An account limit is reached.
    LimitExceeded,
    /// The answer was not what the service documents (HTML for XML, a missing field).
    Malformed,
    /// The embedded engine's state cannot be read or written.
    State,
    /// The run's journal could not be written: the call was not made.
    Unjournalled,
    /// It was waited for as long as was asked.
    Overdue,
    /// Another process holds the embedded engine's state.
    Busy,
    /// Something else.
    Other,
}

/// A failed call: what was asked, what came back, and what to do next.
#[derive(Debug, thiserror::Error)]
#[error("{operation}: {message}")]
pub struct PortError {
    /// See [`PortErrorKind`].
    pub kind: PortErrorKind,
    /// The call and its object, for example "CreateStack `fieldbook-demo-data`".
    pub operation: String,
    /// What came back, with the service's code and request id where there are any.
    pub message: String,
    /// What to do next, where the adapter knows.
    pub hint: Option<String>,
    /// The cause, where there is one.
    #[source]
    pub source: Option<Box<dyn Error + Send + Sync>>,
}

impl PortError {
    /// A failure without hint or cause.
    pub fn new(kind: PortErrorKind, operation: impl Into<String>, message: impl Into<String>) -> Self {
        Self { kind, operation: operation.into(), message: message.into(), hint: None, source: None }
    }

    /// The same failure with advice.
    #[must_use]
    pub fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// The same failure with its cause.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// Whether asking again may help.
    pub fn is_transient(&self) -> bool {
        matches!(self.kind, PortErrorKind::Throttled | PortErrorKind::Unavailable)
    }
}
