//! YAML text to a tree in which every node knows its position and tag.
//!
//! Anchors, aliases, merge keys, duplicate keys and several documents in one file are refused:
//! each of them makes two readers of one file see two things.

use std::collections::BTreeMap;
use std::sync::Arc;

use saphyr_parser::{Event, Parser, ScalarStyle, ScanError, Span, StrInput, Tag};

use crate::manifest::source::{Position, Source};
use crate::model::{Diagnostic, Diagnostics};

/// Deepest nesting; our own formats need eight levels.
const DEPTH: usize = 50;

/// One node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// Where it starts.
    pub position: Position,
    /// Its tag without the exclamation mark: `output` for `!output`.
    pub tag: Option<String>,
    /// What it holds.
    pub content: Content,
}

/// What a node holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// A scalar: its text, and whether it was written without quotes.
    Scalar {
        /// The text after YAML's own unescaping.
        text: String,
        /// Whether it was written without quotes, so that `5` may be a number.
        plain: bool,
    },
    /// A sequence.
    Sequence(Vec<Node>),
    /// A mapping, in the order of the file.
    Mapping(Vec<(Key, Node)>),
}

/// A key of a mapping.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    /// Its text.
    pub text: String,
    /// Where it was written.
    pub position: Position,
}

impl Node {
    /// An error about this node.
    pub fn error(&self, code: &'static str, message: impl Into<String>) -> Diagnostic {
        Diagnostic::error(code, message).at(self.position.place())
    }

    /// What it is, for messages.
    pub fn kind(&self) -> &'static str {
        match self.content {
            Content::Scalar { .. } => "a scalar",
            Content::Sequence(_) => "a list",
            Content::Mapping(_) => "a mapping",
        }
    }
}

/// Parses the one document of `file`.
///
/// # Errors
/// The text is no YAML 1.2, or uses what this module refuses.
pub fn parse(file: &str, bytes: &[u8]) -> Result<Node, Diagnostics> {
    let source = Source::read(file, bytes)?;
    let parser = Parser::new_from_str(source.text());
    let mut reader = Reader { source: &source, events: parser };
    reader.document().map_err(|problem| Diagnostics::from(*problem))
}

type Problem = Box<Diagnostic>;

struct Reader<'s> {
    source: &'s Arc<Source>,
    events: Parser<'s, StrInput<'s>>,
}

impl<'s> Reader<'s> {
    fn document(&mut self) -> Result<Node, Problem> {
        loop {
            match self.next()? {
                (Event::StreamStart | Event::DocumentStart(_) | Event::Nothing, _) => {}
                (Event::StreamEnd, span) => {
                    return Err(Box::new(self.refuse(span, "empty-file", "the file holds no document")));
                }
                (event, span) => {
                    let root = self.node(event, span, 0)?;
                    self.end()?;
                    return Ok(root);
                }
            }
        }
    }

    fn end(&mut self) -> Result<(), Problem> {
        loop {
            match self.next()? {
                (Event::StreamEnd, _) => return Ok(()),
                (Event::DocumentStart(_), span) => {
                    return Err(Box::new(
                        self.refuse(span, "several-documents", "a second YAML document begins here")
                            .hint("keep one document per file"),
                    ));
                }
                _ => {}
            }
        }
    }

    fn next(&mut self) -> Result<(Event<'s>, Span), Problem> {
        match self.events.next() {
            Some(Ok(event)) => Ok(event),
            Some(Err(error)) => Err(Box::new(self.syntax(&error))),
            None => Ok((Event::StreamEnd, Span::default())),
        }
    }

