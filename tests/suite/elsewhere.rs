//! `--to`: an environment at another of its places, when the first one is lost.
//!
//! The lost place is of provider `aws`, which a run of these tests cannot reach: whatever calls it fails.

use camino::Utf8PathBuf;
use insta::assert_snapshot;
use rekindle::disk::{Journals, StateDirectory};
use rekindle::model::JournalHeader;
use serde_json::json;

use crate::support::project::Project;

const LOST: &str = "{provider: aws, account: \"111122223333\", region: eu-central-1}";
const HERE: &str = "{provider: local, account: \"000000000000\", region: eu-central-1}";
const THERE: &str = "{provider: local, account: \"000000000000\", region: eu-west-1}";

const NETWORK: &str = "\
Resources:
  Topic: {Type: AWS::SNS::Topic}
Outputs:
  Arn: {Value: !Ref Topic}
";

const DATA: &str = "\
Parameters:
  Network: {Type: String}
Resources:
  Queue: {Type: AWS::SQS::Queue, Properties: {QueueName: !Select [5, !Split [':', !Ref Network]]}}
Outputs:
  Region: {Value: !Ref AWS::Region}
";

/// Two units at `primary`, which is `primary`.
fn project(primary: &str) -> Project {
    let project = Project::empty();
    let targets = format!("{{primary: {primary}, recovery: {THERE}}}");
    project.write(
        "rekindle.yaml",
        format!("project: fieldbook\nenvironments:\n  demo:\n    targets: {targets}\n"),
    );
    project.write("stacks/network.yaml", "kind: stack\nclass: stateless\ntemplate: network@1.0.0\n");
    project.write(
        "stacks/data.yaml",
        "kind: stack\nclass: data\ntemplate: data@1.0.0\nparameters: {Network: !output network.Arn}\n",
    );
    project.write("templates/network/1.0.0/template.yaml", NETWORK);
    project.write("templates/data/1.0.0/template.yaml", DATA);
    project.run(&["lock"]).expect_code(0);
    project
}

fn rebuilt(project: &Project) -> crate::support::project::Run {
    project.run(&["rebuild", "demo", "--to", "recovery", "--yes", "--quiet"])
}

#[test]
fn nothing_of_the_lost_place_is_called() {
    let project = project(LOST);
    project.run(&["plan", "demo"]).expect_code(1);
    let run = rebuilt(&project).expect_code(0);
    assert!(run.stdout.contains("demo is what the source says (2 units)"), "{}", run.stdout);
    for command in
        [&["plan", "demo", "--detailed-exitcode"][..], &["verify", "demo", "--drift"], &["estimate", "demo"]]
    {
        project.run(&[command, &["--to", "recovery"]].concat()).expect_code(0);
    }
    let status =
        project.run(&["status", "demo", "--to", "recovery", "--output", "json"]).expect_code(0).json();
    let units = status["stacks"].as_array().unwrap();
    let names: Vec<&str> = units.iter().map(|unit| unit["unit"].as_str().unwrap()).collect();
    assert_eq!(names, ["data@recovery", "network@recovery"]);
    // What the environment needs from now on.
    project.run(&["deploy", "demo", "--to", "recovery", "--yes"]).expect_code(0);
    // Once more: everything stays.
    assert!(rebuilt(&project).expect_code(0).stdout.contains("nothing was to do"));
}

