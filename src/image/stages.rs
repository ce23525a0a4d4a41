//! The stages of a Dockerfile: which are needed, what each starts from, and what comes out of the one
//! that is wanted.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use parse_dockerfile::{Dockerfile, FromInstruction, Instruction};

use crate::image::base::{Base, inherit, triggers};
use crate::image::configuration::Configuration;
use crate::image::dockerfile::{Problem, Source, Span};
use crate::image::execution::{self, Stages, Use};
use crate::image::instructions::{Stage, State};
use crate::image::mounts;
use crate::image::recipe::{Given, Request};
use crate::image::tree::Tree;
use crate::image::words::Expansion;
use crate::model::{BaseImage, Diagnostic, Digest, Place};

/// The search path of an image that says none, as every builder sets it.
pub(super) const SEARCH_PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// A Dockerfile with all that its stages are given.
pub(super) struct Reader<'r, 't> {
    pub(super) source: &'r Source<'t>,
    pub(super) parsed: &'r Dockerfile<'t>,
    pub(super) given: &'r Given<'r>,
    pub(super) escape: char,
}

/// What a stage starts from.
enum Start {
    Scratch,
    Stage(usize),
    Image(String),
}

/// What the wanted stage lies on.
#[derive(Clone, Debug)]
pub(super) enum Below {
    /// Nothing: it holds all files itself.
    Nothing,
    /// A base image whose files were not looked at.
    Unknown,
    /// A base image.
    Base(Arc<Base>),
}

/// What came out of a stage.
struct Built {
    state: State,
    below: Below,
}

impl Reader<'_, '_> {
    /// The number of a stage before `before` by its name or number.
    fn stage(&self, name: &str, before: usize) -> Option<usize> {
        let named = self.parsed.stages().take(before).position(|stage| {
            stage.from.as_.as_ref().is_some_and(|(_, given)| given.value.eq_ignore_ascii_case(name))
        });
        named.or_else(|| name.parse().ok().filter(|number| *number < before))
    }

    pub(super) fn wanted(&self, request: &Request<'_>) -> Result<usize, Problem> {
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

    fn start(&self, from: &FromInstruction<'_>, number: usize) -> Result<Start, Problem> {
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
            Some(stage) => Ok(Start::Stage(stage)),
            None if image == "scratch" => Ok(Start::Scratch),
            None => Ok(Start::Image(image)),
        }
    }

    /// The names of the base images that the wanted stage is made from, and where they stand.
    pub(super) fn images(&self, wanted: usize) -> Result<BTreeMap<String, Span>, Problem> {
        let needed = self.needed(wanted)?;
        let mut images = BTreeMap::new();
        for (number, stage) in self.parsed.stages().enumerate().filter(|(number, _)| needed.contains(number))
        {
            if let Start::Image(image) = self.start(stage.from, number)? {
                images.entry(image).or_insert(stage.from.image.span.clone());
            }
        }
        for (image, span) in self.copied_images(&needed)? {
            images.entry(image).or_insert(span);
        }
        Ok(images)
    }

    /// The stages that `wanted` is made from, itself among them: no others are looked at, as in a
    /// builder.
    fn needed(&self, wanted: usize) -> Result<BTreeSet<usize>, Problem> {
        let mut needed = BTreeSet::from([wanted]);
        for (number, stage) in self.parsed.stages().enumerate().collect::<Vec<_>>().into_iter().rev() {
            if !needed.contains(&number) {
                continue;
            }
            if let Start::Stage(base) = self.start(stage.from, number)? {
                needed.insert(base);
            }
            let sources = stage.instructions.iter().flat_map(|instruction| self.sources(instruction));
            needed.extend(sources.filter_map(|(name, _)| self.stage(name, number)));
        }
        Ok(needed)
    }

    /// The stages and images that an instruction takes files from, with the places of their names.
    fn sources(&self, instruction: &Instruction<'_>) -> Vec<(&str, Span)> {
        match instruction {
            Instruction::Run(run) => mounts::sources(self.source.text, run),
            Instruction::Copy(copy) => {
                let named = copy.options.iter().filter(|flag| flag.name.value == "from");
                let spans = named.filter_map(|flag| Some(flag.value.as_ref()?.span.clone()));
                spans.filter_map(|span| Some((self.source.text.get(span.clone())?, span))).collect()
            }
            _ => Vec::new(),
        }
    }

