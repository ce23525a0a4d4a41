//! `Fn::Sub`: the names in its text, and the variables it brings itself.

use serde_json::{Map, Value};

use crate::lint::functions::arguments::Expected;
use crate::lint::functions::places;
use crate::lint::functions::walk::Walk;
use crate::lint::path::Path;
use crate::lint::rules::UNUSED_VARIABLE;
use crate::lint::values::kind;

/// The names in the `${...}` of a text; `${!...}` is literal.
pub(in crate::lint) fn variables(text: &str) -> impl Iterator<Item = &str> {
    text.split("${").skip(1).filter_map(|piece| {
        let (name, _) = piece.split_once('}')?;
        let name = name.trim();
        (!name.starts_with('!')).then_some(name)
    })
}

impl<'a> Walk<'_, 'a> {
    /// The argument of `Fn::Sub`.
    pub(super) fn substitution(&mut self, argument: &'a Value, path: &Path<'_>) {
        match argument {
            Value::String(text) => self.names_in(text, None, path),
            Value::Array(_) => {
                let Some([text, own]) = self.several(argument, 2, 2, path) else { return };
                let Value::Object(own) = own else {
                    let message = format!("variables are a map, this is {}", kind(own));
                    return self.form(&path.index(1), message);
                };
                match text {
                    Value::String(text) => {
                        self.names_in(text, Some(own), &path.index(0));
                        self.unused(text, own, &path.index(1));
                    }
                    other => {
                        self.form(&path.index(0), format!("a text is wanted here, this is {}", kind(other)));
                    }
                }
                for (name, value) in own {
                    let path = path.index(1);
                    self.argument(value, places::TEXTS, Expected::Text, &path.key(name));
                }
            }
            other => self.form(path, format!("a text is wanted here, this is {}", kind(other))),
        }
    }

    fn names_in(&mut self, text: &'a str, own: Option<&Map<String, Value>>, path: &Path<'_>) {
        for name in variables(text) {
            if own.is_some_and(|own| own.contains_key(name)) {
                continue;
            }
            match name.split_once('.') {
                _ if name.is_empty() => self.form(path, "`${}` names nothing".to_owned()),
                Some((resource, attribute)) => self.attribute_of(resource, Some(attribute), path),
                None => self.name(name, path),
            }
        }
    }

    fn unused(&mut self, text: &str, own: &Map<String, Value>, path: &Path<'_>) {
        for name in own.keys().filter(|name| !variables(text).any(|used| used == *name)) {
            self.report
                .key(&UNUSED_VARIABLE, &path.key(name), format!("the text has no `${{{name}}}`"))
                .hint("take the variable out, or use it");
        }
    }
}
