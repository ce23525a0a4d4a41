//! One ministack per run of the test binary.
//!
//! Tests do not disturb each other: ministack keeps accounts apart, takes the access key id for
//! the account, and every test asks for an account of its own.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use super::emulator::Emulator;

/// The ministack of this run, started by whoever asks first.
pub fn shared() -> &'static Emulator {
    static SHARED: OnceLock<Emulator> = OnceLock::new();
    SHARED.get_or_init(|| {
        Emulator::start("ministack", |port| {
            let environment = [
                ("BIND_HOST", "127.0.0.1".to_owned()),
                ("GATEWAY_PORT", port.to_string()),
                ("MINISTACK_REGION", super::target::REGION.to_owned()),
                ("DOCKER_HOST", "unix:///nonexistent.sock".to_owned()),
                ("IOT_MTLS_ENABLED", "0".to_owned()),
            ];
            (Vec::new(), environment.to_vec())
        })
    })
}

/// An account that no other test uses: also the access key id that leads there.
pub fn account() -> String {
    static NEXT: AtomicU64 = AtomicU64::new(100_000_000_001);
    NEXT.fetch_add(1, Ordering::Relaxed).to_string()
}
