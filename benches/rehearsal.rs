//! A rehearsal of the rebuild of 2,000 stacks: what is deployed first included, from the bytes of the
//! project to the estimate.
// Time is what a benchmark is about.
#![allow(clippy::disallowed_methods, clippy::print_stdout, missing_docs)]

mod support;

use std::process::{Command, ExitCode, Stdio};
use std::time::Instant;

use support::Bounds;
use support::environment::project;

const STACKS: usize = 2_000;

fn main() -> ExitCode {
    let folder = tempfile::tempdir().expect("a scratch directory");
    for (path, bytes) in project(STACKS).0 {
        let path = folder.path().join(path);
        std::fs::create_dir_all(path.parent().expect("it has one")).expect("it can be made");
        std::fs::write(path, bytes).expect("it can be written");
    }
    let mut bounds = Bounds::default();
    for (what, arguments, seconds) in [
        ("lock", &["lock", "-q"][..], f64::INFINITY),
        ("rehearsal of the rebuild of 2,000 stacks", &["rebuild", "demo", "--rehearse", "-q"], 10.0),
        ("estimate of the rebuild of 2,000 stacks", &["estimate", "demo", "--rebuild"], 10.0),
    ] {
        let (took, megabytes) = measured(folder.path(), arguments);
        if seconds.is_finite() {
            bounds.at_most(what, took, seconds, "s");
            bounds.at_most("  its peak memory", megabytes, 500.0, "MB");
        }
    }
    bounds.exit_code()
}

/// Seconds and peak memory of one run of the binary.
fn measured(folder: &std::path::Path, arguments: &[&str]) -> (f64, f64) {
    let start = Instant::now();
    let mut child = Command::new(env!("CARGO_BIN_EXE_rekindle"))
        .args(arguments)
        .current_dir(folder)
        .stdout(Stdio::null())
        .spawn()
        .expect("the binary is there");
    let mut peak: f64 = 0.0;
    let status = loop {
        // The high-water mark stands in /proc as long as the process lives.
        peak = peak.max(support::peak_megabytes_of(child.id()).unwrap_or(0.0));
        match child.try_wait().expect("it can be waited for") {
            Some(status) => break status,
            None => std::thread::sleep(std::time::Duration::from_millis(5)),
        }
    };
    assert!(status.success(), "{arguments:?}: {status}");
    (start.elapsed().as_secs_f64(), peak)
}
