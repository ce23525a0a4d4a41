//! The stages of a Dockerfile: which are needed, what each starts from, and what comes out of the one
//! that is wanted.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use parse_dockerfile::{Dockerfile, FromInstruction, Instruction};

use crate::image::base::{Base, inherit, triggers};
use crate::image::configuration::Configuration;
use crate::image::dockerfile::{Problem, Source, Span};
use crate::image::execution;
use crate::image::instructions::{Stage, State};
use crate::image::recipe::{Given, Request};
use crate::image::tree::Tree;
use crate::image::words::Expansion;
use crate::model::{BaseImage, Diagnostic};

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
    pub(super) fn needs_engine(&self, wanted: usize) -> Result<bool, Problem> {
        let needed = self.needed(wanted)?;
        let stages = self.parsed.stages().enumerate().filter(|(number, _)| needed.contains(number));
        let instructions: Vec<&Instruction<'_>> = stages.flat_map(|(_, stage)| stage.instructions).collect();
        let runs = instructions.iter().any(|instruction| matches!(instruction, Instruction::Run(_)));
        if runs {
            instructions.iter().try_for_each(|instruction| execution::check(self.source, instruction))?;
        }
        Ok(runs)
    }

    /// What comes out of the wanted stage.
    pub(super) fn build(&self, wanted: usize) -> Result<(State, Below), Problem> {
        let needed = self.needed(wanted)?;
        let mut built: BTreeMap<usize, Built> = BTreeMap::new();
        for (number, stage) in self.parsed.stages().enumerate().filter(|(number, _)| needed.contains(number))
        {
            let (state, below) = match self.start(stage.from, number)? {
                Start::Scratch => (State::default(), Below::Nothing),
                Start::Stage(base) => (inherited(&built[&base].state), built[&base].below.clone()),
                Start::Image(image) => self.on_image(&image, &stage.from.image.span)?,
            };
            let earlier = |name: &str| Some(&built.get(&self.stage(name, number)?)?.state.tree);
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
            built.insert(number, Built { state, below });
        }
        // What is wanted is needed, so it was built.
        Ok(built
            .remove(&wanted)
            .map_or_else(|| (State::default(), Below::Nothing), |built| (built.state, built.below)))
    }

    /// What the lock says of a base image.
    pub(super) fn locked(&self, image: &str, span: &Span) -> Result<&BaseImage, Problem> {
        let platform = self.given.platform;
        self.given.bases.get(image).ok_or_else(|| {
            let message = format!("the base image `{image}` for {platform} is not in `rekindle.lock`");
            let hint = "`rekindle lock` asks its registry which image that is, and writes down its digest";
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
        let (tree, below) = match self.given.known.get(&locked.manifest) {
            Some(base) => (Tree::above(base.nodes.clone()), Below::Base(base.clone())),
            None => (Tree::above_unknown(), Below::Unknown),
        };
        Ok((State { tree, configuration, environment }, below))
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
    State { tree: base.tree.clone(), configuration, environment: base.environment.inherited() }
}
