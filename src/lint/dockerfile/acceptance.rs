//! Findings that the author of a Dockerfile accepts, with a reason, in a comment above the instruction or
//! between its lines: `# RekindleAccept unpinned-packages: the mirror is a snapshot of ours`.

use std::collections::BTreeMap;
use std::ops::Range;

use parse_dockerfile::{Dockerfile, Instruction};

use crate::image::keyword;
use crate::lint::dockerfile::Found;
use crate::lint::rules::{ACCEPTANCE, RULES, by_code};
use crate::model::diagnostic::did_you_mean;

/// The word that opens an acceptance.
const WORD: &str = "RekindleAccept";

/// Takes accepted findings out, and adds what is wrong with acceptances.
pub(super) fn apply(text: &str, parsed: &Dockerfile<'_>, found: Vec<Found>) -> Vec<Found> {
    let starts: Vec<usize> = parsed.instructions.iter().map(|one| keyword(one).1.start).collect();
    let following = |offset: usize| starts.partition_point(|start| *start <= offset);
    let mut problems = Vec::new();
    // By the number of the instruction, from 1, and the code.
    let mut accepted: BTreeMap<(usize, String), (Range<usize>, bool)> = BTreeMap::new();
    for (comment, goes_on) in comments(text, parsed) {
        match read(text, comment.clone()) {
            None => {}
            Some(Err(problem)) => problems.push(problem),
            Some(Ok(code)) => {
                let number = following(comment.start) + usize::from(!goes_on);
                accepted.insert((number, code), (comment, false));
            }
        }
    }
    let mut kept = Vec::new();
    for found in found {
        match accepted.get_mut(&(following(found.span.start), found.rule.code.to_owned())) {
            Some((_, is_needed)) => *is_needed = true,
            None => kept.push(found),
        }
    }
    for ((_, code), (comment, _)) in accepted.into_iter().filter(|(_, (_, is_needed))| !is_needed) {
        let message = format!("nothing here needs `{code}` to be accepted");
        kept.push(Found::new(&ACCEPTANCE, comment, message).hint("take the line out"));
    }
    kept.append(&mut problems);
    kept
}

/// The comments of a text, and whether each stands inside of an instruction.
fn comments(text: &str, parsed: &Dockerfile<'_>) -> Vec<(Range<usize>, bool)> {
    let documents: Vec<Range<usize>> = parsed.instructions.iter().flat_map(documents).collect();
    let (mut comments, mut offset, mut goes_on) = (Vec::new(), 0, false);
    for line in text.split_inclusive('\n') {
        let written = line.trim();
        let start = offset + (line.len() - line.trim_start().len());
        if written.starts_with('#') {
            let is_inside = documents.iter().any(|document| document.contains(&start));
            comments.push((start..start + written.len(), goes_on || is_inside));
        } else if !written.is_empty() {
            goes_on = written.ends_with('\\');
        }
        offset += line.len();
    }
    comments
}

fn documents(instruction: &Instruction<'_>) -> Vec<Range<usize>> {
    match instruction {
        Instruction::Run(run) => run.here_docs.iter().map(|document| document.span.clone()).collect(),
        _ => Vec::new(),
    }
}

/// The code that a comment accepts; `None` where it is another comment.
fn read(text: &str, comment: Range<usize>) -> Option<Result<String, Found>> {
    let said = text[comment.clone()].trim_start_matches('#').trim_start().strip_prefix(WORD)?;
    let (code, reason) = said.split_once(':').unwrap_or((said, ""));
    let code = code.trim();
    let refuse =
        |message: String, hint: String| Some(Err(Found::new(&ACCEPTANCE, comment, message).hint(hint)));
    if by_code(code).is_none() {
        let near = did_you_mean(code, RULES.iter().map(|rule| rule.code));
        let hint = match near {
            Some(meant) => format!("did you mean `{meant}`?"),
            None => {
                format!("write `# {WORD} CODE: why this is fine`; codes stand in brackets in each message")
            }
        };
        return refuse(format!("there is no rule `{code}`"), hint);
    }
    if reason.trim().is_empty() {
        let hint = format!("write `# {WORD} {code}: why this is fine`");
        return refuse(format!("`{code}` is accepted without a reason"), hint);
    }
    Some(Ok(code.to_owned()))
}
