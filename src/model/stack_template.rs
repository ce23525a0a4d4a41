//! CloudFormation templates as JSON, shared by all who have the same one.

use std::fmt;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

/// A template as JSON, every function in its long form. Cheap to clone: the tree is by far the
/// largest part of a unit, and many units have the same one. Changing it changes a copy.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StackTemplate(Arc<Value>);

impl From<Value> for StackTemplate {
    fn from(value: Value) -> Self {
        Self(Arc::new(value))
    }
}

impl Deref for StackTemplate {
    type Target = Value;

    fn deref(&self) -> &Value {
        &self.0
    }
}

impl DerefMut for StackTemplate {
    fn deref_mut(&mut self) -> &mut Value {
        Arc::make_mut(&mut self.0)
    }
}

impl PartialEq<Value> for StackTemplate {
    fn eq(&self, other: &Value) -> bool {
        *self.0 == *other
    }
}

impl fmt::Display for StackTemplate {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

impl Serialize for StackTemplate {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for StackTemplate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Value::deserialize(deserializer).map(Self::from)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_change_leaves_the_others_as_they_are() {
        let one = StackTemplate::from(json!({"Resources": {}}));
        let mut other = one.clone();
        other["Description"] = json!("changed");
        assert_eq!(one, json!({"Resources": {}}));
        assert_eq!(other, json!({"Resources": {}, "Description": "changed"}));
    }
}
