//! The command line, standard input and standard output.

use std::fs::File;
use std::process::Stdio;

use super::{TEMPLATE, assert_told, keys, tell, told};
use crate::support::project::{Project, Run};

#[test]
fn an_option_that_is_not_there() {
    assert_told!(told(&Project::empty(), &["plan", "demo", "--detailed-exit-code"]), @"");
}

#[test]
fn a_missing_argument() {
    assert_told!(told(&Project::empty(), &["deploy"]), @"");
}

#[test]
fn a_name_that_cannot_be_one() {
    assert_told!(told(&Project::empty(), &["deploy", "Demo_1"]), @"");
}

#[test]
fn nobody_to_ask() {
    assert_told!(told(&keys(TEMPLATE), &["deploy", "demo"]), @"");
}

#[test]
fn a_full_disk_under_standard_output() {
    let project = keys(TEMPLATE);
    let full = File::options().write(true).open("/dev/full").unwrap();
    let output = project.command(&["render", "demo", "--output", "json"]).stdout(full).output().unwrap();
    assert_told!(tell(&project, &Run::from(output)), @"");
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
    assert_told!(tell(&project, &Run::from(output)), @"");
}
