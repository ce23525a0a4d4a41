//! From the lines of a render back to the lines of the sources it was made of.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, OnceLock};

/// A line of a source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceLine {
    /// The path from the project's root.
    pub file: String,
    /// Counted from 1.
    pub line: usize,
    /// What stands in it.
    pub text: String,
}

/// A part of a rendered line that comes from one line of a source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Piece {
    /// The characters of the rendered line up to the end of this part.
    pub end: usize,
    /// The key in [`Lines::sources`].
    pub source: usize,
}

/// Where each line of a render came from; empty where that is not known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lines {
    /// The lines of sources that are in the render.
    pub sources: BTreeMap<usize, SourceLine>,
    /// For each rendered line its parts, in order.
    pub rendered: Vec<Vec<Piece>>,
}

impl Lines {
    /// The line of a source that a place in the render (both from 0) came from. A line that nothing
    /// is known of belongs to the one before it.
    fn at(&self, line: usize, column: usize) -> Option<&SourceLine> {
        let here = self.rendered.get(line).into_iter().flatten();
        let last = |pieces: &Vec<Piece>| pieces.last().copied();
        let piece = here.copied().find(|piece| piece.end > column);
        let piece = piece.or_else(|| self.rendered.iter().take(line + 1).rev().find_map(last));
        let piece = piece.or_else(|| self.rendered.iter().flatten().next().copied());
        self.sources.get(&piece?.source)
    }
}

type Find = dyn Fn(&str) -> Lines + Send + Sync;

/// Finds the lines out when somebody asks for a place: nobody does where all is right.
#[derive(Clone)]
pub struct Origin {
    find: Arc<Find>,
    found: Arc<OnceLock<Lines>>,
}

impl Origin {
    /// `find` gets the text of the render.
    pub fn new(find: impl Fn(&str) -> Lines + Send + Sync + 'static) -> Self {
        Self { find: Arc::new(find), found: Arc::default() }
    }

    /// The line of a source that a place in the render (both from 0) came from.
    pub(super) fn at(&self, content: &str, line: usize, column: usize) -> Option<&SourceLine> {
        self.found.get_or_init(|| (self.find)(content)).at(line, column)
    }
}

impl fmt::Debug for Origin {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Origin").field("found", &self.found).finish_non_exhaustive()
    }
}
