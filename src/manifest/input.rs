//! Typed inputs: what an interface declares, and checking given values against it.

use fancy_regex::Regex;
use ipnet::IpNet;
use serde_json::Value;

use crate::manifest::decode::Decoder;
use crate::manifest::duration;
use crate::manifest::manifest_file::Arn;
use crate::manifest::scalar::Scalar;
use crate::manifest::yaml::{Content, Node};
use crate::model::diagnostic::did_you_mean;
use crate::model::name::is_slug;
use crate::model::{Diagnostic, Digest};

/// One declared input.
#[derive(Clone, Debug)]
pub struct InputDeclaration {
    /// What values it takes.
    pub kind: InputType,
    /// The value where none is given.
    pub default: Option<Value>,
    /// What it means, for people.
    pub description: Option<String>,
}

/// What values an input takes.
#[derive(Clone, Debug)]
pub enum InputType {
    /// A text, possibly of a pattern that it must match as a whole.
    String(Option<Pattern>),
    /// A whole number within bounds.
    Integer {
        /// Smallest value.
        minimum: i64,
        /// Greatest value.
        maximum: i64,
    },
    /// `true` or `false`.
    Boolean,
    /// One of these words.
    Enum(Vec<String>),
    /// A network: `10.0.0.0/16`, `2001:db8::/32`.
    Cidr,
    /// An ARN.
    Arn,
    /// `sha256:` and 64 hexadecimal digits.
    Digest,
    /// Lower-case letters, digits and single hyphens.
    Slug,
    /// A time span such as `7d` or `1h30m`; templates see seconds.
    Duration,
    /// A list of values of one type.
    List(Box<InputType>),
    /// A mapping of texts to values of one type.
    Map(Box<InputType>),
}

/// A regular expression that matches whole values.
#[derive(Clone, Debug)]
pub struct Pattern {
    /// As it was written.
    pub text: String,
    whole: Regex,
}

impl Pattern {
    /// Compiles `text`.
    ///
    /// # Errors
    /// It is no regular expression; the text says why.
    pub fn new(text: &str) -> Result<Self, String> {
        // Compiled alone first, so that a message's position counts in what was written.
        Regex::new(text).map_err(|error| error.to_string())?;
        let whole = Regex::new(&format!(r"\A(?:{text})\z")).map_err(|error| error.to_string())?;
        Ok(Self { text: text.to_owned(), whole })
    }

    /// Whether it matches the whole of `value`. A match that takes too many steps is none.
    fn matches(&self, value: &str) -> bool {
        self.whole.is_match(value).unwrap_or(false)
    }
}

impl InputType {
    /// The word for it in interfaces.
    pub fn word(&self) -> &'static str {
        match self {
            Self::String(_) => "string",
            Self::Integer { .. } => "integer",
            Self::Boolean => "boolean",
            Self::Enum(_) => "enum",
            Self::Cidr => "cidr",
            Self::Arn => "arn",
            Self::Digest => "digest",
            Self::Slug => "slug",
            Self::Duration => "duration",
            Self::List(_) => "list",
            Self::Map(_) => "map",
        }
    }

    /// The value that `node` gives; problems are recorded and answered with `None`.
    pub fn value(&self, decoder: &mut Decoder, node: &Node) -> Option<Value> {
        if let Some(tag) = &node.tag {
            let problem = node.error("misplaced-tag", format!("an input cannot hold a `!{tag}`"));
            return decoder.refuse(
                problem.hint("inputs are known before anything is deployed; bind a parameter to it instead"),
            );
        }
        match self {
            Self::Integer { minimum, maximum } => decoder.integer(node, *minimum, *maximum).map(Value::from),
            Self::Boolean => decoder.boolean(node).map(Value::from),
            Self::List(items) => {
                let items = decoder.items(node).iter().map(|item| items.value(decoder, item));
                items.collect::<Vec<_>>().into_iter().collect::<Option<Vec<Value>>>().map(Value::from)
            }
            Self::Map(values) => self.map(decoder, node, values),
            _ => {
                let text = self.text(decoder, node)?;
                self.checked(node, &text).map_err(|problem| decoder.problems.push(*problem)).ok()
            }
        }
    }

    /// Words such as `enum` values may look like numbers; only a `duration` may be one.
    fn text(&self, decoder: &mut Decoder, node: &Node) -> Option<String> {
        if let Self::Duration = self
            && let Content::Scalar { text, plain } = &node.content
            && let Scalar::Integer(_) = Scalar::of(text, *plain)
        {
            let problem = node.error("invalid-value", format!("the duration `{text}` has no unit"));
            return decoder.refuse(problem.hint(format!("write for example `{text}s`")));
        }
        decoder.text(node).map(|text| text.value)
    }

    fn map(&self, decoder: &mut Decoder, node: &Node, values: &Self) -> Option<Value> {
        if !matches!(node.content, Content::Mapping(_)) {
            return decoder.wrong_type(node, "a mapping");
        }
        let mut map = serde_json::Map::new();
        let mut complete = true;
        let mut entries: Vec<_> = decoder.entries(node).iter().collect();
        entries.sort_by(|(left, _), (right, _)| left.text.cmp(&right.text));
        for (key, value) in entries {
            match values.value(decoder, value) {
                Some(value) => drop(map.insert(key.text.clone(), value)),
                None => complete = false,
            }
        }
        complete.then_some(Value::Object(map))
    }

    fn checked(&self, node: &Node, text: &str) -> Result<Value, Box<Diagnostic>> {
        let wrong = |message: String| Box::new(node.error("invalid-value", message));
        match self {
            Self::String(Some(pattern)) if !pattern.matches(text) => {
                Err(wrong(format!("`{text}` does not match the pattern `{}`", pattern.text)))
            }
            Self::Enum(words) if !words.iter().any(|word| word == text) => {
                let problem = wrong(format!("`{text}` is not one of the values of this input"));
                Err(Box::new(problem.hint(enum_hint(text, words))))
            }
            Self::Cidr => network(text).map_err(|(message, hint)| Box::new(wrong(message).hint(hint))),
            Self::Arn => text.parse::<Arn>().map(|_| text.into()).map_err(wrong),
            Self::Digest => {
                text.parse::<Digest>().map(|_| text.into()).map_err(|error| wrong(error.to_string()))
            }
            Self::Slug if !is_slug(text) => Err(Box::new(
                wrong(format!("`{text}` is not a slug"))
                    .hint("use lower-case letters, digits and single hyphens, and start with a letter"),
            )),
            Self::Duration => duration::seconds(text).map(Value::from).ok_or_else(|| {
                Box::new(
                    wrong(format!("`{text}` is not a duration"))
                        .hint("write numbers with units: `90s`, `15m`, `1h30m`, `7d`, `2w`"),
                )
            }),
            _ => Ok(text.into()),
        }
    }
}

fn enum_hint(text: &str, words: &[String]) -> String {
    match did_you_mean(text, words.iter().map(String::as_str)) {
        Some(meant) => format!("did you mean `{meant}`?"),
        None => format!("the values are {}", words.join(", ")),
    }
}

fn network(text: &str) -> Result<Value, (String, String)> {
    let example = || "write an address and a prefix length: `10.0.0.0/16`".to_owned();
    let network: IpNet =
        text.parse().map_err(|_| (format!("`{text}` is not a network in CIDR form"), example()))?;
    if network.trunc() == network {
        return Ok(text.into());
    }
    let message = format!("`{text}` names an address inside a network, not the network");
    Err((message, format!("did you mean `{}`?", network.trunc())))
}
