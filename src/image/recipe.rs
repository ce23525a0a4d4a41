//! From a Dockerfile and its context to a recipe: all files of the image, its configuration, and the
//! input hash. Reads no file: it works on listings.

use std::collections::{BTreeMap, BTreeSet};

use parse_dockerfile::{Dockerfile, FromInstruction, Instruction};
use serde_json::json;

use crate::image::RULES;
use crate::image::configuration::Configuration;
use crate::image::dockerfile::{Problem, Source};
use crate::image::environment::Environment;
use crate::image::execution::{self, Execution};
use crate::image::instructions::{Stage, State};
use crate::image::tree::{Content, Kind, Node, Owner, Tree, parts};
use crate::image::words::{Expansion, split};
use crate::model::{Context, ContextEntry, Diagnostic, Digest, FilePath, Place, Platform};

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
    /// Paths that are set to what the base has, whatever a step wrote there.
    pub drop: &'r [String],
}

/// An image that can be put together, or that an engine can build.
#[derive(Clone, Debug)]
pub struct Recipe {
    /// The input hash: everything that the image comes from.
    pub input: Digest,
    /// Whether a program has to run: without that, the files and settings below are all of the image.
    pub needs_engine: bool,
    /// The same as an engine executes it.
    pub execution: Execution,
    pub(super) tree: Tree,
    pub(super) configuration: Configuration,
    pub(super) environment: Vec<(String, String)>,
    /// What it runs on.
    pub platform: Platform,
}

impl Recipe {
    /// How many bytes its files have together.
    pub fn bytes(&self) -> u64 {
        self.tree.bytes()
    }
}

/// What all stages of a Dockerfile are given.
pub(super) struct Given<'g> {
    pub(super) context: Tree,
    pub(super) arguments: &'g BTreeMap<String, String>,
    pub(super) platform: &'g Platform,
    /// `ARG` before the first `FROM`.
    pub(super) globals: BTreeMap<String, String>,
}

/// The search path of an image that says none, as every builder sets it.
pub(super) const SEARCH_PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// Works out what a Dockerfile means.
///
/// # Errors
/// The first thing that is wrong or not supported, with its place.
pub fn read(request: &Request<'_>) -> Result<Recipe, Box<Diagnostic>> {
    let source = Source::new(request.file, request.dockerfile)?;
    let parsed = source.parse()?;
    let escape = parsed.parser_directives.escape.as_ref().map_or('\\', |directive| directive.value.value);
    let mut given = Given {
        context: context(request)?,
        arguments: request.arguments,
        platform: request.platform,
        globals: BTreeMap::new(),
    };
    given.globals = globals(&source, &parsed, &given, escape)?;
    check_arguments(request, &parsed, escape)?;
    let reader = Reader { source: &source, parsed: &parsed, given: &given, escape };
    let wanted = reader.wanted(request)?;
    let needs_engine = reader.needs_engine(wanted)?;
    execution::check_drop(request, needs_engine)?;
    let mut state = if needs_engine { State::default() } else { reader.build(wanted)? };
    state.configuration.labels.extend(request.labels.clone());
    Ok(Recipe {
        input: input(request),
        needs_engine,
        execution: Execution::new(request, given.context.clone(), &source, &parsed),
        tree: state.tree,
        configuration: state.configuration,
        environment: state.environment.kept,
        platform: request.platform.clone(),
    })
}

/// Everything that an image comes from. Names, tags, times, machine and engine are not in it.
fn input(request: &Request<'_>) -> Digest {
    let beside: BTreeMap<&String, Digest> =
        request.beside.iter().map(|(name, bytes)| (name, Digest::of(bytes))).collect();
    let mut input = json!({
            "rules": RULES,
            "dockerfile": Digest::of(request.dockerfile),
            "files": beside,
            "context": request.context.digest(),
            "arguments": request.arguments,
            "stage": request.stage.as_ref().map(|(name, _)| name),
            "platform": request.platform.to_string(),
            "labels": request.labels,
            "epoch": 0,
            "network": "none",
            "compression": "none",
    });
    if !request.drop.is_empty() {
        input["drop"] = json!(request.drop);
    }
    Digest::of_value("rekindle/image-input/1", &input)
}

