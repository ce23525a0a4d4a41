//! What COPY and ADD do to a tree: which files are meant, where they come to lie, whose they are.
//! Follows BuildKit where builders differ.

use crate::image::dockerfile::Span;
use crate::image::pattern::{Pattern, is_pattern};
use crate::image::tree::{Content, Kind, Node, Owner, Parts, Tree, parts, shown};
use crate::model::diagnostic::did_you_mean;

/// One COPY or ADD.
pub(super) struct Copy {
    /// Where to, without links followed.
    pub(super) destination: Parts,
    /// Whether it is said to be a directory: it ends in a slash, or there are several sources.
    pub(super) is_directory: bool,
    /// The owner, where that was said.
    pub(super) owner: Option<Owner>,
    /// The mode, where that was said.
    pub(super) mode: Option<u32>,
    /// `--link`: as if nothing was there before, so links in the destination are not followed.
    pub(super) is_linked: bool,
    /// The ADD that it is.
    pub(super) added_by: Option<Span>,
}

/// Why something could not be copied, and what to do next.
pub(super) type Refusal = (String, String);

/// A file or directory that is to be copied: the name it was found under, and where it really is.
pub(super) struct Found {
    name: Vec<u8>,
    place: Parts,
}

impl Found {
    /// Where it is, links followed.
    pub(super) fn place(&self) -> &[Vec<u8>] {
        &self.place
    }
}

/// What `source` means in `tree`.
pub(super) fn find(tree: &Tree, source: &str) -> Result<Vec<Found>, Refusal> {
    let wanted = parts(source.as_bytes());
    let circle = |why: String| (why, "take one of the links out".to_owned());
    if !is_pattern(source) {
        let place = tree.resolve(&wanted).map_err(circle)?;
        if !place.is_empty() && tree.get(&place).is_none() {
            if tree.is_partial() {
                return Ok(Vec::new());
            }
            return Err(missing(tree, source, &wanted));
        }
        return Ok(vec![Found { name: wanted.last().cloned().unwrap_or_default(), place }]);
    }
    let text = String::from_utf8_lossy(&wanted.join(&b'/')).into_owned();
    let pattern = Pattern::new(&text).map_err(|why| {
        (format!("`{source}` is no pattern: {why}"), "`[[]` means the letter `[`".to_owned())
    })?;
    let mut found = Vec::new();
    for (path, _) in tree.entries().filter(|(path, _)| path.len() == wanted.len()) {
        if pattern.matches(&path.join(&b'/')) {
            let place = tree.resolve(path).map_err(circle)?;
            found.push(Found { name: path.last().cloned().unwrap_or_default(), place });
        }
    }
    if found.is_empty() && !tree.is_partial() {
        let hint = "patterns are relative to the context, and `*` means no `/`".to_owned();
        return Err((format!("nothing in the context matches `{source}`"), hint));
    }
    Ok(found)
}

fn missing(tree: &Tree, source: &str, wanted: &Parts) -> Refusal {
    let known: Vec<String> = tree.entries().map(|(path, _)| shown(path)).collect();
    let hint = match did_you_mean(&shown(wanted), known.iter().map(String::as_str)) {
        Some(meant) => format!("did you mean `{}`?", meant.trim_start_matches('/')),
        None => "the context is the files beside the Dockerfile and those of `context`, \
                 without what `.dockerignore` leaves out and without empty directories"
            .to_owned(),
    };
    (format!("there is no `{source}`"), hint)
}

impl Copy {
    /// Copies what was found in `from`.
    pub(super) fn carry_out(&self, from: &Tree, found: &[Found], to: &mut Tree) -> Result<(), String> {
        let is_directory = self.is_directory || found.len() > 1;
        for Found { name, place } in found {
            match from.get(place) {
                Some(node) if node.kind != Kind::Directory => self.file(node, name, is_directory, to)?,
                _ => self.directory(from, place, to)?,
            }
        }
        Ok(())
    }

    fn file(&self, node: &Node, name: &[u8], is_directory: bool, to: &mut Tree) -> Result<(), String> {
        let mut target = self.target(to)?;
        if is_directory || (!self.is_linked && to.is_directory(&target)) {
            target.push(name.to_vec());
            target = self.resolved(target, to)?;
        }
        if let Some((_, above)) = target.split_last() {
            to.make_directories(above, self.owner.unwrap_or_default())?;
        }
        let mut copy = self.copied(node);
        // A file that is named is unpacked where it is an archive; one inside a directory that is named is not.
        if let (Kind::File(Content { added_by, .. }), Some(span)) = (&mut copy.kind, &self.added_by) {
            *added_by = Some(span.clone());
        }
        to.put(target, copy)
    }

    /// The content of a directory, and not the directory itself.
    fn directory(&self, from: &Tree, place: &Parts, to: &mut Tree) -> Result<(), String> {
        let target = self.target(to)?;
        to.make_directories(&target, self.owner.unwrap_or_default())?;
        to.put_below(&target, from.below(place).map(|(path, node)| (path, self.copied(node))))
    }

    fn target(&self, to: &Tree) -> Result<Parts, String> {
        self.resolved(self.destination.clone(), to)
    }

    fn resolved(&self, path: Parts, to: &Tree) -> Result<Parts, String> {
        if self.is_linked { Ok(path) } else { to.resolve(&path) }
    }

    fn copied(&self, node: &Node) -> Node {
        let mut copy = node.clone();
        copy.owner = self.owner.unwrap_or(copy.owner);
        // A link has no mode of its own.
        if !matches!(copy.kind, Kind::Link(_)) {
            copy.mode = self.mode.unwrap_or(copy.mode);
        }
        copy
    }
}
