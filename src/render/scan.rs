//! Finds Tera's tags in a source and the words inside them. Mirrors Tera's own lexer (tera 2.4,
//! `parsing/lexer.rs`) where a tag ends; what it cannot read it leaves to Tera's error message.

use std::ops::Range;

/// One `{{ }}` or `{% %}`; comments and raw blocks are stepped over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Tag {
    /// Whether it is `{{ }}`.
    pub(super) prints: bool,
    /// With its delimiters.
    pub(super) whole: Range<usize>,
    /// Whether it takes the white space after it away (`-%}`).
    pub(super) trims_end: bool,
    pub(super) words: Vec<Word>,
}

/// One lexical element inside a tag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Word {
    pub(super) kind: WordKind,
    pub(super) range: Range<usize>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum WordKind {
    Identifier,
    Text,
    /// A number, an operator or a bracket: its first character.
    Symbol(char),
}

impl Word {
    pub(super) fn is(&self, symbol: char) -> bool {
        self.kind == WordKind::Symbol(symbol)
    }

    pub(super) fn text<'s>(&self, source: &'s str) -> &'s str {
        &source[self.range.clone()]
    }
}

/// What a source is made of, up to the first tag that has no end.
#[derive(Debug, Default)]
pub(super) struct Scan {
    pub(super) tags: Vec<Tag>,
    /// What is written as it stands; raw blocks have their tags around it.
    pub(super) literals: Vec<Range<usize>>,
}

/// Finds every tag of `source`.
pub(super) fn read(source: &str) -> Scan {
    let mut scan = Scan::default();
    let (mut offset, mut literal) = (0, 0);
    while let Some(start) = source[offset..].find('{').map(|found| offset + found) {
        let rest = &source[start..];
        if !rest.starts_with("{#") && !rest.starts_with("{{") && !rest.starts_with("{%") {
            offset = start + 1;
            continue;
        }
        scan.literals.push(literal..start);
        let Some(end) = scan.step_over(source, start) else { return scan };
        (offset, literal) = (end, end);
    }
    scan.literals.push(literal..source.len());
    scan
}

impl Scan {
    /// The end of the tag, comment or raw block at `start`.
    fn step_over(&mut self, source: &str, start: usize) -> Option<usize> {
        let rest = &source[start..];
        if rest.starts_with("{#") {
            return rest.find("#}").map(|length| start + length + 2);
        }
        let tag = tag(source, start)?;
        let end = tag.whole.end;
        if is_word(source, &tag, "raw") {
            let close = end_of_raw(source, end)?;
            self.literals.push(end..close.start);
            return Some(close.end);
        }
        self.tags.push(tag);
        Some(end)
    }
}

fn is_word(source: &str, tag: &Tag, word: &str) -> bool {
    !tag.prints && tag.words.len() == 1 && tag.words[0].text(source) == word
}

/// The tag that ends the raw block whose text starts at `start`.
fn end_of_raw(source: &str, start: usize) -> Option<Range<usize>> {
    let mut offset = start;
    while let Some(found) = source[offset..].find("{%") {
        offset += found;
        match tag(source, offset) {
            Some(tag) if is_word(source, &tag, "endraw") => return Some(tag.whole),
            _ => offset += 2,
        }
    }
    None
}

/// The tag that opens at `start`; `None` when it does not end.
fn tag(source: &str, start: usize) -> Option<Tag> {
    let prints = source[start..].starts_with("{{");
    let close = if prints { "}}" } else { "%}" };
    let mut offset = start + 2;
    if source[offset..].starts_with('-') {
        offset += 1;
    }
    let mut words = Vec::new();
    loop {
        let rest = &source[offset..];
        let first = rest.chars().next()?;
        let trims_end = first == '-' && rest[1..].starts_with(close);
        if trims_end || rest.starts_with(close) {
            let end = offset + close.len() + usize::from(trims_end);
            return Some(Tag { prints, whole: start..end, trims_end, words });
        }
        let (kind, length) = match first {
            _ if first.is_whitespace() => {
                offset += first.len_utf8();
                continue;
            }
            '"' | '\'' | '`' => (WordKind::Text, text_length(rest, first)?),
            'a'..='z' | 'A'..='Z' | '_' => {
                let end = rest.find(|character: char| character != '_' && !character.is_ascii_alphanumeric());
                (WordKind::Identifier, end.unwrap_or(rest.len()))
            }
            _ => (WordKind::Symbol(first), symbol_length(rest, first)),
        };
        words.push(Word { kind, range: offset..offset + length });
        offset += length;
    }
}

fn text_length(rest: &str, quote: char) -> Option<usize> {
    let mut escaped = false;
    for (offset, character) in rest.char_indices().skip(1) {
        match character {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            _ if character == quote => return Some(offset + 1),
            _ => {}
        }
    }
    None
}

fn symbol_length(rest: &str, first: char) -> usize {
    const LONG: [&str; 10] = ["...", "==", "!=", ">=", "<=", "//", "**", "</", "?.", "?["];
    if first.is_ascii_digit() {
        return rest.find(|character: char| !character.is_ascii_digit()).unwrap_or(rest.len());
    }
    LONG.iter().find(|symbol| rest.starts_with(**symbol)).map_or(first.len_utf8(), |symbol| symbol.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_end_where_tera_ends_them() {
        let source =
            "a {{ x | f(a=\"}}\") }} {# {{ no }} #} {% raw %}{{ no }}{% endraw %}{%- set y = '%}' -%} { {{ z";
        let found: Vec<_> = read(source).tags.iter().map(|tag| &source[tag.whole.clone()]).collect();
        assert_eq!(found, ["{{ x | f(a=\"}}\") }}", "{%- set y = '%}' -%}"]);
        assert!(read(source).tags[1].trims_end);
    }
}
