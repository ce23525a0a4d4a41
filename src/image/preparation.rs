//! The Dockerfile as an engine gets it: its bases by their local names, steps that know the epoch and
//! keep nothing from one build to the next.

use std::fmt::Write as _;

use parse_dockerfile::{CopyInstruction, Dockerfile, Instruction, Stage};

use crate::image::dockerfile::Span;
use crate::image::execution::{EMPTY_NAME, EPOCH, Stages, Use, local_name};
use crate::image::mounts;

/// A Dockerfile that is to be prepared.
pub(super) struct Preparation<'p, 'd> {
    pub(super) text: &'p str,
    pub(super) parsed: &'p Dockerfile<'d>,
    pub(super) stages: &'p Stages,
    /// What the names of caches begin with.
    pub(super) caches: &'p str,
    pub(super) is_classic: bool,
}

impl Preparation<'_, '_> {
    /// The text. `# syntax` would have the engine fetch another reader; every stage takes the epoch. Lines
    /// keep their numbers but for that one and those that come in.
    pub(super) fn run(&self) -> String {
        let mut prepared = self.text.to_owned();
        let stages: Vec<_> = self.parsed.stages().collect();
        let (mut next, mut caches) = (self.text.len(), 0);
        // From the end on, so that what is before keeps its place.
        for (stage, used) in stages.iter().zip(&self.stages.uses).rev() {
            let image = stage.from.image.span.clone();
            let last = stage.from.as_.as_ref().map_or(image.end, |(_, name)| name.span.end);
            let end = self.text[last..].find('\n').map_or(self.text.len(), |length| last + length);
            if matches!(used, Use::Never) {
                // The classic builder carries out all stages before the one that is wanted. It keeps its number.
                prepared.replace_range(end..next, "\n");
            } else {
                self.instructions(&mut prepared, stage, &mut caches);
            }
            prepared.insert_str(end, &format!("\nARG {EPOCH}"));
            match used {
                Use::Never => prepared.replace_range(image, "scratch"),
                Use::Image(manifest) => prepared.replace_range(image, &local_name(*manifest)),
                Use::AsWritten => {}
            }
            next = stage.from.from.span.start;
        }
        self.leave_out_syntax(&mut prepared);
        prepared
    }

    /// The options of a stage's instructions.
    fn instructions(&self, prepared: &mut String, stage: &Stage<'_, '_>, caches: &mut usize) {
        let local = |span: &Span| {
            let (_, manifest) = self.stages.images.iter().find(|(place, _)| place == span)?;
            Some(local_name(*manifest))
        };
        for instruction in stage.instructions.iter().rev() {
            match instruction {
                Instruction::Run(run) => {
                    for flag in run.options.iter().rev() {
                        if let (Some(value), Some(text)) = (
                            &flag.value,
                            mounts::for_engine(self.text, flag, &local, (self.caches, &mut *caches)),
                        ) {
                            prepared.replace_range(value.span.clone(), &text);
                        }
                    }
                }
                Instruction::Copy(copy) => {
                    for value in copy.options.iter().rev().filter_map(|flag| flag.value.as_ref()) {
                        if let Some(name) = local(&value.span) {
                            prepared.replace_range(value.span.clone(), &name);
                        }
                    }
                    if self.is_classic {
                        with_owners(prepared, copy);
                    }
                }
                _ => {}
            }
        }
    }

    fn leave_out_syntax(&self, prepared: &mut String) {
        let Some(syntax) = &self.parsed.parser_directives.syntax else { return };
        // The whole line: behind a comment no reader looks for further directives, such as `escape`.
        let start = self.text[..syntax.value.span.start].rfind('#').unwrap_or(0);
        let value_end = syntax.value.span.end;
        let end = self.text[value_end..].find('\n').map_or(self.text.len(), |length| value_end + length + 1);
        prepared.replace_range(start..end, "");
    }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::image::dockerfile::Source;
    use crate::model::Digest;

    fn prepared(text: &str, stages: &Stages, is_classic: bool) -> String {
        let source = Source::new("Dockerfile", text.as_bytes()).unwrap();
        let parsed = source.parse().unwrap();
        Preparation { text, parsed: &parsed, stages, caches: "caches", is_classic }.run()
    }

    fn stages(uses: &[Use]) -> Stages {
        Stages {
            uses: uses.to_vec(),
            images: Vec::new(),
            copied: std::collections::BTreeSet::new(),
            base: None,
        }
    }

    #[test]
    fn every_stage_takes_the_epoch_and_no_reader_is_fetched() {
        let text = "# syntax=docker/dockerfile:1\n# escape=`\nARG X\nFROM scratch AS a\nFROM `\n a\n\
                    COPY --chown=1:2 x `\n /a/${B:-/}/c/\nCOPY y /z/\nCOPY --chown=web x y/z";
        let stages = stages(&[Use::AsWritten, Use::AsWritten]);
        insta::assert_snapshot!(prepared(text, &stages, true), @r"
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
        let stages = stages(&[Use::Never, Use::Image(Digest::of("base"))]);
        insta::assert_snapshot!(prepared(text, &stages, false), @r"
        ARG B=debian:12
        FROM scratch AS tools
        ARG SOURCE_DATE_EPOCH
        FROM --platform=linux/amd64 rekindle-base:cae662172fd450bb0cd710a769079c05
        ARG SOURCE_DATE_EPOCH
        COPY --from=0 a b
        ");
    }

    #[test]
    fn caches_are_of_one_build_and_images_have_their_local_names() {
        let text = "FROM scratch\nRUN --mount=type=cache,id=apt,target=/c,sharing=locked --mount=from=debian:12,target=/d x\n\
                    RUN --mount=type=cache,target=/c,from=debian:12 --mount=type=secret,id=key,required=false y\n\
                    COPY --link --from=debian:12 /a /b\n";
        let places = text.match_indices("debian:12").map(|(start, name)| start..start + name.len());
        let images = places.map(|place| (place, Digest::of("base"))).collect();
        let stages = Stages { images, ..stages(&[Use::AsWritten]) };
        insta::assert_snapshot!(prepared(text, &stages, false), @"
        FROM scratch
        ARG SOURCE_DATE_EPOCH
        RUN --mount=type=cache,target=/c,sharing=locked,id=caches-2 --mount=from=rekindle-base:cae662172fd450bb0cd710a769079c05,target=/d x
        RUN --mount=type=cache,target=/c,from=rekindle-base:cae662172fd450bb0cd710a769079c05,id=caches-1 --mount=type=secret,id=key,required=true y
        COPY --link --from=rekindle-base:cae662172fd450bb0cd710a769079c05 /a /b
        ");
    }
}
