//! What makes builds differ, by where it shows: the causes that are met again and again, and what helps.

use serde::Serialize;

/// Why a difference is likely there, and what to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Cause {
    /// What it comes from.
    pub cause: String,
    /// What to do about it.
    pub remedy: String,
}

fn cause(cause: &str, remedy: impl Into<String>) -> Option<Cause> {
    Some(Cause { cause: cause.to_owned(), remedy: remedy.into() })
}

/// Where a file lies tells in many cases.
pub(super) fn of_path(path: &str) -> Option<Cause> {
    let name = path.rsplit('/').next().unwrap_or(path);
    let is_in = |folder: &str| path.starts_with(folder);
    let drop = || format!("add `drop: [/{path}]` to the unit, or remove the file in the step that writes it");
    if is_in("var/log/") {
        return cause("a log of the package manager or of a program, with times in it", drop());
    }
    if path == "var/cache/ldconfig/aux-cache" {
        return cause("the cache of `ldconfig`, which holds inodes and times of the machine", drop());
    }
    if is_in("var/lib/apt/lists/") || is_in("var/cache/apt/") || is_in("var/cache/debconf/") {
        return cause("a cache of the package manager", drop());
    }
    if is_in("etc/shadow") || is_in("etc/gshadow") {
        let remedy = "end the step with `chage -d 1 USER`, or write the user's line with COPY";
        return cause("the day of the last change of a password", remedy);
    }
    if name.ends_with(".pyc") || name.ends_with(".pyo") || path.contains("__pycache__") {
        let remedy = "set `ENV PYTHONDONTWRITEBYTECODE=1`, or compile with \
                      `python3 -m compileall --invalidation-mode unchecked-hash`";
        return cause("Python's compiled files hold the time of their source", remedy);
    }
    if name == "machine-id" {
        let remedy = "end the step with `: > /etc/machine-id`: it is filled at the first start";
        return cause("the identity of a machine, made up by chance", remedy);
    }
    if is_in("etc/ssh/ssh_host_") {
        let remedy = "end the step with `rm /etc/ssh/ssh_host_*`, and make keys at the first start: a key in an \
                      image is nobody's secret";
        return cause("a key made up by chance", remedy);
    }
    if is_in("tmp/") || is_in("var/tmp/") || is_in("root/.cache/") {
        return cause(
            "what a program left for the time of the build",
            format!("end the step with `rm -rf /{path}`"),
        );
    }
    None
}

/// What is in a file tells in others. `lines` are the first that differ, of a text.
pub(super) fn of_contents(path: &str, one: &[u8], other: &[u8], lines: (&str, &str)) -> Option<Cause> {
    let both = |beginning: &[u8]| one.starts_with(beginning) && other.starts_with(beginning);
    let known = of_path(path);
    if known.is_some() {
        return known;
    }
    if both(b"\x1f\x8b") {
        let remedy = "pack with `gzip -n`, and `tar --sort=name --mtime=@$SOURCE_DATE_EPOCH` before it";
        return cause("a gzip header holds the time and the name of what was packed", remedy);
    }
    if both(b"PK\x03\x04") {
        let remedy = "set all times with `touch -d @$SOURCE_DATE_EPOCH` before, and pack with `zip -X`";
        return cause("a zip or jar archive holds the times of its files", remedy);
    }
    if both(b"!<arch>") {
        return cause("an archive of objects holds times and owners", "pack with `ar D` or `ARFLAGS=Drvc`");
    }
    if both(b"\x7fELF") {
        let remedy = "compile from COPYed sources in one fixed directory, with `-ffile-prefix-map` and \
                      `-Wl,--build-id=none`, and without `__DATE__`";
        return cause("a compiled program holds a build id, paths or the time", remedy);
    }
    if is_time(lines.0) && is_time(lines.1) {
        let remedy =
            "use the time that the build gives, `date -u -d @$SOURCE_DATE_EPOCH`, or take the step out";
        return cause("the time of the build", remedy);
    }
    None
}

/// Whether a line has a time or a date in it: `12:30:59`, `2026-11-30`, or seconds since 1970.
fn is_time(line: &str) -> bool {
    let text = line.split_once(": ").map_or(line, |(_, text)| text);
    let words: Vec<&str> =
        text.split(|letter: char| !(letter.is_ascii_digit() || ":-".contains(letter))).collect();
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    words.iter().any(|word| {
        let clock: Vec<&str> = word.split(':').collect();
        let day: Vec<&str> = word.split('-').collect();
        (clock.len() >= 2 && clock.iter().all(|part| part.len() == 2 && digits(part)))
            || (day.len() == 3 && day[0].len() == 4 && day.iter().all(|part| digits(part)))
            || (digits(word) && word.len() == 10 && word.starts_with(['1', '2']))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_told_from_other_numbers() {
        for line in ["line 1: Mon Nov 30 15:04:05 UTC 2026", "line 2: at 2026-11-30", "1796050000", "12:30"] {
            assert!(is_time(line), "{line}");
        }
        for line in ["line 10: 12345", "a:b", "1.2.3", "3796050000", "12:3", "::", "--"] {
            assert!(!is_time(line), "{line}");
        }
    }

    #[test]
    fn causes_are_known_by_place_and_by_content() {
        let found =
            |path: &str, one: &[u8], other: &[u8]| of_contents(path, one, other, ("", "")).map(|it| it.cause);
        assert!(found("var/log/dpkg.log", b"", b"").unwrap().contains("log"));
        assert!(found("usr/lib/a/__pycache__/b.pyc", b"", b"").unwrap().contains("Python"));
        assert!(found("x", b"\x1f\x8b1", b"\x1f\x8b2").unwrap().contains("gzip"));
        assert!(found("x", b"\x7fELF1", b"\x7fELF2").unwrap().contains("build id"));
        assert_eq!(found("x", b"\x7fELF1", b"text"), None);
    }
}
