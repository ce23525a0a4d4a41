//! From a place in a render back to the place in the sources it was made of. May not render: how
//! the pieces of the lines are found out is given.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;
use std::sync::{Arc, OnceLock};

use crate::model::Place;

/// A source that a render was made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceFile {
    /// The path from the project's root.
    pub file: String,
    /// What stands in it.
    pub text: String,
}

/// A part of a rendered line that was made in one go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Piece {
    /// The characters of the rendered line up to the end of this part.
    pub end: usize,
    /// Where that end stands in the sources: the source's number and an offset in it, added.
    pub source: usize,
}

/// What the lines of a render were made of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lines {
    /// The sources by their numbers, which lie further apart than each source is long.
    pub sources: Arc<BTreeMap<usize, SourceFile>>,
    /// For each rendered line its parts, in order.
    pub rendered: Vec<Vec<Piece>>,
}

impl Lines {
    /// What a character of the render (line and column from 0) was made of. `written` is its line.
    fn at(&self, line: usize, written: &str, column: usize) -> Option<(&SourceFile, Range<usize>)> {
        let mut pieces = self.rendered.get(line).into_iter().flatten();
        let Some(piece) = pieces.find(|piece| piece.end > column) else {
            return self.behind(line);
        };
        let (source, end) = self.source(*piece)?;
        let rest: String = written.chars().take(piece.end).skip(column).collect();
        let range = match source.text[..end].strip_suffix(&rest) {
            Some(before) => before.len()..before.len() + rest.chars().next().map_or(0, char::len_utf8),
            None => printing(&source.text, end),
        };
        Some((source, range))
    }

    /// Behind the last thing that stands in a line or before it; nothing stands where it is empty.
    fn behind(&self, line: usize) -> Option<(&SourceFile, Range<usize>)> {
        let before = self.rendered.iter().take(line + 1).rev().find_map(|pieces| pieces.last());
        let (source, end) = self.source(*before.or_else(|| self.rendered.iter().flatten().next())?)?;
        Some((source, end..end))
    }

    fn source(&self, piece: Piece) -> Option<(&SourceFile, usize)> {
        let (first, source) = self.sources.range(..=piece.source).next_back()?;
        let offset = piece.source - first;
        source.text.is_char_boundary(offset).then_some((source, offset))
    }
}

/// The `{{ }}` whose expression ends at an offset.
fn printing(text: &str, end: usize) -> Range<usize> {
    let start = text[..end].rfind("{{").unwrap_or(end);
    let close = text[end..].find("}}").map_or(end, |length| end + length + 2);
    start..close
}

impl Origin {
    /// The place in the sources of a place in the render, whose text is `content`; `None` where that cannot
    /// be traced.
    pub fn trace(&self, content: &str, place: &Place) -> Option<Place> {
        let (line, column) = (place.line.checked_sub(1)?, place.column.checked_sub(1)?);
        self.place(content, line, column, place.width)
    }
}

type Find = dyn Fn(&str) -> Option<Lines> + Send + Sync;

/// Finds the lines out when somebody asks for a place: nobody does where all is right.
#[derive(Clone)]
pub struct Origin {
    find: Arc<Find>,
    found: Arc<OnceLock<Option<Lines>>>,
}

impl Origin {
    /// `find` gets the text of the render; `None` where its lines cannot be traced.
    pub fn new(find: impl Fn(&str) -> Option<Lines> + Send + Sync + 'static) -> Self {
        Self { find: Arc::new(find), found: Arc::default() }
    }

    /// The place in the sources of `width` characters of the render from line and column (from 0).
    pub(super) fn place(&self, content: &str, line: usize, column: usize, width: usize) -> Option<Place> {
        let lines = self.found.get_or_init(|| (self.find)(content)).as_ref()?;
        let written = content.lines().nth(line).unwrap_or_default();
        let (source, first) = lines.at(line, written, column)?;
        let line_end =
            source.text[first.start..].find('\n').map_or(source.text.len(), |end| first.start + end);
        let last = lines.at(line, written, column + width.max(1) - 1);
        let last = last.filter(|(other, last)| *other == source && first.start <= last.start);
        let end = last.map_or(line_end, |(_, last)| last.end.clamp(first.start, line_end));
        let width = source.text[first.start..end].chars().count();
        Some(Place::at_offset(source.file.as_str(), &source.text, first.start, width))
    }
}

impl fmt::Debug for Origin {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Origin").field("found", &self.found).finish_non_exhaustive()
    }
}
