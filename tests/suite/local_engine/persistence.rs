//! Rules P1 to P5.
#![allow(clippy::disallowed_methods, reason = "the tests damage and copy files on purpose")]

use std::time::Duration;

use camino::Utf8Path;
use rekindle::local::{Cloud, Options};
use rekindle::port::{CloudFormation, PortError, PortErrorKind};
use serde_json::json;

use super::operations::network;
use super::support::*;

fn open(path: &Utf8Path) -> Result<Cloud, PortError> {
    Cloud::open(path, options(&[]))
}

fn directory() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

fn path(directory: &tempfile::TempDir) -> &Utf8Path {
    Utf8Path::from_path(directory.path()).unwrap()
}

/// The refusal with the path of the test's own directory taken out.
fn refusal(directory: &tempfile::TempDir) -> (PortErrorKind, String) {
    let error = open(path(directory)).unwrap_err();
    let text = text(&error).replace(path(directory).as_str(), "DIRECTORY");
    (error.kind, text)
}

/// Stands for a process that is killed after every single call: the state is opened anew each time.
#[tokio::test]
async fn p1_p2_an_operation_goes_on_in_another_process() {
    let directory = directory();
    let uninterrupted = client(&[]);
    let second = || body(network("10.1.0.0/16", 5));
    let stack = create(&uninterrupted, "demo", body(network("10.0.0.0/16", 0))).await;
    change(&uninterrupted, &stack.id, second()).await;
    uninterrupted.delete_stack(&deletion(&stack.id, "d")).await.unwrap();
    settle(&uninterrupted, &stack.id).await;

    let reopened = || client_of(&open(path(&directory)).unwrap());
    let finish = async || {
        while reopened().describe_stack(&stack.id).await.unwrap().unwrap().status.is_busy() {
            reopened().wait_for_change(Duration::from_secs(7)).await.unwrap();
        }
    };
    reopened().create_stack(&creation("demo", body(network("10.0.0.0/16", 0)))).await.unwrap();
    finish().await;
    let set =
        reopened().create_change_set("change", &update(&stack.id, second(), "token-change")).await.unwrap();
    reopened().wait_for_change(Duration::ZERO).await.unwrap();
    reopened().execute_change_set(&set, "execute").await.unwrap();
    reopened().execute_change_set(&set, "execute").await.unwrap();
    finish().await;
    reopened().delete_stack(&deletion(&stack.id, "d")).await.unwrap();
    finish().await;

    let shown = |events: Vec<rekindle::model::StackEvent>| -> Vec<String> {
        let line = |event: rekindle::model::StackEvent| {
            format!("{} {} {:?}", event.logical_id, event.status, event.physical_id)
        };
        events.into_iter().map(line).collect()
    };
    assert_eq!(shown(events(&reopened(), &stack.id).await), shown(events(&uninterrupted, &stack.id).await));
}

#[tokio::test]
async fn p2_rollbacks_and_exports_survive_too() {
    let directory = directory();
    let with_fault = || {
        let cloud = Cloud::open(path(&directory), options(&["demo.Subnet"])).unwrap();
        client_of(&cloud)
    };
    let id = with_fault().create_stack(&creation("demo", body(network("10.0.0.0/16", 0)))).await.unwrap();
    while with_fault().describe_stack(&id).await.unwrap().unwrap().status.is_busy() {
        with_fault().wait_for_change(Duration::from_secs(3)).await.unwrap();
    }
    assert_eq!(with_fault().describe_stack(&id).await.unwrap().unwrap().status.as_str(), "ROLLBACK_COMPLETE");
    let exporter = json!({"Resources": {"T": {"Type": "AWS::SNS::Topic"}}, "Outputs": {"O": {"Value": "v", "Export": {"Name": "shared"}}}});
    create(&with_fault(), "exporter", body(exporter)).await;
    let importer = json!({"Resources": {"T": {"Type": "AWS::SNS::Topic", "Properties": {"DisplayName": {"Fn::ImportValue": "shared"}}}}});
    assert!(create(&with_fault(), "importer", body(importer)).await.status.is_healthy());
    assert!(with_fault().delete_stack(&deletion("exporter", "d")).await.is_err(), "still in use");
}

