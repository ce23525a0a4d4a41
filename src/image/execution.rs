//! What an engine is given to execute: the Dockerfile, prepared, and the context as one archive that is
//! the same on every machine.

use std::collections::BTreeSet;
use std::io::Write;
use std::sync::Arc;

use parse_dockerfile::{Dockerfile, Flag, Instruction};

use crate::image::assemble::{AssembleError, Contents, Progress};
use crate::image::dockerfile::{Problem, Source, Span, keyword};
use crate::image::environment::of_platform;
use crate::image::layer;
use crate::image::mounts;
use crate::image::pattern::Pattern;
use crate::image::preparation::Preparation;
use crate::image::recipe::Request;
use crate::image::tree::{Content, Kind, Node, Owner, Tree};
use crate::model::{Diagnostic, Digest, Place};

/// What a stage is to an engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Use {
    /// It is carried out as it is written.
    AsWritten,
    /// It is carried out, and starts from this base image.
    Image(Digest),
    /// Nothing comes of it.
    Never,
}

/// What the stages of a Dockerfile are to an engine.
#[derive(Clone, Debug)]
pub(super) struct Stages {
    pub(super) uses: Vec<Use>,
    /// The names of images that files are copied from, with their places, and which images they are.
    pub(super) images: Vec<(Span, Digest)>,
    /// The images of which files are copied: these, and those that stages lie on that files are copied from.
    pub(super) copied: BTreeSet<Digest>,
    /// The name of the base image that the wanted stage lies on.
    pub(super) base: Option<String>,
}

/// The name under which an engine gets a base image.
pub fn local_name(manifest: Digest) -> String {
    format!("rekindle-base:{}", &manifest.hex()[..32])
}

/// The Dockerfile's name in the context that an engine gets. What a wildcard copies of it into an image is
/// taken out again.
pub const DOCKERFILE_NAME: &str = ".rekindle.Dockerfile";

/// An empty directory in the context that the classic builder gets, see `preparation`. It is taken out
/// as well.
pub(super) const EMPTY_NAME: &str = ".rekindle.empty";

/// The variable that tells programs which time to write; it is an argument and so not in the image.
pub(super) const EPOCH: &str = "SOURCE_DATE_EPOCH";

/// The arguments of the platform, which only one of the builders sets by itself.
const OF_PLATFORM: [&str; 4] = ["TARGETPLATFORM", "TARGETOS", "TARGETARCH", "TARGETVARIANT"];

/// A build as an engine executes it.
#[derive(Clone, Debug)]
pub struct Execution {
    /// Build arguments.
    pub arguments: Vec<(String, String)>,
    /// The stage that is wanted; the last one when empty.
    pub stage: String,
    /// Labels on top of the Dockerfile's.
    pub labels: Vec<(String, String)>,
    /// Paths that are set to what the base has.
    pub drop: Vec<String>,
    /// The name of the base image that the wanted stage lies on; none where that is nothing.
    pub base: Option<String>,
    /// Whether only `BuildKit` understands it.
    pub needs_buildkit: bool,
    /// The names of the secrets that its steps see.
    pub secrets: Vec<String>,
    /// What the names of caches begin with in the prepared Dockerfile; no text has it otherwise.
    caches: String,
    context: Arc<Tree>,
    dockerfile: String,
    /// The same for the classic builder.
    classic: String,
}

impl Execution {
    pub(super) fn new(
        request: &Request<'_>,
        context: Arc<Tree>,
        source: &Source<'_>,
        parsed: &Dockerfile<'_>,
        stages: Stages,
    ) -> Self {
        let caches = format!("rekindle-{}", Digest::of(source.text).hex());
        let prepare = |is_classic| {
            let preparation =
                Preparation { text: source.text, parsed, stages: &stages, caches: &caches, is_classic };
            preparation.run()
        };
        let (dockerfile, classic) = (prepare(false), prepare(true));
        let platform = OF_PLATFORM
            .into_iter()
            .filter(|name| source.text.contains(name))
            .filter_map(|name| Some((name.to_owned(), of_platform(request.platform, name)?)));
        let given = request.arguments.iter().map(|(name, value)| (name.clone(), value.clone()));
        Self {
            arguments: platform.chain(given).chain([(EPOCH.to_owned(), "0".to_owned())]).collect(),
            stage: request.stage.as_ref().map(|(name, _)| (*name).to_owned()).unwrap_or_default(),
            labels: request.labels.iter().map(|(name, value)| (name.clone(), value.clone())).collect(),
            drop: request.drop.to_vec(),
            needs_buildkit: parsed
                .stages()
                .zip(&stages.uses)
                .filter(|(_, used)| **used != Use::Never)
                .any(|(stage, _)| stage.instructions.iter().any(needs_buildkit)),
            secrets: request.secrets.to_vec(),
            caches,
            context,
            base: stages.base,
            dockerfile,
            classic,
        }
    }

    /// How many bytes the context's files have together.
    pub fn bytes(&self) -> u64 {
        self.context.bytes()
    }

