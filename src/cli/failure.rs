//! What a command ends with when it cannot go on: an exit code, what happened, and what to do next.
//! Every layer's errors are mapped to exit codes in this one place.

use std::error::Error;
use std::fmt;

use crate::cli::exit_code::ExitCode;
use crate::disk::{
    ContextError, FileError, FindError, ImageFilesError, JournalError, LedgerError, LockError, ReadError,
    StoreError,
};
use crate::engine::{
    ExecuteError, IdentityError, LeaseError, ObserveError, RecoverError, SettleError, VerifyError,
};
use crate::image::canonical::CanonicalError;
use crate::image::{AssembleError, BaseError};
use crate::model::{Diagnostic, Diagnostics};
use crate::plan::{ObstacleKind, PlanError};
use crate::port::{BuilderError, PortError, PortErrorKind, RegistryError};

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
    /// What stands in the way of a plan.
    Plan(PlanError),
}

impl Failure {
    /// An error that ends with `code`.
    pub fn new(code: ExitCode, error: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        let error = error.into();
        let hint = advice(&*error);
        Self { code, problem: Problem::Chain(error), hint }
    }

    /// The same failure with advice.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

/// In one line: what happened, and why.
impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.problem {
            Problem::Source(problems) => {
                let first = problems.0.first().map(|first| first.message.as_str());
                formatter.write_str(first.unwrap_or("the source is broken"))
            }
            Problem::Plan(error) => error.fmt(formatter),
            Problem::Chain(error) => {
                write!(formatter, "{error}")?;
                let mut cause = error.source();
                while let Some(inner) = cause {
                    write!(formatter, ": {inner}")?;
                    cause = inner.source();
                }
                Ok(())
            }
        }
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
        let code = if error.kind == PortErrorKind::Busy { ExitCode::Busy } else { ExitCode::Error };
        Self::new(code, error)
    }
}

impl From<PlanError> for Failure {
    fn from(error: PlanError) -> Self {
        let code = match error.kind() {
            ObstacleKind::Error => ExitCode::Error,
            ObstacleKind::Refused => ExitCode::Refused,
            ObstacleKind::NeedsHands => ExitCode::NeedsHands,
        };
        Self { code, problem: Problem::Plan(error), hint: None }
    }
}

impl From<IdentityError> for Failure {
    fn from(error: IdentityError) -> Self {
        let (code, hint) = match &error {
            IdentityError::WrongAccount { .. } => (
                ExitCode::Refused,
                Some("use that account's credentials (`AWS_PROFILE`), or correct `account` in rekindle.yaml"),
            ),
            IdentityError::WrongRegion { .. } => {
                (ExitCode::Refused, Some("correct `region` in rekindle.yaml"))
            }
            IdentityError::Stopped => (ExitCode::Interrupted, None),
            IdentityError::Call { .. } => (ExitCode::Error, None),
        };
        let failure = Self::new(code, error);
        if let Some(hint) = hint { failure.hint(hint) } else { failure }
    }
}

impl From<LockError> for Failure {
    fn from(error: LockError) -> Self {
        let code = if matches!(error, LockError::Held { .. }) { ExitCode::Busy } else { ExitCode::Error };
        let hint = error.hint().map(str::to_owned);
        Self { hint, ..Self::new(code, error) }
    }
}

impl From<LeaseError> for Failure {
    fn from(error: LeaseError) -> Self {
        let (code, hint) = match &error {
            LeaseError::Held { holder } => (
                ExitCode::Busy,
                Some(format!(
                    "wait until it ends (`--wait-for-lease SECONDS`); only if you know that it cannot go on, take its \
                     lease with `--break-lease {}`",
                    holder.run
                )),
            ),
            LeaseError::Foreign { .. } => (
                ExitCode::Refused,
                Some(
                    "nothing was touched. Find out who put it there, or give the target another bucket"
                        .to_owned(),
                ),
            ),
            LeaseError::Call(source) => (ExitCode::Error, source.hint.clone()),
            LeaseError::Stopped => (ExitCode::Interrupted, None),
        };
        Self { hint, ..Self::new(code, error) }
    }
}

impl From<ObserveError> for Failure {
    fn from(error: ObserveError) -> Self {
        let code =
            if matches!(error, ObserveError::Stopped) { ExitCode::Interrupted } else { ExitCode::Error };
        Self::new(code, error)
    }
}

impl From<VerifyError> for Failure {
    fn from(error: VerifyError) -> Self {
        let code =
            if matches!(error, VerifyError::Stopped) { ExitCode::Interrupted } else { ExitCode::Error };
        Self::new(code, error)
    }
}

impl From<SettleError> for Failure {
    fn from(error: SettleError) -> Self {
        Self::new(ExitCode::Error, error)
    }
}

impl From<RecoverError> for Failure {
    fn from(error: RecoverError) -> Self {
        let code =
            if matches!(error, RecoverError::Stopped) { ExitCode::Interrupted } else { ExitCode::Error };
        let hint = error.hint();
        Self::new(code, error).hint(hint)
    }
}

impl From<ExecuteError> for Failure {
    fn from(error: ExecuteError) -> Self {
        // What was begun goes on, and a rerun attaches to it: nobody's hands are needed.
        Self::new(ExitCode::Error, error)
    }
}

/// Errors of files that know their own advice.
macro_rules! from_disk {
    ($($error:ty,)*) => {$(
        impl From<$error> for Failure {
            fn from(error: $error) -> Self {
                let hint = error.hint().map(|hint: &str| hint.to_owned());
                Self { hint, ..Self::new(ExitCode::Error, error) }
            }
        }
    )*};
}

from_disk! { FileError, JournalError, LedgerError, ReadError, AssembleError, BaseError, BuilderError, CanonicalError, ImageFilesError, }

impl From<ContextError> for Failure {
    fn from(error: ContextError) -> Self {
        let hint = error.hint().map(str::to_owned);
        match error {
            ContextError::Ignore(problem) => (*problem).into(),
            error => Self { hint, ..Self::new(ExitCode::Error, error) },
        }
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        let code = if matches!(error, StoreError::Held { .. }) { ExitCode::Busy } else { ExitCode::Error };
        let hint = error.hint().map(str::to_owned);
        Self { hint, ..Self::new(code, error) }
    }
}

impl From<RegistryError> for Failure {
    fn from(error: RegistryError) -> Self {
        Self::new(ExitCode::Error, error)
    }
}

impl From<FindError> for Failure {
    fn from(error: FindError) -> Self {
        let hint = error.hint();
        Self::new(ExitCode::Error, error).hint(hint)
    }
}

/// The advice of the innermost port error: adapters know best what to do about their service.
fn advice(error: &(dyn Error + 'static)) -> Option<String> {
    let mut error = Some(error);
    while let Some(current) = error {
        if let Some(port) = current.downcast_ref::<PortError>() {
            return port.hint.clone();
        }
        if let Some(registry) = current.downcast_ref::<RegistryError>() {
            return registry.hint();
        }
        error = current.source();
    }
    None
}
