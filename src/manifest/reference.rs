//! What a parameter is bound to in the source: literals and typed references.

use std::fmt;
use std::str::FromStr;

use crate::manifest::decode::Decoder;
use crate::manifest::scalar::Scalar;
use crate::manifest::source::{Located, Position};
use crate::manifest::yaml::{Content, Node};
use crate::model::diagnostic::did_you_mean;
use crate::model::{NameError, Secret, TargetName, UnitName};

/// A unit, and where it stands if that was said: `UNIT` or `UNIT@TARGET`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct UnitReference {
    /// The unit.
    pub unit: UnitName,
    /// The target; without one it is the target of whoever refers to it.
    pub target: Option<TargetName>,
}

impl FromStr for UnitReference {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        let (unit, target) = match text.split_once('@') {
            Some((unit, target)) => (unit, Some(TargetName::new(target)?)),
            None => (text, None),
        };
        Ok(Self { unit: UnitName::new(unit)?, target })
    }
}

impl fmt::Display for UnitReference {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.target {
            Some(target) => write!(formatter, "{}@{target}", self.unit),
            None => write!(formatter, "{}", self.unit),
        }
    }
}

/// The value of a parameter as it was declared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Declared {
    /// A text; numbers, booleans and lists are already in CloudFormation's form.
    Literal(String),
    /// `!output UNIT.NAME` or `!output UNIT@TARGET.NAME`.
    Output {
        /// Whose output.
        of: UnitReference,
        /// Logical name of the output.
        name: String,
    },
    /// `!secret NAME[#key][@version]`.
    Secret(Secret),
    /// `!image UNIT` or `!image UNIT@TARGET`.
    Image(UnitReference),
}

/// A declared parameter: where its name was written, and what it is bound to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parameter {
    /// Where the parameter's name was written.
    pub key: Position,
    /// Where the value was written.
    pub position: Position,
    /// The value.
    pub declared: Declared,
}

/// Reads the value of a parameter.
pub fn declared(decoder: &mut Decoder, node: &Node) -> Option<Declared> {
    match node.tag.as_deref() {
        None => literal(decoder, node).map(Declared::Literal),
        Some("output") => output(decoder, node),
        Some("secret") => secret(decoder, node),
        Some("image") => image(decoder, node),
        Some(tag @ ("restore" | "machine")) => {
            decoder.refuse(not_yet(node.position.clone(), &format!("!{tag}")))
        }
        Some(tag) => unknown_tag(decoder, node, tag),
    }
}

/// The problem of something that belongs to the format and is not built yet.
pub fn not_yet(position: Position, what: &str) -> crate::model::Diagnostic {
    Located { value: (), position }
        .error("not-yet", format!("`{what}` is reserved and not supported yet"))
        .hint("remove it; a later version will give it its meaning")
}

fn unknown_tag<T>(decoder: &mut Decoder, node: &Node, tag: &str) -> Option<T> {
    let problem = node.error("unknown-tag", format!("there is no reference `!{tag}`"));
    let hint = match did_you_mean(tag, ["output", "secret", "image"]) {
        Some(meant) => format!("did you mean `!{meant}`?"),
        None => "references are `!output UNIT.NAME`, `!image UNIT` and `!secret NAME#key`; \
                 functions such as `!Ref` belong in the template"
            .to_owned(),
    };
    decoder.refuse(problem.hint(hint))
}

fn literal(decoder: &mut Decoder, node: &Node) -> Option<String> {
    match &node.content {
        Content::Sequence(items) => {
            let parts: Option<Vec<String>> = items.iter().map(|item| list_item(decoder, item)).collect();
            Some(parts?.join(","))
        }
        _ => scalar(decoder, node),
    }
}

fn scalar(decoder: &mut Decoder, node: &Node) -> Option<String> {
    match decoder.scalar(node)? {
        Scalar::Text(text) => Some(text.to_owned()),
        Scalar::Integer(number) => Some(number.to_string()),
        Scalar::Boolean(value) => Some(value.to_string()),
        Scalar::Null | Scalar::Unclear(_) => {
            let problem = node.error("wrong-type", "expected a value, found nothing");
            decoder.refuse(problem.hint("write `\"\"` for an empty text"))
        }
    }
}

