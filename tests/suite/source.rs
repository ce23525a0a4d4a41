//! From files on disk to artifacts: the same source gives the same bytes, wherever it lies.
#![allow(clippy::disallowed_methods)] // Tests lay out their own files.

use std::collections::BTreeMap;
use std::fs;

use camino::{Utf8Path, Utf8PathBuf};
use rekindle::disk::{find_project, read_project, write_atomically};
use rekindle::manifest::{Project, TemplateDigests, lock};
use rekindle::model::files::LOCK_FILE;
use rekindle::release::{assemble, render_files};

const FILES: [(&str, &str); 6] = [
    (
        "rekindle.yaml",
        "project: fieldbook
environments:
  demo:
    targets: {primary: {provider: aws, account: \"000000000000\", region: eu-central-1}}
    inputs: {zones: [a, b]}
",
    ),
    ("stacks/network.yaml", "template: network@1.0.0\nclass: stateless\n"),
    (
        "stacks/queue.yaml",
        "template: queue@2.1.0\nclass: stateless\nparameters: {VpcId: !output network.VpcId}\n",
    ),
    (
        "templates/network/1.0.0/template.json",
        "{\"Resources\": {\"Vpc\": {\"Type\": \"AWS::EC2::VPC\"}}, \"Outputs\": {\"VpcId\": {\"Value\": {\"Ref\": \"Vpc\"}}}}",
    ),
    ("templates/queue/2.1.0/interface.yaml", "inputs: {zones: {type: list, items: slug}}\n"),
    (
        "templates/queue/2.1.0/template.yaml.tera",
        "Parameters: {VpcId: {Type: String}}
Resources:
{% for zone in inputs.zones %}
  Queue{{ loop.index }}: {Type: AWS::SQS::Queue, Properties: {QueueName: !Sub '${VpcId}-{{ zone }}'}}
{% endfor %}
",
    ),
];

fn lay_out(root: &Utf8Path, files: impl Iterator<Item = (&'static str, &'static str)>) {
    for (path, text) in files {
        fs::create_dir_all(root.join(path).parent().unwrap()).unwrap();
        fs::write(root.join(path), text).unwrap();
    }
}

/// Locks what is there, reads it again, and renders `demo`.
async fn render(root: &Utf8Path) -> BTreeMap<String, Vec<u8>> {
    let project = Project::read(read_project(root).unwrap()).unwrap();
    let update = lock::update(&project, &[&TemplateDigests], false).await.unwrap();
    write_atomically(&root.join(LOCK_FILE), update.lock.write().as_bytes()).unwrap();
    let project = Project::read(read_project(root).unwrap()).unwrap();
    let assembly = assemble(&project, &"demo".parse().unwrap()).unwrap();
    render_files(&assembly)
}

#[tokio::test]
async fn the_same_source_gives_the_same_bytes_wherever_it_lies() {
    let guard = tempfile::tempdir().unwrap();
    let root = Utf8PathBuf::from_path_buf(guard.path().to_owned()).unwrap();
    let (one, other) = (root.join("one"), root.join("deep/er/other"));
    lay_out(&one, FILES.into_iter());
    lay_out(&other, FILES.into_iter().rev());
    fs::write(other.join("README.md"), "not a source").unwrap();
    let rendered = render(&one).await;
    assert_eq!(rendered, render(&other).await);
    assert_eq!(
        rendered.keys().collect::<Vec<_>>(),
        ["inputs.json", "primary/network.json", "primary/queue.json"]
    );
    let queue = String::from_utf8(rendered["primary/queue.json"].clone()).unwrap();
    assert!(queue.contains(r#""QueueName":{"Fn::Sub":"${VpcId}-b"}"#), "{queue}");
}

#[tokio::test]
async fn a_published_template_that_changed_is_refused_from_then_on() {
    let guard = tempfile::tempdir().unwrap();
    let root = Utf8PathBuf::from_path_buf(guard.path().to_owned()).unwrap();
    lay_out(&root, FILES.into_iter());
    render(&root).await;
    let template = root.join("templates/queue/2.1.0/template.yaml.tera");
    let text = fs::read_to_string(&template).unwrap();
    fs::write(&template, text.replace("{Type: String}", "{Type: String, Default: x}")).unwrap();
    let found = find_project(&root.join("templates/queue")).unwrap();
    let problems = Project::read(read_project(&found).unwrap()).unwrap_err();
    assert_eq!(
        problems.0[0].message,
        "the published template `queue@2.1.0` was changed: `template.yaml.tera` (changed)"
    );
}
