//! The files of a project as bytes: what `disk` reads and everything pure starts from.

use std::collections::BTreeMap;

/// Every file of a project that can have influence, by its path relative to the project's root,
/// with forward slashes: `rekindle.yaml`, `stacks/data.yaml`, `templates/data/1.2.0/template.yaml`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProjectFiles(pub BTreeMap<String, Vec<u8>>);

/// The project's manifest.
pub const MANIFEST_FILE: &str = "rekindle.yaml";

/// The project's lock.
pub const LOCK_FILE: &str = "rekindle.lock";

impl ProjectFiles {
    /// The bytes of one file.
    pub fn get(&self, path: &str) -> Option<&[u8]> {
        self.0.get(path).map(Vec::as_slice)
    }

    /// The files below `folder` (without a slash at its end), with paths relative to it.
    pub fn below<'a>(&'a self, folder: &'a str) -> impl Iterator<Item = (&'a str, &'a [u8])> {
        self.0.range(format!("{folder}/")..).map_while(move |(path, bytes)| {
            Some((path.strip_prefix(folder)?.strip_prefix('/')?, bytes.as_slice()))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_holds_what_lies_below_it_and_nothing_else() {
        let paths = ["a", "a/b", "a/c/d", "a-b/c", "ab"];
        let files = ProjectFiles(paths.map(|path| (path.to_owned(), Vec::new())).into());
        assert_eq!(files.below("a").map(|(path, _)| path).collect::<Vec<_>>(), ["b", "c/d"]);
    }
}
