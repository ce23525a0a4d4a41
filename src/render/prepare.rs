//! Prepares a source for Tera: refuses what may not be there, resolves includes, and writes hooks
//! around printed values, assignments and loops. Remembers where each hook went, so that a
//! position in the prepared text leads back to the source.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use crate::model::diagnostic::did_you_mean;
use crate::model::{Diagnostic, Place};
use crate::render::scan::{Tag, Word, WordKind, tags};
use crate::render::{names, project_path};

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
    /// Whether its render has the same lines: it prints values and does nothing else.
    pub(super) keeps_lines: bool,
    edits: Vec<Edit>,
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
struct Edit {
    at: Range<usize>,
    text: String,
    anchor: Range<usize>,
}

/// Looks a name in an include up: the path of the source, or why there is none.
pub(super) type Resolve<'a> = dyn Fn(&str) -> Result<String, Diagnostic> + 'a;

/// Prepares one source.
pub(super) fn prepare(path: &str, source: &str, resolve: &Resolve<'_>) -> Result<Prepared, Vec<Diagnostic>> {
    let tags = tags(source);
    let mut preparation = Preparation::new(path, source);
    let extends = tags.iter().any(|tag| !tag.prints && preparation.word(tag, 0) == "extends");
    if !extends {
        preparation.insert(0, step("{{", "}}"), 0..0);
    }
    for tag in &tags {
        preparation.tag(tag, resolve);
    }
    preparation.finish()
}

fn step(open: &str, close: &str) -> String {
    format!("{open}{}(){close}", names::STEP)
}

struct Preparation<'s> {
    prepared: Prepared,
    source: &'s str,
    problems: Vec<Diagnostic>,
    in_component: bool,
}

impl<'s> Preparation<'s> {
    fn new(path: &str, source: &'s str) -> Self {
        let prepared = Prepared {
            path: path.to_owned(),
            source: source.to_owned(),
            text: String::new(),
            includes: Vec::new(),
            defines: BTreeSet::new(),
            calls: BTreeMap::new(),
            reads: Vec::new(),
            keeps_lines: true,
            edits: Vec::new(),
        };
        Self { prepared, source, problems: Vec::new(), in_component: false }
    }

