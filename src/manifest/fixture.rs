//! Projects in memory, for tests.

use futures_util::FutureExt as _;

use crate::manifest::Project;
use crate::manifest::lock::{TemplateDigests, update};
use crate::model::files::LOCK_FILE;
use crate::model::{Diagnostics, ProjectFiles};

/// A project of two units on a local environment, small enough to vary in one line.
pub fn base() -> ProjectFiles {
    project(&[
        (
            "rekindle.yaml",
            "project: fieldbook
defaults: {tags: {team: platform}}
environments:
  demo:
    targets: {primary: {provider: local, account: \"000000000000\", region: eu-central-1}}
    inputs: {size: small}
",
        ),
        ("stacks/network.yaml", "template: network@1.0.0\nclass: stateless\n"),
        (
            "stacks/data.yaml",
            "template: data@1.2.0
class: data
inputs: {engine_version: \"16.9\"}
parameters:
  SubnetIds: !output network.PrivateSubnetIds
",
        ),
        ("templates/network/1.0.0/interface.yaml", "inputs: {}\n"),
        ("templates/network/1.0.0/template.yaml", NETWORK),
        (
            "templates/data/1.2.0/interface.yaml",
            "inputs:
  size: {type: enum, values: [small, large]}
  engine_version: {type: string, pattern: '[0-9]+[.][0-9]+'}
  retention: {type: duration, default: 7d}
",
        ),
        ("templates/data/1.2.0/template.yaml.tera", DATA),
    ])
}

const NETWORK: &str = "\
Resources:
  Vpc: {Type: AWS::EC2::VPC, Properties: {CidrBlock: 10.0.0.0/16}}
Outputs:
  PrivateSubnetIds: {Value: !Ref Vpc}
";

const DATA: &str = "\
Parameters:
  SubnetIds: {Type: String}
  Port: {Type: Number, Default: 5432}
Resources:
  Group:
    Type: AWS::RDS::DBSubnetGroup
    Properties:
      DBSubnetGroupDescription: '{{ inputs.engine_version }} {{ inputs.size }} {{ inputs.retention }}'
      SubnetIds: !Split [',', !Ref SubnetIds]
";

/// A project of these files.
pub fn project(files: &[(&str, &str)]) -> ProjectFiles {
    ProjectFiles(files.iter().map(|(path, text)| ((*path).to_owned(), text.as_bytes().to_vec())).collect())
}

/// `files` with one file replaced or added.
pub fn with(mut files: ProjectFiles, path: &str, text: impl AsRef<[u8]>) -> ProjectFiles {
    files.0.insert(path.to_owned(), text.as_ref().to_vec());
    files
}

/// `files` with `from` replaced by `to` in one file, which must hold it.
pub fn edited(mut files: ProjectFiles, path: &str, from: &str, to: &str) -> ProjectFiles {
    let text = String::from_utf8(files.0[path].clone()).unwrap();
    assert!(text.contains(from), "`{path}` has no `{from}`");
    files.0.insert(path.to_owned(), text.replacen(from, to, 1).into_bytes());
    files
}

/// `files` with a lock that publishes every template version.
pub fn published(files: ProjectFiles) -> ProjectFiles {
    let project = Project::read(files.clone()).unwrap();
    let update = update(&project, &[&TemplateDigests], false).now_or_never().unwrap().unwrap();
    with(files, LOCK_FILE, update.lock.write())
}

/// As [`published`], where there is no lock and the project can be read. Drafts would add their
/// warning to every case.
pub fn published_where_possible(files: ProjectFiles) -> ProjectFiles {
    let readable = files.get(LOCK_FILE).is_none() && Project::read(files.clone()).is_ok();
    if readable { published(files) } else { files }
}

/// Diagnostics as plain text.
pub fn show(problems: &Diagnostics) -> String {
    let mut text = String::new();
    for problem in &problems.0 {
        text.push_str(&format!("{:?}[{}]: {}\n", problem.severity, problem.code, problem.message));
        if let Some(place) = &problem.place {
            text.push_str(&format!("  --> {}:{}:{}\n", place.file, place.line, place.column));
            if !place.excerpt.is_empty() {
                let (margin, marks) =
                    (" ".repeat(place.column.saturating_sub(1 + place.skipped)), "^".repeat(place.width));
                text.push_str(&format!("    | {}\n    | {margin}{marks}\n", place.excerpt));
            }
        }
        if let Some(hint) = &problem.hint {
            text.push_str(&format!("    = {hint}\n"));
        }
    }
    text
}
