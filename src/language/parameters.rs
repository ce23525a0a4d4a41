//! Parameters: their declarations, and values with defaults, types and constraints.
//!
//! Source: CloudFormation user guide, "Parameters". The words of refusals are CloudFormation's own
//! where it has words for it; no refusal repeats a value.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer};
use serde_json::{Value, json};

use crate::language::parameter_type::{Kind, ParameterType, UnknownType, number};
use crate::language::pattern;
use crate::language::value::text_of;

/// Longest value, in bytes. Source: CloudFormation user guide, "CloudFormation quotas".
pub const LONGEST_VALUE: usize = 4_096;

/// A parameter's declaration.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct Parameter {
    /// `String`, `Number`, `CommaDelimitedList`, `List<...>`, an AWS-specific or a stored type.
    pub r#type: String,
    /// Value when none is given.
    #[serde(default, deserialize_with = "scalar")]
    pub default: Option<String>,
    /// The only values accepted.
    #[serde(default, deserialize_with = "scalars")]
    pub allowed_values: Option<Vec<String>>,
    /// A regular expression the whole value must match.
    pub allowed_pattern: Option<String>,
    /// What to say when a constraint is violated.
    pub constraint_description: Option<String>,
    /// Least number of characters.
    #[serde(default, deserialize_with = "scalar")]
    pub min_length: Option<String>,
    /// Greatest number of characters.
    #[serde(default, deserialize_with = "scalar")]
    pub max_length: Option<String>,
    /// Least number.
    #[serde(default, deserialize_with = "scalar")]
    pub min_value: Option<String>,
    /// Greatest number.
    #[serde(default, deserialize_with = "scalar")]
    pub max_value: Option<String>,
    #[serde(default, deserialize_with = "scalar")]
    no_echo: Option<String>,
    #[serde(rename = "Description")]
    _description: Option<String>,
}

/// Why parameter values were refused.
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
    #[error(transparent)]
    Type(#[from] UnknownType),
    /// A value that would have to be read from Parameter Store.
    #[error(
        "Parameter '{name}' is read from Parameter Store, which the embedded engine does not have: lock its value with `rekindle lock`"
    )]
    Stored {
        /// The parameter.
        name: String,
    },
}

/// The value of every parameter: a string, or a list of strings for list types.
///
/// # Errors
/// [`ParameterError`] for the first parameter that is wrong.
pub fn resolve(
    declared: &BTreeMap<String, Parameter>,
    given: &BTreeMap<String, String>,
) -> Result<BTreeMap<String, Value>, ParameterError> {
    let undeclared: Vec<_> = given.keys().filter(|name| !declared.contains_key(*name)).collect();
    if !undeclared.is_empty() {
        return Err(ParameterError::Undeclared(join(&undeclared)));
    }
    let has_no_value =
        |(name, parameter): &(&String, &Parameter)| !given.contains_key(*name) && parameter.default.is_none();
    let missing: Vec<_> = declared.iter().filter(has_no_value).map(|(name, _)| name).collect();
    if !missing.is_empty() {
        return Err(ParameterError::Missing(join(&missing)));
    }
    let resolved = declared.iter().map(|(name, parameter)| {
        let text = given.get(name).or(parameter.default.as_ref()).map_or("", String::as_str);
        Ok((name.clone(), value(name, parameter, text)?))
    });
    resolved.collect()
}

fn join(names: &[&String]) -> String {
    names.iter().map(|name| name.as_str()).collect::<Vec<_>>().join(", ")
}

fn value(name: &str, parameter: &Parameter, text: &str) -> Result<Value, ParameterError> {
    let kind: ParameterType = parameter.r#type.parse()?;
    if matches!(kind, ParameterType::Stored(_)) {
        return Err(ParameterError::Stored { name: name.to_owned() });
    }
    parameter
        .check(&kind, text)
        .map_err(|problem| ParameterError::Constraint { name: name.to_owned(), problem })?;
    let items = kind.items(text);
    Ok(if kind.is_list() { json!(items) } else { json!(text) })
}

impl Parameter {
    /// Whether the value reads back as `****`.
    pub fn is_secret(&self) -> bool {
        self.no_echo.as_deref().is_some_and(|text| text.eq_ignore_ascii_case("true"))
    }

