//! What an engine is given to execute: the Dockerfile, prepared, and the context as one archive that is
//! the same on every machine.

use std::fmt::Write as _;
use std::io::Write;

use parse_dockerfile::{CopyInstruction, Dockerfile, Flag, Instruction};

use crate::image::assemble::{AssembleError, Contents, Progress};
use crate::image::dockerfile::{Problem, Source, keyword};
use crate::image::environment::of_platform;
use crate::image::layer;
use crate::image::pattern::Pattern;
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

/// The name under which an engine gets a base image.
pub fn local_name(manifest: Digest) -> String {
    format!("rekindle-base:{}", &manifest.hex()[..32])
}

/// The Dockerfile's name in the context that an engine gets. What a wildcard copies of it into an image is
/// taken out again.
pub const DOCKERFILE_NAME: &str = ".rekindle.Dockerfile";

/// An empty directory in the context that the classic builder gets, see [`with_owners`]. It is taken out
/// as well.
pub(super) const EMPTY_NAME: &str = ".rekindle.empty";

/// The variable that tells programs which time to write; it is an argument and so not in the image.
const EPOCH: &str = "SOURCE_DATE_EPOCH";

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
    context: Tree,
    dockerfile: String,
    /// The same for the classic builder.
    classic: String,
}

impl Execution {
    pub(super) fn new(
        request: &Request<'_>,
        context: Tree,
        source: &Source<'_>,
        parsed: &Dockerfile<'_>,
        (uses, base): (&[Use], Option<String>),
    ) -> Self {
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
            needs_buildkit: parsed.instructions.iter().any(needs_buildkit),
            context,
            base,
            dockerfile: prepared(source.text, parsed, uses, false),
            classic: prepared(source.text, parsed, uses, true),
        }
    }

    /// How many bytes the context's files have together.
    pub fn bytes(&self) -> u64 {
        self.context.bytes()
    }

    /// Writes the context with the Dockerfile in it, for the one builder or the other: sorted, times of the
    /// epoch, owner and group 0.
    ///
    /// # Errors
    /// A file cannot be read or changed.
    pub fn write_context(
        &self,
        is_classic: bool,
        contents: &dyn Contents,
        progress: &dyn Progress,
        out: &mut dyn Write,
    ) -> Result<(), AssembleError> {
        let mut tree = self.context.clone();
        let text = if is_classic { &self.classic } else { &self.dockerfile };
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

/// The Dockerfile that an engine gets. `# syntax` would have it fetch another reader; every stage takes
/// the epoch. Lines keep their numbers but for that one and those that come in.
fn prepared(text: &str, parsed: &Dockerfile<'_>, uses: &[Use], is_classic: bool) -> String {
    let mut prepared = text.to_owned();
    let stages: Vec<_> = parsed.stages().collect();
    let mut next = text.len();
    for (stage, used) in stages.iter().zip(uses).rev() {
        let image = stage.from.image.span.clone();
        let last = stage.from.as_.as_ref().map_or(image.end, |(_, name)| name.span.end);
        let end = text[last..].find('\n').map_or(text.len(), |length| last + length);
        if matches!(used, Use::Never) {
            // The classic builder carries out all stages before the one that is wanted. It keeps its number.
            prepared.replace_range(end..next, "\n");
        }
        for instruction in stage.instructions.iter().rev().filter(|_| is_classic && *used != Use::Never) {
            if let Instruction::Copy(copy) = instruction {
                with_owners(&mut prepared, copy);
            }
        }
        prepared.insert_str(end, &format!("\nARG {EPOCH}"));
        match used {
            Use::Never => prepared.replace_range(image, "scratch"),
            Use::Image(manifest) => prepared.replace_range(image, &local_name(*manifest)),
            Use::AsWritten => {}
        }
        next = stage.from.from.span.start;
    }
    if let Some(syntax) = &parsed.parser_directives.syntax {
        // The whole line: behind a comment no reader looks for further directives, such as `escape`.
        let start = text[..syntax.value.span.start].rfind('#').unwrap_or(0);
        let value_end = syntax.value.span.end;
        let end = text[value_end..].find('\n').map_or(text.len(), |length| value_end + length + 1);
        prepared.replace_range(start..end, "");
    }
    prepared
}

/// The directories that `COPY --chown` makes on its way belong to root with the classic builder, and to
/// whom `--chown` says with `BuildKit`, which is followed here: they are made before, by copies of an empty
/// directory. Where a directory exists such a copy changes nothing.
fn with_owners(text: &mut String, copy: &CopyInstruction<'_>) {
    let Some(chown) = copy.options.iter().find(|flag| flag.name.value == "chown") else { return };
    let owner = chown.value.as_ref().map(|value| value.value.as_ref()).unwrap_or_default();
    let path = copy.dest.value.as_ref();
    let mut lines = String::new();
    for (end, _) in path.match_indices('/').filter(|(end, _)| *end > 0) {
        let above = &path[..end];
        // A slash inside `${...}` is none of the path's.
        if above.matches('{').count() == above.matches('}').count() {
            let _ = writeln!(lines, "COPY --chown={owner} {EMPTY_NAME} {above}");
        }
    }
    let start = text[..copy.copy.span.start].rfind('\n').map_or(0, |line| line + 1);
    text.insert_str(start, &lines);
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
    let refuse = |message: String, hint: &str| {
        let problem = Diagnostic::error("invalid-drop", message).at(Place::file(request.file));
        Err(Box::new(problem.hint(hint)))
    };
    if !needs_engine && !request.drop.is_empty() {
        let message = format!("no step of `{}` writes what `drop` names", request.file);
        return refuse(
            message,
            "take `drop` out of the unit: it is for what programs write, and none runs here",
        );
    }
    for rule in request.drop {
        if let Err(why) = Pattern::new(rule.trim_matches('/')) {
            let message = format!("the drop rule `{rule}` is no pattern: {why}");
            return refuse(
                message,
                "write a path of the image, with `*`, `?` and `[a-z]` where several are meant",
            );
        }
    }
    Ok(())
}

/// Refuses what an engine would do and what could not come out the same everywhere.
pub(super) fn check(source: &Source<'_>, instruction: &Instruction<'_>) -> Result<(), Problem> {
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
        Instruction::Run(found) => found.options.iter().try_for_each(|flag| run_option(source, flag)),
        _ => Ok(()),
    }
}

