//! `rekindle.lock`: missing, stale, damaged, newer, and published templates that changed.

use super::{MANIFEST, TEMPLATE, assert_told, keys, told};

#[test]
fn a_published_template_that_changed() {
    let project = keys(TEMPLATE);
    project.edit("templates/keys/1.0.0/template.yaml.tera", "Data at rest", "Everything");
    assert_told!(told(&project, &["plan", "demo"]), @"");
}

#[test]
fn a_file_that_came_to_a_published_template() {
    let project = keys(TEMPLATE);
    project.write("templates/keys/1.0.0/notes.txt", "x\n");
    assert_told!(told(&project, &["plan", "demo"]), @"");
}

#[test]
fn a_published_template_cannot_be_published_again() {
    let project = keys(TEMPLATE);
    project.edit("templates/keys/1.0.0/template.yaml.tera", "Data at rest", "Everything");
    let lock = project.read("rekindle.lock");
    assert_told!(told(&project, &["lock", "--update"]), @"");
    assert_eq!(project.read("rekindle.lock"), lock, "a refused `lock` wrote the file");
}

#[test]
fn a_missing_lock_is_a_warning_on_the_embedded_engine() {
    let project = keys(TEMPLATE);
    std::fs::remove_file(project.path().join("rekindle.lock")).unwrap();
    assert_told!(told(&project, &["check", "demo"]), @"");
}

#[test]
fn a_missing_lock_is_an_error_on_aws() {
    let project = keys(TEMPLATE);
    project.write("rekindle.yaml", MANIFEST.replace("provider: local", "provider: aws"));
    std::fs::remove_file(project.path().join("rekindle.lock")).unwrap();
    assert_told!(told(&project, &["plan", "demo"]), @"");
}

#[test]
fn a_published_template_that_vanished() {
    let project = keys(TEMPLATE);
    project.write("templates/keys/2.0.0/interface.yaml", "kind: stack\ninputs: {}\n");
    project.write("templates/keys/2.0.0/template.yaml.tera", TEMPLATE);
    project.run(&["lock"]).expect_code(0);
    std::fs::remove_dir_all(project.path().join("templates/keys/2.0.0")).unwrap();
    assert_told!(told(&project, &["check"]), @"");
}

#[test]
fn a_lock_that_is_not_one() {
    let project = keys(TEMPLATE);
    project.write("rekindle.lock", "<<<<<<< ours\n");
    assert_told!(told(&project, &["check"]), @"");
}

#[test]
fn a_lock_of_a_newer_format() {
    let project = keys(TEMPLATE);
    let lock = project.read("rekindle.lock");
    let newer = lock.replacen(": 1", ": 2", 1);
    assert_ne!(newer, lock, "the lock has no format number:\n{lock}");
    project.write("rekindle.lock", newer);
    assert_told!(told(&project, &["check"]), @"");
}