    /// The images that files are copied from in the stages that are needed: names that are no stage's.
    fn copied_images(&self, needed: &BTreeSet<usize>) -> Result<Vec<(String, Span)>, Problem> {
        let mut images = Vec::new();
        for (number, stage) in self.parsed.stages().enumerate().filter(|(number, _)| needed.contains(number))
        {
            for (name, span) in stage.instructions.iter().flat_map(|instruction| self.sources(instruction)) {
                if self.stage(name, number).is_some() {
                    continue;
                }
                if name.contains('$') {
                    let hint = "it takes no variables: give the stage a name with `FROM ... AS NAME`";
                    return self.source.refuse("invalid-option", &span, "`from` has a variable", hint);
                }
                if name.is_empty() || name == "scratch" || name.parse::<usize>().is_ok() {
                    let message = format!("there is no stage `{name}` before this one");
                    let hint = "name a stage by `FROM ... AS NAME` or by its number, or an image by its name";
                    return self.source.refuse("unknown-stage", &span, message, hint);
                }
                images.push((name.to_owned(), span));
            }
        }
        Ok(images)
    }

    /// A secret that no step sees is a slip of the finger.
    pub(super) fn check_secrets(&self, request: &Request<'_>, wanted: usize) -> Result<(), Problem> {
        let needed = self.needed(wanted)?;
        let stages = self.parsed.stages().enumerate().filter(|(number, _)| needed.contains(number));
        let instructions = stages.flat_map(|(_, stage)| stage.instructions);
        let seen: BTreeSet<&str> = instructions
            .filter_map(|instruction| match instruction {
                Instruction::Run(run) => Some(mounts::secrets(self.source.text, run)),
                _ => None,
            })
            .flatten()
            .collect();
        match request.secrets.iter().find(|name| !seen.contains(name.as_str())) {
            None => Ok(()),
            Some(name) => {
                let message =
                    format!("the unit gives a secret `{name}`, and no step of `{}` sees it", request.file);
                let problem = Diagnostic::error("unknown-secret", message).at(Place::file(request.file));
                let hint = format!(
                    "write `RUN --mount=type=secret,id={name} ...` where it is needed, or take it out of `secrets`"
                );
                Err(Box::new(problem.hint(hint)))
            }
        }
    }

    /// What each stage is to an engine.
    pub(super) fn for_engine(&self, wanted: usize) -> Result<Stages, Problem> {
        let needed = self.needed(wanted)?;
        let (mut uses, mut bases): (Vec<Use>, Vec<Option<String>>) = (Vec::new(), Vec::new());
        for (number, stage) in self.parsed.stages().enumerate() {
            let (used, base) = match self.start(stage.from, number) {
                _ if !needed.contains(&number) => (Use::Never, None),
                Ok(Start::Scratch) => (Use::AsWritten, None),
                Ok(Start::Stage(below)) => (Use::AsWritten, bases[below].clone()),
                Ok(Start::Image(name)) => {
                    let locked = self.locked(&name, &stage.from.image.span)?;
                    (Use::Image(locked.manifest), Some(name))
                }
                Err(problem) => return Err(problem),
            };
            uses.push(used);
            bases.push(base);
        }
        let mut images = Vec::new();
        for (name, span) in self.copied_images(&needed)? {
            images.push((span.clone(), self.locked(&name, &span)?.manifest));
        }
        let copied = self.copied_bases(&needed, &bases)?;
        let copied = copied.into_iter().chain(images.iter().map(|(_, manifest)| *manifest)).collect();
        Ok(Stages { uses, images, copied, base: bases.swap_remove(wanted) })
    }

    /// The base images of the stages that files are copied from: what is copied may be theirs.
    fn copied_bases(
        &self,
        needed: &BTreeSet<usize>,
        bases: &[Option<String>],
    ) -> Result<Vec<Digest>, Problem> {
        let mut copied = Vec::new();
        for (number, stage) in self.parsed.stages().enumerate().filter(|(number, _)| needed.contains(number))
        {
            for (name, span) in stage.instructions.iter().flat_map(|instruction| self.sources(instruction)) {
                if let Some(base) = self.stage(name, number).and_then(|stage| bases[stage].as_ref()) {
                    copied.push(self.locked(base, &span)?.manifest);
                }
            }
        }
        Ok(copied)
    }