/// `RUN --mount` of files that are there for one step only changes nothing that stays.
fn run_option(source: &Source<'_>, flag: &Flag<'_>) -> Result<(), Problem> {
    let value = flag.value.as_ref().map(|value| value.value.as_ref()).unwrap_or_default();
    let kind = value.split(',').find_map(|part| part.strip_prefix("type="));
    match (flag.name.value.as_ref(), kind) {
        ("mount", None | Some("bind" | "tmpfs")) => Ok(()),
        ("network", _) if value == "none" => Ok(()),
        (name, _) => source.refuse(
            "not-yet",
            &flag.span(),
            format!("the option `--{name}={value}` is not supported yet"),
            "`--mount` of the types `bind` and `tmpfs` is, and `--network=none`, which every step has anyhow",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_stage_takes_the_epoch_and_no_reader_is_fetched() {
        let text = "# syntax=docker/dockerfile:1\n# escape=`\nARG X\nFROM scratch AS a\nFROM `\n a\n\
                    COPY --chown=1:2 x `\n /a/${B:-/}/c/\nCOPY y /z/\nCOPY --chown=web x y/z";
        let source = Source::new("Dockerfile", text.as_bytes()).unwrap();
        let parsed = source.parse().unwrap();
        let uses = [Use::AsWritten, Use::AsWritten];
        insta::assert_snapshot!(prepared(text, &parsed, &uses, true), @r"
        # escape=`
        ARG X
        FROM scratch AS a
        ARG SOURCE_DATE_EPOCH
        FROM `
         a
        ARG SOURCE_DATE_EPOCH
        COPY --chown=1:2 .rekindle.empty /a
        COPY --chown=1:2 .rekindle.empty /a/${B:-/}
        COPY --chown=1:2 .rekindle.empty /a/${B:-/}/c
        COPY --chown=1:2 x `
         /a/${B:-/}/c/
        COPY y /z/
        COPY --chown=web .rekindle.empty y
        COPY --chown=web x y/z
        ");
    }

    #[test]
    fn stages_that_are_not_needed_are_empty_and_bases_have_their_local_names() {
        let text = "ARG B=debian:12\nFROM ${B} AS tools\nRUN x\n# next\nFROM --platform=linux/amd64 debian:12\nCOPY --from=0 a b\n";
        let source = Source::new("Dockerfile", text.as_bytes()).unwrap();
        let parsed = source.parse().unwrap();
        let uses = [Use::Never, Use::Image(Digest::of("base"))];
        insta::assert_snapshot!(prepared(text, &parsed, &uses, false), @r"
        ARG B=debian:12
        FROM scratch AS tools
        ARG SOURCE_DATE_EPOCH
        FROM --platform=linux/amd64 rekindle-base:cae662172fd450bb0cd710a769079c05
        ARG SOURCE_DATE_EPOCH
        COPY --from=0 a b
        ");
    }
}
