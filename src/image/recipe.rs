//! From a Dockerfile and its context to a recipe: all files of the image, its configuration, and the
//! input hash. Reads no file: it works on listings.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use parse_dockerfile::{Dockerfile, Instruction};
use serde_json::json;

use crate::image::RULES;
use crate::image::about::Material;
use crate::image::base::Base;
use crate::image::configuration::Configuration;
use crate::image::dockerfile::{Problem, Source};
use crate::image::execution::{self, Execution};
use crate::image::instructions::{Stage, State};
use crate::image::stages::{Below, Reader};
use crate::image::tree::{Content, Kind, Node, Owner, Tree, parts};
use crate::image::words::arguments;
use crate::model::{
    BaseImage, Context, ContextEntry, Diagnostic, Digest, Fetch, FilePath, Place, Platform, Said,
};

/// What an image is to be made from.
#[derive(Debug)]
pub struct Request<'r> {
    /// The Dockerfile's name, for problems in it.
    pub file: &'r str,
    /// Its bytes.
    pub dockerfile: &'r [u8],
    /// Files beside the Dockerfile, by name.
    pub beside: &'r BTreeMap<String, Vec<u8>>,
    /// The context directory.
    pub context: &'r Context,
    /// Build arguments.
    pub arguments: &'r BTreeMap<String, String>,
    /// The stage that is wanted, and where that is said; the last one when `None`.
    pub stage: Option<(&'r str, Place)>,
    /// What it runs on.
    pub platform: &'r Platform,
    /// Labels on top of the Dockerfile's.
    pub labels: &'r BTreeMap<String, String>,
    /// Files that are fetched into the context.
    pub fetches: &'r [Fetch],
    /// Paths that are set to what the base has, whatever a step wrote there.
    pub drop: &'r [String],
    /// Where arguments and drop rules are written, for problems in them.
    pub said: &'r Said,
    /// The names of the secrets that its steps may see. What they are is never known here.
    pub secrets: &'r [String],
    /// What the lock says of base images for the platform, by their names.
    pub bases: &'r BTreeMap<String, BaseImage>,
    /// What was looked at. Nothing can be put together of what is missing in it.
    pub known: &'r Known,
}

/// What comes from elsewhere and was looked at.
#[derive(Clone, Debug, Default)]
pub struct Known {
    /// Base images with their files, by their manifests.
    pub bases: BTreeMap<Digest, Arc<Base>>,
    /// Fetched files: how many bytes they have.
    pub files: BTreeMap<Digest, u64>,
    /// Inputs of images that were made and are there: what they mean was worked out before, without a mistake.
    pub made: BTreeSet<Digest>,
}

impl Known {
    /// Whether no base image and no file was looked at.
    pub fn is_empty(&self) -> bool {
        self.bases.is_empty() && self.files.is_empty()
    }
}

/// An image that can be put together, or that an engine can build.
#[derive(Clone, Debug)]
pub struct Recipe {
    /// The input hash: everything that the image comes from.
    pub input: Digest,
    /// Whether an image of this input is there: then nothing else of the source was worked out, and
    /// nothing can be made of this.
    pub is_made: bool,
    /// Whether an engine has to build it: without that, the files and settings below are all of the image.
    pub needs_engine: bool,
    /// Whether a program has to run.
    pub runs_programs: bool,
    /// The base images whose files are copied.
    pub copied: BTreeSet<Digest>,
    /// The same as an engine executes it.
    pub execution: Execution,
    /// The base images that it is made from, by their names.
    pub bases: BTreeMap<String, BaseImage>,
    pub(super) below: Below,
    pub(super) tree: Tree,
    pub(super) configuration: Configuration,
    pub(super) environment: Vec<(String, String)>,
    /// What it runs on.
    pub platform: Platform,
    /// What of the source it is made from.
    pub materials: Vec<Material>,
}

impl Recipe {
    /// How many bytes its files have together.
    pub fn bytes(&self) -> u64 {
        let size = |node: &Node| if let Kind::File(content) = &node.kind { content.size } else { 0 };
        self.tree.changes().values().map(|node| size(node)).sum()
    }
}

/// What all stages of a Dockerfile are given.
pub(super) struct Given<'g> {
    pub(super) context: Arc<Tree>,
    pub(super) arguments: &'g BTreeMap<String, String>,
    pub(super) platform: &'g Platform,
    pub(super) bases: &'g BTreeMap<String, BaseImage>,
    pub(super) secrets: &'g [String],
    pub(super) known: &'g Known,
    /// `ARG` before the first `FROM`.
    pub(super) globals: BTreeMap<String, String>,
}

