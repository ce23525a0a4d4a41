//! Which conditions can hold together.
//!
//! A template is right only if it is right in each of the worlds that its parameters open. Here a
//! world is a choice of what each compared value is: one of the texts it is compared with, or
//! something else.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::lint::functions::{Call, Function};
use crate::lint::scope::Scope;
use crate::lint::values::text;

/// Worlds that are looked at; where there are more, no answer is given.
const MOST: usize = 256;

/// How deep conditions may be nested.
const DEEPEST: usize = 32;

/// Conditions, and what they are asked to come out as.
pub(super) type Asked = Vec<(String, bool)>;

/// Whether all conditions can come out as asked at once; `None` where it cannot be told.
pub(super) fn can_be(scope: &Scope<'_>, asked: &[(String, bool)]) -> Option<bool> {
    // The rules of a template forbid some worlds, in ways that are not looked at here.
    if scope.is_open || scope.section("Rules").is_some() {
        return None;
    }
    let mut reader = Reader { scope, conditions: BTreeMap::new(), variables: Vec::new() };
    for (name, _) in asked {
        reader.named(name, 0)?;
    }
    let count = |count: usize, variable: &Variable| {
        count.checked_mul(variable.possibilities()).filter(|count| *count <= MOST)
    };
    let worlds = reader.variables.iter().try_fold(1, count)?;
    let is_possible = (0..worlds).any(|world| reader.is_as_asked(world, asked));
    // Values that hang on each other open fewer worlds than are looked at: then only a no is certain.
    let is_exact = reader.variables.len() == 1 || reader.variables.iter().all(|one| one.is_free);
    (is_exact || !is_possible).then_some(is_possible)
}

/// A condition with its functions read.
enum Condition {
    Known(bool),
    /// A variable is one of the values it is compared with.
    Is(usize, usize),
    Not(Box<Condition>),
    All(Vec<Condition>),
    Any(Vec<Condition>),
    Named(String),
}

/// Something that is compared, and what it may be.
struct Variable {
    key: String,
    values: Vec<String>,
    /// Whether it may be something else too.
    is_open: bool,
    /// Whether no other variable has a say in what it is: a parameter by itself.
    is_free: bool,
}

impl Variable {
    fn possibilities(&self) -> usize {
        self.values.len() + usize::from(self.is_open)
    }
}

struct Reader<'s, 'a> {
    scope: &'s Scope<'a>,
    conditions: BTreeMap<String, Condition>,
    variables: Vec<Variable>,
}

impl Reader<'_, '_> {
    /// Reads a condition with those it is made of. `None` where it is nested too deep, or in a circle.
    fn named(&mut self, name: &str, depth: usize) -> Option<()> {
        if depth > DEEPEST {
            return None;
        }
        if !self.conditions.contains_key(name) {
            let condition = self.read(self.scope.entry("Conditions", name)?, depth + 1)?;
            self.conditions.insert(name.to_owned(), condition);
        }
        Some(())
    }

    fn read(&mut self, value: &Value, depth: usize) -> Option<Condition> {
        let call = Call::of(value).filter(|_| depth <= DEEPEST)?;
        Some(match (call.function, call.argument) {
            (Function::Condition, Value::String(name)) => {
                self.named(name, depth)?;
                Condition::Named(name.clone())
            }
            (Function::Not, Value::Array(of)) if of.len() == 1 => {
                Condition::Not(Box::new(self.read(&of[0], depth + 1)?))
            }
            (Function::And, Value::Array(of)) => Condition::All(self.each(of, depth)?),
            (Function::Or, Value::Array(of)) => Condition::Any(self.each(of, depth)?),
            (Function::Equals, Value::Array(of)) if of.len() == 2 => self.equal(&of[0], &of[1]),
            _ => return None,
        })
    }

    fn each(&mut self, of: &[Value], depth: usize) -> Option<Vec<Condition>> {
        of.iter().map(|one| self.read(one, depth + 1)).collect()
    }

    fn equal(&mut self, left: &Value, right: &Value) -> Condition {
        match (text(left), text(right)) {
            (Some(left), Some(right)) => Condition::Known(left == right),
            (None, Some(value)) => self.is(left, &value),
            (Some(value), None) => self.is(right, &value),
            (None, None) if left == right => Condition::Known(true),
            (None, None) => {
                let number = self.variable(format!("{left} = {right}"), None, false);
                self.value(number, "true")
            }
        }
    }

    fn is(&mut self, compared: &Value, value: &str) -> Condition {
        let allowed = match Call::of_value(compared) {
            Some(Call { function: Function::Ref, argument: Value::String(name), .. }) => {
                self.scope.entry("Parameters", name).and_then(|parameter| parameter.get("AllowedValues"))
            }
            _ => None,
        };
        let allowed: Option<Vec<String>> = allowed
            .and_then(Value::as_array)
            .map(|values| values.iter().filter_map(text).map(String::from).collect());
        let is_free = Call::of_value(compared).is_some_and(|call| call.function == Function::Ref);
        let number =
            self.variable(compared.to_string(), allowed.filter(|values| !values.is_empty()), is_free);
        self.value(number, value)
    }

