//! The digest of a template version: over the raw bytes of its files.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::model::{Diagnostic, Digest, Place, TemplateRef};

/// Provider name of template digests.
pub const TEMPLATE: &str = "template";

/// What identifies the content of a template version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TemplateDigest {
    /// Over `files`.
    pub digest: Digest,
    /// Of each file's bytes, by its path in the version's folder.
    pub files: BTreeMap<String, Digest>,
}

impl TemplateDigest {
    /// From the files of a version. File modes and times have no influence.
    pub fn of<'a>(files: impl Iterator<Item = (&'a str, &'a [u8])>) -> Self {
        Self::from_files(files.map(|(path, bytes)| (path.to_owned(), Digest::of(bytes))).collect())
    }

    fn from_files(files: BTreeMap<String, Digest>) -> Self {
        Self { digest: Digest::of_value("rekindle/template/1", &json!(files)), files }
    }

    /// The form in the lock.
    pub fn to_value(&self) -> Value {
        json!({ "digest": self.digest, "files": self.files })
    }

    /// Reads the form in the lock; `None` when it is damaged, for example when the digest does
    /// not belong to the list of files.
    pub fn from_value(value: &Value) -> Option<Self> {
        let files = serde_json::from_value(value.get("files")?.clone()).ok()?;
        let read = Self::from_files(files);
        (value.get("digest")?.as_str()? == read.digest.to_string()).then_some(read)
    }

    /// The problem of a published version whose files are now `now`; `None` when nothing changed.
    pub fn compare(&self, template: &TemplateRef, now: &Self) -> Option<Diagnostic> {
        if self.digest == now.digest {
            return None;
        }
        let changed = self.differences(now);
        let folder = format!("templates/{}/{}", template.name, template.version);
        let first = changed.first().map(|(path, _)| path.as_str()).unwrap_or_default();
        let list: Vec<String> = changed.iter().map(|(path, how)| format!("`{path}` ({how})")).collect();
        Some(
            Diagnostic::error(
                "published-template-changed",
                format!("the published template `{template}` was changed: {}", list.join(", ")),
            )
            .at(Place::file(format!("{folder}/{first}")))
            .hint(format!(
                "a published version never changes: restore `{folder}` from version control, \
                 and make the change in a copy with a new version number"
            )),
        )
    }

    fn differences(&self, now: &Self) -> Vec<(String, &'static str)> {
        let mut differences = BTreeMap::new();
        for (path, digest) in &self.files {
            match now.files.get(path) {
                None => drop(differences.insert(path.clone(), "removed")),
                Some(other) if other != digest => drop(differences.insert(path.clone(), "changed")),
                Some(_) => {}
            }
        }
        for path in now.files.keys().filter(|path| !self.files.contains_key(*path)) {
            differences.insert(path.clone(), "added");
        }
        differences.into_iter().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_order_of_files_has_no_influence(mut files in proptest::collection::btree_map("[a-z/.]{1,8}", ".{0,8}", 0..6).prop_map(|files| files.into_iter().collect::<Vec<_>>()).prop_shuffle()) {
            let digest = |files: &[(String, String)]| TemplateDigest::of(files.iter().map(|(path, text)| (path.as_str(), text.as_bytes())));
            let before = digest(&files);
            files.reverse();
            prop_assert_eq!(&before, &digest(&files));
            prop_assert_eq!(TemplateDigest::from_value(&before.to_value()), Some(before));
        }
    }

    #[test]
    fn a_digest_that_does_not_belong_to_its_files_is_no_digest() {
        let mut value = TemplateDigest::of([("a", &b"1"[..])].into_iter()).to_value();
        value["files"]["a"] = json!(Digest::of("2"));
        assert_eq!(TemplateDigest::from_value(&value), None);
    }

    #[test]
    fn every_changed_file_is_named() {
        let before = TemplateDigest::of([("a", &b"1"[..]), ("b", b"1"), ("c", b"1")].into_iter());
        let after = TemplateDigest::of([("a", &b"1"[..]), ("b", b"2"), ("d", b"1")].into_iter());
        let problem = before.compare(&"data@1.2.0".parse().unwrap(), &after).unwrap();
        assert_eq!(
            problem.message,
            "the published template `data@1.2.0` was changed: `b` (changed), `c` (removed), `d` (added)"
        );
        assert_eq!(problem.place.unwrap().file, "templates/data/1.2.0/b");
    }
}
