//! The packages that an image says it has: the lists of dpkg (also those of images without a package
//! manager, in `status.d`) and of apk.

use std::collections::BTreeMap;

/// Files of an image by their paths: those that lists of packages are read from.
pub type Texts = BTreeMap<String, Vec<u8>>;

const DPKG: &str = "var/lib/dpkg/status";
/// A file for each package: images that are put together without a package manager.
const DPKG_PARTS: &str = "var/lib/dpkg/status.d/";
const APK: [&str; 2] = ["lib/apk/db/installed", "usr/lib/apk/db/installed"];
const RELEASE: [&str; 2] = ["etc/os-release", "usr/lib/os-release"];

/// Bytes that such a file may have; a larger one is not read.
pub(crate) const LARGEST: u64 = 64 << 20;

/// Whether a file of an image is one of those.
pub(crate) fn is_wanted(path: &[u8]) -> bool {
    let Ok(path) = std::str::from_utf8(path) else { return false };
    let is_part = path.strip_prefix(DPKG_PARTS).is_some_and(|name| !name.ends_with(".md5sums"));
    path == DPKG || is_part || APK.contains(&path) || RELEASE.contains(&path)
}

/// A package.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Package {
    /// `deb` or `apk`, as package URLs have it.
    pub kind: &'static str,
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// What it is made for.
    pub architecture: String,
    /// The package that its source is named after, where that is another one.
    pub source: Option<String>,
}

/// What an image says is in it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Software {
    /// `ID` and `VERSION_ID` of the distribution.
    pub distribution: Option<(String, String)>,
    /// Sorted, each once.
    pub packages: Vec<Package>,
}

impl Software {
    /// Reads the lists.
    pub fn read(texts: &Texts) -> Self {
        let mut software = Self::default();
        for (path, bytes) in texts {
            let text = String::from_utf8_lossy(bytes);
            if path == DPKG || path.starts_with(DPKG_PARTS) {
                software.packages.extend(paragraphs(&text).filter_map(|fields| dpkg(&fields)));
            } else if APK.contains(&path.as_str()) {
                software.packages.extend(paragraphs(&text).filter_map(|fields| apk(&fields)));
            } else if software.distribution.is_none() {
                software.distribution = release(&text);
            }
        }
        software.packages.sort();
        software.packages.dedup();
        software
    }
}

type Fields<'t> = BTreeMap<&'t str, &'t str>;

/// The parts of a text between empty lines: `NAME:VALUE` lines, without those that go on.
fn paragraphs(text: &str) -> impl Iterator<Item = Fields<'_>> {
    text.split("\n\n").map(|paragraph| {
        let lines = paragraph.lines().filter(|line| !line.starts_with([' ', '\t']));
        lines.filter_map(|line| line.split_once(':')).map(|(name, value)| (name, value.trim())).collect()
    })
}

fn dpkg(fields: &Fields<'_>) -> Option<Package> {
    // A package that was removed may have left its configuration. Parts say nothing of it.
    if fields.get("Status").is_some_and(|status| !status.ends_with(" installed")) {
        return None;
    }
    let text = |name: &str| fields.get(name).map(|value| (*value).to_owned());
    // `Source: NAME (VERSION)`, where the version is another one.
    let source = fields.get("Source").and_then(|source| source.split(' ').next()).map(str::to_owned);
    Some(Package {
        kind: "deb",
        name: text("Package")?,
        version: text("Version")?,
        architecture: text("Architecture").unwrap_or_default(),
        source,
    })
}

fn apk(fields: &Fields<'_>) -> Option<Package> {
    let text = |name: &str| fields.get(name).map(|value| (*value).to_owned());
    let (name, source) = (text("P")?, text("o"));
    Some(Package {
        kind: "apk",
        source: source.filter(|source| *source != name),
        name,
        version: text("V")?,
        architecture: text("A").unwrap_or_default(),
    })
}

fn release(text: &str) -> Option<(String, String)> {
    let value = |name: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('='))?;
        Some(line.trim_matches(['"', '\'']).to_owned())
    };
    Some((value("ID")?, value("VERSION_ID").unwrap_or_default()))
}
