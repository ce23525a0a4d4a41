//! A template that was read: its JSON, and where each part of it stands.

use std::borrow::Cow;
use std::sync::Arc;

use serde_json::Value;

use crate::model::{Diagnostic, Diagnostics, Place, StackTemplate};
use crate::template::build::{Builder, Children, Spot};
use crate::template::insertion::{Insertions, contains_token_characters};
use crate::template::node::{Mark, Problem};
use crate::template::origin::Origin;
use crate::template::text::{Text, decode};
use crate::template::{json, yaml};

/// A CloudFormation template as JSON, every function in its long form. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Document {
    /// The template; always an object.
    pub value: StackTemplate,
    root: Arc<Spot>,
    text: Arc<Text>,
    origin: Option<Origin>,
}

impl Document {
    /// The file this was read from.
    pub fn file(&self) -> &str {
        &self.text.file
    }

    /// The same template as another render of the same text: its places are found through `origin`.
    #[must_use]
    pub fn from_origin(self, origin: Option<Origin>) -> Self {
        Self { origin, ..self }
    }

    /// Where the value at a JSON pointer (RFC 6901) stands; the nearest parent that has a place of
    /// its own when the value was put in as a whole. `None` when there is no such value.
    pub fn place(&self, pointer: &str) -> Option<Place> {
        self.marks(pointer).map(|(_, mark)| self.text.place(mark, self.origin.as_ref()))
    }

    /// Where the key of the value at a JSON pointer stands; the value's place for items of lists.
    pub fn key_place(&self, pointer: &str) -> Option<Place> {
        self.marks(pointer).map(|(key, _)| self.text.place(key, self.origin.as_ref()))
    }

    fn marks(&self, pointer: &str) -> Option<(Mark, Mark)> {
        let (mut value, mut spot) = (&*self.value, Some(&*self.root));
        let mut marks = (self.root.mark, self.root.mark);
        for segment in pointer.split('/').skip(1) {
            let segment = segment.replace("~1", "/").replace("~0", "~");
            let index = match value {
                Value::Object(object) => object.keys().position(|key| *key == segment)?,
                Value::Array(_) => segment.parse::<usize>().ok()?,
                _ => return None,
            };
            value = match value {
                Value::Array(items) => items.get(index)?,
                parent => parent.get(&segment)?,
            };
            spot = match spot.map(|spot| &spot.children) {
                Some(Children::Items(items)) => {
                    items.get(index).inspect(|spot| marks = (spot.mark, spot.mark))
                }
                Some(Children::Entries(entries)) => {
                    entries.get(index).inspect(|(key, spot)| marks = (*key, spot.mark)).map(|(_, spot)| spot)
                }
                _ => None,
            };
        }
        Some(marks)
    }
}

/// How many problems of one text are reported.
const MAXIMUM_REPORTED: usize = 50;

/// Reads a template that stands as it is: JSON when `file` ends in `.json`, YAML otherwise.
///
/// # Errors
/// Everything that is wrong with the text, with places.
pub fn read(file: &str, bytes: &[u8]) -> Result<Document, Diagnostics> {
    let content = decode(file, bytes)?;
    if contains_token_characters(content) {
        return Err(reserved(file).into());
    }
    parse(
        Text { file: file.to_owned(), content: content.to_owned(), ..Text::default() },
        file.ends_with(".json"),
        None,
    )
}

/// Reads a template that belongs to no project: line ends and a byte-order mark do not matter, and
/// a text that starts with `{` is JSON, whatever its name.
///
/// # Errors
/// Everything that is wrong with the text, with places.
pub fn read_as_found(file: &str, bytes: &[u8]) -> Result<Document, Diagnostics> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let is_carriage_return = |pair: &[u8]| pair == b"\r\n";
    let unix: Cow<'_, [u8]> = if bytes.windows(2).any(is_carriage_return) {
        Cow::Owned(bytes.iter().copied().filter(|byte| *byte != b'\r').collect())
    } else {
        Cow::Borrowed(bytes)
    };
    let content = decode(file, &unix)?.to_owned();
    let is_json = content.trim_start().starts_with('{');
    if contains_token_characters(&content) {
        return Err(reserved(file).into());
    }
    parse(Text { file: file.to_owned(), content, ..Text::default() }, is_json, None)
}

fn reserved(file: &str) -> Diagnostic {
    Diagnostic::error("reserved-character", "the file has characters that rekindle reserves")
        .at(Place::file(file))
        .hint("take the private-use characters U+10F000 to U+10F012 out")
}

/// Reads the render of a template: tokens of `insertions` stand in `content` for the values, which
/// are put in after parsing. Places point into the sources, where `origin` knows them.
///
/// # Errors
/// Everything that is wrong with the text, with places.
pub fn read_rendered(
    file: &str,
    is_json: bool,
    content: String,
    insertions: Insertions,
    origin: Option<Origin>,
) -> Result<Document, Diagnostics> {
    parse(Text { file: file.to_owned(), content, is_rendered: true, insertions }, is_json, origin)
}

fn parse(text: Text, is_json: bool, origin: Option<Origin>) -> Result<Document, Diagnostics> {
    let node = if is_json { json::read(&text.content).map(Some) } else { yaml::read(&text.content) };
    let Some(node) = node.map_err(|problem| text.diagnostic(problem, origin.as_ref()))? else {
        return Err(text.diagnostic(empty(), origin.as_ref()).into());
    };
    let mark = node.mark;
    let mut builder = Builder::new(&text.insertions);
    let (value, root) = builder.build(node);
    let mut problems = builder.problems;
    if problems.is_empty() && !value.is_object() {
        problems.push(if value.is_null() {
            empty()
        } else {
            Problem::new("template-form", mark, "a template is a map with a `Resources` section")
        });
    }
    if problems.is_empty() {
        return Ok(Document { value: value.into(), root: Arc::new(root), text: Arc::new(text), origin });
    }
    // A text that is wrong everywhere is wrong in one way: nobody reads more.
    let reported = problems.into_iter().take(MAXIMUM_REPORTED);
    Err(Diagnostics(reported.map(|problem| text.diagnostic(problem, origin.as_ref())).collect()))
}

fn empty() -> Problem {
    Problem::new("template-form", Mark::default(), "the template is empty")
        .hint("it needs at least a `Resources` section")
}
