//! Canonical JSON after RFC 8785: sorted keys, one spelling of every number and string.

use std::cmp::Ordering;

use serde_json::{Number, Value};

/// The canonical bytes of `value`: the same for every equal value, on every machine.
///
/// Numbers beyond 2^53 have no canonical form of their own; the readers of this project refuse
/// them before a value comes here.
pub fn bytes(value: &Value) -> Vec<u8> {
    let mut bytes = Vec::new();
    write(&mut bytes, value);
    bytes
}

/// A member of an object that is put together.
#[derive(Clone, Copy, Debug)]
pub enum Member<'a> {
    /// A value.
    Value(&'a Value),
    /// A canonical text, as it is.
    Text(&'a str),
}

/// The canonical bytes of the object with these members, without copying them into one.
pub fn object<'a>(members: impl IntoIterator<Item = (&'a str, Member<'a>)>) -> Vec<u8> {
    let mut bytes = Vec::new();
    write_object(&mut bytes, members.into_iter().collect());
    bytes
}

/// The canonical bytes of an object with very many members, whose values `write_value` writes canonically.
pub fn object_of<K: AsRef<str>, V>(
    mut members: Vec<(K, V)>,
    write_value: impl FnMut(&mut Vec<u8>, V),
) -> Vec<u8> {
    members.sort_unstable_by(|(one, _), (other, _)| by_utf16(one.as_ref(), other.as_ref()));
    // About what a path and a digest take.
    let mut bytes = Vec::with_capacity(members.len() * 192);
    write_each(&mut bytes, members.into_iter(), write_value);
    bytes
}

/// Written here because every plan digests every unit: the library that does the same for any
/// serialisable value copies what is nested once per level. A test holds the two together.
fn write(bytes: &mut Vec<u8>, value: &Value) {
    match value {
        Value::Null => bytes.extend_from_slice(b"null"),
        Value::Bool(true) => bytes.extend_from_slice(b"true"),
        Value::Bool(false) => bytes.extend_from_slice(b"false"),
        Value::Number(number) => write_number(bytes, number),
        Value::String(text) => write_text(bytes, text),
        Value::Array(items) => {
            bytes.push(b'[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    bytes.push(b',');
                }
                write(bytes, item);
            }
            bytes.push(b']');
        }
        Value::Object(members) => {
            let members = members.iter().map(|(key, value)| (key.as_str(), Member::Value(value)));
            // Most objects were read in order already, and need no list of their own.
            if members.clone().is_sorted_by(|(one, _), (other, _)| by_utf16(one, other).is_lt()) {
                write_members(bytes, members);
            } else {
                write_object(bytes, members.collect());
            }
        }
    }
}

fn write_object(bytes: &mut Vec<u8>, mut members: Vec<(&str, Member<'_>)>) {
    members.sort_unstable_by(|(one, _), (other, _)| by_utf16(one, other));
    write_members(bytes, members.into_iter());
}

fn write_members<'a>(bytes: &mut Vec<u8>, members: impl Iterator<Item = (&'a str, Member<'a>)>) {
    write_each(bytes, members, |bytes, value| match value {
        Member::Value(value) => write(bytes, value),
        Member::Text(text) => bytes.extend_from_slice(text.as_bytes()),
    });
}

fn write_each<K: AsRef<str>, V>(
    bytes: &mut Vec<u8>,
    members: impl Iterator<Item = (K, V)>,
    mut write_value: impl FnMut(&mut Vec<u8>, V),
) {
    bytes.push(b'{');
    for (index, (key, value)) in members.enumerate() {
        if index > 0 {
            bytes.push(b',');
        }
        write_text(bytes, key.as_ref());
        bytes.push(b':');
        write_value(bytes, value);
    }
    bytes.push(b'}');
}

/// RFC 8785, section 3.2.3: keys are sorted by their UTF-16 code units.
fn by_utf16(one: &str, other: &str) -> Ordering {
    if one.is_ascii() && other.is_ascii() {
        one.cmp(other)
    } else {
        one.encode_utf16().cmp(other.encode_utf16())
    }
}

/// Texts without anything to escape, which nearly all are, are copied as a whole.
fn write_text(bytes: &mut Vec<u8>, text: &str) {
    let is_escaped = |byte: &u8| *byte < 0x20 || *byte == b'"' || *byte == b'\\';
    if !text.as_bytes().iter().any(is_escaped) {
        bytes.push(b'"');
        bytes.extend_from_slice(text.as_bytes());
        bytes.push(b'"');
        return;
    }
    serde_json::to_writer(bytes, text).expect("a text always serialises into memory");
}

/// Integers have one spelling; the others get the one of ECMAScript (RFC 8785, section 3.2.2.3).
fn write_number(bytes: &mut Vec<u8>, number: &Number) {
    const EXACT: u64 = 1 << 53;
    match number.as_i64().filter(|integer| integer.unsigned_abs() <= EXACT) {
        Some(integer) => bytes.extend_from_slice(integer.to_string().as_bytes()),
        None => {
            let text = serde_json_canonicalizer::to_vec(number);
            bytes.extend(text.expect("a JSON number is finite, so it always has a spelling"));
        }
    }
}

/// The canonical form as text. See [`bytes`].
pub fn text(value: &Value) -> String {
    String::from_utf8(bytes(value)).expect("JSON is UTF-8")
}

/// Compact canonical JSON in which every character outside ASCII is written as `\uXXXX`.
///
/// This is what is sent: CloudFormation gives characters outside ASCII back as `?`
/// (AWS::CloudFormation GetTemplate), an escape survives.
pub fn ascii(value: &Value) -> String {
    let text = text(value);
    if text.is_ascii() {
        return text;
    }
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        if character.is_ascii() {
            escaped.push(character);
        } else {
            let mut units = [0; 2];
            for unit in character.encode_utf16(&mut units) {
                escaped.push_str(&format!("\\u{unit:04x}"));
            }
        }
    }
    escaped
}

#[cfg(test)]
pub(super) mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn keys_are_sorted_and_numbers_have_one_spelling() {
        assert_eq!(text(&json!({"b": 1.0, "a": [true, null]})), r#"{"a":[true,null],"b":1}"#);
    }

    pub(in crate::model) fn values() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(|integer| Value::from(integer >> 11)),
            any::<f64>().prop_filter("finite", |number| number.is_finite()).prop_map(Value::from),
            any::<String>().prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 40, 6, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
                prop::collection::btree_map(any::<String>(), inner, 0..6)
                    .prop_map(|members| Value::Object(members.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn the_library_writes_the_same(value in values()) {
            prop_assert_eq!(bytes(&value), serde_json_canonicalizer::to_vec(&value).unwrap());
        }
    }

    #[test]
    fn keys_are_sorted_by_utf16() {
        let value = json!({"\u{fb33}": 1, "\u{1f600}": 2, "b": 3, "a": 4});
        assert_eq!(text(&value), "{\"a\":4,\"b\":3,\"\u{1f600}\":2,\"\u{fb33}\":1}");
        let members = [("b", Member::Value(&json!(1))), ("a", Member::Text("[2]"))];
        assert_eq!(object(members), br#"{"a":[2],"b":1}"#);
    }

    #[test]
    fn ascii_text_means_the_same() {
        let value = json!({"a": "Größe 🦀"});
        let sent = ascii(&value);
        assert!(sent.is_ascii());
        assert_eq!(serde_json::from_str::<Value>(&sent).unwrap(), value);
    }
}
