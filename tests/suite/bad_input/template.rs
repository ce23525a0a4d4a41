//! What is written in templates: Tera, YAML, CloudFormation.

use super::{TEMPLATE, assert_told, keys, told};

#[test]
fn an_undefined_variable() {
    let project = keys(&TEMPLATE.replace("env.name", "env.nmae"));
    assert_told!(told(&project, &["render", "demo"]), @"");
}

#[test]
fn a_tag_that_is_not_closed() {
    let project = keys(&TEMPLATE.replace("{{ env.name }}", "{{ env.name }"));
    assert_told!(told(&project, &["render", "demo"]), @"");
}

#[test]
fn templates_that_include_each_other() {
    let project = keys(&format!("{{% include \"a.yaml.tera\" %}}\n{TEMPLATE}"));
    std::fs::remove_file(project.path().join("rekindle.lock")).unwrap();
    project.write("templates/keys/1.0.0/a.yaml.tera", "{% include \"b.yaml.tera\" %}\n");
    project.write("templates/keys/1.0.0/b.yaml.tera", "{% include \"a.yaml.tera\" %}\n");
    project.run(&["lock"]).expect_code(0);
    assert_told!(told(&project, &["render", "demo"]), @"");
}

#[test]
fn an_include_from_outside() {
    let project = keys(&format!("{{% include \"../../../../etc/hostname\" %}}\n{TEMPLATE}"));
    assert_told!(told(&project, &["render", "demo"]), @"");
}

#[test]
fn loops_that_hardly_end() {
    let loops = "{% for a in range(end=100000) %}{% for b in range(end=100000) %}{% for c in range(end=100000) %}\
                 {% endfor %}{% endfor %}{% endfor %}\n";
    assert_told!(told(&keys(&format!("{loops}{TEMPLATE}")), &["render", "demo"]), @"");
}

#[test]
fn a_filter_that_would_open_the_text() {
    let project = keys(&TEMPLATE.replace("env.name", "env.name | safe"));
    assert_told!(told(&project, &["render", "demo"]), @"");
}

#[test]
fn malformed_yaml() {
    assert_told!(told(&keys("Resources:\n  Key: {Type: AWS::KMS::Key\n"), &["render", "demo"]), @"");
}

#[test]
fn a_scalar_that_two_versions_of_yaml_read_differently() {
    let project = keys(&TEMPLATE.replace("Description: Data at rest in {{ env.name }}", "Enabled: yes"));
    assert_told!(told(&project, &["render", "demo"]), @"");
}

#[test]
fn an_unknown_short_form() {
    let project = keys(&TEMPLATE.replace("!GetAtt", "!GetAttribute"));
    assert_told!(told(&project, &["render", "demo"]), @"");
}

#[test]
fn a_reference_to_a_resource_that_is_not_there() {
    let project = keys(&TEMPLATE.replace("Key.Arn", "Kye.Arn"));
    assert_told!(told(&project, &["check"]), @"");
}

#[test]
fn too_many_resources() {
    let topics: String =
        (0..501).map(|number| format!("  Topic{number}: {{Type: AWS::SNS::Topic}}\n")).collect();
    assert_told!(told(&keys(&format!("Resources:\n{topics}")), &["check"]), @"");
}

#[test]
fn too_many_parameters() {
    let parameters: String =
        (0..201).map(|number| format!("  P{number}: {{Type: String, Default: x}}\n")).collect();
    assert_told!(told(&keys(&format!("Parameters:\n{parameters}{TEMPLATE}")), &["check"]), @"");
}

#[test]
fn a_parameter_that_nobody_binds() {
    let project = keys(&format!("Parameters:\n  Size: {{Type: String}}\n{TEMPLATE}"));
    assert_told!(told(&project, &["check"]), @"");
}
