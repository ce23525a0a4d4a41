//! Real kills: the binary is ended with SIGKILL as soon as its journal has grown to a certain line, for
//! every line, and the same command is run again. (Every point exactly, but within one process, is
//! swept by the tests beside `src/cli`.)

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::Path;
use std::process::Stdio;

use redb::{ReadableDatabase as _, ReadableTable as _, TableDefinition};

use crate::support::project::{MANIFEST, Project};

const TEMPLATE: &str = "\
Parameters:
  Needed: {Type: String, Default: none}
Resources:
  Queue: {Type: AWS::SQS::Queue, Properties: {Tags: [{Key: needed, Value: !Ref Needed}]}}
  Topic: {Type: AWS::SNS::Topic, DependsOn: Queue}
Outputs:
  Name: {Value: !GetAtt Queue.QueueName}
";

/// Four units, one after two others, and their state where syncing takes no time.
struct Place {
    project: Project,
    memory: tempfile::TempDir,
}

impl Place {
    fn new() -> Self {
        let project = Project::empty();
        let lock = format!("{MANIFEST}defaults: {{tags: {{team: platform}}}}\n");
        project.write("rekindle.yaml", lock);
        project.write("templates/work/1.0.0/template.yaml", TEMPLATE);
        let interface = "kind: stack\ndescription: Of a test.\ninputs: {}\n";
        project.write("templates/work/1.0.0/interface.yaml", interface);
        for (unit, needs) in [("one", None), ("two", None), ("three", Some("one")), ("four", Some("three"))] {
            let parameters = needs.map(|need| format!("parameters: {{Needed: !output {need}.Name}}\n"));
            let text = format!(
                "kind: stack\nclass: stateless\ntemplate: work@1.0.0\n{}",
                parameters.unwrap_or_default()
            );
            project.write(&format!("stacks/{unit}.yaml"), text);
        }
        project.run(&["lock"]).expect_code(0);
        let memory = Path::new("/dev/shm");
        let memory = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() };
        Self { project, memory: memory.unwrap() }
    }

    fn state(&self) -> String {
        self.memory.path().join("state").to_str().unwrap().to_owned()
    }

    fn run(&self, arguments: &[&str]) -> crate::support::project::Run {
        self.project.run(&[arguments, &["--state-dir", &self.state()]].concat())
    }

    /// Runs a command and kills it when the journal of its phase (of those that it begins, from 1) has
    /// that many lines. Whether it came to that.
    fn killed(&self, arguments: &[&str], (phase, lines): (usize, usize)) -> bool {
        let state = self.state();
        let mut command = self.project.command(&[arguments, &["--state-dir", &state]].concat());
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let mut phases: Vec<String> = Vec::new();
        loop {
            if let Some(status) = child.try_wait().unwrap() {
                assert!(status.success(), "{arguments:?} was not killed, and ended with {status}");
                return false;
            }
            for (name, text) in journals(&Path::new(&state).join("journal/demo")) {
                if !phases.contains(&name) {
                    phases.push(name.clone());
                }
                let is_there = text.iter().filter(|byte| **byte == b'\n').count() >= lines;
                if phases.get(phase - 1) == Some(&name) && is_there {
                    child.kill().unwrap();
                    let is_killed = child.wait().unwrap().code().is_none();
                    // The journal of a rebuild's second phase goes last: without it the kill came when all was
                    // done and recorded, and the next rebuild rightly begins anew.
                    let is_over = phase == 2 && journals(&Path::new(&state).join("journal/demo")).is_empty();
                    return is_killed && !is_over;
                }
            }
            std::thread::yield_now();
        }
    }

    /// What ever happened to stacks: of each name every status of every stack that was made, in order.
    fn told(&self) -> BTreeMap<String, Vec<String>> {
        let database = redb::Database::open(Path::new(&self.state()).join("local/cloud.redb")).unwrap();
        let events: TableDefinition<'_, (&str, u64), &[u8]> = TableDefinition::new("events");
        let table = database.begin_read().unwrap().open_table(events).unwrap();
        let mut told: BTreeMap<String, Vec<(String, String)>> = BTreeMap::new();
        for entry in table.iter().unwrap() {
            let event: serde_json::Value = serde_json::from_slice(entry.unwrap().1.value()).unwrap();
            let text = |field: &str| event[field].as_str().unwrap().to_owned();
            if event["resource_type"] == "AWS::CloudFormation::Stack" {
                told.entry(text("logical_id")).or_default().push((text("time"), text("status")));
            }
        }
        let statuses = |(name, mut events): (String, Vec<(String, String)>)| {
            events.sort();
            (name, events.into_iter().map(|(_, status)| status).collect())
        };
        told.into_iter().map(statuses).collect()
    }
}

fn journals(directory: &Path) -> Vec<(String, Vec<u8>)> {
    let Ok(entries) = std::fs::read_dir(directory) else { return Vec::new() };
    let read = |entry: std::fs::DirEntry| {
        Some((entry.file_name().to_string_lossy().into_owned(), std::fs::read(entry.path()).ok()?))
    };
    entries.filter_map(|entry| read(entry.ok()?)).collect()
}

