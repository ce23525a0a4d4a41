//! Where a finding stands when loops, conditions and includes moved the lines of the render.

use serde_json::{Value, json};

use super::{assert_told, keys, told};
use crate::support::project::Project;

const TEMPLATE: &str = "\
Resources:
{% for name in [\"orders\", \"invoices\"] %}
  {{ name | title }}:
    Type: AWS::SNS::Topic
    Properties: {DisplayName: {{ name }}, Colour: red}
{% endfor %}
{% include \"key.yaml.tera\" %}
  Last:
    Type: AWS::SNS::Topics
";

const KEY: &str = "
{%- if env.protection != \"production\" %}
  Key:
    Type: AWS::KMS::Key
    Properties:
      KeySpec: {{ env.name }}-{{ env.region }}
{%- endif %}";

fn project() -> Project {
    let project = keys(super::TEMPLATE);
    for (file, text) in [("template.yaml.tera", TEMPLATE), ("key.yaml.tera", KEY)] {
        project.write(&format!("templates/keys/1.1.0/{file}"), text);
    }
    project.write("templates/keys/1.1.0/interface.yaml", "kind: stack\ndescription: A key.\ninputs: {}\n");
    project.write("stacks/keys.yaml", "kind: stack\ntemplate: keys@1.1.0\nclass: stateless\n");
    project.publish_unjudged();
    project
}

#[test]
fn findings_stand_in_the_sources_and_each_is_told_once() {
    assert_told!(told(&project(), &["check"]), @"
    exit code 1
    --- standard output
    error[property-value]: `demo-eu-central-1` is no value of `KeySpec`
     --> templates/keys/1.1.0/key.yaml.tera:6:16
      |
    6 |       KeySpec: {{ env.name }}-{{ env.region }}
      |                ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
      = hint: it takes SYMMETRIC_DEFAULT, RSA_2048, RSA_3072, RSA_4096, ECC_NIST_P256, ECC_NIST_P384, ECC_NIST_P521, ECC_SECG_P256K1, HMAC_224, HMAC_256, HMAC_384, HMAC_512 and 5 more

    error[unknown-property]: there is no property `Colour`
     --> templates/keys/1.1.0/template.yaml.tera:5:43
      |
    5 |     Properties: {DisplayName: {{ name }}, Colour: red}
      |                                           ^^^^^^
      = hint: see the type in the CloudFormation template reference

    error[unknown-type]: there is no resource type `AWS::SNS::Topics`
     --> templates/keys/1.1.0/template.yaml.tera:9:11
      |
    9 |     Type: AWS::SNS::Topics
      |           ^^^^^^^^^^^^^^^^
      = hint: did you mean `AWS::SNS::Topic`?

    3 errors
    ");
}

#[test]
fn programs_get_the_same_places() {
    let project = project();
    let report = project.run(&["check", "--output", "json", "--sarif", "found.sarif"]).expect_code(1).json();
    let places: Vec<Value> = report["diagnostics"]
        .as_array()
        .unwrap()
        .iter()
        .map(|found| &found["place"])
        .map(|place| {
            let end = place["column"].as_i64().unwrap() + place["width"].as_i64().unwrap();
            json!([place["file"], place["line"], place["column"], end])
        })
        .collect();
    let log: Value = serde_json::from_str(&project.read("found.sarif")).unwrap();
    let logged: Vec<Value> = log["runs"][0]["results"]
        .as_array()
        .unwrap()
        .iter()
        .map(|result| &result["locations"][0]["physicalLocation"])
        .map(|place| {
            let at = &place["region"];
            let end = at["endColumn"].as_i64().unwrap();
            json!([place["artifactLocation"]["uri"], at["startLine"], at["startColumn"], end])
        })
        .collect();
    assert!(places.contains(&json!(["templates/keys/1.1.0/key.yaml.tera", 6, 16, 47])), "{places:?}");
    assert_eq!(places.len(), 3, "{places:?}");
    assert_eq!(places, logged);
}

#[test]
fn a_source_of_tera_is_no_template_without_its_project() {
    let project = project();
    let file = "templates/keys/1.1.0/template.yaml.tera";
    assert_told!(told(&project, &["check", "--template", file]), @"
    exit code 1
    error: `templates/keys/1.1.0/template.yaml.tera` is a source for Tera, and a template only once it is rendered
    hint: in its project, `rekindle check ENV` judges what it renders to
    ");
}
