//! `deploy` builds and pushes the images that stacks refer to: with a real registry, and stacks on the
//! embedded engine whose repositories are on this machine.
#![allow(clippy::disallowed_methods, reason = "takes stores away")]

use crate::support::project::{MANIFEST, Project};
use crate::support::registry::{Fault, Misbehaving, Registry};

/// An image, a stack that says where it goes, one that refers to it, and one that has nothing to do with it.
fn project(host: &str) -> Project {
    let project = Project::empty();
    project.write("rekindle.yaml", MANIFEST);
    let image = "kind: image\ntemplate: site@1.0.0\nrepository: !output registry.Uri\n";
    project.write("stacks/site.yaml", image);
    project.write("templates/site/1.0.0/interface.yaml", "kind: image\n");
    project.write("templates/site/1.0.0/Dockerfile", "FROM scratch\nCOPY note.txt /\n");
    project.write("templates/site/1.0.0/note.txt", "a note\n");
    let stack = |name: &str, rest: &str, template: &str| {
        let unit = format!("kind: stack\nclass: stateless\ntemplate: {name}@1.0.0\n{rest}");
        project.write(&format!("stacks/{name}.yaml"), unit);
        project.write(&format!("templates/{name}/1.0.0/interface.yaml"), "kind: stack\n");
        project.write(&format!("templates/{name}/1.0.0/template.yaml"), template);
    };
    let uri = format!("Outputs: {{Uri: {{Value: {host}/site}}}}\n");
    stack("registry", "", &format!("Resources: {{Topic: {{Type: AWS::SNS::Topic}}}}\n{uri}"));
    let web = "Parameters: {Image: {Type: String}}\n\
               Resources: {Topic: {Type: AWS::SNS::Topic, Properties: {DisplayName: !Ref Image}}}\n\
               Outputs: {Image: {Value: !Ref Image}}\n";
    stack("web", "parameters: {Image: !image site}\n", web);
    stack("apart", "", "Resources: {Topic: {Type: AWS::SNS::Topic}}\n");
    project.run(&["build", "demo"]).expect_code(0);
    project
}

/// What the lock has for the image.
fn manifest(project: &Project) -> String {
    let lock = project.read("rekindle.lock");
    let line = lock.lines().find_map(|line| line.trim().strip_prefix("manifest: "));
    line.unwrap().to_owned()
}

fn tag(manifest: &str) -> String {
    manifest.replace("sha256:", "img-")
}

#[test]
fn a_stack_waits_for_its_image_and_the_push_for_its_repository() {
    let registry = Registry::open();
    let before = Misbehaving::before(&registry.host());
    let project = project(&before.host());
    let manifest = manifest(&project);
    let plan = project.run(&["plan", "demo", "--output", "json"]).expect_code(0).json();
    assert_eq!(plan["images"][0]["repository"], "!output registry.Uri");
    let deployed = project.run(&["deploy", "demo", "--yes"]).expect_code(0);
    assert_eq!(registry.tagged("site", &tag(&manifest)).unwrap().to_string(), manifest);
    let at = |part: &str| deployed.stderr.find(part).unwrap_or_else(|| panic!("{part}: {}", deployed.stderr));
    assert!(at("site: pushes to") < at("site: is at"), "{}", deployed.stderr);
    let outputs = project.run(&["outputs", "demo", "--output", "json"]).expect_code(0).stdout;
    assert!(outputs.contains(&format!("{}/site@{manifest}", before.host())), "{outputs}");

    // Nothing refers to it anew, so no registry is asked.
    let asked = before.seen("").len();
    project.run(&["deploy", "demo", "--yes"]).expect_code(0);
    assert_eq!(before.seen("").len(), asked);
}

#[test]
fn a_rebuild_at_another_place_brings_its_images() {
    let registry = Registry::open();
    let project = project(&registry.host());
    let second =
        "    targets: {second: {provider: local, account: \"000000000000\", region: eu-west-1}, primary:";
    project.edit("rekindle.yaml", "    targets: {primary:", second);
    let manifest = manifest(&project);
    project.run(&["rebuild", "demo", "--to", "second", "--yes"]).expect_code(0);
    assert_eq!(registry.tagged("site", &tag(&manifest)).unwrap().to_string(), manifest);
}

#[test]
fn a_rebuild_at_another_place_asks_first_where_its_images_are() {
    let registry = Registry::open();
    let project = project(&registry.host());
    let second =
        "    targets: {second: {provider: local, account: \"000000000000\", region: eu-west-1}, primary:";
    project.edit("rekindle.yaml", "    targets: {primary:", second);
    project.edit("stacks/site.yaml", "!output registry.Uri", "127.0.0.1:1/site");
    let rebuild = ["rebuild", "demo", "--to", "second", "--yes"];
    let refused = project.run(&rebuild).expect_code(4);
    let told =
        "error[unanswered]: nobody could say whether the image `site@second` is there: could not reach";
    assert!(refused.stderr.contains(told), "{}", refused.stderr);
    assert!(!project.path().join(".rekindle/ledger").exists(), "nothing was made");
    let rehearsed = project.run(&["rebuild", "demo", "--to", "second", "--rehearse"]).expect_code(0);
    let told = "warning[not-asked]: no registry was asked for `site@second`";
    assert!(rehearsed.stderr.contains(told), "{}", rehearsed.stderr);

    project.edit("stacks/site.yaml", "127.0.0.1:1", &registry.host());
    std::fs::remove_dir_all(project.path().join(".rekindle/store")).unwrap();
    let built = project.run(&rebuild).expect_code(0);
    let told = "warning[not-there]: the image `site@second` is neither at";
    assert!(built.stderr.contains(told), "{}", built.stderr);
    let manifest = manifest(&project);
    assert_eq!(registry.tagged("site", &tag(&manifest)).unwrap().to_string(), manifest);
}

