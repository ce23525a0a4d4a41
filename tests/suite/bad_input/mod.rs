//! Every bad input a user can give: the whole message and the exit code, through the binary.
//!
//! Every message must say what happened, where, and what to do next. Read a changed snapshot as the
//! person at night who sees nothing else.

#[cfg(feature = "aws")]
mod cloud;
mod image;
mod journal;
mod lock;
mod places;
mod project;
mod refused;
mod source;
mod state;
mod streams;
mod template;

use crate::support::project::{MANIFEST, Project, Run};

/// Compares what the binary said with the text beside it.
macro_rules! assert_told {
    ($told:expr, @$expected:literal) => {
        insta::assert_snapshot!($told, @$expected)
    };
}
use assert_told;

/// Runs the binary and tells what a person would see of it.
fn told(project: &Project, arguments: &[&str]) -> String {
    tell(project, &project.run(arguments))
}

/// What a person would see of a run, without what differs from machine to machine.
fn tell(project: &Project, run: &Run) -> String {
    let mut text = format!("exit code {}\n{}", run.code, run.stderr);
    if !run.stdout.is_empty() {
        text.push_str(&format!("--- standard output\n{}", run.stdout));
    }
    text.replace(project.path().to_str().unwrap(), "[project]")
}

/// The template of [`keys`].
const TEMPLATE: &str = "\
Resources:
  Key:
    Type: AWS::KMS::Key
    Properties:
      Description: Data at rest in {{ env.name }}
Outputs:
  KeyArn:
    Value: !GetAtt Key.Arn
";

/// A project of one unit, `keys`, whose template is published: everything about it is right.
fn keys(template: &str) -> Project {
    let project = Project::of_one_unit("keys", "template.yaml.tera", template);
    // Release ids are part of what some tests expect, and this text is part of the release.
    project.write("templates/keys/1.0.0/interface.yaml", "kind: stack\ndescription: A key.\ninputs: {}\n");
    project.publish_unjudged();
    project
}
