//! Binds every parameter of a template: what the source says, else the template's default, so
//! that every parameter is always sent and none keeps an old value.

use std::collections::{BTreeMap, BTreeSet};

use crate::manifest::resolve::{Bound, ResolvedUnit};
use crate::manifest::suggestion::suggestion;
use crate::model::{Binding, Diagnostic, Diagnostics};
use crate::release::parameter_rules::{ParameterRules, rules};
use crate::release::stored::Pinned;
use crate::template::Document;

/// The parameters of one unit, complete.
#[derive(Debug, Default)]
pub(super) struct Parameters {
    pub(super) bindings: BTreeMap<String, Binding>,
    pub(super) secret: BTreeSet<String>,
}

/// Binds the parameters of `document`, those that are `pinned` to their values; every problem is
/// recorded.
pub(super) fn bind(
    unit: &ResolvedUnit,
    document: &Document,
    pinned: &Pinned,
    problems: &mut Diagnostics,
) -> Parameters {
    let declared = rules(pinned.template.as_ref().unwrap_or(&document.value));
    let mut parameters = Parameters::default();
    for (name, rules) in &declared {
        if rules.declared.no_echo {
            parameters.secret.insert(name.clone());
        }
        let bound = unit.parameters.get(name);
        let binding = match (pinned.bindings.get(name), bound, &rules.declared.default) {
            (Some(pinned), _, _) => pinned.clone(),
            (None, Some(bound), _) => bound.binding.clone(),
            (None, None, Some(default)) => Binding::Literal(default.clone()),
            (None, None, None) => {
                problems.push(missing(unit, name));
                continue;
            }
        };
        problems.extend(secret_problem(name, rules, bound));
        if let Some(value) = binding.given()
            && let Err(why) = rules.check(&value)
        {
            let problem = unfit(name, &why, bound, document);
            // The linter judges defaults, whether they are used or not.
            let is_told =
                |known: &Diagnostic| known.code == "parameter-default" && known.place == problem.place;
            if !problems.0.iter().any(is_told) {
                problems.push(problem);
            }
        }
        parameters.bindings.insert(name.clone(), binding);
    }
    for (name, bound) in unit.parameters.iter().filter(|(name, _)| !declared.contains_key(*name)) {
        let message = format!("the template `{}` has no parameter `{name}`", unit.template.value);
        problems.push(
            Diagnostic::error("unknown-parameter", message)
                .at(bound.key.place())
                .hint(suggestion(name, declared.keys().map(String::as_str))),
        );
    }
    parameters
}

fn missing(unit: &ResolvedUnit, name: &str) -> Diagnostic {
    let message = format!("the unit `{}` binds no value to the parameter `{name}`", unit.instance);
    unit.template.error("missing-parameter", message).hint(format!(
        "write `{name}: ...` below `parameters` in `stacks/{}.yaml`, or give it a default in the template",
        unit.instance.unit
    ))
}

/// Secrets reach NoEcho parameters only, and NoEcho parameters get secrets only: any other value
/// would stand in plans and records.
fn secret_problem(name: &str, rules: &ParameterRules, bound: Option<&Bound>) -> Option<Diagnostic> {
    let bound = bound?;
    let is_secret = matches!(bound.binding, Binding::Secret(_));
    let problem = match (is_secret, rules.declared.no_echo) {
        (true, false) => Diagnostic::error(
            "secret-shown",
            format!("the parameter `{name}` gets a secret, but CloudFormation would show its value"),
        )
        .hint("add `NoEcho: true` to the parameter in the template"),
        (false, true) => Diagnostic::error(
            "secret-in-source",
            format!("the NoEcho parameter `{name}` is fed from the source"),
        )
        .hint("keep the value in Secrets Manager and write `!secret NAME#key`"),
        _ => return None,
    };
    Some(problem.at(bound.position.place()))
}

fn unfit(name: &str, why: &str, bound: Option<&Bound>, document: &Document) -> Diagnostic {
    let problem =
        Diagnostic::error("invalid-parameter", format!("the value of the parameter `{name}` {why}"));
    match bound {
        Some(bound) => problem.at(bound.position.place()),
        None => at_template(problem, document, &format!("{name}/Default")),
    }
}

fn at_template(problem: Diagnostic, document: &Document, path: &str) -> Diagnostic {
    match document.place(&format!("/Parameters/{path}")) {
        Some(place) => problem.at(place),
        None => problem,
    }
}