/// The files beside the Dockerfile and those of the context directory as one tree.
fn context(request: &Request<'_>) -> Result<Tree, Problem> {
    let mut tree = Tree::default();
    for (name, bytes) in request.beside {
        let kind = Kind::File(Content::here(bytes));
        add(&mut tree, &FilePath::from(name.as_str()), Node { kind, mode: 0o644, owner: Owner::default() })?;
    }
    for (path, entry) in &request.context.0 {
        let (kind, mode) = match entry {
            ContextEntry::File { digest, size, executable } => {
                let mode = if *executable { 0o755 } else { 0o644 };
                (Kind::File(Content::in_context(path, *digest, *size)), mode)
            }
            ContextEntry::Link(target) => (Kind::Link(target.clone()), 0o777),
        };
        add(&mut tree, path, Node { kind, mode, owner: Owner::default() })?;
    }
    Ok(tree)
}

fn add(tree: &mut Tree, path: &FilePath, node: Node) -> Result<(), Problem> {
    let refuse = |message: String| {
        Box::new(
            Diagnostic::error("duplicate-file", message)
                .hint("the template's files and those of `context` make one context: rename one, or leave it out with `.dockerignore`"),
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
    let mut names = Vec::new();
    for argument in parsed.global_args() {
        names.extend(split(&argument.arguments.value, escape).into_iter().map(str::to_owned));
        stage.argument(&argument.arguments)?;
    }
    let name = |word: &String| word.split('=').next().unwrap_or_default().to_owned();
    let values =
        names.iter().map(name).filter_map(|name| Some((name.clone(), stage.state.environment.get(&name)?)));
    Ok(values.collect())
}

/// A build argument that no `ARG` takes is a slip of the finger.
fn check_arguments(request: &Request<'_>, parsed: &Dockerfile<'_>, escape: char) -> Result<(), Problem> {
    let arguments = parsed.instructions.iter().filter_map(|instruction| match instruction {
        Instruction::Arg(found) => Some(found.arguments.value.as_ref()),
        _ => None,
    });
    let declared: BTreeSet<String> = arguments
        .flat_map(|text| split(text, escape).into_iter().map(str::to_owned).collect::<Vec<_>>())
        .map(|word| word.split('=').next().unwrap_or_default().to_owned())
        .collect();
    match request.arguments.keys().find(|name| !declared.contains(*name)) {
        None => Ok(()),
        Some(name) => {
            let message = format!("the unit gives a build argument `{name}`, and no `ARG` takes it");
            Err(Box::new(
                Diagnostic::error("unknown-argument", message)
                    .at(Place::file(request.file))
                    .hint(format!("write `ARG {name}` where it is needed, or take it out of `args`")),
            ))
        }
    }
}

/// A Dockerfile with all that its stages are given.
struct Reader<'r, 't> {
    source: &'r Source<'t>,
    parsed: &'r Dockerfile<'t>,
    given: &'r Given<'r>,
    escape: char,
}

/// What a stage starts from.
enum Base {
    Scratch,
    Stage(usize),
}

impl Reader<'_, '_> {
    /// The number of a stage before `before` by its name or number.
    fn stage(&self, name: &str, before: usize) -> Option<usize> {
        let named = self.parsed.stages().take(before).position(|stage| {
            stage.from.as_.as_ref().is_some_and(|(_, given)| given.value.eq_ignore_ascii_case(name))
        });
        named.or_else(|| name.parse().ok().filter(|number| *number < before))
    }

    fn wanted(&self, request: &Request<'_>) -> Result<usize, Problem> {
        let count = self.parsed.stages().len();
        let Some((name, place)) = &request.stage else { return Ok(count - 1) };
        self.stage(name, count).ok_or_else(|| {
            let names: Vec<String> = self
                .parsed
                .stages()
                .filter_map(|stage| Some(format!("`{}`", stage.from.as_.as_ref()?.1.value)))
                .collect();
            let hint = if names.is_empty() {
                "no stage has a name".to_owned()
            } else {
                format!("there are: {}", names.join(", "))
            };
            let message = format!("`{}` has no stage `{name}`", request.file);
            Box::new(Diagnostic::error("unknown-stage", message).at(place.clone()).hint(hint))
        })
    }

    fn base(&self, from: &FromInstruction<'_>, number: usize) -> Result<Base, Problem> {
        let variable = |name: &str| self.given.globals.get(name).cloned();
        let expansion = Expansion { variable: &variable, escape: self.escape, keeps_quotes: false };
        let image = expansion.expand(&from.image.value).or_else(|why| {
            self.source.refuse(
                "invalid-word",
                &from.image.span,
                why,
                "only `ARG` before the first FROM counts here",
            )
        })?;
        for flag in &from.options {
            let value = flag.value.as_ref().map(|value| value.value.as_ref()).unwrap_or_default();
            let same = ["$TARGETPLATFORM", "${TARGETPLATFORM}"].contains(&value)
                || value == self.given.platform.to_string();
            if flag.name.value != "platform" || !same {
                let message = "a stage for another platform is not supported yet";
                return self.source.refuse(
                    "not-yet",
                    &flag.span(),
                    message,
                    "say the platform with `platform` in the unit",
                );
            }
        }
        match self.stage(&image, number).filter(|_| image.parse::<usize>().is_err()) {
            Some(stage) => Ok(Base::Stage(stage)),
            None if image == "scratch" => Ok(Base::Scratch),
            None => {
                let message = format!("the base image `{image}` is not supported yet");
                let hint = "a later version will take it by the digest in `rekindle.lock`; start from `scratch` or an earlier stage";
                self.source.refuse("not-yet", &from.image.span, message, hint)
            }
        }
    }

    /// The stages that `wanted` is made from, itself among them: no others are looked at, as in a
    /// builder.
    fn needed(&self, wanted: usize) -> Result<BTreeSet<usize>, Problem> {
        let mut needed = BTreeSet::from([wanted]);
        for (number, stage) in self.parsed.stages().enumerate().collect::<Vec<_>>().into_iter().rev() {
            if !needed.contains(&number) {
                continue;
            }
            if let Base::Stage(base) = self.base(stage.from, number)? {
                needed.insert(base);
            }
            for instruction in stage.instructions {
                let Instruction::Copy(copy) = instruction else { continue };
                for flag in copy.options.iter().filter(|flag| flag.name.value == "from") {
                    let name = flag.value.as_ref().map(|value| value.value.as_ref()).unwrap_or_default();
                    needed.extend(self.stage(name, number));
                }
            }
        }
        Ok(needed)
    }

    /// Whether a stage that is needed runs a program. An engine then carries out all of them, and only
    /// what it must not do is looked for here.
    fn needs_engine(&self, wanted: usize) -> Result<bool, Problem> {
        let needed = self.needed(wanted)?;
        let stages = self.parsed.stages().enumerate().filter(|(number, _)| needed.contains(number));
        let instructions: Vec<&Instruction<'_>> = stages.flat_map(|(_, stage)| stage.instructions).collect();
        let runs = instructions.iter().any(|instruction| matches!(instruction, Instruction::Run(_)));
        if runs {
            instructions.iter().try_for_each(|instruction| execution::check(self.source, instruction))?;
        }
        Ok(runs)
    }

    fn build(&self, wanted: usize) -> Result<State, Problem> {
        let needed = self.needed(wanted)?;
        let mut built: BTreeMap<usize, State> = BTreeMap::new();
        for (number, stage) in self.parsed.stages().enumerate().filter(|(number, _)| needed.contains(number))
        {
            let state = match self.base(stage.from, number)? {
                Base::Scratch => empty(),
                Base::Stage(base) => inherited(&built[&base]),
            };
            let earlier = |name: &str| Some(&built.get(&self.stage(name, number)?)?.tree);
            let mut work = Stage {
                source: self.source,
                escape: self.escape,
                given: self.given,
                earlier: &earlier,
                state,
            };
            for instruction in stage.instructions {
                work.run(instruction)?;
            }
            let state = work.state;
            built.insert(number, state);
        }
        // What is wanted is needed, so it was built.
        Ok(built.remove(&wanted).unwrap_or_default())
    }
}

/// `FROM scratch`
fn empty() -> State {
    let mut environment = Environment::default();
    environment.keep("PATH".to_owned(), SEARCH_PATH.to_owned());
    State { environment, ..State::default() }
}

/// `FROM` an earlier stage.
fn inherited(base: &State) -> State {
    let configuration = Configuration { has_own_command: false, ..base.configuration.clone() };
    State { tree: base.tree.clone(), configuration, environment: base.environment.inherited() }
}
