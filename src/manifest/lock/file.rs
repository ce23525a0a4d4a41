//! The lock as a file: sorted YAML, one fact after the other, made to be read in a diff.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::Value;

use crate::manifest::decode::Decoder;
use crate::manifest::lock::{BASE, FactName, IMAGE, Lock, LockedImage, TEMPLATE, TemplateDigest, base};
use crate::manifest::scalar::Scalar;
use crate::manifest::yaml::{self, Node};
use crate::model::files::LOCK_FILE;
use crate::model::{Diagnostic, Diagnostics};

/// The number of this format.
pub const FORMAT: i64 = 1;

const HEADER: &str = "\
# Written by `rekindle lock`. Review changes to this file like source; do not edit it by hand.
";

impl Lock {
    /// Reads the file's bytes.
    ///
    /// # Errors
    /// The file is damaged, or of a newer format.
    pub fn read(bytes: &[u8]) -> Result<Self, Diagnostics> {
        let root = yaml::parse(LOCK_FILE, bytes)?;
        let mut decoder = Decoder::default();
        let facts = decode(&mut decoder, &root);
        if decoder.problems.has_errors() { Err(decoder.problems) } else { Ok(Self { facts }) }
    }

    /// The text of the file.
    pub fn write(&self) -> String {
        let mut text = format!("{HEADER}format: {FORMAT}\nfacts:\n");
        if self.facts.is_empty() {
            text = format!("{HEADER}format: {FORMAT}\nfacts: []\n");
        }
        for (fact, value) in &self.facts {
            let FactName { provider, name, scope } = fact;
            let scope = scope.to_string();
            let (provider, name, scope) = (quoted(provider), quoted(name), quoted(&scope));
            let _ =
                write!(text, "  - provider: {provider}\n    name: {name}\n    scope: {scope}\n    value:");
            write_value(&mut text, value, 6);
        }
        text
    }
}

fn decode(decoder: &mut Decoder, root: &Node) -> BTreeMap<FactName, Value> {
    let mut facts = BTreeMap::new();
    let keys = ["format", "facts"];
    let newer = decoder.entries(root).iter().find(|(key, _)| key.text == "format");
    if let Some((_, node)) = newer
        && decoder.integer(node, 1, i64::MAX).is_some_and(|format| format > FORMAT)
    {
        let problem = node.error("newer-format", format!("`{LOCK_FILE}` is of a newer format than {FORMAT}"));
        decoder.problems.push(problem.hint("it was written by a later rekindle; update this one"));
        return facts;
    }
    let fields = decoder.fields(root, "the lock", &keys);
    fields.required(decoder, "format");
    for node in fields.required(decoder, "facts").map(|node| decoder.items(node)).unwrap_or_default() {
        let Some((name, value)) = fact(decoder, node) else { continue };
        if name.provider == TEMPLATE && TemplateDigest::from_value(&value).is_none() {
            decoder.problems.push(damaged(node, &name));
        }
        if name.provider == IMAGE && LockedImage::from_value(&value).is_none() {
            let problem = node.error("damaged-lock", format!("`{}` has no two digests", name.name));
            decoder.problems.push(problem.hint("restore `rekindle.lock` from version control, or take the entry out and run `rekindle build`"));
        }
        if name.provider == BASE && base::from_value(&value).is_none() {
            let problem = node.error("damaged-lock", format!("`{}` is no base image", name.name));
            decoder.problems.push(problem.hint(
                "restore `rekindle.lock` from version control, or take the entry out and run `rekindle lock`",
            ));
        }
        if facts.insert(name.clone(), value).is_some() {
            decoder.problems.push(node.error("duplicate-key", format!("the fact `{name}` is given twice")));
        }
    }
    facts
}

fn damaged(node: &Node, name: &FactName) -> Diagnostic {
    node.error("damaged-lock", format!("the digest of `{}` does not belong to its files", name.name))
        .hint("restore `rekindle.lock` from version control and run `rekindle lock` again")
}

fn fact(decoder: &mut Decoder, node: &Node) -> Option<(FactName, Value)> {
    let fields = decoder.fields(node, "the fact", &["provider", "name", "scope", "value"]);
    let provider = fields.required(decoder, "provider").and_then(|node| decoder.text(node));
    let name = fields.required(decoder, "name").and_then(|node| decoder.text(node));
    let scope = fields.required(decoder, "scope").and_then(|node| decoder.parsed(node));
    let value = fields.required(decoder, "value").and_then(|node| decoder.json(node));
    let name = FactName { provider: provider?.value, name: name?.value, scope: scope?.value };
    Some((name, value?))
}

/// Writes `value` after a key or a dash, its own lines indented by `indent`.
fn write_value(text: &mut String, value: &Value, indent: usize) {
    let margin = " ".repeat(indent);
    match value {
        Value::Object(map) if !map.is_empty() => {
            text.push('\n');
            let sorted: BTreeMap<_, _> = map.iter().collect();
            for (key, value) in sorted {
                let _ = write!(text, "{margin}{}:", quoted(key));
                write_value(text, value, indent + 2);
            }
        }
        Value::Array(items) if !items.is_empty() => {
            text.push('\n');
            for item in items {
                let _ = write!(text, "{margin}-");
                write_value(text, item, indent + 2);
            }
        }
        Value::String(string) => {
            let _ = writeln!(text, " {}", quoted(string));
        }
        other => {
            let _ = writeln!(text, " {other}");
        }
    }
}

/// The text as it is where every reader takes it for itself, else in JSON's quotes, which YAML
/// understands.
fn quoted(text: &str) -> String {
    let safe = text.starts_with(|c: char| c.is_ascii_alphanumeric())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || "._/@-:".contains(c))
        && !text.ends_with(':')
        && Scalar::of(text, true) == Scalar::Text(text);
    if safe { text.to_owned() } else { Value::from(text).to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::lock::Scope;
    use proptest::prelude::*;
    use serde_json::json;

    fn any_value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            any::<bool>().prop_map(Value::from),
            (-1_000_000_i64..1_000_000).prop_map(Value::from),
            "[ -~äß☃]{0,12}".prop_map(Value::from),
            Just(Value::Null),
        ];
        leaf.prop_recursive(3, 16, 4, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                proptest::collection::btree_map(
                    "[ -~]{1,8}".prop_filter("merge key", |key| key != "<<"),
                    inner,
                    0..4
                )
                .prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back(name in "[ -~]{1,12}", value in any_value()) {
            let fact = FactName { provider: "zone".to_owned(), name, scope: Scope::Global };
            let lock = Lock { facts: [(fact, value)].into() };
            prop_assert_eq!(Lock::read(lock.write().as_bytes()).unwrap(), lock);
        }
    }

    #[test]
    fn the_file_is_sorted_and_readable() {
        let fact = |name: &str, scope: &str| FactName {
            provider: "zone".to_owned(),
            name: name.to_owned(),
            scope: scope.parse().unwrap(),
        };
        let lock = Lock {
            facts: [
                (fact("b", "eu-west-1"), json!(["euw1-az1", "012"])),
                (fact("a", "111122223333/eu-west-1"), json!({"z": {"id": "x"}, "a": true})),
            ]
            .into(),
        };
        insta::assert_snapshot!(lock.write(), @r#"
        # Written by `rekindle lock`. Review changes to this file like source; do not edit it by hand.
        format: 1
        facts:
          - provider: zone
            name: a
            scope: 111122223333/eu-west-1
            value:
              a: true
              z:
                id: x
          - provider: zone
            name: b
            scope: eu-west-1
            value:
              - euw1-az1
              - "012"
        "#);
    }
}
