//! `stacks/NAME.yaml`: one unit.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::manifest::decode::{Decoder, Fields};
use crate::manifest::image_file::{self, ImageDeclaration};
use crate::manifest::interface::unit_kind;
use crate::manifest::manifest_file::{Arn, Input, Inputs};
use crate::manifest::reference::{Parameter, UnitReference, declared, not_yet};
use crate::manifest::source::{Located, Position};
use crate::manifest::tags::tags;
use crate::manifest::yaml::{Content, Node};
use crate::model::{Class, EnvironmentName, TargetName, TemplateRef, UnitKind, UnitName};

/// One unit as it was declared.
#[derive(Clone, Debug)]
pub struct UnitDeclaration {
    /// Its name: the file's.
    pub name: UnitName,
    /// Where the file starts.
    pub position: Position,
    /// The exact template version.
    pub template: Located<TemplateRef>,
    /// How precious it is.
    pub class: Class,
    /// Where it stands.
    pub targets: Vec<Located<TargetName>>,
    /// The environments it belongs to; all when `None`.
    pub environments: Option<Vec<Located<EnvironmentName>>>,
    /// Its inputs.
    pub inputs: Inputs,
    /// Its CloudFormation parameters.
    pub parameters: BTreeMap<String, Parameter>,
    /// What is different at single targets.
    pub overrides: BTreeMap<TargetName, TargetOverride>,
    /// What must stand before it although nothing refers to it.
    pub after: Vec<Located<UnitReference>>,
    /// How its stack is made.
    pub settings: Settings,
    /// How its image is made, when it is one; what is about stacks is empty then.
    pub image: Option<ImageDeclaration>,
}

impl UnitDeclaration {
    /// What it makes.
    pub fn kind(&self) -> UnitKind {
        if self.image.is_some() { UnitKind::Image } else { UnitKind::Stack }
    }
}

/// What is different at one target.
#[derive(Clone, Debug)]
pub struct TargetOverride {
    /// Where the target's name was written.
    pub position: Position,
    /// Its inputs there.
    pub inputs: Inputs,
    /// Its parameters there.
    pub parameters: BTreeMap<String, Parameter>,
    /// Its repository there, when it is an image.
    pub repository: Option<Parameter>,
}

/// How a stack is made, beside its template and parameters.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// Its tags.
    pub tags: BTreeMap<String, String>,
    /// Its stack policy.
    pub stack_policy: Option<Value>,
    /// Whether it refuses deletion.
    pub termination_protection: Option<bool>,
    /// Capabilities it declares.
    pub capabilities: BTreeSet<String>,
    /// Macros that may expand its template, beside `AWS::LanguageExtensions`.
    pub transforms: BTreeSet<String>,
    /// ARN of the role CloudFormation assumes.
    pub service_role: Option<String>,
    /// SNS topic ARNs.
    pub notifications: Vec<String>,
    /// Minutes after which CloudFormation gives up creating.
    pub timeout_minutes: Option<u32>,
}

const KEYS: [&str; 20] = [
    "kind",
    "template",
    "class",
    "targets",
    "inputs",
    "overrides",
    "parameters",
    "environments",
    "after",
    "tags",
    "stack_policy",
    "termination_protection",
    "capabilities",
    "transforms",
    "service_role",
    "notifications",
    "timeout_minutes",
    "checks",
    "stack",
    "was",
];

/// Capabilities: AWS CloudFormation API reference, `CreateStack`, `Capabilities`.
const CAPABILITIES: [&str; 3] = ["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"];

/// Decodes the document of unit `name`.
pub fn decode(decoder: &mut Decoder, name: UnitName, root: &Node) -> Option<UnitDeclaration> {
    if image_file::is_image(root) {
        return image_file::decode(decoder, name, root);
    }
    let fields = decoder.fields(root, "the unit", &KEYS);
    refuse_reserved(decoder, &fields);
    let template = fields.required(decoder, "template").and_then(|node| decoder.template(node));
    let classes = [Class::Stateless, Class::Data, Class::Permanent].map(|class| (class.as_str(), class));
    let class = fields.required(decoder, "class").and_then(|node| decoder.word(node, &classes));
    let primary = || vec![Located { value: TargetName::primary(), position: root.position.clone() }];
    let targets = fields.get("targets").map_or_else(primary, |node| target_list(decoder, node));
    let environments = fields.get("environments").map(|node| decoder.list(node));
    let given = fields.get("inputs").map(|node| inputs(decoder, node)).unwrap_or_default();
    let bound = fields.get("parameters").map(|node| parameters(decoder, node)).unwrap_or_default();
    let overrides = fields.get("overrides").map(|node| overrides(decoder, node)).unwrap_or_default();
    let after = fields.get("after").map(|node| decoder.list(node)).unwrap_or_default();
    let settings = settings(decoder, &fields);
    Some(UnitDeclaration {
        name,
        position: root.position.clone(),
        template: template?,
        class: class?,
        targets,
        environments,
        inputs: given,
        parameters: bound,
        overrides,
        after,
        settings,
        image: None,
    })
}

