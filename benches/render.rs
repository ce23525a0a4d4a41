//! Render and digest of 2,000 stacks: under a second, linear, under 200 MB.
#![allow(clippy::print_stdout, missing_docs)]

mod support;

use std::process::ExitCode;

use camino::Utf8Path;
use rekindle::disk::read_project;
use rekindle::manifest::Project;
use rekindle::model::{Digest, EnvironmentName, ProjectFiles};
use rekindle::release::assemble;
use support::{Bounds, median, milliseconds, peak_megabytes};

const RUNS: usize = 5;

fn main() -> ExitCode {
    let shipped = read_project(Utf8Path::new(env!("CARGO_MANIFEST_DIR"))).expect("the project is there");
    let mut bounds = Bounds::default();
    let mut each = Vec::new();
    for stacks in [500, 1_000, 2_000] {
        let files = project(&shipped, stacks);
        let time = milliseconds(median(RUNS, || assert_eq!(digests(files.clone()).len(), stacks)));
        let one = time / stacks as f64;
        println!("{stacks} stacks: {time:.0} ms, {one:.3} ms each, median of {RUNS} runs");
        each.push((time, one));
    }
    if let (Some((_, first)), Some((total, last))) = (each.first(), each.last()) {
        bounds.at_most("2,000 stacks, from bytes to digests", *total, 1_000.0, "ms");
        bounds.at_most("time of each of 2,000 over each of 500", last / first, 1.3, "");
    }
    if let Some(peak) = peak_megabytes() {
        bounds.at_most("peak memory", peak, 200.0, "MB");
    }
    bounds.exit_code()
}

/// The shipped storage template, four encrypted-bucket resources, as many times as asked for.
fn project(shipped: &ProjectFiles, stacks: usize) -> ProjectFiles {
    let templates = shipped.0.iter().filter(|(path, _)| path.starts_with("templates/storage/"));
    let mut files: ProjectFiles =
        ProjectFiles(templates.map(|(path, bytes)| (path.clone(), bytes.clone())).collect());
    let manifest = "project: bench
environments:
  demo:
    targets: {primary: {provider: local, account: \"000000000000\", region: eu-central-1}}
";
    files.0.insert("rekindle.yaml".to_owned(), manifest.into());
    for number in 0..stacks {
        let unit = format!(
            "template: storage@1.0.0
class: data
inputs: {{log_days: {}}}
parameters: {{KeyArn: \"arn:aws:kms:eu-central-1:000000000000:key/{number}\"}}
",
            number % 365 + 1
        );
        files.0.insert(format!("stacks/unit-{number}.yaml"), unit.into_bytes());
    }
    files
}

fn digests(files: ProjectFiles) -> Vec<Digest> {
    let project = Project::read(files).expect("the project is right");
    let environment = EnvironmentName::new("demo").expect("a good name");
    let assembly = assemble(&project, &environment).expect("it renders");
    assembly.units.iter().map(|unit| unit.digest()).collect()
}
