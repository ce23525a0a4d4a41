//! `build --push` with a real registry.

use crate::support::project::{MANIFEST, Project};
use crate::support::registry::{ENCODED, Fault, Misbehaving, Registry};
use crate::support::tokens::ShortTokens;

/// A project with one image that goes to `repository`.
fn project(repository: &str) -> Project {
    let project = Project::empty();
    project.write("rekindle.yaml", MANIFEST);
    project
        .write("stacks/site.yaml", format!("kind: image\ntemplate: site@1.0.0\nrepository: {repository}\n"));
    project.write("templates/site/1.0.0/interface.yaml", "kind: image\n");
    project.write("templates/site/1.0.0/Dockerfile", "FROM scratch\nCOPY note.txt /\n");
    project.write("templates/site/1.0.0/note.txt", "a note\n");
    project
}

#[test]
fn an_image_is_pushed_under_its_two_tags_once() {
    let registry = Registry::open();
    let project = project(&format!("{}/site", registry.host()));
    let first = project.run(&["build", "demo", "--push", "--output", "json"]).expect_code(0);
    let image = &first.json()["images"][0];
    let (manifest, input) = (image["manifest"].as_str().unwrap(), image["input"].as_str().unwrap());
    assert_eq!(image["pushed"], format!("{}/site@{manifest}", registry.host()).as_str());
    for tag in [input.replace("sha256:", "in-"), manifest.replace("sha256:", "img-")] {
        assert_eq!(registry.tagged("site", &tag).unwrap().to_string(), manifest);
    }
    let again = project.run(&["build", "demo", "--push"]).expect_code(0);
    let told = |text: &str| text.replace(&registry.host(), "HOST").replace(manifest, "MANIFEST");
    insta::assert_snapshot!(told(&[first.stderr.clone(), again.stderr].join("----\n")));
}

#[test]
fn a_registry_that_wants_a_password_gets_the_one_of_docker_login() {
    let registry = Registry::with_password();
    let project = project(&format!("{}/site", registry.host()));
    let refused = project.run(&["build", "demo", "--push"]).expect_code(1);
    assert!(refused.stderr.contains("no credentials are known: `docker login"), "{}", refused.stderr);
    let config = format!("{{\"auths\": {{\"{}\": {{\"auth\": \"{ENCODED}\"}}}}}}", registry.host());
    project.write(".docker/config.json", &config);
    let run = project.run(&["build", "demo", "--push", "-v"]).expect_code(0);
    for text in [&run.stderr, &run.stdout, &refused.stderr] {
        assert!(!text.contains(ENCODED) && !text.contains("secret"), "{text}");
    }
    project.write("elsewhere/config.json", "{}");
    let elsewhere = project.path().join("elsewhere");
    let output =
        project.command(&["build", "demo", "--push"]).env("DOCKER_CONFIG", elsewhere).output().unwrap();
    assert_eq!(output.status.code(), Some(1), "`DOCKER_CONFIG` comes before the home directory");
}

/// Each token is good for six requests, and says nothing of it: a push takes more.
#[test]
fn a_token_that_ends_in_the_middle_is_renewed() {
    let registry = Registry::open();
    let before = ShortTokens::before(&registry.host(), 6);
    let project = project(&format!("{}/site", before.host()));
    let config = format!("{{\"auths\": {{\"{}\": {{\"auth\": \"{ENCODED}\"}}}}}}", before.host());
    project.write(".docker/config.json", &config);
    let run = project.run(&["build", "demo", "--push", "--output", "json"]).expect_code(0);
    let manifest = run.json()["images"][0]["manifest"].as_str().unwrap().to_owned();
    let tag = manifest.replace("sha256:", "img-");
    assert_eq!(registry.tagged("site", &tag).unwrap().to_string(), manifest);
    assert!(before.given() > 3, "{} tokens", before.given());
}

#[test]
fn no_tag_names_half_an_image() {
    let registry = Registry::open();
    let before = Misbehaving::before(&registry.host());
    let project = project(&format!("{}/site", before.host()));
    before.add("PUT /v2/site/blobs", Fault::Status(403), 1);
    let run = project.run(&["build", "demo", "--push"]).expect_code(1);
    assert!(run.stderr.contains("refuses"), "{}", run.stderr);
    assert!(before.seen("PUT /v2/site/manifests").is_empty());
    assert!(project.read("rekindle.lock").contains("provider: image"), "it was built all the same");
    project.run(&["build", "demo", "--push"]).expect_code(0);
    // The two tags; what is attached has digests for names.
    assert_eq!(before.seen("PUT /v2/site/manifests/i").len(), 2);
}

#[test]
fn what_no_registry_takes_is_said() {
    let project = project("!output registry.Uri");
    let template = "Resources:\n  Repository: {Type: AWS::ECR::Repository}\nOutputs:\n  Uri: {Value: !GetAtt Repository.RepositoryUri}\n";
    project.write("templates/registry/1.0.0/template.yaml", template);
    project.write("stacks/registry.yaml", "kind: stack\nclass: permanent\ntemplate: registry@1.0.0\n");
    let run = project.run(&["build", "demo", "--push", "--output", "json"]).expect_code(0);
    assert!(run.stderr.contains("site: is not pushed: no registry takes it"), "{}", run.stderr);
    assert!(run.json()["images"][0]["pushed"].is_null());
}
