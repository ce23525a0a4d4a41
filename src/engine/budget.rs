//! How many calls an account and region may be asked for: a token bucket that adapts.
//!
//! AWS publishes no rates for CloudFormation. So the rate grows while calls succeed, and halves
//! when one is throttled. Pure: time comes as an argument.

use std::time::Duration;

use jiff::Timestamp;

/// How a cloud may be called, and how its time passes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Pace {
    /// A real service behind a network.
    Wall {
        /// Calls per second to start with.
        start: f64,
        /// Calls per second it may grow to.
        ceiling: f64,
        /// Calls that may be made at once after a pause.
        burst: f64,
        /// Time from an operation's start to the first look at its stack.
        first_look: Duration,
    },
    /// The embedded engine: calls are free, and its time stands still while work can go on.
    Virtual,
}

impl Pace {
    /// For AWS, which throttles at rates it does not tell.
    pub const AWS: Self =
        Self::Wall { start: 5.0, ceiling: 20.0, burst: 10.0, first_look: Duration::from_millis(800) };

    /// For an emulator on this machine, which answers at once and throttles nobody.
    pub const EMULATOR: Self =
        Self::Wall { start: 200.0, ceiling: 1000.0, burst: 100.0, first_look: Duration::from_millis(20) };

    /// Time to the first look; `None` where the cloud itself tells what changed.
    pub(super) fn first_look(self) -> Option<Duration> {
        match self {
            Self::Wall { first_look, .. } => Some(first_look),
            Self::Virtual => None,
        }
    }
}

/// Throttles closer together than this count as one: they are the echo of one burst.
const ECHO: f64 = 1.0;

/// How much each success raises the rate.
const GROWTH: f64 = 1.02;

/// The rate never falls below this part of the start.
const FLOOR: f64 = 0.25;

/// The calls of one account and region.
#[derive(Debug)]
pub(super) struct Budget {
    pace: Pace,
    rate: f64,
    /// Calls that may be made now; negative while some wait their turn.
    tokens: f64,
    refilled: Option<Timestamp>,
    lowered: Option<Timestamp>,
}

impl Budget {
    pub(super) fn new(pace: Pace) -> Self {
        let (rate, tokens) = match pace {
            Pace::Wall { start, burst, .. } => (start, burst),
            Pace::Virtual => (f64::INFINITY, f64::INFINITY),
        };
        Self { pace, rate, tokens, refilled: None, lowered: None }
    }

    /// Takes the next turn and says how long to wait for it. Turns come in the order of asking.
    pub(super) fn take(&mut self, now: Timestamp) -> Duration {
        self.refill(now);
        self.tokens -= 1.0;
        if self.tokens >= 0.0 { Duration::ZERO } else { Duration::from_secs_f64(-self.tokens / self.rate) }
    }

    /// Whether a call that is merely nice to have would delay nobody.
    pub(super) fn has_room(&mut self, now: Timestamp) -> bool {
        self.refill(now);
        self.tokens >= 2.0
    }

    /// A call succeeded.
    pub(super) fn succeeded(&mut self) {
        if let Pace::Wall { ceiling, .. } = self.pace {
            self.rate = (self.rate * GROWTH).min(ceiling);
        }
    }

    /// A call was throttled. Returns the new rate in calls per second when it was lowered for that.
    pub(super) fn throttled(&mut self, now: Timestamp) -> Option<f64> {
        let Pace::Wall { start, .. } = self.pace else { return None };
        let is_echo = self.lowered.is_some_and(|lowered| seconds(lowered, now) < ECHO);
        let floor = start * FLOOR;
        if is_echo || self.rate <= floor {
            return None;
        }
        self.lowered = Some(now);
        self.rate = (self.rate / 2.0).max(floor);
        self.tokens = self.tokens.min(0.0);
        Some(self.rate)
    }

    fn refill(&mut self, now: Timestamp) {
        let Pace::Wall { burst, .. } = self.pace else { return };
        let passed = self.refilled.map_or(0.0, |before| seconds(before, now).max(0.0));
        self.refilled = Some(now);
        self.tokens = (self.tokens + passed * self.rate).min(burst);
    }
}

/// Seconds from one time to another.
pub(super) fn seconds(from: Timestamp, to: Timestamp) -> f64 {
    to.duration_since(from).as_secs_f64()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(milliseconds: u64) -> Timestamp {
        Timestamp::UNIX_EPOCH + Duration::from_millis(milliseconds)
    }

    #[test]
    fn a_burst_is_free_and_then_turns_are_evenly_spaced() {
        let mut budget = Budget::new(Pace::AWS);
        let waits: Vec<u128> = (0..13).map(|_| budget.take(at(0)).as_millis()).collect();
        assert_eq!(waits[..10], [0; 10]);
        assert_eq!(waits[10..], [200, 400, 600]);
        assert!(!budget.has_room(at(0)));
        assert!(budget.has_room(at(2_000)));
    }

    #[test]
    fn a_throttle_halves_the_rate_once_and_success_brings_it_back() {
        let mut budget = Budget::new(Pace::AWS);
        assert_eq!(budget.throttled(at(0)), Some(2.5));
        assert_eq!(budget.throttled(at(500)), None, "the echo of the same burst");
        assert_eq!(budget.throttled(at(1_500)), Some(1.25));
        assert_eq!(budget.throttled(at(9_000)), None, "as slow as it gets");
        for _ in 0..200 {
            budget.succeeded();
        }
        assert_eq!(budget.rate, 20.0);
    }

    #[test]
    fn virtual_calls_are_free() {
        let mut budget = Budget::new(Pace::Virtual);
        assert!((0..10_000).all(|_| budget.take(at(0)).is_zero()));
        assert_eq!(budget.throttled(at(0)), None);
    }

    proptest! {
        #[test]
        fn never_more_calls_than_burst_and_rate_allow(gaps in prop::collection::vec(0_u64..400, 1..200)) {
            let mut budget = Budget::new(Pace::AWS);
            let mut now = 0;
            let mut turns = Vec::new();
            for gap in gaps {
                now += gap;
                turns.push(now as f64 / 1000.0 + budget.take(at(now)).as_secs_f64());
            }
            for (count, turn) in turns.iter().enumerate() {
                prop_assert!(count as f64 <= 10.0 + turn * 5.0 + 1e-6);
            }
        }
    }
}
