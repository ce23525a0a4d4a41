//! Parameters, mappings and conditions that nothing uses.

use serde_json::Value;

use crate::language::has_key;
use crate::lint::functions::{Call, Function, Uses};
use crate::lint::path::Path;
use crate::lint::report::Report;
use crate::lint::rules::{UNUSED_CONDITION, UNUSED_MAPPING, UNUSED_PARAMETER};
use crate::lint::scope::Scope;

/// Records what is declared for nothing. A macro may use anything, also one in the middle of a value.
pub(super) fn check(scope: &Scope<'_>, uses: &Uses<'_>, report: &mut Report) {
    let is_macro =
        |(key, value): (&String, &Value)| key == "Fn::Transform" || has_key(value, "Fn::Transform");
    if scope.is_foreign || scope.root.iter().any(is_macro) {
        return;
    }
    let mut computed = Computed::default();
    if scope.has_extensions {
        scope.root.values().for_each(|section| computed.look(section));
    }
    let Computed { conditions, parameters } = &computed;
    for (section, what, rule, used, named) in [
        ("Conditions", "condition", &UNUSED_CONDITION, &uses.conditions, Some(conditions)),
        ("Mappings", "mapping", &UNUSED_MAPPING, &uses.mappings, None),
        ("Parameters", "parameter", &UNUSED_PARAMETER, &uses.parameters, Some(parameters)),
    ] {
        if section == "Mappings" && uses.any_mapping {
            continue;
        }
        let is_used = |name: &str| used.contains(name) || named.is_some_and(|named| named.may_be(name));
        for (name, _) in scope.entries(section).filter(|(name, _)| !is_used(name)) {
            let path = Path::ROOT.key(section);
            report
                .key(rule, &path.key(name), format!("nothing uses the {what} `{name}`"))
                .hint("take it out, or use it");
        }
    }
}

/// Names that `AWS::LanguageExtensions` computes, of loops that are not written out for want of values and
/// of functions where else a plain name stands.
#[derive(Default)]
struct Computed<'a> {
    conditions: Names<'a>,
    parameters: Names<'a>,
}

/// What computed names can be.
#[derive(Default)]
struct Names<'a> {
    /// Texts with placeholders, each of which may stand for anything.
    patterns: Vec<&'a str>,
    /// Whether there is one that can be any name.
    anything: bool,
}

impl<'a> Computed<'a> {
    fn look(&mut self, value: &'a Value) {
        match value {
            Value::Array(items) => items.iter().for_each(|item| self.look(item)),
            Value::Object(map) => {
                for (key, item) in map {
                    match (key.as_str(), item) {
                        ("Condition", name) => self.conditions.add(name),
                        ("Fn::If", Value::Array(parts)) => {
                            parts.first().into_iter().for_each(|name| self.conditions.add(name));
                        }
                        ("Ref", name) if name.is_object() => self.parameters.add(name),
                        _ => {}
                    }
                    self.look(item);
                }
            }
            _ => {}
        }
    }
}

impl<'a> Names<'a> {
    fn add(&mut self, name: &'a Value) {
        if let Some(text) = name.as_str() {
            return self.patterns.push(text);
        }
        // What is no function is something else of the same key, such as the condition of a policy.
        let Some(call) = Call::of_value(name) else { return };
        match (call.function, call.argument) {
            (Function::Sub, Value::String(text)) => self.patterns.push(text),
            (Function::Sub, Value::Array(parts)) => {
                self.patterns.extend(parts.first().and_then(Value::as_str));
            }
            _ => self.anything = true,
        }
    }

    fn may_be(&self, name: &str) -> bool {
        self.anything || self.patterns.iter().any(|pattern| may_become(pattern, name))
    }
}

/// Whether a text becomes this name when each `${...}` and `&{...}` in it becomes something.
fn may_become(pattern: &str, name: &str) -> bool {
    let mut pieces = Vec::new();
    let mut rest = pattern;
    while let Some(start) = rest.find("${").into_iter().chain(rest.find("&{")).min()
        && let Some(length) = rest[start..].find('}')
    {
        pieces.push(&rest[..start]);
        rest = &rest[start + length + 1..];
    }
    let Some((first, between)) = pieces.split_first() else { return pattern == name };
    let Some(mut left) = name.strip_prefix(first).and_then(|left| left.strip_suffix(rest)) else {
        return false;
    };
    for piece in between {
        let Some(at) = left.find(piece) else { return false };
        left = &left[at + piece.len()..];
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_stand_for_anything() {
        for (pattern, name, expected) in [
            ("Is", "Is", true),
            ("Is", "IsOrders", false),
            ("Is${Name}", "IsOrders", true),
            ("Is&{Name}Large", "IsOrdersLarge", true),
            ("Is${Name}Large", "IsLarge", true),
            ("Is${Name}Large", "IsOrders", false),
            ("${A}x${B}y${C}", "1x2y3", true),
            ("${A}x${B}y${C}", "1y2x3", false),
            ("Is${open", "Is${open", true),
        ] {
            assert_eq!(may_become(pattern, name), expected, "{pattern} {name}");
        }
    }
}
