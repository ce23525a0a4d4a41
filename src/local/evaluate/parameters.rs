//! Parameter values: defaults, types and constraints.
//!
//! Source: CloudFormation template reference, "Parameters".

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::local::template::{Parameter, Template};

/// Why parameter values were refused. The words are CloudFormation's own where it has words for it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParameterError {
    /// No value and no default.
    #[error("Parameters: [{0}] must have values")]
    Missing(String),
    /// A value for a parameter that is not declared.
    #[error("Parameters: [{0}] do not exist in the template")]
    Undeclared(String),
    /// A constraint is violated.
    #[error("Parameter '{name}' {problem}")]
    Constraint {
        /// The parameter.
        name: String,
        /// What it must be.
        problem: String,
    },
    /// A type that does not exist.
    #[error("Template format error: Unrecognized parameter type: {0}")]
    Type(String),
    /// Real CloudFormation knows it, this engine does not yet.
    #[error("Parameter '{name}': the type {parameter_type} is not supported by the embedded engine yet")]
    NotYet {
        /// The parameter.
        name: String,
        /// Its type.
        parameter_type: String,
    },
}

/// The value of every parameter: a string, or a list of strings for list types.
///
/// # Errors
/// [`ParameterError`] for the first parameter that is wrong.
pub fn resolve(
    template: &Template,
    given: &BTreeMap<String, String>,
) -> Result<BTreeMap<String, Value>, ParameterError> {
    let undeclared: Vec<_> = given.keys().filter(|name| !template.parameters.contains_key(*name)).collect();
    if !undeclared.is_empty() {
        return Err(ParameterError::Undeclared(join(&undeclared)));
    }
    let has_no_value =
        |(name, parameter): &(&String, &Parameter)| !given.contains_key(*name) && parameter.default.is_none();
    let missing: Vec<_> = template.parameters.iter().filter(has_no_value).map(|(name, _)| name).collect();
    if !missing.is_empty() {
        return Err(ParameterError::Missing(join(&missing)));
    }
    let resolved = template.parameters.iter().map(|(name, parameter)| {
        let text = given.get(name).or(parameter.default.as_ref()).map_or("", String::as_str);
        Ok((name.clone(), value(name, parameter, text)?))
    });
    resolved.collect()
}

fn join(names: &[&String]) -> String {
    names.iter().map(|name| name.as_str()).collect::<Vec<_>>().join(", ")
}

fn value(name: &str, parameter: &Parameter, text: &str) -> Result<Value, ParameterError> {
    let parameter_type = parameter.r#type.as_str();
    if parameter_type.starts_with("AWS::SSM::Parameter::") {
        let (name, parameter_type) = (name.to_owned(), parameter_type.to_owned());
        return Err(ParameterError::NotYet { name, parameter_type });
    }
    if !is_known(parameter_type) {
        return Err(ParameterError::Type(parameter_type.to_owned()));
    }
    let is_list = parameter_type == "CommaDelimitedList" || parameter_type.starts_with("List<");
    let items: Vec<&str> = if is_list { text.split(',').map(str::trim).collect() } else { vec![text] };
    for item in &items {
        constrain(parameter, item)
            .map_err(|problem| ParameterError::Constraint { name: name.to_owned(), problem })?;
    }
    Ok(if is_list { json!(items) } else { json!(text) })
}

fn is_known(parameter_type: &str) -> bool {
    let inner = parameter_type.strip_prefix("List<").and_then(|rest| rest.strip_suffix('>'));
    match inner.unwrap_or(parameter_type) {
        "String" | "CommaDelimitedList" => inner.is_none(),
        "Number" => true,
        other => other.starts_with("AWS::"),
    }
}

/// Checks one value; the error is the rest of a sentence that begins with the parameter's name.
fn constrain(parameter: &Parameter, text: &str) -> Result<(), String> {
    let described = |problem: String| {
        parameter
            .constraint_description
            .clone()
            .map_or(problem, |description| format!("failed to satisfy constraint: {description}"))
    };
    if let Some(allowed) = &parameter.allowed_values
        && !allowed.iter().any(|value| value == text)
    {
        return Err(described(format!("must be one of AllowedValues [{}]", allowed.join(", "))));
    }
    if let Some(pattern) = &parameter.allowed_pattern
        && !matches_whole(pattern, text)?
    {
        return Err(described(format!("must match pattern {pattern}")));
    }
    numbers(parameter, text).map_err(described)
}

/// The pattern must match the whole value, anchored or not. Patterns may look around, which in a
/// hostile one can take for ever: the number of steps is bounded.
fn matches_whole(pattern: &str, text: &str) -> Result<bool, String> {
    let refused = |error: fancy_regex::Error| format!("has a pattern that cannot be used: {error}");
    let expression = fancy_regex::RegexBuilder::new(&format!("^(?:{pattern})$"))
        .backtrack_limit(100_000)
        .build()
        .map_err(refused)?;
    let found = expression.find(text).map_err(refused)?;
    Ok(found.is_some_and(|found| found.start() == 0 && found.end() == text.len()))
}

fn numbers(parameter: &Parameter, text: &str) -> Result<(), String> {
    let length = text.chars().count() as f64;
    let bound = |bound: &Option<String>| bound.as_ref().and_then(|text| text.parse::<f64>().ok());
    if bound(&parameter.min_length).is_some_and(|minimum| length < minimum) {
        let minimum = parameter.min_length.as_deref().unwrap_or_default();
        return Err(format!("must contain at least {minimum} characters"));
    }
    if bound(&parameter.max_length).is_some_and(|maximum| length > maximum) {
        let maximum = parameter.max_length.as_deref().unwrap_or_default();
        return Err(format!("must contain at most {maximum} characters"));
    }
    if !parameter.r#type.contains("Number") {
        return Ok(());
    }
    let number: f64 = text.parse().map_err(|_| "must be a number".to_owned())?;
    if let Some(minimum) = bound(&parameter.min_value).filter(|minimum| number < *minimum) {
        return Err(format!("must be a number not less than {minimum}"));
    }
    if let Some(maximum) = bound(&parameter.max_value).filter(|maximum| number > *maximum) {
        return Err(format!("must be a number not greater than {maximum}"));
    }
    Ok(())
}
