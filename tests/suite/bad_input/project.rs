//! Where the project is, and what its files are: bytes, links, encodings.

use std::os::unix::fs::symlink;

use super::{TEMPLATE, assert_told, keys, told};
use crate::support::project::Project;

#[test]
fn no_project() {
    let project = Project::empty();
    assert_told!(told(&project, &["plan", "demo"]), @"");
}

#[test]
fn a_directory_that_is_not_there() {
    let project = Project::empty();
    assert_told!(told(&project, &["-C", "elsewhere", "plan", "demo"]), @"");
}

#[test]
fn an_environment_that_is_not_there() {
    assert_told!(told(&keys(TEMPLATE), &["plan", "dmeo"]), @"");
}

#[test]
fn a_file_that_is_not_utf_8() {
    let project = keys(TEMPLATE);
    project
        .write("stacks/keys.yaml", b"kind: stack\nclass: stateless\ntemplate: keys@1.0.0 # Schl\xfcssel\n");
    assert_told!(told(&project, &["check"]), @"");
}

#[test]
fn a_template_that_is_not_utf_8() {
    let project = keys(TEMPLATE);
    std::fs::remove_file(project.path().join("rekindle.lock")).unwrap();
    project.write("templates/keys/1.0.0/template.yaml.tera", b"Description: Schl\xfcssel\nResources: {}\n");
    assert_told!(told(&project, &["check"]), @"");
}

#[test]
fn carriage_returns() {
    let project = keys(TEMPLATE);
    project.write("stacks/keys.yaml", "kind: stack\r\nclass: stateless\r\ntemplate: keys@1.0.0\r\n");
    assert_told!(told(&project, &["check"]), @"");
}

#[test]
fn carriage_returns_in_a_template() {
    assert_told!(told(&keys(&TEMPLATE.replace('\n', "\r\n")), &["check"]), @"");
}

#[test]
fn a_byte_order_mark() {
    let project = keys(TEMPLATE);
    project.write("rekindle.yaml", format!("\u{feff}{}", super::MANIFEST));
    assert_told!(told(&project, &["check"]), @"");
}

#[test]
fn a_link_out_of_the_project() {
    let project = keys(TEMPLATE);
    symlink("/etc/hostname", project.path().join("templates/keys/1.0.0/hostname")).unwrap();
    assert_told!(told(&project, &["check"]), @"");
}

#[test]
fn a_folder_linked_from_outside() {
    let project = keys(TEMPLATE);
    symlink("/usr/share", project.path().join("templates/share")).unwrap();
    assert_told!(told(&project, &["check"]), @"");
}

#[test]
fn a_unit_with_the_other_ending() {
    let project = keys(TEMPLATE);
    project.write("stacks/web.yml", "kind: stack\nclass: stateless\ntemplate: keys@1.0.0\n");
    assert_told!(told(&project, &["check"]), @"");
}

#[test]
fn a_name_over_its_limit() {
    let project = keys(TEMPLATE);
    let name = "n".repeat(41);
    project.write(&format!("stacks/{name}.yaml"), "kind: stack\nclass: stateless\ntemplate: keys@1.0.0\n");
    assert_told!(told(&project, &["check"]), @"");
}