    /// Writes the context with the Dockerfile in it, for the one builder or the other: sorted, times of the
    /// epoch, owner and group 0. `build` names this build apart from all others: its caches are its own.
    ///
    /// # Errors
    /// A file cannot be read or changed.
    pub fn write_context(
        &self,
        is_classic: bool,
        build: &str,
        contents: &dyn Contents,
        progress: &dyn Progress,
        out: &mut dyn Write,
    ) -> Result<(), AssembleError> {
        let mut tree = Tree::clone(&self.context);
        let text = if is_classic { &self.classic } else { &self.dockerfile };
        let text = text.replace(&self.caches, &format!("rekindle-{build}"));
        let kind = Kind::File(Content::here(text.as_bytes()));
        // These names are free: `check_names` refused a context that has them.
        tree.put(vec![DOCKERFILE_NAME.into()], Node::new(kind, 0o644, Owner::default()))
            .expect("there is nothing of this name in the context");
        if is_classic {
            tree.put(vec![EMPTY_NAME.into()], Node::directory(Owner::default()))
                .expect("there is nothing of this name in the context");
        }
        layer::write(&tree.changes(), contents, progress, out)
    }
}

/// Whether an instruction has what the classic builder does not know: options, here-documents.
fn needs_buildkit(instruction: &Instruction<'_>) -> bool {
    let is_new = |flag: &Flag<'_>| !matches!(flag.name.value.as_ref(), "chown" | "from");
    let is_here = |from: &parse_dockerfile::Source<'_>| matches!(from, parse_dockerfile::Source::HereDoc(_));
    match instruction {
        Instruction::Run(found) => !found.options.is_empty() || !found.here_docs.is_empty(),
        Instruction::Copy(found) => found.options.iter().any(is_new) || found.src.iter().any(is_here),
        Instruction::Add(found) => found.options.iter().any(is_new) || found.src.iter().any(is_here),
        _ => false,
    }
}

/// Refuses a context with names that an engine's context needs: they would be left out unnoticed.
pub(super) fn check_names(context: &Tree) -> Result<(), Problem> {
    for name in [DOCKERFILE_NAME, EMPTY_NAME] {
        if context.get(&[name.into()]).is_some() {
            let message = format!("the context has `{name}`, a name that rekindle needs for itself");
            let problem = Diagnostic::error("reserved-name", message);
            return Err(Box::new(problem.hint("rename it, or leave it out with `.dockerignore`")));
        }
    }
    Ok(())
}

/// Refuses drop rules that mean nothing.
pub(super) fn check_drop(request: &Request<'_>, needs_engine: bool) -> Result<(), Problem> {
    let refuse = |message: String, place: Option<&Place>, hint: &str| {
        let place = place.cloned().unwrap_or_else(|| Place::file(request.file));
        let problem = Diagnostic::error("invalid-drop", message).at(place);
        Err(Box::new(problem.hint(hint)))
    };
    if !needs_engine && !request.drop.is_empty() {
        let message = format!("no step of `{}` writes what `drop` names", request.file);
        return refuse(
            message,
            request.said.drop.as_ref(),
            "take `drop` out of the unit: it is for what programs write, and none runs here",
        );
    }
    for (number, rule) in request.drop.iter().enumerate() {
        if let Err(why) = Pattern::new(rule.trim_matches('/')) {
            let message = format!("the drop rule `{rule}` is no pattern: {why}");
            return refuse(
                message,
                request.said.rules.get(number),
                "write a path of the image, with `*`, `?` and `[a-z]` where several are meant",
            );
        }
    }
    Ok(())
}

/// Refuses what an engine would do and what could not come out the same everywhere.
pub(super) fn check(
    source: &Source<'_>,
    instruction: &Instruction<'_>,
    secrets: &[String],
) -> Result<(), Problem> {
    let (_, span) = keyword(instruction);
    let refuse = |message: &str, hint: &str| source.refuse("not-yet", &span, message, hint);
    match instruction {
        Instruction::Onbuild(_) => refuse(
            "`ONBUILD` acts in images built from this one",
            "write the instruction into their Dockerfiles, where one can see it",
        ),
        Instruction::Maintainer(_) => {
            refuse("`MAINTAINER` is out of use", "write `LABEL org.opencontainers.image.authors=...`")
        }
        Instruction::Arg(found) if found.arguments.value.trim_start().starts_with("BUILD") => {
            let platform = ["BUILDPLATFORM", "BUILDOS", "BUILDARCH", "BUILDVARIANT"];
            let name = found.arguments.value.split(['=', ' ']).next().unwrap_or_default();
            match platform.contains(&name) {
                true => refuse(
                    "what this argument says differs from machine to machine",
                    "use `TARGETPLATFORM` and its parts, or an argument of the unit",
                ),
                false => Ok(()),
            }
        }
        Instruction::Add(found) => {
            let from_elsewhere = found.src.iter().any(|from| match from {
                parse_dockerfile::Source::Path(path) => {
                    path.value.contains("://") || path.value.starts_with("git@")
                }
                _ => false,
            });
            match from_elsewhere {
                true => refuse("`ADD` from elsewhere is not supported yet", "keep the file in the context"),
                false => Ok(()),
            }
        }
        Instruction::Run(found) => {
            found.options.iter().try_for_each(|flag| mounts::check(source, flag, secrets))
        }
        _ => Ok(()),
    }
}
