//! Where the project is, and what its files are: bytes, links, encodings.

use std::os::unix::fs::symlink;

use super::{TEMPLATE, assert_told, keys, told};
use crate::support::project::Project;

#[test]
fn no_project() {
    let project = Project::empty();
    assert_told!(told(&project, &["plan", "demo"]), @"
    exit code 1
    error: there is no `rekindle.yaml` in `[project]` or in a directory above it
    hint: `rekindle init` makes a project here; `-C DIR` names one that lies elsewhere
    ");
}

#[test]
fn a_directory_that_is_not_there() {
    let project = Project::empty();
    assert_told!(told(&project, &["-C", "elsewhere", "plan", "demo"]), @"
    exit code 1
    error: there is no `rekindle.yaml` in `[project]/elsewhere` or in a directory above it
    hint: `rekindle init` makes a project here; `-C DIR` names one that lies elsewhere
    ");
}

#[test]
fn an_environment_that_is_not_there() {
    assert_told!(told(&keys(TEMPLATE), &["plan", "dmeo"]), @"
    exit code 1
    error[unknown-environment]: there is no environment `dmeo`
     = hint: did you mean `demo`?

    1 error
    ");
}

#[test]
fn a_file_that_is_not_utf_8() {
    let project = keys(TEMPLATE);
    project
        .write("stacks/keys.yaml", b"kind: stack\nclass: stateless\ntemplate: keys@1.0.0 # Schl\xfcssel\n");
    assert_told!(told(&project, &["check"]), @"
    exit code 1
    --- standard output
    error[not-utf8]: `stacks/keys.yaml` is not UTF-8
     --> stacks/keys.yaml:3:28
      |
    3 | template: keys@1.0.0 # Schl�
      |                            ^
      = hint: save the file as UTF-8, for example `iconv -f ISO-8859-1 -t UTF-8`

    1 error
    ");
}

#[test]
fn a_template_that_is_not_utf_8() {
    let project = keys(TEMPLATE);
    std::fs::remove_file(project.path().join("rekindle.lock")).unwrap();
    project.write("templates/keys/1.0.0/template.yaml.tera", b"Description: Schl\xfcssel\nResources: {}\n");
    assert_told!(told(&project, &["check"]), @"
    exit code 1
    --- standard output
    warning[draft-template]: the template `keys@1.0.0` is a draft: `rekindle.lock` does not have it
     --> stacks/keys.yaml:3:11
      |
    3 | template: keys@1.0.0
      |           ^^^^^^^^^^
      = hint: `rekindle lock` publishes drafts; from then on they never change

    error[not-utf8]: byte 17 is not UTF-8
     --> templates/keys/1.0.0/template.yaml.tera:1:18
      |
    1 | Description: Schl�ssel
      |                  ^
      = hint: save the file as UTF-8

    1 error, 1 warning
    ");
}

#[test]
fn carriage_returns() {
    let project = keys(TEMPLATE);
    project.write("stacks/keys.yaml", "kind: stack\r\nclass: stateless\r\ntemplate: keys@1.0.0\r\n");
    assert_told!(told(&project, &["check"]), @r"
    exit code 1
    --- standard output
    error[carriage-return]: `stacks/keys.yaml` has a carriage return
     --> stacks/keys.yaml:1:12
      |
    1 | kind: stack
      |            ^
      = hint: use line feeds only: `sed -i 's/\r$//' stacks/keys.yaml`, and `* text=auto eol=lf` in `.gitattributes`

    1 error
    ");
}

#[test]
fn carriage_returns_in_a_template() {
    assert_told!(told(&keys(&TEMPLATE.replace('\n', "\r\n")), &["check"]), @r"
    exit code 1
    --- standard output
    error[carriage-return]: the file has Windows line ends (CRLF)
     --> templates/keys/1.0.0/template.yaml.tera:1:11
      |
    1 | Resources:
      |           ^
      = hint: convert it with: sed -i 's/\r$//' templates/keys/1.0.0/template.yaml.tera (and set `* text eol=lf` in .gitattributes)

    1 error
    ");
}

#[test]
fn a_byte_order_mark() {
    let project = keys(TEMPLATE);
    project.write("rekindle.yaml", format!("\u{feff}{}", super::MANIFEST));
    assert_told!(told(&project, &["check"]), @"
    exit code 1
    --- standard output
    error[byte-order-mark]: `rekindle.yaml` starts with a byte order mark
     --> rekindle.yaml:1:1
      |
    1 | 
      | ^
      = hint: save the file as UTF-8 without a byte order mark

    1 error
    ");
}

#[test]
fn a_link_out_of_the_project() {
    let project = keys(TEMPLATE);
    symlink("/etc/hostname", project.path().join("templates/keys/1.0.0/hostname")).unwrap();
    assert_told!(told(&project, &["check"]), @"
    exit code 1
    error: the symbolic link `templates/keys/1.0.0/hostname` leads out of the project, to `/etc/hostname`
    hint: copy what it points to into the project; links to files inside the project are fine
    ");
}

#[test]
fn a_folder_linked_from_outside() {
    let project = keys(TEMPLATE);
    symlink("/usr/share", project.path().join("templates/share")).unwrap();
    assert_told!(told(&project, &["check"]), @"
    exit code 1
    error: the symbolic link `templates/share` leads out of the project, to `/usr/share`
    hint: copy what it points to into the project; links to files inside the project are fine
    ");
}

#[test]
fn a_unit_with_the_other_ending() {
    let project = keys(TEMPLATE);
    project.write("stacks/web.yml", "kind: stack\nclass: stateless\ntemplate: keys@1.0.0\n");
    assert_told!(told(&project, &["check"]), @"
    exit code 1
    --- standard output
    error[stray-file]: `stacks/web.yml` is no unit
     --> stacks/web.yml
      = hint: rename it to `stacks/web.yaml`

    1 error
    ");
}

#[test]
fn a_name_over_its_limit() {
    let project = keys(TEMPLATE);
    let name = "n".repeat(41);
    project.write(&format!("stacks/{name}.yaml"), "kind: stack\nclass: stateless\ntemplate: keys@1.0.0\n");
    assert_told!(told(&project, &["check"]), @"
    exit code 1
    --- standard output
    error[invalid-name]: `nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn` is not a valid unit name: use lower-case letters, digits and single hyphens, start with a letter, at most 40 characters
     --> stacks/nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn.yaml
      = hint: rename the file

    1 error
    ");
}

#[test]
fn a_directory_without_templates_is_not_checked_in_silence() {
    let project = Project::empty();
    std::fs::create_dir(project.path().join("emptied")).unwrap();
    project.write("emptied/notes.txt", "no template\n");
    assert_told!(told(&project, &["check", "--template", "emptied"]), @"
    exit code 1
    error: no template below `emptied`
    hint: in a directory, files that end in .yaml, .yml, .json or .template are checked, and Dockerfiles; a file with another name must be named itself
    ");
}
