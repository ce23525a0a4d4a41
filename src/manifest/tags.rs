//! The user's own stack tags.
//!
//! Tags spread to every resource of a stack, so one that changes with each commit would touch,
//! and for a few types replace, all of them. Such tags are refused.

use std::collections::BTreeMap;

use crate::manifest::decode::Decoder;
use crate::manifest::yaml::{Key, Node};
use crate::model::Diagnostic;
use crate::model::facts::TAG_PREFIX;

/// Reads a mapping of tags. Limits: AWS CloudFormation API reference, type `Tag`.
pub fn tags(decoder: &mut Decoder, node: &Node) -> BTreeMap<String, String> {
    let mut tags = BTreeMap::new();
    for (key, value) in decoder.entries(node) {
        let key_is_fine = check_key(decoder, key);
        let Some(text) = decoder.text(value) else { continue };
        if text.value.chars().count() > 256 {
            let message = format!("the value of tag `{}` has more than 256 characters", key.text);
            decoder.problems.push(value.error("tag-too-long", message));
        } else if changes_with_time(&key.text, &text.value) {
            decoder.problems.push(
                value.error("tag-changes", format!("tag `{}` holds a commit id or a time", key.text)).hint(
                    "a stack tag that changes touches every resource; rekindle records the release by itself",
                ),
            );
        } else if key_is_fine {
            tags.insert(key.text.clone(), text.value);
        }
    }
    tags
}

fn check_key(decoder: &mut Decoder, key: &Key) -> bool {
    let lower = key.text.to_lowercase();
    let problem = if lower.starts_with(TAG_PREFIX) || lower.starts_with("aws:") {
        let prefix = if lower.starts_with("aws:") { "aws:" } else { TAG_PREFIX };
        Diagnostic::error("reserved-tag", format!("tag `{}` has the reserved prefix `{prefix}`", key.text))
            .hint("choose another name")
    } else if key.text.is_empty() || key.text.chars().count() > 128 {
        Diagnostic::error("tag-too-long", "the name of a tag has 1 to 128 characters")
    } else {
        return true;
    };
    decoder.problems.push(problem.at(key.position.place()));
    false
}

fn changes_with_time(key: &str, value: &str) -> bool {
    is_commit(key, value) || is_time(value)
}

/// A full commit id under any name, a short one under a name that says so.
fn is_commit(key: &str, value: &str) -> bool {
    let is_hex = value.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte));
    let says_so = ["commit", "sha", "revision"].iter().any(|word| key.to_lowercase().contains(word));
    is_hex && (matches!(value.len(), 40 | 64) || (value.len() >= 7 && says_so))
}

/// A date with a time of day: `2026-11-23T12:00`, `2026-11-23 12:00`.
fn is_time(value: &str) -> bool {
    let shape: String = value.chars().take(16).map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
    matches!(shape.as_str(), "0000-00-00T00:00" | "0000-00-00 00:00")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commit_ids_and_times_are_recognised_and_ordinary_values_are_not() {
        let commit = "f149865a4f149865a4f149865a4f149865a4abcd";
        assert!(changes_with_time("version", commit));
        assert!(changes_with_time("git-commit", "f149865"));
        assert!(changes_with_time("deployed", "2026-11-23T12:00:00Z"));
        for (key, value) in
            [("cost-center", "1234567"), ("team", "decade"), ("since", "2026-11-23"), ("commit", "none")]
        {
            assert!(!changes_with_time(key, value), "{key}: {value}");
        }
    }
}
