//! Whole projects in memory: what they assemble to, and what is refused.

use std::fmt::Write as _;

use proptest::prelude::*;
use serde_json::json;

use crate::manifest::Project;
use crate::manifest::fixture::{base, edited, published, published_where_possible, show, with};
use crate::model::{Binding, Diagnostics, ProjectFiles};
use crate::release::{Assembly, artifact_path, assemble, render_document, render_files};

const MANIFEST: &str = "rekindle.yaml";
const DATA: &str = "stacks/data.yaml";
const TEMPLATE: &str = "templates/data/1.2.0/template.yaml.tera";
const NETWORK: &str = "templates/network/1.0.0/template.yaml";

fn try_assemble(files: ProjectFiles, environment: &str) -> Result<Assembly, Diagnostics> {
    assemble(&Project::read(files)?, &environment.parse().unwrap())
}

fn assembled(files: ProjectFiles) -> Assembly {
    try_assemble(published(files), "demo").unwrap_or_else(|problems| panic!("{}", show(&problems)))
}

fn in_template(from: &str, to: &str) -> ProjectFiles {
    edited(base(), TEMPLATE, from, to)
}

fn in_data(from: &str, to: &str) -> ProjectFiles {
    edited(base(), DATA, from, to)
}

#[test]
fn a_project_assembles() {
    let assembly = assembled(base());
    let [data, network] = &assembly.units[..] else { panic!("two units") };
    assert_eq!(data.stack.as_str(), "fieldbook-demo-data");
    assert_eq!(
        data.template["Resources"]["Group"]["Properties"]["DBSubnetGroupDescription"],
        json!("16.9 small 604800")
    );
    assert_eq!(data.parameters["Port"], Binding::Literal("5432".to_owned()), "the default is sent");
    assert_eq!(data.parameters["SubnetIds"].to_string(), "!output network.PrivateSubnetIds");
    assert!(data.needs.contains(network.instance()));
    assert!(data.capabilities.is_empty());
    insta::assert_snapshot!(show(&assembly.warnings), @r"
    Warning[weaker-class]: `data` (data) needs `network` (stateless)
      --> stacks/data.yaml:5:14
        |   SubnetIds: !output network.PrivateSubnetIds
        |              ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
        = a teardown keeps `network` for its sake; give it the class `data` to say so
    ");
}

#[test]
fn what_render_writes_is_stable() {
    let assembly = assembled(base());
    let mut text = String::new();
    for (path, bytes) in render_files(&assembly) {
        let value: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
        let _ = writeln!(text, "## {path}\n\n{value:#}\n");
    }
    let document = render_document(&assembly, |instance| Some(artifact_path(instance)));
    let _ = writeln!(text, "## document\n\n{document:#}");
    insta::with_settings!({prepend_module_to_snapshot => false, omit_expression => true}, {
        insta::assert_snapshot!("rendered", text);
    });
}

#[test]
fn what_cannot_be_deployed_is_refused() {
    let cases = vec![
        ("missing parameter", in_data("  SubnetIds: !output network.PrivateSubnetIds", "  Port: 1")),
        ("unknown parameter", in_data("  SubnetIds:", "  SubnetId:")),
        ("unknown output", in_data("PrivateSubnetIds", "PrivatSubnetIds")),
        ("number that is none", in_data("parameters:", "parameters:\n  Port: many")),
        ("default that is not allowed", in_template("Default: 5432", "Default: 5432, AllowedValues: [1, 2]")),
        ("secret that would show", in_data("!output network.PrivateSubnetIds", "!secret db#ids")),
        (
            "secret in the source",
            edited(
                in_template("Default: 5432", "NoEcho: true"),
                DATA,
                "parameters:",
                "parameters:\n  Port: 1",
            ),
        ),
        (
            "look-up of the moment",
            in_template("{Type: String}", "{Type: 'AWS::SSM::Parameter::Value<String>'}"),
        ),
        ("unpinned reference", edited(base(), NETWORK, "10.0.0.0/16", "'{{resolve:ssm:/vpc/cidr}}'")),
        (
            "reserved output",
            edited(base(), NETWORK, "  PrivateSubnetIds:", "  Rekindle: {Value: x}\n  PrivateSubnetIds:"),
        ),
        ("reserved metadata", edited(base(), NETWORK, "Outputs:", "Metadata: {Rekindle: {}}\nOutputs:")),
        ("no resources", with(base(), NETWORK, "Outputs:\n  PrivateSubnetIds: {Value: x}\n")),
        (
            "transform",
            edited(base(), NETWORK, "Resources:", "Transform: AWS::Serverless-2016-10-31\nResources:"),
        ),
        ("undefined variable", in_template("inputs.size", "inputs.sise")),
        ("no template", edited(base(), DATA, "data@1.2.0", "empty@1.0.0")),
        ("borrowed draft", borrowed_draft()),
    ];
    let mut text = String::new();
    for (title, files) in cases {
        let files = match title {
            "no template" => with(files, "templates/empty/1.0.0/interface.yaml", INTERFACE),
            _ => files,
        };
        let problems = try_assemble(published_where_possible(files), "demo").expect_err(title);
        let _ = write!(text, "## {title}\n\n{}\n", show(&problems));
    }
    insta::with_settings!({prepend_module_to_snapshot => false, omit_expression => true}, {
        insta::assert_snapshot!("refused", text);
    });
}

const INTERFACE: &str = "inputs: {size: {type: string}, engine_version: {type: string}}\n";

/// A published template that includes a file of a version that is none.
fn borrowed_draft() -> ProjectFiles {
    let including = in_template(
        "Resources:",
        "Metadata: {Shared: '{% include \"shared/1.0.0/note.yaml.tera\" %}'}\nResources:",
    );
    let real = edited(including, MANIFEST, "local", "aws");
    let all = with(real, "templates/shared/1.0.0/note.yaml.tera", "a note");
    let lock = published(all.clone());
    let text = String::from_utf8(lock.get("rekindle.lock").unwrap().to_vec()).unwrap();
    let shared = text.find("  - provider: template\n    name: shared@").unwrap();
    with(all, "rekindle.lock", &text[..shared])
}

#[test]
fn identities_of_resources_need_a_capability() {
    let files = edited(
        base(),
        NETWORK,
        "Outputs:",
        "  Role: {Type: AWS::IAM::Role, Properties: {AssumeRolePolicyDocument: {}}}\nOutputs:",
    );
    let assembly = assembled(files);
    assert_eq!(json!(assembly.units[1].capabilities), json!(["CAPABILITY_NAMED_IAM"]));
}

#[test]
fn the_ids_change_with_what_they_are_made_of_and_with_nothing_else() {
    let before = assembled(base());
    let same_release = [
        edited(base(), MANIFEST, "size: small", "size: large"),
        edited(base(), MANIFEST, "region: eu-central-1", "region: eu-west-1"),
        edited(base(), MANIFEST, "    inputs:", "    tags: {stage: demo}\n    inputs:"),
    ];
    for files in same_release {
        let after = assembled(files);
        assert_eq!(after.release, before.release);
        assert_ne!(after.deployment, before.deployment);
    }
    let other_release = [
        in_data("16.9", "16.10"),
        in_template("5432", "5433"),
        edited(base(), MANIFEST, "platform", "data"),
        edited(base(), MANIFEST, "project: fieldbook", "project: notebook"),
        with(base(), "templates/new/1.0.0/template.yaml", "{}"),
    ];
    for files in other_release {
        let after = assembled(files);
        assert_ne!(after.release, before.release);
        assert_ne!(after.deployment, before.deployment);
    }
    let other_environment = edited(
        base(),
        MANIFEST,
        "environments:",
        "environments:\n  more: {targets: {primary: {provider: local, account: \"000000000000\", region: eu-west-1}}, inputs: {size: large}}",
    );
    for same in
        [other_environment, with(base(), "README.md", "hello"), with(base(), "templates/README.md", "")]
    {
        let after = assembled(same);
        assert_eq!((after.release, after.deployment), (before.release, before.deployment));
    }
    let draft = try_assemble(base(), "demo").unwrap();
    assert_eq!(
        (draft.release, draft.deployment),
        (before.release, before.deployment),
        "publishing changes nothing"
    );
}

const TWO_PLACES: &str = "project: fieldbook
environments:
  account:
    targets: {primary: {provider: local, account: \"000000000000\", region: eu-central-1}}
  staging:
    targets: {primary: {provider: local, account: \"000000000000\", region: eu-central-1}}
    inputs: {size: small}
    uses: {account: [network]}
  production:
    extends: staging
    targets:
      primary: {provider: local, account: \"000000000000\", region: eu-central-1}
      recovery: {provider: aws, account: \"000000000000\", region: eu-west-1, service_role: 'arn:aws:iam::000000000000:role/deploy'}
    units: {data: {inputs: {size: large}}}
";

fn two_places() -> ProjectFiles {
    let unit = "template: data@1.2.0
class: data
environments: [staging]
targets: [primary, recovery]
inputs: {engine_version: \"16.9\"}
overrides: {recovery: {inputs: {engine_version: \"17.1\"}}}
parameters: {SubnetIds: !output network@primary.PrivateSubnetIds}
";
    let network = "template: network@1.0.0\nclass: permanent\nenvironments: [account]\n";
    let files = with(with(with(base(), MANIFEST, TWO_PLACES), DATA, unit), "stacks/network.yaml", network);
    edited(
        files,
        MANIFEST,
        "inputs: {size: small}",
        "inputs: {size: small}\n    units: {data: {targets: [primary]}}",
    )
}

#[test]
fn a_unit_stands_at_two_targets_and_refers_to_another_environment() {
    let files = published(two_places());
    let staging =
        try_assemble(files.clone(), "staging").unwrap_or_else(|problems| panic!("{}", show(&problems)));
    assert_eq!(staging.units.len(), 1);
    let production =
        try_assemble(files, "production").unwrap_or_else(|problems| panic!("{}", show(&problems)));
    let [primary, recovery] = &production.units[..] else { panic!("two instances") };
    assert_eq!(primary.instance().to_string(), "data");
    assert_eq!(recovery.instance().to_string(), "data@recovery");
    let description = |unit: &crate::model::DesiredUnit| {
        unit.template["Resources"]["Group"]["Properties"]["DBSubnetGroupDescription"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    assert_eq!(description(primary), "16.9 large 604800");
    assert_eq!(description(recovery), "17.1 large 604800");
    assert_eq!(recovery.parameters["SubnetIds"].to_string(), "!output account/network.PrivateSubnetIds");
    assert!(recovery.needs.is_empty(), "another environment's units are never planned here");
    assert_eq!(recovery.service_role.as_deref(), Some("arn:aws:iam::000000000000:role/deploy"));
    assert_eq!(production.release, staging.release);
    assert_eq!(production.environment.protection.as_str(), "standard", "one real target makes it real");
}

#[test]
fn an_output_of_another_environment_must_exist_too() {
    let files = edited(two_places(), DATA, "network@primary.PrivateSubnetIds", "network@primary.SubnetIds");
    let problems = try_assemble(published(files), "staging").unwrap_err();
    assert_eq!(problems.0[0].message, "the unit `network` has no output `SubnetIds`");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// The strongest layer that gives a value wins, whatever the others say.
    #[test]
    fn the_strongest_layer_wins(layers in proptest::collection::vec(any::<bool>(), 6)) {
        let value = |layer: usize| format!("layer-{layer}");
        let given = |layer: usize| if layers[layer] { format!("{{name: {}}}", value(layer)) } else { "{}".to_owned() };
        let manifest = format!(
            "project: p\ndefaults: {{inputs: {}}}\nenvironments:\n  base:\n    targets: {TARGET}\n    inputs: {}\n  demo:\n    extends: base\n    targets: {TARGET}\n    inputs: {}\n    units: {{one: {{inputs: {}}}}}\n",
            given(0), given(1), given(2), given(4),
        );
        let unit = format!("template: t@1.0.0\nclass: data\ninputs: {}\noverrides: {{primary: {{inputs: {}}}}}\n", given(3), given(5));
        let files = crate::manifest::fixture::project(&[
            (MANIFEST, &manifest),
            ("stacks/one.yaml", &unit),
            ("templates/t/1.0.0/interface.yaml", "inputs: {name: {type: slug, default: none}}"),
            ("templates/t/1.0.0/template.yaml.tera", "Resources: {A: {Type: '{{ inputs.name }}'}}"),
        ]);
        let expected = (0..6).rev().find(|layer| layers[*layer]).map_or("none".to_owned(), value);
        let assembly = try_assemble(files, "demo").unwrap();
        prop_assert_eq!(&assembly.units[0].template["Resources"]["A"]["Type"], &json!(expected));
    }
}

const TARGET: &str = "{primary: {provider: local, account: \"000000000000\", region: eu-central-1}}";

/// Files with a lock that also has this fact.
fn locked(files: ProjectFiles, name: &str, scope: &str, value: &str) -> ProjectFiles {
    let files = published(files);
    let lock = String::from_utf8(files.get("rekindle.lock").unwrap().to_vec()).unwrap();
    let fact = format!("  - provider: ssm\n    name: {name}\n    scope: {scope}\n    value: {value}\n");
    with(files, "rekindle.lock", format!("{lock}{fact}"))
}

#[test]
fn entries_of_parameter_store_are_pinned_to_the_lock() {
    let stored = "{Type: 'AWS::SSM::Parameter::Value<List<AWS::EC2::Subnet::Id>>', AllowedPattern: '/net.*'}";
    let files = edited(
        in_template("{Type: String}", stored),
        DATA,
        "!output network.PrivateSubnetIds",
        "/network/subnets",
    );
    let ids = "subnet-a123baa3,subnet-a123baa4";
    let assembly =
        try_assemble(locked(files.clone(), "/network/subnets", "000000000000/eu-central-1", ids), "demo")
            .unwrap_or_else(|problems| panic!("{}", show(&problems)));
    let unit = &assembly.units[0];
    assert_eq!(unit.parameters["SubnetIds"], Binding::Literal(ids.to_owned()));
    assert_eq!(unit.template["Parameters"]["SubnetIds"], json!({"Type": "List<AWS::EC2::Subnet::Id>"}));
    for (title, files) in [
        ("elsewhere", locked(files.clone(), "/network/subnets", "eu-west-1", ids)),
        ("no id", locked(files, "/network/subnets", "global", "subnet-1")),
    ] {
        let problems = try_assemble(files, "demo").expect_err(title);
        insta::with_settings!({prepend_module_to_snapshot => false, omit_expression => true}, {
            insta::assert_snapshot!(format!("stored {title}"), show(&problems));
        });
    }
}

const LOOPED: &str = "Transform: AWS::LanguageExtensions
Parameters:
  Stage: {Type: String, Default: test}
Rules:
  Tested:
    Assertions:
      - {Assert: {Fn::Equals: [{Ref: Stage}, test]}, AssertDescription: only for tests}
Resources:
  Fn::ForEach::Topics:
    - Name
    - [a, b]
    - Topic${Name}: {Type: AWS::SNS::Topic}
Outputs:
  PrivateSubnetIds: {Value: !Ref Topica}
";

#[test]
fn language_extensions_need_no_consent_and_are_checked() {
    let looped = |from: &str, to: &str| with(base(), NETWORK, LOOPED.replacen(from, to, 1));
    let assembly = assembled(looped("", ""));
    assert_eq!(json!(assembly.units[1].capabilities), json!(["CAPABILITY_AUTO_EXPAND"]));
    assert!(assembly.units[1].template["Resources"].get("Fn::ForEach::Topics").is_some(), "as it is written");
    let mut text = String::new();
    for (title, files) in [
        ("same key", looped("Topic${Name}", "Topic")),
        ("bad collection", looped("[a, b]", "a")),
        ("rule", looped("Default: test", "Default: real")),
        ("bad rule", looped("Fn::Equals", "Fn::If")),
        (
            "macro at a local target",
            edited(
                looped("AWS::LanguageExtensions", "[Own]"),
                "stacks/network.yaml",
                "class",
                "transforms: [Own]\nclass",
            ),
        ),
    ] {
        let problems = try_assemble(published(files), "demo").expect_err(title);
        let _ = write!(text, "## {title}\n\n{}\n", show(&problems));
    }
    insta::with_settings!({prepend_module_to_snapshot => false, omit_expression => true}, {
        insta::assert_snapshot!("language", text);
    });
}

#[test]
fn an_accepted_macro_is_acknowledged_at_real_targets() {
    let files = edited(base(), MANIFEST, "provider: local", "provider: aws");
    let files =
        with(files, NETWORK, LOOPED.replacen("AWS::LanguageExtensions", "[AWS::LanguageExtensions, Own]", 1));
    let problems = try_assemble(published(files.clone()), "demo").unwrap_err();
    assert_eq!(problems.0[0].code, "unaccepted-macro");
    let files = edited(files, "stacks/network.yaml", "class", "transforms: [Own]\nclass");
    let assembly = assembled(files);
    assert_eq!(json!(assembly.units[1].capabilities), json!(["CAPABILITY_AUTO_EXPAND"]));
}
