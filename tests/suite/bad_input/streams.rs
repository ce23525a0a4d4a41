//! The command line, standard input and standard output.

use std::fs::File;
use std::io::Read as _;
use std::process::{Command, Stdio};

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

#[test]
fn a_full_disk_under_a_stream_of_events_is_told_when_the_run_is_over() {
    let project = keys(TEMPLATE);
    let full = File::options().write(true).open("/dev/full").unwrap();
    let output =
        project.command(&["deploy", "demo", "--yes", "--output", "json"]).stdout(full).output().unwrap();
    assert_told!(tell(&project, &Run::from(output)), @"
    exit code 1
    error: could not write to standard output: No space left on device (os error 28)
    hint: the run itself succeeded, and is recorded; `rekindle status` shows it
    ");
    project.run(&["verify", "demo"]).expect_code(0);
    assert!(project.read(".rekindle/ledger/demo/1.json").contains("\"succeeded\""));
}

#[test]
fn every_error_has_a_form_for_programs() {
    let project = keys(TEMPLATE);
    let error = |arguments: &[&str], code: i32| {
        let run = project.run(&[arguments, &["--output", "json"]].concat()).expect_code(code);
        let document = run.json();
        assert_eq!(document["schema"], 1);
        assert_eq!(document["error"]["exit"], code);
        document
    };
    let document = error(&["plan", "dmeo"], 1);
    assert_eq!(document["error"]["code"], "unknown-environment");
    assert_eq!(document["error"]["hint"], "did you mean `demo`?");
    assert_eq!(error(&["plan", "demo", "kyes"], 1)["error"]["obstacles"][0]["hint"], "did you mean `keys`?");
    // A stream is closed by an event, even where it never began.
    let document = error(&["deploy", "demo"], 4);
    assert_eq!(document["event"], "error");
    assert_eq!(document["error"]["code"], "refused");
    // A rehearsal has one document.
    assert_eq!(error(&["deploy", "dmeo", "--rehearse"], 1)["event"], serde_json::Value::Null);
    project.write("stacks/keys.yaml", "kind: stack\nclass: stateless\ntemplate: kyes@1.0.0\n");
    let document = error(&["plan", "demo"], 1);
    assert_eq!(document["error"]["place"]["file"], "stacks/keys.yaml");
    assert_eq!(document["error"]["diagnostics"].as_array().unwrap().len(), 1);
}

#[test]
fn init_has_a_form_for_programs() {
    let project = Project::empty();
    let document = project.run(&["init", "fieldbook", "--output", "json"]).expect_code(0).json();
    assert_eq!(document["project"], "fieldbook");
    for file in document["files"].as_array().unwrap() {
        assert!(project.path().join("fieldbook").join(file.as_str().unwrap()).is_file(), "{file}");
    }
}

/// A signal while nothing was begun yet, and nothing listens for a stop, is an interruption like any
/// other. The command is held where it writes more than a pipe takes.
#[test]
fn a_signal_before_a_run_is_an_interruption() {
    let project = keys(TEMPLATE);
    for number in 0..2000 {
        project.write(
            &format!("stacks/unit-{number}.yaml"),
            "kind: stack\nclass: nonsense\ntemplate: keys@1.0.0\n",
        );
    }
    for signal in ["TERM", "INT"] {
        let mut child = project.command(&["check"]).stdout(Stdio::piped()).spawn().unwrap();
        let mut output = child.stdout.take().unwrap();
        output.read_exact(&mut [0]).unwrap();
        let pid = child.id().to_string();
        assert!(Command::new("kill").args(["-s", signal, &pid]).status().unwrap().success());
        assert_eq!(child.wait().unwrap().code(), Some(130), "{signal}");
    }
}
