//! Render and digest of 2,000 stacks: under a second, linear, under 200 MB.
#![allow(clippy::print_stdout, missing_docs)]

mod support;

use std::process::ExitCode;

use rekindle::manifest::Project;
use rekindle::model::{Digest, EnvironmentName, ProjectFiles};
use rekindle::release::assemble;
use support::environment::project;
use support::{Bounds, median, milliseconds, peak_megabytes};

const RUNS: usize = 5;

fn main() -> ExitCode {
    let mut bounds = Bounds::default();
    let mut each = Vec::new();
    for stacks in [500, 1_000, 2_000] {
        let files = project(stacks);
        let time = milliseconds(median(RUNS, || assert_eq!(digests(files.clone()).len(), stacks)));
        let one = time / stacks as f64;
        println!("{stacks} stacks: {time:.0} ms, {one:.3} ms each, median of {RUNS} runs");
        each.push((time, one));
    }
    if let (Some((_, first)), Some((total, last))) = (each.first(), each.last()) {
        bounds.at_most("2,000 stacks, from bytes to digests", *total, 1_000.0, "ms");
        bounds.at_most("time of each of 2,000 over each of 500", last / first, 1.3, "times");
    }
    if let Some(peak) = peak_megabytes() {
        bounds.at_most("peak memory", peak, 200.0, "MB");
    }
    bounds.exit_code()
}

fn digests(files: ProjectFiles) -> Vec<Digest> {
    let project = Project::read(files).expect("the project is right");
    let environment = EnvironmentName::new("demo").expect("a good name");
    let assembly = assemble(&project, &environment).expect("it renders");
    assembly.units.iter().map(|unit| unit.digest()).collect()
}
