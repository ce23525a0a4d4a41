//! The section `Rules`: assertions about parameters, judged before anything is made.
//!
//! Sources: CloudFormation user guide, "Rules"; template reference, "Rule functions". `Fn::If` is
//! on the first page and refused by real accounts (cloudformation-coverage-roadmap#921), so it is
//! refused here. How a failed assertion is worded is not documented.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use crate::language::evaluate::{Environment, EvaluateError};
use crate::language::facts::Facts;
use crate::language::parameters::Parameter;
use crate::language::value::{is_function, text_of};

/// What an account has, for `Fn::RefAll`, `Fn::ValueOf` and `Fn::ValueOfAll`.
pub trait Account {
    /// The ids of everything of a parameter type (`AWS::EC2::VPC::Id`); `None` when it cannot tell.
    fn identifiers(&self, parameter_type: &str) -> Option<Vec<String>>;

    /// An attribute of one of them: `VpcId`, `Tags.NAME`. A tag that is not there is empty; `None`
    /// when it cannot tell.
    fn attribute(&self, parameter_type: &str, id: &str, attribute: &str) -> Option<String>;
}

/// An account of which nothing is known.
#[derive(Clone, Copy, Debug)]
pub struct UnknownAccount;

impl Account for UnknownAccount {
    fn identifiers(&self, _: &str) -> Option<Vec<String>> {
        None
    }

    fn attribute(&self, _: &str, _: &str, _: &str) -> Option<String> {
        None
    }
}

/// What came of the rules.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Judgement {
    /// Assertions that do not hold: the rule, and what its author says about it.
    pub failed: Vec<(String, String)>,
    /// Rules that hang on something that is not known: the rule, and on what.
    pub undecided: Vec<(String, String)>,
}

const FUNCTIONS: [&str; 11] = [
    "Fn::And",
    "Fn::Contains",
    "Fn::EachMemberEquals",
    "Fn::EachMemberIn",
    "Fn::Equals",
    "Fn::Not",
    "Fn::Or",
    "Fn::RefAll",
    "Fn::ValueOf",
    "Fn::ValueOfAll",
    "Ref",
];

fn wrong(problem: impl Into<String>) -> EvaluateError {
    EvaluateError::Template(problem.into())
}

/// Judges every rule.
///
/// # Errors
/// [`EvaluateError`] for rules that are malformed.
pub fn judge(
    rules: &Map<String, Value>,
    parameters: &BTreeMap<String, Parameter>,
    facts: &Facts,
    account: &dyn Account,
) -> Result<Judgement, EvaluateError> {
    supported(rules)?;
    let judge = Judge { parameters, facts, account };
    let mut judgement = Judgement::default();
    for (name, rule) in rules {
        let failed = judge.rule(name, rule);
        match failed {
            Ok(failed) => judgement.failed.extend(failed.into_iter().map(|text| (name.clone(), text))),
            Err(EvaluateError::NotKnown(what)) => judgement.undecided.push((name.clone(), what)),
            Err(error) => return Err(error),
        }
    }
    Ok(judgement)
}

/// Refuses functions that rules may not use.
fn supported(rules: &Map<String, Value>) -> Result<(), EvaluateError> {
    let mut used = BTreeSet::new();
    rules.values().for_each(|rule| functions(rule, &mut used));
    let unsupported: Vec<_> = used.into_iter().filter(|name| !FUNCTIONS.contains(name)).collect();
    if unsupported.is_empty() {
        return Ok(());
    }
    Err(wrong(format!(
        "Following functions are not supported in the Rules block of the template: [{}]",
        unsupported.join(", ")
    )))
}

fn functions<'v>(value: &'v Value, used: &mut BTreeSet<&'v str>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| functions(item, used)),
        Value::Object(map) => {
            for (key, item) in map {
                if is_function(key) {
                    used.insert(key);
                }
                functions(item, used);
            }
        }
        _ => {}
    }
}

struct Judge<'a> {
    parameters: &'a BTreeMap<String, Parameter>,
    facts: &'a Facts,
    account: &'a dyn Account,
}