/// Works out what a Dockerfile means.
///
/// # Errors
/// The first thing that is wrong or not supported, with its place.
pub fn read(request: &Request<'_>) -> Result<Recipe, Box<Diagnostic>> {
    let source = Source::new(request.file, request.dockerfile)?;
    let parsed = source.parse()?;
    let escape = escape(&parsed);
    let mut given = given(request, &source, &parsed, Arc::default())?;
    check_arguments(request, &parsed, escape)?;
    let context_digest = request.context.digest();
    let reader = Reader { source: &source, parsed: &parsed, given: &given, escape };
    let wanted = reader.wanted(request)?;
    let needs_engine = reader.needs_engine(wanted)?;
    execution::check_drop(request, needs_engine)?;
    reader.check_secrets(request, wanted)?;
    let stages = reader.for_engine(wanted)?;
    let mut bases = BTreeMap::new();
    for (name, span) in reader.images(wanted)? {
        let image = reader.locked(&name, &span)?.clone();
        bases.insert(name, image);
    }
    let input = input(request, context_digest, &bases);
    // What is there already need not be put together, and in a context there may be very many files.
    let is_made = request.known.made.contains(&input);
    if !is_made {
        given.context = Arc::new(context(request)?);
        execution::check_names(&given.context)?;
    }
    let reader = Reader { source: &source, parsed: &parsed, given: &given, escape };
    let (mut state, below) =
        if needs_engine || is_made { (State::default(), Below::Unknown) } else { reader.build(wanted)? };
    state.configuration.labels.extend(request.labels.clone());
    Ok(Recipe {
        input,
        is_made,
        needs_engine: needs_engine || state.takes_engine,
        runs_programs: needs_engine,
        copied: stages.copied.clone(),
        execution: Execution::new(request, given.context.clone(), &source, &parsed, stages),
        bases,
        below,
        tree: state.tree,
        configuration: state.configuration,
        environment: state.environment.kept,
        platform: request.platform.clone(),
        materials: materials(request, context_digest),
    })
}

/// The names of the base images that the wanted stage is made from.
///
/// # Errors
/// The Dockerfile cannot be read so far.
pub fn base_names(request: &Request<'_>) -> Result<BTreeSet<String>, Box<Diagnostic>> {
    let source = Source::new(request.file, request.dockerfile)?;
    let parsed = source.parse()?;
    let given = given(request, &source, &parsed, Arc::default())?;
    let reader = Reader { source: &source, parsed: &parsed, given: &given, escape: escape(&parsed) };
    Ok(reader.images(reader.wanted(request)?)?.into_keys().collect())
}

fn escape(parsed: &Dockerfile<'_>) -> char {
    parsed.parser_directives.escape.as_ref().map_or('\\', |directive| directive.value.value)
}

fn given<'g>(
    request: &Request<'g>,
    source: &Source<'_>,
    parsed: &Dockerfile<'_>,
    context: Arc<Tree>,
) -> Result<Given<'g>, Problem> {
    let mut given = Given {
        context,
        arguments: request.arguments,
        platform: request.platform,
        bases: request.bases,
        secrets: request.secrets,
        known: request.known,
        globals: BTreeMap::new(),
    };
    given.globals = globals(source, parsed, &given, escape(parsed))?;
    Ok(given)
}

/// What of the source an image comes from, each with its digest.
fn materials(request: &Request<'_>, context: Digest) -> Vec<Material> {
    let mut materials =
        vec![Material { name: "Dockerfile".to_owned(), digest: Digest::of(request.dockerfile) }];
    materials.extend(
        request
            .beside
            .iter()
            .map(|(name, bytes)| Material { name: format!("file {name}"), digest: Digest::of(bytes) }),
    );
    if !request.context.0.is_empty() {
        materials.push(Material { name: "context".to_owned(), digest: context });
    }
    materials
}

