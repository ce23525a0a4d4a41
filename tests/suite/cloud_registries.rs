//! Amazon ECR: logins with a target's own credentials, and pushes, against ministack's.

use std::process::Command;

use crate::support::ministack;
use crate::support::project::{Project, Run};

/// Whom ministack takes unsigned requests to its registry to come from.
const ACCOUNT: &str = "000000000000";

const REGISTRY: &str = "Resources:\n  Repository:\n    Type: AWS::ECR::Repository\n    DeletionPolicy: Delete\n    \
    UpdateReplacePolicy: Delete\n    Properties: {RepositoryName: NAME, ImageTagMutability: IMMUTABLE, EmptyOnDelete: true}\n\
    Outputs:\n  Uri: {Value: !GetAtt Repository.RepositoryUri}\n";

const WEB: &str = "Parameters: {Image: {Type: String}}\n\
    Resources: {Topic: {Type: AWS::SNS::Topic, Properties: {DisplayName: !Ref Image}}}\n\
    Outputs: {Image: {Value: !Ref Image}}\n";

/// A project whose image goes to a repository `name` of its own account.
fn project(name: &str, region: &str) -> Project {
    let project = Project::empty();
    let place = format!("{{provider: aws, account: \"{ACCOUNT}\", region: {region}}}");
    project.write("rekindle.yaml", format!(
        "project: {name}\nenvironments:\n  test:\n    protection: disposable\n    targets: {{primary: {place}}}\n"
    ));
    project
        .write("stacks/site.yaml", "kind: image\ntemplate: site@1.0.0\nrepository: !output registry.Uri\n");
    project.write("templates/site/1.0.0/interface.yaml", "kind: image\n");
    project.write("templates/site/1.0.0/Dockerfile", "FROM scratch\nCOPY note.txt /\n");
    project.write("templates/site/1.0.0/note.txt", "a note\n");
    for (unit, rest, template) in
        [("registry", "", REGISTRY), ("web", "parameters: {Image: !image site}\n", WEB)]
    {
        let text = format!("kind: stack\nclass: stateless\ntemplate: {unit}@1.0.0\n{rest}");
        project.write(&format!("stacks/{unit}.yaml"), text);
        project.write(&format!("templates/{unit}/1.0.0/interface.yaml"), "kind: stack\n");
        let template = template.replace("NAME", name);
        project.write(&format!("templates/{unit}/1.0.0/template.yaml"), template);
    }
    project.run(&["lock"]).expect_code(0);
    project.run(&["build", "test"]).expect_code(0);
    project
}

fn command(project: &Project, arguments: &[&str]) -> Command {
    let endpoint = &ministack::shared().endpoint;
    let mut command = project.command(arguments);
    command
        .env("AWS_ENDPOINT_URL", endpoint)
        .env("AWS_ENDPOINT_URL_ECR", endpoint)
        .env("AWS_ACCESS_KEY_ID", ACCOUNT)
        .env("AWS_SECRET_ACCESS_KEY", "test");
    command
}

fn run(project: &Project, arguments: &[&str]) -> Run {
    Run::from(command(project, arguments).output().unwrap())
}

fn manifest(project: &Project) -> String {
    let lock = project.read("rekindle.lock");
    lock.lines().find_map(|line| line.trim().strip_prefix("manifest: ")).unwrap().to_owned()
}

#[test]
fn a_deploy_pushes_into_the_repository_that_it_makes() {
    let project = project("delivered", "eu-central-1");
    let manifest = manifest(&project);
    let deployed = run(&project, &["deploy", "test", "--yes"]).expect_code(0);
    let uri = format!("{ACCOUNT}.dkr.ecr.eu-central-1.amazonaws.com/delivered");
    assert!(deployed.stderr.contains(&format!("site: is at {uri}@{manifest}")), "{}", deployed.stderr);
    let outputs = run(&project, &["outputs", "test", "--output", "json"]).expect_code(0).stdout;
    assert!(outputs.contains(&format!("{uri}@{manifest}")), "{outputs}");
    assert!(!deployed.stderr.contains("ministack-auth-token") && !outputs.contains("ministack-auth-token"));

    // The tags are immutable, and they are there.
    let again = run(&project, &["build", "test", "--push", "--output", "json"]).expect_code(0).json();
    assert_eq!(again["images"][0]["pushed"], format!("{uri}@{manifest}").as_str());
    run(&project, &["rebuild", "test", "--yes"]).expect_code(0);
    run(&project, &["teardown", "test", "--yes"]).expect_code(0);
}

#[test]
fn an_emulator_whose_registry_nobody_named_gets_no_image() {
    let project = project("undelivered", "eu-central-1");
    let mut command = command(&project, &["deploy", "test", "--yes"]);
    let deployed = Run::from(command.env_remove("AWS_ENDPOINT_URL_ECR").output().unwrap()).expect_code(0);
    assert!(!deployed.stderr.contains("site:"), "{}", deployed.stderr);
}

#[test]
fn a_registry_of_another_region_is_refused() {
    let project = project("elsewhere", "eu-west-1");
    let uri = format!("{ACCOUNT}.dkr.ecr.eu-central-1.amazonaws.com/elsewhere");
    project.edit("stacks/site.yaml", "!output registry.Uri", &uri);
    let refused = run(&project, &["build", "test", "--push"]).expect_code(4);
    insta::assert_snapshot!(refused.stderr, @r"
    error: the image `site` is for account 000000000000 in eu-west-1, and `000000000000.dkr.ecr.eu-central-1.amazonaws.com/elsewhere` is in account 000000000000 in eu-central-1
    hint: name a repository of the target itself, by `!output` or under `overrides` in the unit
    ");
    let failed = run(&project, &["deploy", "test", "--yes"]);
    let text = failed.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(text.contains("is for account 000000000000 in eu-west-1"), "{text}");
    assert_eq!(failed.code, 1, "{text}");
}
