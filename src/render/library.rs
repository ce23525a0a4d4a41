//! The sources of one folder, compiled once: its own `.tera` files and what they include.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, OnceLock};

use crate::model::diagnostic::did_you_mean;
use crate::model::{Diagnostic, Diagnostics, Place};
use crate::render::context::Context;
use crate::render::prepare::prepare;
use crate::render::prepared::Prepared;
use crate::render::session::{self, Mode, Session};
use crate::render::stamps::Stamped;
use crate::render::{Limits, Sources, budget, error, filters, functions, project_path};
use crate::template::{Insertion, Lines, contains_token_characters, decode};

/// A folder `NAME/VERSION` ready to render.
pub(super) struct Library {
    tera: tera::Tera,
    sources: BTreeMap<String, Arc<Prepared>>,
    limits: Limits,
    /// With stamps; compiled when somebody asks for a place.
    stamped: OnceLock<Option<Stamped>>,
}

/// How many times larger stamps may make a text. Lines are mostly longer than a stamp; a text in which
/// they are not, and which is large, is not traced.
const STAMPED_SIZE: usize = 8;

/// The text of one rendered file, and what it was made with.
pub(super) struct Output {
    pub(super) text: String,
    pub(super) session: Session,
    /// Paths of every source that had influence.
    pub(super) used: BTreeSet<String>,
}

impl Library {
    /// Compiles the `.tera` files of `folder` and everything they include.
    pub(super) fn compile(all: &Sources, folder: &str, limits: Limits) -> Result<Self, Diagnostics> {
        let sources = collect(all, folder)?;
        check_components(&sources)?;
        let prefix = format!("{folder}/");
        let files = all.0.iter().filter_map(|(path, bytes)| Some((path.strip_prefix(&prefix)?, bytes)));
        let files = files.filter(|(name, _)| !name.ends_with(".tera"));
        let files = files.map(|(name, bytes)| (name.to_owned(), bytes.clone())).collect();
        let mut tera = tera::Tera::default();
        tera.autoescape_on([""]);
        // A net below the hooks: whatever reaches the output on another way becomes a value too.
        tera.set_escape_fn(|text, output| {
            output.write_all(session::write(Insertion::Text(text.to_owned())).as_bytes())
        });
        budget::register(&mut tera);
        filters::register(&mut tera);
        functions::register(&mut tera, folder, files);
        let texts = sources.values().map(|source| (source.path.as_str(), source.text.as_str()));
        tera.add_raw_templates(texts).map_err(|error| {
            error::Reporter { sources: &sources, context: None, limits }.diagnostic(&error, None, folder)
        })?;
        Ok(Self { tera, sources, limits, stamped: OnceLock::new() })
    }

    /// Renders one source.
    pub(super) fn render(&self, path: &str, mode: Mode, context: &Context) -> Result<Output, Diagnostics> {
        let mut used = self.reachable(path);
        self.check_reads(&used, context)?;
        let mut writer = Bounded { bytes: Vec::new(), left: self.limits.output_bytes };
        session::begin(mode, self.limits);
        let result = self.tera.render_to(path, &context.to_tera(), &mut writer);
        let mut session = session::end();
        if let Err(error) = result {
            let failure = session.failure.take();
            let reporter =
                error::Reporter { sources: &self.sources, context: Some(context), limits: self.limits };
            return Err(reporter.diagnostic(&error, failure, path).into());
        }
        let text = String::from_utf8(writer.bytes).map_err(|_| {
            Diagnostic::error("not-utf8", "the render is not UTF-8").at(Place::file(project_path(path)))
        })?;
        used.append(&mut session.used);
        Ok(Output { text, session, used })
    }

    /// What the lines of `text`, the render of a source, were made of. Renders it again; `None` where
    /// that does not give the same text.
    pub(super) fn lines(&self, path: &str, mode: Mode, context: &Context, text: &str) -> Option<Lines> {
        let stamped = self.stamped.get_or_init(|| Stamped::compile(&self.tera, &self.sources)).as_ref()?;
        let room = |size: usize| size.saturating_mul(STAMPED_SIZE);
        let limits = Limits {
            steps: self.limits.steps,
            work: self.limits.work.saturating_mul(STAMPED_SIZE as u64),
            output_bytes: room(self.limits.output_bytes),
            value_size: room(self.limits.value_size),
        };
        let mut writer = Bounded { bytes: Vec::new(), left: limits.output_bytes };
        session::begin(mode, limits);
        let result = stamped.tera.render_to(path, &context.to_tera(), &mut writer);
        session::end();
        result.ok()?;
        stamped.lines(std::str::from_utf8(&writer.bytes).ok()?, text)
    }

    /// What a source includes, extends and calls, and itself.
    fn reachable(&self, path: &str) -> BTreeSet<String> {
        let mut reached = BTreeSet::new();
        let mut waiting = vec![path.to_owned()];
        while let Some(path) = waiting.pop() {
            let Some(source) = self.sources.get(&path) else { continue };
            if reached.insert(path) {
                waiting.extend(source.includes.iter().cloned());
                let defining = self
                    .sources
                    .values()
                    .filter(|other| source.calls.keys().any(|name| other.defines.contains(name)));
                waiting.extend(defining.map(|other| other.path.clone()));
            }
        }
        reached
    }

