//! What cannot be deployed once the conditions of a template are decided: references to resources that are
//! not there, outputs without a value, exports under a name that none can have.
//!
//! Judges what is certain only: what hangs on a value that is not known yet is CloudFormation's to judge.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::language::transforms::is_loop;
use crate::language::{Evaluator, Facts, Reference, decide, pointer, text_of, walk};
use crate::model::{Diagnostic, Diagnostics};
use crate::template::Document;

/// Looks for the object that a URL names on the embedded engine.
pub(super) type Find<'f> = &'f (dyn Fn(&str) -> Result<(), String> + Sync);

/// A template whose conditions are decided.
pub(super) struct Decided<'d> {
    /// As it was read, for the places.
    pub(super) document: &'d Document,
    /// What its loops make.
    pub(super) root: &'d Map<String, Value>,
    /// From a pointer into `root` to one into the source.
    pub(super) source: &'d dyn Fn(&str) -> String,
    /// Whose values these are, for messages: `` `data` of `demo` ``.
    pub(super) whose: String,
    facts: Facts,
}

impl<'d> Decided<'d> {
    /// Decides the conditions; `None` where they are not well formed, which the linter tells.
    pub(super) fn of(
        document: &'d Document,
        root: &'d Map<String, Value>,
        source: &'d dyn Fn(&str) -> String,
        (facts, whose): (&Facts, String),
    ) -> Option<Self> {
        let conditions = root.get("Conditions").and_then(Value::as_object).into_iter().flatten();
        let conditions = conditions.filter(|(name, _)| !is_loop(name));
        let conditions = conditions.map(|(name, value)| (name.clone(), value.clone())).collect();
        let facts = Facts { conditions: decide(&conditions, facts).ok()?, ..facts.clone() };
        Some(Self { document, root, source, whose, facts })
    }

    /// Records nested stacks whose templates `find` does not find: it says why.
    pub(super) fn nested(&self, find: Find<'_>, problems: &mut Diagnostics) {
        let is_nested = |(_, resource): &(&String, &Value)| resource["Type"] == "AWS::CloudFormation::Stack";
        for (id, resource) in self.there("Resources").filter(is_nested) {
            let url = &resource["Properties"]["TemplateURL"];
            let Ok(Some(Value::String(url))) = Evaluator::new(&self.facts).value(url) else { continue };
            if let Err(why) = find(&url) {
                let message = format!("the template of the nested stack `{id}` is not on file: {why}");
                let hint = "on the embedded engine it lies in the project, as `rehearsal/objects/BUCKET/KEY`";
                let at = pointer("/Resources", id) + "/Properties/TemplateURL";
                problems.push(self.at(Diagnostic::error("missing-object", message).hint(hint), &at));
            }
        }
    }

    /// Records everything that CloudFormation would refuse.
    pub(super) fn check(&self, problems: &mut Diagnostics) {
        for (id, resource) in self.there("Resources") {
            for part in ["Properties", "Metadata"] {
                let at = pointer(&pointer("/Resources", id), part);
                let part = resource.get(part).unwrap_or(&Value::Null);
                self.references(part, &at, &format!("the resource `{id}`"), problems);
            }
        }
        for (id, output) in self.there("Outputs") {
            let at = pointer("/Outputs", id);
            let before = problems.0.len();
            self.references(output, &at, &format!("the output `{id}`"), problems);
            if problems.0.len() == before {
                self.output(id, output, problems);
            }
        }
    }

    /// The entries of a section that certainly exist.
    fn there(&self, section: &str) -> impl Iterator<Item = (&'d String, &'d Value)> {
        let entries = self.root.get(section).and_then(Value::as_object).into_iter().flatten();
        entries.filter(|(name, entry)| !is_loop(name) && self.exists(entry) == Some(true))
    }

    /// Whether an entry exists; `None` where that is not known.
    fn exists(&self, entry: &Value) -> Option<bool> {
        match entry.get("Condition") {
            None => Some(true),
            Some(condition) => self.holds(condition.as_str()?),
        }
    }

    fn holds(&self, condition: &str) -> Option<bool> {
        self.facts.conditions.get(condition).copied().flatten()
    }

    /// Records references to what is left out, below branches that are certainly taken.
    fn references(&self, value: &Value, at: &str, whose: &str, problems: &mut Diagnostics) {
        match value {
            Value::Array(items) => {
                for (index, item) in items.iter().enumerate() {
                    self.references(item, &format!("{at}/{index}"), whose, problems);
                }
            }
            Value::Object(map) => {
                if let (1, Some((key, argument))) = (map.len(), map.iter().next()) {
                    if let ("Fn::If", Value::Array(parts)) = (key.as_str(), argument) {
                        return self.branch(parts, &pointer(at, key), whose, problems);
                    }
                    self.named(key, argument, at, whose, problems);
                }
                for (key, item) in map.iter().filter(|(key, _)| !is_loop(key)) {
                    self.references(item, &pointer(at, key), whose, problems);
                }
            }
            _ => {}
        }
    }

