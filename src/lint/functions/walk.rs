//! The walk over every value that may hold functions.

use serde_json::{Map, Value};

use crate::language::transforms::{is_loop, makes_entries};
use crate::lint::functions::forms;
use crate::lint::functions::kind::{Call, Function, Functions};
use crate::lint::functions::places::{EXTENSIONS, VALUES};
use crate::lint::functions::uses::Uses;
use crate::lint::path::Path;
use crate::lint::report::Report;
use crate::lint::rules::{FUNCTION_FORM, FUNCTION_NESTING};
use crate::lint::scope::Scope;
use crate::model::diagnostic::did_you_mean;

/// Walks values, judges calls, and remembers what they use.
pub(in crate::lint) struct Walk<'w, 'a> {
    pub(in crate::lint) scope: &'w Scope<'a>,
    pub(in crate::lint) report: &'w mut Report,
    pub(in crate::lint) uses: Uses<'a>,
    /// The section and the entry that is walked now.
    pub(in crate::lint) owner: (&'static str, &'a str),
}

impl<'w, 'a> Walk<'w, 'a> {
    pub(in crate::lint) fn new(scope: &'w Scope<'a>, report: &'w mut Report) -> Self {
        Self { scope, report, uses: Uses::default(), owner: ("", "") }
    }

    /// A value that may be anything, functions included.
    pub(in crate::lint) fn value(&mut self, value: &'a Value, path: &Path<'_>) {
        match value {
            Value::Object(object) => match Call::of_value(value) {
                Some(call) => {
                    self.call(call, VALUES, path);
                }
                None => self.entries(object, path),
            },
            Value::Array(items) => {
                for (index, item) in items.iter().enumerate() {
                    self.value(item, &path.index(index));
                }
            }
            _ => {}
        }
    }

    fn entries(&mut self, object: &'a Map<String, Value>, path: &Path<'_>) {
        for (key, value) in object {
            let path = path.key(key);
            if key.starts_with("Fn::") && !makes_entries(key) {
                self.misplaced_key(key, object.len(), &path);
            }
            if is_loop(key) {
                self.looped(key, value, &path);
            } else if key != "Fn::Transform" {
                self.value(value, &path);
            }
        }
    }

    fn misplaced_key(&mut self, key: &str, siblings: usize, path: &Path<'_>) {
        if self.scope.is_foreign {
            return;
        }
        if Function::named(key).is_some() && siblings > 1 {
            self.report
                .key(&FUNCTION_FORM, path, format!("`{key}` has other keys beside it"))
                .hint("a function stands alone in its map");
        } else if Function::named(key).is_none() {
            let finding = self.report.key(&FUNCTION_FORM, path, format!("there is no function `{key}`"));
            if let Some(meant) = did_you_mean(key, Function::KEYS.iter().copied()) {
                finding.hint(format!("did you mean `{meant}`?"));
            }
        }
    }

    /// A loop: its names depend on what it loops over, so only what is used is remembered.
    pub(in crate::lint) fn looped(&mut self, key: &'a str, value: &'a Value, path: &Path<'_>) {
        if !self.scope.has_extensions && !self.scope.is_foreign {
            self.needs_extensions(key, path);
        }
        let mut silent = Report::default();
        let mut inner = Walk {
            scope: self.scope,
            report: &mut silent,
            uses: std::mem::take(&mut self.uses),
            owner: self.owner,
        };
        inner.value(value, path);
        self.uses = inner.uses;
    }

    /// Judges a call that stands where `allowed` functions may stand. False when it may not.
    pub(in crate::lint) fn call(&mut self, call: Call<'a>, allowed: Functions, path: &Path<'_>) -> bool {
        let path = path.key(call.key);
        if call.function == Function::ForEach {
            self.looped(call.key, call.argument, &path);
            return true;
        }
        let is_allowed = allowed.has(call.function) || self.scope.is_foreign;
        if !is_allowed {
            self.misplaced(call, &path);
        } else if EXTENSIONS.has(call.function) && !self.scope.has_extensions && !self.scope.is_foreign {
            self.needs_extensions(call.key, &path);
        }
        forms::check(self, call, &path);
        is_allowed
    }

    fn misplaced(&mut self, call: Call<'_>, path: &Path<'_>) {
        let message = format!("`{}` is not evaluated here", call.function.key());
        let finding = self.report.key(&FUNCTION_NESTING, path, message);
        match call.function {
            Function::GetAtt | Function::ImportValue => finding
                .hint("what is known only while deploying cannot be used here; a parameter or a mapping can"),
            Function::And | Function::Or | Function::Not | Function::Equals => {
                finding.hint("name the condition in `Conditions` and use it with `Fn::If`");
            }
            _ => finding.hint("write the value out, or bring it in as a parameter"),
        }
    }

    fn needs_extensions(&mut self, key: &str, path: &Path<'_>) {
        self.report
            .key(&FUNCTION_FORM, path, format!("`{key}` needs `AWS::LanguageExtensions`"))
            .hint("add `Transform: AWS::LanguageExtensions` to the template");
    }
}
