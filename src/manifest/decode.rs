//! From positioned nodes to checked values, collecting every problem instead of stopping at one.
//!
//! Each method answers `None` after it has recorded a problem.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::str::FromStr;

use serde_json::Value;

use crate::manifest::scalar::Scalar;
use crate::manifest::source::{Located, Position};
use crate::manifest::suggestion::template_versions;
use crate::manifest::yaml::{Content, Key, Node};
use crate::model::diagnostic::did_you_mean;
use crate::model::{Diagnostic, Diagnostics, NameError, TemplateRef};

/// Collects problems while values are taken out of nodes.
#[derive(Debug, Default)]
pub struct Decoder {
    /// The problems so far.
    pub problems: Diagnostics,
    /// The templates there are, for advice on references to others.
    pub templates: Vec<TemplateRef>,
}

/// The entries of a mapping whose keys are known.
#[derive(Debug)]
pub struct Fields<'n> {
    what: &'static str,
    /// Where the mapping starts.
    pub position: &'n Position,
    values: BTreeMap<&'n str, &'n Node>,
    is_mapping: bool,
}

impl<'n> Fields<'n> {
    /// The value of `key`, if it was given.
    pub fn get(&self, key: &str) -> Option<&'n Node> {
        self.values.get(key).copied()
    }

    /// The value of `key`; its absence is recorded as a problem.
    pub fn required(&self, decoder: &mut Decoder, key: &str) -> Option<&'n Node> {
        let value = self.get(key);
        if value.is_none() && self.is_mapping {
            let message = format!("{} lacks the key `{key}`", self.what);
            decoder.problems.push(Diagnostic::error("missing-key", message).at(self.position.place()));
        }
        value
    }
}

impl Decoder {
    /// Records a problem.
    pub fn refuse<T>(&mut self, problem: Diagnostic) -> Option<T> {
        self.problems.push(problem);
        None
    }

    /// The entries of the mapping `node`, which is called `what` in messages; any key outside
    /// `known` is a problem.
    pub fn fields<'n>(&mut self, node: &'n Node, what: &'static str, known: &[&str]) -> Fields<'n> {
        let mut values = BTreeMap::new();
        for (key, value) in self.entries(node) {
            if known.contains(&key.text.as_str()) {
                values.insert(key.text.as_str(), value);
            } else {
                self.unknown_key(key, what, known);
            }
        }
        // Of what is no mapping this has been told; that it lacks keys, too, helps nobody.
        let is_mapping = is_mapping(node);
        Fields { what, position: &node.position, values, is_mapping }
    }

    fn unknown_key(&mut self, key: &Key, what: &str, known: &[&str]) {
        let message = format!("{what} has no key `{}`", key.text);
        let hint = match did_you_mean(&key.text, known.iter().copied()) {
            Some(meant) => format!("did you mean `{meant}`?"),
            None => format!("the keys are {}", list(known)),
        };
        self.problems.push(Diagnostic::error("unknown-key", message).at(key.position.place()).hint(hint));
    }

