//! `templates/NAME/VERSION/interface.yaml`: what a template is and which inputs it takes.

use std::collections::BTreeMap;

use crate::manifest::decode::{Decoder, Fields};
use crate::manifest::input::{InputDeclaration, InputType, Pattern};
use crate::manifest::reference::not_yet;
use crate::manifest::yaml::{Content, Node};
use crate::model::UnitKind;

/// What a template is and takes.
#[derive(Clone, Debug)]
pub struct Interface {
    /// What it makes.
    pub kind: UnitKind,
    /// What it is for.
    pub description: Option<String>,
    /// Its inputs by name.
    pub inputs: BTreeMap<String, InputDeclaration>,
}

impl Default for Interface {
    /// Of a template without an interface: a stack that takes no inputs.
    fn default() -> Self {
        Self { kind: UnitKind::Stack, description: None, inputs: BTreeMap::new() }
    }
}

/// Integers beyond this are not kept exactly by every JSON reader (RFC 8785, section 3.2.2.3).
const BOUND: i64 = 1 << 53;

const TYPES: [&str; 11] =
    ["string", "integer", "boolean", "enum", "cidr", "arn", "digest", "slug", "duration", "list", "map"];

/// Decodes the document.
pub fn decode(decoder: &mut Decoder, root: &Node) -> Interface {
    let fields = decoder.fields(root, "the interface", &["kind", "description", "inputs"]);
    let kind = fields.get("kind").and_then(|node| unit_kind(decoder, node)).unwrap_or(UnitKind::Stack);
    let description = text(decoder, &fields, "description");
    let mut inputs = BTreeMap::new();
    for (key, node) in fields.get("inputs").map(|node| decoder.entries(node)).unwrap_or_default() {
        if !is_identifier(&key.text) {
            let message = format!("the input `{}` cannot be named in a template", key.text);
            decoder.problems.push(
                crate::model::Diagnostic::error("invalid-name", message)
                    .at(key.position.place())
                    .hint("use letters, digits and underscores, and start with a letter"),
            );
        } else if let Some(input) = input(decoder, node) {
            inputs.insert(key.text.clone(), input);
        }
    }
    Interface { kind, description, inputs }
}

/// The kind that a template or a unit says it is of; one that is not built yet is a problem.
pub(super) fn unit_kind(decoder: &mut Decoder, node: &Node) -> Option<UnitKind> {
    let kinds = [UnitKind::Stack, UnitKind::Image, UnitKind::Machine, UnitKind::Task];
    let kind = decoder.word(node, &kinds.map(|kind| (kind.as_str(), kind)))?;
    if let UnitKind::Machine | UnitKind::Task = kind {
        return decoder.refuse(not_yet(node.position.clone(), &format!("kind: {kind}")));
    }
    Some(kind)
}

fn is_identifier(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

fn text(decoder: &mut Decoder, fields: &Fields<'_>, key: &str) -> Option<String> {
    fields.get(key).and_then(|node| decoder.text(node)).map(|text| text.value)
}

fn input(decoder: &mut Decoder, node: &Node) -> Option<InputDeclaration> {
    let keys = ["type", "default", "description", "pattern", "values", "items", "minimum", "maximum"];
    let fields = decoder.fields(node, "the input", &keys);
    let kind = kind(decoder, &fields)?;
    let description = text(decoder, &fields, "description");
    let default = match fields.get("default") {
        Some(node) => Some(kind.value(decoder, node)?),
        None => None,
    };
    Some(InputDeclaration { kind, default, description })
}

/// The type of an input, or of the items of a list or map.
fn kind(decoder: &mut Decoder, fields: &Fields<'_>) -> Option<InputType> {
    let node = fields.required(decoder, "type")?;
    let word = decoder.word(node, &TYPES.map(|word| (word, word)))?;
    for (key, owners) in [
        ("pattern", &["string"][..]),
        ("values", &["enum"]),
        ("items", &["list", "map"]),
        ("minimum", &["integer"]),
        ("maximum", &["integer"]),
    ] {
        if let Some(node) = fields.get(key)
            && !owners.contains(&word)
        {
            let message = format!("`{key}` has no meaning for the type `{word}`");
            decoder.problems.push(node.error("misplaced-key", message));
        }
    }
    match word {
        "string" => pattern(decoder, fields).map(InputType::String),
        "integer" => integer(decoder, fields),
        "enum" => enumeration(decoder, fields),
        "list" => Some(InputType::List(Box::new(items(decoder, fields)?))),
        "map" => Some(InputType::Map(Box::new(items(decoder, fields)?))),
        _ => Some(simple(word)),
    }
}

/// The type of a word that needs no other key.
fn simple(word: &str) -> InputType {
    match word {
        "integer" => InputType::Integer { minimum: -BOUND, maximum: BOUND },
        "boolean" => InputType::Boolean,
        "cidr" => InputType::Cidr,
        "arn" => InputType::Arn,
        "digest" => InputType::Digest,
        "slug" => InputType::Slug,
        "duration" => InputType::Duration,
        _ => InputType::String(None),
    }
}

fn integer(decoder: &mut Decoder, fields: &Fields<'_>) -> Option<InputType> {
    let mut bound = |key: &str, default: i64| match fields.get(key) {
        Some(node) => decoder.integer(node, -BOUND, BOUND),
        None => Some(default),
    };
    let (minimum, maximum) = (bound("minimum", -BOUND)?, bound("maximum", BOUND)?);
    if minimum > maximum {
        let message = format!("`minimum` {minimum} is greater than `maximum` {maximum}");
        return decoder.refuse(fields.get("minimum")?.error("invalid-value", message));
    }
    Some(InputType::Integer { minimum, maximum })
}

fn enumeration(decoder: &mut Decoder, fields: &Fields<'_>) -> Option<InputType> {
    let node = fields.required(decoder, "values")?;
    let words: Vec<String> = decoder.list::<String>(node).into_iter().map(|word| word.value).collect();
    if words.is_empty() {
        return decoder.refuse(node.error("invalid-value", "an enum has at least one value"));
    }
    Some(InputType::Enum(words))
}

fn pattern(decoder: &mut Decoder, fields: &Fields<'_>) -> Option<Option<Pattern>> {
    let Some(node) = fields.get("pattern") else { return Some(None) };
    let text = decoder.text(node)?.value;
    match Pattern::new(&text) {
        Ok(pattern) => Some(Some(pattern)),
        Err(error) => {
            let message = format!("`{text}` is not a regular expression: {error}");
            decoder.refuse(node.error("invalid-value", message))
        }
    }
}

/// `items: TYPE`, or a mapping with the type's own keys. Nothing at all means texts.
fn items(decoder: &mut Decoder, fields: &Fields<'_>) -> Option<InputType> {
    let Some(node) = fields.get("items") else { return Some(InputType::String(None)) };
    if let Content::Mapping(_) = node.content {
        let fields =
            decoder.fields(node, "`items`", &["type", "pattern", "values", "items", "minimum", "maximum"]);
        return kind(decoder, &fields);
    }
    match decoder.word(node, &TYPES.map(|word| (word, word)))? {
        word @ ("enum" | "list" | "map") => {
            let problem = node.error("invalid-value", format!("items of type `{word}` need more keys"));
            decoder.refuse(problem.hint(format!("write `items: {{type: {word}, ...}}`")))
        }
        word => Some(simple(word)),
    }
}