/// Kills a command at every line of every phase. `before` are the commands that lead to where it
/// begins; `is_changed`: the source changes after them.
fn sweep(command: &[&str], before: &[&[&str]], is_changed: bool, name: &str) {
    let begin = || {
        let place = Place::new();
        for earlier in before {
            place.run(earlier).expect_code(0);
        }
        if is_changed {
            place.project.edit("rekindle.yaml", "team: platform", "team: field");
        }
        place
    };
    let undisturbed = begin();
    undisturbed.run(command).expect_code(0);
    let expected = undisturbed.told();
    let (mut killed, mut recovered) = (0, 0);
    for phase in 1..=2 {
        for lines in 1.. {
            // Where the processors are busy, a run may end before it is seen to have come that far.
            let mut places = (0..3).map(|_| begin());
            let Some(place) = places.find(|place| place.killed(command, (phase, lines))) else { break };
            killed += 1;
            let again = place.run(command).expect_code(0);
            let what = format!("{name}, phase {phase}, line {lines}\n{}\n{}", again.stdout, again.stderr);
            assert_eq!(place.told(), expected, "made twice, or not at all: {what}");
            assert!(journals(&Path::new(&place.state()).join("journal/demo")).is_empty(), "{what}");
            if !command.contains(&"teardown") {
                let verified = place.run(&["verify", "demo"]).expect_code(0);
                assert!(!verified.stderr.contains("warning"), "{}", verified.stderr);
            }
            recovered += 1;
        }
    }
    assert!(killed >= 5, "{name}: only {killed} kills");
    let told = format!("kill -9, {name}: killed {killed} times, {recovered} recovered\n");
    std::io::stderr().write_all(told.as_bytes()).unwrap();
}

#[test]
fn a_killed_deploy_is_continued() {
    sweep(&["deploy", "demo", "--yes"], &[], false, "deploy");
}

#[test]
fn a_killed_update_is_continued() {
    sweep(&["deploy", "demo", "--yes"], &[&["deploy", "demo", "--yes"]], true, "update");
}

#[test]
fn a_killed_teardown_is_continued() {
    sweep(&["teardown", "demo", "--yes"], &[&["deploy", "demo", "--yes"]], false, "teardown");
}

#[test]
fn a_killed_rebuild_is_continued() {
    sweep(&["rebuild", "demo", "--yes"], &[&["deploy", "demo", "--yes"]], false, "rebuild");
}

/// The record is written before the journal goes: what lies between is no second record.
#[test]
fn a_journal_that_outlived_its_record_is_only_removed() {
    let mut places = std::iter::repeat_with(Place::new);
    let place = places.find(|place| place.killed(&["deploy", "demo", "--yes"], (1, 4))).unwrap();
    let state = std::path::PathBuf::from(place.state());
    let (name, text) = journals(&state.join("journal/demo")).pop().unwrap();
    place.run(&["deploy", "demo", "--yes"]).expect_code(0);
    let records = || std::fs::read_dir(state.join("ledger/demo")).unwrap().count();
    assert_eq!(records(), 2, "what was interrupted, and what continued it");
    std::fs::write(state.join("journal/demo").join(name), text).unwrap();
    let run = place.run(&["deploy", "demo", "--yes"]).expect_code(0);
    assert!(!run.stderr.contains("did not get to its end"), "{}", run.stderr);
    assert_eq!(records(), 2);
    assert!(journals(&state.join("journal/demo")).is_empty());
}

/// A killed run's record is written, so that what it made is not forgotten when its place leaves the
/// source.
#[test]
fn what_a_killed_run_made_is_found_when_its_target_is_dropped() {
    let place = std::iter::repeat_with(killed_at_two_targets).find_map(|place| place).unwrap();
    std::fs::remove_file(place.project.path().join("stacks/five.yaml")).unwrap();
    let manifest = place.project.read("rekindle.yaml");
    let kept: Vec<&str> = manifest.lines().filter(|line| !line.contains("other:")).collect();
    place.project.write("rekindle.yaml", kept.join("\n") + "\n");
    let run = place.run(&["status", "demo"]).expect_code(0);
    assert!(run.stderr.contains("did not get to its end"), "{}", run.stderr);
    assert!(run.stderr.contains("five@other"), "{}", run.stderr);
    let run = place.run(&["teardown", "demo", "--yes"]).expect_code(0);
    assert!(run.stderr.contains("recorded as 1 in the ledger"), "{}", run.stderr);
    assert!(run.stdout.contains("1 done"), "{}", run.stdout);
}

/// Where a run was killed that had begun a stack at a second target, if it did not end before.
fn killed_at_two_targets() -> Option<Place> {
    let place = Place::new();
    let second = "    targets:\n      primary: {provider: local, account: \"000000000000\", region: eu-west-1}\n      other:   {provider: local";
    place.project.edit("rekindle.yaml", "    targets: {primary: {provider: local", second);
    place.project.edit("rekindle.yaml", "eu-central-1}}", "eu-central-1}");
    place
        .project
        .write("stacks/five.yaml", "kind: stack\nclass: stateless\ntemplate: work@1.0.0\ntargets: [other]\n");
    let is_killed = place.killed(&["deploy", "demo", "five@other", "--yes"], (1, 3));
    is_killed.then_some(place)
}