    fn node(&mut self, event: Event<'s>, span: Span, depth: usize) -> Result<Node, Problem> {
        if depth > DEPTH {
            let message = format!("more than {DEPTH} levels of nesting");
            return Err(Box::new(self.refuse(span, "too-deep", message)));
        }
        let (content, anchor, tag) = match event {
            Event::Scalar(text, style, anchor, tag) => {
                let plain = style == ScalarStyle::Plain;
                (Content::Scalar { text: text.into_owned(), plain }, anchor, tag)
            }
            Event::SequenceStart(anchor, tag) => (self.sequence(depth)?, anchor, tag),
            Event::MappingStart(anchor, tag) => (self.mapping(depth)?, anchor, tag),
            Event::Alias(_) => return Err(Box::new(self.anchor(span))),
            _ => return Err(Box::new(self.refuse(span, "syntax", "a value was expected here"))),
        };
        if anchor != 0 {
            return Err(Box::new(self.anchor(span)));
        }
        let tag = tag.map(|tag| tag_name(&tag));
        Ok(Node { position: self.position(span), tag, content })
    }

    fn sequence(&mut self, depth: usize) -> Result<Content, Problem> {
        let mut items = Vec::new();
        loop {
            match self.next()? {
                (Event::SequenceEnd, _) => return Ok(Content::Sequence(items)),
                (event, span) => items.push(self.node(event, span, depth + 1)?),
            }
        }
    }

    fn mapping(&mut self, depth: usize) -> Result<Content, Problem> {
        let mut entries = Vec::new();
        let mut seen: BTreeMap<String, Position> = BTreeMap::new();
        loop {
            let key = match self.next()? {
                (Event::MappingEnd, _) => return Ok(Content::Mapping(entries)),
                (event, span) => self.key(event, span)?,
            };
            if let Some(first) = seen.insert(key.text.clone(), key.position.clone()) {
                let message = format!("the key `{}` is given twice", key.text);
                let problem = Diagnostic::error("duplicate-key", message).at(key.position.place());
                return Err(Box::new(problem.hint(format!("remove one of them; the first is at {first}"))));
            }
            let (event, span) = self.next()?;
            entries.push((key, self.node(event, span, depth + 1)?));
        }
    }

    fn key(&mut self, event: Event<'s>, span: Span) -> Result<Key, Problem> {
        match event {
            Event::Scalar(text, _, 0, None) if text == "<<" => Err(Box::new(
                self.refuse(span, "merge-key", "merge keys (`<<`) are not supported")
                    .hint("write the keys out, or move what is shared to `defaults`"),
            )),
            Event::Scalar(text, _, 0, None) => {
                Ok(Key { text: text.into_owned(), position: self.position(span) })
            }
            _ => Err(Box::new(self.refuse(span, "wrong-type", "a key must be a plain word"))),
        }
    }

    fn position(&self, span: Span) -> Position {
        let width = if span.start.line() == span.end.line() { span.len() } else { 1 };
        self.source.position(span.start.line().max(1), span.start.col() + 1, width)
    }

    fn refuse(&self, span: Span, code: &'static str, message: impl Into<String>) -> Diagnostic {
        Diagnostic::error(code, message).at(self.position(span).place())
    }

    fn anchor(&self, span: Span) -> Diagnostic {
        self.refuse(span, "anchor", "anchors and aliases are not supported")
            .hint("write the value out, or move what is shared to `defaults`")
    }

    fn syntax(&self, error: &ScanError) -> Diagnostic {
        let marker = error.marker();
        let place = self.source.position(marker.line().max(1), marker.col() + 1, 1).place();
        let hint = if self.source.text().lines().any(|line| line.starts_with("<<<<<<< ")) {
            "the file holds the marks of a merge conflict; resolve it (for the lock: take either side, \
             then run `rekindle lock`)"
        } else if place.excerpt.starts_with('\t') {
            "indent with spaces; YAML allows no tabs there"
        } else {
            "the mistake may be on a line above: a bracket, brace or quote that is not closed, or indentation"
        };
        Diagnostic::error("syntax", format!("this is not YAML: {}", error.info())).at(place).hint(hint)
    }
}

fn tag_name(tag: &Tag) -> String {
    let text = tag.to_string();
    text.strip_prefix('!').map(str::to_owned).unwrap_or(text)
}
