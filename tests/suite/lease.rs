//! The lease in S3, on an emulator over HTTP: conditional writes, and the binary that holds it.

use std::process::Stdio;
use std::sync::Arc;

use rekindle::aws::{Settings, lease_with};
use rekindle::engine::{LeaseError, LeaseTerms, Recorder, Stop, take_lease};
use rekindle::model::{Lease, LeaseHolder, Target};
use rekindle::port::{LeaseStore, PortErrorKind};

use crate::support::ministack;
use crate::support::project::{Project, Run};
use crate::support::target::{configuration, target};

/// A bucket of the account's own: their names are everybody's.
fn bucket(account: &str) -> String {
    format!("fieldbook-artifacts-{account}")
}

/// The bucket in an account of this test's own, and the lease of `environment` there.
async fn store(account: &str, environment: &str) -> Arc<dyn LeaseStore> {
    let config = configuration(&ministack::shared().endpoint, account).await;
    let s3 = aws_sdk_s3::config::Builder::from(&config).force_path_style(true).build();
    let s3 = aws_sdk_s3::Client::from_conf(s3);
    let place = aws_sdk_s3::types::CreateBucketConfiguration::builder()
        .location_constraint(aws_sdk_s3::types::BucketLocationConstraint::EuCentral1)
        .build();
    s3.create_bucket().bucket(bucket(account)).create_bucket_configuration(place).send().await.unwrap();
    let target = Target { artifacts: Some(format!("s3://{}/kept", bucket(account))), ..target(account) };
    let (project, name) = ("fieldbook".parse().unwrap(), environment.parse().unwrap());
    let settings = Settings::new(rekindle::disk::clock::now);
    lease_with(&config, &target, (&project, &name), settings).await.unwrap().unwrap()
}

fn lease(run: &str) -> Lease {
    let holder = LeaseHolder {
        run: run.to_owned(),
        command: "deploy".to_owned(),
        host: "elsewhere".to_owned(),
        machine: "another".to_owned(),
        process: 4711,
        since: "2026-11-23T10:00:00Z".parse().unwrap(),
    };
    let (project, environment) = ("fieldbook".parse().unwrap(), "sandbox".parse().unwrap());
    Lease { schema: 1, project, environment, holder: Some(holder), renewals: 0 }
}

#[tokio::test]
async fn of_many_writes_at_once_exactly_one_wins() {
    let account = ministack::account();
    let store = store(&account, "sandbox").await;
    assert_eq!(store.read().await.unwrap(), None);
    let runs: Vec<Lease> = (0..8).map(|number| lease(&format!("run-{number}"))).collect();
    let written = futures_util::future::join_all(runs.iter().map(|lease| store.write(lease, None))).await;
    let winners: Vec<usize> = written
        .iter()
        .enumerate()
        .filter(|(_, it)| it.as_ref().unwrap().is_some())
        .map(|(at, _)| at)
        .collect();
    assert_eq!(winners.len(), 1, "{winners:?}");
    let (found, version) = store.read().await.unwrap().unwrap();
    assert_eq!(found, runs[winners[0]]);

    // What is written must differ: an ETag is a digest of the content.
    let runs: Vec<Lease> = runs.into_iter().map(|lease| Lease { renewals: 1, ..lease }).collect();
    let renewed =
        futures_util::future::join_all(runs.iter().map(|lease| store.write(lease, Some(&version)))).await;
    assert_eq!(renewed.iter().filter(|it| it.as_ref().unwrap().is_some()).count(), 1);
}

#[tokio::test]
async fn it_is_taken_given_back_and_lost_over_http() {
    let account = ministack::account();
    let store = store(&account, "sandbox").await;
    let (recorder, stop, terms) = (Recorder::default(), Stop::never(), LeaseTerms::default());
    let take = async |run: &str, terms: &LeaseTerms| {
        take_lease(Arc::clone(&store), lease(run), terms, |_| false, (&recorder, &stop)).await
    };
    take("one", &terms).await.unwrap().release().await.unwrap();
    let _held = take("two", &terms).await.unwrap();
    let breaking = LeaseTerms { broken: Some("two".to_owned()), ..LeaseTerms::default() };
    let third = take("three", &breaking).await.unwrap();
    assert_eq!(third.broken.unwrap().run, "two");
}

