//! A template together with the values of one operation: what an operation works from.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::language::parameters::{self, ParameterError};
use crate::language::{EvaluateError, Facts, decide, is_pseudo_parameter};
use crate::local::evaluate::{Pseudo, Scope};
use crate::local::exports::Exports;
use crate::local::graph::{self, Dependencies};
use crate::local::outputs;
use crate::local::resource::Resource;
use crate::local::template::{Definition, Reference, Source, Template, TemplateError, text_of, walk};
use crate::port::StackBody;

/// What a stack is made of, as it is stored and shown.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Body {
    /// The template's text.
    pub template: String,
    /// Every parameter, defaults included.
    pub parameters: BTreeMap<String, String>,
    /// Names of parameters that read back as `****`.
    pub secrets: BTreeSet<String>,
    /// The stack's tags.
    pub tags: BTreeMap<String, String>,
    /// Capabilities acknowledged.
    pub capabilities: Vec<String>,
    /// Service role's ARN.
    pub service_role: Option<String>,
    /// SNS topic ARNs.
    pub notifications: Vec<String>,
}

/// Why a request's template and values cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum PrepareError {
    /// The template.
    #[error(transparent)]
    Template(#[from] TemplateError),
    /// A parameter.
    #[error(transparent)]
    Parameter(#[from] ParameterError),
    /// A condition.
    #[error(transparent)]
    Evaluate(#[from] EvaluateError),
    /// Resources that need each other.
    #[error("Circular dependency between resources: [{0}]")]
    Circular(String),
    /// A reference to a resource whose condition does not hold.
    #[error(
        "Template format error: Unresolved resource dependencies [{name}] in the {section} block of the template"
    )]
    Absent {
        /// Its logical id.
        name: String,
        /// Where it is referred to.
        section: &'static str,
    },
    /// An output's export has a name that none can have.
    #[error(
        "Template format error: Output {0} is malformed. The Name field of every Export member must be specified and consist only of alphanumeric characters, colons, or hyphens."
    )]
    ExportName(String),
    /// An output whose value is certainly no text.
    #[error(
        "Template format error: Output {0} is malformed. The Value field of every Outputs member must evaluate to a String."
    )]
    OutputValue(String),
    /// Rules whose assertions do not hold.
    #[error("Template error: {0}")]
    Rules(String),
    /// Capabilities that were not acknowledged.
    #[error("Requires capabilities : [{0}]")]
    Capabilities(&'static str),
}

/// A template together with the values of one operation.
#[derive(Debug)]
pub struct Context {
    /// The template.
    pub template: Template,
    /// Pseudo parameters.
    pub pseudo: Pseudo,
    /// What each resource that exists under the conditions needs.
    pub dependencies: Dependencies,
    /// Parameters, pseudo parameters, mappings and conditions.
    pub facts: Facts,
    is_extended: bool,
    conditions: BTreeMap<String, bool>,
}

impl Context {
    /// Reads a request's body and checks everything that can be checked before an operation.
    ///
    /// # Errors
    /// [`PrepareError`]; CloudFormation answers the same cases with a ValidationError.
    pub fn of_request(body: &StackBody, pseudo: Pseudo) -> Result<(Self, Body), PrepareError> {
        let context = Self::new(&body.template, &body.parameters, pseudo)?;
        outputs::check(&context)?;
        if let Some(missing) = missing_capability(&context, &body.capabilities) {
            return Err(PrepareError::Capabilities(missing));
        }
        let shown = |(name, value): (&String, &Value)| {
            let text = match value {
                Value::Array(items) => items.iter().filter_map(text_of).collect::<Vec<_>>().join(","),
                other => text_of(other).unwrap_or_default(),
            };
            (name.clone(), text)
        };
        let parameters = context.facts.parameters.iter();
        let known = parameters.filter_map(|(name, value)| Some((name, value.as_ref()?)));
        let stored = Body {
            template: body.template.clone(),
            parameters: known.map(shown).collect(),
            secrets: context.template.secrets(),
            tags: body.tags.clone(),
            capabilities: body.capabilities.clone(),
            service_role: body.service_role.clone(),
            notifications: body.notifications.clone(),
        };
        Ok((context, stored))
    }

    /// Reads a stored body again, after the process that stored it ended.
    ///
    /// # Errors
    /// [`PrepareError`]; a body that was accepted once is accepted again.
    pub fn of_body(body: &Body, pseudo: Pseudo) -> Result<Self, PrepareError> {
        Self::new(&body.template, &body.parameters, pseudo)
    }

    fn new(text: &str, given: &BTreeMap<String, String>, pseudo: Pseudo) -> Result<Self, PrepareError> {
        let source = Source::parse(text)?;
        // What no value can change is told before anything about values.
        let plain = match source.is_extended {
            true => None,
            false => Some(source.clone().template(&Facts::default())?),
        };
        let parameters = parameters::resolve(&source.parameters, given)?;
        let mut facts = Facts {
            parameters: parameters.into_iter().map(|(name, value)| (name, Some(value))).collect(),
            pseudo: pseudo.values(),
            mappings: source.mappings.clone(),
            conditions: BTreeMap::new(),
        };
        let is_extended = source.is_extended;
        let template = plain.map_or_else(|| source.template(&facts), Ok)?;
        facts.conditions = decide(&template.conditions, &facts)?;
        let conditions = decided(&template, &facts)?;
        let dependencies = dependencies(&template, &conditions)?;
        graph::order(&dependencies).map_err(|cycle| PrepareError::Circular(cycle.join(", ")))?;
        Ok(Self { template, pseudo, dependencies, facts, is_extended, conditions })
    }

