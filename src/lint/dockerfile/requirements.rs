//! Python's requirements: named on the command line or in a file, exact or open.

use crate::lint::dockerfile::calls::Call;
use crate::lint::dockerfile::languages::{is_elsewhere, without_version};
use crate::lint::dockerfile::shell::Word;
use crate::lint::dockerfile::{Found, Judge};
use crate::lint::rules::UNLOCKED_DEPENDENCIES;

const HINT: &str =
    "name versions and digests in a requirements file and write `pip install --require-hashes -r FILE`";

/// Judges `pip install`.
pub(super) fn check(judge: &Judge<'_>, call: &Call, packages: &[&Word], found: &mut Vec<Found>) {
    if call.has(&["--require-hashes", "--no-index", "-c", "--constraint", "--constraints"]) {
        return;
    }
    let files: Vec<(&str, &Word)> = call.values(&["-r", "--requirement"]).collect();
    let is_file = |word: &Word| files.iter().any(|(_, file)| file.span == word.span);
    for (file, word) in &files {
        // What is in a file that only the build knows cannot be said.
        let Some(text) = judge.text(file) else { continue };
        if let Some(open) = open_requirement(text) {
            let message = format!("`{file}` names `{open}` without an exact version");
            found.push(Found::new(&UNLOCKED_DEPENDENCIES, word.span.clone(), message).hint(HINT));
        }
    }
    let open = packages.iter().find(|word| !is_file(word) && !is_pinned(&word.text));
    found.extend(open.map(|word| without_version(call, word).hint(HINT)));
}

/// `NAME==1.2.3`, a file, an address with a digest.
fn is_pinned(text: &str) -> bool {
    let is_file = [".whl", ".tar.gz", ".zip"].iter().any(|end| text.ends_with(end)) && !text.contains("://");
    let is_exact = text.split_once("==").is_some_and(|(_, version)| !version.contains('*'));
    is_elsewhere(text) || is_file || is_exact || text.contains("#sha256=")
}

/// The first requirement of a file that does not say which version.
fn open_requirement(text: &str) -> Option<&str> {
    let mut goes_on = false;
    text.lines().find_map(|line| {
        let is_rest = std::mem::replace(&mut goes_on, line.trim_end().ends_with('\\'));
        let line = line.split(" #").next().unwrap_or_default().trim().trim_end_matches('\\').trim();
        if is_rest || line.is_empty() || line.starts_with(['#', '-']) || line.contains("--hash=") {
            return None;
        }
        let requirement = line.split(';').next().unwrap_or_default().trim();
        (!is_pinned(&requirement.replace(' ', ""))).then_some(requirement)
    })
}
