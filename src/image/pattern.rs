//! Wildcards of `COPY` and `.dockerignore`: `*`, `?`, `[a-z]`, a backslash before what is meant
//! literally, and in `.dockerignore` `**` for any directories.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;

use globset::{GlobBuilder, GlobMatcher};

/// A pattern for paths with forward slashes.
#[derive(Clone, Debug)]
pub(super) struct Pattern(GlobMatcher);

impl Pattern {
    /// Reads one. Docker knows no braces, so they mean themselves.
    pub(super) fn new(text: &str) -> Result<Self, String> {
        let text = text.replace('{', "[{]").replace('}', "[}]");
        let glob = GlobBuilder::new(&text).literal_separator(true).backslash_escape(true).build();
        glob.map(|glob| Self(glob.compile_matcher())).map_err(|error| error.kind().to_string())
    }

    /// Whether the whole path is meant.
    pub(super) fn matches(&self, path: &[u8]) -> bool {
        self.0.is_match(OsStr::from_bytes(path))
    }
}

/// Whether a text has wildcards at all.
pub(super) fn is_pattern(text: &str) -> bool {
    text.contains(['*', '?', '[', '\\'])
}
