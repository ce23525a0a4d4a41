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
                self.branches(branches, schema, &path.key(call.key));
            }
            _ => {
                self.is_unknown = true;
                if !self.tries {
                    self.source(call, schema, path);
                }
            }
        }
    }

    /// Which branch counts is not known, so each must fit. Where alternatives are tried, branches that
    /// do not agree leave them open.
    fn branches(&mut self, branches: &[Value], schema: &'static Schema, path: &Path<'_>) {
        let condition = branches[0].as_str().unwrap_or_default();
        let mut tried = Vec::new();
        for (index, branch) in branches.iter().enumerate().skip(1) {
            self.held.push((condition.to_owned(), index == 1));
            if self.is_possible() {
                match (is_no_value(branch), self.tries) {
                    (true, _) => tried.push((Verdict::Fits, Report::default())),
                    (false, true) => tried.push(self.tried(branch, schema, &path.index(index))),
                    (false, false) => self.value(branch, schema, &path.index(index)),
                }
            }
            self.held.pop();
        }
        if !self.tries {
            return;
        }
        if tried.iter().all(|(verdict, _)| *verdict == Verdict::Breaks) {
            tried.into_iter().for_each(|(_, report)| self.report.append(report));
        } else {
            self.is_unknown |= tried.iter().any(|(verdict, _)| *verdict != Verdict::Fits);
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

#[cfg(test)]
mod tests {
    use serde_json::{Map, json};

    use super::*;
    use crate::catalogue;
    use crate::lint::Purpose;

    #[test]
    fn branches_that_do_not_agree_leave_alternatives_open() {
        let kind = |name: &str| json!({"properties": {"K": {"enum": [name]}}, "required": ["K"]});
        let schema: Schema = serde_json::from_value(json!({"anyOf": [kind("x"), kind("y")]})).unwrap();
        let schema: &'static Schema = Box::leak(Box::new(schema));
        let (root, source) = (Map::new(), Map::new());
        let scope = Scope::of(&root, &source, Purpose::default());
        let known = catalogue::resource_type("AWS::SNS::Topic").unwrap();
        let breaks = |value: &Value| {
            let mut judge = Judge::new(&scope, known);
            judge.value(value, schema, &Path::ROOT);
            judge.report.has_errors()
        };
        let branches = |one: &str, other: &str| json!({"K": {"Fn::If": ["C", one, other]}});
        assert!(!breaks(&branches("x", "x")) && !breaks(&branches("x", "y")) && !breaks(&branches("x", "z")));
        assert!(breaks(&branches("w", "z")));
        assert!(!breaks(&json!({"K": {"Fn::If": ["C", "z", {"Ref": "AWS::NoValue"}]}})), "may be absent");
    }
}
