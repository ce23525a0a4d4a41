//! The main job, whole, through the binary: deploy, plan, verify, teardown, rebuild of the shipped
//! environment on the embedded engine, with the same digests every time.

use crate::support::project::Project;

#[test]
fn an_environment_is_made_verified_torn_down_and_rebuilt_with_the_same_digests() {
    let project = Project::shipped();
    let rendered = project.run(&["render", "demo", "--output", "json"]).expect_code(0).json();

    let deployed = project.run(&["deploy", "demo", "--yes", "--output", "json"]).expect_code(0).summary();
    assert_eq!(deployed["outcome"], "succeeded");
    assert_eq!(deployed["release"], rendered["release"]);
    assert_eq!(deployed["deployment"], rendered["deployment"]);

    project.run(&["verify", "demo"]).expect_code(0);

    let rebuilt = project.run(&["rebuild", "demo", "--yes", "--output", "json"]).expect_code(0).summary();
    assert_eq!(rebuilt["outcome"], "succeeded");
    assert_eq!(rebuilt["release"], rendered["release"]);
    assert_eq!(rebuilt["deployment"], rendered["deployment"]);

    project.run(&["teardown", "demo", "--yes"]).expect_code(0);
    let after = project.run(&["status", "demo", "--output", "json"]).expect_code(0).json();
    assert!(after["stacks"].as_array().unwrap().iter().all(|stack| stack["status"].is_null()), "{after:#}");
}

#[test]
fn a_plan_after_a_deploy_is_empty() {
    let project = Project::shipped();
    project.run(&["plan", "demo", "--detailed-exitcode"]).expect_code(2);
    project.run(&["deploy", "demo", "--yes"]).expect_code(0);
    project.run(&["plan", "demo", "--detailed-exitcode"]).expect_code(0);
    let plan = project.run(&["plan", "demo", "--output", "json"]).expect_code(0).json();
    for action in plan["actions"].as_array().unwrap() {
        assert_eq!(action["action"], "keep", "{action:#}");
    }
}

#[test]
fn a_second_deploy_changes_nothing() {
    let project = Project::shipped();
    project.run(&["deploy", "demo", "--yes"]).expect_code(0);
    let before = project.run(&["status", "demo", "--output", "json"]).expect_code(0).json();
    let again = project.run(&["deploy", "demo", "--yes", "--output", "json"]).expect_code(0);
    assert_eq!(again.summary()["outcome"], "succeeded");
    assert_eq!(project.run(&["status", "demo", "--output", "json"]).expect_code(0).json(), before);
}

#[test]
fn a_failed_resource_is_named_with_its_reason_and_its_dependants_are_skipped() {
    let project = Project::skeleton();
    let run = project.run(&["deploy", "demo", "--yes", "--fail", "keys.Key"]).expect_code(5);
    assert!(run.stderr.contains("keys") && run.stderr.contains("Key"), "{}", run.stderr);
    assert!(run.stderr.contains("storage"), "the skipped dependant is named:\n{}", run.stderr);
    // A rerun without the fault replaces what was rolled back and finishes.
    project.run(&["deploy", "demo", "--yes"]).expect_code(0);
    project.run(&["verify", "demo"]).expect_code(0);
}

#[test]
fn without_consent_and_without_anybody_to_ask_nothing_is_done() {
    let project = Project::skeleton();
    project.run(&["deploy", "demo"]).expect_code(4);
    let status = project.run(&["status", "demo", "--output", "json"]).expect_code(0).json();
    assert!(status["stacks"].as_array().unwrap().iter().all(|stack| stack["status"].is_null()));
}

#[test]
fn a_rehearsal_predicts_and_touches_nothing() {
    let project = Project::shipped();
    let run = project.run(&["rebuild", "demo", "--rehearse"]).expect_code(0);
    assert!(run.stdout.to_lowercase().contains("critical path"), "{}", run.stdout);
    let status = project.run(&["status", "demo", "--output", "json"]).expect_code(0).json();
    assert!(status["stacks"].as_array().unwrap().iter().all(|stack| stack["status"].is_null()));
}

#[test]
fn an_edited_published_template_is_refused_by_every_command_that_needs_it() {
    let project = Project::skeleton();
    project.edit("templates/keys/1.0.0/template.yaml.tera", "Encryption key", "Another key");
    for command in [
        &["check"][..],
        &["render", "demo"],
        &["plan", "demo"],
        &["deploy", "demo", "--yes"],
        &["verify", "demo"],
        &["lock"],
        &["lock", "--update"],
    ] {
        let run = project.run(command).expect_code(1);
        // `check` finds things for a living: what it finds is its result.
        let said = run.stdout + &run.stderr;
        assert!(said.contains("templates/keys/1.0.0/template.yaml.tera"), "{command:?}:\n{said}");
    }
    // What stands can be shown; that the template was changed is said as well.
    let run = project.run(&["status", "demo"]).expect_code(0);
    assert!(run.stderr.contains("templates/keys/1.0.0/template.yaml.tera"), "{}", run.stderr);
}

#[test]
fn renders_do_not_depend_on_where_when_and_by_whom() {
    Project::shipped().run(&["render", "demo", "--check-determinism"]).expect_code(0);
}

#[test]
fn teardown_works_without_the_source() {
    let project = Project::skeleton();
    project.run(&["deploy", "demo", "--yes"]).expect_code(0);
    let state = project.path().join(".rekindle");
    let elsewhere = Project::empty();
    let arguments = ["teardown", "--project", "fieldbook", "--environment", "demo", "--yes", "--state-dir"];
    let arguments: Vec<&str> = arguments.into_iter().chain([state.to_str().unwrap()]).collect();
    elsewhere.run(&arguments).expect_code(0);
    elsewhere.run(&arguments).expect_code(0);
    let status = project.run(&["status", "demo", "--output", "json"]).expect_code(0).json();
    assert!(status["stacks"].as_array().unwrap().iter().all(|stack| stack["status"].is_null()));
}

#[test]
fn a_teardown_without_the_source_cannot_be_rehearsed_and_touches_nothing() {
    let project = Project::skeleton();
    project.run(&["deploy", "demo", "--yes"]).expect_code(0);
    let arguments = ["teardown", "--project", "fieldbook", "--environment", "demo", "--rehearse", "--yes"];
    project.run(&arguments).expect_code(64);
    project.run(&["verify", "demo"]).expect_code(0);
}

#[test]
fn a_name_that_nothing_has_is_an_error_and_not_nothing_to_do() {
    let project = Project::skeleton();
    project.run(&["deploy", "demo", "--yes"]).expect_code(0);
    for arguments in [
        &["plan", "demo", "--target", "primry"][..],
        &["deploy", "demo", "--yes", "--target", "primry"],
        &["plan", "demo", "storge"],
        &["plan", "demo", "--allow-replacement", "storge"],
        &["teardown", "demo", "--yes", "storge"],
        &["teardown", "demo", "--yes", "--delete-data", "storge"],
        &["rebuild", "demo", "--yes", "--delete-data", "storge"],
        &["deploy", "demo", "--yes", "--fail", "storge.Documents"],
        &["deploy", "demo", "--yes", "--fail", "storage.Documnts"],
    ] {
        let run = project.run(arguments).expect_code(1);
        assert!(run.stderr.contains("did you mean"), "{arguments:?}:\n{}", run.stderr);
    }
    project.run(&["teardown", "demo", "--project", "fieldbook", "--yes"]).expect_code(64);
    project.run(&["teardown", "demo", "--yes", "--confirm", "staging"]).expect_code(4);
    project.run(&["verify", "demo"]).expect_code(0);
}
