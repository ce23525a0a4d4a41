//! The section `Rules` of a request's template, judged before anything begins.

use crate::language::rules::{Account, Judgement, judge};
use crate::local::context::{Context, PrepareError};
use crate::local::place::Place;
use crate::local::resource::{Resource, attributes};
use crate::local::world::World;
use crate::port::PortError;

/// Refuses a request whose template's rules do not hold.
///
/// # Errors
/// `Invalid`.
pub fn check(world: &World, context: &Context, call: &str) -> Result<(), PortError> {
    let template = &context.template;
    let account = Here { world, place: &context.pseudo.place };
    let judged = judge(&template.rules, &template.parameters, &context.facts, &account);
    let judgement = judged.map_err(|error| super::invalid(call, &error.into()))?;
    match problem(&judgement) {
        Some(problem) => Err(super::invalid(call, &PrepareError::Rules(problem))),
        None => Ok(()),
    }
}

fn problem(judgement: &Judgement) -> Option<String> {
    let failed = judgement.failed.iter().map(|(rule, text)| format!("rule {rule} failed: {text}"));
    let undecided = judgement
        .undecided
        .iter()
        .map(|(rule, what)| format!("rule {rule} cannot be judged: the embedded cloud does not know {what}"));
    let problems: Vec<_> = failed.chain(undecided).collect();
    (!problems.is_empty()).then(|| problems.join("; "))
}

/// What stands in one place of the embedded cloud.
struct Here<'w> {
    world: &'w World,
    place: &'w Place,
}

impl Here<'_> {
    /// The resources whose ids a parameter type lists.
    /// Source: CloudFormation template reference, "Rule functions", "Supported attributes".
    fn resources(&self, parameter_type: &str) -> Option<impl Iterator<Item = &Resource>> {
        let resource_type = match parameter_type {
            "AWS::EC2::VPC::Id" => "AWS::EC2::VPC",
            "AWS::EC2::Subnet::Id" => "AWS::EC2::Subnet",
            "AWS::EC2::SecurityGroup::Id" => "AWS::EC2::SecurityGroup",
            _ => return None,
        };
        let stacks = self.world.page(self.place, None, usize::MAX);
        let all = stacks.into_iter().flat_map(|stack| stack.resources.values());
        Some(all.filter(move |resource| resource.resource_type == resource_type))
    }
}

impl Account for Here<'_> {
    fn identifiers(&self, parameter_type: &str) -> Option<Vec<String>> {
        Some(self.resources(parameter_type)?.map(|resource| resource.physical_id.clone()).collect())
    }

    fn attribute(&self, parameter_type: &str, id: &str, attribute: &str) -> Option<String> {
        let resource = self.resources(parameter_type)?.find(|resource| resource.physical_id == id)?;
        match attribute.strip_prefix("Tags.") {
            Some(key) => Some(tag(resource, key).unwrap_or_default()),
            None => {
                let own = resource.properties.get(attribute).cloned();
                let value = own.or_else(|| attributes::value(resource, self.place, attribute))?;
                crate::language::text_of(&value)
            }
        }
    }
}

fn tag(resource: &Resource, key: &str) -> Option<String> {
    let own = resource.properties.get("Tags").and_then(serde_json::Value::as_array);
    let own = own.into_iter().flatten().find(|tag| tag.get("Key").is_some_and(|name| name == key));
    let own = own.and_then(|tag| crate::language::text_of(tag.get("Value")?));
    own.or_else(|| resource.tags.get(key).cloned())
}
