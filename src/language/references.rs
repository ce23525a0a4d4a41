//! Finds what a piece of template refers to.

use std::collections::BTreeMap;

use serde_json::Value;

/// Something a template names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reference<'a> {
    /// `Ref` or `${Name}`: a parameter, a pseudo parameter or a resource.
    Name(&'a str),
    /// `Fn::GetAtt` or `${Name.Attribute}`: a resource and its attribute.
    Attribute(&'a str, &'a str),
    /// The condition of an `Fn::If`.
    Condition(&'a str),
}

/// A part of the text of `Fn::Sub`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Piece<'a> {
    /// Stands for itself.
    Text(&'a str),
    /// `${!Name}`: stands for `${Name}`.
    Literal(&'a str),
    /// `${Name}`: to be replaced.
    Name(&'a str),
}

/// Takes the text of an `Fn::Sub` apart. An opening without an end stands for itself.
pub fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some(start) = rest.find("${") {
        let Some(length) = rest[start..].find('}') else { break };
        if start > 0 {
            pieces.push(Piece::Text(&rest[..start]));
        }
        let inner = &rest[start + 2..start + length];
        pieces.push(match inner.strip_prefix('!') {
            Some(literal) => Piece::Literal(literal),
            None => Piece::Name(inner.trim()),
        });
        rest = &rest[start + length + 1..];
    }
    if !rest.is_empty() {
        pieces.push(Piece::Text(rest));
    }
    pieces
}

/// `Name.Attribute` as a resource and its attribute; the attribute may hold further dots.
fn dotted(name: &str) -> Reference<'_> {
    name.split_once('.')
        .map_or(Reference::Name(name), |(resource, attribute)| Reference::Attribute(resource, attribute))
}

/// Calls `visit` for everything `value` refers to.
///
/// With `conditions`, only the branch that each `Fn::If` takes is looked at.
pub fn walk<'a>(
    value: &'a Value,
    conditions: Option<&BTreeMap<String, bool>>,
    visit: &mut dyn FnMut(Reference<'a>),
) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| walk(item, conditions, visit)),
        Value::Object(map) => {
            if let (1, Some((key, argument))) = (map.len(), map.iter().next())
                && function(key, argument, conditions, visit)
            {
                return;
            }
            map.values().for_each(|item| walk(item, conditions, visit));
        }
        _ => {}
    }
}

/// Handles the functions whose arguments are names; `false` when `key` is none of them.
fn function<'a>(
    key: &str,
    argument: &'a Value,
    conditions: Option<&BTreeMap<String, bool>>,
    visit: &mut dyn FnMut(Reference<'a>),
) -> bool {
    match (key, argument) {
        ("Ref", Value::String(name)) => visit(Reference::Name(name)),
        ("Fn::GetAtt", Value::String(name)) => visit(dotted(name)),
        ("Fn::GetAtt", Value::Array(parts)) => attribute(parts, conditions, visit),
        ("Fn::Sub", Value::String(text)) => names(text, None, visit),
        ("Fn::Sub", Value::Array(parts)) => {
            let variables = parts.get(1);
            if let Some(Value::String(text)) = parts.first() {
                names(text, variables, visit);
            }
            if let Some(variables) = variables {
                walk(variables, conditions, visit);
            }
        }
        ("Fn::If", Value::Array(parts)) => branches(parts, conditions, visit),
        _ => return false,
    }
    true
}

fn attribute<'a>(
    parts: &'a [Value],
    conditions: Option<&BTreeMap<String, bool>>,
    visit: &mut dyn FnMut(Reference<'a>),
) {
    match parts {
        [Value::String(resource), Value::String(attribute)] => {
            visit(Reference::Attribute(resource, attribute))
        }
        // The attribute's name may itself be computed; the resource's may not.
        [Value::String(resource), computed] => {
            visit(Reference::Name(resource));
            walk(computed, conditions, visit);
        }
        [Value::String(name)] => visit(dotted(name)),
        _ => {}
    }
}

fn names<'a>(text: &'a str, variables: Option<&Value>, visit: &mut dyn FnMut(Reference<'a>)) {
    for piece in pieces(text) {
        if let Piece::Name(name) = piece
            && variables.is_none_or(|variables| variables.get(name).is_none())
        {
            visit(dotted(name));
        }
    }
}

fn branches<'a>(
    parts: &'a [Value],
    conditions: Option<&BTreeMap<String, bool>>,
    visit: &mut dyn FnMut(Reference<'a>),
) {
    let [Value::String(condition), holds, otherwise] = parts else {
        return parts.iter().for_each(|part| walk(part, conditions, visit));
    };
    visit(Reference::Condition(condition));
    match conditions.and_then(|conditions| conditions.get(condition)) {
        Some(true) => walk(holds, conditions, visit),
        Some(false) => walk(otherwise, conditions, visit),
        None => {
            walk(holds, conditions, visit);
            walk(otherwise, conditions, visit);
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_text_of_a_substitution_is_taken_apart() {
        assert_eq!(
            pieces("a${B}c${!D}${E.F}${open"),
            [
                Piece::Text("a"),
                Piece::Name("B"),
                Piece::Text("c"),
                Piece::Literal("D"),
                Piece::Name("E.F"),
                Piece::Text("${open")
            ]
        );
    }

    #[test]
    fn every_kind_of_reference_is_found_and_untaken_branches_are_left_out() {
        let value = json!([
            {"Ref": "A"}, {"Fn::GetAtt": "B.X.Y"}, {"Fn::GetAtt": ["C", "Arn"]},
            {"Fn::Sub": ["${D}-${E}", {"E": {"Ref": "F"}}]},
            {"Fn::If": ["Large", {"Ref": "G"}, {"Ref": "H"}]}
        ]);
        let mut found = Vec::new();
        let conditions = BTreeMap::from([("Large".to_owned(), true)]);
        walk(&value, Some(&conditions), &mut |reference| found.push(reference));
        assert_eq!(
            found,
            [
                Reference::Name("A"),
                Reference::Attribute("B", "X.Y"),
                Reference::Attribute("C", "Arn"),
                Reference::Name("D"),
                Reference::Name("F"),
                Reference::Condition("Large"),
                Reference::Name("G")
            ]
        );
    }
}
