//! Whole projects in memory: what is refused and how, and what an environment resolves to.

use std::fmt::Write as _;

use serde_json::json;

use crate::manifest::fixture::{base, edited, published, published_where_possible, show, with};
use crate::manifest::lock::{TemplateDigests, update};
use crate::manifest::{Lock, Project, ResolvedEnvironment};
use crate::model::files::LOCK_FILE;
use crate::model::{Binding, Diagnostics, ProjectFiles, Protection};

const MANIFEST: &str = "rekindle.yaml";
const DATA: &str = "stacks/data.yaml";
const INTERFACE: &str = "templates/data/1.2.0/interface.yaml";

fn resolve(files: ProjectFiles, environment: &str) -> Result<ResolvedEnvironment, Diagnostics> {
    Project::read(files)?.resolve(&environment.parse().unwrap())
}

/// What `resolve` says of a project whose every environment is looked at.
fn complaint(files: ProjectFiles) -> String {
    let project = match Project::read(files) {
        Ok(project) => project,
        Err(problems) => return show(&problems),
    };
    let mut text = show(&project.warnings);
    for name in project.manifest.environments.keys() {
        match project.resolve(name) {
            Ok(resolved) => text.push_str(&show(&resolved.warnings)),
            Err(problems) => text.push_str(&show(&problems)),
        }
    }
    text
}

fn snapshot(name: &str, cases: Vec<(&str, ProjectFiles)>) {
    let mut text = String::new();
    for (title, files) in cases {
        let complaint = complaint(published_where_possible(files));
        assert!(!complaint.is_empty(), "`{title}` was accepted");
        let _ = write!(text, "## {title}\n\n{complaint}\n");
    }
    insta::with_settings!({prepend_module_to_snapshot => false, omit_expression => true}, {
        insta::assert_snapshot!(name, text);
    });
}

fn in_manifest(from: &str, to: &str) -> ProjectFiles {
    edited(base(), MANIFEST, from, to)
}

fn in_data(from: &str, to: &str) -> ProjectFiles {
    edited(base(), DATA, from, to)
}

#[test]
fn text_that_is_no_good_yaml_is_refused() {
    snapshot(
        "bad_text",
        vec![
            ("missing manifest", ProjectFiles::default()),
            ("empty", with(base(), MANIFEST, "")),
            ("comments only", with(base(), MANIFEST, "# nothing\n")),
            ("not YAML", in_manifest("project: fieldbook", "project: [fieldbook")),
            ("tab", in_manifest("    inputs", "\tinputs")),
            ("a list", with(base(), MANIFEST, "- a\n")),
            ("a word", with(base(), MANIFEST, "fieldbook\n")),
            ("not UTF-8", with(base(), MANIFEST, b"project: field\xffbook\n")),
            ("byte order mark", with(base(), MANIFEST, "\u{feff}project: fieldbook\n")),
            ("Windows line ends", with(base(), MANIFEST, "project: fieldbook\r\n")),
            ("two documents", with(base(), DATA, "class: data\n---\nclass: data\n")),
            ("anchor", in_manifest("{size: small}", "&shared {size: small}")),
            ("alias", in_manifest("{size: small}", "*shared")),
            ("merge key", in_manifest("inputs: {", "inputs: {<<: {a: b}, ")),
            ("duplicate key", in_data("class: data", "class: data\nclass: stateless")),
            ("a key that is a list", in_data("class: data", "[class]: data")),
            ("too deep", with(base(), DATA, format!("{}{}", "[".repeat(60), "]".repeat(60)))),
        ],
    );
}

