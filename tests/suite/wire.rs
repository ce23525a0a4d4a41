//! The wire to AWS fails a third of the time, and everything ends as on a quiet day: a hundred stacks are
//! made, changed and torn down through the binary, on an emulator behind a server that throttles, loses
//! connections, loses answers and cuts them.
//!
//! Prints how many calls were made and how many of them failed.

use std::io::Write as _;

use crate::support::faults::{Calls, Wire};
use crate::support::ministack;
use crate::support::project::{Project, Run};

/// How many stacks there are.
const STACKS: usize = 100;

/// Stacks that know the same other one.
const SIBLINGS: usize = 10;

const MANIFEST: &str = "\
project: fieldbook
environments:
  sandbox:
    targets: {primary: {provider: aws, account: \"ACCOUNT\", region: eu-central-1}}
    protection: disposable
    inputs: {delay: 1}
";

const INTERFACE: &str = "\
kind: stack
description: A queue that knows another.
inputs:
  delay: {type: integer, description: Seconds}
";

const TEMPLATE: &str = "\
Parameters:
  Other: {Type: String}
Resources:
  Queue:
    Type: AWS::SQS::Queue
    Properties:
      DelaySeconds: {{ inputs.delay }}
      Tags: [{Key: other, Value: !Ref Other}]
Outputs:
  Name: {Value: !GetAtt Queue.QueueName}
";

/// A tree of queues, each of which takes the name of the one above it.
struct Queues {
    project: Project,
    account: String,
    wire: Wire,
}

impl Queues {
    fn new(seed: Option<u64>) -> Self {
        let (project, account) = (Project::empty(), ministack::account());
        project.write("rekindle.yaml", MANIFEST.replace("ACCOUNT", &account));
        project.write("templates/queue/1.0.0/interface.yaml", INTERFACE);
        project.write("templates/queue/1.0.0/template.yaml.tera", TEMPLATE);
        for number in 0..STACKS {
            let other = match number {
                0 => "nothing".to_owned(),
                _ => format!("!output queue-{}.Name", (number - 1) / SIBLINGS),
            };
            let unit = format!(
                "kind: stack\ntemplate: queue@1.0.0\nclass: stateless\nparameters: {{Other: {other}}}\n"
            );
            project.write(&format!("stacks/queue-{number}.yaml"), unit);
        }
        project.run(&["lock"]).expect_code(0);
        Self { project, account, wire: Wire::before(&ministack::shared().endpoint, seed) }
    }

    fn run(&self, arguments: &[&str]) -> Run {
        let mut command = self.project.command(arguments);
        command
            .env("AWS_ENDPOINT_URL", self.wire.endpoint())
            .env("AWS_ACCESS_KEY_ID", &self.account)
            .env("AWS_SECRET_ACCESS_KEY", "test");
        Run::from(command.output().unwrap())
    }

    fn make(&self) -> Calls {
        self.run(&["deploy", "sandbox", "--yes"]).expect_code(0);
        let calls = self.wire.take_calls();
        assert_eq!(self.stacks("CREATE_COMPLETE"), STACKS);
        calls
    }

    fn change(&self) -> Calls {
        self.project.edit("rekindle.yaml", "delay: 1", "delay: 2");
        self.wire.take_calls();
        self.run(&["deploy", "sandbox", "--yes"]).expect_code(0);
        let calls = self.wire.take_calls();
        assert_eq!(self.stacks("UPDATE_COMPLETE"), STACKS);
        self.run(&["plan", "sandbox", "--detailed-exitcode"]).expect_code(0);
        calls
    }

    fn remove(&self) -> Calls {
        self.wire.take_calls();
        self.run(&["teardown", "sandbox", "--yes"]).expect_code(0);
        let calls = self.wire.take_calls();
        let status = self.run(&["status", "sandbox", "--output", "json"]).expect_code(0).json();
        assert!(status["stacks"].as_array().unwrap().iter().all(|stack| stack["status"].is_null()));
        calls
    }

    /// How many of the environment's stacks are in that status.
    fn stacks(&self, status: &str) -> usize {
        let document = self.run(&["status", "sandbox", "--output", "json"]).expect_code(0).json();
        document["stacks"].as_array().unwrap().iter().filter(|stack| stack["status"] == status).count()
    }
}

/// Prints what was called.
fn print(what: &str, seed: u64, quiet: &Calls, troubled: &Calls) {
    let (failed, calls, usual) = (troubled.failed(), troubled.total(), quiet.total());
    let faults = &troubled.faults;
    let told = format!(
        "bad wire, {what}, seed {seed}: {failed} of {calls} calls failed, {usual} on a quiet wire: {faults:?}\n"
    );
    // Past the capture of the test harness, which keeps what a passing test prints to itself.
    std::io::stderr().write_all(told.as_bytes()).unwrap();
}

/// Enough of the calls failed, and not too many were made for it.
fn compare(quiet: &[Calls], troubled: &[Calls]) {
    let total = |all: &[Calls]| all.iter().map(Calls::total).sum::<usize>();
    let failed = troubled.iter().map(Calls::failed).sum::<usize>();
    assert!(failed * 100 >= total(troubled) * 30, "{failed} of {}", total(troubled));
    assert!(total(troubled) <= total(quiet) * 2, "{troubled:#?} instead of {quiet:#?}");
}

#[test]
fn a_wire_that_fails_a_third_of_all_calls_costs_calls_and_nothing_else() {
    let seed = 1;
    let live = |queues: Queues| [queues.make(), queues.change(), queues.remove()];
    let (quiet, troubled) = (live(Queues::new(None)), live(Queues::new(Some(seed))));
    for ((what, quiet), troubled) in ["deploy", "update", "teardown"].iter().zip(&quiet).zip(&troubled) {
        print(what, seed, quiet, troubled);
    }
    compare(&quiet, &troubled);
}

#[test]
fn a_deploy_over_such_a_wire_ends_right_with_other_faults_too() {
    let seeds = [2, 3, 5];
    let (quiet, troubled) =
        (seeds.map(|_| Queues::new(None).make()), seeds.map(|seed| Queues::new(Some(seed)).make()));
    for ((seed, quiet), troubled) in seeds.iter().zip(&quiet).zip(&troubled) {
        print("deploy", *seed, quiet, troubled);
    }
    compare(&quiet, &troubled);
}