    fn variable(&mut self, key: String, allowed: Option<Vec<String>>, is_free: bool) -> usize {
        if let Some(number) = self.variables.iter().position(|known| known.key == key) {
            return number;
        }
        let is_open = allowed.is_none();
        self.variables.push(Variable { key, values: allowed.unwrap_or_default(), is_open, is_free });
        self.variables.len() - 1
    }

    fn value(&mut self, number: usize, value: &str) -> Condition {
        let variable = &mut self.variables[number];
        match variable.values.iter().position(|known| known == value) {
            Some(index) => Condition::Is(number, index),
            None if variable.is_open => {
                variable.values.push(value.to_owned());
                Condition::Is(number, variable.values.len() - 1)
            }
            None => Condition::Known(false),
        }
    }

    fn is_as_asked(&self, world: usize, asked: &[(String, bool)]) -> bool {
        let mut rest = world;
        let choices: Vec<usize> = self
            .variables
            .iter()
            .map(|variable| {
                let choice = rest % variable.possibilities();
                rest /= variable.possibilities();
                choice
            })
            .collect();
        let mut known = BTreeMap::new();
        asked.iter().all(|(name, expected)| self.comes_out(name, &choices, &mut known) == *expected)
    }

    /// Each condition is evaluated once in a world: they may refer to each other many times.
    fn comes_out<'r>(
        &'r self,
        name: &'r str,
        choices: &[usize],
        known: &mut BTreeMap<&'r str, bool>,
    ) -> bool {
        if let Some(known) = known.get(name) {
            return *known;
        }
        let result = self.conditions.get(name).is_some_and(|condition| self.holds(condition, choices, known));
        known.insert(name, result);
        result
    }

    fn holds<'r>(
        &'r self,
        condition: &'r Condition,
        choices: &[usize],
        known: &mut BTreeMap<&'r str, bool>,
    ) -> bool {
        match condition {
            Condition::Known(value) => *value,
            Condition::Is(variable, value) => choices[*variable] == *value,
            Condition::Not(inner) => !self.holds(inner, choices, known),
            Condition::All(all) => all.iter().all(|one| self.holds(one, choices, known)),
            Condition::Any(any) => any.iter().any(|one| self.holds(one, choices, known)),
            Condition::Named(name) => self.comes_out(name, choices, known),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lint::Purpose;
    use serde_json::json;

    fn ask(asked: &[(&str, bool)]) -> Option<bool> {
        let template = json!({
            "Parameters": {"Stage": {"Type": "String", "AllowedValues": ["test", "live"]}},
            "Conditions": {
                "Test": {"Fn::Equals": [{"Ref": "Stage"}, "test"]},
                "Live": {"Fn::Equals": ["live", {"Ref": "Stage"}]},
                "Near": {"Fn::Equals": [{"Ref": "AWS::Region"}, "eu-west-1"]},
                "Far": {"Fn::Equals": [{"Ref": "AWS::Region"}, "us-east-1"]},
                "LiveAndNear": {"Fn::And": [{"Condition": "Live"}, {"Condition": "Near"}]},
                "Never": {"Fn::Equals": ["a", "b"]},
                "Same": {"Fn::Equals": [{"Ref": "One"}, {"Ref": "Other"}]},
                "SameTurned": {"Fn::Equals": [{"Ref": "Other"}, {"Ref": "One"}]},
                "Mapped": {"Fn::Equals": [{"Fn::FindInMap": ["M", {"Ref": "Stage"}, "x"]}, "yes"]},
                "Circle": {"Fn::Not": [{"Condition": "Circle"}]},
            },
        });
        let root = template.as_object().unwrap();
        let asked: Asked = asked.iter().map(|(name, value)| ((*name).to_owned(), *value)).collect();
        can_be(&Scope::of(root, root, Purpose::default()), &asked)
    }

    #[test]
    fn worlds_are_those_that_parameters_open() {
        for (asked, expected) in [
            (&[("Test", true), ("Live", true)][..], Some(false)),
            (&[("Test", false), ("Live", false)], Some(false)),
            (&[("Near", false), ("Far", false)], Some(true)),
            (&[("Near", true), ("Far", true)], Some(false)),
            (&[("LiveAndNear", true), ("Near", false)], Some(false)),
            (&[("LiveAndNear", false), ("Near", true)], Some(true)),
            (&[("Never", true)], Some(false)),
            (&[("Mapped", true)], Some(true)),
            (&[("Mapped", false), ("Test", true)], None),
            (&[("Same", true), ("SameTurned", false)], None),
            (&[("Mapped", true), ("Test", true), ("Live", true)], Some(false)),
            (&[("Circle", true)], None),
            (&[("Nowhere", true)], None),
        ] {
            assert_eq!(ask(asked), expected, "{asked:?}");
        }
    }
}
