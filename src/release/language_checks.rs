//! What the template language itself refuses, found before anything is sent: macros that nobody
//! accepted, loops that cannot be written out, rules that the bound values break, and what is not there
//! under the conditions that hold.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use crate::language::expand::{Unknown, expand};
use crate::language::parameters::Parameter;
use crate::language::rules::{UnknownAccount, judge};
use crate::language::transforms::{self, LANGUAGE_EXTENSIONS};
use crate::language::{EvaluateError, Facts};
use crate::model::environment::Target;
use crate::model::{Binding, Diagnostic, Diagnostics, Environment, InstanceName, ProviderKind, StackName};
use crate::release::decided::{Decided, Find};
use crate::template::Document;

/// Records macros in `document` that the unit does not accept, or that its target cannot expand.
pub(super) fn macros(
    document: &Document,
    accepted: &BTreeSet<String>,
    target: &Target,
    problems: &mut Diagnostics,
) {
    let Value::Object(root) = &*document.value else { return };
    for (name, pointer) in transforms::named(root) {
        if name == LANGUAGE_EXTENSIONS {
            continue;
        }
        if !accepted.contains(&name) {
            let message =
                format!("the template is expanded by the macro `{name}`, which runs code inside AWS");
            let hint = format!("write `transforms: [{name}]` in the unit to accept whatever it makes");
            problems
                .push(placed(document, &pointer, Diagnostic::error("unaccepted-macro", message)).hint(hint));
        } else if target.provider == ProviderKind::Local {
            let message = format!("the embedded engine cannot expand the macro `{name}`");
            let hint = "keep the unit out of environments with local targets (`environments: [...]`), or write the expansion out";
            problems.push(placed(document, &pointer, Diagnostic::error("unknown-macro", message)).hint(hint));
        }
    }
}

/// Whose values they are.
#[derive(Clone, Copy)]
pub(super) struct Whose<'a> {
    pub(super) environment: &'a Environment,
    pub(super) instance: &'a InstanceName,
    /// Looks for the templates of nested stacks; they are not looked for where there is none.
    pub(super) find: Option<Find<'a>>,
}

/// Records what the values that are known at this point break.
pub(super) fn values(
    document: &Document,
    bindings: &BTreeMap<String, Binding>,
    Whose { environment, instance, find }: Whose<'_>,
    problems: &mut Diagnostics,
) {
    let Value::Object(root) = &*document.value else { return };
    let parameters = declared(root);
    let target = &environment.targets[&instance.target];
    let find = find.filter(|_| target.provider == ProviderKind::Local);
    let mut facts = facts(root, &parameters, bindings, target);
    let stack = StackName::derive(&environment.project, &environment.name, instance);
    facts.pseudo.insert("AWS::StackName", json!(stack));
    rules(document, root, &parameters, &facts, problems);
    // What fails without values is told by the linter already.
    if problems.0.iter().any(|problem| problem.code == "language-extensions") {
        return;
    }
    // What only code inside AWS can write out is not judged.
    if transforms::named(root).keys().any(|name| name != LANGUAGE_EXTENSIONS) {
        return;
    }
    let mut judge = |root: &Map<String, Value>, source: &dyn Fn(&str) -> String| {
        let whose = format!("`{instance}` in `{}`", environment.name);
        if let Some(decided) = Decided::of(document, root, source, (&facts, whose)) {
            decided.check(problems);
            find.into_iter().for_each(|find| decided.nested(find, problems));
        }
    };
    if !transforms::is_extended(root) {
        return judge(root, &str::to_owned);
    }
    match expand(root, &facts, Unknown::Keep) {
        Ok(expansion) => {
            judge(&expansion.template, &|pointer| expansion.source(pointer));
        }
        Err(error) => {
            let problem = Diagnostic::error("language-extensions", error.problem.to_string());
            let hint = "see *AWS::LanguageExtensions transform* in the CloudFormation template reference";
            problems.push(placed(document, &error.pointer, problem).hint(hint));
        }
    }
}

fn rules(
    document: &Document,
    root: &Map<String, Value>,
    parameters: &BTreeMap<String, Parameter>,
    facts: &Facts,
    problems: &mut Diagnostics,
) {
    let Some(Value::Object(rules)) = root.get("Rules") else { return };
    let problem = |name: &str, message: String| {
        let problem = Diagnostic::error("rule-failed", message);
        let pointer = if name.is_empty() { "/Rules".to_owned() } else { format!("/Rules/{name}") };
        placed(document, &pointer, problem)
    };
    match judge(rules, parameters, facts, &UnknownAccount) {
        Ok(judgement) => problems.extend(judgement.failed.into_iter().map(|(name, text)| {
            problem(&name, format!("the rule `{name}` does not hold: {text}"))
                .hint("bind other values to the parameters that the rule is about")
        })),
        // The linter tells which function it is, and where.
        Err(EvaluateError::Template(_)) if problems.has_errors() => {}
        Err(EvaluateError::Template(message)) => {
            problems.push(
                problem("", message).hint("correct the rule; see *Rules* in the CloudFormation user guide"),
            );
        }
        // Names that lead nowhere are reported as such, everything else is not known yet.
        Err(_) => {}
    }
}

/// The parameters that can be read; others are reported by their own checks.
fn declared(root: &Map<String, Value>) -> BTreeMap<String, Parameter> {
    let section = root.get("Parameters").and_then(Value::as_object).into_iter().flatten();
    let read = |(name, declared): (&String, &Value)| {
        Some((name.clone(), serde_json::from_value(declared.clone()).ok()?))
    };
    section.filter_map(read).collect()
}

/// What is known of a template's values when `bindings` are: literals, and where it will stand.
fn facts(
    root: &Map<String, Value>,
    parameters: &BTreeMap<String, Parameter>,
    bindings: &BTreeMap<String, Binding>,
    target: &Target,
) -> Facts {
    let value = |name: &String, parameter: &Parameter| parameter.read(&bindings.get(name)?.given()?);
    let values = parameters.iter().map(|(name, parameter)| (name.clone(), value(name, parameter)));
    Facts {
        parameters: values.collect(),
        pseudo: BTreeMap::from([
            ("AWS::AccountId", json!(target.account)),
            ("AWS::Region", json!(target.region)),
        ]),
        mappings: root.get("Mappings").and_then(Value::as_object).cloned().unwrap_or_default(),
        conditions: BTreeMap::new(),
    }
}

fn placed(document: &Document, pointer: &str, problem: Diagnostic) -> Diagnostic {
    match document.key_place(pointer) {
        Some(place) => problem.at(place),
        None => problem,
    }
}
