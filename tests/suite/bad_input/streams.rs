//! The command line, standard input and standard output.

use std::fs::File;
use std::process::Stdio;

use super::{TEMPLATE, assert_told, keys, tell, told};
use crate::support::project::{Project, Run};

#[test]
fn an_option_that_is_not_there() {
    assert_told!(told(&Project::empty(), &["plan", "demo", "--detailed-exit-code"]), @"
    exit code 64
    error: unexpected argument '--detailed-exit-code' found

      tip: a similar argument exists: '--detailed-exitcode'

    Usage: rekindle plan --detailed-exitcode <ENV> [UNIT]...

    For more information, try '--help'.
    ");
}

#[test]
fn a_missing_argument() {
    assert_told!(told(&Project::empty(), &["deploy"]), @"
    exit code 64
    error: the following required arguments were not provided:
      <ENV>

    Usage: rekindle deploy <ENV> [UNIT]...

    For more information, try '--help'.
    ");
}

#[test]
fn a_name_that_cannot_be_one() {
    assert_told!(told(&Project::empty(), &["deploy", "Demo_1"]), @"
    exit code 64
    error: invalid value 'Demo_1' for '<ENV>': `Demo_1` is not a valid environment name: use lower-case letters, digits and single hyphens, start with a letter, at most 40 characters

    For more information, try '--help'.
    ");
}

#[test]
fn nobody_to_ask() {
    assert_told!(told(&keys(TEMPLATE), &["deploy", "demo"]), @"
    exit code 4
    Deploy of demo, release 3ffa5302ebaa

      + create  keys (1 resource)

    Plan: 1 to create.
    error: deploy `demo` needs consent, and nobody can be asked here
    hint: give `--yes` to consent to the plan shown
    ");
}

#[test]
fn a_full_disk_under_standard_output() {
    let project = keys(TEMPLATE);
    let full = File::options().write(true).open("/dev/full").unwrap();
    let output = project.command(&["render", "demo", "--output", "json"]).stdout(full).output().unwrap();
    assert_told!(tell(&project, &Run::from(output)), @"
    exit code 1
    error: could not write to standard output: No space left on device (os error 28)
    ");
}

#[test]
fn a_closed_pipe_is_silent() {
    let project = keys(TEMPLATE);
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let output = project
        .command(&["render", "demo", "--output", "json"])
        .stdout(writer)
        .stderr(Stdio::piped())
        .output()
        .unwrap();
    assert_told!(tell(&project, &Run::from(output)), @"exit code 0");
}
