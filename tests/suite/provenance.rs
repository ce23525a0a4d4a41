//! What is said about images beside them: from where it comes, who may read it, and how long it stays.
#![allow(clippy::disallowed_methods, reason = "looks into the store, as other tools do")]

use std::fs;

use rekindle::model::Digest;
use serde_json::Value;

use crate::support::project::{MANIFEST, Project};

const STATUS: &str = "Package: tool\nStatus: install ok installed\nArchitecture: all\nVersion: 1.2-3\n";

/// A project with one image that has a list of packages.
fn project(repository: &str) -> Project {
    let project = Project::empty();
    project.write("rekindle.yaml", MANIFEST);
    let unit = format!(
        "kind: image\ntemplate: site@1.0.0\ncontext: root\nargs: {{V: \"1\"}}\nrepository: {repository}\n"
    );
    project.write("stacks/site.yaml", unit);
    project.write("templates/site/1.0.0/interface.yaml", "kind: image\n");
    project.write("templates/site/1.0.0/Dockerfile", "FROM scratch\nARG V\nCOPY note.txt /\nCOPY var /var\n");
    project.write("templates/site/1.0.0/note.txt", "a note\n");
    project.write("root/var/lib/dpkg/status", STATUS);
    project
}

fn built(project: &Project) -> (String, String) {
    let image =
        project.run(&["build", "demo", "--output", "json"]).expect_code(0).json()["images"][0].clone();
    let text = |key: &str| image[key].as_str().unwrap().to_owned();
    (text("input"), text("manifest"))
}

fn shown(project: &Project, image: &str, option: &str) -> String {
    project.run(&["image", "show", image, option]).expect_code(0).stdout
}

