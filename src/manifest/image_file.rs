//! `stacks/NAME.yaml` with `kind: image`: one image unit.

use std::collections::BTreeMap;

use crate::manifest::decode::{Decoder, Fields};
use crate::manifest::fetch;
use crate::manifest::reference::{Declared, Parameter, declared, not_yet};
use crate::manifest::source::Located;
use crate::manifest::unit_file::{Settings, TargetOverride, UnitDeclaration, inputs, target_list};
use crate::manifest::yaml::{Content, Key, Node};
use crate::model::{Class, Fetch, Platform, RepositoryName, Said, TargetName, UnitName};

/// How an image is made, beside its template and inputs.
#[derive(Clone, Debug, Default)]
pub struct ImageDeclaration {
    /// A directory of the project whose files it may copy, relative to the root.
    pub context: Option<Located<String>>,
    /// Build arguments.
    pub arguments: BTreeMap<String, String>,
    /// The stage of the Dockerfile that is wanted; the last one when `None`.
    pub stage: Option<Located<String>>,
    /// What it runs on.
    pub platform: Platform,
    /// Labels, beside those of the Dockerfile.
    pub labels: BTreeMap<String, String>,
    /// Files that are fetched into the context.
    pub fetches: Vec<Fetch>,
    /// Paths that are set to what the base has, whatever a step wrote there.
    pub drop: Vec<String>,
    /// Where arguments and drop rules are written.
    pub said: Said,
    /// The names of secrets that its steps may see.
    pub secrets: Vec<String>,
    /// Where it is pulled from.
    pub repository: Option<Parameter>,
}

const KEYS: [&str; 16] = [
    "kind",
    "template",
    "targets",
    "environments",
    "inputs",
    "overrides",
    "context",
    "args",
    "stage",
    "platform",
    "labels",
    "repository",
    "network",
    "secrets",
    "drop",
    "fetch",
];

/// Whether a unit's document says that it is an image.
pub(super) fn is_image(root: &Node) -> bool {
    let Content::Mapping(entries) = &root.content else { return false };
    let says_image = |(key, value): &(Key, Node)| {
        key.text == "kind" && matches!(&value.content, Content::Scalar { text, .. } if text == "image")
    };
    entries.iter().any(says_image)
}

/// Decodes the document of the image unit `name`.
pub(super) fn decode(decoder: &mut Decoder, name: UnitName, root: &Node) -> Option<UnitDeclaration> {
    let fields = decoder.fields(root, "the image", &KEYS);
    refuse_reserved(decoder, &fields);
    let template = fields.required(decoder, "template").and_then(|node| decoder.template(node));
    let primary = || vec![Located { value: TargetName::primary(), position: root.position.clone() }];
    let targets = fields.get("targets").map_or_else(primary, |node| target_list(decoder, node));
    let image = ImageDeclaration {
        context: fields.get("context").and_then(|node| directory(decoder, node)),
        arguments: fields.get("args").map(|node| texts(decoder, node)).unwrap_or_default(),
        stage: fields.get("stage").and_then(|node| decoder.text(node)),
        platform: fields.get("platform").and_then(|node| platform(decoder, node)).unwrap_or_default(),
        labels: fields.get("labels").map(|node| texts(decoder, node)).unwrap_or_default(),
        fetches: fields.get("fetch").map(|node| fetch::decode(decoder, node)).unwrap_or_default(),
        drop: fields.get("drop").map(|node| list(decoder, node)).unwrap_or_default(),
        said: said(&fields),
        secrets: fields.get("secrets").map(|node| secrets(decoder, node)).unwrap_or_default(),
        repository: fields.get("repository").and_then(|node| repository(decoder, node)),
    };
    Some(UnitDeclaration {
        name,
        position: root.position.clone(),
        environments: fields.get("environments").map(|node| decoder.list(node)),
        inputs: fields.get("inputs").map(|node| inputs(decoder, node)).unwrap_or_default(),
        overrides: fields.get("overrides").map(|node| overrides(decoder, node)).unwrap_or_default(),
        template: template?,
        // It can be made again at any time.
        class: Class::Stateless,
        targets,
        parameters: BTreeMap::new(),
        after: Vec::new(),
        settings: Settings::default(),
        image: Some(image),
    })
}

/// Keys that have a meaning only where an engine builds.
fn refuse_reserved(decoder: &mut Decoder, fields: &Fields<'_>) {
    if let Some(node) = fields.get("network")
        && let Some("default" | "host") =
            decoder.word(node, &["none", "default", "host"].map(|word| (word, word)))
    {
        decoder.problems.push(not_yet(node.position.clone(), "network"));
    }
}

