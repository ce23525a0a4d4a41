//! What the source itself costs each time it runs: its bytes, and those of joined texts again for
//! each time they are joined.

use crate::render::scan::Tag;

/// The costs of a source and of its parts.
pub(super) struct Costs {
    /// All of it.
    pub(super) whole: usize,
    /// For each tag what it opens, up to the tag that closes it; else its own.
    pub(super) bodies: Vec<usize>,
}

/// Counts a source's bytes by what encloses them.
pub(super) fn of(source: &str, tags: &[Tag]) -> Costs {
    let mut bodies: Vec<usize> = tags.iter().map(own).collect();
    let mut open: Vec<(usize, usize)> = Vec::new();
    let mut sum = 0;
    for (index, tag) in tags.iter().enumerate() {
        sum += bodies[index];
        let word = tag.words.first().map_or("", |word| word.text(source));
        match word {
            _ if tag.prints => {}
            "for" | "block" | "component" => open.push((index, sum)),
            "endfor" | "endblock" | "endcomponent" => {
                if let Some((opener, before)) = open.pop() {
                    let text = tag.whole.start - tags[opener].whole.end;
                    bodies[opener] = text + sum - before;
                }
            }
            _ => {}
        }
    }
    Costs { whole: source.len() + sum, bodies }
}

/// A text that is joined n times is copied n times.
pub(super) fn own(tag: &Tag) -> usize {
    let joins = tag.words.iter().filter(|word| word.is('~')).count();
    tag.whole.len() * joins
}