#[test]
fn an_image_says_what_it_was_made_from() {
    let project = project("registry.example/site");
    let (input, manifest) = built(&project);
    let statement: Value = serde_json::from_str(&shown(&project, &manifest, "--provenance")).unwrap();
    assert_eq!(statement["_type"], "https://in-toto.io/Statement/v1");
    assert_eq!(statement["predicateType"], "https://slsa.dev/provenance/v1");
    assert_eq!(format!("sha256:{}", statement["subject"][0]["digest"]["sha256"].as_str().unwrap()), manifest);
    let definition = &statement["predicate"]["buildDefinition"];
    assert_eq!(definition["internalParameters"]["input"], input.as_str());
    assert_eq!(definition["externalParameters"]["arguments"]["V"], "1");
    let dependencies = definition["resolvedDependencies"].as_array().unwrap();
    let digest = |name: &str| {
        let found = dependencies.iter().find(|dependency| dependency["name"] == name).unwrap();
        found["digest"]["sha256"].as_str().unwrap().to_owned()
    };
    assert_eq!(digest("file note.txt"), Digest::of("a note\n").hex());
    let dockerfile = project.read("templates/site/1.0.0/Dockerfile");
    assert_eq!(digest("Dockerfile"), Digest::of(dockerfile).hex());
    assert!(dependencies.iter().any(|dependency| dependency["name"] == "context"));

    let list: Value = serde_json::from_str(&shown(&project, &manifest, "--packages")).unwrap();
    assert_eq!(list["packages"][1]["name"], "tool");
    assert_eq!(list["packages"][1]["versionInfo"], "1.2-3");
    let told = |text: &str| text.replace(&manifest, "MANIFEST").replace(&input, "INPUT");
    let name = input.replace("sha256:", "in-");
    let text = project.run(&["image", "show", &name]).expect_code(0).stdout;
    insta::assert_snapshot!(told(&text).replace(env!("CARGO_PKG_VERSION"), "VERSION"), @"
    FACT      VALUE
    manifest  MANIFEST
    input     INPUT
    unit      site
    template  site@1.0.0
    platform  linux/amd64
    made by   rekindle VERSION

    MADE FROM      DIGEST
    Dockerfile     sha256:fd5d00b820f2ad9940293eecd3c6f4a2fd44331b89df70621dbf0501e259809a
    file note.txt  sha256:037279912cb60d7be67228853b057cc642443b4ce29b8a5a5bfbb68234b0b962
    context        sha256:592239f28b529e0a6e46b4fb67fa83fe6bf17340c1b1a56c289eeea0a3561411

    1 package (-v lists it)
    ");
}

#[test]
fn two_machines_say_the_same_of_one_image() {
    let (one, other) = (project("registry.example/site"), project("registry.example/site"));
    let (_, manifest) = built(&one);
    assert_eq!(built(&other).1, manifest);
    for option in ["--provenance", "--packages"] {
        let said = shown(&one, &manifest, option);
        assert_eq!(said, shown(&other, &manifest, option));
        assert!(!said.contains(one.path().to_str().unwrap()), "no place on this machine");
    }
}

#[test]
fn what_is_said_goes_with_the_image_and_not_before() {
    let project = project("registry.example/site");
    let (input, manifest) = built(&project);
    let blobs = || fs::read_dir(project.path().join(".rekindle/store/blobs/sha256")).unwrap().count();
    // Layer, configuration, manifest; two documents, their manifests, and the configuration they share.
    assert_eq!(blobs(), 8);
    assert!(project.run(&["image", "gc"]).expect_code(0).stdout.contains("removed 0 images"));
    shown(&project, &manifest, "--packages");
    let diff = project.run(&["image", "diff", ".rekindle/store", &manifest]);
    assert_eq!(diff.code, 0, "a layout with one image has one, whatever is said about it: {}", diff.stderr);
    fs::remove_file(project.path().join("rekindle.lock")).unwrap();
    assert!(project.run(&["image", "gc"]).expect_code(0).stdout.contains("removed 1 images"));
    assert_eq!(blobs(), 0);
    let gone = project.run(&["image", "show", &input]).expect_code(1);
    assert!(gone.stderr.contains("the store has no image"), "{}", gone.stderr);
}

#[cfg(feature = "docker")]
mod pushed {
    use super::*;
    use crate::support::registry::{Fault, Misbehaving, Registry};

    fn digests(list: &Value) -> Vec<String> {
        let entries = list["manifests"].as_array().unwrap().iter();
        entries.map(|entry| entry["digest"].as_str().unwrap().to_owned()).collect()
    }

    #[test]
    fn a_registry_without_lists_gets_the_tag_of_the_specification() {
        let registry = Registry::open();
        let project = project(&format!("{}/site", registry.host()));
        let (_, manifest) = built(&project);
        let tag = manifest.replace(':', "-");
        project.run(&["build", "demo", "--push"]).expect_code(0);
        let list = registry.manifest("site", &tag).expect("the list of what is attached");
        assert_eq!(list["mediaType"], "application/vnd.oci.image.index.v1+json");
        let types: Vec<&Value> =
            list["manifests"].as_array().unwrap().iter().map(|entry| &entry["artifactType"]).collect();
        assert_eq!(types, ["application/vnd.in-toto+json", "application/spdx+json"]);
        for digest in digests(&list) {
            let artifact = registry.manifest("site", &digest).unwrap();
            assert_eq!(artifact["subject"]["digest"], manifest.as_str());
        }
        project.run(&["build", "demo", "--push"]).expect_code(0);
        assert_eq!(registry.manifest("site", &tag).unwrap(), list, "twice is as once");
    }

    #[test]
    fn a_registry_that_lists_by_itself_gets_no_tag() {
        let registry = Registry::open();
        let before = Misbehaving::before(&registry.host());
        let project = project(&format!("{}/site", before.host()));
        let (input, manifest) = built(&project);
        let index = project.read(".rekindle/store/index.json");
        let index: Value = serde_json::from_str(&index).unwrap();
        let attached = index["manifests"].as_array().unwrap().iter();
        let attached: Vec<&Value> = attached.filter(|entry| !entry["artifactType"].is_null()).collect();
        assert_eq!(attached.len(), 2, "{input}");
        let list = serde_json::json!({"schemaVersion": 2, "manifests": attached});
        before.add("GET /v2/site/referrers", Fault::Answer(list.to_string()), 9);
        project.run(&["build", "demo", "--push"]).expect_code(0);
        assert!(registry.manifest("site", &manifest.replace(':', "-")).is_none());
        for digest in digests(&list) {
            assert!(registry.manifest("site", &digest).is_some());
        }
    }
}
