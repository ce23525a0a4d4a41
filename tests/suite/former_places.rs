//! Stacks at places that `rekindle.yaml` no longer names: the ledger knows them, every command says so.

use crate::support::project::{Project, Run};

const TEMPLATE: &str = "Resources:\n  Topic:\n    Type: AWS::SNS::Topic\n";
const PRIMARY: &str = "primary: {provider: local, account: \"000000000000\", region: eu-central-1}";
const RECOVERY: &str = "recovery: {provider: local, account: \"000000000000\", region: eu-west-1}";

/// One unit, deployed to two places.
fn deployed() -> Project {
    let project = Project::empty();
    project.write(
        "rekindle.yaml",
        format!(
            "project: fieldbook\nenvironments:\n  demo:\n    targets:\n      {PRIMARY}\n      {RECOVERY}\n"
        ),
    );
    project.write(
        "stacks/topic.yaml",
        "kind: stack\nclass: stateless\ntemplate: topic@1.0.0\ntargets: [primary, recovery]\n",
    );
    project.write("templates/topic/1.0.0/template.yaml", TEMPLATE);
    project.run(&["lock"]).expect_code(0);
    project.run(&["deploy", "demo", "--yes"]).expect_code(0);
    project
}

/// The target `recovery` goes from the source.
fn dropped() -> Project {
    let project = deployed();
    project.edit("rekindle.yaml", &format!("      {RECOVERY}\n"), "");
    project.edit("stacks/topic.yaml", "[primary, recovery]", "[primary]");
    project
}

/// The target `recovery` keeps its name and goes to another region.
fn moved() -> Project {
    let project = deployed();
    project.edit("rekindle.yaml", "eu-west-1", "eu-north-1");
    project
}

/// What stands at `recovery`'s first place, by what the command without source finds there.
fn left_behind(project: &Project) -> usize {
    let arguments = ["teardown", "--project", "fieldbook", "--environment", "demo", "--region", "eu-west-1"];
    let run = project.run(&arguments);
    run.stderr.matches("delete").count()
}

fn assert_says(run: &Run, texts: &[&str]) {
    for text in texts {
        assert!(
            run.stderr.contains(text) || run.stdout.contains(text),
            "{text:?} is not in\n{}\n{}",
            run.stdout,
            run.stderr
        );
    }
}

#[test]
fn a_dropped_target_is_seen_by_every_command_and_torn_down() {
    let project = dropped();
    let advice = "rekindle teardown demo --target recovery";
    for command in [["plan", "demo"], ["status", "demo"]] {
        let run = project.run(&command).expect_code(0);
        assert_says(&run, &["topic@recovery", "target `recovery`", advice]);
    }
    let run = project.run(&["verify", "demo"]).expect_code(3);
    assert_says(&run, &["topic@recovery", advice]);
    let run = project.run(&["plan", "demo", "--prune", "--detailed-exitcode"]).expect_code(2);
    assert_says(&run, &["1 to delete"]);

    let run = project.run(&["teardown", "demo", "--target", "recovery", "--yes"]).expect_code(0);
    assert_says(&run, &["1 done"]);
    for command in [["plan", "demo"], ["status", "demo"], ["verify", "demo"]] {
        let run = project.run(&command).expect_code(0);
        assert!(!run.stderr.contains("recovery") && !run.stdout.contains("recovery"), "{}", run.stderr);
    }
}

#[test]
fn a_teardown_of_the_whole_takes_the_dropped_target_too() {
    let project = dropped();
    let run = project.run(&["teardown", "demo", "--yes"]).expect_code(0);
    assert_says(&run, &["2 done"]);
    assert_eq!(left_behind(&project), 0);
}

#[test]
fn a_deploy_prunes_what_stands_at_a_dropped_target() {
    let project = dropped();
    project.run(&["deploy", "demo", "--prune", "--yes"]).expect_code(0);
    assert_eq!(left_behind(&project), 0);
    project.run(&["verify", "demo"]).expect_code(0);
}

#[test]
fn the_former_place_of_a_moved_target_is_named_until_it_is_empty() {
    let project = moved();
    let advice = "rekindle teardown --project fieldbook --environment demo --provider local \
                  --account 000000000000 --region eu-west-1";
    for command in [["plan", "demo"], ["status", "demo"]] {
        assert_says(&project.run(&command).expect_code(0), &["target `recovery`", "eu-north-1", advice]);
    }
    // Deploying at the new place does not make the old one forgotten.
    assert_says(&project.run(&["deploy", "demo", "--yes"]).expect_code(0), &[advice]);
    assert_says(&project.run(&["verify", "demo"]).expect_code(3), &["topic@recovery", "eu-west-1", advice]);
    for command in ["teardown", "rebuild"] {
        assert_says(&project.run(&[command, "demo", "--yes"]).expect_code(4), &[advice]);
    }
    project.run(&["teardown", "demo", "--target", "primary", "--yes"]).expect_code(0);

    let arguments: Vec<&str> = advice.split_whitespace().skip(1).chain(["--yes"]).collect();
    assert_says(&project.run(&arguments).expect_code(0), &["1 done"]);
    project.run(&["deploy", "demo", "--yes"]).expect_code(0);
    project.run(&["verify", "demo"]).expect_code(0);
    project.run(&["teardown", "demo", "--yes"]).expect_code(0);
}

#[test]
fn stacks_of_a_renamed_target_are_worked_on_where_they_stand() {
    let project = deployed();
    project.edit("rekindle.yaml", "recovery:", "other:");
    project.edit("stacks/topic.yaml", "recovery", "other");
    // Even where no ledger remembers: the stacks' tags do.
    std::fs::remove_dir_all(project.path().join(".rekindle/ledger")).unwrap();
    project.run(&["deploy", "demo", "--prune", "--yes"]).expect_code(0);
    project.run(&["teardown", "demo", "--yes"]).expect_code(0);
    assert_eq!(left_behind(&project), 0);
}

/// Without the feature `aws` a real target can never be reached.
#[cfg(not(feature = "aws"))]
#[test]
fn a_dropped_target_that_cannot_be_read_is_never_taken_for_clean() {
    let project = dropped();
    let record = project.read(".rekindle/ledger/demo/1.json");
    let at = record.rfind("\"local\"").unwrap();
    let record = format!("{}\"aws\"{}", &record[..at], &record[at + 7..]);
    project.write(".rekindle/ledger/demo/1.json", record);
    let what = "could not be read: this rekindle was built without the feature `aws`";
    for command in [["plan", "demo"], ["status", "demo"]] {
        assert_says(&project.run(&command).expect_code(0), &["`recovery`", what]);
    }
    assert_says(&project.run(&["verify", "demo"]).expect_code(3), &["topic@recovery", what]);
    assert_says(&project.run(&["teardown", "demo", "--yes"]).expect_code(4), &["topic@recovery", what]);
    project.run(&["teardown", "demo", "--yes", "--target", "primary"]).expect_code(0);
}
