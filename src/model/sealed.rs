//! Desired units that are final, with the digest that everything after the release compares by.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Deref;
use std::sync::Arc;

use serde::{Deserialize, Serialize, Serializer};
use serde_json::{Value, json};

use crate::model::canonical::{self, Member};
use crate::model::facts::{Facts, SCHEMA};
use crate::model::{DesiredUnit, Digest};

/// A desired unit that changes no more. Cheap to clone; what all others are asked about, its digest
/// and the names of its outputs, was worked out when it was sealed, and its template is kept folded.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(from = "DesiredUnit")]
pub struct SealedUnit {
    unit: Arc<DesiredUnit>,
    digest: Digest,
    outputs: Arc<BTreeSet<String>>,
}

impl SealedUnit {
    /// The unit digest: canonical template, bindings, tags, stack policy, termination protection,
    /// capabilities, role. Notifications and the time-out only steer an operation and are left out.
    pub fn digest(&self) -> Digest {
        self.digest
    }

    /// The names of the outputs that its template declares.
    pub fn outputs(&self) -> &BTreeSet<String> {
        &self.outputs
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
    fn from(mut unit: DesiredUnit) -> Self {
        let section = unit.template.get("Outputs").and_then(Value::as_object);
        let outputs = section.into_iter().flat_map(|section| section.keys().cloned()).collect();
        let digest = digest(&unit);
        unit.template = unit.template.folded();
        Self { unit: Arc::new(unit), digest, outputs: Arc::new(outputs) }
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
    let content = canonical::object([
        ("template", Member::Text(unit.template.text())),
        ("parameters", Member::Value(&json!(unit.parameters))),
        ("tags", Member::Value(&json!(unit.tags))),
        ("stack_policy", Member::Value(unit.stack_policy.as_ref().unwrap_or(&Value::Null))),
        ("termination_protection", Member::Value(&json!(unit.termination_protection))),
        ("capabilities", Member::Value(&json!(unit.capabilities))),
        ("service_role", Member::Value(&json!(unit.service_role))),
    ]);
    Digest::of_canonical("rekindle/unit/1", &content)
}
