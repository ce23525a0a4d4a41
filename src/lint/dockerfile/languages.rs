//! Package managers of languages: what takes the newest that fits, where a lock file or exact versions
//! would say which.

use crate::lint::dockerfile::calls::Call;
use crate::lint::dockerfile::requirements;
use crate::lint::dockerfile::shell::Word;
use crate::lint::dockerfile::{Found, Judge};
use crate::lint::rules::UNLOCKED_DEPENDENCIES;

/// Options of these programs that take a value.
const WITH_VALUE: [&str; 22] = [
    "--prefix",
    "--registry",
    "--cache",
    "--loglevel",
    "-C",
    "--dir",
    "--cwd",
    "-i",
    "--index-url",
    "--extra-index-url",
    "-f",
    "--find-links",
    "-t",
    "--target",
    "-n",
    "--install-dir",
    "--source",
    "--root",
    "--features",
    "--jobs",
    "--retry",
    "--timeout",
];

/// Managers that install what a lock file in the context says: program, command, file.
const LOCK_FILES: [(&str, &str, &str); 4] = [
    ("bundle", "install", "Gemfile.lock"),
    ("composer", "install", "composer.lock"),
    ("poetry", "install", "poetry.lock"),
    ("npm", "ci", "package-lock.json"),
];

pub(super) fn check(judge: &Judge<'_>, call: &Call, found: &mut Vec<Found>) {
    let operands = call.operands(&WITH_VALUE);
    let action = operands.first().map_or("", |word| word.text.as_str());
    let packages = operands.get(1..).unwrap_or_default();
    match call.name.as_str() {
        "npm" => npm(call, action, packages, found),
        "yarn" | "pnpm" => yarn(call, action, packages, found),
        "gem" => gem(call, action, packages, found),
        "cargo" if action == "install" => cargo(call, packages, found),
        "go" if ["install", "get", "run"].contains(&action) => go(call, packages, found),
        "composer" if action == "update" => found.push(loose(call, "updates what `composer.lock` says")),
        name if is_pip(name) && action == "install" => requirements::check(judge, call, packages, found),
        "python" | "python3" | "uv" => {
            let is_module = call.has(&["-m"]) || call.name == "uv";
            if is_module && action.starts_with("pip") {
                let packages = packages.split_first().filter(|(word, _)| word.text == "install");
                packages.into_iter().for_each(|(_, rest)| requirements::check(judge, call, rest, found));
            } else if call.name == "uv" && action == "sync" && !call.has(&["--locked", "--frozen"]) {
                found.push(loose(call, "may change what `uv.lock` says").hint("write `uv sync --locked`"));
            }
        }
        _ => {}
    }
    let is_bare = call.name == "bundle" && action.is_empty() && !call.has(&["--version", "-v", "--help"]);
    for (name, command, file) in LOCK_FILES {
        let is_meant = call.name == name && (action == command || is_bare);
        if is_meant && !judge.has_file(file) {
            let hint = format!("put `{file}` beside the sources, where the context has it");
            found.push(loose(call, &format!("has no `{file}` that says which versions")).hint(hint));
        }
    }
}

fn is_pip(name: &str) -> bool {
    name.strip_prefix("pip").is_some_and(|rest| rest.bytes().all(|byte| b"0123456789.".contains(&byte)))
}

fn loose(call: &Call, why: &str) -> Found {
    Found::new(&UNLOCKED_DEPENDENCIES, call.span.clone(), format!("`{}` {why}", call.name))
}

/// A package that is named without saying which version.
pub(super) fn without_version(call: &Call, word: &Word) -> Found {
    let message = format!("`{}` installs `{}` without an exact version", call.name, word.text);
    Found::new(&UNLOCKED_DEPENDENCIES, word.span.clone(), message)
}

/// Whether a word is a file or a directory, or holds what only the build knows.
pub(super) fn is_elsewhere(text: &str) -> bool {
    text.contains('$') || text.starts_with(['.', '/']) || text.starts_with("file:")
}

/// `1.2.3`, and no range of versions.
fn is_exact(version: &str) -> bool {
    let digits = version.trim_start_matches(['=', 'v']);
    digits.starts_with(|letter: char| letter.is_ascii_digit())
        && digits.contains('.')
        && !digits.contains(['x', '*', '^', '~', '<', '>', '|', ' '])
}

/// `NAME@1.2.3`, `@SCOPE/NAME@1.2.3`
fn has_node_version(text: &str) -> bool {
    let version = text.get(1..).and_then(|rest| rest.rsplit_once('@')).map(|(_, version)| version);
    is_elsewhere(text) || text.ends_with(".tgz") || version.is_some_and(is_exact)
}

