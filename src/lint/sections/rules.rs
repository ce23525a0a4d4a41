//! The section `Rules`.

use serde_json::Value;

use crate::lint::functions::{Call, RULE_CONDITIONS, Walk};
use crate::lint::path::Path;
use crate::lint::rules::RULE_FORM;
use crate::lint::values::kind;

pub(super) fn check(walk: &mut Walk<'_, '_>) {
    walk.logical_names("Rules", &[]);
    let path = Path::ROOT.key("Rules");
    for (name, rule) in walk.scope.entries("Rules") {
        walk.owner = ("Rules", name);
        let path = path.key(name);
        let Some(map) = walk.map(rule, &RULE_FORM, &path, &format!("the rule `{name}`")) else { continue };
        walk.keys(map, &["Assertions", "RuleCondition"], &["Assertions"], &RULE_FORM, &path);
        if let Some(condition) = map.get("RuleCondition") {
            holds(walk, condition, &path.key("RuleCondition"));
        }
        match map.get("Assertions") {
            Some(Value::Array(assertions)) => {
                let path = path.key("Assertions");
                for (index, assertion) in assertions.iter().enumerate() {
                    one(walk, assertion, &path.index(index));
                }
            }
            Some(other) => {
                let message = format!("`Assertions` is a list, this is {}", kind(other));
                walk.report.value(&RULE_FORM, &path.key("Assertions"), message);
            }
            None => {}
        }
    }
}

fn one<'a>(walk: &mut Walk<'_, 'a>, assertion: &'a Value, path: &Path<'_>) {
    let Some(map) = walk.map(assertion, &RULE_FORM, path, "an assertion") else { return };
    walk.keys(map, &["Assert", "AssertDescription"], &["Assert"], &RULE_FORM, path);
    walk.text_at(map, "AssertDescription", &RULE_FORM, path);
    if let Some(condition) = map.get("Assert") {
        holds(walk, condition, &path.key("Assert"));
    }
}

fn holds<'a>(walk: &mut Walk<'_, 'a>, condition: &'a Value, path: &Path<'_>) {
    match Call::of(condition) {
        Some(call) => {
            walk.call(call, RULE_CONDITIONS, path);
        }
        None => {
            let message = format!("a condition function is wanted here, this is {}", kind(condition));
            walk.report.value(&RULE_FORM, path, message);
        }
    }
}
