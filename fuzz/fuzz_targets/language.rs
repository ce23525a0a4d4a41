//! See `entry::language`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| entry::language(bytes));
