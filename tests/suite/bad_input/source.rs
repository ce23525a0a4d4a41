//! What is written in `rekindle.yaml`, `stacks/` and `interface.yaml`.

use super::{MANIFEST, TEMPLATE, assert_told, keys, told};
use crate::support::project::Project;

/// The good project with another unit file beside `keys`.
fn with_unit(name: &str, text: &str) -> Project {
    let project = keys(TEMPLATE);
    project.write(&format!("stacks/{name}.yaml"), text);
    project
}

/// The good project with another `rekindle.yaml`.
fn with_manifest(text: &str) -> Project {
    let project = keys(TEMPLATE);
    project.write("rekindle.yaml", text);
    project
}

#[test]
fn malformed_yaml() {
    let project = with_manifest("project: fieldbook\nenvironments:\n  demo: [\n");
    assert_told!(told(&project, &["check"]), @"");
}

#[test]
fn an_empty_file() {
    assert_told!(told(&with_manifest(""), &["check"]), @"");
}

#[test]
fn an_unknown_key() {
    let project = with_manifest(&MANIFEST.replace("region", "regoin"));
    assert_told!(told(&project, &["check"]), @"");
}

#[test]
fn a_key_twice() {
    let project = with_manifest(&format!("{MANIFEST}project: other\n"));
    assert_told!(told(&project, &["check"]), @"");
}

#[test]
fn a_wrong_type() {
    let project = with_manifest(&MANIFEST.replace("\"000000000000\"", "000000000000"));
    assert_told!(told(&project, &["check"]), @"");
}

#[test]
fn an_input_of_the_wrong_type() {
    let project = keys(TEMPLATE);
    project.write(
        "templates/keys/2.0.0/interface.yaml",
        "kind: stack\ninputs:\n  days: {type: integer, default: 7, description: How long.}\n",
    );
    project.write("templates/keys/2.0.0/template.yaml.tera", TEMPLATE);
    project.write(
        "stacks/keys.yaml",
        "kind: stack\nclass: stateless\ntemplate: keys@2.0.0\ninputs: {days: soon}\n",
    );
    project.run(&["lock"]).expect_code(0);
    assert_told!(told(&project, &["check"]), @"");
}

#[test]
fn an_input_no_template_declares() {
    let project = with_manifest(&format!("{MANIFEST}    inputs: {{siez: small}}\n"));
    assert_told!(told(&project, &["check"]), @"");
}

#[test]
fn several_problems_at_once() {
    let project = with_manifest(&MANIFEST.replace("region", "regoin"));
    project.write("stacks/keys.yaml", "kind: stak\nclass: stateless\ntemplate: keys@1.0.0\n");
    assert_told!(told(&project, &["check"]), @"");
}

#[test]
fn an_absent_template_version() {
    let project = with_unit("web", "kind: stack\nclass: stateless\ntemplate: keys@1.1.0\n");
    assert_told!(told(&project, &["check"]), @"");
}

#[test]
fn a_template_without_a_version() {
    let project = with_unit("web", "kind: stack\nclass: stateless\ntemplate: keys\n");
    assert_told!(told(&project, &["check"]), @"");
}

#[test]
fn a_reference_to_a_unit_that_is_not_there() {
    let project = with_unit(
        "web",
        "kind: stack\nclass: stateless\ntemplate: keys@1.0.0\nparameters:\n  KeyArn: !output kyes.KeyArn\n",
    );
    assert_told!(told(&project, &["check"]), @"");
}

#[test]
fn a_reference_to_an_output_that_is_not_there() {
    let project = keys(&format!("Parameters:\n  KeyArn: {{Type: String, Default: none}}\n{TEMPLATE}"));
    project.write(
        "stacks/web.yaml",
        "kind: stack\nclass: stateless\ntemplate: keys@1.0.0\nparameters:\n  KeyArn: !output keys.KeyAnr\n",
    );
    assert_told!(told(&project, &["check"]), @"");
}

#[test]
fn a_parameter_that_the_template_does_not_have() {
    let project =
        with_unit("web", "kind: stack\nclass: stateless\ntemplate: keys@1.0.0\nparameters:\n  Size: large\n");
    assert_told!(told(&project, &["check"]), @"");
}

#[test]
fn a_cycle() {
    let project = with_unit("web", "kind: stack\nclass: stateless\ntemplate: keys@1.0.0\nafter: [queue]\n");
    project
        .write("stacks/queue.yaml", "kind: stack\nclass: stateless\ntemplate: keys@1.0.0\nafter: [keys]\n");
    project.write("stacks/keys.yaml", "kind: stack\nclass: stateless\ntemplate: keys@1.0.0\nafter: [web]\n");
    assert_told!(told(&project, &["check"]), @"");
}

#[test]
fn what_is_not_there_yet() {
    let project = with_unit("app", "kind: image\nclass: stateless\ntemplate: keys@1.0.0\n");
    assert_told!(told(&project, &["check"]), @"");
}
