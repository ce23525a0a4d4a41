//! What in a Dockerfile cannot come out the same again: images, packages and files that are whatever
//! somebody put there last. Reads the text alone: a finding says what a step asks for, not what a build
//! did. May not carry anything out, nor know what a Dockerfile means for an image (`image` does).

mod acceptance;
mod bases;
mod calls;
mod downloads;
mod languages;
mod packages;
mod requirements;
mod shell;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use parse_dockerfile::{Dockerfile, Instruction, Source, parse};

use crate::lint::report::MOST;
use crate::lint::rules::{MORE_FINDINGS, Rule};
use crate::model::{Diagnostic, Diagnostics, Place, Severity};

use calls::{List, calls};

/// A Dockerfile, and what is known of what it is built with.
#[derive(Clone, Copy, Debug)]
pub struct Judge<'a> {
    /// Its name, for places.
    pub file: &'a str,
    /// What stands in it.
    pub text: &'a str,
    /// Whether it belongs to a unit: the lock then pins the images it starts from.
    pub is_unit: bool,
    /// Files of the context whose text is known.
    pub texts: &'a BTreeMap<String, Vec<u8>>,
    /// The names of all files of the context; `None` where they are not known.
    pub names: Option<&'a BTreeSet<String>>,
    /// Build arguments.
    pub arguments: &'a BTreeMap<String, String>,
}

/// A breach of a rule, with its place in the text.
#[derive(Clone, Debug)]
struct Found {
    rule: &'static Rule,
    span: Range<usize>,
    message: String,
    hint: Option<String>,
}

impl Found {
    fn new(rule: &'static Rule, span: Range<usize>, message: impl Into<String>) -> Self {
        Self { rule, span, message: message.into(), hint: None }
    }

    fn hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }
}

impl Judge<'_> {
    /// Everything that is found, in the order of the text. Nothing where the text is no Dockerfile: its
    /// reader says so.
    pub fn lint(&self) -> Diagnostics {
        let Ok(parsed) = parse(self.text) else { return Diagnostics::default() };
        let mut found = Vec::new();
        bases::check(self, &parsed, &mut found);
        for stage in parsed.stages() {
            self.stage(&parsed, stage.instructions, &mut found);
        }
        let mut found = acceptance::apply(self.text, &parsed, found);
        found.sort_by_key(|found| (found.span.start, found.rule.code));
        self.diagnostics(found)
    }

    fn stage(&self, parsed: &Dockerfile<'_>, instructions: &[Instruction<'_>], found: &mut Vec<Found>) {
        let escape = parsed.parser_directives.escape.as_ref().map_or('\\', |directive| directive.value.value);
        let mut is_read = escape == '\\';
        let mut lists: Vec<List> = Vec::new();
        for instruction in instructions {
            match instruction {
                Instruction::Shell(shell) => {
                    let program = shell.arguments.first().map(|word| word.value.as_ref()).unwrap_or_default();
                    is_read = calls::is_shell(program.rsplit('/').next().unwrap_or_default());
                }
                Instruction::Run(run) if is_read => lists.append(&mut calls(run, self.text, escape)),
                Instruction::Add(add) => downloads::check_add(add, found),
                _ => {}
            }
        }
        let last_check = lists.iter().flat_map(|list| &list.calls).filter(|call| downloads::is_check(call));
        let last_check = last_check.map(|call| call.span.start).max().unwrap_or_default();
        let snapshot = self.snapshot();
        for list in &lists {
            let first = list.calls.first().map(|call| call.span.start).unwrap_or_default();
            downloads::check(list, first < last_check, found);
            for call in &list.calls {
                let is_snapshot = snapshot.is_some_and(|from| from < line_end(self.text, call.span.end));
                packages::check(call, is_snapshot, found);
                languages::check(self, call, found);
            }
        }
    }

    /// From where in the text on apt is told to take what the archive had at a time.
    fn snapshot(&self) -> Option<usize> {
        let mut files = self.texts.values().filter_map(|bytes| std::str::from_utf8(bytes).ok());
        if files.any(packages::names_snapshot) {
            return Some(0);
        }
        let mut offset = 0;
        self.text.split_inclusive('\n').find_map(|line| {
            let start = offset;
            offset += line.len();
            let is_said = !line.trim_start().starts_with('#') && packages::names_snapshot(line);
            is_said.then_some(start)
        })
    }

    /// Whether the context has a file of this name, in whatever directory. Where its files are not known:
    /// whether a `COPY` may bring it.
    fn has_file(&self, name: &str) -> bool {
        if let Some(names) = self.names {
            return names.iter().any(|path| path.rsplit('/').next() == Some(name));
        }
        let Ok(parsed) = parse(self.text) else { return true };
        let brings = |path: &str| {
            path.contains(name)
                || path.contains('*')
                || !path.contains('.')
                || path.ends_with('.')
                || path.ends_with('/')
        };
        parsed.instructions.iter().any(|instruction| match instruction {
            Instruction::Copy(copy) => copy.src.iter().any(|source| match source {
                Source::Path(path) => brings(&path.value),
                _ => false,
            }),
            Instruction::Run(run) => run.options.iter().any(|flag| flag.name.value == "mount"),
            _ => false,
        })
    }

    /// The text of a file of the context, by the last part of its path.
    fn text(&self, path: &str) -> Option<&str> {
        let name = path.rsplit('/').next()?;
        let bytes = self.texts.get(name).or_else(|| {
            self.texts.iter().find(|(path, _)| path.rsplit('/').next() == Some(name)).map(|(_, bytes)| bytes)
        })?;
        std::str::from_utf8(bytes).ok()
    }

    fn diagnostics(&self, found: Vec<Found>) -> Diagnostics {
        let left_out = found.len().saturating_sub(MOST);
        let has_errors = found.iter().skip(MOST).any(|found| found.rule.severity == Severity::Error);
        let mut diagnostics: Vec<Diagnostic> =
            found.into_iter().take(MOST).map(|found| self.diagnostic(found)).collect();
        if left_out > 0 {
            let message = format!("{left_out} more findings are not told");
            let more = Found::new(&MORE_FINDINGS, 0..0, message);
            let severity = if has_errors { Severity::Error } else { Severity::Warning };
            diagnostics.push(Diagnostic { severity, ..self.diagnostic(more) });
        }
        Diagnostics(diagnostics)
    }

    fn diagnostic(&self, found: Found) -> Diagnostic {
        let shown = self.text.get(found.span.clone()).unwrap_or_default();
        let width = shown.lines().next().unwrap_or_default().chars().count();
        Diagnostic {
            code: found.rule.code,
            severity: found.rule.severity,
            message: found.message,
            place: Some(Place::at_offset(self.file, self.text, found.span.start, width)),
            hint: Some(found.hint.unwrap_or_else(|| found.rule.help.to_owned())),
        }
    }
}

/// The end of the line in which a place of the text is.
fn line_end(text: &str, offset: usize) -> usize {
    text[offset..].find('\n').map_or(text.len(), |length| offset + length)
}
