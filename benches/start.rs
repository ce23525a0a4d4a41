//! `rekindle --version` starts within three times `/bin/true` plus five milliseconds.
#![allow(clippy::print_stdout, missing_docs)]

mod support;

use std::process::{Command, ExitCode, Stdio};

use support::{Bounds, median, milliseconds};

const RUNS: usize = 200;

fn main() -> ExitCode {
    let bare = milliseconds(median(RUNS, || run("/bin/true", &[])));
    let ours = milliseconds(median(RUNS, || run(env!("CARGO_BIN_EXE_rekindle"), &["--version"])));
    println!("/bin/true: {bare:.2} ms, median of {RUNS} runs");
    let mut bounds = Bounds::default();
    bounds.at_most("rekindle --version", ours, 3.0 * bare + 5.0, "ms");
    bounds.exit_code()
}

fn run(program: &str, arguments: &[&str]) {
    let status = Command::new(program).args(arguments).stdout(Stdio::null()).status();
    assert!(status.is_ok_and(|status| status.success()), "{program} failed");
}