/// Everything that an image comes from. Names, tags, times, machine and engine are not in it.
fn input(request: &Request<'_>, context: Digest, bases: &BTreeMap<String, BaseImage>) -> Digest {
    let beside: BTreeMap<&String, Digest> =
        request.beside.iter().map(|(name, bytes)| (name, Digest::of(bytes))).collect();
    let mut input = json!({
        "rules": RULES,
        "dockerfile": Digest::of(request.dockerfile),
        "files": beside,
        "context": context,
        "arguments": request.arguments,
        "stage": request.stage.as_ref().map(|(name, _)| name),
        "platform": request.platform.to_string(),
        "labels": request.labels,
        "epoch": 0,
        "network": "none",
        "compression": "none",
    });
    if !request.fetches.is_empty() {
        let described = |file: &Fetch| json!({"digest": file.digest, "executable": file.executable});
        input["fetches"] = request.fetches.iter().map(|file| (file.path.clone(), described(file))).collect();
    }
    if !bases.is_empty() {
        let described = |image: &BaseImage| json!({"manifest": image.manifest, "diff_ids": image.diff_ids});
        input["bases"] = bases.iter().map(|(name, image)| (name.clone(), described(image))).collect();
    }
    if !request.secrets.is_empty() {
        input["secrets"] = json!(request.secrets);
    }
    if !request.drop.is_empty() {
        input["drop"] = json!(request.drop);
    }
    Digest::of_value("rekindle/image-input/1", &input)
}

/// The files beside the Dockerfile, those of the context directory and those that are fetched as one tree.
fn context(request: &Request<'_>) -> Result<Tree, Problem> {
    let in_directory = request.context.0.iter().map(|(path, entry)| {
        let (kind, mode) = match entry {
            ContextEntry::File { digest, size, executable } => {
                let mode = if *executable { 0o755 } else { 0o644 };
                (Kind::File(Content::in_context(path, *digest, *size)), mode)
            }
            ContextEntry::Link(target) => (Kind::Link(target.clone()), 0o777),
        };
        (parts(&path.0), Node::new(kind, mode, Owner::default()))
    });
    let mut tree = Tree::of(in_directory.collect());
    for (name, bytes) in request.beside {
        let kind = Kind::File(Content::here(bytes));
        add(&mut tree, &FilePath::from(name.as_str()), Node::new(kind, 0o644, Owner::default()))?;
    }
    for Fetch { digest, executable, path, .. } in request.fetches {
        let kind = Kind::File(Content::in_store(*digest, request.known.files.get(digest).copied()));
        let mode = if *executable { 0o755 } else { 0o644 };
        add(&mut tree, &FilePath::from(path.as_str()), Node::new(kind, mode, Owner::default()))?;
    }
    Ok(tree)
}

fn add(tree: &mut Tree, path: &FilePath, node: Node) -> Result<(), Problem> {
    let refuse = |message: String| {
        Box::new(
            Diagnostic::error("duplicate-file", message)
                .hint("the template's files, those of `context` and those of `fetch` make one context: rename one, or leave it out with `.dockerignore`"),
        )
    };
    let parts = parts(&path.0);
    if tree.get(&parts).is_some() {
        return Err(refuse(format!("`{path}` is beside the Dockerfile and in the context directory")));
    }
    if let Some((_, above)) = parts.split_last() {
        tree.make_directories(above, Owner::default()).map_err(refuse)?;
    }
    tree.put(parts, node).map_err(refuse)
}

/// `ARG` before the first `FROM`.
fn globals(
    source: &Source<'_>,
    parsed: &Dockerfile<'_>,
    given: &Given<'_>,
    escape: char,
) -> Result<BTreeMap<String, String>, Problem> {
    let nothing = |_: &str| None;
    let mut stage = Stage { source, escape, given, earlier: &nothing, state: State::default() };
    let mut values = BTreeMap::new();
    for argument in parsed.global_args() {
        stage.argument(&argument.arguments)?;
        for (name, _) in arguments(&argument.arguments.value, escape) {
            values.extend(stage.state.environment.get(name).map(|value| (name.to_owned(), value)));
        }
    }
    Ok(values)
}

/// A build argument that no `ARG` takes is a slip of the finger.
fn check_arguments(request: &Request<'_>, parsed: &Dockerfile<'_>, escape: char) -> Result<(), Problem> {
    let declared = parsed.instructions.iter().filter_map(|instruction| match instruction {
        Instruction::Arg(found) => Some(found.arguments.value.as_ref()),
        _ => None,
    });
    let declared: BTreeSet<&str> =
        declared.flat_map(|text| arguments(text, escape)).map(|(name, _)| name).collect();
    match request.arguments.keys().find(|name| !declared.contains(name.as_str())) {
        None => Ok(()),
        Some(name) => {
            let said = request.said.arguments.get(name);
            let message = format!("the unit gives a build argument `{name}`, and no `ARG` takes it");
            Err(Box::new(
                Diagnostic::error("unknown-argument", message)
                    .at(said.cloned().unwrap_or_else(|| Place::file(request.file)))
                    .hint(format!("write `ARG {name}` where it is needed, or take it out of `args`")),
            ))
        }
    }
}
