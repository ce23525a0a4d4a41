//! What `check` finds in Dockerfiles, through the binary: of units, in the source where it is rendered, and alone.
#![allow(clippy::disallowed_methods, reason = "prepares the files of a project")]

use serde_json::Value;

use crate::support::project::{MANIFEST, Project};

/// A project whose only unit is an image with this file as `Dockerfile` or `Dockerfile.tera`.
fn project(name: &str, dockerfile: &str) -> Project {
    let project = Project::empty();
    project.write("rekindle.yaml", MANIFEST);
    project
        .write("stacks/site.yaml", "kind: image\ntemplate: site@1.0.0\nrepository: registry.example/site\n");
    let interface = "kind: image\ninputs:\n  tools: {type: list, default: [left-pad, \"is-odd@1.0.0\"]}\n";
    project.write("templates/site/1.0.0/interface.yaml", interface);
    project.write(&format!("templates/site/1.0.0/{name}"), dockerfile);
    project
}

/// `FILE:LINE:COLUMN CODE`, and what is marked.
fn places(document: &Value) -> Vec<String> {
    let described = |found: &Value| {
        let place = &found["place"];
        let number = |key: &str| usize::try_from(place[key].as_u64().unwrap()).unwrap();
        let excerpt = place["excerpt"].as_str().unwrap();
        let marked: String =
            excerpt.chars().skip(number("column").saturating_sub(1)).take(number("width")).collect();
        let file = place["file"].as_str().unwrap().rsplit('/').next().unwrap();
        let code = found["code"].as_str().unwrap();
        format!("{file}:{}:{} {code} [{marked}]", number("line"), number("column"))
    };
    document["diagnostics"].as_array().unwrap().iter().map(described).collect()
}

const TEMPLATE: &str = "\
{# what Tera leaves out moves the lines #}
{% if env.name == \"demo\" %}
FROM scratch AS tools
{% endif %}
{% for tool in inputs.tools %}
RUN set -e; npm install {{ tool }}
{% endfor %}
FROM scratch
COPY --from=tools /x /x
RUN --mount=type=ssh true
";

#[test]
fn findings_in_a_rendered_dockerfile_stand_in_its_source() {
    let project = project("Dockerfile.tera", TEMPLATE);
    let report =
        project.run(&["check", "demo", "--output", "json", "--sarif", "found.sarif"]).expect_code(1).json();
    insta::assert_snapshot!(places(&report).join("\n"), @"
    site.yaml:2:11 draft-template [site@1.0.0]
    Dockerfile.tera:6:25 unlocked-dependencies [{{ tool }}]
    Dockerfile.tera:10:5 not-yet [--mount=type=ssh]
    ");
    let log: Value = serde_json::from_str(&project.read("found.sarif")).unwrap();
    let results = log["runs"][0]["results"].as_array().unwrap();
    let found = results.iter().find(|result| result["ruleId"] == "unlocked-dependencies").unwrap();
    let place = &found["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], "templates/site/1.0.0/Dockerfile.tera");
    assert_eq!(place["region"]["startLine"], 6);
    let rules = log["runs"][0]["tool"]["driver"]["rules"].as_array().unwrap();
    assert!(rules.iter().any(|rule| rule["id"] == "unlocked-dependencies"));
}

#[test]
fn what_people_see_of_a_dockerfile() {
    let text =
        "FROM scratch\nRUN apt-get update && apt-get install -y curl \\\n && curl https://x.example/i | sh\n";
    let project = project("Dockerfile", text);
    insta::assert_snapshot!(project.run(&["check", "demo"]).expect_code(1).stdout, @r#"
    warning[draft-template]: the template `site@1.0.0` is a draft: `rekindle.lock` does not have it
     --> stacks/site.yaml:2:11
      |
    2 | template: site@1.0.0
      |           ^^^^^^^^^^
      = hint: `rekindle lock` publishes drafts; from then on they never change

    error[unpinned-packages]: `apt-get update`: what the archive has that day is taken
     --> templates/site/1.0.0/Dockerfile:2:5
      |
    2 | RUN apt-get update && apt-get install -y curl \
      |     ^^^^^^^^^^^^^^
      = hint: name a snapshot of the archive (`snapshot.debian.org/archive/debian/DATE`), or copy the packages in and install the files

    error[piped-script]: `sh` runs what `curl` brings from `https://x.example/i`, unseen
     --> templates/site/1.0.0/Dockerfile:3:5
      |
    3 |  && curl https://x.example/i | sh
      |     ^^^^
      = hint: name the script with its SHA-256 under `fetch` in the unit, COPY it, and run the file

    2 errors, 1 warning
    "#);
    // Nothing else is stopped: a build tells by itself what fails in it.
    project
        .run(&["build", "demo", "--builder", "none"])
        .expect_code(1)
        .stderr
        .contains("allows no engine")
        .then_some(())
        .unwrap();
}

#[test]
fn a_version_with_errors_is_not_published_and_an_accepted_one_is() {
    let project = project("Dockerfile", "FROM scratch\nRUN apt-get update\n");
    let refused = project.run(&["lock"]).expect_code(1);
    assert!(refused.stderr.contains("unpinned-packages"), "{}", refused.stderr);
    let accepted =
        "FROM scratch\n# RekindleAccept unpinned-packages: there is no network anyhow\nRUN apt-get update\n";
    project.write("templates/site/1.0.0/Dockerfile", accepted);
    project.run(&["lock"]).expect_code(0);
    project.run(&["check", "demo", "--strict"]).expect_code(0);
}

#[test]
fn dockerfiles_without_a_project_are_checked_too() {
    let project = Project::empty();
    project.write("some/app/Dockerfile", "FROM debian:12\r\nRUN pip install flask\r\n");
    project.write("some/tool.Dockerfile", "FROM debian:12@sha256:00\nRUN pip install flask==1.0\n");
    project.write("some/broken/Dockerfile.old", "FORM debian\n");
    project.write("some/notes.txt", "FROM debian\n");
    let report = project.run(&["check", "--template", "some", "--output", "json"]).expect_code(1).json();
    insta::assert_snapshot!(places(&report).join("\n"), @"
    Dockerfile:1:6 unpinned-base [debian:12]
    Dockerfile:2:17 unlocked-dependencies [flask]
    Dockerfile.old:1:1 dockerfile-syntax [FORM debian]
    ");
}