    /// The value that a text gives, whatever the constraints: text, or a list of texts. `None` for
    /// a type that does not exist or reads Parameter Store.
    pub fn read(&self, text: &str) -> Option<Value> {
        match self.r#type.parse().ok()? {
            ParameterType::Stored(_) => None,
            kind if kind.is_list() => Some(json!(kind.items(text))),
            _ => Some(json!(text)),
        }
    }

    /// Checks a value; the error is the rest of a sentence that begins with the parameter's name.
    ///
    /// # Errors
    /// What the value must be.
    pub fn check(&self, kind: &ParameterType, text: &str) -> Result<(), String> {
        if text.len() > LONGEST_VALUE {
            return Err(format!("must be at most {LONGEST_VALUE} bytes long"));
        }
        kind.items(text).into_iter().try_for_each(|item| self.check_item(kind, item))
    }

    fn check_item(&self, kind: &ParameterType, text: &str) -> Result<(), String> {
        let described = |problem: String| {
            let description = self.constraint_description.as_ref();
            description.map_or(problem, |text| format!("failed to satisfy constraint: {text}"))
        };
        if let Some(allowed) = &self.allowed_values
            && !allowed.iter().any(|value| value == text)
        {
            return Err(described(format!("must be one of AllowedValues [{}]", allowed.join(", "))));
        }
        if let Some(pattern) = &self.allowed_pattern
            && !pattern::matches_whole(pattern, text).map_err(|error| error.to_string())?
        {
            return Err(described(format!("must match pattern {pattern}")));
        }
        match kind.kind() {
            Kind::Number => self.bounds(text).map_err(described),
            Kind::Text if *kind == ParameterType::One(Kind::Text) => self.length(text).map_err(described),
            kind if kind.fits(text) => Ok(()),
            kind => Err(format!("must be of the type {kind}")),
        }
    }

    fn length(&self, text: &str) -> Result<(), String> {
        let length = text.chars().count() as f64;
        if let Some((minimum, _)) = bound(&self.min_length).filter(|(_, minimum)| length < *minimum) {
            return Err(format!("must contain at least {minimum} characters"));
        }
        if let Some((maximum, _)) = bound(&self.max_length).filter(|(_, maximum)| length > *maximum) {
            return Err(format!("must contain at most {maximum} characters"));
        }
        Ok(())
    }

    fn bounds(&self, text: &str) -> Result<(), String> {
        let given = number(text).ok_or_else(|| "must be a number".to_owned())?;
        if let Some((minimum, _)) = bound(&self.min_value).filter(|(_, minimum)| given < *minimum) {
            return Err(format!("must be a number not less than {minimum}"));
        }
        if let Some((maximum, _)) = bound(&self.max_value).filter(|(_, maximum)| given > *maximum) {
            return Err(format!("must be a number not greater than {maximum}"));
        }
        Ok(())
    }
}

/// A bound as written, and as a number.
fn bound(text: &Option<String>) -> Option<(&str, f64)> {
    text.as_deref().and_then(|text| Some((text, number(text)?)))
}

fn scalar<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let value = Value::deserialize(deserializer)?;
    text_of(&value).map(Some).ok_or_else(|| serde::de::Error::custom("expected a string or a number"))
}

fn scalars<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Vec<String>>, D::Error> {
    let values = Vec::<Value>::deserialize(deserializer)?;
    let texts: Option<Vec<_>> = values.iter().map(text_of).collect();
    texts.map(Some).ok_or_else(|| serde::de::Error::custom("expected strings or numbers"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(declaration: Value, text: &str) -> Option<String> {
        let declared = BTreeMap::from([("P".to_owned(), serde_json::from_value(declaration).unwrap())]);
        let given = BTreeMap::from([("P".to_owned(), text.to_owned())]);
        resolve(&declared, &given).err().map(|error| error.to_string())
    }

    #[test]
    fn values_are_checked_by_type_and_constraint() {
        for (declaration, text, expected) in [
            (json!({"Type": "Number"}), "1.5", None),
            (json!({"Type": "Number"}), "NaN", Some("Parameter 'P' must be a number")),
            (
                json!({"Type": "List<Number>", "MaxValue": 5}),
                "1, 6",
                Some("Parameter 'P' must be a number not greater than 5"),
            ),
            (
                json!({"Type": "AWS::EC2::VPC::Id"}),
                "vpc-1",
                Some("Parameter 'P' must be of the type AWS::EC2::VPC::Id"),
            ),
            (json!({"Type": "List<AWS::EC2::Subnet::Id>"}), "subnet-a123baa3 , subnet-a123baa4", None),
            (
                json!({"Type": "List<AWS::EC2::Subnet::Id>"}),
                "",
                Some("Parameter 'P' must be of the type AWS::EC2::Subnet::Id"),
            ),
            (json!({"Type": "CommaDelimitedList", "MinLength": 3}), "a,b", None),
            (
                json!({"Type": "String", "MaxLength": 3}),
                "äöüß",
                Some("Parameter 'P' must contain at most 3 characters"),
            ),
            (
                json!({"Type": "CommaDelimitedList", "AllowedPattern": "[a-z]"}),
                "a, b,C",
                Some("Parameter 'P' must match pattern [a-z]"),
            ),
            (json!({"Type": "CommaDelimitedList", "AllowedValues": ["a", 1]}), "1 ,a", None),
            (
                json!({"Type": "Strin"}),
                "a",
                Some("Template format error: Unrecognized parameter type: Strin"),
            ),
            (
                json!({"Type": "String", "AllowedPattern": "("}),
                "a",
                Some("Parameter 'P' has a pattern that cannot be used: "),
            ),
        ] {
            let told = problem(declaration.clone(), text);
            let fits = match (&told, expected) {
                (Some(told), Some(expected)) => told.starts_with(expected),
                (told, expected) => told.is_none() && expected.is_none(),
            };
            assert!(fits, "{declaration} {text}: {told:?}");
        }
        assert!(problem(json!({"Type": "String"}), &"x".repeat(4_097)).is_some());
        let stored = problem(json!({"Type": "AWS::SSM::Parameter::Value<String>"}), "/app").unwrap();
        assert!(stored.contains("rekindle lock"), "{stored}");
    }

    #[test]
    fn lists_lose_their_blanks_and_keep_an_empty_item() {
        let declared: BTreeMap<String, Parameter> = BTreeMap::from([(
            "P".to_owned(),
            serde_json::from_value(json!({"Type": "CommaDelimitedList"})).unwrap(),
        )]);
        let value = |text: &str| {
            resolve(&declared, &BTreeMap::from([("P".to_owned(), text.to_owned())])).unwrap()["P"].clone()
        };
        assert_eq!(value(" a , b c,,"), json!(["a", "b c", "", ""]));
        assert_eq!(value(""), json!([""]));
    }
}
