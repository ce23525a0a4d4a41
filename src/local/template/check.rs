//! What CloudFormation's validation refuses without knowing parameter values.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use crate::catalogue::{self, published_name};
use crate::language::{
    is_pseudo_parameter, pointer,
    transforms::{self, LANGUAGE_EXTENSIONS},
};
use crate::local::nested::NESTED;
use crate::local::resource::attributes;
use crate::local::template::{Reference, Template, TemplateError, walk};

/// Longest template, sent by URL. Source: CloudFormation user guide, "CloudFormation quotas".
const MAXIMUM_BYTES: usize = 1_048_576;
const MAXIMUM_RESOURCES: usize = 500;
const MAXIMUM_PARAMETERS: usize = 200;
const MAXIMUM_OUTPUTS: usize = 200;

/// Refuses a text that is too long before it is read.
pub fn size(text: &str) -> Result<(), TemplateError> {
    if text.len() <= MAXIMUM_BYTES {
        return Ok(());
    }
    let message = format!("template is {} bytes long, at most {MAXIMUM_BYTES} are allowed", text.len());
    Err(TemplateError::Format(message))
}

/// Refuses by name the macros that only code inside AWS can expand.
pub fn transforms(root: &Map<String, Value>) -> Result<(), TemplateError> {
    let mut foreign = transforms::named(root).into_keys().filter(|name| name != LANGUAGE_EXTENSIONS);
    foreign.next().map_or(Ok(()), |name| Err(TemplateError::Transform(name)))
}

/// Refuses what only `AWS::LanguageExtensions` brings in a template that does not declare it.
pub fn extensions(root: &Map<String, Value>) -> Result<(), TemplateError> {
    ["Conditions", "Outputs", "Resources"].into_iter().try_for_each(|section| {
        root.get(section).map_or(Ok(()), |value| extended(value, &format!("/{section}")))
    })
}

fn extended(value: &Value, at: &str) -> Result<(), TemplateError> {
    match value {
        Value::Array(items) => {
            items.iter().enumerate().try_for_each(|(index, item)| extended(item, &format!("{at}/{index}")))
        }
        Value::Object(map) => map.iter().try_for_each(|(key, item)| {
            let at = pointer(at, key);
            match key.as_str() {
                // Its words: ministackorg/ministack#1739, measured.
                _ if transforms::is_loop(key) => {
                    Err(TemplateError::Format(format!("[{at}] resource definition is malformed")))
                }
                "Fn::Length" | "Fn::ToJsonString" => {
                    let message = format!("[{at}] {key} needs the transform {LANGUAGE_EXTENSIONS}");
                    Err(TemplateError::Format(message))
                }
                "Fn::FindInMap" if item.get(3).is_some() => Err(TemplateError::Template(format!(
                    "every Fn::FindInMap object requires three parameters, the map name, map key and the \
                     attribute for return value; a default value needs the transform {LANGUAGE_EXTENSIONS}"
                ))),
                "Fn::GetStackOutput" => Err(TemplateError::NotYet(key.clone())),
                _ => extended(item, &at),
            }
        }),
        _ => Ok(()),
    }
}

/// Checks counts, names and references.
pub fn template(template: &Template) -> Result<(), TemplateError> {
    counts(template)?;
    names(template)?;
    types(template)?;
    for (name, definition) in &template.resources {
        let has_url = definition.properties.get("TemplateURL").is_some();
        if definition.r#type == NESTED && !has_url {
            let message = format!("[/Resources/{name}/Properties] must have the property TemplateURL");
            return Err(TemplateError::Format(message));
        }
        if !(definition.properties.is_object() || definition.properties.is_null()) {
            let message = format!("[/Resources/{name}/Properties] must be an object");
            return Err(TemplateError::Format(message));
        }
    }
    conditions(template)?;
    references(template)
}

fn counts(template: &Template) -> Result<(), TemplateError> {
    if template.resources.is_empty() {
        return Err(TemplateError::Format("At least one Resources member must be defined.".to_owned()));
    }
    let counts = [
        ("resources", template.resources.len(), MAXIMUM_RESOURCES),
        ("parameters", template.parameters.len(), MAXIMUM_PARAMETERS),
        ("outputs", template.outputs.len(), MAXIMUM_OUTPUTS),
    ];
    for (what, count, maximum) in counts {
        if count > maximum {
            let message = format!("Number of {what}, {count}, is greater than maximum allowed, {maximum}");
            return Err(TemplateError::Format(message));
        }
    }
    Ok(())
}

