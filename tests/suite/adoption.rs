//! What an earlier teardown retained is taken in again, where that is asked for.

use crate::support::project::Project;

const JOBS: &str = "\
Resources:
  Queue:
    Type: AWS::SQS::Queue
    Properties: {DelaySeconds: 5}
  Logs:
    Type: AWS::S3::Bucket
    DeletionPolicy: Retain
    UpdateReplacePolicy: Retain
    Properties: {BucketName: fieldbook-logs}
Outputs:
  Logs: {Value: !Ref Logs}
";

/// A project of one unit, `jobs`, that was deployed and torn down: its bucket is left.
fn torn_down() -> Project {
    torn_down_from(JOBS)
}

fn torn_down_from(template: &str) -> Project {
    let project = Project::of_one_unit("jobs", "template.yaml", template);
    project.run(&["lock"]).expect_code(0);
    project.run(&["deploy", "demo", "--yes"]).expect_code(0);
    project.run(&["teardown", "demo", "--yes"]).expect_code(0);
    project
}

fn orphans(project: &Project) -> usize {
    let listed = project.run(&["local", "orphans", "demo", "--output", "json"]).expect_code(0).json();
    listed["orphans"].as_array().unwrap().len()
}

#[test]
fn what_was_retained_is_taken_in_by_name() {
    let project = torn_down();
    let failed = project.run(&["deploy", "demo", "--yes"]).expect_code(5);
    assert!(failed.stdout.contains("`--adopt jobs` takes it in"), "{}", failed.stdout);
    let plan = project.run(&["plan", "demo", "--adopt", "jobs"]).expect_code(0);
    insta::assert_snapshot!(plan.stdout, @"
    Deploy of demo, release 4d5ec97ffdef

    -/+ replace jobs (2 resources)
            stack is ROLLBACK_COMPLETE
            asked for by `--adopt`
            takes in `Logs` if `fieldbook-logs` exists already

    Plan: 1 to replace.
    Takes about 1m 12s, nine of ten runs within 1m 19s (by the table of means; no records yet).
    ");
    let done = project.run(&["deploy", "demo", "--adopt", "jobs", "--yes"]).expect_code(0);
    assert!(done.stderr.contains("takes in what exists already: Logs"), "{}", done.stderr);
    assert_eq!(orphans(&project), 0);
    project.run(&["verify", "demo", "--drift"]).expect_code(0);
    project.run(&["plan", "demo", "--detailed-exitcode"]).expect_code(0);
}

#[test]
fn where_nothing_exists_everything_is_made() {
    let project = Project::of_one_unit("jobs", "template.yaml", JOBS);
    project.run(&["lock"]).expect_code(0);
    let done = project.run(&["deploy", "demo", "--adopt", "jobs", "--yes"]).expect_code(0);
    assert!(!done.stderr.contains("takes in what exists"), "{}", done.stderr);
    project.run(&["verify", "demo"]).expect_code(0);
}

#[test]
fn what_was_taken_in_is_let_go_when_the_creation_fails() {
    // What was taken in was not created: this policy does not let it go with what was.
    let policy = "DeletionPolicy: RetainExceptOnCreate";
    let project = torn_down_from(&JOBS.replace("DeletionPolicy: Retain", policy));
    let arguments = ["deploy", "demo", "--adopt", "jobs", "--yes", "--fail", "jobs.Queue"];
    project.run(&arguments).expect_code(5);
    assert_eq!(orphans(&project), 1);
    project.run(&["deploy", "demo", "--adopt", "jobs", "--yes"]).expect_code(0);
    assert_eq!(orphans(&project), 0);
}

#[test]
fn a_rebuild_takes_in_what_its_teardown_retained() {
    let project = Project::of_one_unit("jobs", "template.yaml", JOBS);
    project.run(&["lock"]).expect_code(0);
    project.run(&["deploy", "demo", "--yes"]).expect_code(0);
    project.run(&["rebuild", "demo", "--yes", "--adopt", "jobs"]).expect_code(0);
    assert_eq!(orphans(&project), 0);
}

#[test]
fn what_cannot_be_taken_in_is_refused_with_a_way_out() {
    let template = JOBS.replace("BucketName: fieldbook-logs", "BucketName: !Sub 'logs-${AWS::Region}'");
    let project = Project::of_one_unit("jobs", "template.yaml", &template);
    project.run(&["lock"]).expect_code(0);
    let refused = project.run(&["deploy", "demo", "--adopt", "jobs", "--yes"]).expect_code(4);
    insta::assert_snapshot!(refused.stderr, @"
    error: `jobs` has nothing that can be taken in
    hint: CloudFormation takes in by itself what the template gives a literal name and `DeletionPolicy: Retain`; else delete or rename what is in the way (`aws cloudcontrol delete-resource`), or give the resource another name
    ");
}

#[test]
fn a_rebuild_that_would_meet_what_its_teardown_retains_is_refused_before_it() {
    let project = Project::of_one_unit("jobs", "template.yaml", JOBS);
    project.run(&["lock"]).expect_code(0);
    project.run(&["deploy", "demo", "--yes"]).expect_code(0);
    let before = project.run(&["status", "demo", "--output", "json"]).expect_code(0).json();
    let refused = project.run(&["rebuild", "demo", "--yes"]).expect_code(4);
    let (_, refusal) = refused.stderr.split_once("error: ").unwrap();
    insta::assert_snapshot!(refusal, @"
    `Logs` (AWS::S3::Bucket) of `jobs` could not be made: its BucketName `fieldbook-logs` belongs to `Logs` (AWS::S3::Bucket) of `jobs`, which stays when its stack is deleted
    hint: add `--adopt jobs`: then it is taken in again, with what it holds. Or give it another BucketName, or deploy `jobs` with another `DeletionPolicy` first, so that it goes. Nothing was torn down
    ");
    let after = project.run(&["status", "demo", "--output", "json"]).expect_code(0).json();
    assert_eq!(before, after, "a stack was touched");
    // A rehearsal says the same, and what is advised works.
    let rehearsed = project.run(&["rebuild", "demo", "--rehearse"]).expect_code(4);
    assert!(rehearsed.stderr.contains(refusal.lines().next().unwrap()), "{}", rehearsed.stderr);
    project.run(&["rebuild", "demo", "--rehearse", "--adopt", "jobs"]).expect_code(0);
}

/// The engine says of the same, when it comes to it, what AWS would.
#[test]
fn what_was_retained_is_in_the_way_of_a_deploy() {
    let project = torn_down();
    let failed = project.run(&["deploy", "demo", "--yes"]).expect_code(5);
    assert!(failed.stdout.contains("(HandlerErrorCode: AlreadyExists)"), "{}", failed.stdout);
}
