//! CloudFormation templates as JSON: as the tree that is looked into, as the canonical text that is
//! digested and sent, or as both. A tree takes twenty times the memory of its text, so what is only
//! kept is kept as text.

use std::borrow::Cow;
use std::fmt;
use std::ops::{Deref, DerefMut};
use std::sync::{Arc, OnceLock};

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use crate::model::canonical;

/// A template as JSON, every function in its long form. Cheap to clone; changing it changes a copy.
#[derive(Clone, Debug)]
pub struct StackTemplate(Arc<Forms>);

/// At least one of the two is there; the other is made from it when somebody asks.
#[derive(Clone, Debug)]
struct Forms {
    tree: OnceLock<Value>,
    text: OnceLock<Box<str>>,
}

impl StackTemplate {
    /// The canonical text. See [`canonical::text`].
    pub fn text(&self) -> &str {
        let Forms { tree, text } = &*self.0;
        text.get_or_init(|| canonical::text(tree.get().unwrap_or(&Value::Null)).into())
    }

    /// The tree, for one look: unlike the references that this type derefs to, it is not kept.
    pub fn tree(&self) -> Cow<'_, Value> {
        let Forms { tree, text } = &*self.0;
        match (tree.get(), text.get()) {
            (Some(tree), _) => Cow::Borrowed(tree),
            (None, text) => Cow::Owned(text.map_or(Value::Null, |text| read(text))),
        }
    }

    /// The same template, kept as its text alone.
    pub fn folded(&self) -> Self {
        let text: Box<str> = self.text().into();
        Self(Arc::new(Forms { tree: OnceLock::new(), text: text.into() }))
    }
}

/// Reads what [`canonical`] wrote. How deep a template may be nested was checked when it was read
/// from its source.
fn read(text: &str) -> Value {
    let mut deserializer = serde_json::Deserializer::from_str(text);
    deserializer.disable_recursion_limit();
    Value::deserialize(&mut deserializer).expect("canonical JSON is JSON")
}

impl From<Value> for StackTemplate {
    fn from(tree: Value) -> Self {
        Self(Arc::new(Forms { tree: OnceLock::from(tree), text: OnceLock::new() }))
    }
}

impl Deref for StackTemplate {
    type Target = Value;

    fn deref(&self) -> &Value {
        let Forms { tree, text } = &*self.0;
        tree.get_or_init(|| text.get().map_or(Value::Null, |text| read(text)))
    }
}

impl DerefMut for StackTemplate {
    fn deref_mut(&mut self) -> &mut Value {
        let mut changed = Self::from(Value::clone(self));
        std::mem::swap(self, &mut changed);
        let forms = Arc::get_mut(&mut self.0).expect("it was made just now and nobody else has it");
        forms.tree.get_mut().expect("it was made from a tree")
    }
}

impl PartialEq for StackTemplate {
    fn eq(&self, other: &Self) -> bool {
        self.text() == other.text()
    }
}

impl PartialEq<Value> for StackTemplate {
    fn eq(&self, other: &Value) -> bool {
        **self == *other
    }
}

impl fmt::Display for StackTemplate {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(formatter)
    }
}

impl Serialize for StackTemplate {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        (**self).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for StackTemplate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Value::deserialize(deserializer).map(Self::from)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{prop_assert_eq, proptest};
    use serde_json::json;

    use super::*;
    use crate::model::canonical::tests::values;

    #[test]
    fn a_change_leaves_the_others_as_they_are() {
        for one in [
            StackTemplate::from(json!({"Resources": {}})),
            StackTemplate::from(json!({"Resources": {}})).folded(),
        ] {
            let mut other = one.clone();
            assert_eq!(other.text(), r#"{"Resources":{}}"#);
            other["Description"] = json!("changed");
            assert_eq!(one, json!({"Resources": {}}));
            assert_eq!(other, json!({"Resources": {}, "Description": "changed"}));
            assert_eq!(other.text(), r#"{"Description":"changed","Resources":{}}"#);
        }
    }

    #[test]
    fn nesting_beyond_the_library_s_limit_is_read() {
        let template = StackTemplate::from(json!({"Resources": {}}));
        assert!(matches!(template.tree(), Cow::Borrowed(_)));
        assert_eq!(*template.folded().tree(), json!({"Resources": {}}));
        let deep = (0..300).fold(json!(1), |inner, _| json!([inner]));
        assert_eq!(*StackTemplate::from(deep.clone()).folded(), deep);
    }

    proptest! {
        #[test]
        fn what_was_folded_unfolds_to_the_same(value in values()) {
            let template = StackTemplate::from(value);
            let unfolded = StackTemplate::from(Value::clone(&template.folded()));
            prop_assert_eq!(unfolded.text(), template.text());
        }
    }
}
