//! See `entry::engine`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| entry::engine(bytes));
