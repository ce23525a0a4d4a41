//! What is written in templates: Tera, YAML, CloudFormation.

use super::{TEMPLATE, assert_told, keys, told};

#[test]
fn an_undefined_variable() {
    let project = keys(&TEMPLATE.replace("env.name", "env.nmae"));
    assert_told!(told(&project, &["render", "demo"]), @"
    exit code 1
    error[undefined-value]: `env.nmae` is not defined
     --> templates/keys/1.0.0/template.yaml.tera:5:39
      |
    5 |       Description: Data at rest in {{ env.nmae }}
      |                                       ^^^^^^^^
      = hint: did you mean `env.name`?

    1 error
    ");
}

#[test]
fn a_tag_that_is_not_closed() {
    let project = keys(&TEMPLATE.replace("{{ env.name }}", "{{ env.name }"));
    assert_told!(told(&project, &["render", "demo"]), @"
    exit code 1
    error[tera-syntax]: found `}` but expected }}
     --> templates/keys/1.0.0/template.yaml.tera:5:48
      |
    5 |       Description: Data at rest in {{ env.name }
      |                                                ^
      = hint: see `docs/templates.md`; text with `{{`, `{%` or `{#` of its own goes between `{% raw %}` and `{% endraw %}`

    1 error
    ");
}

#[test]
fn templates_that_include_each_other() {
    let project = keys(&format!("{{% include \"a.yaml.tera\" %}}\n{TEMPLATE}"));
    std::fs::remove_file(project.path().join("rekindle.lock")).unwrap();
    project.write("templates/keys/1.0.0/a.yaml.tera", "{% include \"b.yaml.tera\" %}\n");
    project.write("templates/keys/1.0.0/b.yaml.tera", "{% include \"a.yaml.tera\" %}\n");
    project.publish_unjudged();
    assert_told!(told(&project, &["render", "demo"]), @"
    exit code 1
    error[include-cycle]: templates include each other: `keys/1.0.0/a.yaml.tera` -> `keys/1.0.0/b.yaml.tera` -> `keys/1.0.0/a.yaml.tera`
     --> templates/keys/1.0.0/a.yaml.tera
      = hint: take one of these includes out

    1 error
    ");
}

#[test]
fn an_include_from_outside() {
    let project = keys(&format!("{{% include \"../../../../etc/hostname\" %}}\n{TEMPLATE}"));
    assert_told!(told(&project, &["render", "demo"]), @r#"
    exit code 1
    error[unknown-include]: there is no `../../../../etc/hostname` in this template
     --> templates/keys/1.0.0/template.yaml.tera:1:13
      |
    1 | {% include "../../../../etc/hostname" %}
      |             ^^^^^^^^^^^^^^^^^^^^^^^^
      = hint: name a file beside this one, or one of another template in full: `NAME/VERSION/FILE.tera`

    1 error
    "#);
}

#[test]
fn loops_that_hardly_end() {
    let loops = "{% for a in range(end=100000) %}{% for b in range(end=100000) %}{% for c in range(end=100000) %}\
                 {% endfor %}{% endfor %}{% endfor %}\n";
    assert_told!(told(&keys(&format!("{loops}{TEMPLATE}")), &["render", "demo"]), @"
    exit code 1
    error[render-too-long]: the render takes more than 100000 steps (turns of loops, includes, calls of components)
     --> templates/keys/1.0.0/template.yaml.tera:1:65
      |
    1 | …nge(end=100000) %}{% for b in range(end=100000) %}{% for c in range(end=100000) %}{% endfor %}{% en…
      |                                                    ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
      = hint: loop over less: nested ranges multiply

    1 error
    ");
}

#[test]
fn a_filter_that_would_open_the_text() {
    let project = keys(&TEMPLATE.replace("env.name", "env.name | safe"));
    assert_told!(told(&project, &["render", "demo"]), @"
    exit code 1
    error[refused-filter]: the filter `safe` is not available
     --> templates/keys/1.0.0/template.yaml.tera:5:50
      |
    5 |       Description: Data at rest in {{ env.name | safe }}
      |                                                  ^^^^
      = hint: values are put in after parsing and need no escape; print a list or a map with `| json`

    1 error
    ");
}

#[test]
fn malformed_yaml() {
    assert_told!(told(&keys("Resources:\n  Key: {Type: AWS::KMS::Key\n"), &["render", "demo"]), @"
    exit code 1
    error[template-syntax]: not YAML: while parsing a flow mapping, did not find expected ',' or '}'
     --> templates/keys/1.0.0/template.yaml.tera:2:28
      |
    2 |   Key: {Type: AWS::KMS::Key
      |                            ^
      = hint: check indentation and quotes on this line and the one before

    1 error
    ");
}

#[test]
fn a_scalar_that_two_versions_of_yaml_read_differently() {
    let project = keys(&TEMPLATE.replace("Description: Data at rest in {{ env.name }}", "Enabled: yes"));
    assert_told!(told(&project, &["render", "demo"]), @r#"
    exit code 1
    error[ambiguous-scalar]: `yes` is a boolean to YAML 1.1 and a text to YAML 1.2
     --> templates/keys/1.0.0/template.yaml.tera:5:16
      |
    5 |       Enabled: yes
      |                ^^^
      = hint: quote it: "yes"; or write `true` or `false`

    1 error
    "#);
}

#[test]
fn an_unknown_short_form() {
    let project = keys(&TEMPLATE.replace("!GetAtt", "!GetAttribute"));
    assert_told!(told(&project, &["render", "demo"]), @"
    exit code 1
    error[unknown-tag]: `!GetAttribute` is not a CloudFormation function
     --> templates/keys/1.0.0/template.yaml.tera:8:12
      |
    8 |     Value: !GetAttribute Key.Arn
      |            ^^^^^^^^^^^^^^^^^^^^^
      = hint: a text that starts with `!` needs quotes

    1 error
    ");
}

#[test]
fn a_reference_to_a_resource_that_is_not_there() {
    let project = keys(&TEMPLATE.replace("Key.Arn", "Kye.Arn"));
    assert_told!(told(&project, &["check"]), @"
    exit code 1
    --- standard output
    error[dangling-reference]: there is no resource `Kye`
     --> templates/keys/1.0.0/template.yaml.tera:8:12
      |
    8 |     Value: !GetAtt Kye.Arn
      |            ^^^^^^^^^^^^^^^
      = hint: did you mean `Key`?

    1 error
    ");
}

#[test]
fn too_many_resources() {
    let topics: String =
        (0..501).map(|number| format!("  Topic{number}: {{Type: AWS::SNS::Topic}}\n")).collect();
    assert_told!(told(&keys(&format!("Resources:\n{topics}")), &["check"]), @"
    exit code 1
    --- standard output
    error[quota]: `Resources` has 501 entries, 500 are allowed
     --> templates/keys/1.0.0/template.yaml.tera:1:1
      |
    1 | Resources:
      | ^^^^^^^^^
      = hint: move some of them into another stack

    1 error
    ");
}

#[test]
fn too_many_parameters() {
    let parameters: String =
        (0..201).map(|number| format!("  P{number}: {{Type: String, Default: x}}\n")).collect();
    let used: Vec<String> = (0..201).map(|number| format!("!Ref P{number}")).collect();
    let used = format!("  All:\n    Value: !Join ['', [{}]]\n", used.join(", "));
    assert_told!(told(&keys(&format!("Parameters:\n{parameters}{TEMPLATE}{used}")), &["check"]), @"
    exit code 1
    --- standard output
    error[quota]: `Parameters` has 201 entries, 200 are allowed
     --> templates/keys/1.0.0/template.yaml.tera:1:1
      |
    1 | Parameters:
      | ^^^^^^^^^^
      = hint: give a list, or let the template compute values

    1 error
    ");
}

#[test]
fn a_parameter_that_nobody_binds() {
    let project =
        keys(&format!("Parameters:\n  Size: {{Type: String}}\n{TEMPLATE}  Size:\n    Value: !Ref Size\n"));
    assert_told!(told(&project, &["check"]), @"
    exit code 1
    --- standard output
    error[missing-parameter]: the unit `keys` binds no value to the parameter `Size`
     --> stacks/keys.yaml:3:11
      |
    3 | template: keys@1.0.0
      |           ^^^^^^^^^^
      = hint: write `Size: ...` below `parameters` in `stacks/keys.yaml`, or give it a default in the template

    1 error
    ");
}