    fn word(&self, tag: &Tag, index: usize) -> &'s str {
        tag.words.get(index).map_or("", |word| word.text(self.source))
    }

    fn insert(&mut self, at: usize, text: impl Into<String>, anchor: Range<usize>) {
        self.prepared.edits.push(Edit { at: at..at, text: text.into(), anchor });
    }

    fn problem(&mut self, code: &'static str, range: &Range<usize>, message: String, hint: String) {
        let width = self.source[range.clone()].chars().count();
        let place = Place::at_offset(project_path(&self.prepared.path), self.source, range.start, width);
        self.problems.push(Diagnostic::error(code, message).at(place).hint(hint));
    }

    fn tag(&mut self, tag: &Tag, resolve: &Resolve<'_>) {
        let Some(first) = tag.words.first() else { return };
        if tag.prints {
            if self.word(tag, 0) == "resolve" && tag.words.get(1).is_some_and(|word| word.is(':')) {
                return self.raw_reference(tag);
            }
            if first.is('<') {
                self.component_call(tag);
            } else {
                self.wrap(first.range.start, tag.words[tag.words.len() - 1].range.end, names::PRINTED);
            }
            return self.expressions(tag, 0);
        }
        self.prepared.keeps_lines = false;
        match first.text(self.source) {
            "set" | "set_global" => self.assignment(tag),
            "filter" => {
                let at = tag.words.get(1).map_or(first.range.end, |word| word.range.start);
                self.insert(at, format!("{} | ", names::CAPTURED), tag.whole.clone());
            }
            "include" | "extends" => self.include(tag, resolve),
            "for" | "block" => self.count(tag),
            "component" => {
                self.in_component = true;
                self.count(tag);
                self.prepared.defines.insert(self.dotted_name(tag, 1));
                return;
            }
            "endcomponent" => {
                self.in_component = false;
                return;
            }
            _ if first.is('<') => self.component_call(tag),
            _ => {}
        }
        self.expressions(tag, 1);
    }

    fn wrap(&mut self, start: usize, end: usize, filter: &str) {
        self.insert(start, "(", start..end);
        self.insert(end, format!(")|{filter}"), start..end);
    }

    /// Counts each time the body of the tag runs.
    fn count(&mut self, tag: &Tag) {
        let close = if tag.trims_end { "-}}" } else { "}}" };
        self.insert(tag.whole.end, step("{{", close), tag.whole.clone());
    }

    fn assignment(&mut self, tag: &Tag) {
        let (Some(name), Some(last)) = (tag.words.get(1), tag.words.last()) else { return };
        match tag.words.get(2).filter(|word| word.text(self.source) == "=") {
            Some(_) if tag.words.len() > 3 => {
                self.wrap(tag.words[3].range.start, last.range.end, names::KEPT)
            }
            Some(_) => {}
            None => self.insert(name.range.end, format!(" | {}", names::CAPTURED), tag.whole.clone()),
        }
    }

    fn include(&mut self, tag: &Tag, resolve: &Resolve<'_>) {
        let Some(word) = tag.words.get(1).filter(|word| word.kind == WordKind::Text) else { return };
        let inner = word.range.start + 1..word.range.end - 1;
        match resolve(&self.source[inner.clone()]) {
            Ok(path) => {
                self.prepared.edits.push(Edit { at: inner.clone(), text: path.clone(), anchor: inner });
                self.prepared.includes.push(path);
            }
            Err(problem) => {
                let hint = problem.hint.unwrap_or_default();
                self.problem(problem.code, &inner, problem.message, hint);
            }
        }
    }

    fn component_call(&mut self, tag: &Tag) {
        self.prepared.keeps_lines = false;
        self.prepared.calls.insert(self.dotted_name(tag, 1), tag.whole.clone());
        let closed = tag.words.last().is_some_and(|word| word.is('>'));
        if !closed {
            let message = "a call of a component stands alone in its tag".to_owned();
            let hint = "assign it with `{% set x = <...> %}` to work with its text".to_owned();
            self.problem("component-call", &tag.whole, message, hint);
        }
    }

    fn dotted_name(&self, tag: &Tag, start: usize) -> String {
        let words = tag.words.iter().skip(start);
        let mut name = String::new();
        for word in words {
            match (word.kind, name.is_empty() || name.ends_with('.')) {
                (WordKind::Identifier, true) => name.push_str(word.text(self.source)),
                (WordKind::Symbol('.'), false) => name.push('.'),
                _ => break,
            }
        }
        name
    }

    fn raw_reference(&mut self, tag: &Tag) {
        let message = "a dynamic reference looks like a Tera value in a `.tera` file".to_owned();
        let words = self.source[tag.whole.clone()].trim_matches(['{', '}']).trim();
        let parts: Vec<_> = words.split(':').collect();
        let hint = match parts[..] {
            ["resolve", "secretsmanager", name, "SecretString", key, ..] => {
                format!("write {{{{ resolve_secret(name=\"{name}\", key=\"{key}\") }}}}")
            }
            ["resolve", "secretsmanager", name, ..] => {
                format!("write {{{{ resolve_secret(name=\"{name}\") }}}}")
            }
            ["resolve", "ssm", name, version] => {
                format!("write {{{{ resolve_parameter(name=\"{name}\", version={version}) }}}}")
            }
            ["resolve", "ssm-secure", name, version] => {
                format!("write {{{{ resolve_secure_parameter(name=\"{name}\", version={version}) }}}}")
            }
            _ => "write it with `resolve_secret(name=...)`, `resolve_parameter(name=..., version=...)` or \
                 `resolve_secure_parameter(name=..., version=...)`"
                .to_owned(),
        };
        self.problem("raw-dynamic-reference", &tag.whole, message, hint);
    }

    /// Looks at every word of the expressions in a tag.
    fn expressions(&mut self, tag: &Tag, start: usize) {
        let mut open = Vec::new();
        for (index, word) in tag.words.iter().enumerate().skip(start) {
            match word.kind {
                WordKind::Symbol('[') => open.push(Some(word.range.end)),
                WordKind::Symbol('(' | '{') => open.push(None),
                WordKind::Symbol(']' | ')' | '}') => {
                    open.pop();
                }
                WordKind::Identifier if word.text(self.source) == "for" => {
                    // A list comprehension: `[EXPRESSION for ...`.
                    if let Some(Some(start)) = open.last_mut().map(Option::take) {
                        self.wrap(start, word.range.start, names::COUNTED);
                        self.insert(word.range.start, " ", word.range.clone());
                    }
                }
                WordKind::Identifier => self.identifier(&tag.words, index),
                _ => {}
            }
        }
    }

    fn identifier(&mut self, words: &[Word], index: usize) {
        let (word, name) = (&words[index], words[index].text(self.source));
        let previous = index.checked_sub(1).map_or("", |index| words[index].text(self.source));
        let next = words.get(index + 1).map_or("", |word| word.text(self.source));
        if name == "__tera_context" {
            let message = "`__tera_context` has the values in random order".to_owned();
            self.problem("refused-name", &word.range, message, "name the values you need".to_owned());
        } else if previous == "|" {
            self.filter(word, name);
        } else if next == "(" && !matches!(previous, "." | "?." | "is" | "not") {
            self.function(word, name);
        } else if names::ROOTS.contains(&name) && previous != "." && next == "." && !self.in_component {
            self.read(words, index);
        }
    }

    fn filter(&mut self, word: &Word, name: &str) {
        if names::FILTERS.contains(&name) {
            return;
        }
        if let Some((_, hint)) = names::REFUSED.iter().find(|(refused, _)| *refused == name) {
            return self.problem(
                "refused-filter",
                &word.range,
                format!("the filter `{name}` is not available"),
                (*hint).to_owned(),
            );
        }
        let hint = match did_you_mean(name, names::FILTERS) {
            Some(meant) => format!("did you mean `{meant}`?"),
            None => format!("there are: {}", names::FILTERS.join(", ")),
        };
        self.problem("unknown-filter", &word.range, format!("there is no filter `{name}`"), hint);
    }

    fn function(&mut self, word: &Word, name: &str) {
        let keyword = matches!(name, "if" | "elif" | "in" | "and" | "or" | "not" | "else");
        if keyword || names::FUNCTIONS.contains(&name) {
            return;
        }
        let hint = match did_you_mean(name, names::FUNCTIONS) {
            Some(meant) => format!("did you mean `{meant}`?"),
            None => format!("there are: {}", names::FUNCTIONS.join(", ")),
        };
        self.problem("unknown-function", &word.range, format!("there is no function `{name}`"), hint);
    }

    fn read(&mut self, words: &[Word], index: usize) {
        let Some(attribute) = words.get(index + 2).filter(|word| word.kind == WordKind::Identifier) else {
            return;
        };
        let mut end = index + 3;
        let text = |index: usize| words.get(index).map_or("", |word| word.text(self.source));
        while text(end) == "." {
            end += 2;
        }
        let asks = match (text(end), text(end + 1)) {
            ("is", "defined" | "undefined") | ("|", "default") | ("?.", _) => true,
            ("is", "not") => matches!(text(end + 2), "defined" | "undefined"),
            _ => false,
        };
        if !asks {
            self.prepared.reads.push(Read {
                root: words[index].text(self.source).to_owned(),
                name: attribute.text(self.source).to_owned(),
                range: words[index].range.start..attribute.range.end,
            });
        }
    }

    fn finish(mut self) -> Result<Prepared, Vec<Diagnostic>> {
        if !self.problems.is_empty() {
            return Err(self.problems);
        }
        // Stable: what opens at a place was inserted before what closes there.
        self.prepared.edits.sort_by_key(|edit| edit.at.start);
        let mut offset = 0;
        for edit in &self.prepared.edits {
            self.prepared.text.push_str(&self.source[offset..edit.at.start]);
            self.prepared.text.push_str(&edit.text);
            offset = edit.at.end;
        }
        self.prepared.text.push_str(&self.source[offset..]);
        Ok(self.prepared)
    }
}

impl Prepared {
    /// The range in the source that a range in the prepared text means.
    pub(super) fn original(&self, range: &Range<usize>) -> Range<usize> {
        let (start, anchor) = self.offset(range.start);
        if let Some(anchor) = anchor {
            return anchor;
        }
        start..self.offset(range.end).0.max(start)
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

    /// The whole expression in the source whose start a range in the prepared text has.
    pub(super) fn expression(&self, range: &Range<usize>) -> Range<usize> {
        let original = self.original(range);
        let around =
            self.edits.iter().find(|edit| edit.anchor.start == original.start && !edit.anchor.is_empty());
        around.map_or(original, |edit| edit.anchor.clone())
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
