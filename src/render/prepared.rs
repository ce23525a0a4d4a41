//! A source as Tera gets it, and the way back from positions in it to the source.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use crate::model::Place;
use crate::render::project_path;

/// A source that Tera may read.
#[derive(Debug)]
pub(super) struct Prepared {
    pub(super) path: String,
    pub(super) source: String,
    /// The text for Tera.
    pub(super) text: String,
    /// Paths of the sources it includes or extends.
    pub(super) includes: Vec<String>,
    /// Names of components it defines, and of those it calls.
    pub(super) defines: BTreeSet<String>,
    pub(super) calls: BTreeMap<String, Range<usize>>,
    /// Where it reads `inputs.X`, `env.X`, `lock.X` without asking first whether that is defined.
    pub(super) reads: Vec<Read>,
    pub(super) edits: Vec<Edit>,
}

/// One reading of a value.
#[derive(Debug)]
pub(super) struct Read {
    pub(super) root: String,
    pub(super) name: String,
    pub(super) range: Range<usize>,
}

/// A replacement in the source; `anchor` is what an error inside it is about.
#[derive(Debug)]
pub(super) struct Edit {
    pub(super) at: Range<usize>,
    pub(super) text: String,
    pub(super) anchor: Range<usize>,
}

impl Edit {
    /// By place. What closes at a place comes before what opens there, the inner one first; what
    /// opens comes with the outer one first.
    fn order(&self) -> (usize, u8, usize) {
        let closes =
            self.at.is_empty() && self.anchor.start < self.at.start && self.anchor.end == self.at.start;
        match (closes, self.at.is_empty()) {
            (true, _) => (self.at.start, 0, usize::MAX - self.anchor.start),
            (false, true) => (self.at.start, 1, usize::MAX - self.anchor.end),
            (false, false) => (self.at.start, 2, 0),
        }
    }
}

impl Prepared {
    /// Nothing but the source yet.
    pub(super) fn new(path: &str, source: &str) -> Self {
        Self {
            path: path.to_owned(),
            source: source.to_owned(),
            text: String::new(),
            includes: Vec::new(),
            defines: BTreeSet::new(),
            calls: BTreeMap::new(),
            reads: Vec::new(),
            edits: Vec::new(),
        }
    }

    /// Makes the text from the source and its edits.
    pub(super) fn assemble(mut self) -> Self {
        self.edits.sort_by_key(Edit::order);
        let mut offset = 0;
        for edit in &self.edits {
            self.text.push_str(&self.source[offset..edit.at.start]);
            self.text.push_str(&edit.text);
            offset = edit.at.end;
        }
        self.text.push_str(&self.source[offset..]);
        self
    }

    /// The range in the source that a range in the prepared text means.
    pub(super) fn original(&self, range: &Range<usize>) -> Range<usize> {
        let ((start, opening), (end, closing)) = (self.offset(range.start), self.offset(range.end));
        let start = opening.map_or(start, |anchor| anchor.start);
        start..closing.map_or(end, |anchor| anchor.end).max(start)
    }

    /// The offset in the source; and the anchor when the offset is inside an edit.
    fn offset(&self, offset: usize) -> (usize, Option<Range<usize>>) {
        let (mut added, mut removed) = (0, 0);
        for edit in &self.edits {
            let start = edit.at.start + added - removed;
            if offset < start {
                break;
            }
            if offset < start + edit.text.len() {
                return (edit.at.start, Some(edit.anchor.clone()));
            }
            added += edit.text.len();
            removed += edit.at.len();
        }
        (offset + removed - added, None)
    }

    /// The whole expression in the source that a range in the prepared text is part of.
    pub(super) fn expression(&self, range: &Range<usize>) -> Range<usize> {
        let original = self.original(range);
        let wraps = self.edits.iter().filter(|edit| edit.at.is_empty());
        let around = wraps.map(|edit| &edit.anchor);
        let around = around.filter(|anchor| anchor.start <= original.start && original.end <= anchor.end);
        around.min_by_key(|anchor| anchor.len()).cloned().unwrap_or(original)
    }

    /// The place in the source that a range in the prepared text means.
    pub(super) fn place(&self, range: &Range<usize>) -> Place {
        self.source_place(&self.original(range))
    }

    pub(super) fn source_place(&self, range: &Range<usize>) -> Place {
        let text = &self.source[range.clone()];
        let width = text.lines().next().unwrap_or_default().chars().count();
        Place::at_offset(project_path(&self.path), &self.source, range.start, width)
    }
}
