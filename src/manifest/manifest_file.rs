//! `rekindle.yaml`: the project's name, defaults and environments.

use std::collections::BTreeMap;
use std::str::FromStr;

use crate::manifest::decode::Decoder;
use crate::manifest::reference::{Parameter, not_yet};
use crate::manifest::source::{Located, Position};
use crate::manifest::tags::tags;
use crate::manifest::unit_file::{inputs, parameters};
use crate::manifest::yaml::Node;
use crate::model::environment::Target;
use crate::model::{EnvironmentName, ProjectName, Protection, ProviderKind, TargetName, UnitName};

/// Values of inputs by name, not yet checked against an interface.
pub type Inputs = BTreeMap<String, Input>;

/// One given input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Input {
    /// Where its name was written.
    pub key: Position,
    /// Its value.
    pub node: Node,
}

/// The file, decoded.
#[derive(Clone, Debug)]
pub struct ManifestFile {
    /// The project's name.
    pub project: ProjectName,
    /// Weakest inputs of every environment.
    pub inputs: Inputs,
    /// Tags of every stack.
    pub tags: BTreeMap<String, String>,
    /// The environments.
    pub environments: BTreeMap<EnvironmentName, EnvironmentDeclaration>,
}

/// One environment as it was declared: inheritance is not yet applied.
#[derive(Clone, Debug)]
pub struct EnvironmentDeclaration {
    /// Where its name was written.
    pub position: Position,
    /// Whose inputs, tags and units it inherits.
    pub extends: Option<Located<EnvironmentName>>,
    /// Its places.
    pub targets: BTreeMap<TargetName, Target>,
    /// What it takes to tear it down, where that was said.
    pub protection: Option<Protection>,
    /// Units of other environments that may be referred to.
    pub uses: BTreeMap<EnvironmentName, Uses>,
    /// Its inputs.
    pub inputs: Inputs,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
    /// What it changes of single units.
    pub units: BTreeMap<UnitName, UnitOverride>,
}

/// Units of another environment that may be referred to.
#[derive(Clone, Debug)]
pub struct Uses {
    /// Where the other environment's name was written.
    pub position: Position,
    /// The units.
    pub units: Vec<Located<UnitName>>,
}

/// What an environment changes of a unit.
#[derive(Clone, Debug)]
pub struct UnitOverride {
    /// Where the unit's name was written.
    pub position: Position,
    /// Its inputs here.
    pub inputs: Inputs,
    /// Its parameters here.
    pub parameters: BTreeMap<String, Parameter>,
    /// Where it stands here.
    pub targets: Option<Vec<Located<TargetName>>>,
    /// Whether its stack refuses deletion here.
    pub termination_protection: Option<bool>,
}

/// Decodes the document. `None` where the problems leave nothing to go on with.
pub fn decode(decoder: &mut Decoder, root: &Node) -> Option<ManifestFile> {
    let fields = decoder.fields(root, "the manifest", &["project", "defaults", "environments"]);
    let project = fields.required(decoder, "project").and_then(|node| decoder.parsed(node));
    let (mut default_inputs, mut default_tags) = (Inputs::new(), BTreeMap::new());
    if let Some(node) = fields.get("defaults") {
        let defaults = decoder.fields(node, "`defaults`", &["inputs", "tags"]);
        default_inputs = defaults.get("inputs").map(|node| inputs(decoder, node)).unwrap_or_default();
        default_tags = defaults.get("tags").map(|node| tags(decoder, node)).unwrap_or_default();
    }
    let mut environments = BTreeMap::new();
    if let Some(node) = fields.required(decoder, "environments") {
        for (name, node) in decoder.named::<EnvironmentName>(node) {
            environments.insert(name.value, environment(decoder, name.position, node));
        }
    }
    Some(ManifestFile { project: project?.value, inputs: default_inputs, tags: default_tags, environments })
}

fn environment(decoder: &mut Decoder, position: Position, node: &Node) -> EnvironmentDeclaration {
    const KEYS: [&str; 8] = ["extends", "targets", "ledger", "protection", "uses", "inputs", "tags", "units"];
    let fields = decoder.fields(node, "the environment", &KEYS);
    if let Some(node) = fields.get("ledger") {
        decoder.problems.push(not_yet(node.position.clone(), "ledger"));
    }
    let protections = [Protection::Disposable, Protection::Standard, Protection::Production]
        .map(|protection| (protection.as_str(), protection));
    let mut targets = BTreeMap::new();
    if let Some(node) = fields.required(decoder, "targets") {
        for (name, node) in decoder.named::<TargetName>(node) {
            if let Some(target) = target(decoder, node) {
                targets.insert(name.value, target);
            }
        }
        if !decoder.entries(node).iter().any(|(key, _)| key.text == TargetName::primary().as_str()) {
            let problem = node.error("no-primary-target", "the environment has no target `primary`");
            decoder.problems.push(problem.hint("every environment has one; name the main place so"));
        }
    }
    EnvironmentDeclaration {
        extends: fields.get("extends").and_then(|node| decoder.parsed(node)),
        targets,
        protection: fields.get("protection").and_then(|node| decoder.word(node, &protections)),
        uses: fields.get("uses").map(|node| uses(decoder, node)).unwrap_or_default(),
        inputs: fields.get("inputs").map(|node| inputs(decoder, node)).unwrap_or_default(),
        tags: fields.get("tags").map(|node| tags(decoder, node)).unwrap_or_default(),
        units: fields.get("units").map(|node| unit_overrides(decoder, node)).unwrap_or_default(),
        position,
    }
}

