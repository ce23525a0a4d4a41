//! A root of Debian with Python, users' tools and capabilities, as an archive: made by mmdebstrap once on this machine.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::Command;
use std::sync::OnceLock;

/// What is beside the packages that Debian cannot do without. `libfaketime` tells programs another time.
const PACKAGES: &str = "--include=libcap2-bin,adduser,python3-minimal,libfaketime";

/// The archive; `None` where it cannot be had, which is said. Where `CI` is set nothing may be left out.
pub fn root() -> Option<PathBuf> {
    static ROOT: OnceLock<Option<PathBuf>> = OnceLock::new();
    ROOT.get_or_init(make).clone()
}

fn make() -> Option<PathBuf> {
    let path = std::env::temp_dir().join("rekindle-tests/debian-bookworm-python.tar");
    if path.is_file() {
        return Some(path);
    }
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    let partial = path.with_extension(format!("{}.tar", std::process::id()));
    let without = ["locale", "man"].map(|name| format!("--dpkgopt=path-exclude=/usr/share/{name}/*"));
    let mut command = Command::new("mmdebstrap");
    command.arg("--variant=essential").arg(PACKAGES).args(without).arg("bookworm").arg(&partial);
    let made = command.output();
    if made.as_ref().is_ok_and(|made| made.status.success()) {
        std::fs::rename(&partial, &path).unwrap();
        return Some(path);
    }
    let why = made
        .map_or_else(|error| error.to_string(), |made| String::from_utf8_lossy(&made.stderr).into_owned());
    assert!(std::env::var_os("CI").is_none(), "mmdebstrap makes no Debian: {why}");
    let line = format!("left out: mmdebstrap makes no Debian here: {why}\n");
    std::io::stderr().write_all(line.as_bytes()).unwrap();
    None
}
