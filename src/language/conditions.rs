//! Which conditions of a template hold.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use crate::language::evaluate::{EvaluateError, Evaluator};
use crate::language::facts::Facts;

/// How many names of a circle an error lists.
const MOST_SHOWN: usize = 20;

/// Decides every condition of the section `Conditions` from `facts` (whose own conditions do not
/// count); `None` for those that hang on something that is not known yet.
///
/// # Errors
/// [`EvaluateError`] for malformed conditions and for ones that depend on themselves.
pub fn decide(
    conditions: &Map<String, Value>,
    facts: &Facts,
) -> Result<BTreeMap<String, Option<bool>>, EvaluateError> {
    let mut deciding = Deciding {
        conditions,
        facts: Facts { conditions: BTreeMap::new(), ..facts.clone() },
        under_way: Vec::new(),
        entered: BTreeSet::new(),
    };
    for name in conditions.keys() {
        deciding.resolve(name)?;
    }
    Ok(deciding.facts.conditions)
}

/// The error for a condition that is not declared.
pub(super) fn undefined(name: &str) -> EvaluateError {
    EvaluateError::Template(format!("Unresolved condition dependency {name}"))
}

/// A walk in depth that keeps its own stack: a chain of conditions may be as long as a template.
struct Deciding<'a> {
    conditions: &'a Map<String, Value>,
    facts: Facts,
    /// Conditions on the way, each with those it still waits for.
    under_way: Vec<(&'a str, Vec<&'a str>)>,
    /// The names on the way.
    entered: BTreeSet<&'a str>,
}

impl<'a> Deciding<'a> {
    /// Decides one condition after those it names.
    fn resolve(&mut self, name: &'a str) -> Result<(), EvaluateError> {
        self.enter(name)?;
        while let Some((name, needed)) = self.under_way.last_mut() {
            match (needed.pop(), *name) {
                (Some(next), _) => self.enter(next)?,
                (None, name) => {
                    self.under_way.pop();
                    self.entered.remove(name);
                    let holds = self.holds(name)?;
                    self.facts.conditions.insert(name.to_owned(), holds);
                }
            }
        }
        Ok(())
    }

    fn enter(&mut self, name: &'a str) -> Result<(), EvaluateError> {
        if self.facts.conditions.contains_key(name) {
            return Ok(());
        }
        if !self.entered.insert(name) {
            return Err(self.circle(name));
        }
        let value = self.conditions.get(name).ok_or_else(|| undefined(name))?;
        let mut needed = Vec::new();
        named(value, &mut needed);
        needed.reverse();
        self.under_way.push((name, needed));
        Ok(())
    }

    fn circle(&self, name: &str) -> EvaluateError {
        let circle = self.under_way.iter().map(|(other, _)| *other).skip_while(|other| *other != name);
        let shown: Vec<&str> = circle.take(MOST_SHOWN).collect();
        EvaluateError::Template(format!("Circular dependencies for conditions [{}]", shown.join(", ")))
    }

    fn holds(&self, name: &str) -> Result<Option<bool>, EvaluateError> {
        match Evaluator::new(&self.facts).condition(&self.conditions[name]) {
            Ok(holds) => Ok(Some(holds)),
            Err(EvaluateError::NotKnown(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// Names of the conditions a condition refers to.
fn named<'a>(value: &'a Value, names: &mut Vec<&'a str>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| named(item, names)),
        Value::Object(map) => {
            for (key, item) in map {
                match (key.as_str(), item) {
                    ("Condition", Value::String(name)) => names.push(name),
                    ("Fn::If", Value::Array(parts)) => {
                        names.extend(parts.first().and_then(Value::as_str));
                        named(item, names);
                    }
                    _ => named(item, names),
                }
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn decided(conditions: &Value) -> Result<String, String> {
        let facts = Facts {
            parameters: BTreeMap::from([("Size".to_owned(), Some(json!("large"))), ("Key".to_owned(), None)]),
            ..Facts::default()
        };
        let decided = decide(conditions.as_object().unwrap(), &facts).map_err(|error| error.to_string())?;
        let line = |(name, holds): (String, Option<bool>)| match holds {
            Some(holds) => format!("{name}={holds}"),
            None => format!("{name}=?"),
        };
        Ok(decided.into_iter().map(line).collect::<Vec<_>>().join(" "))
    }

    #[test]
    fn what_is_known_decides_as_far_as_it_can() {
        let conditions = json!({
            "Large": {"Fn::Equals": [{"Ref": "Size"}, "large"]},
            "Keyed": {"Fn::Not": [{"Fn::Equals": [{"Ref": "Key"}, ""]}]},
            "Both": {"Fn::And": [{"Condition": "Large"}, {"Condition": "Keyed"}]},
            "Either": {"Fn::Or": [{"Condition": "Keyed"}, {"Condition": "Large"}]},
            "Neither": {"Fn::Not": [{"Condition": "Either"}]},
            "Chosen": {"Fn::Equals": [{"Fn::If": ["Large", "a", {"Ref": "Key"}]}, "a"]},
        });
        assert_eq!(
            decided(&conditions).unwrap(),
            "Both=? Chosen=true Either=true Keyed=? Large=true Neither=false"
        );
    }

    #[test]
    fn circles_and_unknown_names_are_refused() {
        let circle = json!({"A": {"Condition": "B"}, "B": {"Fn::Not": [{"Condition": "A"}]}});
        assert_eq!(
            decided(&circle).unwrap_err(),
            "Template error: Circular dependencies for conditions [A, B]"
        );
        assert_eq!(
            decided(&json!({"A": {"Condition": "B"}})).unwrap_err(),
            "Template error: Unresolved condition dependency B"
        );
    }
}
