//! Journals of dead runs: damaged, another environment's, something else. They are refused before
//! anything is touched; commands that only look warn.

use camino::Utf8PathBuf;
use rekindle::disk::{Journals, StateDirectory};
use rekindle::model::JournalHeader;

use super::{TEMPLATE, assert_told, keys, told};
use crate::support::project::Project;

const JOURNAL: &str = ".rekindle/journal/demo/1-2.jsonl";

/// The journal of a run that died before its first effect; of `environment`, and kept as `demo`'s.
fn begun(project: &Project, environment: &str) {
    let root = Utf8PathBuf::from_path_buf(project.path()).unwrap();
    let state = StateDirectory::of_project(&root);
    let header: JournalHeader = serde_json::from_value(serde_json::json!({
        "schema": 1, "run": "1-2", "project": "fieldbook", "environment": environment,
        "operation": "deploy", "started": "2026-11-23T10:00:00Z", "process": 2, "places": {},
    }))
    .unwrap();
    let environment = header.environment.clone();
    drop(Journals::of(&state, &header.project.clone(), &environment).begin(header).unwrap());
    if environment.as_str() != "demo" {
        let from = project.path().join(format!(".rekindle/journal/{environment}"));
        std::fs::rename(from, project.path().join(".rekindle/journal/demo")).unwrap();
    }
}

/// What `deploy` says; nothing may be touched by it.
fn refused(project: &Project) -> String {
    let before = project.read(JOURNAL);
    let told = told(project, &["deploy", "demo", "--yes"]);
    assert_eq!(project.read(JOURNAL), before);
    assert!(!project.path().join(".rekindle/ledger").exists());
    assert!(!project.path().join(".rekindle/local").exists(), "not even a cloud was opened");
    told
}

#[test]
fn a_damaged_journal() {
    let project = keys(TEMPLATE);
    begun(&project, "demo");
    project.edit(JOURNAL, "deploy", "eploys");
    assert_told!(refused(&project), @"
    exit code 1
    error: the journal `[project]/.rekindle/journal/demo/1-2.jsonl` is damaged in line 1: its checksum does not fit
    hint: nothing was touched. Look with `rekindle status` at what that run left, then move the file away: the next command goes by the stacks, and only the ledger will lack what the file says
    ");
    let status = project.run(&["status", "demo"]).expect_code(0);
    assert!(status.stderr.contains("1-2.jsonl` is damaged in line 1"), "{}", status.stderr);
    // What the message advises.
    std::fs::rename(project.path().join(JOURNAL), project.path().join("journal.damaged")).unwrap();
    project.run(&["deploy", "demo", "--yes"]).expect_code(0);
}

#[test]
fn a_journal_of_another_environment() {
    let project = keys(TEMPLATE);
    begun(&project, "staging");
    assert_told!(refused(&project), @"
    exit code 1
    error: the journal `[project]/.rekindle/journal/demo/1-2.jsonl` belongs to `staging` of project `fieldbook`
    hint: nothing was touched. Move the file to where it came from
    ");
}

#[test]
fn something_else_among_the_journals() {
    let project = keys(TEMPLATE);
    project.write(".rekindle/journal/demo/notes.txt", "");
    assert_told!(told(&project, &["deploy", "demo", "--yes"]), @"
    exit code 1
    error: `[project]/.rekindle/journal/demo/notes.txt` is no journal: journals are named `RUN.jsonl`
    hint: nothing was touched. Move it away
    ");
}

#[test]
fn a_journal_that_cannot_be_begun() {
    let project = keys(TEMPLATE);
    project.write(".rekindle/journal/demo/.keep", "");
    std::fs::remove_dir_all(project.path().join(".rekindle/journal")).unwrap();
    project.write(".rekindle/journal", "");
    assert_told!(told(&project, &["deploy", "demo", "--yes", "--quiet"]), @"
    exit code 1
    error: could not read `[project]/.rekindle/journal/demo`
      caused by: Not a directory (os error 20)
    hint: a file is where a directory should be: move it away
    ");
}

#[test]
fn a_run_that_died_before_its_first_effect_is_told_and_settled() {
    let project = keys(TEMPLATE);
    begun(&project, "demo");
    let status = told(&project, &["status", "demo"]);
    assert!(
        status.contains("`deploy` of 2026-11-23T10:00:00Z (process 2) did not get to its end"),
        "{status}"
    );
    project.run(&["deploy", "demo", "--yes"]).expect_code(0);
    assert!(!project.path().join(JOURNAL).exists());
    project.run(&["verify", "demo"]).expect_code(0);
}