    /// Every value a template reads must be there, in branches that are not taken too.
    fn check_reads(&self, paths: &BTreeSet<String>, context: &Context) -> Result<(), Diagnostics> {
        let mut problems = Diagnostics::default();
        for source in paths.iter().filter_map(|path| self.sources.get(path)) {
            for read in &source.reads {
                let known = context.root(&read.root).as_map();
                let has =
                    |name: &str| known.is_some_and(|map| map.keys().any(|key| key.as_str() == Some(name)));
                if has(&read.name) {
                    continue;
                }
                let names: Vec<_> =
                    known.iter().flat_map(|map| map.keys()).filter_map(|key| key.as_str()).collect();
                let hint = match did_you_mean(&read.name, names.iter().copied()) {
                    Some(meant) => format!("did you mean `{}.{meant}`?", read.root),
                    None if names.is_empty() => format!("`{}` is empty here", read.root),
                    None => format!("`{}` has: {}", read.root, names.join(", ")),
                };
                let message = format!("`{}.{}` is not defined", read.root, read.name);
                let place = source.source_place(&read.range);
                problems.push(Diagnostic::error("undefined-value", message).at(place).hint(hint));
            }
        }
        if problems.has_errors() { Err(problems) } else { Ok(()) }
    }
}

/// Every component that is called must be defined in a source of the library.
fn check_components(sources: &BTreeMap<String, Arc<Prepared>>) -> Result<(), Diagnostics> {
    let defined: BTreeSet<&str> =
        sources.values().flat_map(|source| &source.defines).map(String::as_str).collect();
    let mut problems = Diagnostics::default();
    for source in sources.values() {
        for (name, range) in source.calls.iter().filter(|(name, _)| !defined.contains(name.as_str())) {
            let hint = match did_you_mean(name, defined.iter().copied()) {
                Some(meant) => format!("did you mean `{meant}`?"),
                None => {
                    "define it in a `.tera` file of this folder, or include the file that does".to_owned()
                }
            };
            let problem = Diagnostic::error("unknown-component", format!("there is no component `{name}`"));
            problems.push(problem.at(source.source_place(range)).hint(hint));
        }
    }
    if problems.has_errors() { Err(problems) } else { Ok(()) }
}

/// Prepares the folder's own sources, then those they include, until none is missing.
fn collect(all: &Sources, folder: &str) -> Result<BTreeMap<String, Arc<Prepared>>, Diagnostics> {
    let prefix = format!("{folder}/");
    let own = all.0.keys().filter(|path| path.starts_with(&prefix) && path.ends_with(".tera"));
    let mut waiting: Vec<String> = own.rev().cloned().collect();
    let mut seen: BTreeSet<String> = waiting.iter().cloned().collect();
    let (mut prepared, mut problems) = (BTreeMap::new(), Diagnostics::default());
    while let Some(path) = waiting.pop() {
        match prepare_source(all, &path) {
            Ok(source) => {
                waiting.extend(source.includes.iter().filter(|path| seen.insert((*path).clone())).cloned());
                prepared.insert(path, Arc::new(source));
            }
            Err(found) => problems.extend(found),
        }
    }
    if problems.has_errors() { Err(problems) } else { Ok(prepared) }
}

fn prepare_source(all: &Sources, path: &str) -> Result<Prepared, Diagnostics> {
    let file = project_path(path);
    let bytes = all.0.get(path).map(Vec::as_slice).unwrap_or_default();
    let source = decode(&file, bytes)?;
    if contains_token_characters(source) {
        let diagnostic =
            Diagnostic::error("reserved-character", "the file has characters that rekindle reserves");
        let hint = "take the private-use characters U+10F000 to U+10F012 out";
        return Err(diagnostic.at(Place::file(file)).hint(hint).into());
    }
    prepare(path, source, &|name| resolve(all, path, name))
}

/// An include names a file of the same `NAME/VERSION/`, or, in full, one of another version.
fn resolve(all: &Sources, from: &str, name: &str) -> Result<String, Diagnostics> {
    let folder: Vec<_> = from.splitn(3, '/').take(2).collect();
    let beside = format!("{}/{name}", folder.join("/"));
    let full = name.to_owned();
    let found =
        [beside, full].into_iter().find(|path| path.matches('/').count() >= 2 && all.0.contains_key(path));
    match found {
        Some(path) if path.ends_with(".tera") => Ok(path),
        Some(_) => Err(Diagnostic::error("include-not-tera", format!("`{name}` does not end in `.tera`"))
            .hint(format!("put its text in as a value with {{{{ file(name=\"{name}\") }}}}, or rename it"))
            .into()),
        None => {
            let prefix = format!("{}/", folder.join("/"));
            let known = all.0.keys().filter(|path| path.ends_with(".tera"));
            let known: Vec<_> = known.map(|path| path.strip_prefix(&prefix).unwrap_or(path)).collect();
            let hint = match did_you_mean(name, known) {
                Some(meant) => format!("did you mean `{meant}`?"),
                None => "name a file beside this one, or one of another template in full: `NAME/VERSION/FILE.tera`".to_owned(),
            };
            Err(Diagnostic::error("unknown-include", format!("there is no `{name}` in this template"))
                .hint(hint)
                .into())
        }
    }
}

/// Takes bytes up to a limit.
struct Bounded {
    bytes: Vec<u8>,
    left: usize,
}

impl std::io::Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.left = self.left.checked_sub(bytes.len()).ok_or(std::io::ErrorKind::FileTooLarge)?;
        self.bytes.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