#[tokio::test]
async fn p3_one_process_at_a_time() {
    let directory = directory();
    let first = open(path(&directory)).unwrap();
    let (kind, text) = refusal(&directory);
    assert_eq!(kind, PortErrorKind::Busy);
    insta::assert_snapshot!(text, @"
        Busy: open the embedded cloud's state `DIRECTORY/cloud.redb`: another process has it open
        hint: wait until the other command has ended; a process that died holds nothing
        ");
    drop(first);
    open(path(&directory)).unwrap();
}

#[tokio::test]
async fn p4_a_damaged_file_is_refused_and_left_as_it_is() {
    let directory = directory();
    let file = path(&directory).join("cloud.redb");
    for garbage in [&b"not a database, but long enough to look at"[..], &[0; 4096]] {
        std::fs::write(&file, garbage).unwrap();
        assert_eq!(refusal(&directory).0, PortErrorKind::State);
        assert_eq!(std::fs::read(&file).unwrap(), garbage);
    }
    std::fs::write(&file, "not a database").unwrap();
    insta::assert_snapshot!(refusal(&directory).1, @"
        State: open the embedded cloud's state `DIRECTORY/cloud.redb`: I/O error: Not a redb database: magic number mismatch
        hint: nothing was reset; restore the file from a copy, or move `DIRECTORY/cloud.redb` away to begin with an empty cloud
        ");
}

#[tokio::test]
async fn p4_another_format_is_refused_and_left_as_it_is() {
    let directory = directory();
    create(&client_of(&open(path(&directory)).unwrap()), "demo", body(network("10.0.0.0/16", 0))).await;
    let file = path(&directory).join("cloud.redb");
    let database = redb::Database::open(&file).unwrap();
    let transaction = database.begin_write().unwrap();
    let meta: redb::TableDefinition<'_, &str, u64> = redb::TableDefinition::new("meta");
    transaction.open_table(meta).unwrap().insert("format", 3).unwrap();
    transaction.commit().unwrap();
    drop(database);
    let (kind, text) = refusal(&directory);
    assert_eq!(kind, PortErrorKind::State);
    insta::assert_snapshot!(text, @"
        State: open the embedded cloud's state `DIRECTORY/cloud.redb`: it has format 3, this version of rekindle reads format 2
        hint: nothing was reset; use the version of rekindle that wrote it, or move `DIRECTORY/cloud.redb` away to begin with an empty cloud
        ");
}

#[tokio::test]
async fn p5_deleted_stacks_are_forgotten_after_ninety_days() {
    let directory = directory();
    let at = |now: &str| {
        let cloud =
            Cloud::open(path(&directory), Options { now: now.parse().unwrap(), faults: vec![] }).unwrap();
        client_of(&cloud)
    };
    let client = at(START);
    let stack = create(&client, "demo", body(network("10.0.0.0/16", 0))).await;
    client.delete_stack(&deletion(&stack.id, "d")).await.unwrap();
    settle(&client, &stack.id).await;
    drop(client);
    assert!(at("2026-03-30T00:00:00Z").describe_stack(&stack.id).await.unwrap().is_some());
    assert!(at("2026-04-03T00:00:00Z").describe_stack(&stack.id).await.unwrap().is_none());
}

/// The file as a process leaves it that is killed after a call was answered: copied while open.
#[tokio::test]
async fn p1_p2_an_answered_call_survives_a_kill() {
    let (directory, copies) = (directory(), directory());
    let cloud = open(path(&directory)).unwrap();
    let client = client_of(&cloud);
    let survived = async |id: &str| {
        let copy = path(&copies).join("cloud.redb");
        std::fs::copy(path(&directory).join("cloud.redb"), copy).unwrap();
        client_of(&open(path(&copies)).unwrap()).describe_stack(id).await.unwrap().unwrap()
    };
    let id = client.create_stack(&creation("demo", body(network("10.0.0.0/16", 0)))).await.unwrap();
    assert_eq!(survived(&id).await.status.as_str(), "CREATE_IN_PROGRESS");
    settle(&client, &id).await;
    assert_eq!(survived(&id).await.status.as_str(), "CREATE_COMPLETE");
    client.delete_stack(&deletion(&id, "d")).await.unwrap();
    assert_eq!(survived(&id).await.status.as_str(), "DELETE_IN_PROGRESS");
}

/// P4: whatever bytes are damaged, opening answers, and never with a panic.
#[tokio::test]
async fn p4_no_damage_makes_it_panic() {
    let directory = directory();
    let client = client_of(&open(path(&directory)).unwrap());
    for number in 0..20 {
        client.create_stack(&creation(&format!("s{number}"), body(network("10.0.0.0/16", 0)))).await.unwrap();
    }
    drop(client);
    let file = path(&directory).join("cloud.redb");
    let sound = std::fs::read(&file).unwrap();
    let mut refused = 0;
    for position in (0..sound.len()).step_by(sound.len() / 60) {
        let mut damaged = sound.clone();
        damaged[position] ^= 0x5a;
        std::fs::write(&file, &damaged).unwrap();
        if let Err(error) = open(path(&directory)) {
            assert_eq!(error.kind, PortErrorKind::State);
            refused += 1;
        }
    }
    assert!(refused > 0);
}