#[tokio::test]
async fn what_is_no_lease_is_refused_and_stays() {
    let account = ministack::account();
    let store = store(&account, "sandbox").await;
    let config = configuration(&ministack::shared().endpoint, &account).await;
    let s3 = aws_sdk_s3::config::Builder::from(&config).force_path_style(true).build();
    let s3 = aws_sdk_s3::Client::from_conf(s3);
    let key = "kept/leases/fieldbook/sandbox.json";
    for (text, message) in
        [("notes", "it is no lease"), (r#"{"schema": 2}"#, "it is of format 2, newer than 1")]
    {
        let body = text.as_bytes().to_vec().into();
        s3.put_object().bucket(bucket(&account)).key(key).body(body).send().await.unwrap();
        let (recorder, stop, terms) = (Recorder::default(), Stop::never(), LeaseTerms::default());
        let taken = take_lease(Arc::clone(&store), lease("one"), &terms, |_| false, (&recorder, &stop)).await;
        let Err(LeaseError::Call(error)) = taken else { panic!("{text} was taken for a lease") };
        assert_eq!(error.kind, PortErrorKind::Malformed);
        assert!(error.message.starts_with(message), "{error}");
        let found = s3.get_object().bucket(bucket(&account)).key(key).send().await.unwrap();
        assert_eq!(found.body.collect().await.unwrap().into_bytes(), text.as_bytes());
    }
}

/// The shipped project with `sandbox` in that account, its leases in the bucket.
fn sandbox(account: &str) -> Project {
    let project = Project::shipped();
    let manifest = project.read("rekindle.yaml").replace("\"000000000000\"", &format!("\"{account}\""));
    let target = "provider: aws\n";
    assert!(manifest.contains(target));
    let with_bucket = format!("{target}        artifacts: s3://{}/kept\n", bucket(account));
    project.write("rekindle.yaml", manifest.replace(target, &with_bucket));
    project
}

fn command(project: &Project, account: &str, arguments: &[&str]) -> std::process::Command {
    let mut command = project.command(arguments);
    command
        .env("AWS_ENDPOINT_URL", &ministack::shared().endpoint)
        .env("AWS_ACCESS_KEY_ID", account)
        .env("AWS_SECRET_ACCESS_KEY", "test");
    command
}

/// A run is killed; another one, which knows nothing of its state directory, takes over at once.
#[test]
fn a_killed_runs_lease_is_taken_over_at_once() {
    let account = ministack::account();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let store = runtime.block_on(store(&account, "sandbox"));
    let project = sandbox(&account);
    let mut child = command(&project, &account, &["deploy", "sandbox", "--yes"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let holder = loop {
        assert!(child.try_wait().unwrap().is_none(), "it ended before it held the lease");
        if let Some((Lease { holder: Some(holder), .. }, _)) = runtime.block_on(store.read()).unwrap() {
            break holder;
        }
    };
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(holder.command, "deploy");
    let arguments = ["deploy", "sandbox", "--yes", "--state-dir", "elsewhere"];
    let run = Run::from(command(&project, &account, &arguments).output().unwrap()).expect_code(0);
    assert!(run.stderr.contains("is dead: taking its lease over"), "{}", run.stderr);
    let (after, _) = runtime.block_on(store.read()).unwrap().unwrap();
    assert_eq!(after.holder, None, "it was given back");
    let run = command(&project, &account, &["teardown", "sandbox", "--yes", "--state-dir", "elsewhere"]);
    let mut run = run;
    Run::from(run.output().unwrap()).expect_code(0);
}

/// Two whole runs at once that know nothing of each other's state directory: the lease lets one of them work.
#[test]
fn of_two_processes_started_at_once_exactly_one_works() {
    let account = ministack::account();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(store(&account, "sandbox"));
    let project = sandbox(&account);
    let started = ["one", "two"].map(|state| {
        let arguments = ["deploy", "sandbox", "--yes", "--state-dir", state];
        let mut command = command(&project, &account, &arguments);
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    });
    let runs = started.map(|child| Run::from(child.wait_with_output().unwrap()));
    // The other one waits until it knows that the first one lives, and finds everything done if that
    // has ended by then.
    let (worked, waited): (Vec<Run>, Vec<Run>) =
        runs.into_iter().partition(|run| run.stderr.contains("creating fieldbook-sandbox-keys"));
    let ([worked], [waited]) = (&worked[..], &waited[..]) else { panic!("{worked:?} {waited:?}") };
    assert_eq!(worked.code, 0, "{}", worked.stderr);
    assert!([0, 7].contains(&waited.code), "{}", waited.stderr);
    assert!(waited.stderr.contains("holds the environment"), "{}", waited.stderr);
    let mut teardown = command(&project, &account, &["teardown", "sandbox", "--yes", "--state-dir", "one"]);
    Run::from(teardown.output().unwrap()).expect_code(0);
}
