//! YAML 1.2 to nodes, on saphyr-parser's events.

use saphyr_parser::{Event, Parser, ScalarStyle, ScanError, Span, StrInput, Tag};

use crate::template::node::{Kind, MAXIMUM_DEPTH, Mark, Node, Problem, Style, too_deep};

/// Reads one YAML document. `None` when there is none.
///
/// # Errors
/// The first syntax error, anchor, alias, or second document.
pub(super) fn read(text: &str) -> Result<Option<Node>, Problem> {
    let mut reader = Reader { parser: Parser::new_from_str(text) };
    let mut root = None;
    while let Some(event) = reader.parser.next_event() {
        let (event, span) = event.map_err(|error| syntax(&error))?;
        match event {
            Event::StreamStart | Event::DocumentStart(_) | Event::DocumentEnd | Event::Nothing => {}
            Event::StreamEnd => break,
            _ if root.is_some() => {
                return Err(Problem::new(
                    "several-documents",
                    mark(span),
                    "the file has more than one YAML document",
                )
                .hint("keep one template per file"));
            }
            event => root = Some(reader.node(event, span, 0)?),
        }
    }
    Ok(root)
}

struct Reader<'input> {
    parser: Parser<'input, StrInput<'input>>,
}

impl<'input> Reader<'input> {
    fn next(&mut self) -> Result<(Event<'input>, Span), Problem> {
        match self.parser.next_event() {
            Some(event) => event.map_err(|error| syntax(&error)),
            None => Ok((Event::StreamEnd, Span::default())),
        }
    }

    fn node(&mut self, event: Event<'input>, span: Span, depth: usize) -> Result<Node, Problem> {
        let mark = mark(span);
        if depth > MAXIMUM_DEPTH {
            return Err(too_deep(mark));
        }
        let (tag, kind) = match event {
            Event::Scalar(text, style, anchor, tag) => {
                refuse_anchor(anchor, mark)?;
                let is_text = tag.as_ref().is_some_and(|tag| spelled(tag) == NOTHING_SPECIAL);
                let is_plain = style == ScalarStyle::Plain && !is_text;
                let style = if is_plain { Style::Plain } else { Style::Quoted };
                (tag, Kind::Scalar(text.into_owned(), style))
            }
            Event::SequenceStart(anchor, tag) => {
                refuse_anchor(anchor, mark)?;
                (tag, self.sequence(depth)?)
            }
            Event::MappingStart(anchor, tag) => {
                refuse_anchor(anchor, mark)?;
                (tag, self.mapping(depth)?)
            }
            Event::Alias(_) => return Err(anchors(mark)),
            _ => return Err(Problem::new("template-syntax", mark, "the text ends too early")),
        };
        Ok(Node { mark, tag: tag.map(|tag| spelled(&tag)).filter(|tag| tag != NOTHING_SPECIAL), kind })
    }

    fn sequence(&mut self, depth: usize) -> Result<Kind, Problem> {
        let mut items = Vec::new();
        loop {
            match self.next()? {
                (Event::SequenceEnd, _) => return Ok(Kind::Sequence(items)),
                (event, span) => items.push(self.node(event, span, depth + 1)?),
            }
        }
    }

    fn mapping(&mut self, depth: usize) -> Result<Kind, Problem> {
        let mut entries = Vec::new();
        loop {
            match self.next()? {
                (Event::MappingEnd, _) => return Ok(Kind::Mapping(entries)),
                (event, span) => {
                    let key = self.node(event, span, depth + 1)?;
                    let (event, span) = self.next()?;
                    entries.push((key, self.node(event, span, depth + 1)?));
                }
            }
        }
    }
}

/// The tag that says no more than that a scalar is a text or a map a map (YAML 1.2, section 6.9.1).
const NOTHING_SPECIAL: &str = "!";

/// The tag as people write it: `!Ref`, `!!str`.
fn spelled(tag: &Tag) -> String {
    if tag.is_yaml_core_schema() {
        format!("!!{}", tag.suffix)
    } else {
        format!("{}{}", tag.handle, tag.suffix)
    }
}

fn mark(span: Span) -> Mark {
    let one_line = span.start.line() == span.end.line();
    // A span that goes on over several lines is shown to the end of its first one.
    let width = if one_line { span.end.col().saturating_sub(span.start.col()).max(1) } else { usize::MAX };
    Mark {
        line: u32::try_from(span.start.line()).unwrap_or(u32::MAX),
        column: u32::try_from(span.start.col() + 1).unwrap_or(u32::MAX),
        width: u32::try_from(width).unwrap_or(u32::MAX),
    }
}

fn refuse_anchor(anchor: usize, mark: Mark) -> Result<(), Problem> {
    if anchor == 0 { Ok(()) } else { Err(anchors(mark)) }
}

fn anchors(mark: Mark) -> Problem {
    Problem::new("yaml-anchor", mark, "YAML anchors and aliases are not read").hint(
        "write the value out; in a `.tera` file `{% set %}`, an include or a component avoids repetition",
    )
}

fn syntax(error: &ScanError) -> Problem {
    let marker = error.marker();
    let mark = Mark {
        line: u32::try_from(marker.line()).unwrap_or(u32::MAX),
        column: u32::try_from(marker.col() + 1).unwrap_or(u32::MAX),
        width: 1,
    };
    let problem = Problem::new("template-syntax", mark, format!("not YAML: {}", error.info()));
    let info = error.info();
    if info.contains("tab") {
        problem.hint("indent with spaces")
    } else if info.contains("simple key") || info.contains("mapping values") {
        problem.hint("a `:` inside a text needs quotes around the text; check the indentation too")
    } else if info.contains("tag") {
        problem.hint("a function is written `!NAME` and a space; its name cannot come from a value")
    } else if info.contains("anchor") {
        problem.hint("anchors and aliases are not read; a text that starts with `&` or `*` needs quotes")
    } else {
        problem.hint("check indentation and quotes on this line and the one before")
    }
}
