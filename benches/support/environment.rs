//! Environments on the embedded engine in memory: made, looked at, planned.
#![allow(dead_code)]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use camino::Utf8Path;
use rekindle::disk::read_project;
use rekindle::engine::{
    Cloud, Clouds, ExecuteOptions, Outcome, Pace, Recorder, Scope, Stop, complete_templates, execute, observe,
};
use rekindle::local;
use rekindle::model::{Digest, ProjectFiles, Protection, SealedUnit, StackName};
use rekindle::plan::{self, Consents, DeployContext, Observation, Plan};

/// A project with the shipped storage template, four resources, as many times as asked for, no two
/// renders of it alike.
pub fn project(stacks: usize) -> ProjectFiles {
    let shipped = read_project(Utf8Path::new(env!("CARGO_MANIFEST_DIR"))).expect("the project is there");
    let templates = shipped.0.into_iter().filter(|(path, _)| path.starts_with("templates/storage/"));
    let mut files = ProjectFiles(templates.collect());
    let manifest = "project: bench
environments:
  demo:
    targets: {primary: {provider: local, account: \"000000000000\", region: eu-central-1}}
";
    files.0.insert("rekindle.yaml".to_owned(), manifest.into());
    for number in 0..stacks {
        let (days, old) = (number % 365 + 1, number / 365 + 1);
        let unit = format!(
            "template: storage@1.0.0
class: data
inputs: {{log_days: {days}, old_version_days: {old}}}
parameters: {{KeyArn: \"arn:aws:kms:eu-central-1:000000000000:key/{number}\"}}
"
        );
        files.0.insert(format!("stacks/unit-{number}.yaml"), unit.into_bytes());
    }
    files
}

/// One embedded cloud that serves the environment `bench/demo`.
pub struct World {
    clouds: Clouds,
}

impl World {
    /// An empty one.
    pub fn new() -> Self {
        let now = "2026-11-01T10:00:00Z".parse().expect("a time");
        let cloud = local::Cloud::in_memory(local::Options { now, faults: Vec::new() });
        let account = "000000000000".parse().expect("an account");
        let client = cloud.client(account, "eu-central-1".parse().expect("a region"));
        let primary = ("primary".parse().expect("a name"), Cloud::new(Arc::new(client), Pace::Virtual));
        Self { clouds: Clouds { targets: [primary].into(), used: BTreeMap::new() } }
    }

    /// What a plan of `units` depends on.
    pub async fn look(&self, units: &[SealedUnit]) -> Observation {
        let mut wanted: BTreeMap<_, BTreeSet<StackName>> = BTreeMap::new();
        for unit in units {
            wanted.entry(unit.instance().target.clone()).or_default().insert(unit.stack.clone());
        }
        let context = context();
        let scope = Scope { project: context.project, environment: context.environment, wanted };
        let (sink, stop) = (Recorder::default(), Stop::never());
        let mut observation = observe(&self.clouds, &scope, &sink, &stop).await.expect("it can be read");
        let ids = plan::wanted_templates(&scope.project, &scope.environment, units, &observation);
        complete_templates(&self.clouds, &mut observation, &ids, &sink, &stop).await.expect("it can be read");
        observation
    }

    /// Makes `units`, with nothing that limits how many at once.
    pub async fn deploy(&self, units: &[SealedUnit]) -> Outcome {
        let plan = plan(units, &self.look(units).await);
        let options = ExecuteOptions { run: "bench".to_owned(), jobs: 0, ..ExecuteOptions::default() };
        let (sink, stop) = (Recorder::default(), Stop::never());
        execute(&plan, &self.clouds, &BTreeMap::new(), &options, &sink, &stop)
            .await
            .expect("it can be carried out")
    }
}

/// The plan of a deploy.
pub fn plan(units: &[SealedUnit], observation: &Observation) -> Plan {
    plan::deploy(units, &context(), observation).expect("there is a plan")
}

fn context() -> DeployContext {
    DeployContext {
        project: "bench".parse().expect("a name"),
        environment: "demo".parse().expect("a name"),
        protection: Protection::Disposable,
        targets: std::collections::BTreeMap::new(),
        release: Digest::of("release"),
        deployment: Digest::of("deployment"),
        prune: true,
        selected: None,
        looks_for_drift: false,
        consents: Consents::none(),
    }
}