fn refuse_reserved(decoder: &mut Decoder, fields: &Fields<'_>) {
    if let Some(node) = fields.get("kind") {
        unit_kind(decoder, node);
    }
    for key in ["stack", "was"] {
        if let Some(node) = fields.get(key) {
            decoder.problems.push(not_yet(node.position.clone(), key));
        }
    }
    if let Some(node) = fields.get("checks")
        && !decoder.items(node).is_empty()
    {
        decoder.problems.push(not_yet(node.position.clone(), "checks"));
    }
}

fn settings(decoder: &mut Decoder, fields: &Fields<'_>) -> Settings {
    let capability = CAPABILITIES.map(|name| (name, name));
    let mut capabilities = BTreeSet::new();
    if let Some(node) = fields.get("capabilities") {
        for item in decoder.items(node) {
            capabilities.extend(decoder.word(item, &capability).map(str::to_owned));
        }
    }
    let notifications = fields.get("notifications").map(|node| decoder.list::<Arn>(node)).unwrap_or_default();
    Settings {
        tags: fields.get("tags").map(|node| tags(decoder, node)).unwrap_or_default(),
        stack_policy: fields.get("stack_policy").and_then(|node| policy(decoder, node)),
        termination_protection: fields.get("termination_protection").and_then(|node| decoder.boolean(node)),
        capabilities,
        transforms: fields.get("transforms").map(|node| transforms(decoder, node)).unwrap_or_default(),
        service_role: fields
            .get("service_role")
            .and_then(|node| decoder.parsed::<Arn>(node))
            .map(|arn| arn.value.0),
        notifications: notifications.into_iter().map(|arn| arn.value.0).collect(),
        timeout_minutes: fields
            .get("timeout_minutes")
            .and_then(|node| decoder.integer(node, 1, 43_200))
            .and_then(|minutes| u32::try_from(minutes).ok()),
    }
}

fn transforms(decoder: &mut Decoder, node: &Node) -> BTreeSet<String> {
    let items = decoder.items(node);
    items.iter().filter_map(|item| decoder.text(item)).map(|name| name.value).collect()
}

fn policy(decoder: &mut Decoder, node: &Node) -> Option<Value> {
    if !matches!(node.content, Content::Mapping(_)) {
        return decoder.wrong_type(node, "the policy as a mapping");
    }
    decoder.json(node)
}

pub(super) fn target_list(decoder: &mut Decoder, node: &Node) -> Vec<Located<TargetName>> {
    let targets = decoder.list(node);
    if decoder.items(node).is_empty() {
        let problem = node.error("no-target", "the unit stands nowhere: `targets` is empty");
        decoder.problems.push(problem.hint("leave the key out to mean `[primary]`"));
    }
    targets
}

fn overrides(decoder: &mut Decoder, node: &Node) -> BTreeMap<TargetName, TargetOverride> {
    let mut overrides = BTreeMap::new();
    for (name, node) in decoder.named::<TargetName>(node) {
        let fields = decoder.fields(node, "the target's override", &["inputs", "parameters"]);
        let entry = TargetOverride {
            position: name.position,
            inputs: fields.get("inputs").map(|node| inputs(decoder, node)).unwrap_or_default(),
            parameters: fields.get("parameters").map(|node| parameters(decoder, node)).unwrap_or_default(),
            repository: None,
        };
        overrides.insert(name.value, entry);
    }
    overrides
}

/// Reads given inputs; their types are checked once the template is known.
pub fn inputs(decoder: &mut Decoder, node: &Node) -> Inputs {
    decoder
        .entries(node)
        .iter()
        .map(|(key, node)| (key.text.clone(), Input { key: key.position.clone(), node: node.clone() }))
        .collect()
}

/// Reads parameters and what they are bound to.
pub fn parameters(decoder: &mut Decoder, node: &Node) -> BTreeMap<String, Parameter> {
    let mut parameters = BTreeMap::new();
    for (key, value) in decoder.entries(node) {
        if let Some(declared) = declared(decoder, value) {
            let (key_position, position) = (key.position.clone(), value.position.clone());
            parameters.insert(key.text.clone(), Parameter { key: key_position, position, declared });
        }
    }
    parameters
}