    /// Everything values may depend on.
    pub fn scope<'a>(
        &'a self,
        resources: &'a BTreeMap<String, Resource>,
        exports: &'a Exports,
        imported: &'a RefCell<BTreeSet<String>>,
    ) -> Scope<'a> {
        Scope {
            facts: &self.facts,
            place: &self.pseudo.place,
            resources,
            exports: exports.values(),
            imported,
        }
    }

    /// Whether a condition holds; none always does.
    pub fn holds(&self, condition: Option<&String>) -> bool {
        exists(&self.conditions, condition)
    }

    /// What a piece of template refers to under the conditions that hold.
    pub fn refers_to(&self, value: &Value) -> BTreeSet<String> {
        referred(value, &self.conditions)
    }
}

/// The conditions that hold. Every parameter has a value here, so one that is not decided names
/// something that conditions cannot see.
fn decided(template: &Template, facts: &Facts) -> Result<BTreeMap<String, bool>, PrepareError> {
    let mut decided = BTreeMap::new();
    for (name, holds) in &facts.conditions {
        let Some(holds) = holds else {
            let mut unseen = None;
            walk(&template.conditions[name], None, &mut |reference| match reference {
                Reference::Name(other) | Reference::Attribute(other, _)
                    if !facts.parameters.contains_key(other) && !is_pseudo_parameter(other) =>
                {
                    unseen.get_or_insert_with(|| other.to_owned());
                }
                _ => {}
            });
            return Err(EvaluateError::Unresolved(unseen.unwrap_or_else(|| name.clone())).into());
        };
        decided.insert(name.clone(), *holds);
    }
    Ok(decided)
}

fn exists(conditions: &BTreeMap<String, bool>, condition: Option<&String>) -> bool {
    condition.is_none_or(|name| conditions.get(name).copied().unwrap_or(false))
}

fn referred(value: &Value, conditions: &BTreeMap<String, bool>) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    walk(value, Some(conditions), &mut |reference| {
        if let Reference::Name(name) | Reference::Attribute(name, _) = reference {
            names.insert(name.to_owned());
        }
    });
    names
}

/// Edges between the resources that exist. `DependsOn` may name one that does not; a reference may not.
fn dependencies(
    template: &Template,
    conditions: &BTreeMap<String, bool>,
) -> Result<Dependencies, PrepareError> {
    let active = |name: &str| {
        template.resources.get(name).is_some_and(|found| exists(conditions, found.condition.as_ref()))
    };
    let mut dependencies = Dependencies::new();
    for (name, definition) in template.resources.iter().filter(|(name, _)| active(name)) {
        let mut needs = BTreeSet::new();
        for referred in needed(definition, conditions) {
            if active(&referred) {
                needs.insert(referred);
            } else if template.resources.contains_key(&referred) {
                return Err(PrepareError::Absent { name: referred, section: "Resources" });
            }
        }
        needs.extend(definition.depends_on.iter().filter(|other| active(other)).cloned());
        dependencies.insert(name.clone(), needs);
    }
    Ok(dependencies)
}

fn needed(definition: &Definition, conditions: &BTreeMap<String, bool>) -> BTreeSet<String> {
    let mut names = referred(&definition.properties, conditions);
    names.extend(referred(&definition.metadata, conditions));
    names
}

/// The capability a template needs that was not acknowledged.
/// Source: CloudFormation API reference, CreateStack, "Capabilities".
fn missing_capability(context: &Context, given: &[String]) -> Option<&'static str> {
    let template = &context.template;
    let given = |name: &str| given.iter().any(|other| other == name);
    if context.is_extended && !given("CAPABILITY_AUTO_EXPAND") {
        return Some("CAPABILITY_AUTO_EXPAND");
    }
    let names = ["RoleName", "UserName", "GroupName", "ManagedPolicyName", "InstanceProfileName"];
    let kinds = ["Role", "User", "Group", "Policy", "ManagedPolicy", "InstanceProfile", "AccessKey"];
    let is_identity = |definition: &&Definition| {
        definition.r#type.strip_prefix("AWS::IAM::").is_some_and(|kind| kinds.contains(&kind))
    };
    let mut identities = template.resources.values().filter(is_identity).peekable();
    identities.peek()?;
    if given("CAPABILITY_NAMED_IAM") {
        return None;
    }
    let is_named = |definition: &Definition| {
        let own = definition.r#type.rsplit("::").next().unwrap_or_default();
        names
            .iter()
            .any(|name| name.strip_suffix("Name") == Some(own) && definition.properties.get(*name).is_some())
    };
    if identities.any(is_named) {
        return Some("CAPABILITY_NAMED_IAM");
    }
    (!given("CAPABILITY_IAM")).then_some("CAPABILITY_IAM")
}
