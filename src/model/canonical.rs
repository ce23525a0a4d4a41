//! Canonical JSON after RFC 8785: sorted keys, one spelling of every number and string.

use serde::Serialize;
#[cfg(test)]
use serde_json::Value;

/// The canonical bytes of `value`: the same for every equal value, on every machine.
///
/// Numbers beyond 2^53 have no canonical form of their own; the readers of this project refuse
/// them before a value comes here.
pub fn bytes(value: &impl Serialize) -> Vec<u8> {
    serde_json_canonicalizer::to_vec(value)
        .expect("what has canonical bytes has string keys and finite numbers, so it always serialises")
}

/// The canonical form as text. See [`bytes`].
pub fn text(value: &impl Serialize) -> String {
    String::from_utf8(bytes(value)).expect("JSON is UTF-8")
}

/// Compact canonical JSON in which every character outside ASCII is written as `\uXXXX`.
///
/// This is what is sent: CloudFormation gives characters outside ASCII back as `?`
/// (AWS::CloudFormation GetTemplate), an escape survives.
pub fn ascii(value: &impl Serialize) -> String {
    let text = text(value);
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
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn keys_are_sorted_and_numbers_have_one_spelling() {
        assert_eq!(text(&json!({"b": 1.0, "a": [true, null]})), r#"{"a":[true,null],"b":1}"#);
    }

    #[test]
    fn ascii_text_means_the_same() {
        let value = json!({"a": "Größe 🦀"});
        let sent = ascii(&value);
        assert!(sent.is_ascii());
        assert_eq!(serde_json::from_str::<Value>(&sent).unwrap(), value);
    }
}
