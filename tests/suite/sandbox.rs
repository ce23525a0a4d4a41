//! The main job over HTTP: the shipped environment `sandbox` on an emulator of CloudFormation,
//! through the binary.

use std::process::Command;

use crate::support::ministack;
use crate::support::project::{Project, Run};

/// The binary, talking to the emulator as an account.
fn command(project: &Project, account: &str, arguments: &[&str]) -> Command {
    let mut command = project.command(arguments);
    command
        .env("AWS_ENDPOINT_URL", &ministack::shared().endpoint)
        .env("AWS_ACCESS_KEY_ID", account)
        .env("AWS_SECRET_ACCESS_KEY", "test");
    command
}

/// The shipped project with `sandbox` in an account of this test's own.
fn sandbox() -> (Project, impl Fn(&Project, &[&str]) -> Run) {
    let project = Project::shipped();
    let account = ministack::account().to_string();
    let manifest = project.read("rekindle.yaml").replace("\"000000000000\"", &format!("\"{account}\""));
    project.write("rekindle.yaml", manifest);
    (project, move |project, arguments| Run::from(command(project, &account, arguments).output().unwrap()))
}

#[test]
fn the_shipped_environment_lives_on_a_real_api() {
    let (project, run) = sandbox();
    let deployed =
        run(&project, &["deploy", "sandbox", "--yes", "--output", "json"]).expect_code(0).summary();
    run(&project, &["plan", "sandbox", "--detailed-exitcode"]).expect_code(0);
    run(&project, &["verify", "sandbox"]).expect_code(0);
    let rebuilt =
        run(&project, &["rebuild", "sandbox", "--yes", "--output", "json"]).expect_code(0).summary();
    assert_eq!(rebuilt["release"], deployed["release"]);
    assert_eq!(rebuilt["deployment"], deployed["deployment"]);
    run(&project, &["teardown", "sandbox", "--yes"]).expect_code(0);
    let status = run(&project, &["status", "sandbox", "--output", "json"]).expect_code(0).json();
    assert!(status["stacks"].as_array().unwrap().iter().all(|stack| stack["status"].is_null()), "{status:#}");
}

#[test]
fn a_change_is_deployed_and_nothing_else() {
    let (project, run) = sandbox();
    run(&project, &["deploy", "sandbox", "--yes"]).expect_code(0);
    let before = run(&project, &["status", "sandbox", "--output", "json"]).expect_code(0).json();
    project.edit("rekindle.yaml", "domain: sandbox.fieldbook.example", "domain: other.fieldbook.example");
    run(&project, &["deploy", "sandbox", "--yes"]).expect_code(0);
    run(&project, &["plan", "sandbox", "--detailed-exitcode"]).expect_code(0);
    run(&project, &["verify", "sandbox"]).expect_code(0);
    let after = run(&project, &["status", "sandbox", "--output", "json"]).expect_code(0).json();
    let status = |document: &serde_json::Value, unit: &str| {
        let stacks = document["stacks"].as_array().unwrap();
        stacks.iter().find(|stack| stack["unit"] == unit).unwrap()["status"].clone()
    };
    assert_eq!(status(&after, "web"), "UPDATE_COMPLETE");
    assert_eq!(status(&after, "network"), status(&before, "network"));
}

#[test]
fn another_account_is_refused_before_anything_is_done() {
    let (project, run) = sandbox();
    let other = ministack::account().to_string();
    let refused = Run::from(command(&project, &other, &["deploy", "sandbox", "--yes"]).output().unwrap());
    assert!(refused.stderr.contains(&other), "{}", refused.stderr);
    refused.expect_code(4);
    let status = run(&project, &["status", "sandbox", "--output", "json"]).expect_code(0).json();
    assert!(status["stacks"].as_array().unwrap().iter().all(|stack| stack["status"].is_null()), "{status:#}");
}
