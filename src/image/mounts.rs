//! `RUN --mount`: which kinds a step may have, what they take from elsewhere, and how they are written for
//! an engine so that nothing is kept from one build to the next.

use parse_dockerfile::{Flag, RunInstruction};

use crate::image::dockerfile::{Problem, Source, Span};

/// One `--mount`, as its parts `NAME=VALUE` or `NAME`, each with its place.
struct Mount<'t> {
    parts: Vec<(&'t str, Option<&'t str>, Span)>,
}

impl<'t> Mount<'t> {
    fn read(text: &'t str, flag: &Flag<'_>) -> Option<Self> {
        let span = &flag.value.as_ref().filter(|_| flag.name.value == "mount")?.span;
        let mut start = span.start;
        let mut parts = Vec::new();
        for part in text.get(span.clone())?.split(',') {
            let (name, value) =
                part.split_once('=').map_or((part, None), |(name, value)| (name, Some(value)));
            parts.push((name, value, start..start + part.len()));
            start += part.len() + 1;
        }
        Some(Self { parts })
    }

    fn get(&self, name: &str) -> Option<&(&'t str, Option<&'t str>, Span)> {
        self.parts.iter().find(|(known, ..)| *known == name)
    }

    fn value(&self, name: &str) -> Option<&'t str> {
        self.get(name)?.1
    }

    fn kind(&self) -> &'t str {
        self.value("type").unwrap_or("bind")
    }
}

/// The stages and images that the mounts of a step take files from, with the places of their names.
pub(super) fn sources<'t>(text: &'t str, run: &RunInstruction<'_>) -> Vec<(&'t str, Span)> {
    let mounts = run.options.iter().filter_map(|flag| Mount::read(text, flag));
    let source = |mount: Mount<'t>| {
        let (name, value, span) = mount.get("from")?;
        let value = (*value)?;
        Some((value, value_place(name, span)))
    };
    mounts.filter_map(source).collect()
}

/// The secrets that a step sees.
pub(super) fn secrets<'t>(text: &'t str, run: &RunInstruction<'_>) -> Vec<&'t str> {
    let mounts = run.options.iter().filter_map(|flag| Mount::read(text, flag));
    mounts.filter(|mount| mount.kind() == "secret").filter_map(|mount| mount.value("id")).collect()
}

/// Refuses options of `RUN` with which an image could not come out the same everywhere.
pub(super) fn check(source: &Source<'_>, flag: &Flag<'_>, known: &[String]) -> Result<(), Problem> {
    let value = flag.value.as_ref().map(|value| value.value.as_ref()).unwrap_or_default();
    let mount = match (flag.name.value.as_ref(), Mount::read(source.text, flag)) {
        ("network", _) if value == "none" => return Ok(()),
        ("mount", Some(mount)) => mount,
        (name, _) => {
            let message = format!("the option `--{name}={value}` is not supported yet");
            return source.refuse("not-yet", &flag.span(), message, SUPPORTED);
        }
    };
    let invalid = |message: &str, hint: String| source.refuse("invalid-option", &flag.span(), message, hint);
    if value.contains('"') || mount.value("from").is_some_and(|from| from.contains('$')) {
        let hint = "write `NAME=VALUE`, parted by commas, and the name of a stage or an image after `from=`";
        return invalid("a mount takes no quotes, and no variable in `from`", hint.to_owned());
    }
    match mount.kind() {
        "bind" | "tmpfs" | "cache" => Ok(()),
        "secret" => match mount.value("id") {
            Some(id) if known.iter().any(|name| name == id) => Ok(()),
            Some(id) if !id.contains('$') => {
                let hint = format!("write `secrets: [{id}]` into the unit");
                source.refuse("unknown-secret", &flag.span(), format!("the unit has no secret `{id}`"), hint)
            }
            _ => invalid("a secret needs the name that the unit gives it", "write `id=NAME`".to_owned()),
        },
        kind => {
            let message = format!("a mount of the type `{kind}` is not supported yet");
            source.refuse("not-yet", &flag.span(), message, SUPPORTED)
        }
    }
}

const SUPPORTED: &str = "`--mount` of the types `bind`, `cache`, `tmpfs` and `secret` is, and `--network=none`, \
                         which every step has anyhow";

/// How a mount is written for an engine; `None` where it stays as it is. `local` knows the names that images
/// have there. A cache is one of its own for this step of this build, named by `mark` and a number: what
/// another build left there would be an input that nobody counts. A secret that is not given is an error.
pub(super) fn for_engine(
    text: &str,
    flag: &Flag<'_>,
    local: &dyn Fn(&Span) -> Option<String>,
    (mark, number): (&str, &mut usize),
) -> Option<String> {
    let mount = Mount::read(text, flag)?;
    let (left_out, added) = match mount.kind() {
        "cache" => {
            *number += 1;
            ("id", Some(format!("id={mark}-{number}")))
        }
        "secret" => ("required", Some("required=true".to_owned())),
        _ => ("", None),
    };
    let image = |name: &str, span: &Span| (name == "from").then(|| local(&value_place(name, span))).flatten();
    let kept = mount.parts.iter().filter(|(name, ..)| *name != left_out);
    let written = kept.map(|(name, _, span)| match image(name, span) {
        Some(image) => format!("from={image}"),
        None => text[span.clone()].to_owned(),
    });
    let written: Vec<String> = written.chain(added).collect();
    let written = written.join(",");
    (written != text[flag.value.as_ref()?.span.clone()]).then_some(written)
}

/// The place of the value in `NAME=VALUE`.
fn value_place(name: &str, part: &Span) -> Span {
    part.start + name.len() + 1..part.end
}
