//! What the journal costs: deploys of 200 stacks on an embedded engine that keeps its state on the disk, with
//! and without one, in turns. The bound is on the share of the journal in the whole. The quickest of many
//! counts: both wait for the disk, and whatever else uses it only makes them slower.
#![allow(clippy::disallowed_methods, clippy::print_stdout, missing_docs)]

mod support;

use std::collections::BTreeMap;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use camino::{Utf8Path, Utf8PathBuf};
use rekindle::disk::{Journals, StateDirectory};
use rekindle::engine::{Cloud, Clouds, ExecuteOptions, Pace, Recorder, Stop, execute};
use rekindle::local;
use rekindle::model::facts::Identity;
use rekindle::model::{Class, DesiredUnit, JournalHeader, SealedUnit, journal};
use rekindle::port::Journal;
use serde_json::json;
use support::Bounds;
use support::environment::plan;

const STACKS: usize = 200;
const ROUNDS: usize = 25;

#[tokio::main]
async fn main() -> ExitCode {
    let units: Vec<SealedUnit> = (0..STACKS).map(unit).collect();
    let (mut with, mut without) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        without.push(deploy(&units, false).await);
        with.push(deploy(&units, true).await);
    }
    let quickest = |times: &[Duration]| times.iter().min().expect("there are some").as_secs_f64();
    let (with, without) = (quickest(&with), quickest(&without));
    println!("a deploy of {STACKS} stacks: {with:.3} s with a journal, {without:.3} s without");
    let mut bounds = Bounds::default();
    bounds.at_most("share of the journal", (with - without).max(0.0) / with * 100.0, 5.0, "%");
    bounds.exit_code()
}

/// One deploy into an empty cloud; gives how long it took.
async fn deploy(units: &[SealedUnit], is_journalled: bool) -> Duration {
    let folder = tempfile::tempdir().expect("a scratch directory");
    let path = Utf8PathBuf::try_from(folder.path().to_owned()).expect("it is a text");
    let clouds = clouds(&path);
    let plan = plan(units, &Default::default());
    let journal = is_journalled.then(|| begin(&path));
    let options = ExecuteOptions {
        run: "bench".to_owned(),
        journal: journal.clone().map(|journal| journal as Arc<dyn Journal>),
        ..ExecuteOptions::default()
    };
    let (sink, stop) = (Recorder::default(), Stop::never());
    let start = Instant::now();
    let outcome = execute(&plan, &clouds, &BTreeMap::new(), &options, &sink, &stop).await;
    let took = start.elapsed();
    assert_eq!(outcome.expect("it can be carried out").reports.len(), units.len());
    took
}

fn clouds(path: &Utf8Path) -> Clouds {
    let now = "2026-11-01T10:00:00Z".parse().expect("a time");
    let options = local::Options { now, faults: Vec::new() };
    let cloud = local::Cloud::open(path, options).expect("it can be opened");
    let account = "000000000000".parse().expect("an account");
    let client = cloud.client(account, "eu-central-1".parse().expect("a region"));
    let primary = ("primary".parse().expect("a name"), Cloud::new(Arc::new(client), Pace::Virtual));
    Clouds { targets: [primary].into(), used: BTreeMap::new() }
}

fn begin(path: &Utf8Path) -> Arc<rekindle::disk::RunJournal> {
    let (project, environment) = ("bench".parse().expect("a name"), "demo".parse().expect("a name"));
    let journals = Journals::of(&StateDirectory::at(path), &project, &environment);
    let header = JournalHeader {
        schema: journal::SCHEMA,
        run: "bench".to_owned(),
        project,
        environment,
        operation: "deploy".to_owned(),
        release: None,
        deployment: None,
        started: "2026-11-01T10:00:00Z".parse().expect("a time"),
        process: std::process::id(),
        places: BTreeMap::new(),
        restore_points: Default::default(),
    };
    Arc::new(journals.begin(header).expect("it can be begun"))
}

/// A stack of a queue, a topic and a bucket.
fn unit(number: usize) -> SealedUnit {
    let identity = Identity {
        project: "bench".parse().expect("a name"),
        environment: "demo".parse().expect("a name"),
        instance: format!("unit-{number}").parse().expect("a name"),
    };
    let types = ["AWS::SQS::Queue", "AWS::SNS::Topic", "AWS::S3::Bucket"];
    let resources =
        types.iter().enumerate().map(|(index, kind)| (format!("R{index}"), json!({"Type": kind})));
    let template = json!({"Resources": resources.collect::<serde_json::Map<_, _>>()});
    SealedUnit::from(DesiredUnit::new(identity, Class::Stateless, template.into()))
}