    /// Whether a stage that is needed runs a program. An engine then carries out all of them, and only
    /// what it must not do is looked for here.
    pub(super) fn needs_engine(&self, wanted: usize) -> Result<bool, Problem> {
        let needed = self.needed(wanted)?;
        let stages = self.parsed.stages().enumerate().filter(|(number, _)| needed.contains(number));
        let instructions: Vec<&Instruction<'_>> = stages.flat_map(|(_, stage)| stage.instructions).collect();
        let runs = instructions.iter().any(|instruction| matches!(instruction, Instruction::Run(_)));
        if runs {
            instructions
                .iter()
                .try_for_each(|instruction| execution::check(self.source, instruction, self.given.secrets))?;
        }
        Ok(runs)
    }

    /// What comes out of the wanted stage.
    pub(super) fn build(&self, wanted: usize) -> Result<(State, Below), Problem> {
        let needed = self.needed(wanted)?;
        let mut built: BTreeMap<usize, Built> = BTreeMap::new();
        let mut takes_engine = false;
        let mut images: BTreeMap<String, Tree> = BTreeMap::new();
        for (name, span) in self.copied_images(&needed)? {
            images.insert(name.clone(), self.files(self.locked(&name, &span)?).0);
        }
        for (number, stage) in self.parsed.stages().enumerate().filter(|(number, _)| needed.contains(number))
        {
            let (state, below) = match self.start(stage.from, number)? {
                Start::Scratch => (State::default(), Below::Nothing),
                Start::Stage(base) => (inherited(&built[&base].state), built[&base].below.clone()),
                Start::Image(image) => self.on_image(&image, &stage.from.image.span)?,
            };
            let earlier = |name: &str| match self.stage(name, number) {
                Some(stage) => Some(&built.get(&stage)?.state.tree),
                None => images.get(name),
            };
            let mut work = Stage {
                source: self.source,
                escape: self.escape,
                given: self.given,
                earlier: &earlier,
                state: with_search_path(state),
            };
            for instruction in stage.instructions {
                work.run(instruction)?;
            }
            let state = work.state;
            takes_engine |= state.takes_engine;
            built.insert(number, Built { state, below });
        }
        // What is wanted is needed, so it was built.
        let wanted = built.remove(&wanted);
        let (state, below) =
            wanted.map_or_else(|| (State::default(), Below::Nothing), |built| (built.state, built.below));
        Ok((State { takes_engine, ..state }, below))
    }

    /// What the lock says of a base image.
    pub(super) fn locked(&self, image: &str, span: &Span) -> Result<&BaseImage, Problem> {
        let platform = self.given.platform;
        self.given.bases.get(image).ok_or_else(|| {
            let message = format!("the base image `{image}` for {platform} is not in `rekindle.lock`");
            let hint = "`rekindle lock` asks its registry which image that is, and writes down its digest";
            // Of a copy's source it is not known whether it was meant as a stage.
            let is_start = self.parsed.stages().any(|stage| stage.from.image.span == *span);
            let hint =
                if is_start { hint.to_owned() } else { format!("no stage before has this name; {hint}") };
            Box::new(self.source.error("unlocked-base", span, message).hint(hint))
        })
    }

    fn on_image(&self, image: &str, span: &Span) -> Result<(State, Below), Problem> {
        let locked = self.locked(image, span)?;
        if let Some(trigger) = triggers(locked).first() {
            let message = format!("the base image `{image}` has an `ONBUILD` trigger: `{trigger}`");
            let hint =
                "write what it does into this Dockerfile, where one can see it, and start from another image";
            return self.source.refuse("not-yet", span, message, hint);
        }
        let (configuration, environment) = inherit(locked).or_else(|key| {
            let message = format!("what `rekindle.lock` says of `{image}` under `{key}` is not understood");
            self.source.refuse("damaged-lock", span, message, "`rekindle lock --update` finds it out anew")
        })?;
        let (tree, below) = self.files(locked);
        Ok((State { tree, configuration, environment, takes_engine: false }, below))
    }

    /// The files of a base image.
    fn files(&self, locked: &BaseImage) -> (Tree, Below) {
        match self.given.known.bases.get(&locked.manifest) {
            Some(base) => (Tree::above(base.nodes.clone()), Below::Base(base.clone())),
            None => (Tree::above_unknown(), Below::Unknown),
        }
    }
}

/// Every stage has a search path.
fn with_search_path(mut state: State) -> State {
    if state.environment.get("PATH").is_none() {
        state.environment.keep("PATH".to_owned(), SEARCH_PATH.to_owned());
    }
    state
}

/// `FROM` an earlier stage.
fn inherited(base: &State) -> State {
    let configuration = Configuration { has_own_command: false, ..base.configuration.clone() };
    let (tree, environment) = (base.tree.clone(), base.environment.inherited());
    State { tree, configuration, environment, takes_engine: false }
}
