//! What the linter finds stops a deploy before anything is touched, and a template from being published.

use super::{TEMPLATE, assert_told, keys, told};
use crate::support::project::Project;

const UNIT: &str = "stacks/keys.yaml";

/// The unit `keys` runs; beside it stands a draft of the next version, with a property that no key has.
fn with_draft(metadata: &str) -> Project {
    let project = keys(TEMPLATE);
    project.run(&["deploy", "demo", "--yes"]).expect_code(0);
    let properties = format!("{metadata}    Properties:\n      Colour: red\n");
    let draft = TEMPLATE.replace("    Properties:\n", &properties);
    project.write("templates/keys/1.1.0/template.yaml.tera", draft);
    project.edit(UNIT, "keys@1.0.0", "keys@1.1.0");
    project
}

fn stacks(project: &Project) -> serde_json::Value {
    project.run(&["status", "demo", "--output", "json"]).json()["stacks"].clone()
}

#[test]
fn a_deploy_of_a_template_with_errors_changes_nothing() {
    let project = with_draft("");
    let before = stacks(&project);
    assert_told!(told(&project, &["deploy", "demo", "--yes"]), @"
    exit code 1
    warning[draft-template]: the template `keys@1.1.0` is a draft: `rekindle.lock` does not have it
     --> stacks/keys.yaml:3:11
      |
    3 | template: keys@1.1.0
      |           ^^^^^^^^^^
      = hint: `rekindle lock` publishes drafts; from then on they never change

    1 warning
    Deploy of demo, release 07d54b09b30f

      ~ update  keys
            digest changed from d6bafca3d2ab to 821db8751fcc
            ~ Key AWS::KMS::Key
                Properties.Colour

    Plan: 1 to update.
    error[unknown-property]: there is no property `Colour`
     --> templates/keys/1.1.0/template.yaml.tera:5:7
      |
    5 |       Colour: red
      |       ^^^^^^
      = hint: see the type in the CloudFormation template reference

    1 error
    hint: no stack is changed before this is right or accepted (docs/lint.md); see `rekindle check demo`
    ");
    assert_eq!(stacks(&project), before);
    assert_told!(told(&project, &["deploy", "demo", "--rehearse"]), @"
    exit code 1
    warning[draft-template]: the template `keys@1.1.0` is a draft: `rekindle.lock` does not have it
     --> stacks/keys.yaml:3:11
      |
    3 | template: keys@1.1.0
      |           ^^^^^^^^^^
      = hint: `rekindle lock` publishes drafts; from then on they never change

    1 warning
    error[unknown-property]: there is no property `Colour`
     --> templates/keys/1.1.0/template.yaml.tera:5:7
      |
    5 |       Colour: red
      |       ^^^^^^
      = hint: see the type in the CloudFormation template reference

    1 error
    hint: no stack is changed before this is right or accepted (docs/lint.md); see `rekindle check demo`
    ");
    let error = project.run(&["plan", "demo", "--output", "json"]).expect_code(1).json();
    assert_eq!(error["error"]["code"], "unknown-property");
}

#[test]
fn a_finding_that_is_accepted_stops_nothing_and_neither_does_what_stays_as_it_is() {
    let accept = "    Metadata: {RekindleAccept: {unknown-property: of next week}}\n";
    let project = with_draft(accept);
    let plan = project.run(&["plan", "demo"]).expect_code(0);
    assert!(plan.stdout.contains("1 to update"), "{}", plan.stdout);
    project.run(&["lock"]).expect_code(0);

    let project = with_draft("");
    project.edit(UNIT, "keys@1.1.0", "keys@1.0.0");
    let other = project.read(UNIT).replace("keys@1.0.0", "keys@1.1.0");
    project.write("stacks/others.yaml", other);
    project.run(&["deploy", "demo", "keys", "--yes"]).expect_code(0);
    project.run(&["deploy", "demo", "keys", "--rehearse", "--yes"]).expect_code(0);
    project.run(&["deploy", "demo", "--yes"]).expect_code(1);
}

#[test]
fn a_draft_with_errors_is_not_published() {
    let project = with_draft("");
    let lock = project.read("rekindle.lock");
    assert_told!(told(&project, &["lock"]), @"
    exit code 1
    error[unknown-property]: there is no property `Colour`
     --> templates/keys/1.1.0/template.yaml.tera:5:7
      |
    5 |       Colour: red
      |       ^^^^^^
      = hint: see the type in the CloudFormation template reference

    1 error
    hint: no template was published, and rekindle.lock is as it was
    ");
    assert_eq!(project.read("rekindle.lock"), lock);
    project.edit("templates/keys/1.1.0/template.yaml.tera", "      Colour: red\n", "");
    project.run(&["lock"]).expect_code(0);
    assert_ne!(project.read("rekindle.lock"), lock);
}

/// Its own environments refuse it until it is published, which must not keep it from being published.
#[test]
fn a_draft_is_published_for_real_targets() {
    let template = "Resources: {Topic: {Type: 'AWS::SNS::Topic'}}\n";
    let project = Project::of_one_unit("topic", "template.yaml", template);
    project.edit("rekindle.yaml", "provider: local", "provider: aws");
    let refused = project.run(&["check"]).expect_code(1);
    assert!(refused.stdout.contains("error[draft-template]"), "{}", refused.stdout);
    assert_eq!(project.run(&["lock"]).expect_code(0).stdout, "added template topic@1.0.0\n");
    project.run(&["check"]).expect_code(0);
}

#[test]
fn what_a_draft_lacks_can_be_stated_first() {
    let project = with_draft("");
    let template = "templates/keys/1.1.0/template.yaml.tera";
    project.edit(template, "      Colour: red\n", "      KeySpec: {{ lock.ssm[\"/spec\"] }}\n");
    project.run(&["lock"]).expect_code(1);
    let state = |spec: &str| project.run(&["lock", "--ssm", &format!("/spec={spec}"), "--at", "global"]);
    let refused = state("VERY_SECRET").expect_code(1);
    assert!(
        refused
            .stderr
            .contains("no template was published; rekindle.lock has what was stated (added ssm /spec)"),
        "{}",
        refused.stderr
    );
    let said = state("RSA_2048").expect_code(0).stdout;
    assert_eq!(said, "added template keys@1.1.0\nchanged ssm /spec\n");
}

#[test]
fn what_is_worth_knowing_is_told_beside_errors() {
    let project = with_draft("");
    assert_told!(told(&project, &["check"]), @"
    exit code 1
    --- standard output
    warning[draft-template]: the template `keys@1.1.0` is a draft: `rekindle.lock` does not have it
     --> stacks/keys.yaml:3:11
      |
    3 | template: keys@1.1.0
      |           ^^^^^^^^^^
      = hint: `rekindle lock` publishes drafts; from then on they never change

    error[unknown-property]: there is no property `Colour`
     --> templates/keys/1.1.0/template.yaml.tera:5:7
      |
    5 |       Colour: red
      |       ^^^^^^
      = hint: see the type in the CloudFormation template reference

    1 error, 1 warning
    ");
}

#[test]
fn a_version_that_does_not_exist() {
    let project = with_draft("");
    project.edit(UNIT, "keys@1.1.0", "keys@1.1");
    assert_told!(told(&project, &["check"]), @"
    exit code 1
    --- standard output
    error[invalid-value]: `keys@1.1` is not a valid template reference: the version has three numbers, for example `data@1.2.0`
     --> stacks/keys.yaml:3:11
      |
    3 | template: keys@1.1
      |           ^^^^^^^^
      = hint: there is `keys@1.0.0`, `keys@1.1.0`

    1 error
    ");
}

#[test]
fn an_environment_and_a_template() {
    assert_told!(told(&keys(TEMPLATE), &["check", "--template", "stacks", "demo"]), @"
    exit code 64
    error: the argument '--template <PATH>' cannot be used with '[ENV]'

    Usage: rekindle check [OPTIONS] [ENV]
           rekindle check [OPTIONS] --template <PATH>...

    For more information, try '--help'.
    ");
}