/// Source: CloudFormation template reference, "Resources", "Parameters" and "Outputs" sections.
fn names(template: &Template) -> Result<(), TemplateError> {
    let names = [
        ("Resource", template.resources.keys().collect::<Vec<_>>()),
        ("Parameter", template.parameters.keys().collect()),
        ("Output", template.outputs.keys().collect()),
    ];
    for (what, names) in names {
        let is_wrong = |name: &&String| !name.chars().all(|character| character.is_ascii_alphanumeric());
        if let Some(name) = names.into_iter().find(is_wrong) {
            return Err(TemplateError::Format(format!("{what} name {name} is non alphanumeric.")));
        }
    }
    Ok(())
}

/// Refuses types that nobody publishes. Its words: CloudFormation's own, for example in
/// aws/aws-cli#8032.
fn types(template: &Template) -> Result<(), TemplateError> {
    let types: BTreeSet<&str> =
        template.resources.values().map(|resource| resource.r#type.as_str()).collect();
    let is_unknown = |name: &&str| !catalogue::is_known(published_name(name));
    let unknown: Vec<&str> = types.into_iter().filter(is_unknown).collect();
    if unknown.is_empty() {
        return Ok(());
    }
    Err(TemplateError::Format(format!("Unrecognized resource types: [{}]", unknown.join(", "))))
}

fn conditions(template: &Template) -> Result<(), TemplateError> {
    let resources = template.resources.values().filter_map(|definition| definition.condition.as_ref());
    let outputs = template.outputs.values().filter_map(|output| output.condition.as_ref());
    for name in resources.chain(outputs) {
        if !template.conditions.contains_key(name) {
            return Err(undefined_condition(name));
        }
    }
    Ok(())
}

fn undefined_condition(name: &str) -> TemplateError {
    TemplateError::Format(format!("Unresolved condition dependency {name} in the template"))
}

fn references(template: &Template) -> Result<(), TemplateError> {
    let mut findings = Findings { template, unresolved: BTreeSet::new(), problem: None };
    for definition in template.resources.values() {
        findings.look(&definition.properties);
        findings.look(&definition.metadata);
        for name in &definition.depends_on {
            if !template.resources.contains_key(name) {
                findings.unresolved.insert(name.clone());
            }
        }
    }
    findings.report("Resources")?;
    for output in template.outputs.values() {
        findings.look(&output.value);
        if let Some(export) = &output.export {
            findings.look(&export.name);
        }
    }
    findings.report("Outputs")?;
    template.conditions.values().for_each(|condition| findings.look(condition));
    findings.report("Conditions")
}

struct Findings<'a> {
    template: &'a Template,
    unresolved: BTreeSet<String>,
    problem: Option<TemplateError>,
}

impl Findings<'_> {
    fn look(&mut self, value: &Value) {
        walk(value, None, &mut |reference| match reference {
            Reference::Name(name) => self.name(name),
            Reference::Attribute(resource, attribute) => self.attribute(resource, attribute),
            Reference::Condition(name) => {
                if !self.template.conditions.contains_key(name) {
                    self.problem.get_or_insert_with(|| undefined_condition(name));
                }
            }
        });
    }

    fn name(&mut self, name: &str) {
        let known = is_pseudo_parameter(name)
            || self.template.parameters.contains_key(name)
            || self.template.resources.contains_key(name);
        if !known {
            self.unresolved.insert(name.to_owned());
        }
    }

    fn attribute(&mut self, resource: &str, attribute: &str) {
        let Some(definition) = self.template.resources.get(resource) else {
            self.unresolved.insert(resource.to_owned());
            return;
        };
        if !attributes::exists(&definition.r#type, attribute) {
            self.problem.get_or_insert_with(|| {
                TemplateError::Template(format!(
                    "resource {resource} does not support attribute type {attribute} in Fn::GetAtt"
                ))
            });
        }
    }

    fn report(&mut self, section: &str) -> Result<(), TemplateError> {
        if let Some(problem) = self.problem.take() {
            return Err(problem);
        }
        if self.unresolved.is_empty() {
            return Ok(());
        }
        let names = std::mem::take(&mut self.unresolved).into_iter().collect::<Vec<_>>().join(", ");
        let message =
            format!("Unresolved resource dependencies [{names}] in the {section} block of the template");
        Err(TemplateError::Format(message))
    }
}
