//! JSON to nodes. serde_json judges the syntax; a second pass, which may then trust it, keeps the
//! position and spelling of everything, duplicate keys included.

use serde_json::Value;

use crate::template::insertion::{PLAIN_SIGN, contains_token_characters};
use crate::template::node::{Kind, MAXIMUM_DEPTH, Mark, Node, Problem, Style, too_deep};

/// Reads one JSON value.
///
/// # Errors
/// The first syntax error, or nesting beyond the limit.
pub(super) fn read(text: &str) -> Result<Node, Problem> {
    let quoted = quote_tokens(text);
    check_depth(&quoted)?;
    if let Err(error) = serde_json::from_str::<Value>(&quoted) {
        return Err(syntax(&error));
    }
    let mut reader = Reader { text: &quoted, offset: 0, line: 1, counted: 0, column: 0 };
    Ok(reader.node())
}

/// A token outside of quotes becomes a string that a plain scalar would be: JSON has none.
/// A reserved character after the quote tells such a string from one that was written.
fn quote_tokens(text: &str) -> String {
    if !contains_token_characters(text) {
        return text.to_owned();
    }
    let mut quoted = String::with_capacity(text.len() + 16);
    let (mut in_string, mut escaped, mut in_token) = (false, false, false);
    for character in text.chars() {
        let reserved = !in_string && contains_token_characters(character.encode_utf8(&mut [0; 4]));
        if reserved != in_token {
            quoted.push('"');
            if reserved {
                quoted.push(PLAIN_SIGN);
            }
            in_token = reserved;
        }
        if in_string {
            in_string = escaped || character != '"';
            escaped = !escaped && character == '\\';
        } else if character == '"' {
            in_string = true;
        }
        quoted.push(character);
    }
    if in_token {
        quoted.push('"');
    }
    quoted
}

fn check_depth(text: &str) -> Result<(), Problem> {
    let (mut depth, mut in_string, mut escaped, mut line, mut column) = (0_usize, false, false, 1, 0);
    for character in text.chars() {
        column += 1;
        match character {
            '\n' => (line, column) = (line + 1, 0),
            _ if in_string => {
                in_string = escaped || character != '"';
                escaped = !escaped && character == '\\';
            }
            '"' => in_string = true,
            '[' | '{' => depth += 1,
            ']' | '}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > MAXIMUM_DEPTH {
            return Err(too_deep(Mark { line, column, width: 1 }));
        }
    }
    Ok(())
}

fn syntax(error: &serde_json::Error) -> Problem {
    let mark = Mark {
        line: u32::try_from(error.line()).unwrap_or(u32::MAX),
        column: u32::try_from(error.column().max(1)).unwrap_or(u32::MAX),
        width: 1,
    };
    let text = error.to_string();
    let what = text.split(" at line ").next().unwrap_or(&text);
    let problem = Problem::new("template-syntax", mark, format!("not JSON: {what}"));
    if what.contains("trailing comma") {
        problem.hint("take the last comma out")
    } else if what.contains("control character") {
        problem.hint("write line ends inside a string as \\n")
    } else {
        problem.hint("check commas, quotes and brackets around here; JSON has no comments")
    }
}

/// Characters of a text that people see: a sign and its two quotes are not among them.
fn width(text: &str) -> i64 {
    let characters = text.chars().count() as i64;
    characters - 3 * text.matches(PLAIN_SIGN).count() as i64
}

/// Walks a text that is known to be JSON.
struct Reader<'text> {
    text: &'text str,
    offset: usize,
    line: u32,
    /// Up to where the characters of this line were counted. Each is counted once, however many
    /// marks there are: a template may be one long line.
    counted: usize,
    /// How many they are.
    column: i64,
}

impl<'text> Reader<'text> {
    fn peek(&self) -> u8 {
        self.text.as_bytes().get(self.offset).copied().unwrap_or_default()
    }

    fn skip_space(&mut self) {
        while self.peek().is_ascii_whitespace() {
            if self.peek() == b'\n' {
                self.line += 1;
                (self.counted, self.column) = (self.offset + 1, 0);
            }
            self.offset += 1;
        }
    }

    /// The mark of what stands from here to `end`.
    fn mark(&mut self, end: usize) -> Mark {
        self.column += width(&self.text[self.counted..self.offset]);
        self.counted = self.offset;
        let number = |count: i64| u32::try_from(count.max(0)).unwrap_or(u32::MAX);
        Mark {
            line: self.line,
            column: number(self.column).saturating_add(1),
            width: number(width(&self.text[self.offset..end])).max(1),
        }
    }

    fn node(&mut self) -> Node {
        self.skip_space();
        let mark = self.mark(self.offset + 1);
        let kind = match self.peek() {
            b'{' => self.mapping(),
            b'[' => self.sequence(),
            _ => return self.scalar(),
        };
        Node { mark, tag: None, kind }
    }

    fn scalar(&mut self) -> Node {
        let text: &'text str = self.text;
        let rest = &text[self.offset..];
        let quoted = rest.starts_with('"');
        let length = if quoted {
            string_length(rest)
        } else {
            rest.find([',', ']', '}', ' ', '\t', '\n']).unwrap_or(rest.len())
        };
        let (mark, written) = (self.mark(self.offset + length), &rest[..length]);
        self.offset += length;
        let kind = if quoted {
            let text: String = serde_json::from_str(written).expect("the first pass read this string");
            match text.strip_prefix(PLAIN_SIGN) {
                Some(token) => Kind::Scalar(token.to_owned(), Style::Plain),
                None => Kind::Scalar(text, Style::Quoted),
            }
        } else {
            Kind::Scalar(written.to_owned(), Style::Plain)
        };
        Node { mark, tag: None, kind }
    }

    /// Steps over the opening bracket or a comma; true when another item follows.
    fn has_next(&mut self) -> bool {
        self.offset += 1;
        self.skip_space();
        !matches!(self.peek(), b']' | b'}')
    }

    fn sequence(&mut self) -> Kind {
        let mut items = Vec::new();
        while self.peek() != b']' && self.has_next() {
            items.push(self.node());
            self.skip_space();
        }
        self.offset += 1;
        Kind::Sequence(items)
    }

    fn mapping(&mut self) -> Kind {
        let mut entries = Vec::new();
        while self.peek() != b'}' && self.has_next() {
            let key = self.scalar();
            self.skip_space();
            self.offset += 1;
            entries.push((key, self.node()));
            self.skip_space();
        }
        self.offset += 1;
        Kind::Mapping(entries)
    }
}

/// The length in bytes of the string literal that `text` starts with.
fn string_length(text: &str) -> usize {
    let mut escaped = false;
    for (offset, byte) in text.bytes().enumerate().skip(1) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return offset + 1,
            _ => {}
        }
    }
    text.len()
}
