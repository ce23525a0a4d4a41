//! One argument of a function: a call of those that may stand there, or a literal.

use serde_json::Value;

use crate::lint::functions::kind::{Call, Functions};
use crate::lint::functions::places::VALUES;
use crate::lint::functions::walk::Walk;
use crate::lint::path::Path;
use crate::lint::rules::FUNCTION_FORM;
use crate::lint::values::{integer, is_scalar, kind};

/// What a literal must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::lint) enum Expected {
    /// A text, or a scalar that becomes one.
    Text,
    /// A whole number within bounds.
    Integer(i64, i64),
    /// Anything.
    Anything,
    /// Nothing: only a call may stand here.
    Call,
}

impl<'a> Walk<'_, 'a> {
    /// Judges one argument.
    pub(in crate::lint) fn argument(
        &mut self,
        value: &'a Value,
        allowed: Functions,
        expected: Expected,
        path: &Path<'_>,
    ) {
        if let Some(call) = Call::of(value) {
            let widened = if self.scope.has_extensions && allowed != Functions::NONE {
                allowed.and(VALUES)
            } else {
                allowed
            };
            self.call(call, widened, path);
            return;
        }
        let problem = match expected {
            Expected::Anything => {
                self.value(value, path);
                None
            }
            Expected::Text => {
                (!is_scalar(value)).then(|| format!("a text is wanted here, this is {}", kind(value)))
            }
            Expected::Integer(least, greatest) => match integer(value) {
                Some(number) if number < least || number > greatest => {
                    Some(format!("{number} is not between {least} and {greatest}"))
                }
                Some(_) => None,
                None => Some(format!("a whole number is wanted here, this is {}", kind(value))),
            },
            Expected::Call => Some(format!("a condition function is wanted here, this is {}", kind(value))),
        };
        if let Some(problem) = problem {
            self.form(path, problem);
        }
    }

    /// A list as an argument, or a function that gives one; `item` judges each literal item.
    pub(in crate::lint) fn list(
        &mut self,
        value: &'a Value,
        allowed: Functions,
        path: &Path<'_>,
        item: &mut dyn FnMut(&mut Self, &'a Value, &Path<'_>),
    ) {
        match value {
            Value::Array(items) => {
                for (index, each) in items.iter().enumerate() {
                    item(self, each, &path.index(index));
                }
            }
            _ if Call::of(value).is_some() => self.argument(value, allowed, Expected::Anything, path),
            other => self.form(path, format!("a list is wanted here, this is {}", kind(other))),
        }
    }

    /// The arguments of a function that takes a list of so many.
    pub(in crate::lint) fn several(
        &mut self,
        value: &'a Value,
        least: usize,
        most: usize,
        path: &Path<'_>,
    ) -> Option<&'a [Value]> {
        let Value::Array(items) = value else {
            self.form(path, format!("the arguments are a list, this is {}", kind(value)));
            return None;
        };
        if (least..=most).contains(&items.len()) {
            return Some(items);
        }
        let wanted = if least == most { least.to_string() } else { format!("{least} to {most}") };
        self.count(path, &format!("{wanted} arguments"), items.len());
        None
    }

    /// Records what is wrong at a place among a function's arguments.
    pub(in crate::lint) fn form(&mut self, path: &Path<'_>, problem: String) {
        self.malformed(path, format!("`{}`: {problem}", path.function()));
    }

    /// Records how many arguments a function takes, and how many are given.
    pub(in crate::lint) fn count(&mut self, path: &Path<'_>, taken: &str, given: usize) {
        self.malformed(path, format!("`{}` takes {taken}, {given} are given", path.function()));
    }

    fn malformed(&mut self, path: &Path<'_>, message: String) {
        if !self.scope.is_foreign {
            self.report.value(&FUNCTION_FORM, path, message);
        }
    }
}
