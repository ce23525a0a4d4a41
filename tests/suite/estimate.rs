//! Predictions through the binary: the estimate against the rehearsal, which knows nothing of it, and
//! against records.

use serde_json::{Value, json};

use crate::support::project::Project;

fn seconds(document: &Value) -> f64 {
    document["p50_seconds"].as_f64().unwrap()
}

/// A record of a run at AWS in which making `resource` of `unit` took so many seconds.
fn record(unit: &str, resource: &str, resource_type: &str, seconds: f64) -> String {
    let record = json!({
        "schema": 1, "project": "fieldbook", "environment": "sandbox", "operation": "deploy",
        "outcome": "succeeded", "started": "2026-11-01T10:00:00Z", "finished": "2026-11-01T11:00:00Z",
        "places": {"primary": {"provider": "aws", "account": "000000000000", "region": "eu-central-1"}},
        "instances": {},
        "resources": [{"instance": unit, "resource": resource, "type": resource_type,
            "operation": "create", "seconds": seconds}],
    });
    record.to_string()
}

#[test]
fn an_estimate_is_what_the_rehearsal_comes_to() {
    let project = Project::shipped();
    for (estimate, rehearsal) in [
        (&["estimate", "demo", "--rebuild"][..], &["rebuild", "demo", "--rehearse"][..]),
        (&["estimate", "demo"], &["deploy", "demo", "--rehearse"]),
        (&["estimate", "demo", "--rebuild", "-j", "2"], &["rebuild", "demo", "--rehearse", "-j", "2"]),
    ] {
        let as_json = |arguments: &[&str]| {
            project.run(&[arguments, &["--output", "json"]].concat()).expect_code(0).json()
        };
        let (estimated, rehearsed) = (as_json(estimate), as_json(rehearsal));
        assert_eq!(seconds(&estimated), seconds(&rehearsed), "{estimate:?}");
        assert!(rehearsed["p90_seconds"].as_f64().unwrap() > seconds(&rehearsed));
        let path = estimated["critical_path"].as_array().unwrap();
        let total: f64 = path.iter().map(|step| step["seconds"].as_f64().unwrap()).sum();
        assert_eq!(total, seconds(&estimated), "the critical path is what it takes");
    }
}

#[test]
fn an_update_takes_what_the_engine_takes_for_it() {
    let project = Project::shipped();
    project.run(&["deploy", "demo", "--yes", "-q"]).expect_code(0);
    let idle = project.run(&["estimate", "demo"]).expect_code(0);
    assert_eq!(idle.stdout, "Nothing to do: a deploy of demo takes no time.\n");
    project.edit("rekindle.yaml", "size: small", "size: large");
    let estimated = project.run(&["estimate", "demo", "--output", "json"]).expect_code(0).json();
    let deployed = project.run(&["deploy", "demo", "--yes", "--output", "json"]).expect_code(0).summary();
    assert_eq!(estimated["operation"], "deploy");
    // What is open while planning counts as changed, so it may take a little less.
    let (said, took) = (seconds(&estimated), deployed["seconds"].as_f64().unwrap());
    assert!(took > 100.0 && took <= said && said < took * 1.1, "estimated {said}, took {took}");
}

#[test]
fn the_document_has_the_promised_form() {
    let project = Project::shipped();
    let document = project.run(&["estimate", "demo", "--rebuild", "--output", "json"]).expect_code(0).json();
    assert_eq!(document["schema"], 1);
    assert_eq!(document["environment"], "demo");
    assert_eq!(document["operation"], "rebuild");
    assert_eq!(document["unknown_types"], json!([]));
    assert!(document["p90_seconds"].as_f64().unwrap() > seconds(&document));
    for step in document["critical_path"].as_array().unwrap() {
        assert!(step["unit"].is_string() && step["resource"].is_string() && step["seconds"].is_number());
    }
    assert_eq!(document["long_pole"]["resource"], "Database");
    assert_eq!(document["long_pole"]["saves_seconds"], 595.0);
    let queue = document["types"]
        .as_array()
        .unwrap()
        .iter()
        .find(|kind| kind["type"] == "AWS::SQS::Queue" && kind["operation"] == "create");
    assert_eq!(queue.unwrap()["steps"], 4);
}

#[test]
fn records_of_the_account_correct_the_table() {
    let project = Project::shipped();
    let run = || project.run(&["estimate", "sandbox", "--rebuild", "--output", "json"]).expect_code(0).json();
    let before = run();
    assert_eq!(before["confidence"]["type"], 0);
    let slow = record("data", "Database", "AWS::RDS::DBInstance", 1595.0);
    project.write(".rekindle/ledger/sandbox/1.json", slow);
    let after = run();
    assert_eq!(seconds(&after), seconds(&before) + 1000.0);
    assert_eq!(after["confidence"]["type"], 1);
    let by_table = |document: &Value| document["confidence"]["table"].as_u64().unwrap();
    assert_eq!(by_table(&after), by_table(&before) - 1);
    let shown = project.run(&["estimate", "sandbox", "--rebuild"]).expect_code(0).stdout;
    assert!(shown.contains("1 record of its type"), "{shown}");
    for number in 2..5 {
        let quick = record("data", "Database", "AWS::RDS::DBInstance", 95.0);
        project.write(&format!(".rekindle/ledger/sandbox/{number}.json"), quick);
    }
    let database = run()["types"]
        .as_array()
        .unwrap()
        .iter()
        .find(|kind| kind["type"] == "AWS::RDS::DBInstance" && kind["operation"] == "create")
        .cloned()
        .unwrap();
    assert_eq!((&database["p50_seconds"], &database["samples"]), (&json!(95.0), &json!(4)));
}

