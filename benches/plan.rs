//! A plan over 2,000 unchanged stacks takes under 100 ms beyond the reads.
#![allow(clippy::print_stdout, missing_docs)]

mod support;

use std::process::ExitCode;

use rekindle::manifest::Project;
use rekindle::model::EnvironmentName;
use rekindle::release::assemble;
use support::environment::{World, plan, project};
use support::{Bounds, median, milliseconds};

const STACKS: usize = 2_000;
const RUNS: usize = 11;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let project = Project::read(project(STACKS)).expect("the project is right");
    let environment = EnvironmentName::new("demo").expect("a good name");
    let units = assemble(&project, &environment).expect("it renders").units;
    let world = World::new();
    let outcome = world.deploy(&units).await;
    assert_eq!(outcome.reports.len(), STACKS, "every stack was made");

    let observation = world.look(&units).await;
    assert!(plan(&units, &observation).is_empty(), "nothing changed");
    let time = milliseconds(median(RUNS, || drop(plan(&units, &observation))));
    println!("median of {RUNS} runs");
    let mut bounds = Bounds::default();
    bounds.at_most("plan over 2,000 unchanged stacks", time, 100.0, "ms");
    bounds.exit_code()
}
