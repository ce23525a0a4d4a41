//! What one instance should be: everything the plan compares and the engine sends.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::model::facts::{CARRIER, Facts, Identity, UsedInstance};
use crate::model::{Binding, Class, Digest, InstanceName, Output, StackName, StackTemplate, canonical};

/// One instance as the source wants it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DesiredUnit {
    /// Project, environment, unit and target.
    pub identity: Identity,
    /// The stack's name, see [`StackName::derive`].
    pub stack: StackName,
    /// How precious it is.
    pub class: Class,
    /// The CloudFormation template without rekindle's own additions.
    pub template: StackTemplate,
    /// Every parameter of the template: one without a binding in the source is bound to the
    /// template's default, so that every parameter is always sent and none is sticky.
    pub parameters: BTreeMap<String, Binding>,
    /// Names of parameters with `NoEcho`, left out of digests of values and never shown.
    pub secret_parameters: BTreeSet<String>,
    /// The user's tags; the identity tags come on top.
    pub tags: BTreeMap<String, String>,
    /// The stack policy, as JSON.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stack_policy: Option<Value>,
    /// Whether the stack refuses deletion.
    pub termination_protection: bool,
    /// Capabilities the template needs, sorted.
    pub capabilities: BTreeSet<String>,
    /// ARN of the role CloudFormation assumes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service_role: Option<String>,
    /// SNS topic ARNs that receive the stack's events.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notifications: Vec<String>,
    /// Minutes after which CloudFormation gives up creating.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout_minutes: Option<u32>,
    /// Instances of this environment that must stand before this one: the references and `after`.
    pub needs: BTreeSet<InstanceName>,
}

impl DesiredUnit {
    /// A unit that is its template and nothing else: no parameters, tags, needs or settings.
    pub fn new(identity: Identity, class: Class, template: StackTemplate) -> Self {
        Self {
            stack: StackName::derive(&identity.project, &identity.environment, &identity.instance),
            identity,
            class,
            template,
            parameters: BTreeMap::new(),
            secret_parameters: BTreeSet::new(),
            tags: BTreeMap::new(),
            stack_policy: None,
            termination_protection: false,
            capabilities: BTreeSet::new(),
            service_role: None,
            notifications: Vec::new(),
            timeout_minutes: None,
            needs: BTreeSet::new(),
        }
    }

    /// Who this is.
    pub fn instance(&self) -> &InstanceName {
        &self.identity.instance
    }

    /// The user's tags and the identity tags.
    pub fn all_tags(&self) -> BTreeMap<String, String> {
        let mut tags = self.tags.clone();
        tags.extend(self.identity.tags());
        tags
    }

    /// Digest of resolved parameter values, secrets left out (their binding is in the unit digest).
    pub fn parameter_digest(&self, values: &BTreeMap<String, String>) -> Digest {
        let open: BTreeMap<_, _> =
            values.iter().filter(|(name, _)| !self.secret_parameters.contains(*name)).collect();
        Digest::of_value("rekindle/parameters/1", &json!(open))
    }

    /// Instances of other environments whose outputs this one takes.
    pub fn uses(&self) -> BTreeSet<UsedInstance> {
        let used = |binding: &Binding| match binding.output() {
            Some(Output { environment: Some(environment), instance, .. }) => {
                Some(UsedInstance { environment: environment.clone(), instance: instance.clone() })
            }
            _ => None,
        };
        self.parameters.values().filter_map(used).collect()
    }

    /// The text that is sent: the template with the facts in its metadata and in one output, as
    /// ASCII-only canonical JSON.
    pub fn sent_template(&self, facts: &Facts) -> String {
        let mut template = self.template.tree().into_owned();
        add_facts(&mut template, facts);
        canonical::ascii(&template)
    }
}

/// Puts the facts into the metadata and into one output of a template.
pub fn add_facts(template: &mut Value, facts: &Facts) {
    if let Some(root) = template.as_object_mut() {
        insert(root, "Metadata", json!(facts));
        insert(root, "Outputs", json!({ "Value": facts.encode() }));
    }
}

fn insert(root: &mut serde_json::Map<String, Value>, section: &str, value: Value) {
    if let Some(section) = root.entry(section).or_insert_with(|| json!({})).as_object_mut() {
        section.insert(CARRIER.to_owned(), value);
    }
}

/// Takes rekindle's own additions out of a template that came back from CloudFormation, so that
/// it equals [`DesiredUnit::template`] when nobody changed it. Returns the facts of its metadata.
pub fn strip_additions(template: &mut Value) -> Option<Facts> {
    let root = template.as_object_mut()?;
    let facts = remove(root, "Metadata").and_then(|facts| serde_json::from_value(facts).ok());
    remove(root, "Outputs");
    facts
}

fn remove(root: &mut serde_json::Map<String, Value>, section: &str) -> Option<Value> {
    let object = root.get_mut(section)?.as_object_mut()?;
    let removed = object.remove(CARRIER);
    if object.is_empty() && removed.is_some() {
        root.remove(section);
    }
    removed
}