fn overrides(decoder: &mut Decoder, node: &Node) -> BTreeMap<TargetName, TargetOverride> {
    let mut overrides = BTreeMap::new();
    for (name, node) in decoder.named::<TargetName>(node) {
        let fields = decoder.fields(node, "the target's override", &["inputs", "repository"]);
        let entry = TargetOverride {
            position: name.position,
            inputs: fields.get("inputs").map(|node| inputs(decoder, node)).unwrap_or_default(),
            parameters: BTreeMap::new(),
            repository: fields.get("repository").and_then(|node| repository(decoder, node)),
        };
        overrides.insert(name.value, entry);
    }
    overrides
}

/// A directory inside the project. Not the whole of it: what rekindle keeps lies there too, and every
/// change of any file would make another image.
fn directory(decoder: &mut Decoder, node: &Node) -> Option<Located<String>> {
    let text = decoder.text(node)?;
    let parts: Vec<&str> = text.value.trim_end_matches('/').split('/').collect();
    if parts.iter().any(|part| matches!(*part, "" | "." | "..")) || parts[0].starts_with(".rekindle") {
        let message = format!("`{}` names no directory inside the project", text.value);
        return decoder.refuse(
            node.error("invalid-value", message).hint(
                "name one relative to `rekindle.yaml`, below it and without `.` and `..`: `site/public`",
            ),
        );
    }
    Some(Located { value: parts.join("/"), position: text.position })
}

fn platform(decoder: &mut Decoder, node: &Node) -> Option<Platform> {
    let platform = decoder.parsed::<Platform>(node)?.value;
    if platform.os != "linux" {
        return decoder.refuse(not_yet(node.position.clone(), &format!("platform: {platform}")));
    }
    Some(platform)
}

fn texts(decoder: &mut Decoder, node: &Node) -> BTreeMap<String, String> {
    let entries = decoder.entries(node).iter();
    entries.filter_map(|(key, value)| Some((key.text.clone(), decoder.text(value)?.value))).collect()
}

/// The places of arguments and drop rules.
fn said(fields: &Fields<'_>) -> Said {
    let mut said = Said::default();
    if let Some(Content::Mapping(entries)) = fields.get("args").map(|node| &node.content) {
        said.arguments = entries.iter().map(|(key, _)| (key.text.clone(), key.position.place())).collect();
    }
    if let Some(node) = fields.get("drop") {
        said.drop = Some(node.position.place());
        if let Content::Sequence(items) = &node.content {
            said.rules = items.iter().map(|item| item.position.place()).collect();
        }
    }
    said
}

fn list(decoder: &mut Decoder, node: &Node) -> Vec<String> {
    let items: Vec<&Node> = decoder.items(node).iter().collect();
    items.into_iter().filter_map(|item| Some(decoder.text(item)?.value)).collect()
}

/// Names of secrets, each once, in their order. Two that differ in `-` and `_` only would be the same variable.
fn secrets(decoder: &mut Decoder, node: &Node) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for item in decoder.items(node).iter().collect::<Vec<_>>() {
        let Some(name) = decoder.text(item).map(|text| text.value) else { continue };
        let is_inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-_".contains(&byte);
        let is_name =
            name.as_bytes().first().is_some_and(u8::is_ascii_lowercase) && name.bytes().all(is_inner);
        let same = |known: &String| known.replace('-', "_") == name.replace('-', "_");
        if !is_name || names.iter().any(same) {
            let why = if is_name { "is the variable of another one too" } else { "is no name of a secret" };
            let hint = "write lower-case letters, digits, `-` and `_`: `npm_token` is given as REKINDLE_SECRET_NPM_TOKEN";
            decoder.problems.push(item.error("invalid-value", format!("`{name}` {why}")).hint(hint));
            continue;
        }
        names.push(name);
    }
    names.sort();
    names
}

fn repository(decoder: &mut Decoder, node: &Node) -> Option<Parameter> {
    let declared = match declared(decoder, node)? {
        Declared::Literal(text) => match text.parse::<RepositoryName>() {
            Ok(name) => Declared::Literal(name.0),
            Err(error) => return decoder.refuse(node.error("invalid-value", error.to_string())),
        },
        output @ Declared::Output { .. } => output,
        Declared::Secret(_) | Declared::Image(_) => {
            let problem = node.error("misplaced-tag", "a repository is a name, or an output of a stack");
            return decoder.refuse(problem.hint("write `HOST/PATH` or `!output UNIT.NAME`"));
        }
    };
    Some(Parameter { key: node.position.clone(), position: node.position.clone(), declared })
}
