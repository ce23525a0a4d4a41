//! Measuring: medians of many runs, and bounds that end the program with 1 when broken.

// Time is what a benchmark is about, and it ends with an exit code that a pipeline can read.
#![allow(clippy::disallowed_methods, clippy::print_stdout, dead_code)]

pub mod environment;

use std::process::ExitCode;
use std::time::{Duration, Instant};

/// The median time of `runs` runs.
pub fn median(runs: usize, mut work: impl FnMut()) -> Duration {
    let mut times: Vec<Duration> = (0..runs)
        .map(|_| {
            let start = Instant::now();
            work();
            start.elapsed()
        })
        .collect();
    times.sort();
    times[times.len() / 2]
}

/// Bounds, each printed as it is checked.
#[derive(Default)]
pub struct Bounds {
    broken: bool,
}

impl Bounds {
    /// Checks that `measured` is at most `bound`, both in `unit`.
    pub fn at_most(&mut self, what: &str, measured: f64, bound: f64, unit: &str) {
        let holds = measured <= bound;
        self.broken |= !holds;
        let verdict = if holds { "holds" } else { "BROKEN" };
        println!("{what}: {measured:.2} {unit} (at most {bound:.2}: {verdict})");
    }

    /// 1 when a bound was broken.
    pub fn exit_code(self) -> ExitCode {
        ExitCode::from(u8::from(self.broken))
    }
}

/// Milliseconds with their fraction.
pub fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}

/// The most memory this process ever held, in megabytes. Source: proc(5), `VmHWM` in kB.
pub fn peak_megabytes() -> Option<f64> {
    peak_megabytes_of(std::process::id())
}

/// The most memory another process ever held, as long as it lives.
pub fn peak_megabytes_of(process: u32) -> Option<f64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kilobytes: f64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kilobytes / 1e3)
}
