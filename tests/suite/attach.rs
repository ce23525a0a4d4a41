//! `attach`: what a killed run left going is watched until it rests, and nothing is changed by that.

use crate::support::project::Project;

/// A run that lets go of what it began: the stack of `keys` goes on without it.
fn left_going(more: &[&str]) -> Project {
    let project = Project::skeleton();
    let run = project.run(&[&["deploy", "demo", "--yes", "--unit-deadline", "1"], more].concat());
    let run = run.expect_code(130);
    assert!(run.stderr.contains("`rekindle attach demo` watches it"), "{}", run.stderr);
    assert!(run.stderr.contains("storage: skipped"), "what needs it is not begun:\n{}", run.stderr);
    assert!(run.stdout.contains("1 left running"), "{}", run.stdout);
    project
}

#[test]
fn what_was_left_going_is_watched_to_its_end() {
    let project = left_going(&[]);
    let before = project.run(&["status", "demo", "--output", "json"]).expect_code(0).json();
    assert_eq!(before["stacks"][0]["status"], "CREATE_IN_PROGRESS");
    let run = project.run(&["attach", "demo"]).expect_code(0);
    for text in ["watching demo: 1 stack", "keys: Key AWS::KMS::Key CREATE_COMPLETE", "keys: created in"] {
        assert!(run.stderr.contains(text), "{text} is not in\n{}", run.stderr);
    }
    assert!(run.stdout.starts_with("What was under way in demo succeeded after"), "{}", run.stdout);
    let records = std::fs::read_dir(project.path().join(".rekindle/ledger/demo")).unwrap().count();
    assert_eq!(records, 1, "watching leaves no record");
    assert_eq!(project.run(&["attach", "demo"]).expect_code(0).stdout, "Nothing is under way in demo.\n");
    project.run(&["deploy", "demo", "--yes"]).expect_code(0);
    project.run(&["verify", "demo"]).expect_code(0);
}

#[test]
fn a_deadline_for_the_whole_ends_with_what_remains() {
    let project = Project::skeleton();
    let run = project.run(&["deploy", "demo", "--yes", "--deadline", "1"]).expect_code(130);
    assert!(run.stdout.contains("1 left running") && run.stdout.contains("1 skipped"), "{}", run.stdout);
    project.run(&["deploy", "demo", "--yes", "--deadline", "60"]).expect_code(0);
    project.run(&["verify", "demo"]).expect_code(0);
}