#[test]
fn wrong_manifests_are_refused() {
    snapshot(
        "bad_manifest",
        vec![
            ("unknown key", in_manifest("    inputs:", "    inptus:")),
            ("unknown key without a likely meaning", in_manifest("    inputs:", "    zebra:")),
            ("missing keys", with(base(), MANIFEST, "defaults: {}\n")),
            ("bad project name", in_manifest("fieldbook", "Field Book")),
            ("bad environment name", in_manifest("  demo:", "  Demo_1:")),
            ("no primary target", in_manifest("primary:", "main:")),
            ("account without quotes", in_manifest("\"000000000000\"", "111122223333")),
            ("account with leading zeros", in_manifest("\"000000000000\"", "000000000000")),
            ("bad region", in_manifest("eu-central-1", "frankfurt")),
            ("bad provider", in_manifest("local", "locl")),
            (
                "several at once",
                in_manifest("provider: local, account: \"000000000000\"", "provider: gcp, account: \"12\""),
            ),
            ("bad bucket", in_manifest("region: eu-central-1", "region: eu-central-1, artifacts: my-bucket")),
            ("bad role", in_manifest("region: eu-central-1", "region: eu-central-1, role: admin")),
            ("ledger", in_manifest("    inputs", "    ledger: s3://releases\n    inputs")),
            ("unknown base", in_manifest("    inputs", "    extends: demos\n    inputs")),
            ("extends itself", in_manifest("    inputs", "    extends: demo\n    inputs")),
            ("uses itself", in_manifest("    inputs", "    uses: {demo: [network]}\n    inputs")),
            (
                "uses an unknown environment",
                in_manifest("    inputs", "    uses: {account: [network]}\n    inputs"),
            ),
            ("unknown input", in_manifest("{size:", "{sise:")),
            (
                "override of an unknown unit",
                in_manifest("    inputs", "    units: {dta: {inputs: {}}}\n    inputs"),
            ),
            ("tag of a commit", in_manifest("team: platform", "commit: f149865")),
            ("tag of a time", in_manifest("team: platform", "at: 2026-11-23T10:00:00Z")),
            ("reserved tag", in_manifest("team:", "'rekindle:team':")),
            ("number as a tag", in_manifest("platform", "7")),
            ("unclear tag", in_manifest("platform", "No")),
            ("bad protection", in_manifest("    inputs", "    protection: high\n    inputs")),
        ],
    );
}