fn target(decoder: &mut Decoder, node: &Node) -> Option<Target> {
    const KEYS: [&str; 7] =
        ["provider", "account", "region", "role", "service_role", "artifacts", "notifications"];
    let fields = decoder.fields(node, "the target", &KEYS);
    let providers = [ProviderKind::Aws, ProviderKind::Local].map(|provider| (provider.as_str(), provider));
    let provider = fields.required(decoder, "provider").and_then(|node| decoder.word(node, &providers));
    let account = fields.required(decoder, "account").and_then(|node| decoder.parsed(node));
    let region = fields.required(decoder, "region").and_then(|node| decoder.parsed(node));
    let role = fields.get("role").and_then(|node| decoder.parsed::<Arn>(node));
    let service_role = fields.get("service_role").and_then(|node| decoder.parsed::<Arn>(node));
    let artifacts = fields.get("artifacts").and_then(|node| decoder.parsed::<BucketUrl>(node));
    let notifications = fields.get("notifications").map(|node| decoder.list::<Arn>(node)).unwrap_or_default();
    Some(Target {
        provider: provider?,
        account: account?.value,
        region: region?.value,
        role: role.map(|arn| arn.value.0),
        service_role: service_role.map(|arn| arn.value.0),
        artifacts: artifacts.map(|url| url.value.0),
        notifications: notifications.into_iter().map(|arn| arn.value.0).collect(),
    })
}

fn uses(decoder: &mut Decoder, node: &Node) -> BTreeMap<EnvironmentName, Uses> {
    let mut uses = BTreeMap::new();
    for (name, node) in decoder.named::<EnvironmentName>(node) {
        uses.insert(name.value, Uses { position: name.position, units: decoder.list(node) });
    }
    uses
}

fn unit_overrides(decoder: &mut Decoder, node: &Node) -> BTreeMap<UnitName, UnitOverride> {
    const KEYS: [&str; 4] = ["inputs", "parameters", "targets", "termination_protection"];
    let mut units = BTreeMap::new();
    for (name, node) in decoder.named::<UnitName>(node) {
        let fields = decoder.fields(node, "the unit's override", &KEYS);
        let unit = UnitOverride {
            position: name.position,
            inputs: fields.get("inputs").map(|node| inputs(decoder, node)).unwrap_or_default(),
            parameters: fields.get("parameters").map(|node| parameters(decoder, node)).unwrap_or_default(),
            targets: fields.get("targets").map(|node| decoder.list(node)),
            termination_protection: fields
                .get("termination_protection")
                .and_then(|node| decoder.boolean(node)),
        };
        units.insert(name.value, unit);
    }
    units
}

/// An ARN: `arn:PARTITION:SERVICE:REGION:ACCOUNT:RESOURCE`. Source: AWS general reference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arn(pub String);

impl FromStr for Arn {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parts: Vec<&str> = text.splitn(6, ':').collect();
        let well_formed = parts.len() == 6
            && parts[0] == "arn"
            && parts[1].starts_with("aws")
            && !parts[2].is_empty()
            && !parts[5].is_empty()
            && !text.contains(char::is_whitespace);
        if well_formed {
            Ok(Self(text.to_owned()))
        } else {
            Err(format!("`{text}` is not an ARN: expected `arn:PARTITION:SERVICE:REGION:ACCOUNT:RESOURCE`"))
        }
    }
}

struct BucketUrl(String);

impl FromStr for BucketUrl {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let bucket = text.strip_prefix("s3://").and_then(|rest| rest.split('/').next()).unwrap_or_default();
        let well_formed = (3..=63).contains(&bucket.len())
            && bucket.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || ".-".contains(c))
            && !text.ends_with('/');
        if well_formed {
            Ok(Self(text.to_owned()))
        } else {
            Err(format!("`{text}` is not a bucket: expected `s3://BUCKET` or `s3://BUCKET/PREFIX`"))
        }
    }
}
