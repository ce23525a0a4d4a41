//! Image units, their Dockerfiles and their contexts.

use super::{assert_told, told};
use crate::support::project::{MANIFEST, Project};

/// A project of one image unit with one file in its context directory; everything about it is right.
fn site() -> Project {
    let project = Project::empty();
    project.write("rekindle.yaml", MANIFEST);
    project.write("stacks/site.yaml", "kind: image\ntemplate: site@1.0.0\ncontext: content\n");
    project.write("templates/site/1.0.0/interface.yaml", "kind: image\n");
    project.write("templates/site/1.0.0/Dockerfile", "FROM scratch\nCOPY index.html /\n");
    project.write("content/index.html", "<h1>");
    project.run(&["lock"]).expect_code(0);
    project
}

/// [`site`] with another Dockerfile.
fn with_dockerfile(text: &str) -> Project {
    let project = site();
    project.write("templates/site/1.0.0/Dockerfile", text);
    std::fs::remove_file(project.path().join("rekindle.lock")).unwrap();
    project.run(&["lock"]).expect_code(0);
    project
}

#[test]
fn an_instruction_that_needs_an_engine() {
    assert_told!(told(&with_dockerfile("FROM scratch\n\nRUN make install\n"), &["build", "demo"]), @"");
}

#[test]
fn a_file_that_is_not_there() {
    assert_told!(told(&with_dockerfile("FROM scratch\nCOPY indx.html /\n"), &["build", "demo"]), @"");
}

#[test]
fn an_instruction_that_nobody_knows() {
    assert_told!(told(&with_dockerfile("FROM scratch\nCOPPY index.html /\n"), &["build", "demo"]), @"");
}

#[test]
fn a_base_image() {
    assert_told!(told(&with_dockerfile("FROM debian:12\n"), &["build", "demo"]), @"");
}

#[test]
fn no_dockerfile() {
    let project = site();
    let folder = project.path().join("templates/site/1.0.0");
    std::fs::rename(folder.join("Dockerfile"), folder.join("dockerfile")).unwrap();
    std::fs::remove_file(project.path().join("rekindle.lock")).unwrap();
    assert_told!(told(&project, &["build", "demo", "-q"]), @"");
}

#[test]
fn keys_of_an_image_that_are_not_supported_yet() {
    let project = site();
    project.write(
        "stacks/site.yaml",
        "kind: image\ntemplate: site@1.0.0\ncontext: ../content\nplatform: windows/amd64\nnetwork: host\nsecrets: [token]\n\
         repository: registry.example/site:latest\n",
    );
    assert_told!(told(&project, &["check"]), @"");
}

#[test]
fn a_template_of_another_kind() {
    let project = site();
    project.write("stacks/site.yaml", "kind: stack\nclass: stateless\ntemplate: site@1.0.0\n");
    assert_told!(told(&project, &["check"]), @"");
}

#[test]
fn an_image_that_was_not_built() {
    let project = site();
    project.write(
        "stacks/site.yaml",
        "kind: image\ntemplate: site@1.0.0\ncontext: content\nrepository: registry.example/site\n",
    );
    project.write(
        "stacks/web.yaml",
        "kind: stack\nclass: stateless\ntemplate: web@1.0.0\nparameters: {Image: !image site}\n",
    );
    project.write("templates/web/1.0.0/template.yaml", "Parameters: {Image: {Type: String}}\nResources:\n  T: {Type: AWS::SNS::Topic, Properties: {DisplayName: !Ref Image}}\n");
    project.run(&["lock"]).expect_code(0);
    assert_told!(told(&project, &["plan", "demo"]), @"");
}

#[test]
fn an_image_without_a_repository() {
    let project = site();
    project.write("stacks/web.yaml", "kind: stack\nclass: stateless\ntemplate: site@1.0.0\nafter: [site]\nparameters: {Image: !image site, Other: !output site.Uri, Self: !image web}\n");
    project.write("templates/web/1.0.0/template.yaml", "Resources: {}\n");
    project.edit("stacks/web.yaml", "site@1.0.0", "web@1.0.0");
    assert_told!(told(&project, &["check", "demo"]), @"");
}

#[test]
fn a_context_that_is_not_there() {
    let project = site();
    std::fs::remove_dir_all(project.path().join("content")).unwrap();
    assert_told!(told(&project, &["build", "demo"]), @"");
}

#[test]
fn a_link_that_leads_out_of_the_context() {
    let project = site();
    std::os::unix::fs::symlink("../../secret", project.path().join("content/key")).unwrap();
    assert_told!(told(&project, &["build", "demo"]), @"");
}

#[test]
fn a_lock_that_says_another_digest() {
    let project = site();
    let built = project.run(&["build", "demo", "--output", "json"]).expect_code(0).json();
    let manifest = built["images"][0]["manifest"].as_str().unwrap();
    project.edit("rekindle.lock", manifest, &format!("sha256:{}", "0".repeat(64)));
    assert_told!(told(&project, &["build", "demo"]), @"");
}