    /// The entries of a mapping with any keys; nothing at all counts as an empty mapping.
    pub fn entries<'n>(&mut self, node: &'n Node) -> &'n [(Key, Node)] {
        self.untagged(node);
        match &node.content {
            Content::Mapping(entries) => entries,
            _ if is_mapping(node) => &[],
            _ => {
                self.wrong_type::<()>(node, "a mapping");
                &[]
            }
        }
    }

    /// The entries of a mapping whose keys are names.
    pub fn named<'n, K>(&mut self, node: &'n Node) -> Vec<(Located<K>, &'n Node)>
    where
        K: FromStr,
        K::Err: Display,
    {
        let mut named = Vec::new();
        for (key, value) in self.entries(node) {
            match key.text.parse() {
                Ok(name) => named.push((Located { value: name, position: key.position.clone() }, value)),
                Err(error) => {
                    let problem = Diagnostic::error("invalid-name", K::Err::to_string(&error));
                    self.problems.push(problem.at(key.position.place()));
                }
            }
        }
        named
    }

    /// The items of a list.
    pub fn items<'n>(&mut self, node: &'n Node) -> &'n [Node] {
        self.untagged(node);
        match &node.content {
            Content::Sequence(items) => items,
            _ => {
                self.wrong_type::<()>(node, "a list");
                &[]
            }
        }
    }

    /// A list of texts of one kind.
    pub fn list<T>(&mut self, node: &Node) -> Vec<Located<T>>
    where
        T: FromStr,
        T::Err: Display,
    {
        self.items(node).iter().filter_map(|item| self.parsed(item)).collect()
    }

    /// What a scalar means.
    pub fn scalar<'n>(&mut self, node: &'n Node) -> Option<Scalar<'n>> {
        let Content::Scalar { text, plain } = &node.content else {
            return self.wrong_type(node, "a single value");
        };
        match Scalar::of(text, *plain) {
            Scalar::Unclear(why) => self.refuse(
                node.error("quote-it", format!("`{text}` is unclear: {why}"))
                    .hint(format!("write `\"{text}\"` if it is text")),
            ),
            scalar => Some(scalar),
        }
    }

    /// A text. Numbers and booleans must be quoted to be one.
    pub fn text(&mut self, node: &Node) -> Option<Located<String>> {
        self.untagged(node)?;
        match self.scalar(node)? {
            Scalar::Text(text) => Some(Located { value: text.to_owned(), position: node.position.clone() }),
            Scalar::Null => self.wrong_type(node, "a text"),
            _ => {
                let Content::Scalar { text, .. } = &node.content else { return None };
                let problem = node.error("wrong-type", format!("expected a text, found `{text}`"));
                self.refuse(problem.hint(format!("write `\"{text}\"`")))
            }
        }
    }

    /// A text that follows a rule of its own.
    pub fn parsed<T>(&mut self, node: &Node) -> Option<Located<T>>
    where
        T: FromStr,
        T::Err: Display,
    {
        let text = self.text(node)?;
        match text.value.parse() {
            Ok(value) => Some(Located { value, position: text.position }),
            Err(error) => self.refuse(node.error("invalid-value", T::Err::to_string(&error))),
        }
    }

    /// A reference to a version of a template, which need not exist.
    pub fn template(&mut self, node: &Node) -> Option<Located<TemplateRef>> {
        let text = self.text(node)?;
        match text.value.parse() {
            Ok(value) => Some(Located { value, position: text.position }),
            Err(error) => {
                let name = text.value.split('@').next().unwrap_or_default();
                let hint = template_versions(name, &self.templates);
                self.refuse(node.error("invalid-value", NameError::to_string(&error)).hint(hint))
            }
        }
    }

    /// One of a few words.
    pub fn word<T: Copy>(&mut self, node: &Node, words: &[(&str, T)]) -> Option<T> {
        let text = self.text(node)?.value;
        if let Some((_, value)) = words.iter().find(|(word, _)| *word == text) {
            return Some(*value);
        }
        let names: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
        let possible = format!("write one of {}", list(&names));
        let hint = match did_you_mean(&text, names.iter().copied()) {
            Some(meant) => format!("did you mean `{meant}`? {possible}"),
            None => possible,
        };
        self.refuse(node.error("invalid-value", format!("`{text}` is not possible here")).hint(hint))
    }

    /// `true` or `false`.
    pub fn boolean(&mut self, node: &Node) -> Option<bool> {
        self.untagged(node)?;
        match &node.content {
            Content::Scalar { text, plain: true } if text == "true" || text == "false" => {
                Some(text == "true")
            }
            _ => self.wrong_type(node, "`true` or `false`"),
        }
    }

    /// A whole number within bounds.
    pub fn integer(&mut self, node: &Node, minimum: i64, maximum: i64) -> Option<i64> {
        self.untagged(node)?;
        match self.scalar(node)? {
            Scalar::Integer(value) if (minimum..=maximum).contains(&value) => Some(value),
            Scalar::Integer(value) => {
                let message = if value < minimum {
                    format!("{value} is less than {minimum}")
                } else {
                    format!("{value} is greater than {maximum}")
                };
                self.refuse(node.error("invalid-value", message))
            }
            _ => self.wrong_type(node, "a whole number"),
        }
    }

    /// Any value as JSON.
    pub fn json(&mut self, node: &Node) -> Option<Value> {
        self.untagged(node)?;
        match &node.content {
            Content::Sequence(items) => items.iter().map(|item| self.json(item)).collect(),
            Content::Mapping(entries) => {
                let entries: Option<serde_json::Map<String, Value>> =
                    entries.iter().map(|(key, value)| Some((key.text.clone(), self.json(value)?))).collect();
                entries.map(Value::Object)
            }
            Content::Scalar { .. } => Some(match self.scalar(node)? {
                Scalar::Integer(number) => number.into(),
                Scalar::Boolean(value) => value.into(),
                Scalar::Text(text) => text.into(),
                Scalar::Null | Scalar::Unclear(_) => Value::Null,
            }),
        }
    }

    /// Records that `node` carries a tag where none has a meaning.
    pub fn untagged(&mut self, node: &Node) -> Option<()> {
        let Some(tag) = &node.tag else { return Some(()) };
        let problem = node.error("misplaced-tag", format!("the tag `!{tag}` has no meaning here"));
        self.refuse(problem.hint("references such as `!output` belong below `parameters`"))
    }

    /// Records that something else was expected.
    pub fn wrong_type<T>(&mut self, node: &Node, expected: &str) -> Option<T> {
        let found = match &node.content {
            Content::Scalar { text, plain: true } if text.is_empty() => "nothing".to_owned(),
            Content::Scalar { text, .. } => format!("`{text}`"),
            _ => node.kind().to_owned(),
        };
        self.refuse(node.error("wrong-type", format!("expected {expected}, found {found}")))
    }
}

/// Whether `node` is a mapping; nothing at all counts as an empty one.
fn is_mapping(node: &Node) -> bool {
    match &node.content {
        Content::Mapping(_) => true,
        Content::Scalar { text, plain } => *plain && text.is_empty(),
        Content::Sequence(_) => false,
    }
}

/// Names for a sentence: `a`, `b` and `c`.
pub fn list(names: &[&str]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    match quoted.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
        _ => quoted.concat(),
    }
}
