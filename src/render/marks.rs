//! Which lines of which sources a render was made of: the sources are rendered once more with marks
//! in them. May not change what is rendered: where the text without its marks is another one,
//! nothing is known.
//!
//! A mark stands behind the last character of a line, or of a part of it, that is not blank: so
//! what Tera trims stays the same. It ends the piece of the render that its line made.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::render::prepared::{Edit, Prepared};
use crate::render::scan;
use crate::render::{names, project_path};
use crate::template::{Lines, Piece, SourceLine, mark, marks};

/// The sources of a folder with marks in them.
pub(super) struct Marked {
    pub(super) tera: tera::Tera,
    /// The number of the first line of each source, and the source.
    sources: BTreeMap<usize, Arc<Prepared>>,
}

impl Marked {
    /// Compiles the sources again; `None` where Tera does not take them with marks.
    pub(super) fn compile(tera: &tera::Tera, all: &BTreeMap<String, Arc<Prepared>>) -> Option<Self> {
        let (mut tera, mut sources, mut texts, mut number) = (tera.clone(), BTreeMap::new(), Vec::new(), 0);
        for (path, source) in all {
            texts.push((path.as_str(), text(source, number)));
            sources.insert(number, Arc::clone(source));
            number += source.source.lines().count() + 1;
        }
        tera.add_raw_templates(texts).ok()?;
        Some(Self { tera, sources })
    }

    /// The lines of a marked render whose text without marks is `expected`.
    pub(super) fn lines(&self, marked: &str, expected: &str) -> Option<Lines> {
        let mut lines = Lines::default();
        let mut text = String::with_capacity(expected.len());
        for line in marked.split_inclusive('\n') {
            let (unmarked, found) = marks(line);
            text.push_str(&unmarked);
            for (_, number) in &found {
                if !lines.sources.contains_key(number) {
                    lines.sources.insert(*number, self.source_line(*number)?);
                }
            }
            lines.rendered.push(found.into_iter().map(|(end, source)| Piece { end, source }).collect());
        }
        (text == expected).then_some(lines)
    }

    fn source_line(&self, number: usize) -> Option<SourceLine> {
        let (first, source) = self.sources.range(..=number).next_back()?;
        let index = number - first;
        let text = source.source.lines().nth(index)?.to_owned();
        Some(SourceLine { file: project_path(&source.path), line: index + 1, text })
    }
}

/// The prepared text of a source with a mark for each line; `first` is the number of its first one.
fn text(source: &Prepared, first: usize) -> String {
    let starts: Vec<usize> = source.source.match_indices('\n').map(|(at, _)| at).collect();
    let number = |offset: usize| first + starts.partition_point(|end| *end < offset);
    let hook = format!(")|{}", names::PRINTED);
    let mut prepared = Prepared::new(&source.path, &source.source);
    for edit in &source.edits {
        let text = match edit.text == hook {
            true => format!("{hook}(mark={})", number(edit.at.start)),
            false => edit.text.clone(),
        };
        prepared.edits.push(Edit { at: edit.at.clone(), text, anchor: edit.anchor.clone() });
    }
    for literal in scan::read(&source.source).literals {
        let mut offset = literal.start;
        for line in source.source[literal].split_inclusive('\n') {
            let end = offset + line.trim_end().len();
            if end > offset {
                prepared.edits.push(Edit { at: end..end, text: mark(number(end)), anchor: end..end });
            }
            offset += line.len();
        }
    }
    prepared.assemble().text
}