fn list_item(decoder: &mut Decoder, item: &Node) -> Option<String> {
    if let Some(tag) = &item.tag {
        let problem = item.error("reference-in-list", format!("a list cannot hold a `!{tag}`"));
        return decoder
            .refuse(problem.hint("bind each value to a parameter of its own and join them in the template"));
    }
    let text = scalar(decoder, item)?;
    if text.contains(',') {
        let problem = item.error("comma-in-list", format!("the item `{text}` holds a comma"));
        return decoder.refuse(problem.hint(
            "CloudFormation separates the items of a list by commas; give them as items of their own",
        ));
    }
    Some(text)
}

fn output(decoder: &mut Decoder, node: &Node) -> Option<Declared> {
    let text = reference_text(decoder, node)?;
    let form = || {
        node.error("invalid-reference", format!("`{text}` names no output"))
            .hint("write `!output UNIT.NAME`, or `!output UNIT@TARGET.NAME` for another target")
    };
    let Some((of, name)) = text.split_once('.') else { return decoder.refuse(form()) };
    if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return decoder.refuse(form());
    }
    match of.parse() {
        Ok(of) => Some(Declared::Output { of, name: name.to_owned() }),
        Err(error) => {
            let error: NameError = error;
            decoder.refuse(node.error("invalid-reference", error.to_string()))
        }
    }
}

fn image(decoder: &mut Decoder, node: &Node) -> Option<Declared> {
    match reference_text(decoder, node)?.parse() {
        Ok(of) => Some(Declared::Image(of)),
        Err(error) => {
            let error: NameError = error;
            let problem = node.error("invalid-reference", error.to_string());
            decoder.refuse(problem.hint("write `!image UNIT`, or `!image UNIT@TARGET` for another target"))
        }
    }
}

/// The text of a reference, whatever it looks like: `!output a.b` is never a number.
fn reference_text<'n>(decoder: &mut Decoder, node: &'n Node) -> Option<&'n str> {
    match &node.content {
        Content::Scalar { text, .. } => Some(text),
        _ => decoder.wrong_type(node, "the text of a reference"),
    }
}

fn secret(decoder: &mut Decoder, node: &Node) -> Option<Declared> {
    let text = reference_text(decoder, node)?;
    match parse_secret(text) {
        Ok(secret) => Some(Declared::Secret(secret)),
        Err(why) => {
            let problem = node.error("invalid-reference", format!("`{text}` names no secret: {why}"));
            decoder.refuse(
                problem.hint("write `!secret NAME`, `!secret NAME#key` or `!secret NAME#key@VERSION-ID`"),
            )
        }
    }
}

/// Names and version ids as AWS Secrets Manager's `CreateSecret` and `PutSecretValue` allow them.
/// An `@` always starts the version id, so a name that contains one cannot be written.
fn parse_secret(text: &str) -> Result<Secret, &'static str> {
    let (rest, version) = match text.rsplit_once('@') {
        Some((rest, version)) => (rest, Some(version.to_owned())),
        None => (text, None),
    };
    let (name, key) = match rest.split_once('#') {
        Some((name, key)) => (name, Some(key.to_owned())),
        None => (rest, None),
    };
    let word = |text: &str, extra: &str| {
        !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || extra.contains(c))
    };
    if !word(name, "/_+=.:-") {
        return Err("the name has letters, digits and `/_+=.-`");
    }
    if key.as_deref().is_some_and(|key| !word(key, "_.-")) {
        return Err("the key has letters, digits and `_.-`");
    }
    let is_version = |text: &str| (32..=64).contains(&text.len()) && word(text, "-");
    if version.as_deref().is_some_and(|version| !is_version(version)) {
        return Err("the version id after `@` has 32 to 64 letters, digits and hyphens");
    }
    Ok(Secret { name: name.to_owned(), key, version })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_read_in_their_three_forms() {
        let version = "0123456789abcdef0123456789abcdef";
        let full = parse_secret(&format!("prod/db#password@{version}")).unwrap();
        assert_eq!(full.name, "prod/db");
        assert_eq!(full.key.as_deref(), Some("password"));
        assert_eq!(full.version.as_deref(), Some(version));
        assert_eq!(parse_secret("db").unwrap(), Secret { name: "db".into(), key: None, version: None });
        for bad in ["", "#key", "a}b", "db#", "db#a:b", "db@short", "db@"] {
            assert!(parse_secret(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_unit_reference_shows_as_it_was_written() {
        for text in ["data", "data@recovery"] {
            assert_eq!(text.parse::<UnitReference>().unwrap().to_string(), text);
        }
        assert!("data@".parse::<UnitReference>().is_err());
    }
}
