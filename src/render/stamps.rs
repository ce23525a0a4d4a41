//! Which places of which sources a render was made of: the sources are rendered once more with
//! stamps in them. May not change what is rendered: where the text without its stamps is another
//! one, nothing is known.
//!
//! A stamp stands behind the last character of a line, or of a part of it, that is not blank: so
//! what Tera trims stays the same. It ends the piece of the render that was made there.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::render::prepared::{Edit, Prepared};
use crate::render::scan;
use crate::render::{names, project_path};
use crate::template::{Lines, Piece, SourceFile, stamp, take_stamps};

/// The sources of a folder with stamps in them.
pub(super) struct Stamped {
    pub(super) tera: tera::Tera,
    sources: Arc<BTreeMap<usize, SourceFile>>,
}

impl Stamped {
    /// Compiles the sources again; `None` where Tera does not take them with stamps.
    pub(super) fn compile(tera: &tera::Tera, all: &BTreeMap<String, Arc<Prepared>>) -> Option<Self> {
        let (mut tera, mut sources, mut texts, mut first) = (tera.clone(), BTreeMap::new(), Vec::new(), 0);
        for (path, prepared) in all {
            texts.push((path.as_str(), with_stamps(prepared, first)));
            let source = SourceFile { file: project_path(path), text: prepared.source.clone() };
            sources.insert(first, source);
            first += prepared.source.len() + 1;
        }
        tera.add_raw_templates(texts).ok()?;
        Some(Self { tera, sources: Arc::new(sources) })
    }

    /// What the lines of a render with stamps were made of; its text without them is `expected`.
    pub(super) fn lines(&self, rendered: &str, expected: &str) -> Option<Lines> {
        let mut lines = Lines { sources: Arc::clone(&self.sources), rendered: Vec::new() };
        let mut text = String::with_capacity(expected.len());
        for line in rendered.split_inclusive('\n') {
            let (plain, stamps) = take_stamps(line);
            text.push_str(&plain);
            lines.rendered.push(stamps.into_iter().map(|(end, source)| Piece { end, source }).collect());
        }
        (text == expected).then_some(lines)
    }
}

/// The prepared text of a source with a stamp for each of its places; `first` is its number.
fn with_stamps(source: &Prepared, first: usize) -> String {
    let hook = format!(")|{}", names::PRINTED);
    let mut prepared = Prepared::new(&source.path, &source.source);
    for edit in &source.edits {
        let text = match edit.text == hook {
            true => format!("{hook}(stamp={})", first + edit.at.start),
            false => edit.text.clone(),
        };
        prepared.edits.push(Edit { at: edit.at.clone(), text, anchor: edit.anchor.clone() });
    }
    for literal in scan::read(&source.source).literals {
        let mut offset = literal.start;
        for line in source.source[literal].split_inclusive('\n') {
            let end = offset + line.trim_end().len();
            if end > offset {
                prepared.edits.push(Edit { at: end..end, text: stamp(first + end), anchor: end..end });
            }
            offset += line.len();
        }
    }
    prepared.assemble().text
}
