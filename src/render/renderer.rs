//! Renders folders of templates: a stack's template as a document, or all files of a folder.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, OnceLock};

use crate::model::{Diagnostic, Diagnostics, Place};
use crate::render::context::Context;
use crate::render::documents::{self, Documents};
use crate::render::library::{Library, Output};
use crate::render::session::Mode;
use crate::render::{Limits, Sources, project_path};
use crate::template::{self, Document, Insertions, Origin};

/// The names a stack's template may have; exactly one of them must be there.
const STACK_FILES: [&str; 4] = ["template.yaml", "template.yaml.tera", "template.json", "template.json.tera"];

/// All templates of a project, compiled when first used; shared by threads.
pub struct Renderer {
    sources: Sources,
    limits: Limits,
    folders: BTreeMap<String, OnceLock<Result<Arc<Library>, Diagnostics>>>,
    documents: Documents,
}

/// A stack's template.
#[derive(Clone, Debug)]
pub struct RenderedStack {
    /// The template, with places in its sources.
    pub template: Document,
    /// Paths below `templates/` of every source that had influence.
    pub used: BTreeSet<String>,
}

/// The files of a folder, rendered or taken as they are.
#[derive(Clone, Debug, Default)]
pub struct RenderedFiles {
    /// By path in the folder, without the suffix `.tera`.
    pub files: BTreeMap<String, Vec<u8>>,
    /// Where those that were rendered come from.
    pub origins: BTreeMap<String, Origin>,
    /// Paths below `templates/` of every source that had influence.
    pub used: BTreeSet<String>,
}

impl Renderer {
    /// Takes the sources over. Nothing is compiled yet: a broken template harms only its users.
    pub fn new(sources: Sources, limits: Limits) -> Self {
        let folder = |path: &String| {
            let mut parts = path.split('/');
            Some(format!("{}/{}", parts.next()?, parts.next().filter(|_| parts.next().is_some())?))
        };
        let folders = sources.0.keys().filter_map(folder).map(|folder| (folder, OnceLock::new())).collect();
        Self { sources, limits, folders, documents: Documents::default() }
    }

    /// Renders the stack template of `folder` (`NAME/VERSION`).
    ///
    /// # Errors
    /// Diagnostics with places, from Tera or from the reading of what it made.
    pub fn stack(&self, folder: &str, context: &Context) -> Result<RenderedStack, Diagnostics> {
        let path = self.stack_path(folder)?;
        let file = project_path(&path);
        let Some(name) = file.strip_suffix(".tera") else {
            let bytes = self.sources.0.get(&path).map(Vec::as_slice).unwrap_or_default();
            let key = documents::key(&file, bytes, &Insertions::default());
            let template = self.documents.get_or_read(key, || template::read(&file, bytes))?;
            return Ok(RenderedStack { template, used: BTreeSet::from([path]) });
        };
        let library = self.library(folder)?;
        let Output { text, session, used } = library.render(&path, Mode::Structured, context)?;
        let key = documents::key(&file, text.as_bytes(), &session.insertions);
        let (is_json, library, context) = (name.ends_with(".json"), Arc::clone(library), context.clone());
        let origin = Some(Origin::new(move |text| library.lines(&path, Mode::Structured, &context, text)));
        let read = || template::read_rendered(&file, is_json, text, session.insertions, origin.clone());
        let template = self.documents.get_or_read(key, read)?.from_origin(origin);
        Ok(RenderedStack { template, used })
    }

    /// Renders every file of `folder`: `.tera` files lose that suffix, others are taken as they
    /// are. Values stand in the text as they are and may not hold control characters.
    ///
    /// # Errors
    /// Diagnostics with places; also when two files have one name after rendering.
    pub fn files(&self, folder: &str, context: &Context) -> Result<RenderedFiles, Diagnostics> {
        let prefix = format!("{folder}/");
        let mut rendered = RenderedFiles::default();
        for (path, bytes) in
            self.sources.0.range(prefix.clone()..).take_while(|(path, _)| path.starts_with(&prefix))
        {
            let name = path[prefix.len()..].to_owned();
            let (name, bytes) = match name.strip_suffix(".tera") {
                Some(name) => {
                    let library = self.library(folder)?;
                    let mut output = library.render(path, Mode::Text, context)?;
                    rendered.used.append(&mut output.used);
                    let (library, path, context) = (Arc::clone(library), path.clone(), context.clone());
                    let find = move |text: &str| library.lines(&path, Mode::Text, &context, text);
                    rendered.origins.insert(name.to_owned(), Origin::new(find));
                    (name.to_owned(), output.text.into_bytes())
                }
                None => (name, bytes.clone()),
            };
            rendered.used.insert(path.clone());
            if rendered.files.insert(name.clone(), bytes).is_some() {
                let message = format!("`{name}` and `{name}.tera` would be the same file");
                return Err(Diagnostic::error("duplicate-file", message)
                    .at(Place::file(project_path(path)))
                    .hint("keep one of them")
                    .into());
            }
        }
        Ok(rendered)
    }

    fn stack_path(&self, folder: &str) -> Result<String, Diagnostics> {
        let paths = STACK_FILES.iter().map(|name| format!("{folder}/{name}"));
        let found: Vec<_> = paths.filter(|path| self.sources.0.contains_key(path)).collect();
        let problem = match found.as_slice() {
            [path] => return Ok(path.clone()),
            [] => Diagnostic::error("no-template", format!("`{folder}` has no stack template"))
                .hint(format!("it needs one of {}", STACK_FILES.join(", "))),
            several => Diagnostic::error(
                "several-templates",
                format!("`{folder}` has {} stack templates", several.len()),
            )
            .hint(format!("keep one of {}", several.join(", "))),
        };
        Err(problem.at(Place::file(project_path(folder))).into())
    }

    fn library(&self, folder: &str) -> Result<&Arc<Library>, Diagnostics> {
        let compiled = self.folders.get(folder).map(|cell| {
            cell.get_or_init(|| Library::compile(&self.sources, folder, self.limits).map(Arc::new))
        });
        match compiled {
            Some(result) => result.as_ref().map_err(Clone::clone),
            None => Err(Diagnostic::error(
                "no-template",
                format!("there is no folder `{}`", project_path(folder)),
            )
            .into()),
        }
    }
}
