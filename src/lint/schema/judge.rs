//! One value against one schema.

use serde_json::Value;

use crate::catalogue::{ResourceType, Schema};
use crate::lint::functions::{Call, Function};
use crate::lint::path::Path;
use crate::lint::report::Report;
use crate::lint::scope::Scope;
use crate::lint::worlds::{Asked, can_be};

/// Judges values by the schemas of one resource type.
pub(super) struct Judge<'j, 'a> {
    pub(super) scope: &'j Scope<'a>,
    /// Where references of schemas lead.
    pub(super) schemas: &'static ResourceType,
    pub(super) report: Report,
    /// Whether alternatives are tried: what is not known then leaves all of them open.
    pub(super) tries: bool,
    /// Whether something was met that is not known before deploying.
    pub(super) is_unknown: bool,
    /// The conditions under which the value is there.
    pub(super) held: Asked,
}

/// What came of trying a schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Fits,
    Breaks,
    Open,
}

/// `AWS::NoValue`, which stands for nothing at all.
pub(super) fn is_no_value(value: &Value) -> bool {
    matches!(Call::of_value(value), Some(Call { function: Function::Ref, argument: Value::String(name), .. })
        if name == "AWS::NoValue")
}

impl<'j, 'a> Judge<'j, 'a> {
    pub(super) fn new(scope: &'j Scope<'a>, schemas: &'static ResourceType) -> Self {
        let held = Asked::new();
        Self { scope, schemas, report: Report::default(), tries: false, is_unknown: false, held }
    }

    /// Judges a value; what is wrong is in the report.
    pub(super) fn value(&mut self, value: &Value, schema: &'static Schema, path: &Path<'_>) {
        if let Some(target) = self.schemas.target(schema) {
            self.value(value, target, path);
        }
        if let Some(call) = Call::of_value(value) {
            return self.call(call, schema, path);
        }
        if let Value::String(text) = value
            && text.contains("{{resolve:")
        {
            self.is_unknown = true;
            return;
        }
        // Of another kind, nothing else said of it would make sense.
        if !self.kind(value, schema, path) {
            return;
        }
        match value {
            Value::Array(items) => self.list(items, schema, path),
            Value::Object(entries) => self.map(entries, schema, path),
            scalar => self.scalar(scalar, schema, path),
        }
        self.one_of_values(value, schema, path);
        self.choices(value, schema, path);
    }

    fn call(&mut self, call: Call<'_>, schema: &'static Schema, path: &Path<'_>) {
        match (call.function, call.argument) {
            (Function::If, Value::Array(branches)) if branches.len() == 3 => {
                // Which branch counts is not known, so alternatives stay open; each must fit.
                let path = path.key(call.key);
                let condition = branches[0].as_str().unwrap_or_default();
                for (index, branch) in branches.iter().enumerate().skip(1) {
                    self.held.push((condition.to_owned(), index == 1));
                    if !is_no_value(branch) && self.is_possible() {
                        self.value(branch, schema, &path.index(index));
                    }
                    self.held.pop();
                }
            }
            _ => {
                self.is_unknown = true;
                if !self.tries {
                    self.source(call, schema, path);
                }
            }
        }
    }

    /// Whether there is a world in which the value is there; also where that cannot be told.
    fn is_possible(&self) -> bool {
        self.held.len() < 2 || can_be(self.scope, &self.held) != Some(false)
    }

    /// Tries a schema without recording what is wrong.
    pub(super) fn tried(&self, value: &Value, schema: &'static Schema, path: &Path<'_>) -> (Verdict, Report) {
        let mut inner =
            Judge { tries: true, held: self.held.clone(), ..Judge::new(self.scope, self.schemas) };
        inner.value(value, schema, path);
        let verdict = match (inner.report.has_errors(), inner.is_unknown) {
            (_, true) => Verdict::Open,
            (true, false) => Verdict::Breaks,
            (false, false) => Verdict::Fits,
        };
        (verdict, inner.report)
    }
}