fn npm(call: &Call, action: &str, packages: &[&Word], found: &mut Vec<Found>) {
    match action {
        "install" | "i" | "add" | "in" if packages.is_empty() => {
            let hint = "write `npm ci`: it installs what `package-lock.json` says, or fails";
            found.push(loose(call, "may install other versions than `package-lock.json` says").hint(hint));
        }
        "install" | "i" | "add" | "in" => {
            let open = packages.iter().find(|word| !has_node_version(&word.text));
            let hint = "write NAME@1.2.3, or install it by `npm ci` from a lock file";
            found.extend(open.map(|word| without_version(call, word).hint(hint)));
        }
        "update" | "up" | "upgrade" => found.push(loose(call, "takes the newest versions that fit")),
        _ => {}
    }
}

fn yarn(call: &Call, action: &str, packages: &[&Word], found: &mut Vec<Found>) {
    let is_frozen = call.has(&["--frozen-lockfile", "--immutable", "--offline"])
        || call.variables.iter().any(|variable| variable.starts_with("CI="));
    let is_bare = call.name == "yarn" && call.arguments.is_empty();
    match action {
        "install" | "i" if !is_frozen => {
            let option = if call.name == "yarn" {
                "--immutable (`--frozen-lockfile` in Yarn 1)"
            } else {
                "--frozen-lockfile"
            };
            found.push(loose(call, "may change the lock file").hint(format!("add `{option}`")));
        }
        "" if is_bare => {
            let hint = "write `yarn install --immutable` (`--frozen-lockfile` in Yarn 1)";
            found.push(loose(call, "may change the lock file").hint(hint));
        }
        "add" | "global" => {
            let packages = packages.iter().filter(|word| action == "add" || word.text != "add");
            let open = packages.into_iter().find(|word| !has_node_version(&word.text));
            found.extend(open.map(|word| without_version(call, word).hint("write NAME@1.2.3")));
        }
        "upgrade" | "up" | "update" => found.push(loose(call, "takes the newest versions that fit")),
        _ => {}
    }
}

fn gem(call: &Call, action: &str, packages: &[&Word], found: &mut Vec<Found>) {
    let is_said = call.has(&["-v", "--version", "--local", "-l", "-g", "--file"]);
    if action == "update" {
        found.push(loose(call, "takes the newest versions"));
    } else if action == "install" && !is_said {
        let has_version = |text: &str| {
            is_elsewhere(text)
                || text.ends_with(".gem")
                || text.split_once(':').is_some_and(|(_, version)| is_exact(version))
        };
        let open = packages.iter().find(|word| !has_version(&word.text));
        found.extend(open.map(|word| without_version(call, word).hint("write `gem install NAME:1.2.3`")));
    }
}

fn cargo(call: &Call, packages: &[&Word], found: &mut Vec<Found>) {
    let is_said = call.has(&["--version", "--vers", "--path", "--rev", "--tag"]);
    let has_version = |text: &str| is_elsewhere(text) || text.contains('@');
    if !call.has(&["--locked", "--frozen"]) {
        let hint = "add `--locked`: without it `cargo install` does not look at `Cargo.lock`";
        found.push(loose(call, "takes the newest dependencies that fit").hint(hint));
    } else if call.has(&["--git"]) && !is_said {
        found.push(loose(call, "takes whatever the branch has that day").hint("add `--rev COMMIT`"));
    } else if let Some(word) =
        packages.iter().find(|word| !is_said && !call.has(&["--git"]) && !has_version(&word.text))
    {
        found.push(without_version(call, word).hint("write NAME@1.2.3"));
    }
}

fn go(call: &Call, packages: &[&Word], found: &mut Vec<Found>) {
    let is_moving = |version: &str| {
        let is_commit = version.len() >= 12 && version.bytes().all(|byte| byte.is_ascii_hexdigit());
        let is_version = version.strip_prefix('v').is_some_and(|rest| rest.matches('.').count() >= 2);
        !is_commit && !is_version && !version.contains('$')
    };
    let moving = packages
        .iter()
        .find(|word| word.text.rsplit_once('@').is_some_and(|(_, version)| is_moving(version)));
    if let Some(word) = moving {
        let hint = "write PATH@v1.2.3, or a `tool` of `go.mod`, which `go.sum` locks";
        found.push(without_version(call, word).hint(hint));
    } else if call.has(&["-u"]) && !packages.is_empty() {
        found.push(
            loose(call, "takes the newest versions").hint("leave `-u` out: `go.mod` says the versions"),
        );
    }
}
