//! A template before or after an update, with what is known of its values.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use crate::language::{Evaluator, Facts, Reference, walk};

/// One side of an update.
pub struct Side<'a> {
    /// The template, with its loops written out.
    pub template: &'a Value,
    /// What is known of its values.
    pub facts: Facts,
    /// Parameters whose values may turn out to be any, the present ones included.
    pub open: BTreeSet<&'a str>,
}

impl Side<'_> {
    /// A section of the template.
    pub(in crate::plan) fn section(&self, name: &str) -> Option<&Map<String, Value>> {
        self.template.get(name)?.as_object()
    }

    pub(in crate::plan) fn resource(&self, logical_id: &str) -> Option<&Value> {
        self.section("Resources")?.get(logical_id)
    }

    pub(in crate::plan) fn property(&self, logical_id: &str, name: &str) -> Option<&Value> {
        self.resource(logical_id)?.get("Properties")?.get(name)
    }

    /// The value with all functions computed (`None` inside for one that is not there); `None` where
    /// it hangs on something that is not known.
    pub(in crate::plan) fn computed(&self, value: Option<&Value>) -> Option<Option<Value>> {
        match value {
            None => Some(None),
            Some(value) => Evaluator::new(&self.facts).value(value).ok(),
        }
    }

    /// Whether a value refers to a parameter that is open, directly or through a condition.
    pub(in crate::plan) fn is_open(&self, value: &Value) -> bool {
        let mut found = false;
        walk(value, None, &mut |reference| {
            found |= match reference {
                Reference::Name(name) => self.open.contains(name),
                Reference::Condition(name) => self.facts.conditions.get(name).is_none_or(Option::is_none),
                Reference::Attribute(..) => false,
            };
        });
        found
    }
}