#[test]
fn an_image_that_is_there_is_neither_built_nor_sent() {
    let registry = Registry::open();
    let before = Misbehaving::before(&registry.host());
    let project = project(&before.host());
    project.run(&["deploy", "demo", "--yes"]).expect_code(0);
    project.run(&["teardown", "demo", "--yes"]).expect_code(0);
    std::fs::remove_dir_all(project.path().join(".rekindle/store")).unwrap();
    let sent = before.seen("PUT").len();
    let again = project.run(&["deploy", "demo", "--yes"]).expect_code(0);
    assert!(again.stderr.contains("already"), "{}", again.stderr);
    assert!(!again.stderr.contains("is built"), "{}", again.stderr);
    assert_eq!(before.seen("PUT").len(), sent);
}

#[test]
fn what_the_store_lacks_is_built_and_pushed_by_a_rebuild() {
    let registry = Registry::open();
    let project = project(&registry.host());
    let manifest = manifest(&project);
    std::fs::remove_dir_all(project.path().join(".rekindle/store")).unwrap();
    let repository = format!("{}/site", registry.host());
    project.edit("stacks/site.yaml", "!output registry.Uri", &repository);
    let plan = project.run(&["plan", "demo"]).expect_code(0).stdout;
    insta::assert_snapshot!(told_plan(&plan, &registry.host()), @r"
    IMAGE  FROM   PUSHED WHERE IT IS NOT YET
    site   built  HOST/site
    ");
    let rebuilt = project.run(&["rebuild", "demo", "--yes"]).expect_code(0);
    assert!(rebuilt.stderr.contains("site: is built: sha256:"), "{}", rebuilt.stderr);
    assert_eq!(registry.tagged("site", &tag(&manifest)).unwrap().to_string(), manifest);
}

fn told_plan(text: &str, host: &str) -> String {
    let lines = text.lines().skip_while(|line| !line.starts_with("IMAGE")).take(2);
    lines.map(|line| line.replace(host, "HOST").trim_end().to_owned() + "\n").collect()
}

#[test]
fn an_image_that_cannot_be_pushed_stops_the_stack_that_needs_it_and_no_other() {
    let registry = Registry::open();
    let before = Misbehaving::before(&registry.host());
    let project = project(&before.host());
    before.add("PUT /v2/site/manifests", Fault::Status(403), 100);
    let failed = project.run(&["deploy", "demo", "--yes"]);
    assert_eq!(failed.code, 1, "{}", failed.stdout);
    for part in [
        "stopped for want of an image",
        "web: not begun without its image: nothing was made",
        "refuses image",
    ] {
        assert!(failed.stdout.contains(part), "{part}: {}", failed.stdout);
    }
    let status = project.run(&["status", "demo", "--output", "json"]).expect_code(0).json();
    let stands = |unit: &str| {
        let stacks = status["stacks"].as_array().unwrap();
        !stacks.iter().find(|stack| stack["unit"] == unit).unwrap()["status"].is_null()
    };
    assert!(stands("apart") && stands("registry") && !stands("web"));

    // The registry is well again: the same command goes on.
    before.add("PUT /v2/site/manifests", Fault::Status(403), 0);
    project.run(&["deploy", "demo", "--yes"]).expect_code(0);
    project.run(&["verify", "demo"]).expect_code(0);
}

#[test]
fn another_image_than_the_locks_is_not_pushed() {
    let registry = Registry::open();
    let project = project(&registry.host());
    std::fs::remove_dir_all(project.path().join(".rekindle/store")).unwrap();
    let (manifest, wrong) = (manifest(&project), format!("sha256:{}", "7".repeat(64)));
    let lock = project.read("rekindle.lock").replace(&manifest, &wrong);
    project.write("rekindle.lock", lock);
    let failed = project.run(&["deploy", "demo", "--yes"]).expect_code(1);
    let text = failed.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(text.contains("otherwise than `rekindle.lock` says") && text.contains(&manifest), "{text}");
    assert!(registry.tagged("site", &tag(&wrong)).is_err());
    assert!(registry.tagged("site", &tag(&manifest)).is_err());
}

#[test]
fn a_run_that_failed_after_the_push_goes_on() {
    let registry = Registry::open();
    let before = Misbehaving::before(&registry.host());
    let project = project(&before.host());
    let manifest = manifest(&project);
    // The stack fails once the image is there: what follows finds it.
    let failed = project.run(&["deploy", "demo", "--yes", "--fail", "web.Topic"]).expect_code(5);
    assert!(failed.stderr.contains("site: is at"), "{}", failed.stderr);
    let sent = before.seen("PUT").len();
    project.run(&["deploy", "demo", "--yes"]).expect_code(0);
    assert_eq!(before.seen("PUT").len(), sent, "nothing is sent twice");
    assert_eq!(registry.tagged("site", &tag(&manifest)).unwrap().to_string(), manifest);
}

#[test]
fn a_repository_that_is_nowhere_takes_no_bytes() {
    let project = project("registry.example");
    std::fs::remove_dir_all(project.path().join(".rekindle/store")).unwrap();
    let deployed = project.run(&["deploy", "demo", "--yes"]).expect_code(0);
    assert!(!deployed.stderr.contains("site:"), "{}", deployed.stderr);
    assert!(!project.path().join(".rekindle/store").exists(), "the lock is enough");
    let plan = project.run(&["plan", "demo", "--output", "json"]).expect_code(0).json();
    assert_eq!(plan["images"], serde_json::json!([]));
}