#[test]
fn a_rebuild_elsewhere_says_what_begins_empty_and_asks_once() {
    let project = project(LOST);
    let run = project.run(&["rebuild", "demo", "--to", "recovery"]).expect_code(4);
    assert_snapshot!(run.stderr, @"
    warning[weaker-class]: `data@recovery` (data) needs `network@recovery` (stateless)
     --> stacks/data.yaml:4:23
      |
    4 | parameters: {Network: !output network.Arn}
      |                       ^^^^^^^^^^^^^^^^^^^
      = hint: a teardown keeps `network@recovery` for its sake; give it the class `data` to say so

    1 warning
    Deploy of demo, release 28fcc00cd9a7

      + create  network@recovery (1 resource)
      + create  data@recovery (1 resource)

    Plan: 2 to create.
    warning[begins-empty]: what holds data begins empty: data@recovery
     = hint: rekindle restores no data yet: bring it in before you let anybody use it

    1 warning
    asking what is there at `recovery`: room for stacks
    error: rebuild `demo` needs consent, and nobody can be asked here
    hint: give `--yes` to consent to the plan shown
    ");
    assert!(!project.path().join(".rekindle/ledger").exists());
    let rehearsed = project.run(&["rebuild", "demo", "--to", "recovery", "--rehearse"]).expect_code(0);
    assert!(rehearsed.stdout.contains("network@recovery"), "{}", rehearsed.stdout);
}

#[test]
fn a_run_that_died_at_the_lost_place_keeps_its_journal() {
    let project = project(LOST);
    let state = StateDirectory::of_project(&Utf8PathBuf::from_path_buf(project.path()).unwrap());
    let place = json!({"provider": "aws", "account": "111122223333", "region": "eu-central-1"});
    let header: JournalHeader = serde_json::from_value(json!({
        "schema": 1, "run": "1-2", "project": "fieldbook", "environment": "demo", "operation": "deploy",
        "started": "2026-11-23T10:00:00Z", "process": 2, "places": {"primary": place},
    }))
    .unwrap();
    let journals = Journals::of(&state, &header.project, &header.environment);
    drop(journals.begin(header).unwrap());
    let run = project.run(&["rebuild", "demo", "--to", "recovery", "--yes"]).expect_code(0);
    assert!(run.stderr.contains("its journal is kept until they are asked again"), "{}", run.stderr);
    assert!(project.path().join(".rekindle/journal/demo/1-2.jsonl").exists());
}

#[test]
fn the_preflight_names_everything_that_is_missing_there() {
    let project = project(HERE);
    project.write(
        "templates/network/2.0.0/template.yaml",
        "\
Parameters:
  Image: {Type: String, Default: ami-0c4d5e6f708192a3b}
  Certificate: {Type: String, Default: 'arn:aws:acm:eu-central-1:000000000000:certificate/1'}
Mappings:
  Elsewhere: {eu-central-1: {Registry: 000000000000.dkr.ecr.eu-central-1.amazonaws.com}}
Resources:
  Topic: {Type: AWS::SNS::Topic, Properties: {DisplayName: !Join ['', [!Ref Image, !Ref Certificate]]}}
  Logs: {Type: AWS::S3::Bucket, Properties: {BucketName: fieldbook-logs}}
  Archive: {Type: AWS::S3::Bucket, Properties: {BucketName: !Sub 'fieldbook-archive-${AWS::Region}'}}
Outputs:
  Arn: {Value: !Ref Topic}
",
    );
    project.edit("stacks/network.yaml", "network@1.0.0", "network@2.0.0");
    let run = rebuilt(&project).expect_code(4);
    assert_snapshot!(run.stderr, @"
    error[in-lost-region]: `network@recovery` names what is in eu-central-1, at `Parameters.Certificate`: `arn:aws:acm:eu-central-1:000000000000:certificate/1`
     = hint: give it a value for `recovery` below `overrides` in `stacks/network.yaml`, or take it from `lock` or from another unit

    error[in-lost-region]: `network@recovery` names what is in eu-central-1, at `Parameters.Image`: `ami-0c4d5e6f708192a3b`
     = hint: give it a value for `recovery` below `overrides` in `stacks/network.yaml`, or take it from `lock` or from another unit

    error[name-is-taken]: `network@recovery` wants the name `fieldbook-logs` for `Logs` (AWS::S3::Bucket), which the lost place has: there can be one such name only
     = hint: put the target into `BucketName`, for example with `${AWS::Region}`, or leave the property out

    3 errors
    hint: nothing was made at `recovery`; put this right, then run it again
    ");
    assert!(!project.path().join(".rekindle/local").exists(), "not even a cloud was opened");
    // As the hints say.
    project.write(
        "stacks/network.yaml",
        "\
kind: stack
class: stateless
template: network@2.0.0
overrides:
  recovery:
    parameters:
      Image: ami-0aaaaaaaaaaaaaaaa
      Certificate: arn:aws:acm:eu-west-1:000000000000:certificate/2
",
    );
    project.edit(
        "templates/network/2.0.0/template.yaml",
        "BucketName: fieldbook-logs",
        "BucketName: !Sub 'logs-${AWS::Region}'",
    );
    rebuilt(&project).expect_code(0);
}

#[test]
fn facts_that_the_lock_has_for_the_lost_place_alone_are_named() {
    let project = project(HERE);
    let stored = DATA.replace(
        "Resources:",
        "  Size: {Type: 'AWS::SSM::Parameter::Value<String>', Default: /size}\nResources:",
    );
    project.write("templates/data/2.0.0/template.yaml", stored);
    project.edit("stacks/data.yaml", "data@1.0.0", "data@2.0.0");
    project.run(&["lock", "--ssm", "/size=large", "--at", "000000000000/eu-central-1"]).expect_code(0);
    assert_snapshot!(rebuilt(&project).expect_code(4).stderr, @"
    error[unlocked-fact]: the parameter `Size` reads `/size` from Parameter Store, and `rekindle.lock` has no value for it in 000000000000/eu-west-1
     --> templates/data/2.0.0/template.yaml:3:3
      |
    3 |   Size: {Type: 'AWS::SSM::Parameter::Value<String>', Default: /size}
      |   ^^^^
      = hint: run `rekindle lock --ssm /size=VALUE --at 000000000000/eu-west-1`; `aws ssm get-parameter --name /size` shows the value

    1 error
    hint: nothing was made. For local, account 000000000000, eu-west-1 `rekindle.lock` has none of: ssm `/size`; `rekindle lock` writes such facts, each for its place
    ");
    project.run(&["lock", "--ssm", "/size=large", "--at", "000000000000/eu-west-1"]).expect_code(0);
    rebuilt(&project).expect_code(0);
}

#[test]
fn places_that_are_none() {
    let project = project(HERE);
    assert_snapshot!(project.run(&["rebuild", "demo", "--to", "primary", "--yes"]).expect_code(1).stderr, @"
    error[unknown-target]: `primary` is where the environment `demo` stands: there is nothing to move
     = hint: there is `recovery`

    1 error
    ");
    assert_snapshot!(project.run(&["plan", "demo", "--to", "recvery"]).expect_code(1).stderr, @"
    error[unknown-target]: the environment `demo` has no target `recvery`
     = hint: did you mean `recovery`?

    1 error
    ");
    assert_snapshot!(project.run(&["rebuild", "demo", "--to", "recovery", "--delete-data", "data"]).expect_code(64).stderr, @"
    error: `--to` tears nothing down, and `data` is named in an option for that
    ");
}

#[test]
fn what_needs_a_unit_at_the_lost_place_is_refused() {
    let project = project(HERE);
    project.edit("stacks/data.yaml", "network.Arn", "network@primary.Arn");
    assert_snapshot!(rebuilt(&project).expect_code(4).stderr, @"
    error[unknown-target]: in environment `demo` the unit `network` does not stand at target `primary`
     --> stacks/data.yaml:4:23
      |
    4 | parameters: {Network: !output network@primary.Arn}
      |                       ^^^^^^^^^^^^^^^^^^^^^^^^^^^
      = hint: write `network@TARGET` to mean another target, or add `primary` to the unit's `targets`

    1 error
    hint: nothing was made. A unit may need nothing that stays at the lost place: refer to `UNIT`, which means the one beside it, and not to `UNIT@primary`
    ");
}

#[test]
fn what_the_embedded_engine_cannot_know_is_said_and_stops_nothing() {
    let project = project(LOST);
    let made = "  Secret: {Type: AWS::SecretsManager::Secret, Properties: {Name: made}}\n";
    project.write(
        "templates/network/2.0.0/template.yaml",
        NETWORK.replace("Outputs:", &format!("{made}Outputs:")),
    );
    project.edit("stacks/network.yaml", "network@1.0.0", "network@2.0.0");
    let taken = "  Key: {Type: AWS::SNS::Topic, Properties: {DisplayName: '{{resolve:secretsmanager:made:SecretString:a}} \
                 {{resolve:secretsmanager:handmade:SecretString:a}}'}}\n";
    project
        .write("templates/data/2.0.0/template.yaml", DATA.replace("Outputs:", &format!("{taken}Outputs:")));
    project.edit("stacks/data.yaml", "data@1.0.0", "data@2.0.0");
    project.run(&["lock"]).expect_code(0);
    let run = project.run(&["rebuild", "demo", "--to", "recovery", "--yes"]).expect_code(0);
    let told = "warning[not-asked]: whether these are there is not known here: the secret `handmade`\n";
    assert!(run.stderr.contains(told), "{}", run.stderr);
    let rehearsed = project.run(&["rebuild", "demo", "--to", "recovery", "--rehearse"]).expect_code(0);
    assert!(rehearsed.stderr.contains(told), "{}", rehearsed.stderr);
}

#[test]
fn a_question_that_is_not_answered_stops_the_rebuild_before_anything_is_made() {
    let project = project(HERE);
    let taken = DISPLAYS_A_SECRET;
    project.write("templates/network/2.0.0/template.yaml", NETWORK.replace("Type: AWS::SNS::Topic", taken));
    project.edit("stacks/network.yaml", "network@1.0.0", "network@2.0.0");
    project.run(&["lock"]).expect_code(0);
    let lost = ["--fail", "DescribeSecret=lost*99"];
    let rebuild = ["rebuild", "demo", "--to", "recovery", "--yes", "--quiet"];
    assert_snapshot!(project.run(&[&rebuild[..], &lost].concat()).expect_code(4).stderr, @"
    warning[begins-empty]: what holds data begins empty: data@recovery
     = hint: rekindle restores no data yet: bring it in before you let anybody use it

    1 warning
    error[unanswered]: nobody could say whether the secret `handmade` is there: DescribeSecret: the connection broke before the answer came
     = hint: the question takes secretsmanager:DescribeSecret; `--allow-unanswered` goes on without the answer

    1 error
    hint: nothing was made at `recovery`; put this right, then run it again
    ");
    let status = project.run(&["status", "demo", "--to", "recovery"]).expect_code(0);
    assert!(!status.stdout.contains("CREATE"), "{}", status.stdout);
    let run = project.run(&[&rebuild[..], &lost, &["--allow-unanswered"]].concat()).expect_code(0);
    assert!(run.stdout.contains("demo is what the source says"), "{}", run.stdout);
    project.run(&["rebuild", "demo", "--allow-unanswered"]).expect_code(64);
}

const DISPLAYS_A_SECRET: &str =
    "Type: AWS::SNS::Topic, Properties: {DisplayName: '{{resolve:secretsmanager:handmade:SecretString:a}}'}";