/// An image with files to fetch of which each is wrong.
const FETCHES: &str = "\
kind: image
template: network@1.0.0
fetch:
  - {url: \"ftp://files.example/a\", sha256: 12, to: ../a, mode: \"0600\"}
  - {url: \"https://me:secret@files.example/a\", sha256: abc, to: /a}
  - {url: \"https://files.example/a\"}
";

#[test]
fn wrong_units_are_refused() {
    let network = "stacks/network.yaml";
    snapshot(
        "bad_unit",
        vec![
            ("unknown key", in_data("inputs:", "inptus:")),
            ("missing keys", with(base(), DATA, "targets: [primary]\n")),
            ("extension", with(base(), "stacks/other.yml", "")),
            ("folder", with(base(), "stacks/more/other.yaml", "")),
            ("bad name", with(base(), "stacks/Other_1.yaml", "")),
            ("version that is not exact", in_data("1.2.0", "1.2")),
            ("unknown version", in_data("1.2.0", "1.3.0")),
            ("unknown template", in_data("data@1.2.0", "dta@1.2.0")),
            ("unknown environment", in_data("class: data", "class: data\nenvironments: [production]")),
            ("unknown target", in_data("class: data", "class: data\ntargets: [recovery]")),
            ("same target twice", in_data("class: data", "class: data\ntargets: [primary, primary]")),
            ("no target", in_data("class: data", "class: data\ntargets: []")),
            (
                "override for an unknown target",
                in_data("class: data", "class: data\noverrides: {recovery: {}}"),
            ),
            ("bad class", in_data("class: data", "class: persistent")),
            ("image", in_data("class: data", "class: data\nkind: image")),
            ("files to fetch", with(base(), "stacks/page.yaml", FETCHES)),
            ("adoption", in_data("class: data", "class: data\nstack: old\nwas: [older]")),
            ("checks", in_data("class: data", "class: data\nchecks: [alive]")),
            ("bad capability", in_data("class: data", "class: data\ncapabilities: [IAM]")),
            ("bad time-out", in_data("class: data", "class: data\ntimeout_minutes: 0")),
            ("policy as text", in_data("class: data", "class: data\nstack_policy: '{}'")),
            ("unknown output's unit", in_data("network.Private", "netwrk.Private")),
            ("output without a name", in_data("network.PrivateSubnetIds", "network")),
            ("output at an unknown target", in_data("network.", "network@recovery.")),
            ("self reference", in_data("network.PrivateSubnetIds", "data.Arn")),
            ("cycle", with(base(), network, "template: network@1.0.0\nclass: stateless\nafter: [data]\n")),
            (
                "unit of another environment",
                edited(
                    with(
                        base(),
                        network,
                        "template: network@1.0.0\nclass: stateless\nenvironments: [other]\n",
                    ),
                    MANIFEST,
                    "  demo:",
                    "  other: {targets: {primary: {provider: local, account: \"000000000000\", region: eu-west-1}}, inputs: {size: small}}\n  demo:",
                ),
            ),
            ("unknown tag", in_data("!output", "!outptu")),
            ("function", in_data("!output network.PrivateSubnetIds", "!Ref Vpc")),
            ("reserved tag", in_data("!output network.PrivateSubnetIds", "!restore {from: latest}")),
            ("image reference", in_data("!output network.PrivateSubnetIds", "!image web")),
            ("bad secret", in_data("!output network.PrivateSubnetIds", "!secret db#pass#word")),
            (
                "reference in a list",
                in_data("!output network.PrivateSubnetIds", "[a, !output network.PrivateSubnetIds]"),
            ),
            ("comma in a list", in_data("!output network.PrivateSubnetIds", "[\"a,b\"]")),
            ("parameter without a value", in_data(" !output network.PrivateSubnetIds", "")),
            ("parameter that is unclear", in_data("!output network.PrivateSubnetIds", "16.10")),
            ("reference as an input", in_data("\"16.9\"", "!output network.Version")),
        ],
    );
}

#[test]
fn wrong_inputs_are_refused() {
    let typed = |declaration: &str, value: &str| {
        edited(
            edited(base(), INTERFACE, "inputs:\n", &format!("inputs:\n  x: {declaration}\n")),
            DATA,
            "inputs: {",
            &format!("inputs: {{x: {value}, "),
        )
    };
    snapshot(
        "bad_input",
        vec![
            ("missing", in_manifest("    inputs: {size: small}\n", "")),
            ("unknown", in_data("engine_version", "engine_versoin")),
            ("number for a text", in_data("\"16.9\"", "16")),
            ("pattern", in_data("\"16.9\"", "\"16.9-beta\"")),
            ("enum", in_manifest("size: small", "size: smal")),
            ("integer", typed("{type: integer, minimum: 1, maximum: 3}", "4")),
            ("text for an integer", typed("{type: integer}", "\"4\"")),
            ("boolean", typed("{type: boolean}", "yes")),
            ("cidr", typed("{type: cidr}", "10.0.0.0")),
            ("cidr of a host", typed("{type: cidr}", "10.0.0.1/16")),
            ("arn", typed("{type: arn}", "arn:aws:s3")),
            ("digest", typed("{type: digest}", "sha256:12")),
            ("slug", typed("{type: slug}", "A b")),
            ("duration", typed("{type: duration}", "7")),
            ("duration of an unknown unit", typed("{type: duration}", "7y")),
            ("list", typed("{type: list, items: cidr}", "[10.0.0.0/16, 10]")),
            ("no list", typed("{type: list}", "a")),
            ("map", typed("{type: map, items: {type: integer, minimum: 0}}", "{a: 1, b: -1}")),
            ("default of the wrong type", typed("{type: boolean, default: 1}", "true")),
            ("unknown type", typed("{type: text}", "a")),
            ("no type", typed("{default: a}", "a")),
            ("key of another type", typed("{type: boolean, pattern: a}", "true")),
            ("bad pattern", typed("{type: string, pattern: '('}", "a")),
            ("enum without values", typed("{type: enum, values: []}", "a")),
            ("bounds the wrong way round", typed("{type: integer, minimum: 2, maximum: 1}", "1")),
            ("list of enum without values", typed("{type: list, items: enum}", "[a]")),
            ("name that no template can say", edited(base(), INTERFACE, "size:", "si-ze:")),
            ("unknown key of the interface", with(base(), INTERFACE, "kind: stack\ninput: {}\n")),
            ("image template", edited(base(), INTERFACE, "inputs:", "kind: image\ninputs:")),
        ],
    );
}

#[test]
fn a_lock_that_does_not_fit_is_refused() {
    let locked = || published(base());
    snapshot(
        "bad_lock",
        vec![
            ("changed", edited(locked(), "templates/data/1.2.0/template.yaml.tera", "5432", "5433")),
            ("added", with(locked(), "templates/network/1.0.0/more.yaml", "")),
            ("newer", edited(locked(), LOCK_FILE, "format: 1", "format: 2")),
            ("damaged", edited(locked(), LOCK_FILE, "interface.yaml: sha256:", "interface.yml: sha256:")),
            ("not YAML", with(locked(), LOCK_FILE, "<<<<<<< HEAD\nformat: 1\n")),
            ("bad scope", edited(locked(), LOCK_FILE, "scope: global", "scope: europe")),
            ("vanished and used", without(locked(), "templates/data/1.2.0/")),
            (
                "vanished",
                without(published(with(base(), "templates/old/1.0.0/template.yaml", "{}")), "templates/old/"),
            ),
            ("bad version", with(base(), "templates/data/latest/template.yaml", "{}")),
            (
                "draft on a real target",
                with(edited(base(), MANIFEST, "local", "aws"), LOCK_FILE, "format: 1\nfacts: []\n"),
            ),
            ("draft on a local target", with(base(), LOCK_FILE, "format: 1\nfacts: []\n")),
        ],
    );
}

fn without(mut files: ProjectFiles, prefix: &str) -> ProjectFiles {
    files.0.retain(|path, _| !path.starts_with(prefix));
    files
}

#[test]
fn an_environment_resolves() {
    let resolved = resolve(published(base()), "demo").unwrap();
    assert_eq!(resolved.warnings, Diagnostics::default());
    assert_eq!(resolved.environment.protection, Protection::Disposable);
    let [data, network] = &resolved.units[..] else { panic!("two units") };
    assert_eq!(json!(data.inputs), json!({"size": "small", "engine_version": "16.9", "retention": 604_800}));
    let Binding::Output(output) = &data.parameters["SubnetIds"].binding else { panic!("an output") };
    assert_eq!(output.to_string(), "network.PrivateSubnetIds");
    assert_eq!(data.needs.keys().collect::<Vec<_>>(), [&network.instance]);
    assert_eq!(data.settings.tags["team"], "platform");
}

#[test]
fn the_lock_survives_a_second_run_unchanged() {
    let once = published(base());
    let twice = published(once.clone());
    assert_eq!(once, twice);
    let lock = Lock::read(once.get(LOCK_FILE).unwrap()).unwrap();
    assert!(lock.template(&"data@1.2.0".parse().unwrap()).is_some());
}

#[test]
fn an_update_forgets_what_is_gone() {
    let files = published(with(base(), "templates/old/1.0.0/template.yaml", "{}"));
    let project = Project::read(without(files, "templates/old/")).unwrap();
    let run = |refresh| {
        let future = update(&project, &[&TemplateDigests], refresh);
        futures_util::FutureExt::now_or_never(future).unwrap().unwrap()
    };
    assert_eq!(
        run(false).changes[0].to_string(),
        "unused template old@1.0.0 (forgotten by `rekindle lock --update`)"
    );
    assert_eq!(run(false).lock, project.lock);
    assert_eq!(run(true).changes[0].to_string(), "removed template old@1.0.0");
    assert_eq!(run(true).lock.facts.len(), 2);
}
