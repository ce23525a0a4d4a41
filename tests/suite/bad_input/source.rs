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
    assert_told!(told(&project, &["check"]), @"
    exit code 1
    --- standard output
    error[syntax]: this is not YAML: while parsing a node, did not find expected node content
     --> rekindle.yaml:4:1
      |
    4 | 
      | ^
      = hint: the mistake may be on a line above: a bracket, brace or quote that is not closed, or indentation

    1 error
    ");
}

#[test]
fn an_empty_file() {
    assert_told!(told(&with_manifest(""), &["check"]), @"
    exit code 1
    --- standard output
    error[empty-file]: the file holds no document
     --> rekindle.yaml:1:1
      |
    1 | 
      | ^

    1 error
    ");
}

#[test]
fn an_unknown_key() {
    let project = with_manifest(&MANIFEST.replace("region", "regoin"));
    assert_told!(told(&project, &["check"]), @r#"
    exit code 1
    --- standard output
    error[unknown-key]: the target has no key `regoin`
     --> rekindle.yaml:4:67
      |
    4 |     targets: {primary: {provider: local, account: "000000000000", regoin: eu-central-1}}
      |                                                                   ^^^^^^
      = hint: did you mean `region`?

    error[missing-key]: the target lacks the key `region`
     --> rekindle.yaml:4:24
      |
    4 |     targets: {primary: {provider: local, account: "000000000000", regoin: eu-central-1}}
      |                        ^

    2 errors
    "#);
}

#[test]
fn a_key_twice() {
    let project = with_manifest(&format!("{MANIFEST}project: other\n"));
    assert_told!(told(&project, &["check"]), @"
    exit code 1
    --- standard output
    error[duplicate-key]: the key `project` is given twice
     --> rekindle.yaml:5:1
      |
    5 | project: other
      | ^^^^^^^
      = hint: remove one of them; the first is at rekindle.yaml:1:1

    1 error
    ");
}

#[test]
fn a_wrong_type() {
    let project = with_manifest(&MANIFEST.replace("\"000000000000\"", "000000000000"));
    assert_told!(told(&project, &["check"]), @r#"
    exit code 1
    --- standard output
    error[quote-it]: `000000000000` is unclear: a number is not kept as it is written
     --> rekindle.yaml:4:51
      |
    4 |     targets: {primary: {provider: local, account: 000000000000, region: eu-central-1}}
      |                                                   ^^^^^^^^^^^^
      = hint: write `"000000000000"` if it is text

    1 error
    "#);
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
    project.publish_unjudged();
    assert_told!(told(&project, &["check"]), @"
    exit code 1
    --- standard output
    error[wrong-type]: expected a whole number, found `soon`
     --> stacks/keys.yaml:4:16
      |
    4 | inputs: {days: soon}
      |                ^^^^

    1 error
    ");
}

#[test]
fn an_input_no_template_declares() {
    let project = with_manifest(&format!("{MANIFEST}    inputs: {{siez: small}}\n"));
    assert_told!(told(&project, &["check"]), @"
    exit code 1
    --- standard output
    error[unknown-input]: no template declares an input `siez`
     --> rekindle.yaml:5:14
      |
    5 |     inputs: {siez: small}
      |              ^^^^
      = hint: there is none yet

    1 error
    ");
}

#[test]
fn several_problems_at_once() {
    let project = with_manifest(&MANIFEST.replace("region", "regoin"));
    project.write("stacks/keys.yaml", "kind: stak\nclass: stateless\ntemplate: keys@1.0.0\n");
    assert_told!(told(&project, &["check"]), @r#"
    exit code 1
    --- standard output
    error[unknown-key]: the target has no key `regoin`
     --> rekindle.yaml:4:67
      |
    4 |     targets: {primary: {provider: local, account: "000000000000", regoin: eu-central-1}}
      |                                                                   ^^^^^^
      = hint: did you mean `region`?

    error[missing-key]: the target lacks the key `region`
     --> rekindle.yaml:4:24
      |
    4 |     targets: {primary: {provider: local, account: "000000000000", regoin: eu-central-1}}
      |                        ^

    error[invalid-value]: `stak` is not possible here
     --> stacks/keys.yaml:1:7
      |
    1 | kind: stak
      |       ^^^^
      = hint: did you mean `stack`? write one of `stack`, `image`, `machine` and `task`

    3 errors
    "#);
}

#[test]
fn an_absent_template_version() {
    let project = with_unit("web", "kind: stack\nclass: stateless\ntemplate: keys@1.1.0\n");
    assert_told!(told(&project, &["check"]), @"
    exit code 1
    --- standard output
    error[unknown-template]: there is no template `keys@1.1.0`
     --> stacks/web.yaml:3:11
      |
    3 | template: keys@1.1.0
      |           ^^^^^^^^^^
      = hint: there is `keys@1.0.0`

    1 error
    ");
}

#[test]
fn a_template_without_a_version() {
    let project = with_unit("web", "kind: stack\nclass: stateless\ntemplate: keys\n");
    assert_told!(told(&project, &["check"]), @"
    exit code 1
    --- standard output
    error[invalid-value]: `keys` is not a valid template reference: write NAME@VERSION, for example `data@1.2.0`
     --> stacks/web.yaml:3:11
      |
    3 | template: keys
      |           ^^^^
      = hint: there is `keys@1.0.0`

    1 error
    ");
}

#[test]
fn a_reference_to_a_unit_that_is_not_there() {
    let project = with_unit(
        "web",
        "kind: stack\nclass: stateless\ntemplate: keys@1.0.0\nparameters:\n  KeyArn: !output kyes.KeyArn\n",
    );
    assert_told!(told(&project, &["check"]), @"
    exit code 1
    --- standard output
    error[unknown-unit]: there is no unit `kyes`
     --> stacks/web.yaml:5:11
      |
    5 |   KeyArn: !output kyes.KeyArn
      |           ^^^^^^^^^^^^^^^^^^^
      = hint: did you mean `keys`?

    1 error
    ");
}

#[test]
fn a_reference_to_an_output_that_is_not_there() {
    let project = keys(&format!(
        "Parameters:\n  KeyArn: {{Type: String, Default: none}}\n{TEMPLATE}  Given:\n    Value: !Ref KeyArn\n"
    ));
    project.write(
        "stacks/web.yaml",
        "kind: stack\nclass: stateless\ntemplate: keys@1.0.0\nparameters:\n  KeyArn: !output keys.KeyAnr\n",
    );
    assert_told!(told(&project, &["check"]), @"
    exit code 1
    --- standard output
    error[unknown-output]: the unit `keys` has no output `KeyAnr`
     --> stacks/web.yaml:5:11
      |
    5 |   KeyArn: !output keys.KeyAnr
      |           ^^^^^^^^^^^^^^^^^^^
      = hint: did you mean `KeyArn`?

    1 error
    ");
}

#[test]
fn a_parameter_that_the_template_does_not_have() {
    let project =
        with_unit("web", "kind: stack\nclass: stateless\ntemplate: keys@1.0.0\nparameters:\n  Size: large\n");
    assert_told!(told(&project, &["check"]), @"
    exit code 1
    --- standard output
    error[unknown-parameter]: the template `keys@1.0.0` has no parameter `Size`
     --> stacks/web.yaml:5:3
      |
    5 |   Size: large
      |   ^^^^
      = hint: there is none yet

    1 error
    ");
}

#[test]
fn a_cycle() {
    let project = with_unit("web", "kind: stack\nclass: stateless\ntemplate: keys@1.0.0\nafter: [queue]\n");
    project
        .write("stacks/queue.yaml", "kind: stack\nclass: stateless\ntemplate: keys@1.0.0\nafter: [keys]\n");
    project.write("stacks/keys.yaml", "kind: stack\nclass: stateless\ntemplate: keys@1.0.0\nafter: [web]\n");
    assert_told!(told(&project, &["check"]), @"
    exit code 1
    --- standard output
    error[cycle]: units need each other in a circle: `keys -> web -> queue -> keys`
     --> stacks/keys.yaml:4:9
      |
    4 | after: [web]
      |         ^^^
      = hint: remove one of the references: `keys` needs `web` at stacks/keys.yaml:4:9; `web` needs `queue` at stacks/web.yaml:4:9; `queue` needs `keys` at stacks/queue.yaml:4:9

    1 error
    ");
}

#[test]
fn what_is_not_there_yet() {
    let project = with_unit("app", "kind: machine\nclass: stateless\ntemplate: keys@1.0.0\n");
    assert_told!(told(&project, &["check"]), @"
    exit code 1
    --- standard output
    error[not-yet]: `kind: machine` is reserved and not supported yet
     --> stacks/app.yaml:1:7
      |
    1 | kind: machine
      |       ^^^^^^^
      = hint: remove it; a later version will give it its meaning

    1 error
    ");
}
