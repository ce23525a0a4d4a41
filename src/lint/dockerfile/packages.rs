//! Packages of distributions: what is taken as it is that day, where no snapshot of the archive is named.

use crate::lint::dockerfile::Found;
use crate::lint::dockerfile::calls::Call;
use crate::lint::dockerfile::shell::Word;
use crate::lint::rules::UNPINNED_PACKAGES;

/// Addresses of archives as they were at a time, options that ask for one, and sources on disk.
const SNAPSHOTS: [&str; 9] = [
    "snapshot.debian.org",
    "snapshot-cloudflare.debian.org",
    "snapshot.ubuntu.com",
    "snapshot.notset.fr",
    "APT::Snapshot",
    "--snapshot",
    "URIs: file:",
    "URIs: copy:",
    "repro-sources-list",
];

/// Options of package managers that take a value.
const WITH_VALUE: [&str; 16] = [
    "-o",
    "-c",
    "-t",
    "--option",
    "--target-release",
    "--virtual",
    "--repository",
    "-X",
    "-p",
    "--root",
    "--arch",
    "--keys-dir",
    "--repositories-file",
    "--setopt",
    "--enablerepo",
    "--releasever",
];

/// Whether a text has apt take what an archive had at a time, or what lies on disk.
pub(super) fn names_snapshot(text: &str) -> bool {
    let is_local = |line: &str| line.contains("deb ") && (line.contains(" file:") || line.contains(" copy:"));
    SNAPSHOTS.iter().any(|snapshot| text.contains(snapshot)) || text.lines().any(is_local)
}

/// Judges a call; `is_snapshot` where apt takes what the archive had at a time.
pub(super) fn check(call: &Call, is_snapshot: bool, found: &mut Vec<Found>) {
    let operands = call.operands(&WITH_VALUE);
    let Some((command, packages)) = operands.split_first() else { return };
    let name = call.name.as_str();
    let action = command.text.as_str();
    match name {
        "apt" | "apt-get" | "aptitude" => {
            let looks = ["update", "upgrade", "dist-upgrade", "full-upgrade", "safe-upgrade"];
            if looks.contains(&action) && !is_snapshot {
                let hint = "name a snapshot of the archive (`snapshot.debian.org/archive/debian/DATE`), or copy \
                            the packages in and install the files";
                found.push(refuse(call, command, "what the archive has that day is taken").hint(hint));
            }
        }
        "apk" => apk(call, command, packages, found),
        "yum" | "dnf" | "microdnf" | "tdnf" => {
            let looks = ["update", "upgrade", "distro-sync", "update-minimal"];
            if looks.contains(&action) {
                found.push(refuse(call, command, "what the repository has that day is taken"));
            } else if let Some(package) =
                packages.iter().find(|word| action == "install" && is_open(word, has_version))
            {
                found.push(without_version(call, package));
            }
        }
        "zypper" if ["update", "up", "dist-upgrade", "dup", "patch"].contains(&action) => {
            found.push(refuse(call, command, "what the repository has that day is taken"));
        }
        _ => {}
    }
}

fn apk(call: &Call, command: &Word, packages: &[&Word], found: &mut Vec<Found>) {
    if command.text == "upgrade" || (command.text == "add" && call.has(&["-u", "--upgrade"])) {
        found.push(refuse(call, command, "what the repository has that day is taken"));
        return;
    }
    let is_exact = |text: &str| text.contains('=') && !text.contains(['~', '<', '>']);
    let open = packages.iter().find(|word| is_open(word, is_exact));
    if let Some(package) = open.filter(|_| command.text == "add" && !call.has(&["--no-network"])) {
        found.push(without_version(call, package));
    }
}

/// Whether a word names a package, and no version of it. What a variable holds is not known.
fn is_open(word: &Word, has_version: impl Fn(&str) -> bool) -> bool {
    let text = word.text.as_str();
    let is_file = text.contains('/') || text.ends_with(".apk") || text.ends_with(".rpm");
    !is_file && !text.contains('$') && !text.starts_with('.') && !has_version(text)
}

/// `NAME-1.2.3`
fn has_version(text: &str) -> bool {
    text.split('-').skip(1).any(|part| part.starts_with(|letter: char| letter.is_ascii_digit()))
}

fn refuse(call: &Call, command: &Word, why: &str) -> Found {
    let message = format!("`{} {}`: {why}", call.name, command.text);
    Found::new(&UNPINNED_PACKAGES, call.span_to(command), message)
}

fn without_version(call: &Call, package: &Word) -> Found {
    let message = format!("`{}` installs `{}` without a version", call.name, package.text);
    let hint = "write the version, or copy the package in and install the file";
    Found::new(&UNPINNED_PACKAGES, package.span.clone(), message).hint(hint)
}
