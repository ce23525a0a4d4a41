//! What comes from the network: scripts that run unseen, and files that nothing compares with a digest.

use parse_dockerfile::{AddInstruction, Source};

use crate::lint::dockerfile::Found;
use crate::lint::dockerfile::calls::{Call, List, is_shell};
use crate::lint::rules::{PIPED_SCRIPT, UNVERIFIED_DOWNLOAD};

const DOWNLOADERS: [&str; 5] = ["curl", "wget", "fetch", "aria2c", "http"];

/// Programs that carry out what they read, but for shells.
const INTERPRETERS: [&str; 8] = ["python", "python3", "python2", "perl", "ruby", "node", "php", "pwsh"];

/// Programs that compare what was downloaded with what is expected.
const CHECKERS: [&str; 15] = [
    "sha1sum",
    "sha224sum",
    "sha256sum",
    "sha384sum",
    "sha512sum",
    "b2sum",
    "md5sum",
    "shasum",
    "sha256",
    "gpg",
    "gpgv",
    "gpg2",
    "openssl",
    "cosign",
    "minisign",
];

/// Whether a call compares files with digests or signatures.
pub(super) fn is_check(call: &Call) -> bool {
    let mut words = call.arguments.iter().map(|word| word.text.as_str());
    match call.name.as_str() {
        "gpg" | "gpg2" => words.any(|word| word == "--verify" || word == "--decrypt"),
        "openssl" => words.any(|word| word == "dgst" || word.starts_with("sha")),
        name => CHECKERS.contains(&name),
    }
}

/// Judges the calls of one list; `is_checked` where something in the stage compares what came.
pub(super) fn check(list: &List, is_checked: bool, found: &mut Vec<Found>) {
    for (index, call) in list.calls.iter().enumerate() {
        let Some(address) = address(call) else { continue };
        let pairs = list.calls[index..].windows(2);
        let mut readers = pairs.take_while(|pair| pair[0].is_piped).map(|pair| &pair[1]);
        let reader = readers.find(|reader| carries_out_input(reader)).map(|reader| &reader.name);
        if let Some(runner) = reader.or(list.runner.as_ref()) {
            let message = format!("`{runner}` runs what `{}` brings from `{address}`, unseen", call.name);
            found.push(Found::new(&PIPED_SCRIPT, call.span.clone(), message));
        } else if !is_checked {
            let message =
                format!("nothing compares what `{}` brings from `{address}` with a digest", call.name);
            found.push(Found::new(&UNVERIFIED_DOWNLOAD, call.span.clone(), message));
        }
    }
}

/// From where a call downloads; not from this machine.
fn address(call: &Call) -> Option<&str> {
    if !DOWNLOADERS.contains(&call.name.as_str()) || call.has(&["-I", "--head", "--spider"]) {
        return None;
    }
    let is_address = |text: &&str| {
        let Some((scheme, rest)) = text.split_once("://") else { return false };
        let host = rest.split(['/', ':']).next().unwrap_or_default();
        let is_here = ["localhost", "127.0.0.1", "["].iter().any(|here| host.starts_with(here));
        ["http", "https", "ftp", "ftps"].contains(&scheme) && !is_here
    };
    call.arguments.iter().map(|word| word.text.as_str()).find(is_address)
}

fn is_interpreter(name: &str) -> bool {
    INTERPRETERS.contains(&name.trim_end_matches(|letter: char| letter.is_ascii_digit() || letter == '.'))
        || INTERPRETERS.contains(&name)
}

/// Whether a program carries out what it reads: a shell or an interpreter without a file of its own.
fn carries_out_input(call: &Call) -> bool {
    if !is_shell(&call.name) && !is_interpreter(&call.name) {
        return false;
    }
    let words: Vec<&str> = call.arguments.iter().map(|word| word.text.as_str()).collect();
    let has_text =
        |word: &&str| !word.starts_with("--") && word.starts_with('-') && word.ends_with(['c', 'e']);
    let reads_input = |word: &&str| ["-", "-s", "/dev/stdin"].contains(word);
    words.iter().any(reads_input)
        || words.iter().all(|word| word.starts_with('-') && !has_text(word) && *word != "-m")
}

/// `ADD` of an address.
pub(super) fn check_add(add: &AddInstruction<'_>, found: &mut Vec<Found>) {
    if add.options.iter().any(|flag| flag.name.value == "checksum") {
        return;
    }
    for source in &add.src {
        let Source::Path(path) = source else { continue };
        let is_git =
            path.value.starts_with("git@") || path.value.contains(".git#") || path.value.ends_with(".git");
        let is_commit = path.value.rsplit_once('#').is_some_and(|(_, commit)| {
            let commit = commit.split(':').next().unwrap_or_default();
            commit.len() == 40 && commit.bytes().all(|byte| byte.is_ascii_hexdigit())
        });
        if (path.value.contains("://") || is_git) && !is_commit {
            let message = format!("`ADD` takes whatever `{}` has that day", path.value);
            let hint = "name the file with its SHA-256 under `fetch` in the unit and COPY it; elsewhere write \
                        `ADD --checksum=sha256:...`";
            found.push(Found::new(&UNVERIFIED_DOWNLOAD, path.span.clone(), message).hint(hint));
        }
    }
}
