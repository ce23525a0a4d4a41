//! What images a Dockerfile starts from, or copies out of.

use std::collections::BTreeMap;

use parse_dockerfile::{Dockerfile, Flag, Instruction, UnescapedString};

use crate::lint::dockerfile::{Found, Judge};
use crate::lint::rules::{LATEST_TAG, UNPINNED_BASE};

pub(super) fn check(judge: &Judge<'_>, parsed: &Dockerfile<'_>, found: &mut Vec<Found>) {
    let arguments = defaults(parsed);
    let mut stages: Vec<String> = Vec::new();
    for (number, stage) in parsed.stages().enumerate() {
        image(judge, &stage.from.image, &arguments, &stages, found);
        for instruction in stage.instructions {
            let options: &[Flag<'_>] = match instruction {
                Instruction::Copy(copy) => &copy.options,
                _ => &[],
            };
            let sources = options
                .iter()
                .filter(|flag| flag.name.value == "from")
                .filter_map(|flag| flag.value.as_ref());
            for source in
                sources.filter(|source| source.value.parse::<usize>().map_or(true, |other| other >= number))
            {
                image(judge, source, &arguments, &stages, found);
            }
        }
        stages.extend(stage.from.as_.as_ref().map(|(_, name)| name.value.to_lowercase()));
    }
}

/// The values that `ARG` before the first `FROM` gives; those of the unit are not known here.
fn defaults(parsed: &Dockerfile<'_>) -> BTreeMap<String, String> {
    let texts = parsed.global_args().map(|argument| argument.arguments.value.as_ref());
    let pairs = texts.flat_map(str::split_whitespace).filter_map(|word| word.split_once('='));
    pairs.map(|(name, value)| (name.to_owned(), value.trim_matches(['"', '\'']).to_owned())).collect()
}

fn image(
    judge: &Judge<'_>,
    written: &UnescapedString<'_>,
    arguments: &BTreeMap<String, String>,
    stages: &[String],
    found: &mut Vec<Found>,
) {
    let mut name = written.value.clone().into_owned();
    for (argument, value) in arguments {
        let given = judge.arguments.get(argument).unwrap_or(value);
        name = name.replace(&format!("${{{argument}}}"), given).replace(&format!("${argument}"), given);
    }
    let is_stage = name == "scratch" || stages.contains(&name.to_lowercase());
    // What a variable holds is said elsewhere; a build context of BuildKit has no dot, slash or colon.
    if is_stage || name.contains('$') || name.contains('@') {
        return;
    }
    let tag = name.rsplit('/').next().and_then(|last| last.split_once(':')).map(|(_, tag)| tag);
    if tag.is_none_or(|tag| tag == "latest") {
        let message = match tag {
            Some(_) => format!("`{name}` is whatever was pushed last"),
            None => format!("`{name}` names no version, which means `latest`: whatever was pushed last"),
        };
        found.push(Found::new(&LATEST_TAG, written.span.clone(), message));
    }
    if !judge.is_unit {
        let message = format!("`{name}` can be another image tomorrow");
        found.push(Found::new(&UNPINNED_BASE, written.span.clone(), message));
    }
}
