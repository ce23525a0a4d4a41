//! `docs/formats.md` against what the binary prints for programs: every key and every event is
//! described there, and no key is that nobody prints.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use rekindle::engine::{Event, Left, Note, Proof, Tagged, Unanswered, Why};
use serde_json::Value;

use crate::support::project::Project;

/// Keys by the event or the document they stand in.
type Keys = BTreeMap<String, BTreeSet<String>>;

fn page() -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/formats.md")).unwrap()
}

/// What stands between backticks.
fn quoted(text: &str) -> BTreeSet<String> {
    text.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

/// The keys that the table below the heading of a document names in its first column.
fn described(page: &str, heading: &str) -> BTreeSet<String> {
    let start =
        page.find(&format!("\n### `{heading}`\n")).unwrap_or_else(|| panic!("no section `{heading}`"));
    let rows = page[start..].lines().skip_while(|line| !line.starts_with("| key")).skip(2);
    rows.take_while(|line| line.starts_with('|')).flat_map(|line| quoted(cells(line)[0])).collect()
}

fn cells(row: &str) -> Vec<&str> {
    row.trim_matches('|').split(" | ").collect()
}

fn keys(document: &Value) -> BTreeSet<String> {
    document.as_object().unwrap().keys().cloned().collect()
}

#[test]
fn every_document_is_described() {
    let project = Project::shipped();
    project.write("one.yaml", "Resources: {}\n");
    let runs: &[(&str, &[&str])] = &[
        ("check", &["check"]),
        ("check", &["check", "--template", "one.yaml"]),
        ("lock", &["lock"]),
        ("render", &["render", "demo"]),
        ("build", &["build", "demo", "maintenance-page"]),
        ("image ls", &["image", "ls"]),
        ("image gc", &["image", "gc"]),
        ("plan", &["plan", "demo"]),
        ("estimate", &["estimate", "demo"]),
        ("graph", &["graph", "demo"]),
        ("--rehearse", &["deploy", "demo", "--rehearse"]),
        ("--rehearse", &["rebuild", "demo", "--rehearse"]),
        ("status", &["status", "demo"]),
        ("outputs", &["outputs", "demo"]),
        ("verify", &["verify", "demo"]),
        ("local orphans", &["local", "orphans", "demo"]),
        ("init", &["init", "another"]),
    ];
    let mut printed = Keys::new();
    for (heading, arguments) in runs {
        let document = project.run(&[arguments, &["--output", "json"][..]].concat()).json();
        printed.entry((*heading).to_owned()).or_default().extend(keys(&document));
    }
    let page = page();
    let told: Keys = printed.keys().map(|heading| (heading.clone(), described(&page, heading))).collect();
    assert_eq!(told, printed);
}

#[test]
fn every_event_is_described() {
    let project = Project::shipped();
    let mut printed = Keys::new();
    for arguments in [
        &["deploy", "demo", "--yes", "--fail", "data.Database"][..],
        &["deploy", "demo"],
        &["teardown", "demo", "--yes", "--fail", "DescribeStacks=throttled"],
    ] {
        let run = project.run(&[arguments, &["--output", "json"]].concat());
        for line in run.stdout.lines() {
            note(&mut printed, &serde_json::from_str(line).unwrap());
        }
    }
    let stopping = Event::Stopping { time: jiff::Timestamp::UNIX_EPOCH, now: true };
    let notice =
        Event::Notice { time: jiff::Timestamp::UNIX_EPOCH, instance: None, message: "wait".to_owned() };
    let left = Left {
        instance: "data".parse().unwrap(),
        resource: "Bucket".to_owned(),
        resource_type: "AWS::S3::Bucket".to_owned(),
        physical_id: None,
        why: Why::Retained,
        remedy: String::new(),
    };
    let unanswered = Unanswered { instance: "data".parse().unwrap(), reason: "denied".to_owned() };
    let (left, unanswered) = (vec![left], vec![unanswered]);
    let tagged = vec![Tagged { instance: "data".parse().unwrap(), arn: "arn".to_owned() }];
    let time = jiff::Timestamp::UNIX_EPOCH;
    let (instance, resource, text) = ("data".parse().unwrap(), "Logs".to_owned(), "comes back".to_owned());
    let notes = vec![Note { instance, resource, note: text }];
    let (stacks, standing, resources, unsearched) = (1, 1, 1, None);
    let proof = Proof { time, stacks, standing, resources, left, notes, unanswered, tagged, unsearched };
    for event in [stopping, notice, Event::Proved { proof }] {
        note(&mut printed, &serde_json::to_value(event).unwrap());
    }
    let page = page();
    let section = &page[page.find("\n## 14. Events\n").unwrap()..];
    let rows = section.lines().filter(|line| line.starts_with("| `")).map(cells);
    let told: Keys = rows.map(|row| (row[0].trim_matches([' ', '`']).to_owned(), quoted(row[2]))).collect();
    assert_eq!(told.keys().collect::<Vec<_>>(), printed.keys().collect::<Vec<_>>());
    for (event, keys) in printed {
        let silent: Vec<_> = keys.iter().filter(|key| !told[&event].contains(*key)).collect();
        assert!(silent.is_empty(), "formats.md does not say what {silent:?} of `{event}` are");
    }
}

/// Keeps the keys of an event; those that only come with an outcome are told below the table.
fn note(printed: &mut Keys, event: &Value) {
    let told_apart = ["event", "cause"];
    let name = event["event"].as_str().unwrap().to_owned();
    let keys = keys(event).into_iter().filter(|key| !told_apart.contains(&key.as_str()));
    printed.entry(name).or_default().extend(keys);
}
