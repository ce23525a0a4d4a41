//! Desired units that are final, with the digest that everything after the release compares by.

use std::collections::BTreeMap;
use std::ops::Deref;
use std::sync::Arc;

use serde::{Deserialize, Serialize, Serializer};
use serde_json::{Value, json};

use crate::model::facts::{Facts, SCHEMA};
use crate::model::{DesiredUnit, Digest, canonical};

/// A desired unit that changes no more. Cheap to clone; its digest was worked out when it was sealed.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(from = "DesiredUnit")]
pub struct SealedUnit {
    unit: Arc<DesiredUnit>,
    digest: Digest,
}

impl SealedUnit {
    /// The unit digest: canonical template, bindings, tags, stack policy, termination protection,
    /// capabilities, role. Notifications and the time-out only steer an operation and are left out.
    pub fn digest(&self) -> Digest {
        self.digest
    }

    /// The facts a stack carries that is made from this unit, with these resolved parameter values,
    /// by that release.
    pub fn facts(&self, values: &BTreeMap<String, String>, release: Digest) -> Facts {
        Facts {
            schema: SCHEMA,
            unit: self.digest,
            parameters: self.parameter_digest(values),
            class: self.class,
            needs: self.needs.iter().cloned().collect(),
            uses: self.uses().into_iter().collect(),
            release,
            expires: None,
        }
    }
}

impl From<DesiredUnit> for SealedUnit {
    fn from(unit: DesiredUnit) -> Self {
        let digest = digest(&unit);
        Self { unit: Arc::new(unit), digest }
    }
}

impl Deref for SealedUnit {
    type Target = DesiredUnit;

    fn deref(&self) -> &DesiredUnit {
        &self.unit
    }
}

/// Written as the unit alone: whoever reads it works the digest out again.
impl Serialize for SealedUnit {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.unit.serialize(serializer)
    }
}

fn digest(unit: &DesiredUnit) -> Digest {
    // The template goes in by reference: it is large.
    let content = canonical::object([
        ("template", &*unit.template),
        ("parameters", &json!(unit.parameters)),
        ("tags", &json!(unit.tags)),
        ("stack_policy", unit.stack_policy.as_ref().unwrap_or(&Value::Null)),
        ("termination_protection", &json!(unit.termination_protection)),
        ("capabilities", &json!(unit.capabilities)),
        ("service_role", &json!(unit.service_role)),
    ]);
    Digest::of_canonical("rekindle/unit/1", &content)
}
