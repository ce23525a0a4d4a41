//! The exit codes: documented, stable, the same in `docs/exit-codes.md` (a test compares them).

use crate::ui::outcome_view::Verdict;

macro_rules! exit_codes {
    ($($(#[$doc:meta])* $name:ident = $code:literal, $meaning:literal;)*) => {
        /// What a command's end means to whoever called it.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum ExitCode {
            $($(#[$doc])* $name = $code,)*
        }

        impl ExitCode {
            /// Every code with its meaning, in ascending order.
            pub const TABLE: &'static [(u8, &'static str)] = &[$(($code, $meaning),)*];
        }
    };
}

exit_codes! {
    /// Done, or nothing to do.
    Done = 0, "done, or nothing to do";
    /// Something went wrong, and nothing was changed by it.
    Error = 1, "error";
    /// `plan --detailed-exitcode` found changes.
    ChangesPending = 2, "changes pending (only with `plan --detailed-exitcode`)";
    /// `verify` or drift detection found a difference.
    Different = 3, "verification or drift detection found a difference";
    /// Protection, consent, policy, or a wrong account stood in the way.
    Refused = 4, "refused: protection, consent, policy or wrong account";
    /// It failed, and CloudFormation took it back.
    RolledBack = 5, "failed and rolled back";
    /// It failed, and a person must look.
    NeedsHands = 6, "failed and needs hands";
    /// Another run holds the environment.
    Busy = 7, "another run holds the environment";
    /// The change set shows what the plan did not announce.
    Unannounced = 8, "the change set shows what the plan did not announce";
    /// The command line is wrong.
    Usage = 64, "usage: the command line is wrong";
    /// Stopped by Ctrl-C, SIGTERM or a deadline.
    Interrupted = 130, "interrupted by Ctrl-C, SIGTERM or a deadline";
}

impl ExitCode {
    /// The word for an error that has no code of its own.
    pub fn word(self) -> &'static str {
        match self {
            Self::Refused => "refused",
            Self::NeedsHands => "needs-hands",
            Self::Busy => "busy",
            Self::Usage => "usage",
            Self::Interrupted => "interrupted",
            _ => "error",
        }
    }
}

impl From<Verdict> for ExitCode {
    fn from(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Succeeded => Self::Done,
            Verdict::Interrupted => Self::Interrupted,
            Verdict::Refused | Verdict::WithoutImage | Verdict::Unproven => Self::Error,
            Verdict::Failed => Self::RolledBack,
            Verdict::Different => Self::Different,
            Verdict::Unannounced => Self::Unannounced,
            Verdict::NeedsHands => Self::NeedsHands,
        }
    }
}

impl From<ExitCode> for std::process::ExitCode {
    fn from(code: ExitCode) -> Self {
        Self::from(code as u8)
    }
}