#[test]
fn what_nobody_knows_is_listed_and_never_guessed_in_silence() {
    let template = r#"{"Resources": {"Thing": {"Type": "AWS::Brand::New",
        "Metadata": {"RekindleAccept": {"unknown-type": "published last week"}}}}}"#;
    let project = Project::of_one_unit("odd", "template.json", template);
    let shown = project.run(&["estimate", "demo", "--rebuild"]).expect_code(0).stdout;
    assert!(
        shown.contains("nothing: guessed") && shown.contains("Guessed types: AWS::Brand::New"),
        "{shown}"
    );
    let plan = project.run(&["plan", "demo"]).expect_code(0).stdout;
    assert!(plan.contains("guessed: 1 type, see `rekindle estimate`"), "{plan}");
    let document = project.run(&["estimate", "demo", "--rebuild", "--output", "json"]).expect_code(0).json();
    assert_eq!(document["unknown_types"], json!(["AWS::Brand::New"]));
}

#[test]
fn a_rebuild_keeps_what_a_teardown_keeps() {
    let project = Project::shipped();
    project.edit("rekindle.yaml", "  demo:\n", "  demo:\n    protection: standard\n");
    let document = project.run(&["estimate", "demo", "--rebuild", "--output", "json"]).expect_code(0).json();
    let units: Vec<&Value> = document["phases"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|phase| phase["units"].as_array().unwrap())
        .map(|unit| &unit["unit"])
        .collect();
    assert_eq!(units, ["maintenance", "web", "maintenance", "web"], "only these are stateless");
}

#[test]
fn a_plan_says_how_long_it_takes() {
    let project = Project::shipped();
    let shown = project.run(&["plan", "demo"]).expect_code(0).stdout;
    let line = shown.lines().last().unwrap();
    assert!(line.starts_with("Takes about 18m 04s, nine of ten runs within "), "{line}");
    let document = project.run(&["plan", "demo", "--output", "json"]).expect_code(0).json();
    assert_eq!(seconds(&document["estimate"]), 1084.0);
}

#[test]
fn the_embedded_engine_leaves_no_durations_behind() {
    let project = Project::shipped();
    project.run(&["deploy", "demo", "--yes", "-q"]).expect_code(0);
    let record: Value = serde_json::from_str(&project.read(".rekindle/ledger/demo/1.json")).unwrap();
    assert!(record.get("resources").is_none(), "virtual time is a prediction itself");
}

/// The pictures in `docs/images`, and what draws them.
const PICTURES: [(&str, &[&str]); 3] = [
    ("demo-rebuild.svg", &["estimate", "demo", "--rebuild", "--svg", "picture.svg"]),
    ("demo-deploy.svg", &["estimate", "demo", "--svg", "picture.svg"]),
    ("demo-graph.svg", &["graph", "demo", "--format", "svg"]),
];

#[test]
fn the_pictures_in_the_docs_are_what_the_tool_draws() {
    for (name, arguments) in PICTURES {
        let project = Project::shipped();
        let run = project.run(arguments).expect_code(0);
        let drawn = if arguments.contains(&"--svg") { project.read("picture.svg") } else { run.stdout };
        let file = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/images").join(name);
        let kept = std::fs::read_to_string(&file).unwrap_or_default();
        assert!(
            kept == drawn,
            "docs/images/{name} is not what the tool draws; make it again:\n  rekindle {} (to docs/images/{name})",
            arguments.join(" "),
        );
    }
}

#[test]
fn a_graph_names_every_unit_and_what_it_needs() {
    let project = Project::shipped();
    let dot = project.run(&["graph", "demo"]).expect_code(0).stdout;
    assert!(dot.contains("\"network\" -> \"web\";") && dot.ends_with("}\n"), "{dot}");
    let document = project.run(&["graph", "demo", "--output", "json"]).expect_code(0).json();
    let web = document["units"].as_array().unwrap().iter().find(|unit| unit["unit"] == "web").unwrap();
    assert_eq!(web["needs"], json!(["data", "keys", "messaging", "network", "registry", "storage"]));
    assert_eq!((&web["class"], &document["schema"]), (&json!("stateless"), &json!(1)));
}

#[test]
fn a_picture_that_cannot_be_written_is_named() {
    let project = Project::shipped();
    project.write("file", "");
    let run = project.run(&["estimate", "demo", "--rebuild", "--svg", "file/picture.svg"]).expect_code(1);
    assert!(
        run.stderr.contains("/file`") && run.stderr.contains("hint: a file is where a directory should be"),
        "{}",
        run.stderr
    );
    assert!(run.stdout.is_empty(), "an estimate that failed half-way is none");
    let run = project.run(&["estimate", "demo", "--rebuild", "--svg", "/"]).expect_code(1);
    insta::assert_snapshot!(run.stderr, @"
    error: could not write `/`
      caused by: is a directory
    hint: name a file: `--svg /estimate.svg`
    ");
    let run = project.run(&["graph", "demo", "--format", "svg", "--output", "json"]).expect_code(64);
    insta::assert_snapshot!(run.stderr, @"
    error: `--output json` and `--format svg` ask for two different outputs
    hint: leave one of the two away
    ");
}
