//! `${Identifier}` and `&{Identifier}`: where a loop's item is put in.

use serde_json::{Map, Value};

use crate::language::references::{Piece, pieces};

/// What the identifiers of the loops around a place stand for, outermost first.
pub(super) type Bindings = Vec<(String, String)>;

/// What an identifier stands for; of two loops with the same one the inner counts.
pub(super) fn bound<'b>(bindings: &'b Bindings, name: &str) -> Option<&'b str> {
    bindings.iter().rev().find(|(identifier, _)| identifier == name).map(|(_, item)| item.as_str())
}

/// Whether a text has a placeholder for an identifier.
pub(super) fn mentions(text: &str, identifier: &str) -> bool {
    text.contains(&format!("${{{identifier}}}")) || text.contains(&format!("&{{{identifier}}}"))
}

/// A key with its placeholders replaced. `&{Identifier}` leaves out everything but letters and
/// digits. An item is never looked at again, whatever it looks like.
pub(super) fn key(text: &str, bindings: &Bindings) -> String {
    let mut result = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find("${").into_iter().chain(rest.find("&{")).min() {
        let found = rest[start..].find('}').and_then(|length| {
            let item = bound(bindings, &rest[start + 2..start + length])?;
            Some((length, item))
        });
        result.push_str(&rest[..start]);
        match found {
            Some((length, item)) if rest[start..].starts_with('&') => {
                result.extend(item.chars().filter(char::is_ascii_alphanumeric));
                rest = &rest[start + length + 1..];
            }
            Some((length, item)) => {
                result.push_str(item);
                rest = &rest[start + length + 1..];
            }
            None => {
                result.push_str(&rest[start..start + 2]);
                rest = &rest[start + 2..];
            }
        }
    }
    result + rest
}

/// The text of an `Fn::Sub` with its placeholders replaced; names of its own variables are not ours.
pub(super) fn substitution(
    text: &str,
    variables: Option<&Map<String, Value>>,
    bindings: &Bindings,
) -> String {
    let mut result = String::with_capacity(text.len());
    for piece in pieces(text) {
        match piece {
            Piece::Text(text) => result.push_str(text),
            Piece::Literal(name) => result.push_str(&format!("${{!{name}}}")),
            Piece::Name(name) => {
                let own = variables.is_some_and(|variables| variables.contains_key(name));
                match bound(bindings, name).filter(|_| !own) {
                    // What an item looks like must not become a name.
                    Some(item) => result.push_str(&item.replace("${", "${!")),
                    None => result.push_str(&format!("${{{name}}}")),
                }
            }
        }
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_are_replaced_where_a_loop_binds_them() {
        let bindings =
            vec![("Zone".to_owned(), "eu-1".to_owned()), ("Name".to_owned(), "${Zone}".to_owned())];
        for (text, expected) in [
            ("Subnet${Zone}", "Subneteu-1"),
            ("Subnet&{Zone}", "Subneteu1"),
            ("${Other}&{Other}${", "${Other}&{Other}${"),
            ("${Name}", "${Zone}"),
            ("&{Name}-&{Zone", "Zone-&{Zone"),
            ("$&{Zone}", "$eu1"),
        ] {
            assert_eq!(key(text, &bindings), expected, "{text}");
        }
        for (text, expected) in
            [("a-${ Zone }-${!Zone}-&{Zone}", "a-eu-1-${!Zone}-&{Zone}"), ("${Name}", "${!Zone}")]
        {
            assert_eq!(substitution(text, None, &bindings), expected, "{text}");
        }
        let own = Map::from_iter([("Zone".to_owned(), Value::from("x"))]);
        assert_eq!(substitution("${Zone}", Some(&own), &bindings), "${Zone}");
    }
}
