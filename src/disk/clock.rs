//! The system's clock. Everything else gets its time as an argument or from a cloud.

use jiff::Timestamp;

/// Now, by this machine's clock.
pub fn now() -> Timestamp {
    Timestamp::now()
}
