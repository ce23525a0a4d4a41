//! The project that ships in the repository: a newcomer's first one, and a user's model.
// Files for the linter are written here; the lint is for the library.
#![allow(clippy::disallowed_methods)]

use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::Path;
use std::process::Command;

use rekindle::model::DesiredUnit;
use rekindle::release::{Assembly, render_files};
use serde_json::Value;

use crate::support::shipped::{assembled, files, varied};

/// What ministack 1.5.33 rejects; counted by creating a stack of each.
const UNKNOWN_TO_THE_EMULATOR: [&str; 11] = [
    "AWS::EC2::EIP",
    "AWS::EC2::FlowLog",
    "AWS::EC2::Instance",
    "AWS::EC2::NatGateway",
    "AWS::EC2::NetworkAcl",
    "AWS::EC2::NetworkInterface",
    "AWS::EC2::PrefixList",
    "AWS::EC2::SecurityGroupIngress",
    "AWS::EC2::Volume",
    "AWS::WAFv2::IPSet",
    "AWS::WAFv2::WebACLAssociation",
];

/// A variation of the manifest: `demo` keeps its data.
const KEPT: (&str, &str) = ("  demo:\n", "  demo:\n    protection: standard\n");

#[test]
fn demo_is_a_graph_of_nine_units() {
    insta::assert_snapshot!(graph(&assembled(files(), "demo")), @"
    data (data, 9 resources) <- keys <- messaging <- network
    flow-logs (data, 3 resources) <- keys <- network
    keys (permanent, 6 resources)
    maintenance (stateless, 1 resources) <- registry
    messaging (data, 16 resources) <- keys
    network (data, 40 resources)
    registry (permanent, 2 resources) <- keys
    storage (data, 4 resources) <- keys
    web (stateless, 15 resources) <- data <- keys <- messaging <- network <- registry <- storage
    ");
}

#[test]
fn sandbox_is_demo_without_what_the_emulator_does_not_know() {
    let sandbox = assembled(files(), "sandbox");
    insta::assert_snapshot!(graph(&sandbox), @"
    data (data, 9 resources) <- keys <- messaging <- network
    keys (permanent, 6 resources)
    maintenance (stateless, 1 resources) <- registry
    messaging (data, 14 resources) <- keys
    network (data, 31 resources)
    registry (permanent, 2 resources) <- keys
    storage (data, 4 resources) <- keys
    web (stateless, 15 resources) <- data <- keys <- messaging <- network <- registry <- storage
    ");
    for unit in &sandbox.units {
        let unknown: Vec<_> =
            types(unit).into_iter().filter(|kind| UNKNOWN_TO_THE_EMULATOR.contains(kind)).collect();
        assert!(unknown.is_empty(), "{}: {unknown:?}", unit.instance());
        let alarms = resources(unit, "AWS::CloudWatch::Alarm");
        assert!(
            alarms.iter().all(|alarm| alarm["Properties"].get("Metrics").is_none()),
            "{}",
            unit.instance()
        );
    }
}

#[test]
fn nothing_in_it_is_worth_a_warning() {
    for environment in ["demo", "sandbox"] {
        let warnings = assembled(files(), environment).warnings;
        assert!(warnings.0.is_empty(), "{environment}: {warnings:#?}");
    }
}

#[test]
fn every_template_can_be_sent_without_a_bucket() {
    for unit in assembled(files(), "demo").units {
        let length = unit.template.to_string().len();
        assert!(length < 50_000, "{}: {length} bytes", unit.instance());
    }
}

#[test]
fn each_zone_has_its_own_subnets() {
    for zones in 2..=4 {
        let input = format!("nat: per-zone\n      zones: {zones}");
        let demo = assembled(varied(&[("nat: per-zone", &input)]), "demo");
        let network = unit(&demo, "network");
        let subnets = resources(network, "AWS::EC2::Subnet");
        let addresses: BTreeSet<String> =
            subnets.iter().map(|subnet| subnet["Properties"]["CidrBlock"].to_string()).collect();
        assert_eq!(addresses.len(), 3 * zones);
        assert_eq!(resources(network, "AWS::EC2::NatGateway").len(), zones);
    }
}

#[test]
fn only_a_disposable_environment_deletes_data_with_its_stacks() {
    for (files, expected) in [(files(), "Delete"), (varied(&[KEPT]), "Snapshot")] {
        let demo = assembled(files, "demo");
        let database = &unit(&demo, "data").template["Resources"]["Database"];
        assert_eq!(database["DeletionPolicy"], expected);
        assert_eq!(database["Properties"]["DeletionProtection"], expected == "Snapshot");
    }
}

#[test]
fn the_linter_finds_nothing() {
    let email = ("nat: per-zone", "nat: single\n      email: alarms@fieldbook.example");
    let large = [KEPT, ("size: small", "size: large"), email];
    lint(&[
        ("demo", assembled(files(), "demo")),
        ("sandbox", assembled(files(), "sandbox")),
        ("large", assembled(varied(&large), "demo")),
    ]);
}

/// Runs cfn-lint once over all of them, with its informational rules too.
fn lint(assemblies: &[(&str, Assembly)]) {
    let program = Path::new(env!("CARGO_MANIFEST_DIR")).join(".venv/bin/cfn-lint");
    assert!(program.is_file(), "cfn-lint is not installed: run `scripts/install-test-tools`");
    let folder = tempfile::tempdir().unwrap();
    let mut command = Command::new(program);
    command.args(["--include-checks", "I", "--regions", "eu-central-1", "--"]);
    for (name, assembly) in assemblies {
        for (path, bytes) in render_files(assembly).into_iter().filter(|(path, _)| path != "inputs.json") {
            let path = folder.path().join(name).join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(&path, bytes).unwrap();
            command.arg(path);
        }
    }
    let output = command.output().unwrap();
    let found = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && found.trim().is_empty(), "{found}");
}

fn graph(assembly: &Assembly) -> String {
    let mut text = String::new();
    for unit in &assembly.units {
        let count = unit.template["Resources"].as_object().unwrap().len();
        let needs: Vec<String> = unit.needs.iter().map(|need| format!(" <- {need}")).collect();
        writeln!(text, "{} ({}, {count} resources){}", unit.instance(), unit.class, needs.concat()).unwrap();
    }
    text
}

fn unit<'a>(assembly: &'a Assembly, name: &str) -> &'a DesiredUnit {
    assembly.units.iter().find(|unit| unit.instance().unit.as_str() == name).unwrap()
}

fn resources<'a>(unit: &'a DesiredUnit, kind: &str) -> Vec<&'a Value> {
    let all = unit.template["Resources"].as_object().unwrap().values();
    all.filter(|resource| resource["Type"] == kind).collect()
}

fn types(unit: &DesiredUnit) -> BTreeSet<&str> {
    let all = unit.template["Resources"].as_object().unwrap().values();
    all.map(|resource| resource["Type"].as_str().unwrap()).collect()
}
