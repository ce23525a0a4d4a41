//! Prepares a source for Tera: refuses what may not be there, resolves includes, and writes hooks
//! around printed values, assignments and loops. Remembers where each hook went, so that a
//! position in the prepared text leads back to the source.

use std::ops::Range;

use crate::model::{Diagnostic, Diagnostics, Place};
use crate::render::prepared::{Edit, Prepared};
use crate::render::scan::{self, Tag, WordKind};
use crate::render::{costs, names, project_path};

/// How many problems of one source are reported.
const MAXIMUM_REPORTED: usize = 50;

/// Looks a name in an include up: the path of the source, or why there is none.
pub(super) type Resolve<'a> = dyn Fn(&str) -> Result<String, Diagnostics> + 'a;

/// Prepares one source.
pub(super) fn prepare(path: &str, source: &str, resolve: &Resolve<'_>) -> Result<Prepared, Diagnostics> {
    let tags = scan::read(source).tags;
    let mut preparation = Preparation::new(path, source);
    let extends = tags.iter().any(|tag| !tag.prints && preparation.word(tag, 0) == "extends");
    let costs = costs::of(source, &tags);
    if !extends {
        preparation.insert(0, step("{{", "}}", costs.whole), 0..0);
    }
    for (tag, cost) in tags.iter().zip(costs.bodies) {
        preparation.cost = cost;
        preparation.tag(tag, resolve);
    }
    preparation.finish()
}

fn step(open: &str, close: &str, cost: usize) -> String {
    format!("{open}{}(cost={cost}){close}", names::STEP)
}

/// The work on one source; `expressions` has the part that looks inside tags.
pub(super) struct Preparation<'s> {
    pub(super) prepared: Prepared,
    pub(super) source: &'s str,
    problems: Diagnostics,
    pub(super) in_component: bool,
    /// What the body of the tag at hand costs at each turn.
    cost: usize,
}

impl<'s> Preparation<'s> {
    fn new(path: &str, source: &'s str) -> Self {
        Self {
            prepared: Prepared::new(path, source),
            source,
            problems: Diagnostics::default(),
            in_component: false,
            cost: 0,
        }
    }

    fn word(&self, tag: &Tag, index: usize) -> &'s str {
        tag.words.get(index).map_or("", |word| word.text(self.source))
    }

    pub(super) fn insert(&mut self, at: usize, text: impl Into<String>, anchor: Range<usize>) {
        self.prepared.edits.push(Edit { at: at..at, text: text.into(), anchor });
    }

    pub(super) fn replace(&mut self, at: Range<usize>, text: String) {
        self.prepared.edits.push(Edit { at: at.clone(), text, anchor: at });
    }

    pub(super) fn problem(
        &mut self,
        code: &'static str,
        range: &Range<usize>,
        message: String,
        hint: String,
    ) {
        if self.problems.0.len() >= MAXIMUM_REPORTED {
            return;
        }
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
        match first.text(self.source) {
            "set" | "set_global" => self.assignment(tag),
            "filter" => {
                if let Some(word) = tag.words.get(1).filter(|word| word.kind == WordKind::Identifier) {
                    self.filter(word, word.text(self.source));
                }
                let at = tag.words.get(1).map_or(first.range.end, |word| word.range.start);
                self.insert(at, format!("{} | ", names::CAPTURED), tag.whole.clone());
                return self.expressions(tag, 2);
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

    pub(super) fn wrap(&mut self, start: usize, end: usize, filter: &str) {
        self.insert(start, "(", start..end);
        self.insert(end, format!(")|{filter}"), start..end);
    }

    /// Counts each time the body of the tag runs.
    fn count(&mut self, tag: &Tag) {
        let close = if tag.trims_end { "-}}" } else { "}}" };
        self.insert(tag.whole.end, step("{{", close, self.cost), tag.whole.clone());
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
            Err(problems) => {
                for problem in problems {
                    self.problem(problem.code, &inner, problem.message, problem.hint.unwrap_or_default());
                }
            }
        }
    }

    fn component_call(&mut self, tag: &Tag) {
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

    fn finish(self) -> Result<Prepared, Diagnostics> {
        if self.problems.has_errors() { Err(self.problems) } else { Ok(self.prepared.assemble()) }
    }
}
