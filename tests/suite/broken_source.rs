//! Commands that work from what stands, although the source is broken.

use crate::support::project::Project;

fn deployed() -> Project {
    let project = Project::skeleton();
    project.run(&["deploy", "demo", "--yes"]).expect_code(0);
    project
}

/// Ways to break the source without touching `rekindle.yaml`.
const BREAKS: [(&str, &str); 4] = [
    ("stacks/storage.yaml", "kind: ["),
    ("rekindle.lock", "schema: 1\n["),
    ("templates/storage/1.0.0/template.yaml.tera", "{{"),
    ("stacks/strange.txt", ""),
];

#[test]
fn status_shows_what_stands_and_says_that_the_source_is_broken() {
    for (file, text) in BREAKS {
        let project = deployed();
        project.write(file, text);
        let run = project.run(&["status", "demo"]).expect_code(0);
        assert!(run.stdout.contains("fieldbook-demo-storage"), "{file}\n{}", run.stdout);
        assert!(
            run.stderr.contains("error") && run.stderr.contains("warning: shown is what stands"),
            "{}",
            run.stderr
        );
        let json = project.run(&["status", "demo", "--output", "json"]).expect_code(0).json();
        assert_eq!(json["source"], "broken");
        assert_eq!(json["stacks"].as_array().unwrap().len(), 2);
        project.run(&["plan", "demo"]).expect_code(1);
    }
}

#[test]
fn a_teardown_needs_the_places_only() {
    for (file, text) in BREAKS {
        let project = deployed();
        project.write(file, text);
        project.run(&["teardown", "demo", "--yes"]).expect_code(0);
        let json = project.run(&["status", "demo", "--output", "json"]).expect_code(0).json();
        assert_eq!(json["stacks"].as_array().unwrap().len(), 0, "{file}");
    }
}

#[test]
fn where_even_the_places_are_broken_the_command_without_source_is_named() {
    let project = deployed();
    project.write("rekindle.yaml", "project: fieldbook\nenvironments: {demo: {targets: {");
    let advice = "rekindle teardown --project PROJECT --environment demo";
    let run = project.run(&["teardown", "demo", "--yes"]).expect_code(1);
    assert!(run.stderr.contains(advice), "{}", run.stderr);
    for command in ["status", "outputs"] {
        let run = project.run(&[command, "demo"]).expect_code(1);
        assert!(!run.stderr.contains("teardown"), "who looks is told to tear down: {}", run.stderr);
    }
    project.run(&["teardown", "--project", "fieldbook", "--environment", "demo", "--yes"]).expect_code(0);
}

#[test]
fn a_rebuild_of_a_template_with_errors_is_refused_before_anything_is_torn_down() {
    const QUEUE: &str = "Resources: {Queue: {Type: AWS::SQS::Queue, Properties: {VisibilityTimeout: 30}}}\n";
    let project = Project::of_one_unit("jobs", "template.yaml", QUEUE);
    project.run(&["deploy", "demo", "--yes"]).expect_code(0);
    let before = project.run(&["status", "demo", "--output", "json"]).expect_code(0).json();
    project.write("templates/jobs/1.0.0/template.yaml", QUEUE.replace("Visibility", "Visibilty"));
    let refused = project.run(&["rebuild", "demo", "--yes"]).expect_code(1);
    assert!(refused.stderr.contains("error[unknown-property]"), "{}", refused.stderr);
    let after = project.run(&["status", "demo", "--output", "json"]).expect_code(0).json();
    assert_eq!(before["stacks"], after["stacks"], "a stack was touched");
}
