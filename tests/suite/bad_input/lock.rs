//! `rekindle.lock`: missing, stale, damaged, newer, and published templates that changed.

use super::{MANIFEST, TEMPLATE, assert_told, keys, told};

#[test]
fn a_published_template_that_changed() {
    let project = keys(TEMPLATE);
    project.edit("templates/keys/1.0.0/template.yaml.tera", "Data at rest", "Everything");
    assert_told!(told(&project, &["plan", "demo"]), @"
    exit code 1
    error[published-template-changed]: the published template `keys@1.0.0` was changed: `template.yaml.tera` (changed)
     --> templates/keys/1.0.0/template.yaml.tera
      = hint: a published version never changes: restore `templates/keys/1.0.0` from version control, and make the change in a copy with a new version number

    1 error
    ");
}

#[test]
fn a_file_that_came_to_a_published_template() {
    let project = keys(TEMPLATE);
    project.write("templates/keys/1.0.0/notes.txt", "x\n");
    assert_told!(told(&project, &["plan", "demo"]), @"
    exit code 1
    error[published-template-changed]: the published template `keys@1.0.0` was changed: `notes.txt` (added)
     --> templates/keys/1.0.0/notes.txt
      = hint: a published version never changes: restore `templates/keys/1.0.0` from version control, and make the change in a copy with a new version number

    1 error
    ");
}

#[test]
fn a_published_template_cannot_be_published_again() {
    let project = keys(TEMPLATE);
    project.edit("templates/keys/1.0.0/template.yaml.tera", "Data at rest", "Everything");
    let lock = project.read("rekindle.lock");
    assert_told!(told(&project, &["lock", "--update"]), @"
    exit code 1
    error[published-template-changed]: the published template `keys@1.0.0` was changed: `template.yaml.tera` (changed)
     --> templates/keys/1.0.0/template.yaml.tera
      = hint: a published version never changes: restore `templates/keys/1.0.0` from version control, and make the change in a copy with a new version number

    1 error
    ");
    assert_eq!(project.read("rekindle.lock"), lock, "a refused `lock` wrote the file");
}

#[test]
fn a_missing_lock_is_a_warning_on_the_embedded_engine() {
    let project = keys(TEMPLATE);
    std::fs::remove_file(project.path().join("rekindle.lock")).unwrap();
    assert_told!(told(&project, &["check", "demo"]), @"
    exit code 0
    --- standard output
    warning[draft-template]: the template `keys@1.0.0` is a draft: `rekindle.lock` does not have it
     --> stacks/keys.yaml:3:11
      |
    3 | template: keys@1.0.0
      |           ^^^^^^^^^^
      = hint: `rekindle lock` publishes drafts; from then on they never change

    1 warning
    ");
}

#[test]
fn a_missing_lock_is_an_error_on_aws() {
    let project = keys(TEMPLATE);
    project.write("rekindle.yaml", MANIFEST.replace("provider: local", "provider: aws"));
    std::fs::remove_file(project.path().join("rekindle.lock")).unwrap();
    assert_told!(told(&project, &["plan", "demo"]), @"
    exit code 1
    error[draft-template]: the template `keys@1.0.0` is a draft: `rekindle.lock` does not have it
     --> stacks/keys.yaml:3:11
      |
    3 | template: keys@1.0.0
      |           ^^^^^^^^^^
      = hint: aws targets take published versions only; `rekindle lock` publishes drafts; from then on they never change

    1 error
    ");
}

#[test]
fn a_published_template_that_vanished() {
    let project = keys(TEMPLATE);
    project.write("templates/keys/2.0.0/interface.yaml", "kind: stack\ninputs: {}\n");
    project.write("templates/keys/2.0.0/template.yaml.tera", TEMPLATE);
    project.run(&["lock"]).expect_code(0);
    std::fs::remove_dir_all(project.path().join("templates/keys/2.0.0")).unwrap();
    assert_told!(told(&project, &["check"]), @"
    exit code 0
    --- standard output
    warning[vanished-template]: the published template `keys@2.0.0` is gone
     --> rekindle.lock
      = hint: restore it from version control, or let `rekindle lock --update` forget it

    1 warning
    ");
}

#[test]
fn a_lock_that_is_not_one() {
    let project = keys(TEMPLATE);
    project.write("rekindle.lock", "<<<<<<< ours\n");
    assert_told!(told(&project, &["check"]), @"
    exit code 1
    --- standard output
    error[wrong-type]: expected a mapping, found `<<<<<<< ours`
     --> rekindle.lock:1:1
      |
    1 | <<<<<<< ours
      | ^^^^^^^^^^^^

    error[wrong-type]: expected a mapping, found `<<<<<<< ours`
     --> rekindle.lock:1:1
      |
    1 | <<<<<<< ours
      | ^^^^^^^^^^^^

    2 errors
    ");
}

#[test]
fn a_lock_of_a_newer_format() {
    let project = keys(TEMPLATE);
    let lock = project.read("rekindle.lock");
    let newer = lock.replacen(": 1", ": 2", 1);
    assert_ne!(newer, lock, "the lock has no format number:\n{lock}");
    project.write("rekindle.lock", newer);
    assert_told!(told(&project, &["check"]), @"
    exit code 1
    --- standard output
    error[newer-format]: `rekindle.lock` is of a newer format than 1
     --> rekindle.lock:2:9
      |
    2 | format: 2
      |         ^
      = hint: it was written by a later rekindle; update this one

    1 error
    ");
}