impl Judge<'_> {
    /// What the authors of failed assertions of a rule say.
    fn rule(&self, name: &str, rule: &Value) -> Result<Vec<String>, EvaluateError> {
        let assertions = rule.get("Assertions").and_then(Value::as_array);
        let assertions = assertions.ok_or_else(|| wrong(format!("rule {name} has no list of Assertions")))?;
        if let Some(condition) = rule.get("RuleCondition")
            && !self.holds(condition)?
        {
            return Ok(Vec::new());
        }
        let mut failed = Vec::new();
        for (index, assertion) in assertions.iter().enumerate() {
            let expression = assertion.get("Assert");
            let expression =
                expression.ok_or_else(|| wrong(format!("every assertion of rule {name} needs an Assert")))?;
            if !self.holds(expression)? {
                let description = assertion.get("AssertDescription").and_then(text_of);
                failed.push(description.unwrap_or_else(|| format!("assertion {} does not hold", index + 1)));
            }
        }
        Ok(failed)
    }

    fn holds(&self, expression: &Value) -> Result<bool, EvaluateError> {
        let malformed = || wrong("every condition and assertion of a rule must be a rule function");
        let map = expression.as_object().filter(|map| map.len() == 1).ok_or_else(malformed)?;
        let (name, argument) = map.iter().next().ok_or_else(malformed)?;
        let arguments = argument.as_array().map(Vec::as_slice).unwrap_or_default();
        match (name.as_str(), arguments) {
            ("Fn::And", items) if (2..=10).contains(&items.len()) => self.all_are(items, true),
            ("Fn::Or", items) if (2..=10).contains(&items.len()) => Ok(!self.all_are(items, false)?),
            ("Fn::Not", [item]) => Ok(!self.holds(item)?),
            ("Fn::Equals", [left, right]) => Ok(self.texts(left)? == self.texts(right)?),
            ("Fn::Contains", [list, text]) => {
                let (list, texts) = (self.texts(list)?, self.texts(text)?);
                Ok(texts.iter().all(|text| list.contains(text)))
            }
            ("Fn::EachMemberEquals", [list, text]) => {
                let text = self.texts(text)?;
                Ok(self.texts(list)?.iter().all(|member| text == std::slice::from_ref(member)))
            }
            ("Fn::EachMemberIn", [list, other]) => {
                let other = self.texts(other)?;
                Ok(self.texts(list)?.iter().all(|member| other.contains(member)))
            }
            (name, _) if FUNCTIONS.contains(&name) => {
                Err(wrong(format!("{name} has the wrong number of values in a rule")))
            }
            _ => Err(malformed()),
        }
    }

    /// As for conditions: what is known decides where it can.
    fn all_are(&self, items: &[Value], expected: bool) -> Result<bool, EvaluateError> {
        let mut unknown = None;
        for item in items {
            match self.holds(item) {
                Ok(holds) if holds != expected => return Ok(false),
                Ok(_) => {}
                Err(error @ EvaluateError::NotKnown(_)) => unknown = Some(error),
                Err(error) => return Err(error),
            }
        }
        unknown.map_or(Ok(true), Err)
    }

    /// A value as the list of its texts; one text is a list of one.
    fn texts(&self, value: &Value) -> Result<Vec<String>, EvaluateError> {
        let malformed = || wrong("values in rules are texts, lists of texts, or rule functions");
        match value {
            Value::Array(items) => {
                let texts = items.iter().map(|item| self.texts(item)).collect::<Result<Vec<_>, _>>()?;
                Ok(texts.concat())
            }
            Value::Object(map) => match map.iter().next() {
                Some((name, Value::String(argument))) if map.len() == 1 && name == "Ref" => {
                    self.texts(&self.facts.reference(argument)?)
                }
                Some((name, Value::String(argument))) if map.len() == 1 && name == "Fn::RefAll" => {
                    self.identifiers(argument)
                }
                Some((name, Value::Array(arguments))) if map.len() == 1 => match &arguments[..] {
                    [Value::String(first), Value::String(attribute)] => match name.as_str() {
                        "Fn::ValueOf" => self.value_of(first, attribute),
                        "Fn::ValueOfAll" => self.value_of_all(first, attribute),
                        _ => Err(malformed()),
                    },
                    _ => Err(malformed()),
                },
                _ => Err(malformed()),
            },
            scalar => text_of(scalar).map(|text| vec![text]).ok_or_else(malformed),
        }
    }

    fn identifiers(&self, parameter_type: &str) -> Result<Vec<String>, EvaluateError> {
        let known = self.account.identifiers(parameter_type);
        known.ok_or_else(|| EvaluateError::NotKnown(format!("Fn::RefAll of {parameter_type}")))
    }

    fn attribute(&self, parameter_type: &str, id: &str, attribute: &str) -> Result<String, EvaluateError> {
        let known = self.account.attribute(parameter_type, id, attribute);
        known.ok_or_else(|| EvaluateError::NotKnown(format!("{attribute} of the {parameter_type} {id}")))
    }

    fn value_of(&self, parameter: &str, attribute: &str) -> Result<Vec<String>, EvaluateError> {
        let declared = self.parameters.get(parameter);
        let declared = declared.ok_or_else(|| EvaluateError::Unresolved(parameter.to_owned()))?;
        let kind = declared.r#type.parse::<super::parameter_type::ParameterType>();
        let kind = kind.map_err(|error| wrong(error.0))?.kind().to_string();
        let ids = self.texts(&self.facts.reference(parameter)?)?;
        ids.iter().map(|id| self.attribute(&kind, id, attribute)).collect()
    }

    fn value_of_all(&self, parameter_type: &str, attribute: &str) -> Result<Vec<String>, EvaluateError> {
        let ids = self.identifiers(parameter_type)?;
        ids.iter().map(|id| self.attribute(parameter_type, id, attribute)).collect()
    }
}
