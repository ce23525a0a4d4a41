//! Which failed calls are asked again, how often, and after how long. Pure.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::model::Digest;
use crate::port::PortErrorKind;

/// How long a caller puts up with a cloud that does not answer as it should.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Patience {
    /// Nothing has begun: a person waits for a first answer.
    Short,
    /// Stacks are being changed: giving up would leave them unwatched.
    Long,
}

impl Patience {
    /// How many failures of that kind one call may have; `None` for any number.
    fn retries(self, kind: PortErrorKind) -> Option<u32> {
        use PortErrorKind as Kind;
        match (kind, self) {
            (Kind::Throttled, Self::Long) => None,
            (Kind::Throttled, Self::Short) => Some(30),
            (Kind::Unavailable, Self::Long) => Some(60),
            (Kind::Unavailable, Self::Short) => Some(6),
            (Kind::Unreachable, Self::Long) => Some(20),
            (Kind::Credentials, Self::Long) => Some(3),
            (Kind::Malformed, Self::Long) => Some(6),
            (Kind::Malformed, Self::Short) => Some(4),
            (
                Kind::Unreachable
                | Kind::Credentials
                | Kind::Denied
                | Kind::NotFound
                | Kind::AlreadyExists
                | Kind::WrongState
                | Kind::Invalid
                | Kind::LimitExceeded
                | Kind::State
                | Kind::Unjournalled
                | Kind::Overdue
                | Kind::Busy
                | Kind::Other,
                _,
            ) => Some(0),
        }
    }
}

/// The failures of one call so far, each kind counted by itself: a call that was throttled often has not
/// often been without an answer.
#[derive(Debug, Default)]
pub(super) struct Failures(BTreeMap<PortErrorKind, u32>);

impl Failures {
    /// Counts a failure, and says whether the call is to be made again.
    pub(super) fn again(&mut self, kind: PortErrorKind, patience: Patience) -> bool {
        let count = self.0.entry(kind).or_default();
        *count += 1;
        patience.retries(kind).is_none_or(|retries| *count <= retries)
    }
}

/// Whether the call may have taken effect although it failed.
pub(super) fn is_answer_lost(kind: PortErrorKind) -> bool {
    matches!(kind, PortErrorKind::Unavailable | PortErrorKind::Malformed)
}

const BASE: Duration = Duration::from_millis(500);
const LONGEST: Duration = Duration::from_secs(20);

/// How long to wait before the retry numbered `attempt` (from 0): "full jitter", any time up to a
/// bound that doubles. The jitter is drawn from `salt`, so that a run can be repeated exactly.
/// Source: AWS Architecture Blog, "Exponential Backoff And Jitter".
pub(super) fn backoff(salt: &str, attempt: u32) -> Duration {
    let bound = BASE.saturating_mul(2_u32.saturating_pow(attempt.min(16))).min(LONGEST);
    bound.mul_f64(fraction(&format!("{salt}/{attempt}")))
}

/// A number from 0 up to, not including, 1 that depends on `text` alone.
fn fraction(text: &str) -> f64 {
    let drawn = u32::from_str_radix(&Digest::of(text).short(8), 16).unwrap_or_default();
    f64::from(drawn) / (f64::from(u32::MAX) + 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn backoff_is_repeatable_spread_and_bounded() {
        assert_eq!(backoff("a", 3), backoff("a", 3));
        let waits: Vec<Duration> = (0..200).map(|number| backoff(&format!("call {number}"), 2)).collect();
        assert!(waits.iter().all(|wait| *wait < BASE * 4));
        assert!(waits.iter().any(|wait| *wait < BASE));
        assert!(waits.iter().any(|wait| *wait > BASE * 3));
        assert!(backoff("a", u32::MAX) <= LONGEST);
    }

    #[test]
    fn each_kind_of_failure_is_counted_by_itself() {
        use PortErrorKind::{Malformed, Throttled};
        let mut failures = Failures::default();
        assert!((0..20).all(|_| failures.again(Throttled, Patience::Short)));
        assert!((0..4).all(|_| failures.again(Malformed, Patience::Short)));
        assert!(!failures.again(Malformed, Patience::Short));
        assert!((0..10).all(|_| failures.again(Throttled, Patience::Short)));
        assert!(!failures.again(Throttled, Patience::Short));
    }

    #[test]
    fn what_cannot_help_is_not_asked_again() {
        for kind in [PortErrorKind::Denied, PortErrorKind::Invalid, PortErrorKind::NotFound] {
            assert_eq!(Patience::Long.retries(kind), Some(0));
        }
        assert_eq!(Patience::Long.retries(PortErrorKind::Throttled), None);
        assert_eq!(Patience::Short.retries(PortErrorKind::Unreachable), Some(0));
    }
}
