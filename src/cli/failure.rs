//! What a command ends with when it cannot go on: an exit code, what happened, and what to do next.
//! Every layer's errors are mapped to exit codes in this one place.

use std::error::Error;

use crate::cli::exit_code::ExitCode;
use crate::model::{Diagnostic, Diagnostics};
use crate::port::{PortError, PortErrorKind};

/// A command that could not go on.
#[derive(Debug)]
pub struct Failure {
    /// What the process ends with.
    pub code: ExitCode,
    /// What happened.
    pub problem: Problem,
    /// What to do next, where the problem does not say so itself.
    pub hint: Option<String>,
}

/// What happened.
#[derive(Debug)]
pub enum Problem {
    /// Problems in the source, each with its place.
    Source(Diagnostics),
    /// An error with its chain of causes.
    Chain(Box<dyn Error + Send + Sync>),
    /// Already shown in full; only the exit code is left to give.
    Shown,
}

impl Failure {
    /// An error that ends with `code`.
    pub fn new(code: ExitCode, error: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { code, problem: Problem::Chain(error.into()), hint: None }
    }

    /// Ends with `code`; everything there is to say has been shown.
    pub fn shown(code: ExitCode) -> Self {
        Self { code, problem: Problem::Shown, hint: None }
    }

    /// The same failure with advice.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

impl From<Diagnostics> for Failure {
    fn from(diagnostics: Diagnostics) -> Self {
        Self { code: ExitCode::Error, problem: Problem::Source(diagnostics), hint: None }
    }
}

impl From<Diagnostic> for Failure {
    fn from(diagnostic: Diagnostic) -> Self {
        Diagnostics::from(diagnostic).into()
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self::new(ExitCode::Error, error)
    }
}

impl From<PortError> for Failure {
    fn from(error: PortError) -> Self {
        let code = match error.kind {
            PortErrorKind::Busy => ExitCode::Busy,
            _ => ExitCode::Error,
        };
        let hint = error.hint.clone();
        Self { code, problem: Problem::Chain(error.into()), hint }
    }
}