    fn branch(&self, parts: &[Value], at: &str, whose: &str, problems: &mut Diagnostics) {
        let taken = parts.first().and_then(Value::as_str).and_then(|condition| self.holds(condition));
        let Some(index) = taken.map(|holds| if holds { 1 } else { 2 }) else { return };
        if let Some(branch) = parts.get(index) {
            self.references(branch, &format!("{at}/{index}"), whose, problems);
        }
    }

    /// What one function names itself; its arguments are looked at on their own.
    fn named(&self, key: &str, argument: &Value, at: &str, whose: &str, problems: &mut Diagnostics) {
        let alone = match (key, argument) {
            ("Fn::Sub", Value::Array(parts)) => json!({ key: [parts.first(), names_only(parts.get(1))] }),
            ("Ref" | "Fn::GetAtt" | "Fn::Sub", _) => json!({ key: argument }),
            _ => return,
        };
        let mut absent = BTreeMap::new();
        walk(&alone, None, &mut |reference| {
            if let Reference::Name(name) | Reference::Attribute(name, _) = reference
                && let Some(condition) = self.leaves_out(name)
            {
                absent.insert(name.to_owned(), condition.to_owned());
            }
        });
        for (name, condition) in absent {
            let message = format!(
                "{whose} refers to `{name}`, which is not there: its condition `{condition}` does not hold with the values of {}",
                self.whose
            );
            let hint = format!(
                "give it the same condition (`Condition: {condition}`), or choose with `!If [{condition}, ..., ...]`"
            );
            problems.push(self.at(Diagnostic::error("absent-resource", message).hint(hint), at));
        }
    }

    /// The condition that leaves a resource out.
    fn leaves_out(&self, name: &str) -> Option<&'d str> {
        let resource = self.root.get("Resources")?.get(name)?;
        let condition = resource.get("Condition")?.as_str()?;
        (self.holds(condition) == Some(false)).then_some(condition)
    }

    /// An output that certainly exists and refers to nothing that is left out.
    fn output(&self, id: &str, output: &Value, problems: &mut Diagnostics) {
        let at = pointer("/Outputs", id);
        let evaluate = |value: Option<&Value>| Evaluator::new(&self.facts).value(value?).ok();
        let refused = match evaluate(output.get("Value")) {
            Some(None) => Some("has no value: it comes out as `AWS::NoValue`"),
            Some(Some(value)) if text_of(&value).is_none() => Some("is a list or a map, and no text"),
            _ => None,
        };
        if let Some(refused) = refused {
            let message = format!("the output `{id}` {refused}, with the values of {}", self.whose);
            let hint = "give the output a `Condition` of its own, or a text in every case";
            self.once(Diagnostic::error("output-form", message).hint(hint), &format!("{at}/Value"), problems);
        }
        let export = output.get("Export").and_then(|export| export.get("Name"));
        let Some(name) = evaluate(export) else { return };
        let name = name.as_ref().and_then(text_of).unwrap_or_default();
        if !is_export_name(&name) {
            let message = format!(
                "the output `{id}` is exported as `{name}`: the name of an export has letters, digits, colons and hyphens only"
            );
            let hint = "change the text, or the values that it is made of";
            let problem = Diagnostic::error("output-form", message).hint(hint);
            self.once(problem, &format!("{at}/Export/Name"), problems);
        }
    }

    /// Records it, unless the linter has told of the same place.
    fn once(&self, problem: Diagnostic, at: &str, problems: &mut Diagnostics) {
        let problem = self.at(problem, at);
        let is_same = |told: &Diagnostic| told.code == problem.code && told.place == problem.place;
        if !problems.0.iter().any(is_same) {
            problems.push(problem);
        }
    }

    /// The nearest place in the source.
    fn at(&self, problem: Diagnostic, at: &str) -> Diagnostic {
        let source = (self.source)(at);
        let mut nearest = source.as_str();
        loop {
            if let Some(place) = self.document.place(nearest) {
                return problem.at(place);
            }
            match nearest.rfind('/') {
                Some(end) => nearest = &nearest[..end],
                None => return problem,
            }
        }
    }
}

/// Source: CloudFormation template reference, "Outputs section syntax", "Export".
fn is_export_name(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|one| one.is_ascii_alphanumeric() || matches!(one, ':' | '-'))
}

/// The variables of a substitution without their values.
fn names_only(variables: Option<&Value>) -> Value {
    let names = variables.and_then(Value::as_object).into_iter().flat_map(Map::keys);
    Value::Object(names.map(|name| (name.clone(), Value::Null)).collect())
}
